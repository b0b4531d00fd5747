//! Both WebSocket sub-protocols over a real socket, as their clients speak them.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::toy::App;
use crate::api::settings::{Limits, Settings};

const TRANSPORT: &str = "graphql-transport-ws";

pub(super) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    /// Opens a socket with these headers.
    pub(super) async fn dial(app: &App, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let address = app.listen().await;
        let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
        for (name, value) in headers {
            request
                .headers_mut()
                .insert(*name, value.replace("{own}", &address.to_string()).parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    async fn open(app: &App) -> Self {
        Self::dial(app, &[("sec-websocket-protocol", TRANSPORT)]).await.unwrap()
    }

    /// Opens a socket and has it acknowledged.
    pub(super) async fn ready(app: &App) -> Self {
        let mut client = Self::open(app).await;
        client.send(json!({ "type": "connection_init" })).await;
        assert_eq!(client.hear().await["type"], "connection_ack");
        client
    }

    pub(super) async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(super) async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await;
    }

    /// The next message of the protocol.
    pub(super) async fn hear(&mut self) -> Value {
        loop {
            match self.0.next().await.unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("expected a message, got {other:?}"),
            }
        }
    }

    /// The code the server closes with, whatever it sends before.
    pub(super) async fn closed(mut self) -> u16 {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("expected a close frame, got {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_subscription_is_acknowledged_streamed_and_completed() {
    let app = App::new();
    let mut client = Client::open(&app).await;
    client.send(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(client.hear().await, json!({ "type": "connection_ack", "payload": { "position": "7" } }));
    client.subscribe("a", "subscription { count(to: 2) }").await;
    for n in 0..2 {
        let next = client.hear().await;
        assert_eq!((&next["type"], &next["id"]), (&json!("next"), &json!("a")));
        assert_eq!(next["payload"]["data"]["count"], n);
    }
    assert_eq!(client.hear().await, json!({ "type": "complete", "id": "a" }));
}

#[tokio::test]
async fn queries_and_mutations_have_one_result_and_complete() {
    let app = App::new();
    let mut client = Client::ready(&app).await;
    for (id, query, data) in [
        ("q", "{ hello }", json!({ "hello": "world" })),
        ("m", "mutation { bump { id } }", json!({ "bump": { "id": "0" } })),
    ] {
        client.subscribe(id, query).await;
        assert_eq!(client.hear().await["payload"]["data"], data);
        assert_eq!(client.hear().await, json!({ "type": "complete", "id": id }));
    }
}

#[tokio::test]
async fn what_is_not_executed_is_an_error_message_and_the_id_is_free_again() {
    let app = App::new();
    let mut client = Client::ready(&app).await;
    for (query, code) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($t: String!) { echo(text: $t) }", "BAD_USER_INPUT"),
        ("{ boom }", "INTERNAL_SERVER_ERROR"),
    ] {
        client.subscribe("a", query).await;
        let error = client.hear().await;
        assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("a")), "{query}");
        assert_eq!(error["payload"][0]["extensions"]["code"], code, "{query}");
    }
}

#[tokio::test]
async fn completed_by_the_client_an_operation_is_silent_and_its_id_free() {
    let app = App::new();
    let mut client = Client::ready(&app).await;
    client.subscribe("a", "subscription { flood }").await;
    assert_eq!(client.hear().await["id"], "a");
    client.send(json!({ "type": "complete", "id": "a" })).await;
    client.send(json!({ "type": "ping", "payload": { "n": 1 } })).await;
    while client.hear().await["type"] != "pong" {}
    client.subscribe("a", "{ hello }").await;
    assert_eq!(client.hear().await["payload"]["data"], json!({ "hello": "world" }));
}

#[tokio::test]
async fn a_flood_does_not_drown_other_operations_nor_pings() {
    let app = App::new();
    let mut client = Client::ready(&app).await;
    client.subscribe("flood", "subscription { flood }").await;
    client.subscribe("query", "{ hello }").await;
    client.send(json!({ "type": "ping" })).await;
    let (mut answered, mut ponged) = (false, false);
    while !(answered && ponged) {
        let message = client.hear().await;
        answered |= message["id"] == "query";
        ponged |= message["type"] == "pong";
    }
}

