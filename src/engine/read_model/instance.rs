//! One read model at work in this process: what its runner, its readers and a rebuild share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::DbErr;
use tokio::sync::{Notify, watch};

use super::catalogue::{self, Entry, Generation, Mark, State};
use super::definition::{Folding, Table};
use super::empty::EmptyBuckets;
use super::pace::Pace;
use super::pages::Types;
use super::source::Source;
use super::threshold::Thresholds;
use crate::engine::event::{Hash, Position};
use crate::engine::log::{Log, LogError, chain};
use crate::engine::store::Store;
use crate::engine::time::{Clock, SharedClock, SystemClock};

/// How read models run.
#[derive(Clone)]
pub struct Settings {
    /// Events in one transaction; a command larger than that is still one.
    pub batch: u64,
    /// Events in one transaction of a generation that is being built.
    pub bulk: u64,
    /// Bytes of events that are held at once while a generation is being built, twice.
    pub bulk_bytes: usize,
    /// Rows held from one such transaction to the next.
    pub rows_in_hand: usize,
    /// Bytes of them, roughly.
    pub bytes_in_hand: usize,
    /// How often a runner looks for itself, should nobody tell it that the log has grown.
    pub poll: Duration,
    /// How long a read waits for a position that is not visible yet.
    pub patience: Duration,
    /// A position at most this far behind the checkpoint is looked for among the versions that ended since.
    pub near: i64,
    /// So many rows of a table are few, whatever its size: rather looked at all than walked towards in a list's order.
    pub few: u64,
    /// How long the tables of a generation stay after another took its place.
    pub grace: Duration,
    pub clock: SharedClock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch: 1_000,
            bulk: 40_000,
            bulk_bytes: 32 << 20,
            rows_in_hand: 200_000,
            bytes_in_hand: 128 << 20,
            poll: Duration::from_secs(1),
            patience: Duration::from_secs(2),
            near: 1_000,
            few: 100,
            grace: Duration::from_secs(600),
            clock: std::sync::Arc::new(SystemClock),
        }
    }
}

/// How far a read model has got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The generation that serves; 0 while none does.
    pub generation: i32,
    /// Everything up to here is in its rows.
    pub position: Position,
    /// Why it stopped, if it did.
    pub failure: Option<String>,
}

/// What stands before a failure that says that checkpoint and log do not belong together.
pub(super) const LOG_DIVERGED: &str = "LOG_DIVERGED";

/// How far a generation that is being built has got.
#[derive(Clone, Debug)]
pub(super) struct Built {
    generation: i32,
    pub pace: Pace,
    /// By another process, which may be gone: then it does not move any more.
    is_elsewhere: bool,
}

impl Built {
    /// Whether somebody is at it.
    pub fn is_under_way(&self) -> bool {
        !self.is_elsewhere || self.pace.is_moving(Instant::now())
    }
}

pub(super) struct Instance {
    pub name: &'static str,
    pub revision: i32,
    pub types: Types,
    pub tables: Vec<Table>,
    pub folding: Box<dyn Folding>,
    pub store: Store,
    pub log: Log,
    pub settings: Settings,
    pub thresholds: Thresholds,
    pub empty_buckets: EmptyBuckets,
    /// Wakes the runner to read the catalogue again.
    pub reload: Notify,
    /// Held by whoever builds a generation; one at a time in a process.
    pub building: tokio::sync::Mutex<()>,
    checkpoint: watch::Sender<Checkpoint>,
    /// How the generation that serves gets along.
    following: Mutex<Pace>,
    /// How a generation that is being built gets along, here or elsewhere.
    built: Mutex<Option<Built>>,
    live: AtomicBool,
}

