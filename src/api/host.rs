//! What the edge needs of the product behind it: its schema, data for each request, and the state of its log.

use std::{future::Future, sync::Arc};

use async_graphql::{Request, Response, Value};

use super::caller::Caller;

/// The product behind the edge. Cheap to clone.
pub trait Host: Clone + Send + Sync + 'static {
    /// The schema as the executor exports it; read once, when the router is built.
    fn sdl(&self) -> String;

    /// Puts what resolvers need (caller, moment, loaders) into the request's data.
    fn prepare(&self, request: Request, caller: &Caller) -> Prepared;

    /// Says whether the custom scalar `name` takes `value`, or why not and what it wants instead; asked before
    /// anything runs. Without an opinion, the schema's own check decides.
    fn scalar(&self, name: &str, value: &Value) -> Result<(), String> {
        let _ = (name, value);
        Ok(())
    }

    /// Whether this caller may open a WebSocket; the reason is told with 4403.
    fn welcome(&self, caller: &Caller) -> Result<(), String> {
        let _ = caller;
        Ok(())
    }

    /// The head of the log, for `connection_ack` and pings. Must not wait.
    fn head(&self) -> serde_json::Value;

    /// Whether this node can answer everything it should; either way with details for `/readyz`.
    fn ready(&self) -> impl Future<Output = Result<serde_json::Value, serde_json::Value>> + Send;
}

/// Completes a response in place.
pub type Finish = Arc<dyn Fn(&mut Response) + Send + Sync>;
/// Tells the id of the response received last, if it has one.
pub type EventId = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// A request ready to run, and what to do with its answers.
pub struct Prepared {
    /// With its data.
    pub request: Request,
    /// Called on every response before it leaves, to fill in `extensions`.
    pub finish: Option<Finish>,
    /// Where the answer, if it is one without errors, can only change when this text does: a GET may be answered from
    /// what its client has kept.
    pub fixed: Option<String>,
    /// Asked after every response of a stream: the SSE `id:` to resume after it.
    pub event_id: Option<EventId>,
}

impl From<Request> for Prepared {
    fn from(request: Request) -> Self {
        Self { request, finish: None, fixed: None, event_id: None }
    }
}
