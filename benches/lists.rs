//! Lists at any depth of time: every list with each filter alone and each sort, now and as of four moments, as ratios to
//! now; and the sales report.
//!
//! `cargo bench --bench lists` measures SQLite, and PostgreSQL too where `TEST_DATABASE_URL` names a server.
//! `BENCH_ORDERS` is how many orders there are (1,000,000), of about four versions each; `BENCH_ROUNDS` how often each
//! question is asked at most (25); what a quarter of the rounds stay below counts, since whatever else the machine does
//! only ever adds to it. `BENCH_DATA`, a folder or a PostgreSQL URL, is where the data is kept
//! instead: made there once, asked again the next time.

// A benchmark that cannot go on panics.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::{Duration, Instant};

use hindsight::app;
use hindsight::config::Storage;
use hindsight::engine::log::Log;
use hindsight::engine::store::{Purpose, Store};
use serde_json::{Value, json};

use support::made::{self, Scale};
use support::served::{OwnDatabase, Served};

/// Rounds that only warm up: by then each of the server's connections has prepared the statement, as it has in a server
/// that was not started a moment ago.
const WARMING: usize = 8;

/// A question that has taken so long, and was asked five times, is asked no more.
const LONG: Duration = Duration::from_secs(4);

/// How far back, by name.
const DEPTHS: [&str; 4] = ["1 min", "1 %", "50 %", "99 %"];

fn main() {
    let orders = number("BENCH_ORDERS", 1_000_000);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        if let Ok(kept) = std::env::var("BENCH_DATA") {
            let flag = if kept.starts_with("postgres") { "--database-url" } else { "--data-dir" };
            return bench([flag, &kept], orders).await;
        }
        let folder = tempfile::tempdir().expect("a folder");
        bench(["--data-dir", &folder.path().display().to_string()], orders).await;
        let Some(database) = OwnDatabase::make().await else { return };
        bench(["--database-url", &database.url()], orders).await;
        database.leave().await;
    });
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn bench(storage: [&str; 2], orders: u64) {
    make(storage, Scale::of(orders)).await;
    let served = Served::start(&storage);
    caught_up(&served).await;
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let moments = moments(&served).await;
    println!("\n{}: {orders} orders, lower quartiles in ms, and the worst ratio to now", storage[1]);
    println!("| list | now | {} | worst |", DEPTHS.join(" | "));
    println!("|---|---|---|---|---|---|---|");
    let (mut all, mut alike) = (Vec::new(), Vec::new());
    for (name, query) in questions(orders)
        .into_iter()
        .filter(|(name, _)| filter.as_ref().is_none_or(|part| name.contains(part.as_str())))
    {
        let answers = answers(&served, &query, &moments).await;
        let Some((now, past)) = answers.split_first() else { continue };
        let worst = past.iter().map(|answer| answer.time / now.time).fold(0.0, f64::max);
        let shown: Vec<String> = answers.iter().map(|answer| format!("{:.2}", answer.time)).collect();
        println!("| {name} | {} | {worst:.2} |", shown.join(" | "));
        all.extend(past.iter().map(|answer| answer.time / now.time));
        // An empty page costs less than a full one, whatever the moment.
        let as_long = past.iter().filter(|answer| answer.length <= 2 * now.length);
        alike.extend(as_long.map(|answer| answer.time / now.time));
    }
    summary("ratios", all);
    summary("ratios where the answer is not more than twice as long as now's", alike);
}

fn summary(name: &str, mut ratios: Vec<f64>) {
    ratios.sort_by(f64::total_cmp);
    let at = |share: f64| ratios.get((ratios.len() as f64 * share) as usize).copied().unwrap_or_default();
    println!(
        "{} {name}: median {:.2}, 90 % {:.2}, worst {:.2}; {} above 2",
        ratios.len(),
        at(0.5),
        at(0.9),
        ratios.last().copied().unwrap_or_default(),
        ratios.iter().filter(|ratio| **ratio > 2.0).count()
    );
}

/// Writes the log, unless it is there.
async fn make([flag, place]: [&str; 2], scale: Scale) {
    let mut storage = Storage::default();
    match flag {
        "--data-dir" => storage.data_dir = place.into(),
        _ => storage.database_url = Some(place.to_owned()),
    }
    app::prepare(&storage).await.expect("databases");
    let store = Store::open(&storage.log(), Purpose::Log, 2).await.expect("the log's database");
    let log = Log::open(store.clone()).await.expect("the log");
    if made::is_empty(&log.head().await.expect("the head")) {
        let begun = Instant::now();
        made::write(&log, scale).await;
        let events = log.head().await.expect("the head").position;
        println!("{events} events written in {:.0?}", begun.elapsed());
    }
    store.close().await;
}