impl Instance {
    pub fn new(
        (name, revision, types): (&'static str, i32, Types),
        tables: Vec<Table>,
        folding: Box<dyn Folding>,
        (store, log): (Store, Log),
        settings: Settings,
    ) -> Self {
        let nothing = Checkpoint { generation: 0, position: Position::ZERO, failure: None };
        Self {
            name,
            revision,
            types,
            tables,
            folding,
            store,
            log,
            settings,
            thresholds: Thresholds::default(),
            empty_buckets: EmptyBuckets::default(),
            reload: Notify::new(),
            building: tokio::sync::Mutex::new(()),
            checkpoint: watch::Sender::new(nothing),
            following: Mutex::new(Pace::default()),
            built: Mutex::new(None),
            live: AtomicBool::new(false),
        }
    }

    /// The generation that serves; while none does, the newest that is being built. Made when this revision has none.
    ///
    /// With little to fold, a new one serves from the start; with much, it is built before it does.
    pub async fn entry(&self) -> Result<Entry, LogError> {
        for _ in 0..2 {
            let known = catalogue::all(self.store.writer(), self.name, self.revision).await?;
            let in_state = |state| known.iter().rev().find(|entry| entry.state == state);
            if let Some(entry) = in_state(State::Serving).or_else(|| in_state(State::Building)) {
                return Ok(entry.clone());
            }
            let number = known.last().map_or(1, |newest| newest.generation + 1);
            let head = self.log.head().await?.position;
            let is_little = head.get().unsigned_abs() <= self.settings.batch;
            let state = if is_little { State::Serving } else { State::Building };
            let generation = self.generation(number);
            catalogue::ensure(&self.store, generation, state, self.start(), &self.tables).await?;
        }
        Err(DbErr::Custom(format!("the catalogue keeps no generation of read model {}", self.name)).into())
    }

    /// The generation that serves, if one does.
    pub async fn serving(&self) -> Result<Option<Entry>, DbErr> {
        let known = catalogue::all(self.store.writer(), self.name, self.revision).await?;
        Ok(known.into_iter().find(|entry| entry.state == State::Serving))
    }

    pub fn generation(&self, number: i32) -> Generation {
        Generation { name: self.name, revision: self.revision, number }
    }

    /// The tables of a generation as a source of rows.
    pub fn source(&self, number: i32) -> Source<'_> {
        let generation = self.generation(number);
        Source { backend: self.store.backend(), generation, tables: &self.tables, words: None }
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

    /// Shows an entry of the catalogue as it is now: one that is being built serves nobody, but may have stopped.
    pub fn show(&self, entry: &Entry) {
        match (entry.state, &entry.failure) {
            (State::Serving, failure) => {
                self.publish(entry.generation, entry.mark.position, failure.clone());
            }
            (_, Some(failure)) => {
                self.built_to(entry.generation, entry.mark.position);
                self.publish(0, Position::ZERO, Some(failure.clone()));
            }
            (_, None) => self.publish(0, Position::ZERO, None),
        }
    }

    /// Shows what the catalogue says now. For the runner and a switch, which know that nothing newer was shown.
    pub fn publish(&self, generation: i32, position: Position, failure: Option<String>) {
        let new = Checkpoint { generation, position, failure };
        self.following.lock().unwrap_or_else(PoisonError::into_inner).reached(position, Instant::now());
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

    /// How fast the generation that serves follows the log.
    pub fn following(&self) -> Pace {
        self.following.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How far a generation that is being built has got, here or elsewhere.
    pub fn built(&self) -> Option<Built> {
        self.built.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// This process has come to a position with a generation that it builds.
    pub fn built_to(&self, generation: i32, position: Position) {
        self.set_built(generation, position, false);
    }

    /// Another process has come to a position with a generation that it builds, or had when it ended.
    pub fn built_elsewhere_to(&self, generation: i32, position: Position) {
        self.set_built(generation, position, true);
    }

    fn set_built(&self, generation: i32, position: Position, is_elsewhere: bool) {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same =
            |built: &mut Built| (built.generation, built.is_elsewhere) == (generation, is_elsewhere);
        let of_this = built.take_if(is_same);
        let of_this = of_this.unwrap_or(Built { generation, pace: Pace::default(), is_elsewhere });
        built.insert(of_this).pace.reached(position, Instant::now());
    }

    /// Nothing is being built any more.
    pub fn built_nothing(&self) {
        *self.built.lock().unwrap_or_else(PoisonError::into_inner) = None;
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
