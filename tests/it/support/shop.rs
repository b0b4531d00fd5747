//! A shop served on loopback: what its users do are this app's verbs.

use std::net::SocketAddr;
use std::time::Duration;

use hindsight::api::serve::serve;
use hindsight::api::settings::Settings;
use hindsight::app::App;
use hindsight::config::Storage;
use hindsight::engine::read_model;
use hindsight::engine::store::Location;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::home::Home;
use super::node::{NOON, TestClock};

/// A served shop with a clock the test turns.
pub struct Shop {
    pub app: App,
    pub clock: TestClock,
    pub address: SocketAddr,
    http: reqwest::Client,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

impl Shop {
    /// Opens a shop at noon.
    pub async fn open(home: &Home) -> Self {
        Self::open_with(home, TestClock::at(NOON), Settings::default()).await
    }

    pub async fn open_with(home: &Home, clock: TestClock, settings: Settings) -> Self {
        Self::reading_with(home, clock, settings, read_model::Settings::default()).await
    }

    /// The same with other settings of the read models.
    pub async fn reading_with(
        home: &Home,
        clock: TestClock,
        settings: Settings,
        reading: read_model::Settings,
    ) -> Self {
        let storage = storage(home);
        let started = App::start_with(&storage, std::sync::Arc::new(clock.clone()), reading);
        let app = started.await.expect("a shop");
        let shutdown = CancellationToken::new();
        let router = app.router(settings.clone(), shutdown.clone()).expect("a schema");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = shutdown.clone();
        let serving = tokio::spawn(async move {
            serve(listener, router, stop, &settings).await;
        });
        Self { app, clock, address, http: reqwest::Client::new(), shutdown, serving }
    }

    /// The whole response to a request.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        self.post(json!({ "query": query, "variables": variables })).await
    }

    /// The whole response to a request body.
    pub async fn post(&self, body: Value) -> Value {
        self.post_with(&[], body).await
    }

    /// The whole response to a request body with headers.
    async fn post_with(&self, headers: &[(&str, &str)], body: Value) -> Value {
        let url = format!("http://{}/graphql", self.address);
        let mut request = self.http.post(url).json(&body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.expect("a response").json().await.expect("JSON")
    }

    /// The data of a request that must have no errors.
    pub async fn query(&self, query: &str, variables: Value) -> Value {
        let mut response = self.ask(query, variables).await;
        assert!(response.get("errors").is_none(), "{query}\n{response:#}");
        response["data"].take()
    }

    /// The data as of what this shop has recorded so far: waits for the read models.
    pub async fn see(&self, query: &str, variables: Value) -> Value {
        let head = self.app.engine.log.head().await.expect("the head").position.to_string();
        let body = json!({ "query": query, "variables": variables, "extensions": { "minPosition": head } });
        let mut response = self.post(body).await;
        assert!(response.get("errors").is_none(), "{query}\n{response:#}");
        response["data"].take()
    }

    /// The statements that a query costs the log and the read models: the fewest of several times once the read models
    /// stand still, since what follows the log asks now and then too.
    pub async fn statements(&self, query: &str, variables: Value) -> (u64, u64) {
        let behind = self.app.caught_up(Duration::from_secs(60)).await.expect("the head");
        assert_eq!(behind, [""; 0], "read models that have not caught up");
        let log = self.app.engine.log.store();
        let mut fewest = (u64::MAX, u64::MAX);
        for _ in 0..5 {
            let before = (log.statements(), self.app.read_statements());
            self.query(query, variables.clone()).await;
            fewest.0 = fewest.0.min(log.statements() - before.0);
            fewest.1 = fewest.1.min(self.app.read_statements() - before.1);
        }
        fewest
    }

    /// The payload of a mutation, whatever came of it.
    pub async fn mutate(&self, mutation: &str, input: Value) -> Value {
        self.mutate_with(&[], mutation, input).await
    }

    /// The same for one who says more in headers.
    pub async fn mutate_with(&self, headers: &[(&str, &str)], mutation: &str, input: Value) -> Value {
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let kind = match mutation {
            "deactivateUser" | "reactivateUser" => "UserCommandInput",
            "discontinueProduct" => "ProductCommandInput",
            "deliverOrder" | "cancelOrder" | "returnOrder" => "OrderCommandInput",
            _ => &kind,
        };
        let query = format!(
            "mutation($input: {kind}!) {{ payload: {mutation}(input: $input) {{ __typename commandId position
                errors {{ code message path }} events {{ position id type data hash streamId streamVersion recordedAt }} }} }}"
        );
        let body = json!({ "query": query, "variables": { "input": input } });
        let mut response = self.post_with(headers, body).await;
        assert!(response.get("errors").is_none(), "{query}\n{response:#}");
        response["data"]["payload"].take()
    }

    /// Carries out a command, which must not be refused; the payload.
    pub async fn does(&self, mutation: &str, input: Value) -> Value {
        let payload = self.mutate(mutation, input).await;
        assert_eq!(payload["errors"], json!([]), "{mutation}");
        payload
    }

    /// The codes of a command that must be refused.
    pub async fn refuses(&self, mutation: &str, input: Value) -> Vec<String> {
        let payload = self.mutate(mutation, input).await;
        assert_eq!(payload["events"], json!([]), "{mutation} was to be refused: {payload:#}");
        let codes = payload["errors"].as_array().expect("errors").iter();
        codes.map(|error| error["code"].as_str().expect("a code").to_owned()).collect()
    }

    /// Makes a user; the id.
    pub async fn create_user(&self, name: &str, email: &str) -> String {
        let payload = self.does("createUser", json!({ "name": name, "email": email })).await;
        payload["events"][0]["streamId"].as_str().expect("an id").to_owned()
    }

    /// Closes the shop, in order.
    pub async fn close(self) {
        self.shutdown.cancel();
        self.serving.await.expect("the server ends");
        self.app.stop().await;
    }
}

/// A home as the product's own settings name it.
pub fn storage(home: &Home) -> Storage {
    match home.log() {
        Location::Sqlite(file) => {
            Storage { data_dir: file.parent().expect("a folder").to_owned(), ..Storage::default() }
        }
        Location::Postgres(url) => Storage { database_url: Some(url), ..Storage::default() },
    }
}
