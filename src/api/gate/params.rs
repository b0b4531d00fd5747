//! The four parameters of a GraphQL request, strictly typed: a wrong type is told, never read as absent.

use serde_json::{Map, Value};

use crate::api::errors::Refusal;

/// As given by the client, over whichever transport.
#[derive(Debug, Default)]
pub struct Params {
    /// The document's text; absent when a persisted query is asked for by its hash.
    pub query: Option<String>,
    /// Which operation of the document to run.
    pub operation_name: Option<String>,
    /// By name, without the `$`.
    pub variables: Map<String, Value>,
    /// `persistedQuery`, `minPosition`; others are ignored.
    pub extensions: Map<String, Value>,
}

impl Params {
    /// From the JSON of a request.
    pub fn from_json(json: Value) -> Result<Self, Refusal> {
        let mut fields = match json {
            Value::Object(fields) => fields,
            Value::Array(_) => {
                return Err(Refusal::bad_request(
                    "Batches are not taken here; send one operation a request, or several root fields in one.",
                ));
            }
            other => {
                return Err(Refusal::bad_request(format!(
                    "A request must be a JSON object with a `query`, not {}.",
                    type_name(&other)
                )));
            }
        };
        Ok(Self {
            query: string(&mut fields, "query")?,
            operation_name: string(&mut fields, "operationName")?,
            variables: object(&mut fields, "variables")?,
            extensions: object(&mut fields, "extensions")?,
        })
    }

    /// From the pairs of a URL's query string; `variables` and `extensions` are JSON there.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut fields = Map::new();
        for (key, text) in pairs {
            let value = match key.as_str() {
                "query" | "operationName" => Value::String(text),
                "variables" | "extensions" if text.is_empty() => Value::Null,
                "variables" | "extensions" => serde_json::from_str(&text)
                    .map_err(|error| Refusal::bad_request(format!("`{key}` is not JSON: {error}.")))?,
                _ => continue,
            };
            if fields.insert(key.clone(), value).is_some() {
                return Err(Refusal::bad_request(format!("`{key}` is given twice.")));
            }
        }
        Self::from_json(Value::Object(fields))
    }
}

fn string(fields: &mut Map<String, Value>, key: &str) -> Result<Option<String>, Refusal> {
    match fields.remove(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => {
            Err(Refusal::bad_request(format!("`{key}` must be a string, not {}.", type_name(&other))))
        }
    }
}

fn object(fields: &mut Map<String, Value>, key: &str) -> Result<Map<String, Value>, Refusal> {
    match fields.remove(key) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(other) => {
            Err(Refusal::bad_request(format!("`{key}` must be a JSON object, not {}.", type_name(&other))))
        }
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
