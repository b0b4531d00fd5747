//! The bounds, where they meet requests.

use axum::http::StatusCode;

use super::toy::App;
use crate::api::settings::Limits;

#[tokio::test]
async fn what_costs_too_much_is_refused_before_it_runs() {
    let app = App::limited(Limits { max_cost: 50, ..Limits::default() });
    let (code, message) = app.ask("{ items(first: 51) { nodes { id } } }").await.error();
    assert_eq!(code, "COST_LIMIT");
    assert!(message.contains("51 entities; at most 50 are allowed (max-cost)"), "{message}");
    assert_eq!(app.ask("{ items(first: 50) { nodes { id } } }").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_takes_too_long_is_ended() {
    let reply = App::new().ask("{ never }").await;
    assert_eq!((reply.status, reply.error().0.as_str()), (StatusCode::GATEWAY_TIMEOUT, "TIMEOUT"));
}

#[tokio::test(start_paused = true)]
async fn a_mutation_that_takes_too_long_goes_on_without_its_caller() {
    let app = App::new();
    let reply = app.ask("mutation { bumpLater }").await;
    assert_eq!(reply.error().0, "TIMEOUT");
    assert!(reply.error().1.contains("send it again with the same commandId"));
    assert_eq!(app.bumps(), 0);
    app.world.gate.notify_one();
    tokio::task::yield_now().await;
    app.world.gate.notified().await;
    assert_eq!(app.bumps(), 1);
}

#[tokio::test]
async fn a_mutation_whose_caller_leaves_goes_on() {
    let app = App::new();
    let mut asked = Box::pin(app.ask("mutation { bumpLater }"));
    assert!(futures_util::poll!(&mut asked).is_pending());
    drop(asked);
    app.world.gate.notify_one();
    tokio::task::yield_now().await;
    app.world.gate.notified().await;
    assert_eq!(app.bumps(), 1);
}

#[tokio::test]
async fn past_the_bound_requests_are_told_to_come_back() {
    let app = App::limited(Limits { max_in_flight: 1, ..Limits::default() });
    let mut held = Box::pin(app.ask("{ never }"));
    assert!(futures_util::poll!(&mut held).is_pending());
    let reply = app.ask("{ hello }").await;
    assert_eq!((reply.status, reply.error().0.as_str()), (StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED"));
    assert_eq!(reply.header("retry-after"), "1");
    drop(held);
    assert_eq!(app.ask("{ hello }").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_standard_introspection_query_passes_every_bound() {
    // As graphql-js asks it, with every option on.
    let reply = App::new().ask(include_str!("introspection.graphql")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    assert_eq!(reply.json()["data"]["__schema"]["queryType"]["name"], "Query");
}
