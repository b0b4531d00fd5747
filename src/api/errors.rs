//! The codes of the edge, and `Refusal`: everything the edge itself answers instead of an operation's result.

use async_graphql::{ErrorExtensionValues, ServerError, Value};
use axum::http::StatusCode;

/// The `extensions.code` of an error that the edge raises; resolvers bring codes of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The text is not GraphQL.
    ParseFailed,
    /// The document does not fit the schema, or breaks a bound on its shape.
    ValidationFailed,
    /// A variable or argument has a value that its type refuses.
    BadUserInput,
    /// The request around the document is malformed or not allowed here.
    BadRequest,
    /// Which operation to run is unclear.
    OperationResolution,
    /// The hash of a persisted query is not known; send the text with it once.
    PersistedQueryNotFound,
    /// The query could return too many entities.
    CostLimit,
    /// Too much under way; try again later.
    Overloaded,
    /// The time for an answer ran out.
    Timeout,
    /// Broken; the log has more under the trace id.
    Internal,
}

impl Code {
    /// As clients see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::BadRequest => "BAD_REQUEST",
            Self::OperationResolution => "OPERATION_RESOLUTION_FAILURE",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::CostLimit => "COST_LIMIT",
            Self::Overloaded => "OVERLOADED",
            Self::Timeout => "TIMEOUT",
            Self::Internal => "INTERNAL_SERVER_ERROR",
        }
    }

    /// An error with this code.
    pub fn error(self, message: impl Into<String>) -> ServerError {
        with_code(ServerError::new(message, None), self)
    }
}

/// The code of an error, if it has one.
pub fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        _ => None,
    }
}

/// Gives an error a code, in place of the one it has.
pub fn with_code(mut error: ServerError, code: Code) -> ServerError {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code.as_str());
    error
}

/// An error that tells nothing but a trace id; `cause` goes to the log under the same id, once.
pub fn internal(cause: &str) -> ServerError {
    let trace = uuid::Uuid::new_v4().to_string();
    tracing::error!(trace_id = %trace, "{cause}");
    let mut error = Code::Internal.error(format!("Something broke on our side. Its trace id is {trace}."));
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("traceId", trace);
    error
}

/// Where a refusal comes from, which decides how it looks over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// The document was received but not executed: 200 as `application/json`, 400 as `application/graphql-response+json`.
    Document,
    /// The exchange itself failed: this status whatever the media type.
    Http(StatusCode),
}

/// An answer without `data`: nothing was executed, or nobody knows its outcome in time.
#[derive(Debug)]
pub struct Refusal {
    /// Never empty; each has a code.
    pub errors: Vec<ServerError>,
    /// Where it was refused.
    pub layer: Layer,
    /// The `Allow` header of a 405.
    pub allow: Option<&'static str>,
}

impl Refusal {
    /// The document was not executed, for one reason.
    pub fn document(error: ServerError) -> Self {
        Self { errors: vec![error], layer: Layer::Document, allow: None }
    }

    /// The exchange failed.
    pub fn http(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { errors: vec![code.error(message)], layer: Layer::Http(status), allow: None }
    }

    /// 400 with `BAD_REQUEST`.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::http(StatusCode::BAD_REQUEST, Code::BadRequest, message)
    }

    /// 405 with the methods that would do.
    pub fn method(allow: &'static str, message: impl Into<String>) -> Self {
        Self { allow: Some(allow), ..Self::http(StatusCode::METHOD_NOT_ALLOWED, Code::BadRequest, message) }
    }

    /// 503; HTTP adds `Retry-After`.
    pub fn overloaded(message: impl Into<String>) -> Self {
        Self::http(StatusCode::SERVICE_UNAVAILABLE, Code::Overloaded, message)
    }
}

impl From<ServerError> for Refusal {
    fn from(error: ServerError) -> Self {
        Self::document(error)
    }
}
