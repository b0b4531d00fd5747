//! Checking the table of claims against the log, both ways: what streams hold by their events, and what the table says.
//!
//! Claims change with every append, so each step looks at both in one snapshot: some streams at a time, however long the
//! log, and no snapshot longer than such a step. Streams are folded from their first event on, whatever snapshots are
//! kept of them; so this also shows that versions are dense and that every event can be read.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{
    AccessMode, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, IsolationLevel,
    QueryFilter, QueryOrder, QuerySelect, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use crate::engine::decision::{Aggregates, Claim, Held};
use crate::engine::event::Recorded;
use crate::engine::log::entity::{claims, events};
use crate::engine::log::{Log, LogError};

/// Streams, or rows of the table, that one snapshot looks at.
const A_STEP: u64 = 200;

/// Events read at once.
const PAGE: u64 = 2_000;

/// The first disagreement between the claims and the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimFault {
    #[error("by the log stream {holder} holds {scope} {key:?}; the table of claims has no such row")]
    Missing { scope: String, key: String, holder: Uuid },
    #[error(
        "by the log stream {holder} holds {scope} {key:?}; the table of claims gives it to stream {other}"
    )]
    Other { scope: String, key: String, holder: Uuid, other: Uuid },
    #[error(
        "the table of claims gives {scope} {key:?} to stream {holder}, which by the log does not hold it"
    )]
    Extra { scope: String, key: String, holder: Uuid },
    #[error("stream {stream} cannot be folded: {why}")]
    Stream { stream: Uuid, why: String },
    #[error("the claims were not regrown, as a restore was cut short; run `hindsight import --events` again")]
    Restoring,
}

/// A step's answer: what it has looked at and where to go on, or nothing more to look at.
type Step<P> = Result<Option<(Seen, P)>, Stop>;

/// What was looked at.
#[derive(Clone, Copy, Default)]
struct Seen {
    claims: u64,
    events: u64,
}

enum Stop {
    Fault(ClaimFault),
    Log(LogError),
}

impl<E: Into<LogError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Log(error.into())
    }
}

impl Log {
    /// Checks the claims of every stream and every row of claims, telling how many events it has folded for the first.
    /// How many claims there are by the log.
    ///
    /// # Errors
    /// The outer error when the log cannot be read, the inner one for the first disagreement.
    pub async fn verify_claims(
        &self,
        aggregates: &Aggregates,
        folded: impl FnMut(u64),
    ) -> Result<Result<u64, ClaimFault>, LogError> {
        if self.is_restored_in_part().await? {
            return Ok(Err(ClaimFault::Restoring));
        }
        match self.both_ways(aggregates, folded).await {
            Ok(claims) => Ok(Ok(claims)),
            Err(Stop::Fault(fault)) => Ok(Err(fault)),
            Err(Stop::Log(error)) => Err(error),
        }
    }

    async fn both_ways(&self, aggregates: &Aggregates, mut folded: impl FnMut(u64)) -> Result<u64, Stop> {
        let (mut all, mut after) = (Seen::default(), None);
        while let Some((seen, last)) = self.streams_against_rows(aggregates, after).await? {
            all = Seen { claims: all.claims + seen.claims, events: all.events + seen.events };
            after = Some(last);
            folded(all.events);
        }
        let mut after = None;
        while let Some((_, last)) = self.rows_against_streams(aggregates, after).await? {
            after = Some(last);
        }
        Ok(all.claims)
    }

    /// What the next streams hold, looked up in the table.
    async fn streams_against_rows(&self, aggregates: &Aggregates, after: Option<Uuid>) -> Step<Uuid> {
        let snapshot = self.snapshot().await?;
        let streams: Vec<Uuid> = events::Entity::find()
            .select_only()
            .column(events::Column::StreamId)
            .distinct()
            .filter(Condition::all().add_option(after.map(|id| events::Column::StreamId.gt(id))))
            .order_by_asc(events::Column::StreamId)
            .limit(A_STEP)
            .into_tuple()
            .all(&snapshot)
            .await?;
        let (Some(first), Some(last)) = (streams.first().copied(), streams.last().copied()) else {
            return Ok(None);
        };
        let states = fold(&snapshot, aggregates, first, last).await?;
        let held: Vec<(Uuid, Claim)> = states
            .iter()
            .flat_map(|(id, state)| state.claims().into_iter().map(|claim| (*id, claim)))
            .collect();
        let rows = rows_of(&snapshot, &held).await?;
        snapshot.rollback().await?;
        for (holder, claim) in &held {
            let (scope, key, holder) = (claim.scope.to_owned(), claim.key.clone(), *holder);
            match rows.get(&(scope.clone(), key.clone())) {
                Some(row) if *row == holder => {}
                Some(other) => {
                    return Err(Stop::Fault(ClaimFault::Other { scope, key, holder, other: *other }));
                }
                None => return Err(Stop::Fault(ClaimFault::Missing { scope, key, holder })),
            }
        }
        Ok(Some((seen(&states, held.len()), last)))
    }