#[tokio::test]
async fn every_breach_of_the_protocol_has_its_close_code() {
    let app = App::new();
    for (messages, code) in [
        (vec![json!("what")], 4400),
        (vec![json!({ "type": "hello" })], 4400),
        (vec![json!({ "type": "connection_init", "payload": 1 })], 4400),
        (vec![json!({ "type": "connection_init" }), json!({ "type": "subscribe", "payload": {} })], 4400),
        (vec![json!({ "type": "connection_init" }), json!({ "type": "subscribe", "id": "a" })], 4400),
        (vec![json!({ "type": "subscribe", "id": "a", "payload": { "query": "{ hello }" } })], 4401),
        (vec![json!({ "type": "connection_init" }), json!({ "type": "connection_init" })], 4429),
    ] {
        let mut client = Client::open(&app).await;
        for message in &messages {
            client.send(message.clone()).await;
        }
        assert_eq!(client.closed().await, code, "{messages:?}");
    }
    let mut client = Client::open(&app).await;
    client.0.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(client.closed().await, 4400);
}

#[tokio::test]
async fn an_id_in_use_is_4409() {
    let app = App::new();
    let mut client = Client::ready(&app).await;
    client.subscribe("a", "subscription { silence }").await;
    client.subscribe("a", "{ hello }").await;
    assert_eq!(client.closed().await, 4409);
}

#[tokio::test]
async fn a_caller_who_is_not_welcome_is_4403_and_a_proxys_actor_stands() {
    let app = App::with(Settings { trust_actor_header: true, ..Settings::default() });
    let mut client = Client::open(&app).await;
    client.send(json!({ "type": "connection_init", "payload": { "hindsight-actor": "mallory" } })).await;
    assert_eq!(client.closed().await, 4403);
    let headers = [("sec-websocket-protocol", TRANSPORT), ("hindsight-actor", "ann")];
    let mut client = Client::dial(&app, &headers).await.unwrap();
    client.send(json!({ "type": "connection_init", "payload": { "Hindsight-Actor": "mallory" } })).await;
    assert_eq!(client.hear().await["type"], "connection_ack");
    client.subscribe("a", "{ caller }").await;
    assert!(client.hear().await["payload"]["data"]["caller"].as_str().unwrap().contains("ann"));
}

#[tokio::test]
async fn an_unknown_sub_protocol_is_4406() {
    let app = App::new();
    assert_eq!(Client::dial(&app, &[]).await.unwrap().closed().await, 4406);
}

#[tokio::test]
async fn the_old_sub_protocol_can_be_switched_off() {
    let app = App::with(Settings { legacy_ws: false, ..Settings::default() });
    let headers = [("sec-websocket-protocol", "graphql-ws")];
    let address = app.listen().await;
    let mut request = format!("ws://{address}/graphql").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    // Without a sub-protocol in the answer the client gives up by itself.
    assert!(connect_async(request).await.is_err());
}

#[tokio::test]
async fn of_several_sub_protocols_the_client_s_first_is_spoken() {
    let app = App::new();
    for (offered, message) in [
        ("mqtt, graphql-ws, graphql-transport-ws", "start"),
        ("graphql-transport-ws, graphql-ws", "subscribe"),
    ] {
        let mut client = Client::dial(&app, &[("sec-websocket-protocol", offered)]).await.unwrap();
        client.send(json!({ "type": "connection_init" })).await;
        assert_eq!(client.hear().await["type"], "connection_ack");
        client.send(json!({ "type": message, "id": "1", "payload": { "query": "{ __typename }" } })).await;
        assert_eq!(client.hear().await["id"], "1", "{offered}");
    }
}

/// A paused clock would run ahead of the sockets, so what keeps time with a peer runs against a short one.
fn impatient() -> App {
    App::with(Settings {
        ping_interval: Duration::from_millis(10),
        pong_timeout: Duration::from_secs(1),
        ..Settings::default()
    })
}

#[tokio::test]
async fn a_socket_that_never_initialises_is_4408() {
    let app = App::with(Settings { init_timeout: Duration::from_millis(20), ..Settings::default() });
    assert_eq!(Client::open(&app).await.closed().await, 4408);
}

#[tokio::test]
async fn a_peer_that_answers_pings_stays_and_one_that_does_not_is_let_go() {
    let mut client = Client::ready(&impatient()).await;
    for _ in 0..3 {
        let ping = client.hear().await;
        assert_eq!(ping, json!({ "type": "ping", "payload": { "position": "7" } }));
        client.send(json!({ "type": "pong" })).await;
    }
    assert_eq!(client.hear().await["type"], "ping");
    assert_eq!(client.closed().await, 1001);
}

#[tokio::test]
async fn shutdown_closes_with_1012() {
    let app = App::new();
    let mut client = Client::ready(&app).await;
    client.subscribe("a", "subscription { silence }").await;
    app.shutdown.cancel();
    assert_eq!(client.closed().await, 1012);
}

#[tokio::test]
async fn a_client_that_closes_is_answered() {
    let mut client = Client::ready(&App::new()).await;
    client.0.close(None).await.unwrap();
    // Anything but an orderly end would be an error here.
    while let Some(message) = client.0.next().await {
        assert!(message.unwrap().is_close());
    }
}

