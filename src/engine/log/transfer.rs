//! The log on its way out and in again: one JSON line for its identity, then one for each event, nothing changed.

use std::sync::Arc;

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    TransactionTrait,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::append::Append;
use super::entity::{claims, events, log_head};
use super::verify::{Checker, Fault, Sound};
use super::{HEAD, Head, Log, LogError, chain};
use crate::engine::decision::{Aggregates, Claim, Held};
use crate::engine::event::{Events, Hash, Position, Recorded};
use crate::engine::time::Instant;

/// Names the format of the lines; another format would have another name.
pub const FORMAT: &str = "hindsight/1";

/// Events read at once while claims are regrown.
const PAGE: u64 = 5_000;

/// Claims written by one statement.
const CLAIMS_A_STATEMENT: usize = 500;

/// The first line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    pub format: String,
    pub log_id: Uuid,
}

/// Any further line: an event with all its columns. `data` and `metadata` are the texts that were hashed.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Line {
    position: i64,
    event_id: Uuid,
    stream_id: Uuid,
    stream_type: String,
    stream_version: i64,
    event_type: String,
    schema_version: i32,
    data: Box<RawValue>,
    metadata: Box<RawValue>,
    command_id: Uuid,
    correlation_id: Uuid,
    actor: Option<String>,
    command_end: i64,
    /// µs since 1970.
    recorded_at: i64,
    hash: String,
}

