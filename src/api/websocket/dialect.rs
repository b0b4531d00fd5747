//! The messages of the two sub-protocols: `graphql-transport-ws`, and `graphql-ws` as GraphQL Playground speaks it.

use async_graphql::{Response, ServerError};
use serde_json::{Map, Value, json};

use crate::api::gate::params::Params;

/// A sub-protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `graphql-transport-ws`, of the npm package graphql-ws.
    Transport,
    /// `graphql-ws`, of the npm package subscriptions-transport-ws.
    Legacy,
}

/// What a client says.
#[derive(Debug)]
pub enum Incoming {
    /// Opens the conversation.
    Init(Map<String, Value>),
    /// Wants a sign of life, with this payload or none.
    Ping(Option<Value>),
    /// Gives one.
    Pong,
    /// Starts an operation.
    Subscribe { id: String, params: Params },
    /// Ends one.
    Complete(String),
    /// Ends the conversation.
    Terminate,
}

impl Dialect {
    /// As `Sec-WebSocket-Protocol`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transport => "graphql-transport-ws",
            Self::Legacy => "graphql-ws",
        }
    }

    /// Reads a message; the error is the reason for closing with 4400.
    pub fn read(self, text: &str) -> Result<Incoming, String> {
        let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
            return Err("A message must be a JSON object".into());
        };
        let Some(Value::String(kind)) = message.remove("type") else {
            return Err("A message needs a `type`, a string".into());
        };
        match (self, kind.as_str()) {
            (_, "connection_init") => Ok(Incoming::Init(optional_object(&mut message)?.unwrap_or_default())),
            (Self::Transport, "ping") => {
                Ok(Incoming::Ping(optional_object(&mut message)?.map(Value::Object)))
            }
            (Self::Transport, "pong") => optional_object(&mut message).map(|_| Incoming::Pong),
            (Self::Transport, "subscribe") | (Self::Legacy, "start") => {
                let id = id(&mut message)?;
                let payload = message.remove("payload").unwrap_or_default();
                let params = Params::from_json(payload).map_err(|refusal| {
                    refusal.errors.into_iter().next().map(|error| error.message).unwrap_or_default()
                })?;
                if params.query.is_none() && !params.extensions.contains_key("persistedQuery") {
                    return Err("The payload needs a `query`, a string".into());
                }
                Ok(Incoming::Subscribe { id, params })
            }
            (Self::Transport, "complete") | (Self::Legacy, "stop") => {
                id(&mut message).map(Incoming::Complete)
            }
            (Self::Legacy, "connection_terminate") => Ok(Incoming::Terminate),
            _ => Err(format!("{} has no message of type {kind:?} from a client", self.name())),
        }
    }

    /// Accepts the conversation.
    pub fn ack(self, head: Value) -> String {
        json!({ "type": "connection_ack", "payload": object(head) }).to_string()
    }

    /// Asks for a sign of life; in the older dialect only gives one.
    pub fn ping(self, head: Value) -> String {
        match self {
            Self::Transport => json!({ "type": "ping", "payload": object(head) }).to_string(),
            Self::Legacy => json!({ "type": "ka" }).to_string(),
        }
    }

    /// Gives one, with the payload of the ping.
    pub fn pong(self, payload: Option<Value>) -> String {
        match payload {
            Some(payload) => json!({ "type": "pong", "payload": payload }).to_string(),
            None => json!({ "type": "pong" }).to_string(),
        }
    }

    /// A result.
    pub fn next(self, id: &str, response: &Response) -> Result<String, serde_json::Error> {
        let kind = match self {
            Self::Transport => "next",
            Self::Legacy => "data",
        };
        let payload = serde_json::to_string(response)?;
        Ok(format!("{{\"type\":\"{kind}\",\"id\":{},\"payload\":{payload}}}", json!(id)))
    }

    /// The operation was not executed, or broke; nothing follows.
    pub fn error(self, id: &str, errors: &[ServerError]) -> String {
        json!({ "type": "error", "id": id, "payload": errors }).to_string()
    }

    /// The operation is over.
    pub fn complete(self, id: &str) -> String {
        json!({ "type": "complete", "id": id }).to_string()
    }
}

fn id(message: &mut Map<String, Value>) -> Result<String, String> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id),
        _ => Err("The message needs an `id`, a string that is not empty".into()),
    }
}

fn optional_object(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, String> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err("`payload` must be an object here".into()),
    }
}

/// Payloads of acknowledgements and pings are objects.
fn object(head: Value) -> Value {
    if head.is_object() { head } else { json!({ "head": head }) }
}