    /// The next rows of the table, held against the streams they name.
    async fn rows_against_streams(
        &self,
        aggregates: &Aggregates,
        after: Option<(String, String)>,
    ) -> Step<(String, String)> {
        let snapshot = self.snapshot().await?;
        let place = Expr::tuple([Expr::col(claims::Column::Scope), Expr::col(claims::Column::Key)]);
        let beyond = after.map(|(scope, key)| place.gt(Expr::tuple([Expr::value(scope), Expr::value(key)])));
        let rows = claims::Entity::find()
            .filter(Condition::all().add_option(beyond))
            .order_by_asc(claims::Column::Scope)
            .order_by_asc(claims::Column::Key)
            .limit(A_STEP)
            .all(&snapshot)
            .await?;
        let Some(last) = rows.last().map(|row| (row.scope.clone(), row.key.clone())) else {
            return Ok(None);
        };
        let mut states = HashMap::new();
        for stream in rows.iter().map(|row| row.stream_id) {
            // One by one, for they lie far apart.
            if !states.contains_key(&stream) {
                states.extend(fold(&snapshot, aggregates, stream, stream).await?);
            }
        }
        snapshot.rollback().await?;
        let seen = seen(&states, rows.len());
        for claims::Model { scope, key, stream_id: holder } in rows {
            let held = states.get(&holder).map(Held::claims).unwrap_or_default();
            if !held.iter().any(|claim| claim.scope == scope && claim.key == key) {
                return Err(Stop::Fault(ClaimFault::Extra { scope, key, holder }));
            }
        }
        Ok(Some((seen, last)))
    }

    /// Events and claims as of one commit.
    async fn snapshot(&self) -> Result<DatabaseTransaction, LogError> {
        // On SQLite every transaction is one.
        let on_postgres = !self.store().is_sqlite();
        let options = TransactionOptions {
            isolation_level: on_postgres.then_some(IsolationLevel::RepeatableRead),
            access_mode: on_postgres.then_some(AccessMode::ReadOnly),
            ..TransactionOptions::default()
        };
        Ok(self.store().reader().begin_with_options(options).await?)
    }
}

fn seen(states: &HashMap<Uuid, Held>, claims: usize) -> Seen {
    let events = states.values().map(|state| state.version().unsigned_abs()).sum();
    Seen { claims: claims as u64, events }
}

/// The rows of the table for these claims.
async fn rows_of(
    snapshot: &DatabaseTransaction,
    held: &[(Uuid, Claim)],
) -> Result<HashMap<(String, String), Uuid>, LogError> {
    let mut scopes: HashMap<&str, Vec<&str>> = HashMap::new();
    for (_, claim) in held {
        scopes.entry(claim.scope).or_default().push(&claim.key);
    }
    let mut rows = HashMap::with_capacity(held.len());
    for (scope, keys) in scopes {
        for keys in keys.chunks(500) {
            let found = claims::Entity::find()
                .filter(claims::Column::Scope.eq(scope))
                .filter(claims::Column::Key.is_in(keys.iter().copied()))
                .all(snapshot)
                .await?;
            rows.extend(found.into_iter().map(|row| ((row.scope, row.key), row.stream_id)));
        }
    }
    Ok(rows)
}

/// The states of the streams from one to another, folded from their events.
async fn fold(
    snapshot: &DatabaseTransaction,
    aggregates: &Aggregates,
    first: Uuid,
    last: Uuid,
) -> Result<HashMap<Uuid, Held>, Stop> {
    let place =
        || Expr::tuple([Expr::col(events::Column::StreamId), Expr::col(events::Column::StreamVersion)]);
    let at = |id: Uuid, version: i64| Expr::tuple([Expr::value(id), Expr::value(version)]);
    let mut states: HashMap<Uuid, Held> = HashMap::new();
    let mut after = (first, 0);
    loop {
        // Both ends are values of the index, so that a page begins where the one before ended.
        let page = events::Entity::find()
            .filter(place().gt(at(after.0, after.1)))
            .filter(place().lte(at(last, i64::MAX)))
            .order_by_asc(events::Column::StreamId)
            .order_by_asc(events::Column::StreamVersion)
            .limit(PAGE)
            .all(snapshot)
            .await?;
        let count = page.len() as u64;
        for row in page {
            after = (row.stream_id, row.stream_version);
            let event = Recorded::try_from(row)?;
            let state = states.entry(event.stream_id).or_insert_with(Held::absent);
            evolve(aggregates, state, &event)
                .map_err(|why| Stop::Fault(ClaimFault::Stream { stream: event.stream_id, why }))?;
        }
        if count < PAGE {
            return Ok(states);
        }
    }
}

fn evolve(aggregates: &Aggregates, state: &mut Held, event: &Recorded) -> Result<(), String> {
    if event.stream_version != state.version() + 1 {
        let (is, before) = (event.stream_version, state.version());
        return Err(format!("version {is}, at position {}, follows version {before}", event.position));
    }
    aggregates.evolve(state, event).map_err(|why| format!("the event at position {}: {why}", event.position))
}
