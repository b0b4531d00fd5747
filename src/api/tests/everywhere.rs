//! Every bound on a document and on what is under way, met one too many on every transport.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};

use super::{
    toy::{App, post},
    websocket::Client,
};
use crate::api::settings::{Limits, Settings};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Transport {
    Post,
    PostForItsStatus,
    Get,
    EventStream,
    Socket,
    OldSocket,
}

const ALL: [Transport; 6] = [
    Transport::Post,
    Transport::PostForItsStatus,
    Transport::Get,
    Transport::EventStream,
    Transport::Socket,
    Transport::OldSocket,
];

impl Transport {
    /// The first answer to a query: an object with `data` or `errors`.
    async fn ask(self, app: &App, query: &str) -> Value {
        let body = json!({ "query": query });
        match self {
            Self::Post => app.post("application/json", body).await.json(),
            Self::PostForItsStatus => app.ask(query).await.json(),
            Self::Get => {
                let url =
                    reqwest::Url::parse_with_params("http://localhost/graphql", [("query", query)]).unwrap();
                let path = format!("{}?{}", url.path(), url.query().unwrap());
                app.send(Request::get(path).body(Body::empty()).unwrap()).await.json()
            }
            Self::EventStream => {
                let reply = app.post("text/event-stream", body).await;
                let data = reply.text.lines().find_map(|line| line.strip_prefix("data: "));
                // What is refused before the stream begins is an ordinary answer.
                serde_json::from_str(data.unwrap_or(&reply.text)).unwrap()
            }
            Self::Socket => first_over_socket(app, "graphql-transport-ws", "subscribe", body).await,
            Self::OldSocket => first_over_socket(app, "graphql-ws", "start", body).await,
        }
    }
}

async fn first_over_socket(app: &App, protocol: &str, start: &str, payload: Value) -> Value {
    let mut client = Client::dial(app, &[("sec-websocket-protocol", protocol)]).await.unwrap();
    client.send(json!({ "type": "connection_init" })).await;
    assert_eq!(client.hear().await["type"], "connection_ack");
    client.send(json!({ "type": start, "id": "1", "payload": payload })).await;
    let answer = client.hear().await;
    match answer["type"].as_str() {
        Some("error") => json!({ "errors": answer["payload"] }),
        _ => answer["payload"].clone(),
    }
}

/// Asks on every transport, and expects an error with this code and all of these in its message.
async fn refused_everywhere(app: &App, query: &str, code: &str, told: &[&str]) {
    for transport in ALL {
        let answer = transport.ask(app, query).await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], code, "{transport:?}: {query}: {answer}");
        let message = error["message"].as_str().unwrap();
        assert!(told.iter().all(|told| message.contains(told)), "{transport:?}: {message}");
        assert!(answer.get("data").is_none(), "{transport:?}: {answer}");
    }
}

async fn answered_everywhere(app: &App, query: &str) {
    for transport in ALL {
        let answer = transport.ask(app, query).await;
        assert!(
            answer.get("errors").is_none() && answer["data"].is_object(),
            "{transport:?}: {query}: {answer}"
        );
    }
}

/// A bound on a document, a document at it, one over it, the code it is refused with, and what the message tells.
type Bound = (fn(&mut Limits), &'static str, &'static str, &'static str, [&'static str; 3]);

