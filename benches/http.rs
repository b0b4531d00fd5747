//! Commands and queries per second over HTTP, against the binary in a process of its own.
//!
//! `cargo bench --bench http` measures SQLite, and PostgreSQL too where `TEST_DATABASE_URL` names a server.
//! `BENCH_SECONDS` is how long each figure is measured (5), after a second of warming up.

// A benchmark that cannot go on panics.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use support::served::{OwnDatabase, Served};

const CREATE: &str =
    "mutation($input: CreateUserInput!) { createUser(input: $input) { position errors { code } } }";
const NOW: &str = "{ users(first: 20) { nodes { id name } } }";
const THEN: &str = "query($p: Moment) { users(first: 20, asOf: $p) { nodes { id name } } }";

fn main() {
    let seconds = std::env::var("BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(5);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!("| store | what | connections | per second | median | 99 % |");
    println!("|---|---|---|---|---|---|");
    let folder = tempfile::tempdir().expect("a folder");
    let sqlite = Served::start(&["--data-dir", &folder.path().display().to_string()]);
    runtime.block_on(measure("SQLite", &sqlite, seconds));
    drop(sqlite);
    let Some(database) = runtime.block_on(OwnDatabase::make()) else { return };
    let postgres = Served::start(&["--database-url", &database.url()]);
    runtime.block_on(measure("PostgreSQL", &postgres, seconds));
    drop(postgres);
    runtime.block_on(database.leave());
}

async fn measure(store: &str, served: &Served, seconds: u64) {
    for connections in [1, 64] {
        let input = move |n: u64| json!({ "input": { "name": "x", "email": format!("{connections}-{n}@example.org") } });
        run(store, "createUser", served, connections, seconds, CREATE, Arc::new(input)).await;
    }
    let head = served.ask("{ log { head } }", &json!({})).await["log"]["head"].clone();
    let half: i64 = head.as_str().and_then(|head| head.parse::<i64>().ok()).unwrap_or(0) / 2;
    for connections in [1, 64] {
        run(store, "users, now", served, connections, seconds, NOW, Arc::new(|_| json!({}))).await;
        let then = Arc::new(move |_| json!({ "p": half }));
        run(store, "users, half-way back", served, connections, seconds, THEN, then).await;
    }
}

type Variables = Arc<dyn Fn(u64) -> Value + Send + Sync>;

async fn run(
    store: &str,
    what: &str,
    served: &Served,
    connections: usize,
    seconds: u64,
    query: &'static str,
    variables: Variables,
) {
    let (counting, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let numbers = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (served, variables, numbers) = (served.clone(), variables.clone(), numbers.clone());
            let (counting, stop) = (counting.clone(), stop.clone());
            tokio::spawn(async move {
                let client = reqwest::Client::new();
                let mut times = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let body = json!({ "query": query, "variables": variables(numbers.fetch_add(1, Ordering::Relaxed)) });
                    let begun = Instant::now();
                    let answer = client.post(&served.url).json(&body).send().await.expect("a response");
                    let text = answer.text().await.expect("text");
                    assert!(!text.contains("\"errors\":[{"), "{text}");
                    if counting.load(Ordering::Relaxed) {
                        times.push(begun.elapsed());
                    }
                }
                times
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    counting.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let elapsed = begun.elapsed().as_secs_f64();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.expect("a client"));
    }
    times.sort_unstable();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    let rate = times.len() as f64 / elapsed;
    println!("| {store} | {what} | {connections} | {rate:.0} | {:.1?} | {:.1?} |", at(0.5), at(0.99));
}
