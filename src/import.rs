//! Bringing in a shop's past: commands in the order of time, each decided with its own instant as the clock.

use std::collections::{HashSet, VecDeque};
use std::task::Poll;

use async_graphql::InputType;
use futures_util::future::{MaybeDone, maybe_done};
use futures_util::poll;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::engine::event::Position;
use crate::engine::log::LogError;
use crate::engine::time::Instant;
use crate::engine::writer::{LATEST_AFTER_CLOCK, WriteError};
use crate::write::payload::CommandErrorCode;
use crate::write::rejection::Rejection;
use crate::write::{CarriedOut, carry_out};

mod identity;
#[cfg(test)]
mod tests;

use identity::Identities;

/// Commands under way at once: as many as the writer takes into one batch.
pub const LINES_AT_ONCE: usize = 1_000;

/// Bytes of one line.
pub const LONGEST_LINE: usize = 1 << 20;

/// Lines in a row that may be too late before it is known whether they were refused in an earlier run.
const MOST_OVERDUE: usize = 10_000;

/// One command of a past.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// RFC 3339.
    pub at: chrono::DateTime<chrono::Utc>,
    /// The mutation's name.
    pub mutation: String,
    /// The mutation's own input.
    pub input: Value,
}

impl Line {
    /// Reads a line; a blank one holds no command.
    ///
    /// # Errors
    /// Why it is no command.
    pub fn read(text: &[u8]) -> Result<Option<Self>, String> {
        if text.len() > LONGEST_LINE {
            return Err(format!("expected at most {LONGEST_LINE} bytes; came more"));
        }
        if text.trim_ascii().is_empty() {
            return Ok(None);
        }
        let malformed = |cause: serde_json::Error| {
            format!("expected {{\"at\": RFC 3339, \"mutation\": name, \"input\": {{…}}}}; {cause}")
        };
        serde_json::from_slice(text).map(Some).map_err(malformed)
    }
}

/// What came of all lines so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub carried_out: u64,
    /// Known by their command id already.
    pub skipped: u64,
    pub refused: u64,
}

/// A line that the shop's rules refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub line: u64,
    /// Codes, as the API has them, and messages.
    pub why: String,
}

/// Why bringing in had to stop; what came before stays.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("line {line}: {reason}")]
    Malformed { line: u64, reason: String },
    #[error("line {line}: {cause}")]
    Write { line: u64, cause: WriteError },
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Brings lines in, in order. The same lines can be brought in again: what is known is skipped.
///
/// A refused line leaves nothing in the log, so that it comes again on the next run, when the log has long gone on. It
/// must neither stop that run nor be carried out now, out of its place: that another line has an outcome which comes
/// after it shows that it had its turn. So, before the first new line, what is too late waits; the next known line
/// settles that it is refused again. Where none follows, it is refused again if the rules still refuse it in a file
/// of which other lines are known; else it is a new command that came too late, and the file stops there.
pub struct Import<'a> {
    app: &'a App,
    /// No new line may lie before it: the instant of the last new line; before the first, the end of the log.
    last: Instant,
    /// Moments up to here were answered for good; nothing can be recorded there any more.
    floor: Instant,
    /// The log's last command, until the first new line.
    end: Option<Uuid>,
    /// The head after the last line carried out: what lies before was there.
    reached: Position,
    line: u64,
    identities: Identities,
    overdue: Vec<Overdue>,
    refusals: Vec<Refusal>,
    summary: Summary,
}

/// A line with its number and the id it goes by; or why it is none.
struct Numbered {
    number: u64,
    command_id: Option<Uuid>,
    line: Result<Line, String>,
}

/// A new line that lies before the log's end.
struct Overdue {
    refusal: Refusal,
    /// Whether the rules refuse it, too.
    against_the_rules: bool,
    too_late: String,
}

