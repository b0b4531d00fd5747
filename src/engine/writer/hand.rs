//! States in hand: exact at one position, kept for the streams used last, moved on only by the writer.

use std::collections::HashMap;
use std::num::NonZeroUsize;

use lru::LruCache;
use uuid::Uuid;

use crate::engine::decision::{Aggregates, Held};
use crate::engine::event::Recorded;
use crate::engine::log::{Head, Log, LogError, chain};

/// Events read at once while catching up or loading.
const PAGE: u64 = 5_000;

/// Streams one statement loads: each is a parameter, and on SQLite one level of an expression 1,000 deep.
const STREAMS_A_LOAD: usize = 500;

/// So far behind, it is cheaper to let go of every state than to read what was missed.
const TOO_FAR_BEHIND: i64 = 20_000;

/// From one multiple of this many events to the next, a stream's snapshot is renewed.
pub const SNAPSHOT_EVERY: i64 = 500;

/// Streams as loaded, and those that cannot be read with the reason.
type Loaded = (HashMap<Uuid, Held>, HashMap<Uuid, String>);

/// The states the writer decides on, all of them exact at `applied`.
pub struct Hand {
    log: Log,
    aggregates: Aggregates,
    applied: Head,
    states: LruCache<Uuid, Held>,
}

impl Hand {
    /// Nothing in hand, at the start of a log; [`Hand::catch_up`] comes first.
    pub fn empty(log: Log, aggregates: Aggregates, capacity: usize) -> Self {
        let applied = Head::genesis(log.id());
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        Self { log, aggregates, applied, states: LruCache::new(capacity) }
    }

    /// Where every state in hand is exact, and what the next swap expects.
    pub fn applied(&self) -> &Head {
        &self.applied
    }

    /// Moves on to the log's head. What does not extend what is in hand makes it let go of everything.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn catch_up(&mut self) -> Result<(), LogError> {
        let head = self.log.head().await?;
        let missed = head.position.get() - self.applied.position.get();
        if !(0..=TOO_FAR_BEHIND).contains(&missed) || !self.follow(&head).await? {
            self.states.clear();
        }
        self.applied = head;
        Ok(())
    }

    /// Folds what was missed; `false` when it does not extend the chain up to this head.
    async fn follow(&mut self, head: &Head) -> Result<bool, LogError> {
        let (mut position, mut hash) = (self.applied.position, self.applied.hash);
        while position < head.position {
            let page = self.log.page(position, head.position, PAGE).await?;
            let Some(last) = page.last() else { return Ok(false) };
            for event in &page {
                if event.position != position.next() || chain::hash(hash, event) != event.hash {
                    return Ok(false);
                }
                (position, hash) = (event.position, event.hash);
                self.evolve(event);
            }
            position = last.position;
        }
        Ok(hash == head.hash)
    }

    /// Folds one event over the state of its stream, if that is in hand; lets go of a state it does not fit.
    fn evolve(&mut self, event: &Recorded) {
        let Some(held) = self.states.peek_mut(&event.stream_id) else { return };
        if event.stream_version <= held.version() {
            return;
        }
        let fits = event.stream_version == held.version() + 1;
        if !fits || self.aggregates.evolve(held, event).is_err() {
            self.states.pop(&event.stream_id);
        }
    }

    /// The states of these streams as far as they are in hand.
    pub fn take(&mut self, ids: impl Iterator<Item = Uuid>) -> HashMap<Uuid, Held> {
        ids.filter_map(|id| self.states.get(&id).map(|held| (id, held.clone()))).collect()
    }

    /// Loads streams as of `applied`, absent ones included. The second part names those that cannot be read, and why.
    ///
    /// # Errors
    /// When the log cannot be read at all.
    pub async fn load(&mut self, ids: &[Uuid]) -> Result<Loaded, LogError> {
        let (mut loaded, mut broken) = (HashMap::with_capacity(ids.len()), HashMap::new());
        for ids in ids.chunks(STREAMS_A_LOAD) {
            let (sound, unreadable) = self.load_some(ids).await?;
            loaded.extend(sound);
            broken.extend(unreadable);
        }
        self.states.extend_with(&loaded);
        Ok((loaded, broken))
    }

    async fn load_some(&self, ids: &[Uuid]) -> Result<Loaded, LogError> {
        let mut loaded: HashMap<Uuid, Held> = ids.iter().map(|id| (*id, Held::absent())).collect();
        let mut broken = HashMap::new();
        for (id, stream_type, snapshot) in self.log.snapshots(ids, self.applied.position).await? {
            if let Some(held) = self.aggregates.restore(&stream_type, &snapshot) {
                loaded.insert(id, held);
            }
        }
        let mut wanted: Vec<(Uuid, i64)> = loaded.iter().map(|(id, held)| (*id, held.version())).collect();
        wanted.sort_unstable();
        loop {
            let page = self.log.streams(&wanted, self.applied.position, PAGE).await?;
            for event in &page {
                let held = loaded.entry(event.stream_id).or_default();
                let gap = event.stream_version != held.version() + 1;
                let folded = if gap {
                    Err(format!("event {} follows version {}", event.stream_version, held.version()))
                } else {
                    self.aggregates.evolve(held, event).map_err(|error| error.to_string())
                };
                if let Err(cause) = folded {
                    broken.entry(event.stream_id).or_insert(cause);
                }
            }
            let Some(last) = page.last().filter(|_| page.len() as u64 == PAGE) else { break };
            // The streams before the last one are complete; that one goes on where the page ended.
            wanted.retain(|(id, _)| *id > last.stream_id);
            wanted.push((last.stream_id, last.stream_version));
        }
        loaded.retain(|id, _| !broken.contains_key(id));
        Ok((loaded, broken))
    }

    /// Takes over what a committed batch left: the new head and the streams it changed.
    pub fn commit(&mut self, last: &Recorded, streams: &HashMap<Uuid, Held>) {
        self.applied =
            Head { position: last.position, recorded_at: last.recorded_at, hash: last.hash, ..self.applied };
        self.states.extend_with(streams);
    }
}

/// Putting many states in hand at once.
trait ExtendWith {
    fn extend_with(&mut self, streams: &HashMap<Uuid, Held>);
}

impl ExtendWith for LruCache<Uuid, Held> {
    fn extend_with(&mut self, streams: &HashMap<Uuid, Held>) {
        for (id, held) in streams {
            self.put(*id, held.clone());
        }
    }
}
