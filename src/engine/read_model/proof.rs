//! The rows of read models held against a replay of the log, as they were at sampled moments.
//!
//! The log is folded once more, by the same folds, into tables of another database; at each moment it stops, and every
//! row of now there must be the row that the model's own tables answer for that moment. A page of rows is all that is
//! held in memory; the other database grows to the size of the rows of now and their past.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Order, Query, QueryBuilder, SelectStatement, SqliteQueryBuilder, Value,
};
use sea_orm::{ConnectionTrait, DbErr};

use super::catalogue::{self, Mark, State};
use super::definition::Table;
use super::follow::{Followed, follow};
use super::instance::Instance;
use super::registry::{Builder, StartError};
use super::rows::{AnyRow, Key};
use super::source::{Page, Source, View, Way};
use super::statement::{self, ORDER};
use crate::engine::event::Position;
use crate::engine::log::{Log, LogError};

mod buckets;

/// Rows compared at once.
const PAGE: usize = 1_000;

/// Which moments are looked at.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// How many, the first and the last among them; all of them when there are no more.
    pub moments: usize,
    /// Chooses the others: the same seed, the same moments.
    pub seed: u64,
}

/// A model whose rows are those of the log at every moment looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    pub model: &'static str,
    /// How many moments were looked at; 0 when the model's revision was never built here.
    pub moments: usize,
    /// How many rows were compared.
    pub rows: u64,
}

/// The first row that is not what the log makes of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "read model {model}, table {table}, {row}as of position {moment}: {what}; `hindsight rebuild {model}` mends it"
)]
pub struct Difference {
    pub model: &'static str,
    pub table: &'static str,
    /// The row with its key, as far as it could be read, and a comma.
    row: String,
    pub moment: Position,
    /// What differs: the column with both values, or the row as a whole.
    pub what: String,
}

