//! Reading the log in pages of bounded length, the next one while its reader is busy with the last.

use tokio::task::JoinSet;

use super::catalogue::Mark;
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

/// Types of streams; `None` stands for all.
pub(super) type Types = Option<&'static [&'static str]>;

/// The log from one checkpoint to the next.
pub(super) struct Page {
    /// The event right behind the checkpoint before.
    pub first: Recorded,
    /// The events of whole commands; where only some types of streams were asked for, those.
    pub events: Vec<Recorded>,
    /// Up to here there is nothing else.
    pub end: Mark,
}

impl Page {
    /// The events, command by command.
    pub fn commands(&self) -> Vec<&[Recorded]> {
        self.events.chunk_by(|a, b| a.command_end == b.command_end).collect()
    }

    /// The checkpoint after a command of the page.
    pub async fn end_of(&self, log: &Log, command: &[Recorded]) -> Result<Mark, LogError> {
        let end = command.last().map_or(self.end.position, |event| event.command_end);
        if end == self.end.position {
            return Ok(self.end);
        }
        let last = command.last().filter(|last| last.ends_command()).cloned();
        let last = match last {
            Some(last) => last,
            None => at(log, end).await?,
        };
        Ok(mark(log, &last))
    }
}

/// Pages one after another, and at most one read ahead.
pub(super) struct Pages {
    log: Log,
    bounds: Bounds,
    types: Types,
    /// Where the page that is being read ahead begins.
    after: Position,
    ahead: JoinSet<Result<Option<Page>, LogError>>,
}

impl Pages {
    pub fn of(log: Log, types: Types, bounds: Bounds) -> Self {
        Self { log, bounds, types, after: Position::ZERO, ahead: JoinSet::new() }
    }

    /// The page after a position, if there is one; reading the one behind it begins at once.
    pub async fn after(&mut self, after: Position, head: Position) -> Result<Option<Page>, LogError> {
        let page = match self.read_ahead(after).await {
            Some(page) => page?,
            None => read(&self.log, self.types, after, head, self.bounds).await?,
        };
        let end = page.as_ref().map(|page| page.end.position);
        if let Some(end) = end.filter(|end| *end < head) {
            let (log, types, bounds) = (self.log.clone(), self.types, self.bounds);
            self.after = end;
            self.ahead.spawn(async move { read(&log, types, end, head, bounds).await });
        }
        Ok(page)
    }

    /// The page that was read ahead, if it is the one asked for; another one is given up.
    async fn read_ahead(&mut self, after: Position) -> Option<Result<Option<Page>, LogError>> {
        if self.after != after {
            self.ahead.abort_all();
        }
        let read = self.ahead.join_next().await?;
        read.ok().filter(|_| self.after == after)
    }
}

/// The page after `after`: at least one whole command if there is one up to `head`.
pub(super) async fn read(
    log: &Log,
    types: Types,
    after: Position,
    head: Position,
    bounds: Bounds,
) -> Result<Option<Page>, LogError> {
    match types {
        None => read_all(log, after, head, bounds).await,
        Some(_) => read_some(log, types, after, head, bounds).await,
    }
}

async fn read_all(
    log: &Log,
    after: Position,
    head: Position,
    bounds: Bounds,
) -> Result<Option<Page>, LogError> {
    let mut events = read_between(log, None, after, head, bounds).await?;
    let Some(first) = events.first().cloned() else { return Ok(None) };
    let end = first.command_end;
    if events.last().is_some_and(|last| last.position < end) && end <= head {
        // One command larger than a page.
        let length = u64::try_from(end.get() - after.get()).unwrap_or_default();
        events = log.page(after, end, length).await?;
    }
    let whole = events.iter().rposition(Recorded::ends_command).map_or(0, |last| last + 1);
    events.truncate(whole);
    let Some(end) = events.last().map(|last| mark(log, last)) else { return Ok(None) };
    Ok(Some(Page { first, events, end }))
}

async fn read_some(
    log: &Log,
    types: Types,
    after: Position,
    head: Position,
    bounds: Bounds,
) -> Result<Option<Page>, LogError> {
    let Some(first) = log.at(after.next()).await?.filter(|first| first.command_end <= head) else {
        return Ok(None);
    };
    // Positions are dense, so it is known how far so many events go.
    let most = i64::try_from(bounds.events.max(1)).unwrap_or(i64::MAX);
    let furthest = log.at(head.min(after.plus(most))).await?.map(|furthest| furthest.command_end);
    let furthest = furthest.filter(|end| *end <= head).unwrap_or(first.command_end);
    let mut events = read_between(log, types, after, furthest, Bounds { events: u64::MAX, ..bounds }).await?;
    let bytes = events.iter().map(bytes).sum::<usize>();
    let mut end = furthest;
    if let Some(last) = events.last().filter(|_| bytes >= bounds.bytes) {
        // It broke off for its bytes: as far as the command goes that it is in the middle of.
        end = last.command_end;
        let rest = Bounds { events: u64::MAX, bytes: usize::MAX };
        let rest = read_between(log, types, last.position, end, rest).await?;
        events.extend(rest);
    }
    let end = match events.last().filter(|last| last.position == end) {
        Some(last) => mark(log, last),
        None => mark(log, &at(log, end).await?),
    };
    Ok(Some(Page { first, events, end }))
}

/// The events after `after` up to `until`, as far as the bounds let.
async fn read_between(
    log: &Log,
    types: Types,
    after: Position,
    until: Position,
    bounds: Bounds,
) -> Result<Vec<Recorded>, LogError> {
    let (mut events, mut read, mut from) = (Vec::new(), 0, after);
    let events_at_most = bounds.events.max(1);
    while from < until && read < bounds.bytes && (events.len() as u64) < events_at_most {
        let most = (events_at_most - events.len() as u64).min(AT_ONCE);
        let some = log.page_of(types, from, until, most).await?;
        let Some(last) = some.last() else { break };
        from = last.position;
        read += some.iter().map(bytes).sum::<usize>();
        let is_last = (some.len() as u64) < most;
        events.extend(some);
        if is_last {
            break;
        }
    }
    Ok(events)
}

fn bytes(event: &Recorded) -> usize {
    event.data.len() + event.metadata.len()
}

async fn at(log: &Log, position: Position) -> Result<Recorded, LogError> {
    let found = log.at(position).await?;
    found.ok_or_else(|| LogError::Damaged(format!("the event at position {position} is missing")))
}

fn mark(log: &Log, event: &Recorded) -> Mark {
    Mark { log_id: log.id(), position: event.position, hash: event.hash }
}
