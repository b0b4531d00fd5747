//! The only appender: takes commands from a bounded queue and decides and commits them in batches.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::decision::{Aggregates, AnyCommand, Command};
use super::event::{Events, Hash, Position};
use super::feed::Feed;
use super::log::Log;
use super::time::{Instant, SharedClock};

mod hand;
mod plan;
mod task;

/// Microseconds by which a command that brings its own clock may be recorded after it: a million commands of one
/// instant. What is later than that would be recorded as of a time when it did not happen.
pub const LATEST_AFTER_CLOCK: i64 = 1_000_000;

/// What comes with a command: who, why, and under which id.
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    /// The mutation's name: part of what "the same content" means.
    pub mutation: &'static str,
    /// The parsed input as JSON, without command id, dry run and anything the server made.
    pub content: serde_json::Value,
    /// Chosen by the sender; the writer makes one when absent.
    pub command_id: Option<Uuid>,
    /// The command's id when absent.
    pub correlation_id: Option<Uuid>,
    pub causation_id: Option<Uuid>,
    /// Who acts; an empty name is nobody.
    pub actor: Option<String>,
    pub reason: Option<String>,
    /// Decide and answer, record nothing.
    pub dry_run: bool,
    /// The clock for this command alone, so that a past can be brought in; the machine's when absent. A command that
    /// could only be recorded more than [`LATEST_AFTER_CLOCK`] after it is broken, and not recorded.
    pub clock: Option<Instant>,
}

/// What a command came to.
#[derive(Debug)]
pub struct Answer<R> {
    pub command_id: Uuid,
    pub outcome: Outcome<R>,
}

/// The three ways a command ends when nothing is broken.
#[derive(Debug)]
pub enum Outcome<R> {
    /// Carried out, now or when it was first sent: its events, never none.
    Recorded(Events),
    /// A dry run: what would have been recorded right after `on`.
    Rehearsed { events: Events, on: Position },
    /// Refused, as the log stood at `on`.
    Rejected { rejection: R, on: Position },
}

/// Why a command got no answer.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(
        "more commands are waiting than the queue holds; nothing was recorded, send the command again later"
    )]
    Overloaded { command_id: Uuid },
    #[error(
        "whether command {command_id} was recorded is not known yet; it is safe to send it again under this id"
    )]
    OutcomeUnknown { command_id: Uuid },
    #[error("the server is stopping; nothing was recorded, send the command again")]
    Stopping { command_id: Uuid },
    #[error("the log cannot be read or written now; nothing was recorded")]
    Unavailable { command_id: Uuid, cause: String },
    #[error("the command is broken and was not recorded: {cause}")]
    Broken { command_id: Uuid, cause: String },
}

/// Bounds of the writer.
#[derive(Clone, Copy, Debug)]
pub struct WriterSettings {
    /// Commands that may wait; one more is refused.
    pub queue: usize,
    /// Streams whose states are kept in hand.
    pub streams_in_hand: usize,
    /// How long an unknown outcome or an unreachable log is waited for before the senders are told.
    pub patience: Duration,
}

impl Default for WriterSettings {
    fn default() -> Self {
        Self { queue: 10_000, streams_in_hand: 100_000, patience: Duration::from_secs(10) }
    }
}

/// Sends commands to the writer's task. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Submission>,
}

/// A command on its way, with all that its answer needs.
struct Submission {
    command: Box<dyn AnyCommand>,
    command_id: Uuid,
    /// Whether the id came with the command, so that it may have been carried out before.
    may_repeat: bool,
    content_hash: String,
    /// Bytes of its content, for the bound of a batch.
    size: usize,
    envelope: Envelope,
    answer: oneshot::Sender<Result<Verdict, WriteError>>,
}

/// An outcome whose rejection's type is forgotten.
#[derive(Clone, Debug)]
enum Verdict {
    Recorded(Events),
    Rehearsed { events: Events, on: Position },
    Rejected { rejection: Arc<std::sync::Mutex<Option<Box<dyn Any + Send>>>>, on: Position },
}

impl Writer {
    /// Starts the writer's task. On cancellation it takes no new commands, carries out those waiting and ends.
    pub fn start(
        log: Log,
        aggregates: Aggregates,
        feed: Feed,
        clock: SharedClock,
        settings: WriterSettings,
        stop: CancellationToken,
    ) -> (Self, JoinHandle<()>) {
        let (queue, waiting) = mpsc::channel(settings.queue.max(1));
        let task = task::Task::new(log, aggregates, feed, clock, settings, waiting);
        (Self { queue }, tokio::spawn(task.run(stop)))
    }

    /// Has a command decided on the present, and answers once the outcome is durable.
    ///
    /// Giving up on the answer does not take the command back.
    ///
    /// # Errors
    /// See [`WriteError`]; a rejection is an outcome, not an error.
    pub async fn execute<C: Command>(
        &self,
        command: C,
        mut envelope: Envelope,
    ) -> Result<Answer<C::Rejection>, WriteError> {
        envelope.actor = envelope.actor.filter(|actor| !actor.is_empty());
        let content = envelope.content.to_string();
        let command_id = envelope.command_id.unwrap_or_else(Uuid::now_v7);
        let (answer, outcome) = oneshot::channel();
        let submission = Submission {
            command: Box::new(command),
            command_id,
            may_repeat: envelope.command_id.is_some(),
            content_hash: content_hash(envelope.mutation, envelope.actor.as_deref(), &content),
            size: content.len(),
            envelope,
            answer,
        };
        self.queue.try_send(submission).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => WriteError::Overloaded { command_id },
            mpsc::error::TrySendError::Closed(_) => WriteError::Stopping { command_id },
        })?;
        let verdict = outcome.await.map_err(|_| WriteError::OutcomeUnknown { command_id })??;
        Ok(Answer { command_id, outcome: verdict.into_outcome(command_id)? })
    }
}

impl Verdict {
    fn rejected(rejection: Box<dyn Any + Send>, on: Position) -> Self {
        Self::Rejected { rejection: Arc::new(std::sync::Mutex::new(Some(rejection))), on }
    }

    fn into_outcome<R: 'static>(self, command_id: Uuid) -> Result<Outcome<R>, WriteError> {
        Ok(match self {
            Self::Recorded(events) => Outcome::Recorded(events),
            Self::Rehearsed { events, on } => Outcome::Rehearsed { events, on },
            Self::Rejected { rejection, on } => {
                let rejection = rejection.lock().ok().and_then(|mut held| held.take());
                let rejection = rejection.and_then(|rejection| rejection.downcast::<R>().ok());
                let rejection = *rejection.ok_or_else(|| WriteError::Broken {
                    command_id,
                    cause: "the rejection is of another command's type".to_owned(),
                })?;
                Outcome::Rejected { rejection, on }
            }
        })
    }
}

/// SHA-256 in hex over mutation, actor and content, each behind its length.
fn content_hash(mutation: &str, actor: Option<&str>, content: &str) -> String {
    let mut hash = Sha256::new();
    for part in [mutation, actor.unwrap_or_default(), content] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Hash(hash.finalize().into()).to_string()
}
