//! The binary, serving in a process of its own, and the databases it serves from.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

/// The binary, serving; ended when the last clone is dropped.
#[derive(Clone)]
pub struct Served {
    pub url: String,
    client: reqwest::Client,
    _process: Arc<Process>,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Served {
    /// Starts it with these arguments of its storage; it answers when this returns.
    pub fn start(storage: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hindsight"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(storage)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("output")).read_line(&mut line).expect("a line");
        let url = line.split_whitespace().last().expect("an address").to_owned();
        Self { url, client: reqwest::Client::new(), _process: Arc::new(Process(child)) }
    }

    /// The data of a request, which must have no errors.
    pub async fn ask(&self, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let answer = self.client.post(&self.url).json(&body).send().await.expect("a response");
        let mut answer: Value = answer.json().await.expect("JSON");
        assert!(answer.get("errors").is_none(), "{query}\n{answer:#}");
        answer["data"].take()
    }
}

/// A PostgreSQL database of a benchmark's own.
pub struct OwnDatabase {
    server: String,
    name: String,
}

impl OwnDatabase {
    /// On the server that `TEST_DATABASE_URL` names; `None`, and said so, where it names none.
    pub async fn make() -> Option<Self> {
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            println!("SKIPPED: PostgreSQL (TEST_DATABASE_URL names no server)");
            return None;
        };
        let name = format!("hindsight_bench_{}", uuid::Uuid::now_v7().simple());
        let connection = Database::connect(&server).await.expect("the server");
        connection.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a database");
        Some(Self { server, name })
    }

    pub fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').expect("a database in the URL");
        format!("{base}/{}", self.name)
    }

    pub async fn leave(self) {
        let connection = Database::connect(&self.server).await.expect("the server");
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        connection.execute_unprepared(&drop).await.expect("dropped");
    }
}
