//! One read model at work in this process: what its runner, its readers and a rebuild share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::{Mutex, Notify, watch};

use super::catalogue::{self, Entry, Generation, Mark, State};
use super::definition::{Folding, Table};
use super::source::Source;
use crate::engine::event::{Hash, Position};
use crate::engine::log::{Log, LogError, chain};
use crate::engine::store::Store;
use crate::engine::time::{Clock, SharedClock, SystemClock};

/// How read models run.
#[derive(Clone)]
pub struct Settings {
    /// Events in one transaction; a command larger than that is still one.
    pub batch: u64,
    /// How often a runner looks for itself, should nobody tell it that the log has grown.
    pub poll: Duration,
    /// How long a read waits for a position that is not visible yet.
    pub patience: Duration,
    /// A position at most this far behind the checkpoint is looked for among the versions that ended since.
    pub near: i64,
    /// How long the tables of a generation stay after another took its place.
    pub grace: Duration,
    pub clock: SharedClock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 1_000,
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(2),
            near: 1_000,
            grace: Duration::from_secs(600),
            clock: std::sync::Arc::new(SystemClock),
        }
    }
}

/// How far a read model has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The generation that serves.
    pub generation: i32,
    /// Everything up to here is in its rows.
    pub position: Position,
    /// Why it stopped, if it did.
    pub failure: Option<String>,
}

/// What stands before a failure that says that checkpoint and log do not belong together.
pub(super) const LOG_DIVERGED: &str = "LOG_DIVERGED";

pub(super) struct Instance {
    pub name: &'static str,
    pub revision: i32,
    pub tables: Vec<Table>,
    pub folding: Box<dyn Folding>,
    pub store: Store,
    pub log: Log,
    pub settings: Settings,
    /// Wakes the runner to read the catalogue again.
    pub reload: Notify,
    /// Held by the rebuild under way; one at a time in a process.
    pub rebuild: Mutex<()>,
    checkpoint: watch::Sender<Checkpoint>,
    rebuilt_to: watch::Sender<Option<Position>>,
    live: AtomicBool,
}

impl Instance {
    pub fn new(
        (name, revision): (&'static str, i32),
        tables: Vec<Table>,
        folding: Box<dyn Folding>,
        (store, log): (Store, Log),
        settings: Settings,
    ) -> Self {
        let nothing = Checkpoint { generation: 0, position: Position::ZERO, failure: None };
        Self {
            name,
            revision,
            tables,
            folding,
            store,
            log,
            settings,
            reload: Notify::new(),
            rebuild: Mutex::new(()),
            checkpoint: watch::Sender::new(nothing),
            rebuilt_to: watch::Sender::new(None),
            live: AtomicBool::new(false),
        }
    }

    /// The serving generation's entry, made when this revision has none yet.
    pub async fn serving(&self) -> Result<Entry, DbErr> {
        for _ in 0..2 {
            let known = catalogue::all(self.store.writer(), self.name, self.revision).await?;
            if let Some(entry) = known.iter().find(|entry| entry.state == State::Serving) {
                return Ok(entry.clone());
            }
            let number = known.last().map_or(1, |newest| newest.generation + 1);
            let generation = self.generation(number);
            catalogue::ensure(&self.store, generation, State::Serving, self.start(), &self.tables).await?;
        }
        Err(DbErr::Custom(format!("the catalogue keeps no serving generation of read model {}", self.name)))
    }

    pub fn generation(&self, number: i32) -> Generation {
        Generation { name: self.name, revision: self.revision, number }
    }

    /// The tables of a generation as a source of rows.
    pub fn source(&self, number: i32) -> Source<'_> {
        Source { backend: self.store.backend(), generation: self.generation(number), tables: &self.tables }
    }

    /// The checkpoint before the first event of this log.
    pub fn start(&self) -> Mark {
        start(&self.log)
    }

    /// Why a checkpoint does not belong to the log, if it does not, and what to do.
    pub async fn off_log(&self, mark: Mark) -> Result<Option<String>, LogError> {
        Ok(off_log(&self.log, mark).await?.map(|why| diverged(&why)))
    }

    pub fn checkpoint(&self) -> Checkpoint {
        self.checkpoint.borrow().clone()
    }

    pub fn watch(&self) -> watch::Receiver<Checkpoint> {
        self.checkpoint.subscribe()
    }

    /// Shows what the catalogue says now. For the runner and a switch, which know that nothing newer was shown.
    pub fn publish(&self, generation: i32, position: Position, failure: Option<String>) {
        let new = Checkpoint { generation, position, failure };
        self.checkpoint.send_if_modified(|shown| {
            let newer = generation >= shown.generation && *shown != new;
            if newer {
                *shown = new;
            }
            newer
        });
    }

    /// Shows what somebody read in the catalogue some time ago, if it is further on than what is shown.
    pub fn offer(&self, entry: &Entry) {
        self.checkpoint.send_if_modified(|shown| {
            let (generation, position) = (entry.generation, entry.mark.position);
            let newer = (generation, position) > (shown.generation, shown.position)
                || (generation == shown.generation && entry.failure.is_some() && shown.failure.is_none());
            if newer {
                *shown = Checkpoint { generation, position, failure: entry.failure.clone() };
            }
            newer
        });
    }

    /// Whether the model has once reached the head and not fallen far behind since.
    pub fn is_live(&self) -> bool {
        self.live.load(Ordering::Relaxed)
    }

    pub fn set_live(&self, live: bool) {
        self.live.store(live, Ordering::Relaxed);
    }

    /// How far a rebuild under way in this process has got.
    pub fn rebuilt_to(&self) -> Option<Position> {
        *self.rebuilt_to.borrow()
    }

    pub fn set_rebuilt_to(&self, position: Option<Position>) {
        self.rebuilt_to.send_replace(position);
    }

    pub fn now_micros(&self) -> i64 {
        Clock::now(self.settings.clock.as_ref()).micros()
    }
}

fn start(log: &Log) -> Mark {
    Mark { log_id: log.id(), position: Position::ZERO, hash: chain::genesis(log.id()) }
}

/// Why a checkpoint does not belong to a log, if it does not.
pub(super) async fn off_log(log: &Log, mark: Mark) -> Result<Option<String>, LogError> {
    if mark.log_id != log.id() {
        return Ok(Some(format!("the checkpoint is of log {}, this is log {}", mark.log_id, log.id())));
    }
    let there: Option<Hash> = if mark.position == Position::ZERO {
        Some(start(log).hash)
    } else {
        log.at(mark.position).await?.map(|event| event.hash)
    };
    Ok(match there {
        Some(hash) if hash == mark.hash => None,
        Some(_) => {
            Some(format!("the log holds another event at the checkpoint's position {}", mark.position))
        }
        None => Some(format!("the checkpoint's position {} is beyond the log's head", mark.position)),
    })
}

pub(super) fn diverged(why: &str) -> String {
    format!("{LOG_DIVERGED}: {why}; rebuild the read model from the log at hand")
}