const BOUNDS: [Bound; 10] = [
    (
        |limits| limits.max_tokens = 6,
        "{ hello hello hello hello }",
        "{ hello hello hello hello hello }",
        "GRAPHQL_PARSE_FAILED",
        ["7 tokens", "at most 6", "(max-tokens)"],
    ),
    (
        |limits| (limits.max_tokens, limits.max_root_fields) = (25, 100),
        "{ ...F ...F ...F ...F ...F } fragment F on Query { hello hello hello hello hello }",
        "{ ...F ...F ...F ...F ...F ...F } fragment F on Query { hello hello hello hello hello }",
        "GRAPHQL_VALIDATION_FAILED",
        ["30 fields once its fragments are expanded", "at most 25", "(max-tokens)"],
    ),
    (
        |limits| limits.max_depth = 3,
        "{ items { nodes { id } } }",
        "{ items { nodes { id { more } } } }",
        "GRAPHQL_VALIDATION_FAILED",
        ["4 levels of fields", "at most 3", "(max-depth)"],
    ),
    (
        |limits| limits.max_introspection_depth = 3,
        "{ __schema { types { name } } }",
        "{ __schema { types { fields { name } } } }",
        "GRAPHQL_VALIDATION_FAILED",
        ["4 levels of introspection fields", "at most 3", "(max-introspection-depth)"],
    ),
    (
        |limits| limits.max_aliases = 2,
        "{ a: hello b: hello }",
        "{ a: hello b: hello c: hello }",
        "GRAPHQL_VALIDATION_FAILED",
        ["3 aliases", "at most 2", "(max-aliases)"],
    ),
    (
        |limits| limits.max_root_fields = 2,
        "{ hello a: hello }",
        "{ hello a: hello ... on Query { b: hello } }",
        "GRAPHQL_VALIDATION_FAILED",
        ["3 root fields", "at most 2", "(max-root-fields)"],
    ),
    (
        |limits| limits.max_directives = 1,
        "{ hello @skip(if: false) }",
        "{ hello @skip(if: false) @include(if: true) }",
        "GRAPHQL_VALIDATION_FAILED",
        ["2 directives", "at most 1", "(max-directives)"],
    ),
    (
        |limits| limits.max_page_size = 7,
        "{ items(first: 7) { nodes { id } } }",
        "{ items(first: 8) { nodes { id } } }",
        "BAD_USER_INPUT",
        ["not 8", "0 to 7", "`first` of `items`"],
    ),
    (
        |limits| limits.max_cost = 50,
        "{ items(first: 50) { nodes { id } } }",
        "{ items(first: 51) { nodes { id } } }",
        "COST_LIMIT",
        ["51 entities", "at most 50", "(max-cost)"],
    ),
    (
        |limits| limits.max_values = 10,
        "{ items(first: 5) { nodes { id again: id } } }",
        "{ items(first: 5) { nodes { id again: id } } hello }",
        "COST_LIMIT",
        ["11 values", "at most 10", "(max-values)"],
    ),
];

#[tokio::test]
async fn a_document_one_over_a_bound_is_refused_and_one_at_it_is_not() {
    for (bound, within, over, code, told) in BOUNDS {
        let mut limits = Limits::default();
        bound(&mut limits);
        let app = App::limited(limits);
        answered_everywhere(&app, within).await;
        refused_everywhere(&app, over, code, &told).await;
    }
}

#[tokio::test]
async fn a_mutation_has_a_bound_of_its_own() {
    let app = App::limited(Limits { max_mutation_fields: 1, ..Limits::default() });
    let told = ["2 root fields", "at most 1", "(max-mutation-fields)"];
    refused_everywhere(&app, "mutation { bump { id } a: bump { id } }", "GRAPHQL_VALIDATION_FAILED", &told)
        .await;
    assert_eq!(app.bumps(), 0);
    assert_eq!(app.ask("mutation { bump { id } }").await.json()["data"]["bump"]["id"], "0");
}

#[tokio::test]
async fn brackets_nest_only_so_deep_whatever_the_settings() {
    let query = format!("{{ hello(to: {}{}) }}", "[".repeat(63), "]".repeat(63));
    refused_everywhere(&App::new(), &query, "GRAPHQL_PARSE_FAILED", &["65 deep", "at most 64"]).await;
}

#[tokio::test]
async fn a_list_of_the_introspection_stands_once_on_a_path() {
    let query = "{ __schema { types { fields { type { fields { name } } } } } }";
    refused_everywhere(&App::new(), query, "GRAPHQL_VALIDATION_FAILED", &["`fields` stands inside itself"])
        .await;
}

#[tokio::test]
async fn introspection_that_is_switched_off_is_not_answered() {
    let app = App::with(Settings { introspection: false, ..Settings::default() });
    for query in ["{ __schema { types { name } } }", "{ __type(name: \"Query\") { name } }"] {
        refused_everywhere(&app, query, "GRAPHQL_VALIDATION_FAILED", &["switched off"]).await;
    }
    answered_everywhere(&app, "{ __typename hello }").await;
}

