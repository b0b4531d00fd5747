//! The product behind the edge: what each request is given, and what its answer says of the log.

use std::sync::Arc;

use async_graphql::futures_util::stream::BoxStream;
use async_graphql::{Data, Executor, Request, Response, Value, value};
use serde_json::json;

use super::caller::Caller;
use super::caught::{ByKind, Catching};
use super::fixed::is_fixed;
use super::host::{Host, Prepared};
use super::schema::{ShopSchema, builder, export};
use super::settings::Settings;
use crate::engine::event::{Hash, Position};
use crate::engine::read_model::ModelState;
use crate::engine::time::SharedClock;
use crate::engine::writer::Writer;
use crate::graphql::{Batches, Engine, Scope};
use crate::read;
use crate::write::Sender;

/// The shop, answering requests. Cheap to clone.
#[derive(Clone)]
pub struct Shop {
    schema: ByKind<ShopSchema>,
    engine: Arc<Engine>,
    writer: Writer,
    clock: SharedClock,
    /// Of the read models: the same moment looks otherwise to another fold.
    revisions: String,
}

impl Shop {
    /// Builds the schema over the engine.
    pub fn new(engine: Arc<Engine>, writer: Writer, clock: SharedClock, settings: &Settings) -> Self {
        let schema = || {
            let schema = builder().data(writer.clone());
            if settings.introspection { schema } else { schema.disable_suggestions() }
        };
        let schema = ByKind { plain: schema().finish(), catching: schema().extension(Catching).finish() };
        let models = engine.read_models.status();
        let revisions = models.iter().map(|model| format!("{} {}", model.name, model.revision));
        let revisions = revisions.collect::<Vec<_>>().join(", ");
        Self { schema, engine, writer, clock, revisions }
    }

    /// What the answer depends on, apart from the request, where no event to come can change it.
    fn fixed(&self, request: &mut Request) -> Option<String> {
        let variables = std::mem::take(&mut request.variables);
        let name = request.operation_name.clone();
        let parsed = request.parsed_query();
        let fixed = parsed.is_ok_and(|parsed| is_fixed(parsed, name.as_deref(), &variables));
        request.variables = variables;
        fixed.then(|| self.revisions.clone())
    }

    /// What runs the requests it has prepared.
    pub fn executor(&self) -> ShopExecutor {
        ShopExecutor(self.schema.clone())
    }
}

impl Host for Shop {
    fn sdl(&self) -> String {
        export(&self.schema.plain)
    }

    fn prepare(&self, mut request: Request, caller: &Caller) -> Prepared {
        let touched = request.parsed_query().map(read::touched).unwrap_or_default();
        let fixed = self.fixed(&mut request);
        let min_position = caller.min_position.and_then(Position::new);
        let resumed = caller.last_event_id.as_deref().and_then(parse_event_id);
        let scope =
            Scope::new(self.engine.clone(), self.clock.now(), min_position, touched).resuming(resumed);
        let (scope, batches) = (Arc::new(scope), Batches::default());
        read::load(&mut request.data, &scope, &batches);
        request.data.insert(batches);
        request.data.insert(Sender {
            actor: caller.actor.clone(),
            correlation_id: caller.correlation_id,
            causation_id: caller.causation_id,
        });
        request.data.insert(scope.clone());
        let finishing = scope.clone();
        Prepared {
            request,
            finish: Some(Arc::new(move |response: &mut Response| tell_position(&finishing, response))),
            fixed,
            event_id: Some(Arc::new(move || {
                scope.last_delivered().map(|(position, hash)| format!("{position}:{hash}"))
            })),
        }
    }

    fn scalar(&self, name: &str, value: &Value) -> Result<(), String> {
        crate::graphql::scalars::check(name, value)
    }

    fn head(&self) -> serde_json::Value {
        let tail = self.engine.feed.tail();
        json!({ "log": { "position": tail.position.to_string(), "hash": tail.hash.to_string() } })
    }

    async fn ready(&self) -> Result<serde_json::Value, serde_json::Value> {
        let head = self.engine.log.head().await.map_err(|_| json!({ "log": "unreachable" }))?;
        let models = self.engine.read_models.status();
        let ready =
            models.iter().all(|model| matches!(model.state, ModelState::Live | ModelState::Rebuilding));
        let models: Vec<_> = models
            .into_iter()
            .map(|model| {
                let state = match model.state {
                    ModelState::Live => "LIVE",
                    ModelState::CatchingUp => "CATCHING_UP",
                    ModelState::Rebuilding => "REBUILDING",
                    ModelState::Failed => "FAILED",
                };
                json!({ "name": model.name, "state": state, "position": model.position.to_string() })
            })
            .collect();
        let details = json!({ "head": head.position.to_string(), "writer": self.writer.is_alive(), "readModels": models });
        if ready && self.writer.is_alive() { Ok(details) } else { Err(details) }
    }
}

/// What an answer reflects stands in its `extensions.log.position`.
fn tell_position(scope: &Scope, response: &mut Response) {
    if let Some(position) = scope.reflected() {
        response.extensions.insert("log".to_owned(), value!({ "position": (position.to_string()) }));
    }
}

/// The id of an event in an event stream: `position:hash`.
fn parse_event_id(text: &str) -> Option<(Position, Hash)> {
    let (position, hash) = text.split_once(':')?;
    Some((Position::new(position.parse().ok()?)?, hash.parse().ok()?))
}

/// Runs requests together with the loads they ask for.
#[derive(Clone)]
pub struct ShopExecutor(ByKind<ShopSchema>);

impl Executor for ShopExecutor {
    async fn execute(&self, request: Request) -> Response {
        batches(&request).drive(self.0.execute(request)).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<Data>>,
    ) -> BoxStream<'static, Response> {
        batches(&request).drive_stream(Executor::execute_stream(&self.0, request, session_data))
    }
}

/// The queue of loads that a request was prepared with.
fn batches(request: &Request) -> Batches {
    let held = request.data.get(&std::any::TypeId::of::<Batches>());
    held.and_then(|held| held.downcast_ref::<Batches>()).cloned().unwrap_or_default()
}
