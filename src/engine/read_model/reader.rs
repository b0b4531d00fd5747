//! Reading a model as of a position: lists, counts, and any mix of keys and positions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::SelectStatement;
use sea_orm::{
    Condition, ConnectionTrait, DbErr, EntityName, EntityTrait, FromQueryResult, QueryResult, QueryTrait,
    RuntimeErr,
};
use tokio::sync::watch;
use tokio::time::Instant;

use super::bucket;
use super::definition::{Row, Table};
use super::empty::{Empty, EmptyBuckets};
use super::instance::{Checkpoint, Instance};
use super::query::Query;
use super::range::Range;
use super::rows::Key;
use super::source::{Page, Rows, Source, View, Way};
use super::statement::{self, ASKED, CHECKPOINT, COUNT, Counted, ORDER};
use super::threshold::{self, Met, Thresholds};
use crate::engine::event::Position;

/// So far the checkpoint may move on, from being shown to being read with the rows, without their being asked for again.
const MARGIN: i64 = 10_000;

/// How long to wait before asking again when a statement saw less than the checkpoint that was shown: rows fell back
/// with a database that crashed, or a copy lags.
const PAUSE: Duration = Duration::from_millis(20);

/// How a statement finds its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Few, by itself, whatever the position.
    Few,
    /// In one way that is best whatever its values: counted, found by the one filter that leaves few, or walked over in
    /// their order until there are enough.
    Steady,
    /// In any other way.
    Other,
}

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("read model {model} has reached position {checkpoint}, asked for {asked}; try again shortly")]
    NotYetVisible { model: &'static str, asked: Position, checkpoint: Position },
    #[error("read model {model} has stopped and must be rebuilt: {failure}")]
    Failed { model: &'static str, failure: String },
    #[error("read model {model} has no table {table}: register it in `tables()`")]
    NoSuchTable { model: &'static str, table: &'static str },
    #[error("table {table} has no index of words: declare one with `Table::words`")]
    NoWords { table: &'static str },
    #[error("key {key:?} does not fit the primary key of table {table}")]
    NoSuchKey { table: &'static str, key: Key },
    #[error("read model {model} cannot fold what would be recorded: {why}")]
    Preview { model: &'static str, why: String },
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Reads from one model. Cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(super) model: Arc<Instance>,
    shown: watch::Receiver<Checkpoint>,
}

impl Reader {
    pub(super) fn new(model: Arc<Instance>) -> Self {
        Self { shown: model.watch(), model }
    }

    /// The model's name.
    pub fn name(&self) -> &'static str {
        self.model.name
    }

    /// The model's revision: what an answer of a position depends on beside the log.
    pub fn revision(&self) -> i32 {
        self.model.revision
    }

    /// Everything up to here can be read at once.
    pub fn checkpoint(&self) -> Position {
        self.shown.borrow().position
    }

    /// Whether it can be read at all: it has been built, and has not stopped.
    pub fn serves(&self) -> bool {
        let shown = self.shown.borrow();
        shown.generation > 0 && shown.failure.is_none()
    }

    /// Waits until `at` can be read.
    ///
    /// # Errors
    /// [`ReadError::NotYetVisible`] when `patience` is over, [`ReadError::Failed`] at once when the model has stopped.
    pub async fn wait_for(&self, at: Position, patience: Duration) -> Result<(), ReadError> {
        self.wait_until(at, Instant::now() + patience).await.map(|_| ())
    }

    /// The rows that a query finds at a position. The query is the entity's usual one, with filters, order and limit;
    /// sub-selects in its filters may name the model's tables and see them at the same position. With
    /// [`Query::with_words`] the rows must have these words as well. With a limit the order is one of columns selected,
    /// unless little is found anyway ([`Query::few`], [`Query::with_words`]).
    ///
    /// A list sorted by time is found faster far back when it is told that none is later than the moment: where the newest
    /// come first as [`First::begin`](super::First::begin), otherwise as [`First::end`](super::First::end).
    ///
    /// # Errors
    /// As [`wait_for`](Self::wait_for), or when the database fails.
    pub async fn rows<E>(&self, at: Position, query: impl Into<Query<E>>) -> Result<Vec<E::Model>, ReadError>
    where
        E: EntityTrait,
        E::Model: Row,
    {
        let query = query.into();
        let table = self.table_for(&query)?;
        let mut walk = query.walk(table);
        let mut within = None;
        if let Some(walk) = walk.as_mut().filter(|walk| walk.branch().is_some()) {
            let select = |range| query.select_within(&range, self.model.store.backend()).into_query();
            let shown = self.shown.borrow().clone();
            match self.narrow_range(at, &shown, table, &query).await {
                Some((range, Met { now: true, past: true })) => within = Some(select(range)),
                Some((range, Met { past: true, .. })) if self.model.store.is_sqlite() => {
                    walk.few_of_past = Some(select(range));
                }
                _ => {
                    walk.few_of_now = self.few_of_now(at, &shown, table, &query).map(select);
                    walk.empty = self.empty_buckets(at, &shown, table, &query);
                }
            }
        }
        let named = query.by_name(table).map(|named| (named, query.is_of_places(table)));
        let Query { select, over_both, few, words, order, .. } = query;
        let over_both = over_both.map(QueryTrait::into_query);
        let rows = match (&named, &walk) {
            (Some((named, is_of_places)), _) => Rows::Named(named, is_of_places.then_some(&*order)),
            _ if few => Rows::Few,
            _ if within.is_some() => Rows::Within(&order),
            (_, Some(walk)) => Rows::Walked(walk),
            (_, None) => Rows::Any,
        };
        let query = within.unwrap_or_else(|| select.into_query());
        let asked = Page { query: &query, over_both: over_both.as_ref(), rows };
        let finding = match asked.is_steady(table) {
            _ if few => Finding::Few,
            true => Finding::Steady,
            false => Finding::Other,
        };
        let build = |source: Source<'_>, view| {
            statement::list(Source { words: words.as_ref(), ..source }, table, view, asked)
        };
        let found = self.ask(at, finding, build).await?;
        decoded(&found, ORDER, |_, row| Ok(row)).map_err(Into::into)
    }

    /// How many rows a query's filters find at a position, whatever its limit.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub async fn count<E>(&self, at: Position, query: impl Into<Query<E>>) -> Result<u64, ReadError>
    where
        E: EntityTrait,
        E::Model: Row,
    {
        let query = query.into();
        let table = self.table_for(&query)?;
        let (finds_all, named) = (query.finds_all(), query.by_name(table));
        let counted = match &named {
            Some(named) => Counted::Named(named),
            None if finds_all => Counted::All,
            None => Counted::Found,
        };
        let born = query.born_where_counted(table);
        let Query { select, over_both, few, words, .. } = query;
        let finding = match over_both {
            _ if few => Finding::Few,
            Some(_) => Finding::Steady,
            None => Finding::Other,
        };
        let query = select.into_query();
        // Those that came to be later need not even be looked at.
        let of_then = born.map(|born| query.clone().cond_where(born).to_owned());
        let build = |source: Source<'_>, view| {
            let query = of_then.as_ref().filter(|_| view != View::Now).unwrap_or(&query);
            statement::count(Source { words: words.as_ref(), ..source }, table, view, (query, counted))
        };
        let found = self.ask(at, finding, build).await?;
        let Some(row) = found.first() else { return Ok(0) };
        let count = row.try_get::<i64>("", COUNT)?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The rows with these keys, each as of the position it is asked for at; those that were not there are left out.
    /// One statement, whatever the mix.
    ///
    /// # Errors
    /// As [`rows`](Self::rows); nothing is answered before the highest of the positions can be.
    pub async fn each<E>(
        &self,
        asked: &[(Key, Position)],
    ) -> Result<HashMap<(Key, Position), E::Model>, ReadError>
    where
        E: EntityTrait,
        E::Model: Row,
    {
        let table = self.table::<E>()?;
        if let Some((key, _)) = asked.iter().find(|(key, _)| !table.fits(key)) {
            return Err(ReadError::NoSuchKey { table: table.name, key: key.clone() });
        }
        let query = E::find().into_query();
        let mut answers = HashMap::with_capacity(asked.len());
        for some in asked.chunks(statement::most_asked(self.model.store.backend(), table)) {
            let some: Vec<(&Key, Position)> = some.iter().map(|(key, at)| (key, *at)).collect();
            let first = some.first().map_or(Position::ZERO, |(_, at)| *at);
            let highest = some.iter().map(|(_, at)| *at).max().unwrap_or(first);
            let mixed = some.iter().any(|(_, at)| *at != highest);
            let build = |source: Source<'_>, view| {
                let view = if mixed { View::At { position: highest, by: Way::Filter } } else { view };
                statement::each(source, table, view, &query, &some)
            };
            let found = self.ask(highest, Finding::Few, build).await?;
            let place = |number: i64, row| {
                let (key, at) = usize::try_from(number)
                    .ok()
                    .and_then(|number| some.get(number))
                    .ok_or_else(|| DbErr::Type(format!("row {number} was not asked for")))?;
                Ok((((*key).clone(), *at), row))
            };
            answers.extend(decoded(&found, ASKED, place)?);
        }
        Ok(answers)
    }

    /// The row with a key at a position.
    ///
    /// # Errors
    /// As [`rows`](Self::rows).
    pub async fn one<E>(&self, at: Position, key: impl Into<Key>) -> Result<Option<E::Model>, ReadError>
    where
        E: EntityTrait,
        E::Model: Row,
    {
        Ok(self.each::<E>(&[(key.into(), at)]).await?.into_values().next())
    }

    /// The table of a query's entity, if it can find rows as the query says.
    fn table_for<E: EntityTrait>(&self, query: &Query<E>) -> Result<&Table, ReadError> {
        let table = self.table::<E>()?;
        if query.words.is_some() && table.words.is_none() {
            return Err(ReadError::NoWords { table: table.name });
        }
        Ok(table)
    }

    fn table<E: EntityName>(&self) -> Result<&Table, ReadError> {
        let name = E::default().table_name();
        let found = self.model.tables.iter().find(|table| table.name == name);
        found.ok_or(ReadError::NoSuchTable { model: self.model.name, table: name })
    }

    /// Asks in the shape that the checkpoint shown suggests; again in the other if the statement itself says otherwise.
    pub(super) async fn ask(
        &self,
        at: Position,
        finding: Finding,
        build: impl Fn(Source<'_>, View) -> SelectStatement,
    ) -> Result<Vec<QueryResult>, ReadError> {
        let until = Instant::now() + self.model.settings.patience;
        let (mut is_past, mut has_refreshed, mut has_retried) = (false, false, false);
        let mut is_steady = finding == Finding::Steady;
        let mut newest = Position::ZERO;
        loop {
            let shown = self.wait_until(at, until).await?;
            newest = newest.max(shown.position.plus(MARGIN));
            is_past |= at < shown.position;
            let by = match finding {
                Finding::Few => Way::Filter,
                _ if self.is_far(at, &shown) => Way::Buckets { newest },
                _ => Way::Ended,
            };
            let view = if is_past { View::At { position: at, by } } else { View::Now };
            let select = build(self.model.source(shown.generation), view);
            let store = &self.model.store;
            let statement = statement::ready(store.backend(), &select);
            let (reader, statement) = match view {
                View::At { by: Way::Buckets { .. }, .. } if is_steady => {
                    (store.steady_reader(), statement::with_limits_told(statement))
                }
                _ => (store.reader(), statement),
            };
            let found = match reader.query_all_raw(statement).await {
                Ok(found) => found,
                Err(error) if is_missing_table(&error) && !has_refreshed => Vec::new(),
                Err(error) if is_without_connection(&error) && (is_steady || !has_retried) => {
                    // Any other connection does as well.
                    has_retried = !is_steady;
                    is_steady = false;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let Some(first) = found.first() else {
                if has_refreshed {
                    let gone = format!("generation {} of read model {}", shown.generation, self.model.name);
                    return Err(DbErr::RecordNotFound(gone).into());
                }
                has_refreshed = true;
                if let Some(entry) = self.model.serving().await? {
                    self.model.offer(&entry);
                }
                continue;
            };
            let stood = Position::from_stored(first.try_get::<i64>("", CHECKPOINT)?);
            let covered = !matches!(view, View::At { by: Way::Buckets { newest }, .. } if stood > newest);
            if stood == at || (stood > at && is_past && covered) {
                return Ok(found);
            }
            if stood > at {
                is_past = true;
                newest = newest.max(stood.plus(MARGIN));
            } else if Instant::now() + PAUSE >= until {
                return Err(self.not_yet_visible(at, stood));
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// A range within which few rows lie where a query would otherwise walk over many others for them, and in which
    /// twins they are few.
    async fn narrow_range<E: EntityTrait>(
        &self,
        at: Position,
        shown: &Checkpoint,
        table: &Table,
        query: &Query<E>,
    ) -> Option<(Range, Met)> {
        let store = &self.model.store;
        let is_past = at < shown.position;
        let born = query.born.as_ref().filter(|_| is_past);
        let (of_then, ranges) = (query.born_range(table), query.filtered_ranges(table));
        if shown.generation == 0 || (of_then.is_none() && ranges.is_empty()) {
            return None;
        }
        let threshold = Thresholds::of(&self.model, table, query.born.as_ref(), None, shown);
        if let (Some(born), Some(of_then)) = (born, of_then)
            && threshold.were_born_by(born)
        {
            return Some((of_then, Met { now: true, past: true }));
        }
        if ranges.is_empty() {
            return None;
        }
        let around = self.is_far(at, shown).then(|| (at, shown.position.plus(MARGIN)));
        let conditions: Vec<Condition> = ranges.iter().map(Range::meets).collect();
        let of = (store, self.model.source(shown.generation));
        let met = threshold::meet(of, (table, around), &conditions, threshold.rows).await;
        // A table that is gone, a connection that is lost: whoever asks for the rows themselves will see to that.
        let met = ranges.into_iter().zip(met.unwrap_or_default());
        // The first of those that have few in most twins.
        met.min_by_key(|(_, met)| (!met.past, !met.now))
    }

    /// The rows of now that had come to be by a moment, of those values that are walked over apart, where they are known to
    /// be few.
    fn few_of_now<E: EntityTrait>(
        &self,
        at: Position,
        shown: &Checkpoint,
        table: &Table,
        query: &Query<E>,
    ) -> Option<Range> {
        let born = query.born.as_ref().filter(|_| at < shown.position)?;
        let (range, (column, values)) = query.born_apart(table)?;
        let mut each = values
            .iter()
            .map(|value| Thresholds::of(&self.model, table, Some(born), Some((column, value)), shown));
        each.all(|threshold| threshold.were_born_by(born)).then_some(range)
    }

    /// The buckets around a position that are known to be empty, of each kind of rows that are walked over.
    fn empty_buckets<E: EntityTrait>(
        &self,
        at: Position,
        shown: &Checkpoint,
        table: &Table,
        query: &Query<E>,
    ) -> Empty {
        if table.ever_changing || shown.generation == 0 || !self.is_far(at, shown) {
            return Empty::default();
        }
        let around = bucket::around(at, shown.position);
        EmptyBuckets::of(&self.model, table, shown, &around, &query.kinds(table))
    }

    /// Whether a position is so far back that too many versions have ended since to look through them.
    fn is_far(&self, at: Position, shown: &Checkpoint) -> bool {
        shown.position.get() - at.get() > self.model.settings.near
    }

    async fn wait_until(&self, at: Position, until: Instant) -> Result<Checkpoint, ReadError> {
        let mut shown = self.shown.clone();
        let has_arrived =
            |shown: &Checkpoint| (shown.generation > 0 && shown.position >= at) || shown.failure.is_some();
        let arrived = shown.wait_for(has_arrived);
        let shown = match tokio::time::timeout_at(until, arrived).await {
            Ok(Ok(shown)) => shown.clone(),
            Ok(Err(_)) | Err(_) => return Err(self.not_yet_visible(at, self.checkpoint())),
        };
        match shown.failure {
            Some(failure) => Err(ReadError::Failed { model: self.model.name, failure }),
            None => Ok(shown),
        }
    }

    fn not_yet_visible(&self, asked: Position, checkpoint: Position) -> ReadError {
        ReadError::NotYetVisible { model: self.model.name, asked, checkpoint }
    }
}

/// The rows of an answer, each with the number in the column `number`; rows without a number say that there is none.
fn decoded<M: FromQueryResult, T>(
    found: &[QueryResult],
    number: &str,
    place: impl Fn(i64, M) -> Result<T, DbErr>,
) -> Result<Vec<T>, DbErr> {
    let mut decoded = Vec::with_capacity(found.len());
    for row in found {
        if let Some(number) = row.try_get::<Option<i64>>("", number)? {
            decoded.push(place(number, M::from_query_result(row, "")?)?);
        }
    }
    Ok(decoded)
}

fn database_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause)) => Some(cause),
        _ => None,
    }
}

fn is_missing_table(error: &DbErr) -> bool {
    let Some(sqlx::Error::Database(refusal)) = database_error(error) else { return false };
    refusal.code().is_some_and(|code| code == "42P01") || refusal.message().starts_with("no such table")
}

/// Whether a connection was lost, or none was to be had: any other may do.
fn is_without_connection(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return true;
    }
    match database_error(error) {
        Some(sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed) => true,
        // The server shuts down, or ended this connection.
        Some(sqlx::Error::Database(refusal)) => {
            refusal.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        _ => false,
    }
}
