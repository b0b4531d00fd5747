//! Event streams.

use axum::http::StatusCode;
use serde_json::json;

use super::toy::{App, post};

const STREAM: &str = "text/event-stream";

#[tokio::test]
async fn a_subscription_is_a_stream_of_next_with_ids_and_then_complete() {
    let reply = App::new().post(STREAM, json!({ "query": "subscription { count(to: 2) }" })).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.header("content-type"), "text/event-stream; charset=utf-8");
    let events: Vec<&str> = reply.text.split_terminator("\n\n").collect();
    assert_eq!(events.len(), 3, "{}", reply.text);
    assert!(
        events[0].contains("event: next") && events[0].contains("\"count\":0") && events[0].contains("id: 1")
    );
    assert!(events[1].contains("\"count\":1") && events[1].contains("id: 2"));
    assert!(events[2].contains("event: complete") && events[2].contains("data:"), "{}", events[2]);
}

#[tokio::test]
async fn a_stream_that_is_connected_again_resumes_after_the_last_id() {
    let mut request = post(STREAM, json!({ "query": "subscription { count(to: 3) }" }));
    request.headers_mut().insert("last-event-id", "2".parse().unwrap());
    let reply = App::new().send(request).await;
    assert!(reply.text.contains("\"count\":2") && !reply.text.contains("\"count\":1"), "{}", reply.text);
}

#[tokio::test]
async fn what_is_not_executed_is_told_inside_the_stream() {
    let reply = App::new().post(STREAM, json!({ "query": "subscription { nothing }" })).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (StatusCode::OK, "text/event-stream; charset=utf-8")
    );
    assert!(reply.text.contains("GRAPHQL_VALIDATION_FAILED") && reply.text.contains("event: complete"));
    let reply = App::new().post(STREAM, json!({ "query": "{" })).await;
    assert_eq!(
        (reply.status, reply.header("content-type")),
        (StatusCode::OK, "text/event-stream; charset=utf-8")
    );
    assert!(reply.text.contains("GRAPHQL_PARSE_FAILED") && reply.text.contains("event: complete"));
}

#[tokio::test]
async fn a_query_is_a_stream_of_one() {
    let reply = App::new().post(STREAM, json!({ "query": "{ hello }" })).await;
    assert_eq!(reply.text.matches("event: next").count(), 1);
    assert!(reply.text.contains("event: complete"));
}

#[tokio::test]
async fn a_root_field_inside_a_fragment_is_subscribed_to() {
    let query = "subscription { ...F } fragment F on Subscription { count(to: 1) }";
    let reply = App::new().post(STREAM, json!({ "query": query })).await;
    assert!(reply.text.contains("\"count\":0"), "{}", reply.text);
}

#[tokio::test]
async fn a_panic_in_a_stream_is_its_last_event() {
    let reply = App::new().post(STREAM, json!({ "query": "subscription { bang }" })).await;
    assert!(
        reply.text.contains("\"bang\":0") && reply.text.contains("INTERNAL_SERVER_ERROR"),
        "{}",
        reply.text
    );
    assert!(reply.text.contains("event: complete") && !reply.text.contains("exploded"));
}

#[tokio::test(start_paused = true)]
async fn an_idle_stream_is_kept_open_by_comments_and_breaks_off_on_shutdown() {
    let app = App::new();
    let shutdown = app.shutdown.clone();
    tokio::spawn(async move {
        tokio::time::advance(std::time::Duration::from_secs(16)).await;
        tokio::task::yield_now().await;
        shutdown.cancel();
    });
    let reply = app.post(STREAM, json!({ "query": "subscription { silence }" })).await;
    assert!(reply.text.starts_with(':'), "{:?}", reply.text);
    assert!(!reply.text.contains("complete"));
}

#[tokio::test]
async fn a_persisted_subscription_is_known_after_it_was_valid_once() {
    let app = App::new();
    let text = "subscription { count(to: 1) }";
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text));
    let extensions = json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } });
    let unknown = app.post(STREAM, json!({ "extensions": extensions })).await;
    assert!(unknown.text.contains("PERSISTED_QUERY_NOT_FOUND"), "{}", unknown.text);
    for body in [json!({ "query": text, "extensions": extensions }), json!({ "extensions": extensions })] {
        let reply = app.post(STREAM, body).await;
        assert!(reply.text.contains("\"count\":0"), "{}", reply.text);
    }
}