/// Why rows could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error("the log cannot be folded anew into read model {model}: {why}")]
    Stopped { model: &'static str, why: String },
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Compares every model in `kept` with the same model folded anew in `anew`, whose database is empty but for a catalogue.
/// Tells how far which model was folded.
///
/// # Errors
/// The outer error when a database fails or the log cannot be folded, the inner one for the first row that differs.
pub async fn prove(
    kept: Builder,
    anew: Builder,
    sampling: Sampling,
    mut reached: impl FnMut(&'static str, Position),
) -> Result<Result<Vec<Proven>, Difference>, ProofError> {
    let mut proven = Vec::new();
    for (kept, anew) in kept.declared()?.into_iter().zip(anew.declared()?) {
        let known = catalogue::all(kept.store.reader(), kept.name, kept.revision).await?;
        let Some(serving) = known.into_iter().find(|entry| entry.state == State::Serving) else {
            proven.push(Proven { model: kept.name, moments: 0, rows: 0 });
            continue;
        };
        let mut both = Both::begin((&kept, serving.generation), &anew).await?;
        let moments = moments(&kept.log, serving.mark.position, sampling).await?;
        let mut rows = 0;
        for moment in &moments {
            both.fold_until(*moment, &mut reached).await?;
            match both.compare(*moment).await? {
                Ok(compared) => rows += compared,
                Err(difference) => return Ok(Err(difference)),
            }
        }
        if let Some(difference) = both.misplaced(serving.mark.position).await? {
            return Ok(Err(difference));
        }
        proven.push(Proven { model: kept.name, moments: moments.len(), rows });
    }
    Ok(Ok(proven))
}

/// Moments up to a position, in order: ends of commands.
async fn moments(log: &Log, until: Position, sampling: Sampling) -> Result<BTreeSet<Position>, LogError> {
    let last = until.get();
    let wanted = usize::try_from(last).unwrap_or(usize::MAX).min(sampling.moments.max(1));
    let mut positions = BTreeSet::from([last]);
    if wanted > 1 {
        positions.insert(1);
    }
    let mut state = sampling.seed;
    while positions.len() < wanted {
        positions.insert(1 + drawn(&mut state, last));
    }
    let mut moments = BTreeSet::new();
    for position in positions.into_iter().map(Position::from_stored) {
        let event = log.at(position).await?;
        moments.insert(event.map_or(position, |event| event.command_end));
    }
    Ok(moments)
}

/// The next number of a sequence (SplitMix64), below a bound.
fn drawn(state: &mut u64, bound: i64) -> i64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let drawn = (mixed ^ (mixed >> 31)).checked_rem(bound.unsigned_abs());
    drawn.and_then(|drawn| i64::try_from(drawn).ok()).unwrap_or_default()
}

/// The generation that is folded anew: never served, so it has no indexes but its keys.
const ANEW: i32 = 1;

/// A model as it is kept, with the generation that serves, and as it is folded anew.
struct Both<'a> {
    kept: (&'a Instance, i32),
    anew: &'a Instance,
    /// How far the new one was folded.
    mark: Mark,
}

impl<'a> Both<'a> {
    async fn begin(kept: (&'a Instance, i32), anew: &'a Instance) -> Result<Self, DbErr> {
        let mark = anew.start();
        catalogue::ensure(&anew.store, anew.generation(ANEW), State::Building, mark, &anew.tables).await?;
        Ok(Self { kept, anew, mark })
    }

    async fn fold_until(
        &mut self,
        moment: Position,
        reached: &mut impl FnMut(&'static str, Position),
    ) -> Result<(), ProofError> {
        let anew = self.anew;
        let stopped = |why| ProofError::Stopped { model: anew.name, why };
        while self.mark.position < moment {
            match follow(anew, anew.generation(ANEW), State::Building, self.mark, moment).await? {
                Followed::To(mark) => self.mark = mark,
                Followed::Nothing => return Err(stopped(format!("it has no whole command up to {moment}"))),
                Followed::Overtaken => {
                    return Err(stopped("somebody else folds into the same tables".into()));
                }
                Followed::Stopped(why) => return Err(stopped(why)),
            }
            reached(anew.name, self.mark.position);
        }
        Ok(())
    }

    /// Compares all rows of all tables; how many.
    async fn compare(&self, moment: Position) -> Result<Result<u64, Difference>, ProofError> {
        let mut rows = 0;
        for table in &self.kept.0.tables {
            let mut after = None;
            loop {
                let (made, last) = self.made(table, after.as_ref()).await?;
                let found = match self.found(table, moment, after.as_ref(), last.as_ref()).await? {
                    Ok(found) => found,
                    Err(what) => return Ok(Err(self.difference(table, None, moment, what))),
                };
                if let Some((key, what)) = first_difference(table, &made, &found) {
                    return Ok(Err(self.difference(table, Some(&key), moment, what)));
                }
                rows += made.len() as u64;
                after = last;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(Ok(rows))
    }

    /// The next rows as the log makes them, and the key of the last if more may follow.
    async fn made(
        &self,
        table: &Table,
        after: Option<&Key>,
    ) -> Result<(Vec<Arc<dyn AnyRow>>, Option<Key>), DbErr> {
        let anew = self.anew;
        let query = page_of(table, (after, None), PAGE);
        let statement = statement::list(anew.source(ANEW), table, View::Now, Page::of(&query));
        let found = anew.store.reader().query_all(&statement).await?;
        let mut rows: Vec<Arc<dyn AnyRow>> = Vec::with_capacity(found.len());
        for row in found {
            if row.try_get::<Option<i64>>("", ORDER)?.is_some() {
                rows.push(Arc::from((table.decode)(&row)?));
            }
        }
        let last = rows.last().filter(|_| rows.len() == PAGE).map(|row| row.key());
        Ok((rows, last))
    }

    /// The rows as the model's own tables answer them, in the same range of keys; or why one cannot be read.
    async fn found(
        &self,
        table: &Table,
        moment: Position,
        after: Option<&Key>,
        until: Option<&Key>,
    ) -> Result<Result<Vec<Arc<dyn AnyRow>>, String>, DbErr> {
        let (kept, generation) = self.kept;
        // One row too many is enough to tell.
        let query = page_of(table, (after, until), PAGE + 1);
        let view = View::At { position: moment, by: Way::Filter };
        let statement = statement::list(kept.source(generation), table, view, Page::of(&query));
        let mut rows: Vec<Arc<dyn AnyRow>> = Vec::new();
        for row in kept.store.reader().query_all(&statement).await? {
            if row.try_get::<Option<i64>>("", ORDER)?.is_none() {
                continue;
            }
            match (table.decode)(&row) {
                Ok(row) => rows.push(Arc::from(row)),
                Err(why) => return Ok(Err(format!("a row cannot be read: {why}"))),
            }
        }
        Ok(Ok(rows))
    }

    /// The first version of before that lists would not find, as it stands in another bucket than its own.
    async fn misplaced(&self, moment: Position) -> Result<Option<Difference>, DbErr> {
        let (kept, generation) = self.kept;
        for table in &kept.tables {
            let found = buckets::misplaced(&kept.store, kept.source(generation), table).await?;
            if let Some((key, what)) = found {
                return Ok(Some(self.difference(table, Some(&key), moment, what)));
            }
        }
        Ok(None)
    }

    fn difference(&self, table: &Table, key: Option<&Key>, moment: Position, what: String) -> Difference {
        let row = key.map(|key| format!("the row with key {}, ", shown_all(&key.0))).unwrap_or_default();
        Difference { model: self.kept.0.name, table: table.name, row, moment, what }
    }
}

/// Rows by key: those after one key, up to another.
fn page_of(table: &Table, (after, until): (Option<&Key>, Option<&Key>), most: usize) -> SelectStatement {
    let own = |name: &str| (Alias::new(table.name), Alias::new(name));
    let place = || Expr::tuple(table.key_columns().map(|column| Expr::col(own(&column.name))));
    let key = |key: &Key| Expr::tuple(key.0.iter().cloned().map(Expr::value));
    let mut query = Query::select();
    query.columns(table.columns.iter().map(|column| own(&column.name)));
    for column in table.key_columns() {
        query.order_by(own(&column.name), Order::Asc);
    }
    if let Some(after) = after {
        query.and_where(place().gt(key(after)));
    }
    if let Some(until) = until {
        query.and_where(place().lte(key(until)));
    }
    query.limit(most as u64);
    query
}

/// The first key whose row is not the same on both sides, and what differs.
///
/// A row too many is told before one too few: where there are too many, the page of those found may end too early.
fn first_difference(
    table: &Table,
    made: &[Arc<dyn AnyRow>],
    found: &[Arc<dyn AnyRow>],
) -> Option<(Key, String)> {
    let mut seen = HashSet::with_capacity(found.len());
    if let Some(twice) = found.iter().map(|row| row.key()).find(|key| !seen.insert(key.clone())) {
        return Some((twice, "the table answers two rows".to_owned()));
    }
    let mut waiting: HashMap<Key, &Arc<dyn AnyRow>> = made.iter().map(|row| (row.key(), row)).collect();
    for row in found {
        let key = row.key();
        match waiting.remove(&key) {
            Some(made) if made.same(row.as_ref()) => {}
            Some(made) => return Some((key, differing(table, made.as_ref(), row.as_ref()))),
            None => return Some((key, "the table has this row, the log does not make it".to_owned())),
        }
    }
    let missing = made.iter().map(|row| row.key()).find(|key| waiting.contains_key(key))?;
    Some((missing, "the log makes this row, the table does not have it".to_owned()))
}

fn differing(table: &Table, made: &dyn AnyRow, found: &dyn AnyRow) -> String {
    let pairs = table.columns.iter().zip(made.values().into_iter().zip(found.values()));
    let first = pairs.into_iter().find(|(_, (made, found))| made != found);
    first.map_or_else(
        || "the rows differ".to_owned(),
        |(column, (made, found))| {
            format!("column {} holds {}, the log makes it {}", column.name, shown(&found), shown(&made))
        },
    )
}

fn shown_all(values: &[Value]) -> String {
    values.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// A value as SQL writes it.
fn shown(value: &Value) -> String {
    SqliteQueryBuilder.value_to_string(value)
}
