//! GraphQL over server-sent events, one connection an operation (graphql-sse, distinct connections mode).

use std::{convert::Infallible, time::Duration};

use async_graphql::Executor;
use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;

use super::{Edge, errors::Refusal, gate::Admitted, host::Host, media::Media};

/// Written out: a listener for `complete` is only called if the event has a `data` field, empty though it is.
const COMPLETE: &[u8] = b"event: complete\ndata: \n\n";
const COMMENT: &[u8] = b":\n\n";

/// Streams an operation's results, then `complete`. Nothing is buffered: the source waits for the socket.
pub fn stream<E: Executor, H: Host>(edge: &Edge<E, H>, admitted: Admitted) -> Result<Response, Refusal> {
    let place = edge.gate.flight().connect()?;
    let event_id = admitted.event_id();
    let results = edge.gate.stream(admitted).map(move |answer| match answer {
        Ok(response) => next(&response, event_id.as_ref().and_then(|id| id())),
        Err(refusal) => next(&errors(&refusal), None),
    });
    let complete = stream::once(async move {
        drop(place);
        Bytes::from_static(COMPLETE)
    });
    let events = kept_alive(results.chain(complete), edge.gate.settings().sse_keep_alive);
    // On shutdown the stream breaks off without `complete`, so that clients come back and resume.
    Ok(response(events.take_until(edge.shutdown.clone().cancelled_owned())))
}

/// An operation that was not executed is told inside a stream that was accepted, as the protocol wants.
pub fn refused(refusal: &Refusal) -> Response {
    response(stream::iter([next(&errors(refusal), None), Bytes::from_static(COMPLETE)]))
}

fn errors(refusal: &Refusal) -> serde_json::Value {
    serde_json::json!({ "errors": refusal.errors })
}

fn next(result: &impl Serialize, id: Option<String>) -> Bytes {
    let json = match serde_json::to_string(result) {
        Ok(json) => json,
        Err(error) => {
            tracing::error!("a result could not be written as JSON: {error}");
            return Bytes::from_static(COMPLETE);
        }
    };
    // A line break would end the field.
    match id.filter(|id| !id.contains(['\n', '\r', '\0'])) {
        Some(id) => format!("event: next\nid: {id}\ndata: {json}\n\n").into(),
        None => format!("event: next\ndata: {json}\n\n").into(),
    }
}

/// A comment whenever nothing was sent for `interval`, so that proxies do not take the stream for dead.
fn kept_alive(events: impl Stream<Item = Bytes>, interval: Duration) -> impl Stream<Item = Bytes> {
    let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    tokio_stream::StreamExt::timeout_repeating(events, ticks)
        .map(|event| event.unwrap_or(Bytes::from_static(COMMENT)))
}

fn response(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let headers = [
        (header::CONTENT_TYPE.as_str(), Media::EventStream.content_type()),
        (header::CACHE_CONTROL.as_str(), "no-cache"),
        // Proxies that gather a response before they pass it on would hold events back.
        ("x-accel-buffering", "no"),
    ];
    (StatusCode::OK, headers, Body::from_stream(events.map(Ok::<_, Infallible>))).into_response()
}
