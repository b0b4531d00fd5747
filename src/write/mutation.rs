//! From the input of a mutation to its outcome, the same for the API and for what is brought in from a file.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::input::{Input, Terms};
use super::problems::Problems;
use super::rejection::Rejection;
use crate::engine::decision::Command;
use crate::engine::event::{Events, Position};
use crate::engine::time::Instant;
use crate::engine::writer::{Envelope, Outcome, WriteError, Writer};

/// A command as the API takes it: under which name, and from what input.
///
/// It serializes to the content that makes two sendings the same, so every field of it stands for one of the input.
pub trait Mutation: Command<Rejection = Rejection> + Serialize + Sized {
    /// The name of the mutation's field.
    const NAME: &'static str;
    /// What the field takes.
    type Input: Input;

    /// The command that an input asks for; `None` when something in it is not sound, which then is among the problems.
    fn parse(input: Self::Input, problems: &mut Problems) -> Option<Self>;

    /// The entity it makes or changes.
    fn entity(&self) -> Uuid;
}

/// Who sends a command, and what it belongs to; the edge puts it into the request's data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// Who acts; nobody known when absent.
    pub actor: Option<String>,
    /// What belongs together beyond one command; the command's id when absent.
    pub correlation_id: Option<Uuid>,
    /// What caused the command.
    pub causation_id: Option<Uuid>,
}

/// What a mutation came to.
#[derive(Debug)]
pub struct Decided {
    /// As given, else as chosen by the server.
    pub command_id: Uuid,
    pub verdict: Verdict,
}

/// The ways a mutation ends when nothing is broken.
#[derive(Debug)]
pub enum Verdict {
    /// Its events are in the log, never none.
    Recorded(Events),
    /// It was carried out before, under the same id: its events of then.
    Repeated(Events),
    /// A dry run: what would have been recorded right after `on`.
    Rehearsed { events: Events, on: Position },
    /// A rule refused what was asked for `entity`, as the log stood at `on`.
    Refused { rejection: Rejection, entity: Uuid, on: Position },
    /// The input is not sound: all that is wrong with it, never nothing.
    Unsound(Vec<Rejection>),
}

/// Parses the input of a mutation and has its command carried out.
///
/// `clock` stands in for the machine's clock where a past is brought in.
///
/// # Errors
/// When the writer has no outcome to tell.
pub async fn decide<M: Mutation>(
    writer: &Writer,
    input: M::Input,
    sender: Sender,
    clock: Option<Instant>,
) -> Result<Decided, WriteError> {
    let (terms, parsed) = parse::<M>(input);
    let command_id = terms.command_id.unwrap_or_else(Uuid::now_v7);
    let command = match parsed {
        Ok(command) => command,
        Err(found) => return Ok(Decided { command_id, verdict: Verdict::Unsound(found) }),
    };
    let entity = command.entity();
    let content = content(&command, &terms)
        .map_err(|cause| WriteError::Broken { command_id, cause: cause.to_string() })?;
    let envelope = Envelope {
        mutation: M::NAME,
        content,
        command_id: terms.command_id,
        correlation_id: sender.correlation_id,
        causation_id: sender.causation_id,
        actor: sender.actor,
        reason: terms.reason.map(|reason| reason.to_string()),
        dry_run: terms.dry_run,
        clock,
    };
    let answer = writer.execute(command, envelope).await?;
    let verdict = match answer.outcome {
        Outcome::Recorded(events) => Verdict::Recorded(events),
        Outcome::Repeated(events) => Verdict::Repeated(events),
        Outcome::Rehearsed { events, on } => Verdict::Rehearsed { events, on },
        Outcome::Rejected { rejection, on } => Verdict::Refused { rejection, entity, on },
    };
    Ok(Decided { command_id: answer.command_id, verdict })
}

/// The command that an input asks for, or all that is wrong with it; with the terms as far as they are sound.
pub fn parse<M: Mutation>(input: M::Input) -> (Terms, Result<M, Vec<Rejection>>) {
    let mut problems = Problems::new();
    let given = input.given();
    let command = M::parse(input, &mut problems);
    let terms = given.parse(&mut problems);
    (terms, problems.finish(|| command))
}

/// What makes two sendings of a command the same: its parsed input as JSON, what is absent left out, keys in order.
///
/// # Errors
/// When the command cannot be written as JSON.
pub fn content<M: Mutation>(command: &M, terms: &Terms) -> Result<Value, serde_json::Error> {
    let mut content = serde_json::to_value(command)?;
    if let Value::Object(fields) = &mut content {
        if terms.makes_id {
            fields.remove("id");
        }
        if let Some(reason) = &terms.reason {
            fields.insert("reason".to_owned(), serde_json::to_value(reason)?);
        }
        fields.retain(|_, value| !value.is_null());
    }
    // It is hashed and kept for ever; the order must not hang on a feature of a library.
    content.sort_all_objects();
    Ok(content)
}

#[cfg(test)]
mod tests;
