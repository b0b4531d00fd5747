//! Bringing in a shop's past: commands in the order of time, each decided with its own instant as the clock.

use std::collections::{HashMap, HashSet};

use futures_util::{StreamExt, stream::FuturesOrdered};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::engine::event::Position;
use crate::engine::log::LogError;
use crate::engine::time::Instant;
use crate::engine::writer::WriteError;
use crate::write::{CarriedOut, carry_out};

/// Commands under way at once: as many as the writer takes into one batch.
pub const LINES_AT_ONCE: usize = 1_000;

/// Command ids of lines without one are made in this namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x8a4c_6f1e_52d7_5b0a_9d3e_1f60_7b2c_4e85);

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

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    pub carried_out: u64,
    /// Known by their command id already.
    pub skipped: u64,
    /// Line number, codes and messages.
    pub refused: Vec<(u64, String)>,
    /// Refused beyond those listed.
    pub more_refused: u64,
}

/// The most refusals a summary lists.
const REFUSALS_LISTED: usize = 100;

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
pub struct Import<'a> {
    app: &'a App,
    /// The instant of the last new line; before the first, that of the log's last command.
    last: Instant,
    /// The head after the last line carried out: what lies before was there.
    reached: Position,
    line: u64,
    occurrences: HashMap<Uuid, u64>,
    summary: Summary,
}

/// A line with its number and the id it goes by.
struct Numbered {
    number: u64,
    command_id: Option<Uuid>,
    line: Line,
}

impl<'a> Import<'a> {
    /// Begins after what the log holds.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn into(app: &'a App) -> Result<Self, ImportError> {
        let head = app.engine.log.head().await?;
        Ok(Self {
            app,
            last: head.recorded_at,
            reached: head.position,
            line: 0,
            occurrences: HashMap::new(),
            summary: Summary::default(),
        })
    }

    /// How many lines were taken.
    pub fn lines(&self) -> u64 {
        self.line
    }

    /// Takes the next line as text; blank ones are counted and passed over.
    ///
    /// # Errors
    /// A line that is no command.
    pub fn read(&self, text: &str, ahead: u64) -> Result<Option<Line>, ImportError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        let malformed = |cause: serde_json::Error| ImportError::Malformed {
            line: self.line + ahead + 1,
            reason: format!("expected {{\"at\": RFC 3339, \"mutation\": name, \"input\": {{…}}}}; {cause}"),
        };
        serde_json::from_str(text).map(Some).map_err(malformed)
    }

    /// Carries out the next lines, at most [`LINES_AT_ONCE`], one after another in one batch where possible.
    ///
    /// # Errors
    /// The first line that is malformed or out of time, or a log that cannot be written; what came before stays.
    pub async fn take(&mut self, lines: Vec<Option<Line>>) -> Result<(), ImportError> {
        let mut numbered = Vec::with_capacity(lines.len());
        for line in lines {
            self.line += 1;
            let Some(line) = line else { continue };
            numbered.push(self.identified(line));
        }
        let ids: Vec<Uuid> = numbered.iter().filter_map(|line| line.command_id).collect();
        let known = self.app.engine.log.known_commands(&ids).await?;
        let (sound, stopped) = self.in_time(numbered, &known);
        self.carry_out(sound).await?;
        stopped.map_or(Ok(()), Err)
    }

    /// What came of all lines so far.
    pub fn finish(self) -> Summary {
        self.summary
    }

    /// Gives a line without a command id one made from its content and how often that came before.
    fn identified(&mut self, mut line: Line) -> Numbered {
        let given = line.input.get("commandId").filter(|id| !id.is_null());
        let command_id = match given {
            Some(id) => id.as_str().and_then(|id| Uuid::try_parse(id).ok()),
            None => {
                let content = format!("{}\n{}\n{}", line.at.timestamp_micros(), line.mutation, line.input);
                let content = Uuid::new_v5(&NAMESPACE, content.as_bytes());
                let occurrence = self.occurrences.entry(content).or_default();
                *occurrence += 1;
                let id = Uuid::new_v5(&content, &occurrence.to_be_bytes());
                if let Value::Object(input) = &mut line.input {
                    input.insert("commandId".to_owned(), id.to_string().into());
                }
                Some(id)
            }
        };
        Numbered { number: self.line, command_id, line }
    }

    /// The new lines up to the first that is out of time, and why that one is.
    fn in_time(
        &mut self,
        lines: Vec<Numbered>,
        known: &HashSet<Uuid>,
    ) -> (Vec<Numbered>, Option<ImportError>) {
        let now = self.app.now();
        let mut sound = Vec::with_capacity(lines.len());
        for numbered in lines {
            if numbered.command_id.is_some_and(|id| known.contains(&id)) {
                self.summary.skipped += 1;
                continue;
            }
            let at = Instant::from(numbered.line.at);
            let reason = if at < self.last {
                format!(
                    "{at} lies before {}: lines go forward in time, from the log's last command on",
                    self.last
                )
            } else if at > now {
                format!("{at} lies in the future; it is {now} now")
            } else {
                self.last = at;
                sound.push(numbered);
                continue;
            };
            return (sound, Some(ImportError::Malformed { line: numbered.number, reason }));
        }
        (sound, None)
    }

    async fn carry_out(&mut self, lines: Vec<Numbered>) -> Result<(), ImportError> {
        // Each is queued when it is first polled, and they are first polled in this order.
        let writer = &self.app.writer;
        let under_way: FuturesOrdered<_> = lines
            .into_iter()
            .map(|Numbered { number, line, .. }| async move {
                let at = line.at.into();
                (number, carry_out(writer, &line.mutation, line.input, at).await)
            })
            .collect();
        let outcomes: Vec<_> = under_way.collect().await;
        for (line, outcome) in outcomes {
            match outcome.map_err(|cause| ImportError::Write { line, cause })? {
                CarriedOut::Recorded(events) => {
                    let last = events.last().map_or(Position::ZERO, |last| last.position);
                    if last > self.reached {
                        (self.reached, self.summary.carried_out) = (last, self.summary.carried_out + 1);
                    } else {
                        self.summary.skipped += 1;
                    }
                }
                CarriedOut::Rehearsed(_) => {
                    let reason = "a dry run has no place in a past".to_owned();
                    return Err(ImportError::Malformed { line, reason });
                }
                CarriedOut::Refused(why) => {
                    let why: Vec<String> =
                        why.iter().map(|rejection| format!("{:?}: {rejection}", rejection.code())).collect();
                    self.refused(line, why.join("; "));
                }
                CarriedOut::Malformed(reason) => return Err(ImportError::Malformed { line, reason }),
            }
        }
        Ok(())
    }

    fn refused(&mut self, line: u64, why: String) {
        if self.summary.refused.len() < REFUSALS_LISTED {
            self.summary.refused.push((line, why));
        } else {
            self.summary.more_refused += 1;
        }
    }
}
