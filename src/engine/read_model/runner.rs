//! The runner of one read model: follows the log until it is cancelled, stops at what it cannot fold, and never gives up on
//! a database that is away.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::building::build;
use super::catalogue::{self, Entry, State};
use super::follow::{Followed, follow};
use super::instance::Instance;
use super::rebuild::{RebuildError, sweep};
use crate::engine::event::Position;
use crate::engine::log::LogError;

/// The pauses between tries when a database does not answer.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a runner reads the catalogue again.
enum Turn {
    /// Somebody else moved the checkpoint or the generation, or the model stopped.
    Again,
    Cancelled,
}

/// Runs until cancelled.
pub(super) async fn run(
    instance: Arc<Instance>,
    mut head: watch::Receiver<Position>,
    cancel: CancellationToken,
) {
    let mut pause = SHORTEST_PAUSE;
    while !cancel.is_cancelled() {
        match turn(&instance, &mut head, &cancel, &mut pause).await {
            Ok(Turn::Again) => {}
            Ok(Turn::Cancelled) => return,
            Err(error) => {
                tracing::warn!(model = instance.name, %error, ?pause, "a read model waits for its database");
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Reads the catalogue and follows the log from there.
async fn turn(
    instance: &Arc<Instance>,
    head: &mut watch::Receiver<Position>,
    cancel: &CancellationToken,
    pause: &mut Duration,
) -> Result<Turn, LogError> {
    let entry = instance.entry().await?;
    instance.show(&entry);
    if entry.state == State::Building {
        return first(instance, &entry, cancel).await;
    }
    if entry.failure.is_some() {
        watch_others(instance).await?;
        return Ok(parked(instance, cancel).await);
    }
    if let Some(why) = instance.off_log(entry.mark).await? {
        stop(instance, &entry, &why).await?;
        return Ok(Turn::Again);
    }
    let generation = instance.generation(entry.generation);
    let mut entry = entry;
    let mut seen = Position::ZERO;
    // Kept from turn to turn, so that a log that always grows does not put it off.
    let mut poll = tokio::time::interval_at(Instant::now() + instance.settings.poll, instance.settings.poll);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let until = (*head.borrow_and_update()).max(seen);
        if cancel.is_cancelled() {
            return Ok(Turn::Cancelled);
        }
        if until > entry.mark.position {
            let behind = until.get() - entry.mark.position.get();
            if behind > i64::try_from(instance.settings.batch).unwrap_or(i64::MAX) {
                instance.set_live(false);
            }
            match follow(instance, generation, State::Serving, entry.mark, until).await? {
                Followed::To(mark) => {
                    entry.mark = mark;
                    instance.publish(entry.generation, mark.position, None);
                    *pause = SHORTEST_PAUSE;
                    continue;
                }
                Followed::Nothing => {}
                Followed::Overtaken => return Ok(Turn::Again),
                Followed::Stopped(why) => {
                    stop(instance, &entry, &why).await?;
                    return Ok(Turn::Again);
                }
            }
        }
        instance.set_live(true);
        let growing = async {
            if head.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = cancel.cancelled() => return Ok(Turn::Cancelled),
            () = growing => {}
            () = instance.reload.notified() => return Ok(Turn::Again),
            _ = poll.tick() => {
                if let Err(error) = sweep(instance).await {
                    tracing::warn!(model = instance.name, %error, "retired tables are dropped another time");
                }
                watch_others(instance).await?;
                seen = instance.log.head().await?.position;
                let now = catalogue::one(instance.store.reader(), generation).await?;
                if now.is_none_or(|now| now.mark != entry.mark || now.state != State::Serving) {
                    return Ok(Turn::Again);
                }
            }
        }
    }
}

/// Builds the first generation of a revision, in bulk: until it serves, the model answers nothing.
async fn first(
    instance: &Arc<Instance>,
    entry: &Entry,
    cancel: &CancellationToken,
) -> Result<Turn, LogError> {
    if entry.failure.is_some() {
        return Ok(parked(instance, cancel).await);
    }
    match build(instance, cancel).await {
        Ok(_) => Ok(Turn::Again),
        Err(RebuildError::Cancelled) => Ok(Turn::Cancelled),
        Err(RebuildError::Log(error)) => Err(error),
        Err(RebuildError::Database(error)) => Err(error.into()),
        Err(RebuildError::Stopped(why)) => {
            tracing::error!(model = instance.name, why, "a read model stopped while it was being built");
            Ok(Turn::Again)
        }
        // Somebody else builds it, here or elsewhere, or has just done so.
        Err(RebuildError::UnderWay(_) | RebuildError::Overtaken(_) | RebuildError::Unknown(_)) => {
            Ok(parked(instance, cancel).await)
        }
    }
}

/// Looks how far another process has got with a generation it builds.
async fn watch_others(instance: &Instance) -> Result<(), LogError> {
    if instance.building.try_lock().is_err() {
        return Ok(());
    }
    let known = catalogue::all(instance.store.reader(), instance.name, instance.revision).await?;
    match known.iter().find(|entry| entry.state == State::Building && entry.failure.is_none()) {
        Some(entry) => instance.built_elsewhere_to(entry.generation, entry.mark.position),
        None => instance.built_nothing(),
    }
    Ok(())
}

/// A model that has stopped waits for another generation: only a rebuild brings it back.
async fn parked(instance: &Instance, cancel: &CancellationToken) -> Turn {
    instance.set_live(false);
    tokio::select! {
        () = cancel.cancelled() => Turn::Cancelled,
        () = instance.reload.notified() => Turn::Again,
        () = tokio::time::sleep(instance.settings.poll) => Turn::Again,
    }
}

async fn stop(instance: &Instance, entry: &Entry, why: &str) -> Result<(), LogError> {
    let generation = instance.generation(entry.generation);
    if catalogue::fail(instance.store.writer(), generation, entry.mark.position, why).await? {
        tracing::error!(model = instance.name, position = %entry.mark.position, why, "a read model stopped");
    }
    Ok(())
}