impl<'a> Import<'a> {
    /// Begins after what the log holds.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn into(app: &'a App) -> Result<Self, ImportError> {
        let head = app.engine.log.head().await?;
        let end = app.engine.log.at(head.position).await?;
        Ok(Self {
            app,
            last: head.recorded_at.max(head.floor),
            floor: head.floor,
            end: end.map(|event| event.command_id),
            reached: head.position,
            line: 0,
            identities: Identities::default(),
            overdue: Vec::new(),
            refusals: Vec::new(),
            summary: Summary::default(),
        })
    }

    /// How many lines were taken.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// What came of them.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// What was refused since this was last asked, in order.
    pub fn refusals(&mut self) -> Vec<Refusal> {
        std::mem::take(&mut self.refusals)
    }

    /// Carries out the next lines, at most [`LINES_AT_ONCE`], one after another in one batch where possible.
    ///
    /// # Errors
    /// The first line that is malformed or out of time, or a log that cannot be written; what came before stays.
    pub async fn take(&mut self, lines: Vec<Result<Option<Line>, String>>) -> Result<(), ImportError> {
        let mut waiting = VecDeque::with_capacity(lines.len());
        for line in lines {
            self.line += 1;
            if let Some(line) = line.transpose() {
                waiting.push_back(self.numbered(line));
            }
        }
        while !waiting.is_empty() {
            // A command id that comes twice is looked up again once the first has its outcome.
            let mut ids = HashSet::new();
            let twice = waiting.iter().position(|line| line.command_id.is_some_and(|id| !ids.insert(id)));
            let some = waiting.drain(..twice.unwrap_or(waiting.len())).collect();
            self.carry_out_new(some).await?;
        }
        Ok(())
    }

    /// Settles what the end of the lines settles.
    ///
    /// # Errors
    /// The first line that came too late.
    pub fn finish(&mut self) -> Result<(), ImportError> {
        if let Some(first) = self.overdue.first()
            && (self.summary.skipped == 0 || self.overdue.iter().any(|late| !late.against_the_rules))
        {
            let (line, reason) = (first.refusal.line, first.too_late.clone());
            return Err(ImportError::Malformed { line, reason });
        }
        self.refuse_overdue();
        Ok(())
    }

    fn numbered(&mut self, line: Result<Line, String>) -> Numbered {
        let number = self.line;
        let line = line.and_then(|line| match line.input.get("dryRun") {
            Some(Value::Bool(true)) => Err("a dry run has no place in a past".to_owned()),
            _ => Ok(line),
        });
        match line {
            Ok(mut line) => {
                Numbered { number, command_id: self.identities.identify(&mut line), line: Ok(line) }
            }
            Err(reason) => Numbered { number, command_id: None, line: Err(reason) },
        }
    }

    /// Carries out those of these lines that are new, up to the first that cannot be.
    async fn carry_out_new(&mut self, lines: Vec<Numbered>) -> Result<(), ImportError> {
        let ids: Vec<Uuid> = lines.iter().filter_map(|line| line.command_id).collect();
        let known = self.app.engine.log.known_commands(&ids).await?;
        let mut new = Vec::with_capacity(lines.len());
        let mut stopped = Ok(());
        for Numbered { number, command_id, line } in lines {
            let malformed = |reason| ImportError::Malformed { line: number, reason };
            let placed = match (line, command_id) {
                (Ok(line), Some(id)) if known.contains(&id) => {
                    self.skip(&line, id);
                    continue;
                }
                (Ok(line), _) => self.place(number, line).await,
                (Err(reason), _) => Err(malformed(reason)),
            };
            match placed {
                Ok(line) => new.extend(line.map(|line| (number, line))),
                Err(error) => {
                    stopped = self.finish().and(Err(error));
                    break;
                }
            }
        }
        self.carry_out(new).await?;
        stopped
    }

    /// Passes over a line that has its outcome.
    fn skip(&mut self, line: &Line, id: Uuid) {
        self.refuse_overdue();
        self.summary.skipped += 1;
        // Lines of one instant are recorded 1 µs apart: the next of them goes on from the instant, not from its record.
        let at = Instant::from(line.at);
        let spread = self.last.micros().saturating_sub(at.micros());
        if self.end == Some(id) && (0..=LATEST_AFTER_CLOCK).contains(&spread) {
            self.last = at.max(self.floor);
        }
    }

    /// The line if its time can be had; `None` when it waits for it to be known why not.
    async fn place(&mut self, number: u64, line: Line) -> Result<Option<Line>, ImportError> {
        let (at, now) = (Instant::from(line.at), self.app.now());
        let malformed = |reason| Err(ImportError::Malformed { line: number, reason });
        if at > now {
            return malformed(format!("{at} lies in the future; it is {now} now"));
        }
        if at >= self.last {
            self.finish()?;
            (self.last, self.end) = (at, None);
            return Ok(Some(line));
        }
        if self.end.is_none() {
            return malformed(format!("{at} lies before the line before it, at {}", self.last));
        }
        let too_late = if self.last == self.floor {
            format!(
                "{at} is too late to be brought in: moments up to {} were asked about, and their answers stay",
                self.floor
            )
        } else {
            format!("{at} lies before the last command of the log, recorded at {}", self.last)
        };
        if self.overdue.len() >= MOST_OVERDUE {
            return malformed(too_late);
        }
        let overdue = self.rehearse(number, line, too_late).await?;
        self.overdue.push(overdue);
        Ok(None)
    }

    /// Asks what the rules say, today, to a line that is too late.
    async fn rehearse(&self, number: u64, mut line: Line, too_late: String) -> Result<Overdue, ImportError> {
        if let Value::Object(input) = &mut line.input {
            input.insert("dryRun".to_owned(), true.into());
        }
        let today = self.app.now().max(self.last);
        let outcome = carry_out(&self.app.writer, &line.mutation, line.input, today).await;
        let (against_the_rules, why) = match outcome.map_err(|cause| failed(number, cause))? {
            CarriedOut::Refused(found) => (true, shown(&found)),
            CarriedOut::Malformed(reason) => return Err(ImportError::Malformed { line: number, reason }),
            CarriedOut::Recorded(_) | CarriedOut::Rehearsed(_) => (
                false,
                "it was refused when the lines after it were carried out, and is too late now".to_owned(),
            ),
        };
        Ok(Overdue { refusal: Refusal { line: number, why }, against_the_rules, too_late })
    }

    fn refuse_overdue(&mut self) {
        self.summary.refused += self.overdue.len() as u64;
        self.refusals.extend(self.overdue.drain(..).map(|late| late.refusal));
    }

    /// Has new lines decided in their order.
    async fn carry_out(&mut self, lines: Vec<(u64, Line)>) -> Result<(), ImportError> {
        let mut under_way = Vec::with_capacity(lines.len());
        for (number, line) in lines {
            let writer = &self.app.writer;
            let deciding = async move {
                let at = line.at.into();
                carry_out(writer, &line.mutation, line.input, at).await
            };
            let mut deciding = Box::pin(maybe_done(deciding));
            // The first poll parses a line and queues its command; what is malformed keeps those after it from coming.
            let malformed = match poll!(deciding.as_mut()) {
                Poll::Ready(()) => {
                    matches!(&*deciding, MaybeDone::Done(Ok(CarriedOut::Malformed(_)) | Err(_)))
                }
                Poll::Pending => false,
            };
            under_way.push((number, deciding));
            if malformed {
                break;
            }
        }
        let mut stopped = Ok(());
        for (number, mut deciding) in under_way {
            deciding.as_mut().await;
            let Some(outcome) = deciding.as_mut().take_output() else { continue };
            if let Err(error) = self.note(number, outcome) {
                stopped = stopped.and(Err(error));
            }
        }
        stopped
    }

    fn note(&mut self, line: u64, outcome: Result<CarriedOut, WriteError>) -> Result<(), ImportError> {
        match outcome.map_err(|cause| failed(line, cause))? {
            CarriedOut::Recorded(events) => {
                let last = events.last().map_or(Position::ZERO, |last| last.position);
                if last > self.reached {
                    (self.reached, self.summary.carried_out) = (last, self.summary.carried_out + 1);
                } else {
                    self.summary.skipped += 1;
                }
            }
            CarriedOut::Refused(why) => {
                self.summary.refused += 1;
                self.refusals.push(Refusal { line, why: shown(&why) });
            }
            CarriedOut::Malformed(reason) => return Err(ImportError::Malformed { line, reason }),
            CarriedOut::Rehearsed(_) => {
                let reason = "a dry run has no place in a past".to_owned();
                return Err(ImportError::Malformed { line, reason });
            }
        }
        Ok(())
    }
}

/// Codes and messages, the codes as the API has them.
fn shown(why: &[Rejection]) -> String {
    let one = |rejection: &Rejection| {
        let code = CommandErrorCode::from(rejection.code()).to_value();
        format!("{code}: {rejection}")
    };
    why.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn failed(line: u64, cause: WriteError) -> ImportError {
    match cause {
        // The reason is the line's own: it came too late, say.
        WriteError::Broken { cause: reason, .. } => ImportError::Malformed { line, reason },
        cause => ImportError::Write { line, cause },
    }
}
