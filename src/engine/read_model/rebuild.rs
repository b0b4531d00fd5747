//! Rebuilding the same revision: why it did not come to its end, and what goes after it did.

use std::time::Duration;

use sea_orm::DbErr;

use super::catalogue::{self, State};
use super::instance::Instance;
use crate::engine::event::Position;
use crate::engine::log::LogError;

/// What a rebuild has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where it began: 0, or where the one before was cut short.
    pub from: Position,
    /// What the new generation had folded when it took over.
    pub to: Position,
    /// From the first event to the switch, indexes and all.
    pub took: Duration,
}

impl Rebuilt {
    /// How many events were folded.
    pub fn events(&self) -> u64 {
        (self.to.get() - self.from.get()).unsigned_abs()
    }

    /// How many of them a second.
    #[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
    pub fn events_per_second(&self) -> f64 {
        self.events() as f64 / self.took.as_secs_f64().max(0.001)
    }
}

/// Why a rebuild did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    #[error("there is no read model {0}; `readModels` lists them")]
    Unknown(String),
    #[error("a rebuild of read model {0} is under way already; wait for it to end")]
    UnderWay(&'static str),
    #[error("the new generation stopped: {0}; the old one goes on serving")]
    Stopped(String),
    #[error(
        "another node is rebuilding read model {0} or has just done so; look at `readModels` and try again"
    )]
    Overtaken(&'static str),
    #[error("the rebuild was cancelled; the next one goes on where it stood")]
    Cancelled,
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Database(#[from] DbErr),
}

/// Drops the tables of generations that were retired longer ago than the grace time.
pub(super) async fn sweep(instance: &Instance) -> Result<usize, DbErr> {
    let grace = i64::try_from(instance.settings.grace.as_micros()).unwrap_or(i64::MAX);
    let due = instance.now_micros().saturating_sub(grace);
    let known = catalogue::all(instance.store.reader(), instance.name, instance.revision).await?;
    let mut dropped = 0;
    for entry in known.into_iter().filter(|e| e.state == State::Retired && e.retired_at <= due) {
        catalogue::bury(&instance.store, instance.generation(entry.generation), &instance.tables).await?;
        tracing::info!(
            model = instance.name,
            generation = entry.generation,
            "dropped the tables of a retired generation"
        );
        dropped += 1;
    }
    Ok(dropped)
}
