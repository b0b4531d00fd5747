//! The one resolver behind all mutations: parse, execute, shape. And what the API says when the writer has no answer.

use async_graphql::Context;

use super::mutation::{Mutation, Sender, Verdict, decide};
use super::payload::{Part, Payload};
use crate::engine::writer::{WriteError, Writer};
use crate::graphql::{ErrorCode, Failure, Result, Scope};

/// Carries out a mutation with the writer and for the sender in the request's data; without a sender, nobody acts.
///
/// # Errors
/// When there is no outcome: `OVERLOADED`, `OUTCOME_UNKNOWN`, or a fault of ours.
pub async fn submit<M: Mutation, E: Part>(context: &Context<'_>, input: M::Input) -> Result<Payload<E>> {
    let scope = Scope::of(context)?;
    let writer =
        context.data_opt::<Writer>().ok_or_else(|| Failure::internal("a request without a writer"))?;
    let sender = context.data_opt::<Sender>().cloned().unwrap_or_default();
    let decided = decide::<M>(writer, input, sender, None).await?;
    if let Verdict::Recorded(events) = &decided.verdict
        && let Some(last) = events.last()
    {
        scope.reflect(last.position);
    }
    Ok(Payload::of(decided))
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Overloaded { command_id } | WriteError::Stopping { command_id } => {
                Self::new(ErrorCode::Overloaded, error.to_string()).of_command(command_id)
            }
            WriteError::OutcomeUnknown { command_id } => {
                Self::new(ErrorCode::OutcomeUnknown, error.to_string()).of_command(command_id)
            }
            WriteError::Unavailable { ref cause, .. } => Self::internal(format!("{error}: {cause}")),
            WriteError::Broken { .. } => Self::internal(error),
        }
    }
}
