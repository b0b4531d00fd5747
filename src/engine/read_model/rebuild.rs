//! Rebuilding: the same revision folded anew beside the serving generation, then one switch; and what goes afterwards.

use sea_orm::DbErr;
use tokio_util::sync::CancellationToken;

use super::catalogue::{self, Entry, State};
use super::follow::{Followed, follow};
use super::instance::Instance;
use super::table;
use crate::engine::event::Position;
use crate::engine::log::LogError;

/// How often a switch may find that the serving generation was ahead again.
const SWITCHES: usize = 1_000;

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

/// Builds a new generation and lets it serve. Goes on with one that was begun.
pub(super) async fn rebuild(instance: &Instance, cancel: &CancellationToken) -> Result<(), RebuildError> {
    let _alone = instance.rebuild.try_lock().map_err(|_| RebuildError::UnderWay(instance.name))?;
    let outcome = build(instance, cancel).await;
    instance.set_rebuilt_to(None);
    outcome
}

async fn build(instance: &Instance, cancel: &CancellationToken) -> Result<(), RebuildError> {
    instance.serving().await?;
    let mut building = begin(instance).await?;
    catch_up(instance, &mut building, cancel).await?;
    let generation = instance.generation(building.generation);
    let transaction = catalogue::begin(&instance.store).await?;
    catalogue::without_timeout(&transaction).await?;
    table::create_indexes(&transaction, &instance.tables, generation.revision, generation.number).await?;
    transaction.commit().await?;
    for _ in 0..SWITCHES {
        catch_up(instance, &mut building, cancel).await?;
        if switch(instance, &building).await? {
            instance.publish(building.generation, building.mark.position, None);
            instance.reload.notify_one();
            return Ok(());
        }
    }
    Err(RebuildError::Overtaken(instance.name))
}

/// The generation to build: one that was begun and can be gone on with, else a new one.
async fn begin(instance: &Instance) -> Result<Entry, RebuildError> {
    let known = catalogue::all(instance.store.writer(), instance.name, instance.revision).await?;
    let next = known.last().map_or(1, |newest| newest.generation + 1);
    for entry in known.into_iter().filter(|entry| entry.state == State::Building) {
        if entry.failure.is_none() && instance.off_log(entry.mark).await?.is_none() {
            instance.set_rebuilt_to(Some(entry.mark.position));
            return Ok(entry);
        }
        // What stopped once is not trusted again: the fold may have been mended since.
        let stale = instance.generation(entry.generation);
        catalogue::set_state(instance.store.writer(), stale, State::Retired, instance.now_micros()).await?;
    }
    let start = instance.start();
    let generation = instance.generation(next);
    catalogue::ensure(&instance.store, generation, State::Building, start, &instance.tables).await?;
    instance.set_rebuilt_to(Some(Position::ZERO));
    let made = catalogue::one(instance.store.writer(), generation).await?;
    made.filter(|entry| entry.state == State::Building).ok_or(RebuildError::Overtaken(instance.name))
}

/// Follows the log to its head.
async fn catch_up(
    instance: &Instance,
    building: &mut Entry,
    cancel: &CancellationToken,
) -> Result<(), RebuildError> {
    let generation = instance.generation(building.generation);
    loop {
        if cancel.is_cancelled() {
            return Err(RebuildError::Cancelled);
        }
        let head = instance.log.head().await?.position;
        match follow(instance, generation, State::Building, building.mark, head).await? {
            Followed::To(mark) => {
                building.mark = mark;
                instance.set_rebuilt_to(Some(mark.position));
            }
            Followed::Nothing => return Ok(()),
            Followed::Overtaken => {
                // Another node builds the same generation: go on from where it has got.
                let now = catalogue::one(instance.store.writer(), generation).await?;
                *building = now
                    .filter(|entry| entry.state == State::Building && entry.mark != building.mark)
                    .ok_or(RebuildError::Overtaken(instance.name))?;
            }
            Followed::Stopped(why) => {
                catalogue::fail(instance.store.writer(), generation, building.mark.position, &why).await?;
                return Err(RebuildError::Stopped(why));
            }
        }
    }
}

/// Lets the new generation serve in place of the old, unless the old is ahead. Both checkpoints stand still meanwhile.
async fn switch(instance: &Instance, building: &Entry) -> Result<bool, RebuildError> {
    let transaction = catalogue::begin(&instance.store).await?;
    let locked = catalogue::lock_all(&transaction, instance.name, instance.revision).await?;
    let new = locked.iter().find(|entry| entry.generation == building.generation);
    let Some(new) = new.filter(|new| new.state == State::Building && new.mark == building.mark) else {
        transaction.rollback().await?;
        return Err(RebuildError::Overtaken(instance.name));
    };
    let serving = || locked.iter().filter(|entry| entry.state == State::Serving);
    // A checkpoint off the log counts for nothing: it would never be caught up with.
    let mut is_behind = false;
    for old in serving() {
        let ahead = old.mark.position > new.mark.position;
        is_behind |= ahead && instance.off_log(old.mark).await?.is_none();
    }
    if is_behind {
        transaction.rollback().await?;
        return Ok(false);
    }
    for old in serving() {
        let old = instance.generation(old.generation);
        catalogue::set_state(&transaction, old, State::Retired, instance.now_micros()).await?;
    }
    catalogue::set_state(&transaction, instance.generation(new.generation), State::Serving, 0).await?;
    transaction.commit().await?;
    Ok(true)
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