#[tokio::test]
async fn what_takes_too_long_is_given_up() {
    let limits = Limits {
        query_timeout: Duration::from_millis(20),
        mutation_timeout: Duration::from_millis(20),
        ..Limits::default()
    };
    refused_everywhere(&App::limited(limits.clone()), "{ never }", "TIMEOUT", &["0.02 s", "(query-timeout)"])
        .await;
    for transport in ALL.into_iter().filter(|transport| *transport != Transport::Get) {
        let answer = transport.ask(&App::limited(limits.clone()), "mutation { bumpLater }").await;
        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "TIMEOUT", "{transport:?}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("0.02 s (mutation-timeout)"), "{transport:?}: {message}");
    }
}

#[tokio::test]
async fn one_request_too_many_in_flight_is_told_to_come_back() {
    let app = App::limited(Limits { max_in_flight: 1, ..Limits::default() });
    let mut held = Box::pin(app.ask("{ never }"));
    assert!(futures_util::poll!(&mut held).is_pending());
    refused_everywhere(&app, "{ hello }", "OVERLOADED", &["1 requests are under way", "(max-in-flight)"])
        .await;
    drop(held);
    answered_everywhere(&app, "{ hello }").await;
}

#[tokio::test]
async fn a_client_has_its_share_of_what_is_in_flight_over_all_of_its_connections() {
    let app = App::limited(Limits { max_in_flight_per_client: 1, ..Limits::default() });
    let mut holding = Client::ready(&app).await;
    holding.subscribe("held", "{ never }").await;
    holding.send(json!({ "type": "ping" })).await;
    assert_eq!(holding.hear().await["type"], "pong");
    // The operation is a task of its own; until it has begun, a question of another connection may go first.
    let address = app.listen().await;
    let http = reqwest::Client::new();
    let ask = async || {
        let body = json!({ "query": "{ hello }" });
        let request = http.post(format!("http://{address}/graphql")).json(&body);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let mut answer = ask().await;
    while answer.get("errors").is_none() {
        answer = ask().await;
    }
    let message = answer["errors"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("1 requests of yours") && message.contains("(max-in-flight-per-client)"),
        "{message}"
    );
    for transport in [Transport::Socket, Transport::OldSocket] {
        let answer = transport.ask(&app, "{ hello }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "OVERLOADED", "{transport:?}: {answer}");
    }
    holding.send(json!({ "type": "complete", "id": "held" })).await;
    while ask().await.get("errors").is_some() {}
}

#[tokio::test]
async fn a_request_of_too_many_bytes_is_refused_as_its_transport_refuses() {
    let app = App::limited(Limits { max_body_bytes: 100, max_message_bytes: 100, ..Limits::default() });
    let long = format!("{{ hello }} # {}", "x".repeat(100));
    for accept in ["application/json", "application/graphql-response+json", "text/event-stream"] {
        let reply = app.send(post(accept, json!({ "query": long }))).await;
        assert_eq!(reply.status, 413, "{accept}");
        assert!(reply.error().1.contains("100 bytes, the most allowed (max-body-bytes)"), "{}", reply.text);
    }
    let url = format!("/graphql?query=%7Bhello%7D&more={}", "x".repeat(100));
    let get = Request::get(url).header(header::ACCEPT, "application/json").body(Body::empty()).unwrap();
    let reply = app.send(get).await;
    assert_eq!(reply.status, 414);
    assert!(
        reply.error().1.contains("123 bytes; at most 100 are allowed (max-body-bytes)"),
        "{}",
        reply.text
    );
    for (protocol, start) in [("graphql-transport-ws", "subscribe"), ("graphql-ws", "start")] {
        let mut client = Client::dial(&app, &[("sec-websocket-protocol", protocol)]).await.unwrap();
        client.send(json!({ "type": "connection_init" })).await;
        assert_eq!(client.hear().await["type"], "connection_ack");
        client.send(json!({ "type": start, "id": "1", "payload": { "query": long } })).await;
        assert_eq!(client.closed().await, 1009, "{protocol}");
    }
}
