//! The one gate that every transport goes through: parse once, choose the operation, bound it, coerce, execute.

pub mod coerce;
pub mod document;
pub mod params;
mod roots;
mod typename;
pub mod types;
mod usage;

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Executor, Request, Response, Value, Variables, parser::types::OperationType};
use axum::http::StatusCode;
use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};

use self::{document::Documents, params::Params, types::Types};
use super::{
    caller::Caller,
    errors::{Code, Layer, Refusal, code_of, internal, with_code},
    host::{EventId, Finish, Host, Prepared},
    limits::{cost::Asked, flight::Flight},
    settings::Settings,
};
use crate::engine::decision::panic_text;

/// Errors of validation told at once; a document can have one for every token.
const MAX_TOLD: usize = 20;

/// Cheap to clone.
pub struct Gate<E, H>(Arc<Inner<E, H>>);

struct Inner<E, H> {
    executor: E,
    host: H,
    types: Types,
    documents: Documents,
    flight: Flight,
    settings: Settings,
}

impl<E, H> Clone for Gate<E, H> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// An operation that passed everything but the schema's own validation.
pub struct Admitted {
    /// Query, mutation or subscription.
    pub kind: OperationType,
    prepared: Prepared,
    client: Option<String>,
    /// Hash and text to keep once it proved valid.
    persist: Option<(String, String)>,
}

impl Admitted {
    /// The SSE id that the response just received has, if the host gives any.
    pub fn event_id(&self) -> Option<EventId> {
        self.prepared.event_id.clone()
    }

    /// What alone can change the answer, if there is so little.
    pub fn fixed(&self) -> Option<String> {
        self.prepared.fixed.clone()
    }
}

/// An operation's result, or why there is none.
pub type Answer = Result<Response, Refusal>;

impl<E: Executor, H: Host> Gate<E, H> {
    /// Fails if the host's SDL cannot be read.
    pub fn new(executor: E, host: H, settings: Settings) -> Result<Self, async_graphql::parser::Error> {
        Ok(Self(Arc::new(Inner {
            types: Types::parse(&host.sdl())?,
            documents: Documents::new(settings.limits.document_cache_bytes),
            flight: Flight::new(&settings.limits),
            executor,
            host,
            settings,
        })))
    }

    /// The settings this was made with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The product behind it.
    pub fn host(&self) -> &H {
        &self.0.host
    }

    /// Places for open connections.
    pub fn flight(&self) -> &Flight {
        &self.0.flight
    }

    /// Everything before execution. Nothing is charged or touched if it refuses.
    pub async fn admit(&self, params: Params, caller: Caller) -> Result<Admitted, Refusal> {
        let admission = AssertUnwindSafe(self.consider(params, caller)).catch_unwind();
        admission.await.unwrap_or_else(|panic| Err(panicked("admission", &*panic)))
    }

    async fn consider(&self, mut params: Params, caller: Caller) -> Result<Admitted, Refusal> {
        let Inner { host, types, documents, settings, .. } = &*self.0;
        let caller = caller.with_extensions(&params.extensions)?;
        let (text, hash) = documents.text(&mut params).await?;
        let parsed = documents.parse(&text, types, settings).await?;
        let name = params.operation_name.filter(|name| !name.is_empty());
        let operation = document::operation(&parsed, name.as_deref())?;
        let variables = Variables::from_json(serde_json::Value::Object(params.variables));
        let scalar = |name: &str, value: &Value| host.scalar(name, value);
        coerce::variables(types, &scalar, &operation.node, &variables).map_err(|errors| Refusal {
            errors,
            layer: Layer::Document,
            allow: None,
        })?;
        let kind = operation.node.ty;
        Asked {
            types,
            document: &parsed,
            operation: &operation.node,
            variables: &variables,
            limits: &settings.limits,
            scalar: &scalar,
        }
        .check()?;

        let mut document = (*parsed).clone();
        if let Some(root) = types.root(kind) {
            roots::normalise(&mut document, name.as_deref(), root)?;
        }
        let mut request = Request::new("").variables(variables);
        request.operation_name = name;
        request.set_parsed_query(document);
        let prepared = host.prepare(request, &caller);
        let persist = hash.map(|hash| (hash, text));
        Ok(Admitted { kind, prepared, client: caller.client, persist })
    }