#[tokio::test]
async fn a_socket_too_many_is_1013_and_an_operation_too_many_an_error() {
    let app = App::limited(Limits { max_connections: 1, max_subscriptions: 1, ..Limits::default() });
    let mut client = Client::ready(&app).await;
    assert_eq!(Client::open(&app).await.closed().await, 1013);
    client.subscribe("a", "subscription { silence }").await;
    client.subscribe("b", "subscription { silence }").await;
    let error = client.hear().await;
    assert_eq!((&error["type"], &error["id"]), (&json!("error"), &json!("b")));
    assert_eq!(error["payload"][0]["extensions"]["code"], "OVERLOADED");
}

#[tokio::test]
async fn a_message_over_the_bound_is_1009() {
    let app = App::limited(Limits { max_message_bytes: 1024, ..Limits::default() });
    let mut client = Client::ready(&app).await;
    client.subscribe("a", &" ".repeat(2048)).await;
    assert_eq!(client.closed().await, 1009);
}

#[tokio::test]
async fn only_pages_of_ours_and_named_ones_may_open_a_socket() {
    let app =
        App::with(Settings { allowed_origins: vec!["https://shop.example".into()], ..Settings::default() });
    for (origin, allowed) in [
        ("http://{own}", true),
        ("https://shop.example", true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let opened = Client::dial(&app, &[("sec-websocket-protocol", TRANSPORT), ("origin", origin)]).await;
        assert_eq!(opened.err(), (!allowed).then_some(403), "{origin}");
    }
}

#[tokio::test]
async fn a_blocked_socket_holds_its_source_up_and_nobody_else() {
    let app = App::new();
    let mut blocked = Client::ready(&app).await;
    blocked.subscribe("a", "subscription { flood }").await;
    let mut other = Client::ready(&app).await;
    // All that fits between the two ends is made; then nothing more is.
    let mut made = usize::MAX;
    while made != app.flooded() || made == 0 {
        made = app.flooded();
        other.send(json!({ "type": "ping" })).await;
        assert_eq!(other.hear().await["type"], "pong");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    other.subscribe("a", "{ hello }").await;
    assert_eq!(other.hear().await["payload"]["data"], json!({ "hello": "world" }));
    assert_eq!(blocked.hear().await["id"], "a");
    for _ in 0..made {
        blocked.hear().await;
    }
    assert!(app.flooded() > made, "it goes on once its peer takes something");
}

#[tokio::test]
async fn a_peer_that_takes_nothing_is_let_go() {
    let app = App::with(Settings {
        write_timeout: Duration::from_millis(50),
        limits: Limits { max_connections: 1, ..Limits::default() },
        ..Settings::default()
    });
    let mut blocked = Client::ready(&app).await;
    blocked.subscribe("a", "subscription { flood }").await;
    // There is room for one socket: it is free again once the first is let go.
    loop {
        let mut next = Client::open(&app).await;
        // One that is turned away may be closed before it has said anything.
        let said = next.0.send(Message::text(json!({ "type": "connection_init" }).to_string())).await;
        if said.is_ok() && matches!(next.0.next().await, Some(Ok(Message::Text(_)))) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn the_old_sub_protocol_works_on_the_same_machinery() {
    let app = App::new();
    let mut client = Client::dial(&app, &[("sec-websocket-protocol", "graphql-ws")]).await.unwrap();
    client.send(json!({ "type": "connection_init", "payload": {} })).await;
    assert_eq!(client.hear().await["type"], "connection_ack");
    let start = |query: &str| json!({ "type": "start", "id": "1", "payload": { "query": query } });
    client.send(start("subscription { count(to: 1) }")).await;
    let data = client.hear().await;
    assert_eq!((&data["type"], &data["payload"]["data"]["count"]), (&json!("data"), &json!(0)));
    assert_eq!(client.hear().await, json!({ "type": "complete", "id": "1" }));
    client.send(start("{ nothing }")).await;
    assert_eq!(client.hear().await["type"], "error");
    client.send(json!({ "type": "connection_terminate" })).await;
    assert_eq!(client.closed().await, 1000);
}

#[tokio::test]
async fn in_the_old_sub_protocol_answering_ping_frames_is_enough() {
    let app = impatient();
    let mut client = Client::dial(&app, &[("sec-websocket-protocol", "graphql-ws")]).await.unwrap();
    client.send(json!({ "type": "connection_init" })).await;
    assert_eq!(client.hear().await["type"], "connection_ack");
    // Each comes only after the ping frame beside the former one was answered.
    for _ in 0..3 {
        assert_eq!(client.hear().await, json!({ "type": "ka" }));
    }
}
