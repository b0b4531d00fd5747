//! GraphQL over HTTP: POST and GET, media types, status codes, and how refusals look.

use std::net::SocketAddr;

use async_graphql::{Executor, Response as GraphQlResponse, parser::types::OperationType};
use axum::{
    body::{Body, Bytes},
    extract::{ConnectInfo, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Edge,
    caller::Caller,
    errors::{Code, Layer, Refusal},
    gate::params::Params,
    host::Host,
    media::{self, Media},
    origin,
    settings::Settings,
    sse, websocket,
};

/// Seconds that a client should leave an overloaded server alone.
const RETRY_AFTER: &str = "1";

/// How long a client may keep an answer that does not change, without asking again.
const KEPT: &str = "private, max-age=3600";

/// Everything under `/graphql`.
pub async fn graphql<E: Executor, H: Host>(edge: Edge<E, H>, request: Request) -> Response {
    let is_upgrade = request
        .headers()
        .get(header::UPGRADE)
        .is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if request.method() == Method::GET && is_upgrade {
        return websocket::upgrade(edge, request).await;
    }
    let Some(media) = Media::accepted(request.headers()) else {
        let message = "Answers are application/graphql-response+json, application/json or text/event-stream; \
                       `Accept` takes none of them.";
        return refused(&Refusal::http(StatusCode::NOT_ACCEPTABLE, Code::BadRequest, message), Media::Json);
    };
    match answer(&edge, request, media).await {
        Ok(response) => response,
        Err(refusal) => refused(&refusal, media),
    }
}

async fn answer<E: Executor, H: Host>(
    edge: &Edge<E, H>,
    request: Request,
    media: Media,
) -> Result<Response, Refusal> {
    let settings = edge.gate.settings();
    let caller = caller(&request, settings)?;
    let is_get = request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).filter(|_| is_get).cloned();
    let params = match *request.method() {
        Method::GET => get_params(&request, settings)?,
        Method::POST => Params::from_json(json_body(request, settings).await?)?,
        _ => return Err(Refusal::method("GET, POST", "GraphQL is asked with POST or GET.")),
    };
    if params.query.is_none() && !params.extensions.contains_key("persistedQuery") {
        return Err(Refusal::bad_request("A request needs a `query`, a string."));
    }
    let admitted = match edge.gate.admit(params, caller).await {
        Err(refusal) if media == Media::EventStream && refusal.layer == Layer::Document => {
            return Ok(sse::refused(&refusal));
        }
        admitted => admitted?,
    };
    if is_get && admitted.kind == OperationType::Mutation {
        return Err(Refusal::method("POST", "A mutation is sent with POST; GET only reads."));
    }
    match media {
        Media::EventStream => sse::stream(edge, admitted),
        _ if admitted.kind == OperationType::Subscription => Err(Refusal::bad_request(
            "A subscription needs a WebSocket, or `Accept: text/event-stream`; here it would have one answer only.",
        )),
        _ => {
            let fixed = admitted.fixed().filter(|_| is_get);
            let response = edge.gate.run(admitted).await?;
            match fixed.filter(|_| response.errors.is_empty()) {
                Some(fixed) => Ok(kept(&response, media, &fixed, known.as_ref())),
                None => Ok(json(StatusCode::OK, media, &response)),
            }
        }
    }
}

/// Who asks, with the share of the load it counts to.
pub fn caller(request: &Request, settings: &Settings) -> Result<Caller, Refusal> {
    let mut caller = Caller::from_headers(request.headers(), settings.trust_actor_header)?;
    let address = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_string());
    caller.client = caller.actor.clone().or(address);
    Ok(caller)
}

