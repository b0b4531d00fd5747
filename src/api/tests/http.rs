//! GraphQL over HTTP, as a client sees it.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;

use super::toy::{App, Reply, post};
use crate::api::settings::{Limits, Settings};

const JSON: &str = "application/json";
const GRAPHQL: &str = "application/graphql-response+json";

fn get(url: &str) -> Request<Body> {
    Request::get(url).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn a_query_is_answered_in_the_media_type_that_was_asked_for() {
    let app = App::new();
    for (accept, content_type) in [(JSON, JSON), (GRAPHQL, GRAPHQL), ("*/*", JSON)] {
        let reply = app.post(accept, json!({ "query": "{ hello }" })).await;
        assert_eq!(reply.status, StatusCode::OK);
        assert!(reply.header("content-type").starts_with(content_type), "{accept}");
        assert_eq!(reply.json()["data"], json!({ "hello": "world" }));
        assert_eq!(reply.json()["extensions"]["log"]["position"], "7");
    }
}

#[tokio::test]
async fn a_document_that_is_not_executed_has_no_data_and_a_status_by_media_type() {
    let app = App::new();
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("query($t: String!) { echo(text: $t) }", "BAD_USER_INPUT"),
        ("{ when(at: \"2026-11-09\") }", "BAD_USER_INPUT"),
    ] {
        let reply = app.post(GRAPHQL, json!({ "query": query })).await;
        assert_eq!((reply.status, reply.error().0.as_str()), (StatusCode::BAD_REQUEST, code), "{query}");
        assert!(reply.json().get("data").is_none());
        assert_eq!(app.post(JSON, json!({ "query": query })).await.status, StatusCode::OK, "{query}");
    }
}

#[tokio::test]
async fn a_variable_that_does_not_fit_is_told_with_its_path_and_the_scalars_reason() {
    let app = App::new();
    let body = json!({ "query": "query($m: Moment!) { when(at: $m) }", "variables": { "m": "2026-11-09" } });
    let (code, message) = app.post(GRAPHQL, body).await.error();
    assert_eq!(code, "BAD_USER_INPUT");
    assert_eq!(message, "The variable $m is not a valid Moment, \"2026-11-09\": add a time and zone.");
}