    /// Runs a query or a mutation.
    pub async fn run(&self, admitted: Admitted) -> Answer {
        let limits = &self.0.settings.limits;
        let place = self.0.flight.enter(admitted.client.as_deref())?;
        let Prepared { request, finish, .. } = admitted.prepared;
        let executor = self.0.executor.clone();
        let work = async move {
            let _place = place;
            AssertUnwindSafe(executor.execute(request)).catch_unwind().await
        };
        let outcome = match admitted.kind {
            OperationType::Mutation => commit(work.boxed(), limits.mutation_timeout).await?,
            _ => tokio::time::timeout(limits.query_timeout, work).await.map_err(|_| {
                let seconds = limits.query_timeout.as_secs_f64();
                timed_out(format!("The query took longer than {seconds} s (query-timeout) and was ended."))
            })?,
        };
        let response = judge(outcome.map_err(|panic| panicked("a resolver", &*panic))?, finish.as_ref())?;
        if let Some((hash, text)) = admitted.persist {
            self.0.documents.persist(hash, text).await;
        }
        Ok(response)
    }

    /// Runs any operation: the events of a subscription, or the one answer of a query or mutation. A refusal is last.
    pub fn stream(&self, admitted: Admitted) -> BoxStream<'static, Answer> {
        let gate = self.clone();
        if admitted.kind != OperationType::Subscription {
            return stream::once(async move { gate.run(admitted).await }).boxed();
        }
        let Prepared { request, finish, .. } = admitted.prepared;
        let responses = self.0.executor.execute_stream(request, None);
        let mut persist = admitted.persist;
        AssertUnwindSafe(responses)
            .catch_unwind()
            .map(move |item| judge(item.map_err(|panic| panicked("a resolver", &*panic))?, finish.as_ref()))
            .then(move |answer| {
                let (gate, persist) = (gate.clone(), persist.take_if(|_| answer.is_ok()));
                async move {
                    if let Some((hash, text)) = persist {
                        gate.0.documents.persist(hash, text).await;
                    }
                    answer
                }
            })
            .scan(false, |refused, answer| {
                let over = std::mem::replace(refused, answer.is_err());
                std::future::ready((!over).then_some(answer))
            })
            .boxed()
    }
}

type Outcome = Result<Response, Box<dyn Any + Send>>;

/// Waits for a mutation, but never takes it down: whoever waits may leave, the command goes on to its end.
async fn commit(work: BoxFuture<'static, Outcome>, patience: Duration) -> Result<Outcome, Refusal> {
    match tokio::time::timeout(patience, tokio::spawn(work)).await {
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(_)) => Err(panicked("the task of a mutation", &"it ended")),
        Err(_) => {
            let seconds = patience.as_secs_f64();
            Err(timed_out(format!(
                "The mutation took longer than {seconds} s (mutation-timeout). It may still be carried out: send it \
                 again with the same commandId to learn its outcome."
            )))
        }
    }
}

/// Tells a request that was never executed from a result with errors, and gives every error its code.
fn judge(mut response: Response, finish: Option<&Finish>) -> Answer {
    // Errors of execution carry the path of their field; those of validation have none.
    let executed = response.data != Value::Null || response.errors.iter().any(|error| !error.path.is_empty());
    if !executed && !response.errors.is_empty() {
        let errors = std::mem::take(&mut response.errors);
        let errors = errors.into_iter().take(MAX_TOLD).map(|error| match code_of(&error) {
            Some(_) => error,
            None => with_code(error, Code::ValidationFailed),
        });
        return Err(Refusal { errors: errors.collect(), layer: Layer::Document, allow: None });
    }
    for error in &mut response.errors {
        if code_of(error).is_none() {
            // Nobody chose to show this: it stays in the log.
            let mut shown = internal(&error.message);
            shown.path = std::mem::take(&mut error.path);
            shown.locations = std::mem::take(&mut error.locations);
            *error = shown;
        }
    }
    if let Some(finish) = finish {
        finish(&mut response);
    }
    Ok(response)
}

fn timed_out(message: String) -> Refusal {
    Refusal::http(StatusCode::GATEWAY_TIMEOUT, Code::Timeout, message)
}

fn panicked(what: &str, panic: &(dyn Any + Send)) -> Refusal {
    let message = panic_text(panic);
    Refusal {
        errors: vec![internal(&format!("{what} panicked: {message}"))],
        layer: Layer::Http(StatusCode::INTERNAL_SERVER_ERROR),
        allow: None,
    }
}