/// Why lines could not be taken into a log.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("expected an empty log; this one has {0} events")]
    NotEmpty(Position),
    #[error(
        "restoring another file into this log was cut short at position {0}; run it again with that file, or begin \
         with an empty log"
    )]
    OtherFile(Position),
    #[error("the events do not form a sound log, and nothing was restored: {0}")]
    Unsound(#[from] Fault),
    #[error("another process writes to this log")]
    Contended,
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Line {
    /// An event as a line.
    ///
    /// # Errors
    /// When its texts are not JSON: the log is damaged.
    pub fn of(event: &Recorded) -> Result<Self, serde_json::Error> {
        Ok(Self {
            position: event.position.get(),
            event_id: event.event_id,
            stream_id: event.stream_id,
            stream_type: event.stream_type.clone(),
            stream_version: event.stream_version,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            data: RawValue::from_string(event.data.clone())?,
            metadata: RawValue::from_string(event.metadata.clone())?,
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            actor: event.actor.clone(),
            command_end: event.command_end.get(),
            recorded_at: event.recorded_at.micros(),
            hash: event.hash.to_string(),
        })
    }

    /// The event a line holds; `None` when its hash is none.
    pub fn event(self) -> Option<Recorded> {
        Some(Recorded {
            position: Position::new(self.position)?,
            event_id: self.event_id,
            stream_id: self.stream_id,
            stream_type: self.stream_type,
            stream_version: self.stream_version,
            event_type: self.event_type,
            schema_version: self.schema_version,
            data: self.data.get().to_owned(),
            metadata: self.metadata.get().to_owned(),
            command_id: self.command_id,
            correlation_id: self.correlation_id,
            actor: self.actor,
            command_end: Position::new(self.command_end)?,
            recorded_at: Instant::from_micros(self.recorded_at),
            hash: self.hash.parse::<Hash>().ok()?,
        })
    }
}

/// Checks the events of another log before the first of them is restored.
pub struct Examination {
    log: Log,
    id: Uuid,
    /// Where the log stands: empty, or where restoring was cut short.
    from: Head,
    checker: Checker,
    last: Head,
}

impl Examination {
    /// Before the first event.
    ///
    /// # Errors
    /// When the log is not empty, unless restoring this other log was cut short.
    pub async fn begin(log: Log, id: Uuid) -> Result<Self, RestoreError> {
        let from = log.head().await?;
        if from.position > Position::ZERO {
            if !log.is_restored_in_part().await? {
                return Err(RestoreError::NotEmpty(from.position));
            }
            if log.id != id {
                return Err(RestoreError::OtherFile(from.position));
            }
        }
        Ok(Self { log, id, from, checker: Checker::new(id), last: Head::genesis(id) })
    }

    /// Checks the next event.
    ///
    /// # Errors
    /// What about it does not fit.
    pub fn check(&mut self, event: &Recorded) -> Result<(), RestoreError> {
        self.checker.check(event)?;
        if event.position == self.from.position && event.hash != self.from.hash {
            return Err(RestoreError::OtherFile(self.from.position));
        }
        self.last = after(&self.last, event);
        Ok(())
    }

    /// Checks the end; the same events can be restored now.
    ///
    /// # Errors
    /// When the last command is not complete, or the log cannot be written.
    pub async fn finish(self) -> Result<Restoring, RestoreError> {
        let Self { log, id, from, checker, last } = self;
        let sound = checker.finish(&last)?;
        if sound.position < from.position {
            return Err(RestoreError::OtherFile(from.position));
        }
        let head = log.become_restored(id, &from).await?;
        Ok(Restoring { log: Log { id, ..log }, head, sound, pending: Vec::new() })
    }
}

/// Takes the events of another log, examined before, into one that becomes that log.
pub struct Restoring {
    log: Log,
    head: Head,
    sound: Sound,
    /// Events not written yet: the beginning of a command.
    pending: Vec<Arc<Recorded>>,
}

impl Restoring {
    /// Writes the next events whose commands are complete; those that are there already are passed over.
    ///
    /// # Errors
    /// When the events are not those that were examined, or the log cannot be written.
    pub async fn take(&mut self, events: Vec<Recorded>) -> Result<(), RestoreError> {
        self.pending.extend(events.into_iter().filter(|e| e.position > self.head.position).map(Arc::new));
        let complete = self.pending.iter().rposition(|event| event.ends_command()).map_or(0, |last| last + 1);
        let events: Vec<Arc<Recorded>> = self.pending.drain(..complete).collect();
        let Some(last) = events.last() else { return Ok(()) };
        let append = Append { from: &self.head, events: &events, claims: Vec::new() };
        if !self.log.append(&append).await.map_err(LogError::from)? {
            return Err(RestoreError::Contended);
        }
        self.head = after(&self.head, last);
        Ok(())
    }

    /// Regrows what is derived from the log; from here on it can be served.
    ///
    /// # Errors
    /// When events are missing that were examined, or the log cannot be written.
    pub async fn finish(self, aggregates: &Aggregates) -> Result<Sound, RestoreError> {
        if self.head.hash != self.sound.hash {
            let what = "the events are not those that were examined".to_owned();
            return Err(Fault { position: self.head.position, what }.into());
        }
        self.log.regrow_claims(aggregates).await?;
        Ok(self.sound)
    }
}

fn after(head: &Head, last: &Recorded) -> Head {
    Head { position: last.position, recorded_at: last.recorded_at, hash: last.hash, ..*head }
}

/// The claim that stands while a log is restored: what it holds is sound, but not all, and nobody's claims are kept yet.
const RESTORING: &str = "restoring";

impl Log {
    /// Whether restoring it was begun and not finished, so that nothing may be decided on it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn is_restored_in_part(&self) -> Result<bool, LogError> {
        let mark = claims::Entity::find_by_id((RESTORING.to_owned(), String::new()));
        Ok(mark.one(self.store().reader()).await?.is_some())
    }

    /// Gives a log, empty unless restoring was cut short, the identity of another, and marks it.
    async fn become_restored(&self, id: Uuid, from: &Head) -> Result<Head, RestoreError> {
        if from.position > Position::ZERO {
            return Ok(*from);
        }
        let genesis = chain::genesis(id);
        let transaction = self.store().writer().begin().await.map_err(LogError::from)?;
        let renamed = log_head::Entity::update_many()
            .col_expr(log_head::Column::LogId, Expr::value(id))
            .col_expr(log_head::Column::Hash, Expr::value(genesis.0.to_vec()))
            .filter(log_head::Column::Id.eq(HEAD).and(log_head::Column::Position.eq(0)))
            .exec(&transaction)
            .await
            .map_err(LogError::from)?;
        if renamed.rows_affected == 0 {
            return Err(RestoreError::Contended);
        }
        let mark = claims::ActiveModel {
            scope: Set(RESTORING.to_owned()),
            key: Set(String::new()),
            stream_id: Set(id),
        };
        claims::Entity::insert(mark)
            .on_conflict(
                OnConflict::columns([claims::Column::Scope, claims::Column::Key])
                    .update_column(claims::Column::StreamId)
                    .to_owned(),
            )
            .exec_without_returning(&transaction)
            .await
            .map_err(LogError::from)?;
        transaction.commit().await.map_err(LogError::from)?;
        Ok(Head { hash: genesis, ..*from })
    }

    /// Derives the claims anew from the states of all streams, one stream at a time.
    ///
    /// # Errors
    /// When the log cannot be read or written, or holds an event this program does not know.
    pub async fn regrow_claims(&self, aggregates: &Aggregates) -> Result<(), LogError> {
        let scope = claims::Column::Scope;
        claims::Entity::delete_many().filter(scope.ne(RESTORING)).exec(self.store().writer()).await?;
        let mut held: Option<(Uuid, Held)> = None;
        let mut rows = Vec::new();
        loop {
            let after = held.as_ref().map(|(id, held)| (*id, held.version()));
            let page = self.by_stream(after).await?;
            if page.is_empty() {
                break;
            }
            for event in page.iter() {
                if held.as_ref().is_none_or(|(id, _)| *id != event.stream_id) {
                    let before = held.replace((event.stream_id, Held::absent()));
                    rows.extend(before.iter().flat_map(claims_of));
                }
                let Some((_, state)) = &mut held else { continue };
                aggregates.evolve(state, event).map_err(|error| LogError::Damaged(error.to_string()))?;
            }
            self.keep_claims(&mut rows).await?;
        }
        rows.extend(held.iter().flat_map(claims_of));
        self.keep_claims(&mut rows).await?;
        // Last of all: up to here, what was cut short shows.
        claims::Entity::delete_many().filter(scope.eq(RESTORING)).exec(self.store().writer()).await?;
        Ok(())
    }

    async fn keep_claims(&self, rows: &mut Vec<claims::ActiveModel>) -> Result<(), LogError> {
        while !rows.is_empty() {
            let some: Vec<_> = rows.drain(..rows.len().min(CLAIMS_A_STATEMENT)).collect();
            claims::Entity::insert_many(some).exec_without_returning(self.store().writer()).await?;
        }
        Ok(())
    }

    /// Events by stream, then version, after a place in that order.
    async fn by_stream(&self, after: Option<(Uuid, i64)>) -> Result<Events, LogError> {
        // Compared as one value, which the index on both columns answers in one step.
        let place =
            Expr::tuple([Expr::col(events::Column::StreamId), Expr::col(events::Column::StreamVersion)]);
        let beyond =
            after.map(|(id, version)| place.gt(Expr::tuple([Expr::value(id), Expr::value(version)])));
        let rows = events::Entity::find()
            .filter(Condition::all().add_option(beyond))
            .order_by_asc(events::Column::StreamId)
            .order_by_asc(events::Column::StreamVersion)
            .limit(PAGE)
            .all(self.store().reader())
            .await?;
        rows.into_iter().map(|row| Recorded::try_from(row).map(Arc::new)).collect()
    }
}

fn claims_of((stream_id, held): &(Uuid, Held)) -> Vec<claims::ActiveModel> {
    let row = |claim: Claim| claims::ActiveModel {
        scope: Set(claim.scope.to_owned()),
        key: Set(claim.key),
        stream_id: Set(*stream_id),
    };
    held.claims().into_iter().map(row).collect()
}
