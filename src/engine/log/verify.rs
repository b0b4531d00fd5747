//! Checking the log against itself: dense positions, one clock, whole commands, unbroken hashes, true copies. What stands
//! beside it is held against it in [`claims`]; the ids of its commands in [`commands`].

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect, RuntimeErr};
use uuid::Uuid;

use super::entity::{events, log_head};
use super::{HEAD, Head, Log, LogError, chain};
use crate::engine::event::{Hash, Position, Recorded};
use crate::engine::time::Instant;

pub mod claims;
pub mod commands;

/// Events read at once; no statement outlives a page.
const PAGE: u64 = 2_000;

/// What a sound log was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    pub position: Position,
    /// The last event's hash: kept elsewhere, it is an anchor for a later check.
    pub hash: Hash,
}

/// The first thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("position {position}: {what}")]
pub struct Fault {
    pub position: Position,
    pub what: String,
}

/// Checks event by event, remembering only the one before.
pub struct Checker {
    position: Position,
    hash: Hash,
    recorded_at: Option<Instant>,
    /// The command under way: where it ends, and its id.
    command_end: Position,
    command_id: Uuid,
}

impl Checker {
    /// At the start of a log.
    pub fn new(log_id: Uuid) -> Self {
        Self {
            position: Position::ZERO,
            hash: chain::genesis(log_id),
            recorded_at: None,
            command_end: Position::ZERO,
            command_id: Uuid::nil(),
        }
    }

    /// Checks the next event.
    ///
    /// # Errors
    /// The first thing about it that does not fit.
    pub fn check(&mut self, event: &Recorded) -> Result<(), Fault> {
        let fault = |what: String| Err(Fault { position: event.position, what });
        if event.position != self.position.next() {
            return fault(format!("expected position {} here", self.position.next()));
        }
        let inside = self.position < self.command_end;
        let fits = match self.recorded_at {
            None => true,
            Some(before) if inside => event.recorded_at == before && event.command_end == self.command_end,
            Some(before) => event.recorded_at > before,
        };
        if !fits || event.command_end < event.position {
            return fault("its time or the end of its command does not fit the event before".to_owned());
        }
        if inside && event.command_id != self.command_id {
            return fault("its command id is not that of the command it is part of".to_owned());
        }
        if chain::hash(self.hash, event) != event.hash {
            return fault("its hash does not fit it and the event before".to_owned());
        }
        let metadata = match event.metadata() {
            Ok(metadata) => metadata,
            Err(error) => return fault(error.to_string()),
        };
        let copied = (event.command_id, event.correlation_id, &event.actor);
        if copied != (metadata.command_id, metadata.correlation_id, &metadata.actor) {
            return fault("a column differs from the metadata it was copied from".to_owned());
        }
        (self.position, self.hash) = (event.position, event.hash);
        (self.recorded_at, self.command_end) = (Some(event.recorded_at), event.command_end);
        self.command_id = event.command_id;
        Ok(())
    }

    /// Checks that the log ends where its head says.
    ///
    /// # Errors
    /// What about the head does not fit.
    pub fn finish(self, head: &Head) -> Result<Sound, Fault> {
        let fault = |what: &str| Err(Fault { position: self.position, what: what.to_owned() });
        if self.position != self.command_end {
            return fault("the log ends within a command");
        }
        if self.position != head.position || self.hash != head.hash {
            return fault("the log does not end where its head says");
        }
        if self.recorded_at.is_some_and(|time| time != head.recorded_at) {
            return fault("the head's time is not the last event's");
        }
        Ok(Sound { position: self.position, hash: self.hash })
    }
}

impl Log {
    /// Checks the whole log up to its head, page by page, telling how far it has got.
    ///
    /// # Errors
    /// The outer error when the log cannot be read, the inner one for the first event that does not fit.
    pub async fn verify(&self, mut reached: impl FnMut(Position)) -> Result<Result<Sound, Fault>, LogError> {
        let head = self.head().await?;
        let mut checker = Checker::new(self.id());
        loop {
            let page = match self.page(checker.position, head.position, PAGE).await {
                Ok(page) => page,
                Err(error) if is_unreadable(&error) => {
                    return self.first_unreadable(checker, head.position).await;
                }
                Err(error) => return Err(error),
            };
            if page.is_empty() {
                let found = checker.finish(&head);
                return Ok(match self.beyond_head().await? {
                    Some(fault) if found.is_ok() => Err(fault),
                    _ => found,
                });
            }
            for event in &page {
                if let Err(fault) = checker.check(event) {
                    return Ok(Err(fault));
                }
            }
            reached(checker.position);
        }
    }

    /// The first event beyond the head, if there is one: the head was set back. One statement, so that an append meanwhile
    /// is seen whole or not at all.
    async fn beyond_head(&self) -> Result<Option<Fault>, LogError> {
        let mut head = Query::select();
        head.column(log_head::Column::Position)
            .from(log_head::Entity)
            .and_where(log_head::Column::Id.eq(HEAD));
        let beyond = events::Entity::find()
            .select_only()
            .column(events::Column::Position)
            .filter(Expr::col(events::Column::Position).gt(Expr::SubQuery(None, Box::new(head.into()))))
            .order_by_asc(events::Column::Position)
            .limit(1)
            .into_tuple::<i64>()
            .one(self.store.reader())
            .await?;
        let what = "it lies beyond the head of the log, which was set back";
        Ok(beyond.map(|position| Fault { position: Position::from_stored(position), what: what.to_owned() }))
    }

    /// Goes on event by event where a page cannot be read as a whole, up to the event that is the reason.
    async fn first_unreadable(
        &self,
        mut checker: Checker,
        until: Position,
    ) -> Result<Result<Sound, Fault>, LogError> {
        while checker.position < until {
            let position = checker.position.next();
            let checked = match self.at(position).await {
                Ok(Some(event)) => checker.check(&event),
                Ok(None) => Err(Fault { position, what: "it is missing".to_owned() }),
                Err(error) if is_unreadable(&error) => {
                    Err(Fault { position, what: format!("it cannot be read: {error}") })
                }
                Err(error) => return Err(error),
            };
            if let Err(fault) = checked {
                return Ok(Err(fault));
            }
        }
        Err(LogError::Damaged("a page could not be read, yet each of its events could".to_owned()))
    }
}

/// Whether it is the stored bytes that cannot be read, not the database.
fn is_unreadable(error: &LogError) -> bool {
    match error {
        LogError::Damaged(_) => true,
        LogError::Database(DbErr::Type(_) | DbErr::TryIntoErr { .. }) => true,
        LogError::Database(DbErr::Query(RuntimeErr::SqlxError(cause))) => {
            matches!(**cause, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))
        }
        LogError::Database(_) => false,
    }
}
