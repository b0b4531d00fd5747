//! Shutdown, patience and the bound on sockets, over real ones.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::toy::App;
use crate::api::settings::{Limits, Settings};

async fn serving(app: &App) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(app.serving(listener)))
}

fn asking(address: SocketAddr, query: &str) -> JoinHandle<reqwest::Result<reqwest::Response>> {
    let body = json!({ "query": query });
    tokio::spawn(reqwest::Client::new().post(format!("http://{address}/graphql")).json(&body).send())
}

#[tokio::test]
async fn a_request_under_way_is_answered_after_shutdown_began() {
    let app = App::new();
    let (address, server) = serving(&app).await;
    let asked = asking(address, "mutation { bumpLater }");
    app.world.begun.notified().await;
    app.shutdown.cancel();
    app.world.gate.notify_one();
    let answer: Value = asked.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer["data"], json!({ "bumpLater": true }));
    server.await.unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_does_not_keep_the_server() {
    let app = App::with(Settings { shutdown_grace: Duration::from_millis(10), ..Settings::default() });
    let (address, server) = serving(&app).await;
    let _asked = asking(address, "mutation { bumpLater }");
    app.world.begun.notified().await;
    app.shutdown.cancel();
    server.await.unwrap();
}

/// All that comes until the server closes.
async fn rest(mut socket: TcpStream) -> String {
    let mut heard = String::new();
    socket.read_to_string(&mut heard).await.unwrap();
    heard
}

#[tokio::test]
async fn a_head_that_never_ends_and_a_connection_left_idle_are_closed() {
    let app = App::with(Settings { head_timeout: Duration::from_millis(50), ..Settings::default() });
    let (address, _server) = serving(&app).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow").await.unwrap();
    assert_eq!(rest(slow).await, "");
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let heard = rest(idle).await;
    assert!(heard.starts_with("HTTP/1.1 200 OK") && heard.ends_with("ok\n"), "{heard}");
}

#[tokio::test]
async fn a_socket_over_the_bound_is_served_once_another_is_closed() {
    let app = App::limited(Limits { max_sockets: 1, ..Limits::default() });
    let (address, _server) = serving(&app).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    first.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut head = [0; 15];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let mut second = TcpStream::connect(address).await.unwrap();
    second.write_all(b"GET /healthz HTTP/1.0\r\n\r\n").await.unwrap();
    let served = tokio::spawn(rest(second));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!served.is_finished());
    drop(first);
    assert!(served.await.unwrap().ends_with("ok\n"));
}

#[tokio::test]
async fn a_peer_that_takes_nothing_of_its_stream_is_let_go_and_its_source_with_it() {
    let settings = Settings { write_timeout: Duration::from_millis(50), ..Settings::default() };
    let app = App::with(Settings { limits: Limits { max_connections: 1, ..Limits::default() }, ..settings });
    let (address, _server) = serving(&app).await;
    let body = json!({ "query": "subscription { flood }" }).to_string();
    let mut blocked = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    blocked.write_all(head.as_bytes()).await.unwrap();
    // There is room for one stream: it is free again once the first is let go.
    let again = async || {
        let request = reqwest::Client::new().post(format!("http://{address}/graphql"));
        let request = request.header("accept", "text/event-stream").json(&json!({ "query": "{ hello }" }));
        request.send().await.unwrap().status()
    };
    while app.flooded() == 0 {
        tokio::task::yield_now().await;
    }
    while again().await != 200 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let produced = app.flooded();
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(app.flooded(), produced);
    drop(blocked);
}
