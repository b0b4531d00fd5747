//! Reading the log in pages of bounded length, the next one while its reader is busy with the last.

use tokio::task::JoinSet;

use super::batch::whole_commands;
use crate::engine::event::{Position, Recorded};
use crate::engine::log::{Log, LogError};

/// Events in one statement.
const AT_ONCE: u64 = 1_000;

/// How long a page may get. A command larger than that is still read whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub events: u64,
    pub bytes: usize,
}

/// Pages one after another, and at most one read ahead.
pub(super) struct Pages {
    log: Log,
    bounds: Bounds,
    /// Where the page that is being read ahead begins.
    after: Position,
    ahead: JoinSet<Result<Vec<Recorded>, LogError>>,
}

impl Pages {
    pub fn of(log: Log, bounds: Bounds) -> Self {
        Self { log, bounds, after: Position::ZERO, ahead: JoinSet::new() }
    }

    /// The page after a position; reading the one behind it begins at once.
    pub async fn after(&mut self, after: Position, head: Position) -> Result<Vec<Recorded>, LogError> {
        let page = match self.read_ahead(after).await {
            Some(page) => page?,
            None => read(&self.log, after, head, self.bounds).await?,
        };
        let end = whole_commands(&page).last().and_then(|command| command.last()).map(|last| last.position);
        if let Some(end) = end.filter(|end| *end < head) {
            let (log, bounds) = (self.log.clone(), self.bounds);
            self.after = end;
            self.ahead.spawn(async move { read(&log, end, head, bounds).await });
        }
        Ok(page)
    }

    /// The page that was read ahead, if it is the one asked for; another one is given up.
    async fn read_ahead(&mut self, after: Position) -> Option<Result<Vec<Recorded>, LogError>> {
        if self.after != after {
            self.ahead.abort_all();
        }
        let read = self.ahead.join_next().await?;
        read.ok().filter(|_| self.after == after)
    }
}

/// The events after `after`, at least one whole command if the log has one.
pub(super) async fn read(
    log: &Log,
    after: Position,
    head: Position,
    bounds: Bounds,
) -> Result<Vec<Recorded>, LogError> {
    let (mut page, mut bytes, mut from) = (Vec::new(), 0, after);
    while bytes < bounds.bytes && (page.len() as u64) < bounds.events.max(1) {
        let most = (bounds.events.max(1) - page.len() as u64).min(AT_ONCE);
        let some = log.page(from, head, most).await?;
        let Some(last) = some.last() else { break };
        from = last.position;
        bytes += some.iter().map(|event| event.data.len() + event.metadata.len()).sum::<usize>();
        let is_last = (some.len() as u64) < most;
        page.extend(some);
        if is_last {
            break;
        }
    }
    let Some(first) = page.first() else { return Ok(page) };
    let end = first.command_end;
    let is_whole = page.last().is_some_and(|last| last.position >= end);
    if is_whole || end > head {
        return Ok(page);
    }
    let length = u64::try_from(end.get() - after.get()).unwrap_or_default();
    log.page(after, end, length).await
}
