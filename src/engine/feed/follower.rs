//! A follower: a cursor over the log that sees every matching event once and in order.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Feed, Tail};
use crate::engine::event::{Hash, Position, Recorded};
use crate::engine::log::filter::{EventFilter, EventPage};
use crate::engine::log::{LogError, chain};

/// Events read at once.
const PAGE: usize = 200;

/// Reads the log from a position on, live.
pub struct Follower {
    feed: Feed,
    tail: watch::Receiver<Tail>,
    filter: EventFilter,
    cursor: Position,
}

/// Why the log cannot be followed from there.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(
        "the log does not go on from {asked}: {why}; start again from the beginning, or from an event of this log"
    )]
    Diverged { asked: Position, why: String },
    #[error(transparent)]
    Log(#[from] LogError),
}

impl Feed {
    /// Follows the log after a position, or from its end when there is none; `hash` is that of the event there,
    /// as far as the caller knows it.
    ///
    /// # Errors
    /// [`FollowError::Diverged`] when the position lies beyond the head or holds another event.
    pub async fn follow(
        &self,
        after: Option<Position>,
        hash: Option<Hash>,
        filter: EventFilter,
    ) -> Result<Follower, FollowError> {
        let tail = self.watch();
        if let Some(asked) = after {
            self.check(asked, hash).await?;
        }
        let cursor = after.unwrap_or(self.tail().position);
        Ok(Follower { feed: self.clone(), tail, filter, cursor })
    }

    async fn check(&self, asked: Position, hash: Option<Hash>) -> Result<(), FollowError> {
        let log = &self.inner.log;
        if asked > self.tail().position {
            let head = log.head().await?.position;
            if asked > head {
                return Err(FollowError::Diverged { asked, why: format!("its head is {head}") });
            }
        }
        let Some(expected) = hash else { return Ok(()) };
        let found = match log.at(asked).await? {
            Some(event) => Some(event.hash),
            None if asked == Position::ZERO => Some(chain::genesis(log.id())),
            None => None,
        };
        match found {
            Some(found) if found == expected => Ok(()),
            _ => Err(FollowError::Diverged { asked, why: "another event stands there".to_owned() }),
        }
    }
}

impl Follower {
    /// Everything up to here was seen.
    pub fn cursor(&self) -> Position {
        self.cursor
    }

    /// The next matching events, at least one; waits for them. Nothing is lost when the wait is given up.
    ///
    /// # Errors
    /// When the log cannot be read; asking again goes on from the same place.
    pub async fn next(&mut self) -> Result<Vec<Arc<Recorded>>, LogError> {
        loop {
            let end = self.tail.borrow_and_update().position;
            if end <= self.cursor {
                // The sender lives in the feed that this follower holds.
                let _ = self.tail.changed().await;
                continue;
            }
            let events = self.read(end).await?;
            if !events.is_empty() {
                return Ok(events);
            }
        }
    }

    /// Reads on towards `end` and moves the cursor as far as was read.
    async fn read(&mut self, end: Position) -> Result<Vec<Arc<Recorded>>, LogError> {
        if let Some(near) = self.feed.near(self.cursor, PAGE)
            && let Some(last) = near.last()
        {
            self.cursor = last.position;
            return Ok(near.into_iter().filter(|event| self.filter.matches(event)).collect());
        }
        let page = EventPage {
            filter: self.filter.clone(),
            after: self.cursor,
            until: end,
            newest_first: false,
            limit: PAGE as u64,
        };
        let far = self.feed.inner.log.events(&page).await?;
        // Only when the pages are exhausted has everything up to `end` been seen.
        self.cursor = far.last().filter(|_| far.len() == PAGE).map_or(end, |last| last.position);
        Ok(far.into_iter().map(Arc::new).collect())
    }
}
