//! From text to a parsed document within its bounds, once per text: parsed documents and persisted queries are kept.

use std::sync::Arc;

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    parser::{
        parse_query,
        types::{DocumentOperations, ExecutableDocument, Field, OperationDefinition},
    },
};
use moka::future::Cache;
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use super::{params::Params, typename, types::Types, usage};
use crate::api::{
    errors::{Code, Refusal, with_code},
    limits::{shape, tokens},
    settings::Settings,
};

/// What an entry costs besides what it holds.
const ENTRY_BYTES: usize = 512;

/// What a token becomes in a parsed document at most, in bytes: `cargo bench --bench documents` shows it.
const TOKEN_BYTES: usize = 480;

/// The documents seen lately, bounded by the bytes they take.
pub struct Documents {
    parsed: Cache<String, Arc<ExecutableDocument>>,
    persisted: Cache<String, String>,
}

impl Documents {
    /// Each of the two caches takes at most `max_bytes`.
    pub fn new(max_bytes: u64) -> Self {
        Self {
            parsed: Cache::builder().weigher(|text: &String, _| weight(text)).max_capacity(max_bytes).build(),
            persisted: Cache::builder()
                .weigher(|_, text: &String| u32::try_from(text.len() + ENTRY_BYTES).unwrap_or(u32::MAX))
                .max_capacity(max_bytes)
                .build(),
        }
    }

    /// The text asked for, and the hash to keep it under once it proved valid.
    pub async fn text(&self, params: &mut Params) -> Result<(String, Option<String>), Refusal> {
        let hash = persisted_hash(&params.extensions)?;
        match (params.query.take(), hash) {
            (Some(text), None) => Ok((text, None)),
            (Some(text), Some(hash)) => {
                if hex::encode(Sha256::digest(&text)) != hash {
                    return Err(Refusal::bad_request(
                        "extensions.persistedQuery.sha256Hash is not the query's.",
                    ));
                }
                Ok((text, Some(hash)))
            }
            (None, Some(hash)) => match self.persisted.get(&hash).await {
                Some(text) => Ok((text, None)),
                None => Err(Refusal::document(
                    Code::PersistedQueryNotFound
                        .error("PersistedQueryNotFound: send the query with its hash once."),
                )),
            },
            (None, None) => Err(Refusal::bad_request("A request needs a `query`, a string.")),
        }
    }

    /// Keeps a text that was executed, so that its hash will do from now on.
    pub async fn persist(&self, hash: String, text: String) {
        self.persisted.insert(hash, text).await;
    }

    /// Parses within the bounds, or takes what is kept.
    pub async fn parse(
        &self,
        text: &str,
        types: &Types,
        settings: &Settings,
    ) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(document) = self.parsed.get(text).await {
            return Ok(document);
        }
        tokens::check(text, &settings.limits)?;
        let mut document = parse_query(text).map_err(unreadable)?;
        shape::check(&document, &settings.limits, settings.introspection)?;
        typename::normalise(&mut document)?;
        usage::check(types, &document)?;
        let document = Arc::new(document);
        self.parsed.insert(text.to_owned(), Arc::clone(&document)).await;
        Ok(document)
    }
}

/// What a parsed document and its text count as, in bytes: never less than they take.
pub fn weight(text: &str) -> u32 {
    let bytes = tokens::count(text).saturating_mul(TOKEN_BYTES) + text.len() + ENTRY_BYTES;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Where the text stops being GraphQL and what could stand there, without repeating the text.
fn unreadable(error: async_graphql::parser::Error) -> ServerError {
    let mut told = with_code(error.clone().into(), Code::ParseFailed);
    if let async_graphql::parser::Error::Syntax { message, start, .. } = error {
        let expected = message.lines().rev().find_map(|line| line.trim_start().strip_prefix("= "));
        let expected = expected.unwrap_or("this is not GraphQL");
        told.message = format!("Syntax error in line {}, column {}: {expected}.", start.line, start.column);
    }
    told
}

fn persisted_hash(extensions: &Map<String, Json>) -> Result<Option<String>, Refusal> {
    match extensions.get("persistedQuery") {
        None | Some(Json::Null) => Ok(None),
        Some(asked) => match (asked.get("version").and_then(Json::as_u64), asked.get("sha256Hash")) {
            (Some(1), Some(Json::String(hash))) => Ok(Some(hash.to_ascii_lowercase())),
            _ => Err(Refusal::bad_request(
                "extensions.persistedQuery must be {\"version\": 1, \"sha256Hash\": \"…\"}.",
            )),
        },
    }
}

/// The operation that `name` chooses, or the only one.
pub fn operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, ServerError> {
    let name = name.filter(|name| !name.is_empty());
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Single(_), Some(name)) => Err(Code::OperationResolution
            .error(format!("There is no operation named {name:?}: the document's only one has no name."))),
        (DocumentOperations::Multiple(named), Some(name)) => named.get(name).ok_or_else(|| {
            Code::OperationResolution.error(format!("There is no operation named {name:?} in the document."))
        }),
        (DocumentOperations::Multiple(named), None) => match (named.values().next(), named.len()) {
            (Some(operation), 1) => Ok(operation),
            (_, count) => Err(Code::OperationResolution
                .error(format!("The document has {count} operations; say which with `operationName`."))),
        },
    }
}

/// The value an argument has in an operation; nothing where it was not given, or by a variable that was not.
pub fn argument(
    operation: &OperationDefinition,
    variables: &Variables,
    field: &Field,
    name: &str,
) -> Option<Value> {
    let variable = |name: Name| {
        let given = variables.get(&name).cloned();
        given.or_else(|| {
            let mut definitions = operation.variable_definitions.iter();
            let definition = definitions.find(|definition| definition.node.name.node == name)?;
            definition.node.default_value.as_ref().map(|value| value.node.clone())
        })
    };
    field.get_argument(name)?.node.clone().into_const_with(|name| variable(name).ok_or(())).ok()
}
