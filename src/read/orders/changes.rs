//! What commands did to orders: their events by command and order, each with all of that command's.

use std::sync::Arc;

use uuid::Uuid;

use crate::engine::event::{Hash, Position, Recorded};
use crate::engine::feed::Follower;
use crate::engine::log::filter::{EventFilter, EventPage};
use crate::engine::log::{Log, LogError};
use crate::engine::time::Instant;
use crate::write::order::event::STREAM_TYPE;

/// More events than any command records: a bound where no page is meant.
const MOST_OF_A_COMMAND: u64 = 100_000;

/// What one command did to one order.
#[derive(Clone, Debug)]
pub struct Change {
    last: Arc<Recorded>,
    /// The order's events of the command, in order.
    events: Vec<Arc<Recorded>>,
}

impl Change {
    /// The order.
    pub fn order_id(&self) -> Uuid {
        self.last.stream_id
    }

    /// Its last event: no other change has it, so that who goes on after it misses none.
    pub fn position(&self) -> Position {
        self.last.position
    }

    /// The hash of the event there.
    pub fn hash(&self) -> Hash {
        self.last.hash
    }

    /// Where the state before the command can be read: no moment cuts through one.
    pub fn before(&self) -> Position {
        self.events.first().map_or(self.last.position, |first| first.position).plus(-1)
    }

    /// Where the state after the command can be read.
    pub fn after(&self) -> Position {
        self.last.command_end
    }

    /// When it was recorded.
    pub fn recorded_at(&self) -> Instant {
        self.last.recorded_at
    }

    /// What was recorded.
    pub fn events(&self) -> impl Iterator<Item = Arc<Recorded>> {
        self.events.iter().cloned()
    }
}

/// Follows the log, change by change.
///
/// A follower's page may begin or end within a command, and a command may do several things to several orders. So the
/// first command, and every one that reaches beyond what the follower has seen, is read whole from the log.
pub struct Changes {
    log: Log,
    follower: Follower,
    /// Up to here all changes were told.
    told: Position,
    is_first: bool,
}

impl Changes {
    /// The events that a follower of changes has to see.
    pub fn events() -> EventFilter {
        EventFilter { stream_types: Some(vec![STREAM_TYPE.to_owned()]), ..EventFilter::default() }
    }

    /// Changes that end after the follower's position; it sees [`Changes::events`].
    pub fn new(log: Log, follower: Follower) -> Self {
        Self { log, told: follower.cursor(), follower, is_first: true }
    }

    /// The next changes; waits for them.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn next(&mut self) -> Result<Vec<Change>, LogError> {
        loop {
            let page = self.follower.next().await?;
            let mut changes = Vec::new();
            for command in page.chunk_by(|a, b| a.command_end == b.command_end) {
                let Some(last) = command.last().filter(|last| last.position > self.told) else { continue };
                let is_torn = self.is_first || last.command_end > self.follower.cursor();
                self.is_first = false;
                let whole = if is_torn { self.whole(last).await? } else { command.to_vec() };
                changes.extend(by_order(&whole).into_iter().filter(|change| change.position() > self.told));
                self.told = whole.last().map_or(self.told, |last| last.position);
            }
            if !changes.is_empty() {
                return Ok(changes);
            }
        }
    }

    /// Every event of orders that the command of an event recorded.
    async fn whole(&self, event: &Recorded) -> Result<Vec<Arc<Recorded>>, LogError> {
        let page = EventPage {
            filter: EventFilter { command_id: Some(event.command_id), ..Self::events() },
            after: Position::ZERO,
            until: event.command_end,
            newest_first: false,
            limit: MOST_OF_A_COMMAND,
        };
        Ok(self.log.events(&page).await?.into_iter().map(Arc::new).collect())
    }
}

/// The events of one command by order, in the order in which they end.
fn by_order(command: &[Arc<Recorded>]) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for event in command {
        match changes.iter_mut().find(|change| change.order_id() == event.stream_id) {
            Some(change) => {
                change.last = event.clone();
                change.events.push(event.clone());
            }
            None => changes.push(Change { last: event.clone(), events: vec![event.clone()] }),
        }
    }
    changes.sort_by_key(Change::position);
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::samples::{paid, recorded};

    #[test]
    fn the_events_of_a_command_are_gathered_by_order_in_the_order_in_which_they_end() {
        let event = |position, order: u128| {
            let event = recorded(Uuid::from_u128(order), position, &paid());
            Arc::new(Recorded { command_end: Position::from_stored(9), ..event })
        };
        let changes = by_order(&[event(5, 1), event(6, 2), event(8, 1)]);
        let told = changes.iter().map(|change| {
            let events: Vec<i64> = change.events().map(|event| event.position.get()).collect();
            (change.order_id().as_u128(), change.before().get(), change.after().get(), events)
        });
        assert_eq!(told.collect::<Vec<_>>(), [(2, 5, 9, vec![6]), (1, 4, 9, vec![5, 8])]);
    }
}
