//! The feed: one tail of the log for each node, in bounded memory, and followers that read it with a cursor.
//!
//! A follower reads the ring while it is close and the database while it is far; nothing is pushed at it,
//! so nothing piles up however slow it is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};
use uuid::Uuid;

use super::event::{Hash, Position, Recorded};
use super::log::{Head, Log, LogError, chain};
use super::time::Instant;

mod follower;
mod tail;

pub use follower::{FollowError, Follower};

/// The bounds of the ring.
const EVENTS_IN_RING: usize = 8_192;
const BYTES_IN_RING: usize = 16 << 20;

/// The newest events and where they end. Cheap to clone.
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

struct Inner {
    log: Log,
    /// Tells this node's notifications from the others'.
    node: Uuid,
    ring: Mutex<Ring>,
    tail: watch::Sender<Tail>,
    /// The tail's position alone, for those who need no more.
    position: watch::Sender<Position>,
    /// Somebody else may have appended: look.
    wake: Notify,
    /// This node has appended: tell the others.
    appended: Notify,
}

/// The end of the log as this node knows it; always the end of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail {
    pub position: Position,
    pub hash: Hash,
    /// Meaningless in an empty log.
    pub recorded_at: Instant,
}

impl From<Head> for Tail {
    fn from(head: Head) -> Self {
        Self { position: head.position, hash: head.hash, recorded_at: head.recorded_at }
    }
}

impl From<&Recorded> for Tail {
    fn from(event: &Recorded) -> Self {
        Self { position: event.position, hash: event.hash, recorded_at: event.recorded_at }
    }
}

/// The newest events, without a gap up to the tail.
#[derive(Default)]
struct Ring {
    events: VecDeque<Arc<Recorded>>,
    bytes: usize,
}

impl Feed {
    /// Starts where the log ends now; [`Feed::run`] keeps it there.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn open(log: Log) -> Result<Self, LogError> {
        let head = Tail::from(log.head().await?);
        let inner = Inner {
            log,
            node: Uuid::new_v4(),
            ring: Mutex::default(),
            tail: watch::Sender::new(head),
            position: watch::Sender::new(head.position),
            wake: Notify::new(),
            appended: Notify::new(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where the log ends, as far as this node knows.
    pub fn tail(&self) -> Tail {
        *self.inner.tail.borrow()
    }

    /// Tells of every new end of the log, the latest only.
    pub fn watch(&self) -> watch::Receiver<Tail> {
        self.inner.tail.subscribe()
    }

    /// Tells of every new last position, the latest only.
    pub fn positions(&self) -> watch::Receiver<Position> {
        self.inner.position.subscribe()
    }

    /// Takes what this node has committed. What does not join the tail makes it look at the log instead.
    pub fn accept(&self, events: &[Arc<Recorded>]) {
        if !self.extend(events) {
            self.inner.wake.notify_one();
        }
        self.inner.appended.notify_one();
    }

    /// Looks at the log soon instead of at the next poll.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// Puts events behind the tail if they join it by position and hash.
    fn extend(&self, events: &[Arc<Recorded>]) -> bool {
        let Some(last) = events.last() else { return true };
        let mut ring = self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let tail = self.tail();
        let (mut position, mut hash) = (tail.position, tail.hash);
        for event in events {
            if event.position != position.next() || chain::hash(hash, event) != event.hash {
                return false;
            }
            (position, hash) = (event.position, event.hash);
        }
        ring.push(events);
        // Under the ring's lock, so that whoever sees the new tail finds its events there.
        self.publish(Tail::from(last.as_ref()));
        true
    }

    /// Gives up the ring and goes on from a head far away.
    fn jump(&self, head: Head) {
        let mut ring = self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner);
        *ring = Ring::default();
        self.publish(head.into());
    }

    fn publish(&self, tail: Tail) {
        self.inner.tail.send_replace(tail);
        self.inner.position.send_replace(tail.position);
    }

    /// Up to `limit` events right after `after`, when the ring reaches back that far.
    fn near(&self, after: Position, limit: usize) -> Option<Vec<Arc<Recorded>>> {
        let ring = self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = ring.events.front()?.position.get();
        let skip = usize::try_from(after.get() + 1 - oldest).ok()?;
        Some(ring.events.iter().skip(skip).take(limit).cloned().collect())
    }
}

impl Ring {
    fn push(&mut self, events: &[Arc<Recorded>]) {
        for event in events {
            self.bytes += size(event);
            self.events.push_back(event.clone());
        }
        while self.events.len() > EVENTS_IN_RING || self.bytes > BYTES_IN_RING {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= size(&oldest);
        }
    }
}

/// What an event weighs, about.
fn size(event: &Recorded) -> usize {
    size_of::<Recorded>() + event.data.len() + event.metadata.len()
}
