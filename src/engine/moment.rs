//! From an instant or a position to the moment it means: the last position of a command, for good.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;

use super::event::Position;
use super::feed::Feed;
use super::log::{Head, Log, LogError};
use super::time::{Instant, SharedClock};

/// The log's floor is raised in steps of this many microseconds, so that a stream of questions about the present
/// does not become a stream of updates.
const FLOOR_STEP: i64 = 10_000;

/// Moments kept in hand: what one was resolved to holds for good, and who looks at a moment looks at it more than once.
const IN_HAND: NonZeroUsize = NonZeroUsize::new(4_096).unwrap();

/// Resolves moments. Cheap to clone.
#[derive(Clone)]
pub struct Moments {
    log: Log,
    feed: Feed,
    clock: SharedClock,
    /// A floor known to be committed; never above the log's own.
    floor: Arc<AtomicI64>,
    in_hand: Arc<Mutex<LruCache<Asked, Moment>>>,
}

/// What a moment was asked for by.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Asked {
    Position(Position),
    Instant(i64),
}

/// A moment of the log: always the end of a command, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    pub position: Position,
    /// Nothing up to the position was recorded later than this: a bound for lists sorted by time.
    pub until: Instant,
}

impl Moment {
    /// Before the first event.
    pub const START: Self = Self { position: Position::ZERO, until: Instant::from_micros(i64::MIN) };
}

/// Why a moment has no answer.
#[derive(Debug, thiserror::Error)]
pub enum MomentError {
    #[error("position {asked} lies after the head of the log, which is {head}")]
    PositionOutOfRange { asked: Position, head: Position },
    #[error(
        "{asked} lies in the future: it is later than both now ({now}) and the last event's recordedAt ({last})"
    )]
    InstantOutOfRange { asked: Instant, now: Instant, last: String },
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Moments {
    /// Moments of a log.
    pub fn new(log: Log, feed: Feed, clock: SharedClock) -> Self {
        let in_hand = Arc::new(Mutex::new(LruCache::new(IN_HAND)));
        Self { log, feed, clock, floor: Arc::new(AtomicI64::new(i64::MIN)), in_hand }
    }

    fn known(&self, asked: Asked) -> Option<Moment> {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).copied()
    }

    fn keep(&self, asked: Asked, moment: Moment) -> Moment {
        self.in_hand.lock().unwrap_or_else(PoisonError::into_inner).put(asked, moment);
        moment
    }

    /// The state after the command that the event at this position belongs to.
    ///
    /// # Errors
    /// [`MomentError::PositionOutOfRange`] after the head.
    pub async fn at_position(&self, asked: Position) -> Result<Moment, MomentError> {
        if asked == Position::ZERO {
            return Ok(Moment::START);
        }
        let tail = self.feed.tail();
        if asked == tail.position {
            return Ok(Moment { position: asked, until: tail.recorded_at });
        }
        let key = Asked::Position(asked);
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        match self.log.at(asked).await? {
            Some(event) => {
                Ok(self.keep(key, Moment { position: event.command_end, until: event.recorded_at }))
            }
            None => Err(MomentError::PositionOutOfRange { asked, head: self.log.head().await?.position }),
        }
    }

    /// The state after the last command recorded at or before an instant. Nothing can be recorded there any more.
    ///
    /// # Errors
    /// [`MomentError::InstantOutOfRange`] for an instant later than now and than the last event.
    pub async fn at_instant(&self, asked: Instant) -> Result<Moment, MomentError> {
        let key = Asked::Instant(asked.micros());
        if let Some(known) = self.known(key) {
            return Ok(known);
        }
        let tail = self.feed.tail();
        let settled = tail.position > Position::ZERO && tail.recorded_at >= asked
            || self.floor.load(Ordering::Acquire) >= asked.micros();
        if !settled && !self.settle(asked).await? {
            return Ok(Moment::START);
        }
        // A statement of its own, begun after the instant was known to be settled.
        Ok(self.keep(key, Moment { position: self.log.last_at(asked).await?, until: asked }))
    }

    /// Makes sure that nothing is recorded at or before `asked` any more; `false` in an empty log, which keeps no floor.
    async fn settle(&self, asked: Instant) -> Result<bool, MomentError> {
        let head = self.log.head().await?;
        self.in_range(asked, &head)?;
        if head.position == Position::ZERO {
            return Ok(false);
        }
        if head.recorded_at < asked && head.floor < asked {
            let floor = asked.rounded_up_to(FLOOR_STEP);
            self.log.raise_floor(floor).await?;
            self.floor.fetch_max(floor.micros(), Ordering::AcqRel);
        }
        Ok(true)
    }

    fn in_range(&self, asked: Instant, head: &Head) -> Result<(), MomentError> {
        let now = self.clock.now().max(head.recorded_at).max(head.floor);
        if asked <= now {
            return Ok(());
        }
        let empty = head.position == Position::ZERO;
        let last = if empty { "there is none".to_owned() } else { head.recorded_at.to_string() };
        Err(MomentError::InstantOutOfRange { asked, now, last })
    }
}