fn get_params(request: &Request, settings: &Settings) -> Result<Params, Refusal> {
    if !origin::may_get(request.headers()) {
        return Err(Refusal::http(
            StatusCode::FORBIDDEN,
            Code::BadRequest,
            "A GET with cookies needs a header such as `GraphQL-Require-Preflight: 1`, which a foreign page cannot send.",
        ));
    }
    let query = request.uri().query().unwrap_or_default();
    let bound = settings.limits.max_body_bytes;
    if query.len() > bound {
        let length = query.len();
        return Err(Refusal::http(
            StatusCode::URI_TOO_LONG,
            Code::BadRequest,
            format!(
                "The URL's query has {length} bytes; at most {bound} are allowed (max-body-bytes). Use POST."
            ),
        ));
    }
    let pairs =
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map_err(|error| {
            Refusal::bad_request(format!("The URL's query cannot be read: {}.", error.body_text()))
        })?;
    Params::from_pairs(pairs.0)
}

async fn json_body(request: Request, settings: &Settings) -> Result<serde_json::Value, Refusal> {
    if !media::is_json(request.headers()) {
        return Err(Refusal::http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest,
            "The body must be JSON in UTF-8, with `Content-Type: application/json`.",
        ));
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::http(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::BadRequest,
            "The body must come as it is: no `Content-Encoding` is taken.",
        ));
    }
    let declared = content_length(request.headers());
    let body = read(request.into_body(), declared, settings.limits.max_body_bytes);
    let body = tokio::time::timeout(settings.body_timeout, body).await.map_err(|_| {
        let seconds = settings.body_timeout.as_secs_f64();
        let message = format!("The body did not arrive within {seconds} s (body-timeout).");
        Refusal::http(StatusCode::REQUEST_TIMEOUT, Code::BadRequest, message)
    })??;
    serde_json::from_slice(&body)
        .map_err(|error| Refusal::bad_request(format!("The body is not JSON: {error}.")))
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(body: Body, declared: Option<usize>, bound: usize) -> Result<Bytes, Refusal> {
    let too_large = || {
        let message = format!("The body has more than {bound} bytes, the most allowed (max-body-bytes).");
        Refusal::http(StatusCode::PAYLOAD_TOO_LARGE, Code::BadRequest, message)
    };
    if declared.is_some_and(|length| length > bound) {
        return Err(too_large());
    }
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad_request("The body broke off."))?;
        if read.len() + chunk.len() > bound {
            return Err(too_large());
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.into())
}

/// An answer that only changes with `fixed`, for a client that may keep it; nothing new if it `known`s it already.
fn kept(response: &GraphQlResponse, media: Media, fixed: &str, known: Option<&HeaderValue>) -> Response {
    let body = match serde_json::to_vec(response) {
        Ok(body) => body,
        Err(error) => return unwritable(&error),
    };
    let mut digest = Sha256::new();
    for part in [media.content_type().as_bytes(), fixed.as_bytes(), &body] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let tag = format!("\"{}\"", hex::encode(digest.finalize()));
    let known = known.and_then(|known| known.to_str().ok()).unwrap_or_default();
    let mut answer = match known.split(',').any(|one| one.trim().trim_start_matches("W/") == tag) {
        true => (StatusCode::NOT_MODIFIED, [(header::VARY, "Accept")]).into_response(),
        false => written(StatusCode::OK, media, body),
    };
    let headers = answer.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(KEPT));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    answer
}

/// The response to one that was not.
pub fn refused(refusal: &Refusal, media: Media) -> Response {
    // An event stream that never began is an ordinary answer.
    let media = if media == Media::EventStream { Media::Json } else { media };
    let status = match (refusal.layer, media) {
        (Layer::Http(status), _) => status,
        (Layer::Document, Media::GraphQl) => StatusCode::BAD_REQUEST,
        (Layer::Document, _) => StatusCode::OK,
    };
    let mut response = json(status, media, &serde_json::json!({ "errors": refusal.errors }));
    if let Some(allow) = refusal.allow {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
    }
    response
}

/// A JSON response that nobody may keep.
pub fn json(status: StatusCode, media: Media, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => written(status, media, body),
        Err(error) => unwritable(&error),
    }
}

fn written(status: StatusCode, media: Media, body: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media.content_type()),
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "Accept"),
    ];
    (status, headers, body).into_response()
}

fn unwritable(error: &serde_json::Error) -> Response {
    tracing::error!("an answer could not be written as JSON: {error}");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