#[tokio::test]
async fn a_malformed_request_is_a_bad_request_whatever_the_media_type() {
    let app = App::new();
    for body in [
        json!({}),
        json!({ "query": 1 }),
        json!({ "query": "{ hello }", "variables": [] }),
        json!({ "query": "{ hello }", "operationName": false }),
        json!({ "query": "{ hello }", "extensions": "x" }),
        json!({ "query": "{ hello }", "extensions": { "minPosition": -1 } }),
        json!([{ "query": "{ hello }" }]),
    ] {
        let reply = app.post(JSON, body.clone()).await;
        assert_eq!(
            (reply.status, reply.error().0.as_str()),
            (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_by_its_type() {
    let app = App::new();
    for content_type in ["text/plain", "application/json; charset=latin1", "multipart/form-data"] {
        let request = Request::post("/graphql").header(header::CONTENT_TYPE, content_type);
        let reply = app.send(request.body(Body::from("{\"query\":\"{hello}\"}")).unwrap()).await;
        assert_eq!(reply.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
    let mut packed = post(JSON, json!({ "query": "{ hello }" }));
    packed.headers_mut().insert(header::CONTENT_ENCODING, "gzip".parse().unwrap());
    assert_eq!(app.send(packed).await.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_body_over_the_bound_is_refused_whether_its_length_is_told_or_not() {
    let app = App::new();
    let long = json!({ "query": " ".repeat(64 * 1024) });
    let reply = app.post(JSON, long.clone()).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(reply.error().1.contains("65536 bytes, the most allowed (max-body-bytes)"));
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(long.to_string())]);
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, JSON);
    let reply = app.send(request.body(Body::from_stream(chunks)).unwrap()).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn other_methods_are_told_which_would_do() {
    let app = App::new();
    let reply = app.send(Request::put("/graphql").body(Body::empty()).unwrap()).await;
    assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, POST"));
}

#[tokio::test]
async fn get_reads_with_the_chosen_operation_and_never_writes() {
    let app = App::new();
    let url = "/graphql?query=query+A($t:String!)%7Becho(text:$t)%7D+query+B%7Bhello%7D&operationName=A\
               &variables=%7B%22t%22:%22hi%22%7D";
    assert_eq!(app.send(get(url)).await.json()["data"], json!({ "echo": "hi" }));
    let reply = app.send(get("/graphql?query=mutation%7Bbump%7Bid%7D%7D")).await;
    assert_eq!((reply.status, reply.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert_eq!(app.bumps(), 0);
}

#[tokio::test]
async fn a_get_with_cookies_needs_a_header_that_a_foreign_page_cannot_send() {
    let app = App::new();
    let cookie = || Request::get("/graphql?query=%7Bhello%7D").header(header::COOKIE, "a=b");
    let reply = app.send(cookie().body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let deliberate = cookie().header("graphql-require-preflight", "1").body(Body::empty()).unwrap();
    assert_eq!(app.send(deliberate).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_get_of_what_never_changes_may_be_kept_and_has_no_body_when_it_is_known() {
    let app = App::new();
    let url = "/graphql?query=query+Fixed%7Bhello%7D&operationName=Fixed";
    let reply = app.send(get(url)).await;
    assert_eq!(reply.json()["data"], json!({ "hello": "world" }));
    assert_eq!(reply.header("cache-control"), "private, max-age=3600");
    let tag = reply.header("etag").to_owned();
    for (known, status) in [
        (tag.clone(), StatusCode::NOT_MODIFIED),
        (format!("\"other\", W/{tag}"), StatusCode::NOT_MODIFIED),
        ("\"other\"".to_owned(), StatusCode::OK),
    ] {
        let again = Request::get(url).header(header::IF_NONE_MATCH, &known).body(Body::empty()).unwrap();
        let again = app.send(again).await;
        assert_eq!((again.status, again.header("etag")), (status, tag.as_str()), "{known}");
        assert_eq!(again.text.is_empty(), status == StatusCode::NOT_MODIFIED);
        assert_eq!(again.header("vary"), "Accept");
    }
    let other = Request::get(url).header(header::ACCEPT, GRAPHQL).body(Body::empty()).unwrap();
    assert_ne!(app.send(other).await.header("etag"), tag, "another representation, another tag");
}

#[tokio::test]
async fn what_may_change_was_posted_or_failed_is_not_kept() {
    let app = App::new();
    let replies = [
        app.send(get("/graphql?query=%7Bhello%7D")).await,
        app.send(get("/graphql?query=query+Fixed%7Bhello+refuse%7D&operationName=Fixed")).await,
        app.post(JSON, json!({ "query": "query Fixed { hello }", "operationName": "Fixed" })).await,
    ];
    for reply in replies {
        assert_eq!((reply.header("etag"), reply.header("cache-control")), ("", "no-store"), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_ours_is_told_what_there_is() {
    let reply = App::new().post("image/png", json!({ "query": "{ hello }" })).await;
    assert_eq!(reply.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn a_panic_and_an_error_nobody_chose_to_show_are_a_trace_id_that_stands_in_the_log() {
    let app = App::new();
    let (log, _logging) = logged();
    let reply = app.ask("{ boom }").await;
    assert_eq!(
        (reply.status, reply.error().0.as_str()),
        (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR")
    );
    assert!(!reply.text.contains("exploded"));
    let trace = |reply: &Reply| {
        let id = reply.json()["errors"][0]["extensions"]["traceId"].clone();
        id.as_str().unwrap().to_owned()
    };
    assert!(log.line_with(&trace(&reply)).contains("the toy exploded"));

    let reply = app.ask("{ hello leak }").await;
    assert_eq!(reply.json()["data"], json!({ "hello": "world", "leak": null }));
    assert_eq!(reply.json()["errors"][0]["path"], json!(["leak"]));
    assert!(!reply.text.contains("1234"));
    assert!(log.line_with(&trace(&reply)).contains("password is 1234"));
}

/// What is logged on this thread from now on.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// The only line with this text.
    fn line_with(&self, text: &str) -> String {
        let log = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(text)).collect();
        assert_eq!(lines.len(), 1, "{log}");
        lines[0].to_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn logged() -> (Log, tracing::subscriber::DefaultGuard) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    (log, tracing::subscriber::set_default(subscriber))
}

#[tokio::test]
async fn an_error_with_a_code_is_shown_beside_the_data() {
    let reply = App::new().ask("{ hello refuse }").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert_eq!(reply.error(), ("NOT_YET_VISIBLE".into(), "too late".into()));
}

#[tokio::test]
async fn the_caller_is_read_from_headers_and_the_actor_only_when_trusted() {
    let id = "018f4e9a-7c1b-7000-8000-000000000000";
    let request = || {
        let mut request = post(JSON, json!({ "query": "{ caller }", "extensions": { "minPosition": "12" } }));
        request.headers_mut().insert("hindsight-actor", "ann".parse().unwrap());
        request.headers_mut().insert("hindsight-correlation-id", id.parse().unwrap());
        request
    };
    let plain = App::new().send(request()).await.text;
    assert!(
        plain.contains(id) && plain.contains("min_position: Some(12)") && !plain.contains("ann"),
        "{plain}"
    );
    let trusting = Settings { trust_actor_header: true, ..Settings::default() };
    assert!(App::with(trusting).send(request()).await.text.contains("ann"));
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_refused_by_name() {
    let mut request = post(JSON, json!({ "query": "{ hello }" }));
    request.headers_mut().insert("hindsight-causation-id", "yesterday".parse().unwrap());
    let reply = App::new().send(request).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert!(reply.error().1.contains("Hindsight-Causation-Id must be a UUID"));
}

#[tokio::test]
async fn a_field_of_a_mutation_selected_twice_runs_once() {
    let app = App::new();
    let reply = app.ask("mutation { bump { id } bump { again: id } }").await;
    assert_eq!(reply.json()["data"], json!({ "bump": { "id": "0", "again": "0" } }));
    assert_eq!(app.bumps(), 1);
    let reply = app.ask("mutation { bump { id } ...F } fragment F on Mutation { bump { id } }").await;
    assert_eq!(reply.error().0, "GRAPHQL_VALIDATION_FAILED");
    let reply = app.ask("mutation { bump(by: 1) { id } bump(by: 2) { id } }").await;
    assert_eq!(reply.error().0, "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(app.bumps(), 1);
}

#[tokio::test]
async fn a_persisted_query_is_known_after_it_was_valid_once() {
    let app = App::new();
    let hash = |text: &str| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text));
    let extensions = |text| json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } });
    let by_hash = |text| json!({ "extensions": extensions(text) });
    let with_text = |text| json!({ "query": text, "extensions": extensions(text) });
    assert_eq!(app.post(GRAPHQL, by_hash("{ hello }")).await.error().0, "PERSISTED_QUERY_NOT_FOUND");
    app.post(GRAPHQL, with_text("{ hello }")).await;
    assert_eq!(app.post(GRAPHQL, by_hash("{ hello }")).await.json()["data"], json!({ "hello": "world" }));
    app.post(GRAPHQL, with_text("{ invalid }")).await;
    assert_eq!(app.post(GRAPHQL, by_hash("{ invalid }")).await.error().0, "PERSISTED_QUERY_NOT_FOUND");
}

#[tokio::test]
async fn health_readiness_and_the_page_answer_with_safe_headers() {
    let app = App::new();
    assert_eq!(app.send(get("/healthz")).await.status, StatusCode::OK);
    let reply = app.send(get("/readyz")).await;
    assert_eq!((reply.status, reply.json()), (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false })));
    for path in ["/", "/playground"] {
        let reply = app.send(get(path)).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (StatusCode::OK, "text/html; charset=utf-8")
        );
        assert!(reply.header("content-security-policy").starts_with("default-src 'none'; "));
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
    }
    let off = App::with(Settings { explorer: false, ..Settings::default() });
    for path in ["/", "/playground"] {
        assert_eq!(off.send(get(path)).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn only_pages_that_are_named_may_read_answers_from_elsewhere() {
    let preflight = || {
        Request::options("/graphql")
            .header(header::ORIGIN, "https://shop.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "content-type")
            .body(Body::empty())
            .unwrap()
    };
    let own = App::new().send(preflight()).await;
    assert_eq!(own.header("access-control-allow-origin"), "");
    for (allowed, told) in
        [("https://shop.example", "https://shop.example"), ("https://other.example", ""), ("*", "*")]
    {
        let named = Settings { allowed_origins: vec![allowed.into()], ..Settings::default() };
        let reply = App::with(named).send(preflight()).await;
        assert_eq!(reply.header("access-control-allow-origin"), told, "{allowed}");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn a_subscription_over_plain_http_is_told_where_to_go() {
    let reply = App::new().ask("subscription { silence }").await;
    assert_eq!((reply.status, reply.error().0.as_str()), (StatusCode::BAD_REQUEST, "BAD_REQUEST"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_arrives_is_given_up() {
    let app = App::limited(Limits::default());
    let never = futures_util::stream::pending::<Result<String, std::io::Error>>();
    let request = Request::post("/graphql").header(header::CONTENT_TYPE, JSON);
    let reply = app.send(request.body(Body::from_stream(never)).unwrap()).await;
    assert_eq!(reply.status, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn a_guarded_server_answers_under_its_names_only() {
    let app = App::with(Settings { hosts: Some(vec!["shop.example".into()]), ..Settings::default() });
    for (host, status) in [
        ("localhost:8080", StatusCode::OK),
        ("shop.localhost", StatusCode::OK),
        ("127.0.0.1:8080", StatusCode::OK),
        ("[::1]:8080", StatusCode::OK),
        ("Shop.example:443", StatusCode::OK),
        ("evil.example:8080", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1.evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("shop.example@evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("", StatusCode::MISDIRECTED_REQUEST),
    ] {
        for path in ["/graphql?query=%7Bhello%7D", "/healthz", "/"] {
            let request = Request::get(path).header(header::HOST, host).body(Body::empty()).unwrap();
            let reply = app.send(request).await;
            assert_eq!(reply.status, status, "{host} {path}");
            assert_eq!(reply.header("x-content-type-options"), "nosniff", "{host} {path}");
        }
    }
    let request = Request::get("/healthz").header(header::HOST, "evil.example").body(Body::empty()).unwrap();
    let (code, message) = app.send(request).await.error();
    assert!(code == "BAD_REQUEST" && message.contains("(allow-host)"), "{message}");
}

#[tokio::test]
async fn what_hangs_on_typename_is_validated_like_anything_else() {
    let app = App::new();
    for text in [
        "{ __typename(x: 1) }",
        "{ __typename { a } }",
        "{ __typename @nope }",
        "{ __typename @skip }",
        "{ __typename @skip(if: 1) }",
        "{ ...F } fragment F on Query { __typename @include(if: \"yes\") }",
    ] {
        let reply = app.ask(text).await;
        assert_eq!(
            (reply.status, reply.error().0.as_str()),
            (StatusCode::BAD_REQUEST, "GRAPHQL_VALIDATION_FAILED"),
            "{text}"
        );
    }
    let text = "query($v: Boolean!) { hello kind: __typename @skip(if: $v) }";
    for (skipped, data) in
        [(true, json!({ "hello": "world" })), (false, json!({ "hello": "world", "kind": "Query" }))]
    {
        let reply = app.post(GRAPHQL, json!({ "query": text, "variables": { "v": skipped } })).await;
        assert_eq!(reply.json()["data"], data, "{}", reply.text);
    }
}

#[tokio::test]
async fn a_panic_in_one_field_of_a_mutation_does_not_hide_what_the_others_committed() {
    let app = App::new();
    let reply = app
        .ask("mutation { first: bump { id } boom bad: bumpBadly { id required } last: bump { id } }")
        .await;
    let data = json!({ "first": { "id": "0" }, "boom": null, "bad": null, "last": { "id": "1" } });
    assert_eq!((reply.status, &reply.json()["data"]), (StatusCode::OK, &data), "{}", reply.text);
    let mut paths = Vec::new();
    for error in reply.json()["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"]["code"], "INTERNAL_SERVER_ERROR");
        paths.push(error["path"].to_string());
    }
    paths.sort();
    assert_eq!(paths, ["[\"bad\",\"required\"]", "[\"boom\"]"]);
    assert!(!reply.text.contains("exploded"));
}
