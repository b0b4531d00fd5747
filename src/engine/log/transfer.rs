//! The log on its way out and in again: one JSON line for its identity, then one for each event, nothing changed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::append::Append;
use super::entity::{claims, events, log_head};
use super::verify::{Checker, Fault, Sound};
use super::{HEAD, Head, Log, LogError, chain};
use crate::engine::decision::{Aggregates, Held};
use crate::engine::event::{Events, Hash, Position, Recorded};
use crate::engine::time::Instant;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use std::sync::Arc;

/// Names the format of the lines; another format would have another name.
pub const FORMAT: &str = "hindsight/1";

/// Streams folded at once while claims are regrown.
const PAGE: u64 = 5_000;

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
    #[error("the events do not form a sound log: {0}")]
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

/// Takes the events of another log into an empty one, which becomes that log.
pub struct Restoring {
    log: Log,
    head: Head,
    checker: Checker,
    /// Events checked and not yet written: the beginning of a command.
    pending: Vec<Arc<Recorded>>,
}

impl Restoring {
    /// Gives an empty log the identity of another.
    ///
    /// # Errors
    /// When the log is not empty or cannot be written.
    pub async fn into_log(log: Log, id: Uuid) -> Result<Self, RestoreError> {
        let head = log.head().await?;
        if head.position > Position::ZERO {
            return Err(RestoreError::NotEmpty(head.position));
        }
        let genesis = chain::genesis(id);
        let renamed = log_head::Entity::update_many()
            .col_expr(log_head::Column::LogId, Expr::value(id))
            .col_expr(log_head::Column::Hash, Expr::value(genesis.0.to_vec()))
            .filter(log_head::Column::Id.eq(HEAD).and(log_head::Column::Position.eq(0)))
            .exec(log.store().writer())
            .await
            .map_err(LogError::from)?;
        if renamed.rows_affected == 0 {
            return Err(RestoreError::Contended);
        }
        let head = Head { hash: genesis, ..head };
        Ok(Self { log: Log { id, ..log }, head, checker: Checker::new(id), pending: Vec::new() })
    }

    /// Checks the next events and writes those whose commands are complete.
    ///
    /// # Errors
    /// The first event that does not fit, or a log that cannot be written.
    pub async fn take(&mut self, events: Vec<Recorded>) -> Result<(), RestoreError> {
        for event in events {
            self.checker.check(&event)?;
            self.pending.push(Arc::new(event));
        }
        let complete = self.pending.iter().rposition(|event| event.ends_command()).map_or(0, |last| last + 1);
        let events: Vec<Arc<Recorded>> = self.pending.drain(..complete).collect();
        let Some(last) = events.last() else { return Ok(()) };
        let append = Append { from: &self.head, events: &events, claims: Vec::new() };
        if !self.log.append(&append).await.map_err(LogError::from)? {
            return Err(RestoreError::Contended);
        }
        self.head =
            Head { position: last.position, recorded_at: last.recorded_at, hash: last.hash, ..self.head };
        Ok(())
    }

    /// Checks the end and regrows what is derived from the log.
    ///
    /// # Errors
    /// When the last command is not complete, or the log cannot be written.
    pub async fn finish(self, aggregates: &Aggregates) -> Result<Sound, RestoreError> {
        let sound = self.checker.finish(&self.head)?;
        self.log.regrow_claims(aggregates).await?;
        Ok(sound)
    }
}

impl Log {
    /// Derives the claims anew from the states of all streams, one stream at a time.
    ///
    /// # Errors
    /// When the log cannot be read or written, or holds an event this program does not know.
    pub async fn regrow_claims(&self, aggregates: &Aggregates) -> Result<(), LogError> {
        claims::Entity::delete_many().exec(self.store().writer()).await?;
        let mut held: Option<(Uuid, Held)> = None;
        loop {
            let after = held.as_ref().map(|(id, held)| (*id, held.version()));
            let page = self.by_stream(after).await?;
            if page.is_empty() {
                break;
            }
            for event in page.iter() {
                if held.as_ref().is_none_or(|(id, _)| *id != event.stream_id) {
                    self.keep_claims(held.replace((event.stream_id, Held::absent()))).await?;
                }
                let Some((_, state)) = &mut held else { continue };
                aggregates.evolve(state, event).map_err(|error| LogError::Damaged(error.to_string()))?;
            }
        }
        self.keep_claims(held).await
    }

    async fn keep_claims(&self, stream: Option<(Uuid, Held)>) -> Result<(), LogError> {
        let Some((stream_id, held)) = stream else { return Ok(()) };
        let rows = held.claims().into_iter().map(|claim| claims::ActiveModel {
            scope: sea_orm::ActiveValue::Set(claim.scope.to_owned()),
            key: sea_orm::ActiveValue::Set(claim.key),
            stream_id: sea_orm::ActiveValue::Set(stream_id),
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            claims::Entity::insert_many(rows).exec_without_returning(self.store().writer()).await?;
        }
        Ok(())
    }

    /// Events by stream, then version, after a place in that order.
    async fn by_stream(&self, after: Option<(Uuid, i64)>) -> Result<Events, LogError> {
        let beyond = after.map(|(id, version)| {
            Condition::any().add(events::Column::StreamId.gt(id)).add(
                Condition::all()
                    .add(events::Column::StreamId.eq(id))
                    .add(events::Column::StreamVersion.gt(version)),
            )
        });
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
