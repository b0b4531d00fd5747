//! Shutdown, over a real socket.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::toy::App;
use crate::api::serve::serve;

async fn serving(app: &App, grace: Duration) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(serve(listener, app.router.clone(), app.shutdown.clone(), grace)))
}

fn asking(address: SocketAddr, query: &str) -> JoinHandle<reqwest::Result<reqwest::Response>> {
    let body = json!({ "query": query });
    tokio::spawn(reqwest::Client::new().post(format!("http://{address}/graphql")).json(&body).send())
}

#[tokio::test]
async fn a_request_under_way_is_answered_after_shutdown_began() {
    let app = App::new();
    let (address, server) = serving(&app, Duration::from_secs(30)).await;
    let asked = asking(address, "mutation { bumpLater }");
    app.world.begun.notified().await;
    app.shutdown.cancel();
    app.world.gate.notify_one();
    let answer: Value = asked.await.unwrap().unwrap().json().await.unwrap();
    assert_eq!(answer["data"], json!({ "bumpLater": true }));
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_does_not_end_does_not_keep_the_server() {
    let app = App::new();
    let (address, server) = serving(&app, Duration::from_millis(10)).await;
    let _asked = asking(address, "mutation { bumpLater }");
    app.world.begun.notified().await;
    app.shutdown.cancel();
    server.await.unwrap().unwrap();
}
