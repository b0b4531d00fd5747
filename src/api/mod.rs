//! The edge: HTTP, WebSocket and event streams, all through one gate that bounds, coerces and executes.
//!
//! `http`, `websocket` and `sse` only translate: a request into `gate::params`, an answer or an `errors::Refusal`
//! into what their protocol says. `gate` and `limits` decide; `host` is what the product brings.

pub mod caller;
mod caught;
pub mod errors;
mod explorer;
mod fixed;
pub mod gate;
pub mod host;
mod http;
pub mod limits;
mod media;
mod origin;
mod page;
pub mod schema;
pub mod serve;
pub mod settings;
pub mod shop;
mod sse;
#[cfg(test)]
mod tests;
mod websocket;

use async_graphql::Executor;
use axum::{
    Router,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::{Next, from_fn, map_response},
    response::Response,
    routing::{any, get},
};
use tokio_util::sync::CancellationToken;

use self::{
    errors::{Code, Refusal},
    gate::Gate,
    host::Host,
    media::Media,
    settings::Settings,
};

/// What every connection has: the gate, and the word to stop.
struct Edge<E, H> {
    gate: Gate<E, H>,
    shutdown: CancellationToken,
}

impl<E, H> Clone for Edge<E, H> {
    fn clone(&self) -> Self {
        Self { gate: self.gate.clone(), shutdown: self.shutdown.clone() }
    }
}

/// Everything the server answers: `/graphql`, `/healthz`, `/readyz`, and the explorer at `/` and `/playground`.
///
/// Streams and sockets end when `shutdown` is cancelled. To bound clients by their address, serve it with connect
/// info, as `serve::serve` does. Fails if the SDL of the host's schema cannot be read.
pub fn router<E: Executor, H: Host>(
    executor: E,
    host: H,
    settings: Settings,
    shutdown: CancellationToken,
) -> Result<Router, async_graphql::parser::Error> {
    let cors = origin::cors(&settings);
    let explorer = settings.explorer;
    let gate = Gate::new(executor, host, settings)?;
    let guarding = gate.clone();
    let host = gate.host().clone();
    let edge = Edge { gate, shutdown };
    let mut router = Router::new()
        .route("/graphql", any(move |request| http::graphql(edge.clone(), request)))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(move || ready(host.clone())));
    if explorer {
        router = router.merge(explorer::routes(explorer::EMBEDDED));
    }
    let router = match cors {
        Some(cors) => router.layer(cors),
        None => router,
    };
    let router = router.layer(from_fn(move |request, next| guarded(guarding.clone(), request, next)));
    Ok(router.layer(map_response(secured)))
}

async fn ready<H: Host>(host: H) -> Response {
    match host.ready().await {
        Ok(details) => http::json(StatusCode::OK, Media::Json, &details),
        Err(details) => http::json(StatusCode::SERVICE_UNAVAILABLE, Media::Json, &details),
    }
}

/// Answers nothing to who asks for somebody else.
async fn guarded<E: Executor, H: Host>(gate: Gate<E, H>, request: Request, next: Next) -> Response {
    if origin::is_ours(request.uri(), request.headers(), gate.settings()) {
        return next.run(request).await;
    }
    let message = "The request's Host is no name of this server. Ask for localhost or an address, or let the server \
                   know its name (allow-host).";
    let refusal = Refusal::http(StatusCode::MISDIRECTED_REQUEST, Code::BadRequest, message);
    http::refused(&refusal, Media::Json)
}

async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
