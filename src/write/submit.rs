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
    if let Verdict::Recorded(events) | Verdict::Repeated(events) = &decided.verdict
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

#[cfg(test)]
mod tests {
    use async_graphql::{Error, Value};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_command_without_an_answer_is_told_by_its_code_and_id_and_nothing_of_the_cause() {
        let command_id = Uuid::from_u128(7);
        let cause = || "relation \"events\" does not exist".to_owned();
        for (error, code, tells_id) in [
            (WriteError::Overloaded { command_id }, "OVERLOADED", true),
            (WriteError::Stopping { command_id }, "OVERLOADED", true),
            (WriteError::OutcomeUnknown { command_id }, "OUTCOME_UNKNOWN", true),
            (WriteError::Unavailable { command_id, cause: cause() }, "INTERNAL_SERVER_ERROR", false),
            (WriteError::Broken { command_id, cause: cause() }, "INTERNAL_SERVER_ERROR", false),
        ] {
            let told = Error::from(Failure::from(error));
            let extensions = told.extensions.unwrap();
            assert_eq!(extensions.get("code"), Some(&Value::from(code)));
            let id = Value::from(command_id.to_string());
            assert_eq!(extensions.get("commandId"), tells_id.then_some(&id));
            assert_eq!(extensions.get("traceId").is_some(), !tells_id);
            assert!(!told.message.contains("relation"), "{}", told.message);
        }
    }

    #[test]
    fn an_unknown_outcome_names_the_command_in_its_message() {
        let command_id = Uuid::from_u128(7);
        let failure = Failure::from(WriteError::OutcomeUnknown { command_id });
        assert!(failure.message().contains(&command_id.to_string()), "{}", failure.message());
    }
}