async fn caught_up(served: &Served) {
    let begun = Instant::now();
    loop {
        let data = served.ask("{ readModels { name state error } }", &json!({})).await;
        let models = data["readModels"].as_array().expect("models");
        assert!(models.iter().all(|model| model["error"].is_null()), "{models:#?}");
        if models.iter().all(|model| model["state"] == "LIVE") {
            println!("read models caught up in {:.0?}", begun.elapsed());
            return;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Now, and the depths.
async fn moments(served: &Served) -> Vec<Value> {
    let data = served.ask("{ log { head recordedAt } }", &json!({})).await;
    let head: i64 = data["log"]["head"].as_str().and_then(|head| head.parse().ok()).expect("a head");
    let newest = chrono::DateTime::parse_from_rfc3339(data["log"]["recordedAt"].as_str().expect("a time"))
        .expect("a time");
    let minute_ago =
        (newest - chrono::TimeDelta::minutes(1)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    vec![Value::Null, json!(minute_ago), json!(head - head / 100), json!(head / 2), json!(head / 100)]
}

/// What one moment's answers took and held.
struct Answer {
    /// The lower quartile in ms.
    time: f64,
    /// Nodes, or what was counted.
    length: u64,
}

/// The answers for each moment; asked in turn, so that the machine's moods fall on all alike.
async fn answers(served: &Served, query: &str, moments: &[Value]) -> Vec<Answer> {
    let rounds = number("BENCH_ROUNDS", 25) as usize;
    let mut all = vec![(Vec::with_capacity(rounds), 0); moments.len()];
    for measured in [false, true] {
        let begun = Instant::now();
        for round in 0..if measured { rounds } else { WARMING } {
            if begun.elapsed() > LONG && (round >= 5 || !measured) {
                break;
            }
            for ((times, length), moment) in all.iter_mut().zip(moments) {
                let begun = Instant::now();
                let data = served.ask(query, &json!({ "at": moment })).await;
                *length = length_of(&data);
                if measured {
                    times.push(begun.elapsed().as_secs_f64() * 1_000.0);
                }
            }
        }
    }
    all.into_iter()
        .map(|(mut times, length)| {
            times.sort_by(f64::total_cmp);
            Answer { time: times[times.len() / 4], length }
        })
        .collect()
}

fn length_of(data: &Value) -> u64 {
    match data {
        Value::Object(fields) => match (fields.get("nodes"), fields.get("totalCount")) {
            (Some(Value::Array(nodes)), _) => nodes.len() as u64,
            (_, Some(count)) => count.as_u64().unwrap_or_default(),
            _ => fields.values().map(length_of).sum(),
        },
        _ => 0,
    }
}

/// Every list, with each filter alone and each sort both ways; and the totals of each filter.
fn questions(orders: u64) -> Vec<(String, String)> {
    let (buyer, product) = (made::user(orders / 200), made::product(3));
    let statuses = ["PLACED", "PAID", "SHIPPED", "DELIVERED", "RETURNED", "CANCELLED"];
    let mut of_orders: Vec<String> = vec![String::new()];
    of_orders.extend(statuses.iter().map(|status| format!("status: [{status}]")));
    of_orders.extend([
        "status: [PAID, SHIPPED]".to_owned(),
        format!("userId: \"{buyer}\""),
        format!("productId: \"{product}\""),
        "placedFrom: \"2025-03-01T00:00:00Z\"".to_owned(),
        "placedUntil: \"2025-03-01T00:00:00Z\"".to_owned(),
        "placedFrom: \"2025-02-01T10:00:00Z\", placedUntil: \"2025-02-01T11:00:00Z\"".to_owned(),
        "currency: \"GBP\"".to_owned(),
        "minTotal: \"400\", currency: \"EUR\"".to_owned(),
        "maxTotal: \"100\", currency: \"EUR\"".to_owned(),
    ]);
    let of_users = [
        "",
        "status: ACTIVE",
        "status: DEACTIVATED",
        "emailVerified: true",
        "emailVerified: false",
        "country: \"NL\"",
        "emailContains: \"user77\"",
        "nameContains: \"77\"",
        "createdFrom: \"2025-03-01T00:00:00Z\"",
        "createdUntil: \"2025-03-01T00:00:00Z\"",
    ];
    let of_products = [
        "",
        "status: AVAILABLE",
        "status: DISCONTINUED",
        "skuPrefix: \"SKU-005\"",
        "nameContains: \"7\"",
        "inStock: true",
        "inStock: false",
    ];
    let lists: [(&str, Vec<String>, &[&str], &str); 3] = [
        (
            "orders",
            of_orders,
            &["PLACED_AT", "UPDATED_AT", "TOTAL_AMOUNT"],
            "id status totalAmount { amount } placedAt",
        ),
        (
            "users",
            of_users.map(str::to_owned).to_vec(),
            &["CREATED_AT", "UPDATED_AT", "NAME", "EMAIL"],
            "id name email",
        ),
        (
            "products",
            of_products.map(str::to_owned).to_vec(),
            &["CREATED_AT", "UPDATED_AT", "NAME", "SKU", "STOCK", "PRICE"],
            "id name stock",
        ),
    ];
    let mut questions = Vec::new();
    for (list, filters, sorts, fields) in &lists {
        for filter in filters {
            for (sort, direction) in sorts.iter().flat_map(|sort| [(sort, "DESC"), (sort, "ASC")]) {
                questions.push((
                    format!("{list} {{{filter}}} {sort} {direction}"),
                    format!("query($at: Moment) {{ {list}(first: 20, filter: {{{filter}}}, sortBy: {{field: {sort}, direction: {direction}}}, asOf: $at) {{ nodes {{ {fields} }} }} }}"),
                ));
            }
            questions.push((
                format!("{list} {{{filter}}} totalCount"),
                format!("query($at: Moment) {{ {list}(first: 0, filter: {{{filter}}}, asOf: $at) {{ totalCount }} }}"),
            ));
        }
    }
    for grouping in ["DAY", "PRODUCT", "DAY_AND_PRODUCT"] {
        for (name, range) in [("", ""), (" of a year", "from: \"2025-03-05\", until: \"2026-03-05\",")] {
            questions.push((
                format!("salesReport {grouping}{name}"),
                format!(
                    "query($at: Moment) {{ salesReport({range} groupBy: {grouping}, asOf: $at) {{ rows(first: 100) {{ totalCount
                    nodes {{ day productId orders units revenue {{ amount }} }} }} totals {{ orders revenue {{ amount }} }} }} }}"
                ),
            ));
        }
    }
    questions
}
