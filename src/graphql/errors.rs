//! The codes a client can meet in `errors[].extensions.code`, and the one way in which a failure becomes such an error.
//!
//! Resolvers return [`Failure`], which deliberately has no `Display`: async-graphql shows the text of every error that
//! has one to the client, so with `?` a database's message would leave the house. Here every conversion is written out.

use std::fmt;

use async_graphql::{Error, ErrorExtensionValues, Pos, ServerError};
use uuid::Uuid;

/// What kind of failure it is; business refusals are not among them, they are in a payload's `errors`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// An argument or variable has a value it cannot have.
    BadUserInput,
    /// The request as such is not one, before any GraphQL.
    BadRequest,
    /// There is no such operation in the document, or several and no name.
    OperationResolutionFailure,
    /// The hash of a persisted query is unknown; send the text along.
    PersistedQueryNotFound,
    /// A fault of ours; its cause is in our log under the trace id.
    InternalServerError,
    /// The moment asked for lies beyond now or beyond the head of the log.
    MomentOutOfRange,
    /// The read model has not come to the position asked for in time.
    NotYetVisible,
    /// What the client knows of the log is not what the log holds.
    LogDiverged,
    /// A command may or may not have been carried out; safe to send again with its id.
    OutcomeUnknown,
    /// The query could answer more than one request may.
    CostLimit,
    /// Too much is going on; come back later.
    Overloaded,
    /// It took too long.
    Timeout,
}

impl ErrorCode {
    /// As it stands in `extensions.code`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::BadRequest => "BAD_REQUEST",
            Self::OperationResolutionFailure => "OPERATION_RESOLUTION_FAILURE",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::InternalServerError => "INTERNAL_SERVER_ERROR",
            Self::MomentOutOfRange => "MOMENT_OUT_OF_RANGE",
            Self::NotYetVisible => "NOT_YET_VISIBLE",
            Self::LogDiverged => "LOG_DIVERGED",
            Self::OutcomeUnknown => "OUTCOME_UNKNOWN",
            Self::CostLimit => "COST_LIMIT",
            Self::Overloaded => "OVERLOADED",
            Self::Timeout => "TIMEOUT",
        }
    }
}

/// What a resolver answers.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Why there is no answer: a code for programs, a message for the person who reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: ErrorCode,
    message: String,
    /// Set on faults of ours only.
    trace_id: Option<Uuid>,
    /// The command that has no answer, to be sent again under this id.
    command_id: Option<Uuid>,
}

impl Failure {
    /// A failure the client may know all about.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), trace_id: None, command_id: None }
    }

    /// An argument has a value it cannot have; `message` says what was expected and what came.
    pub fn bad_user_input(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadUserInput, message)
    }

    /// A fault of ours: the cause goes to our log, the client gets a trace id to name when asking about it.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let trace_id = Uuid::new_v4();
        tracing::error!(%trace_id, %cause, "a request failed through a fault of ours");
        Self {
            code: ErrorCode::InternalServerError,
            message: format!(
                "something went wrong on our side; the log has the cause under trace id {trace_id}"
            ),
            trace_id: Some(trace_id),
            command_id: None,
        }
    }

    /// Names the command that has no answer.
    #[must_use]
    pub fn of_command(self, command_id: Uuid) -> Self {
        Self { command_id: Some(command_id), ..self }
    }

    /// What kind of failure it is.
    pub fn code(&self) -> ErrorCode {
        self.code
    }

    /// What the client reads.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// As an error outside any resolver: at a place in the document, or nowhere in it.
    pub fn into_server_error(self, pos: Option<Pos>) -> ServerError {
        let mut error = ServerError::new(self.message.clone(), pos);
        error.extensions = Some(self.extensions());
        error
    }

    fn extensions(&self) -> ErrorExtensionValues {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", self.code.as_str());
        if let Some(trace_id) = self.trace_id {
            extensions.set("traceId", trace_id.to_string());
        }
        if let Some(command_id) = self.command_id {
            extensions.set("commandId", command_id.to_string());
        }
        extensions
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let extensions = Some(failure.extensions());
        Self { message: failure.message, source: None, extensions }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Value;

    use super::*;

    #[test]
    fn a_failure_carries_its_code_in_the_extensions() {
        let error = Error::from(Failure::new(ErrorCode::NotYetVisible, "not yet"));
        assert_eq!(error.message, "not yet");
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&Value::from("NOT_YET_VISIBLE")));
        assert_eq!(extensions.get("traceId"), None);
    }

    #[test]
    fn a_fault_of_ours_tells_the_client_a_trace_id_and_nothing_of_the_cause() {
        let error = Failure::internal("relation \"orders\" does not exist").into_server_error(None);
        let extensions = error.extensions.unwrap();
        assert_eq!(extensions.get("code"), Some(&Value::from("INTERNAL_SERVER_ERROR")));
        let Some(Value::String(trace_id)) = extensions.get("traceId") else { panic!("no trace id") };
        assert!(error.message.contains(trace_id.as_str()));
        assert!(!error.message.contains("orders"));
    }

    #[test]
    fn every_fault_has_a_trace_id_of_its_own() {
        assert_ne!(Failure::internal("one"), Failure::internal("one"));
    }
}
