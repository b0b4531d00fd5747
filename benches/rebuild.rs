//! Events per second of folding each read model of the shop anew, from an empty table to the switch, indexes included.
//!
//! `cargo bench --bench rebuild` measures SQLite, and PostgreSQL too where `TEST_DATABASE_URL` names a server.
//! The processor's time is this process's own: all of it on SQLite, without the server on PostgreSQL. It tells on a busy
//! machine what the rate cannot.
//! `BENCH_EVENTS` is how many events the log holds (100,000), `BENCH_MODELS` which models are folded (all of them).

// A benchmark that cannot go on panics.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use hindsight::engine::log::Log;
use hindsight::engine::read_model::ReadModels;
use hindsight::engine::store::{Location, Purpose, Store};
use hindsight::read;
use migration::{CatalogueMigrator, LogMigrator, MigratorTrait};
use tokio_util::sync::CancellationToken;

#[path = "../tests/it/support/past.rs"]
mod past;
mod support;

use support::served::OwnDatabase;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each model is folded; the median is told.
const ROUNDS: usize = 3;

#[tokio::main]
async fn main() {
    // RUST_LOG=info tells how long rows and indexes take.
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let events = setting("BENCH_EVENTS").and_then(|text| text.parse().ok()).unwrap_or(100_000);
    println!("| store | read model | events | events a second | µs of processor an event |");
    println!("|---|---|---|---|---|");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name| Location::Sqlite(folder.path().join(name));
    measure("SQLite", &file("log.db"), &file("read.db"), events).await;

    let Some(database) = OwnDatabase::make().await else { return };
    let location = Location::Postgres(database.url());
    measure("PostgreSQL", &location, &location, events).await;
    database.leave().await;
}

fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// What this process has had of the processors, by Linux's account in hundredths of a second.
fn processor_seconds() -> f64 {
    let account = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = account.rsplit_once(')').expect("a name").1.split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).map(|ticks| ticks.parse().expect("a number")).collect();
    ticks.iter().sum::<f64>() / 100.0
}

async fn measure(store: &str, log: &Location, read_models: &Location, events: i64) {
    let log = Store::open(log, Purpose::Log, 4).await.expect("the log's database");
    let read = Store::open(read_models, Purpose::ReadModels, 4).await.expect("the read models' database");
    LogMigrator::up(log.writer(), None).await.expect("a log");
    CatalogueMigrator::up(read.writer(), None).await.expect("a catalogue");
    let log = Log::open(log).await.expect("a log");
    let head = past::fill(&log, events).await;

    let models = read::read_models(ReadModels::builder(read.clone(), log.clone()));
    let models = models.open().await.expect("read models");
    let chosen = setting("BENCH_MODELS");
    let is_chosen =
        |name: &str| chosen.as_ref().is_none_or(|chosen| chosen.split(',').any(|one| one == name));
    for model in models.status().into_iter().filter(|model| is_chosen(model.name)) {
        let (mut rates, mut costs) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let begun = processor_seconds();
            let rebuilt = models.rebuild(model.name, &CancellationToken::new()).await.expect("a rebuild");
            rates.push(rebuilt.events_per_second());
            costs.push((processor_seconds() - begun) * 1e6 / rebuilt.events() as f64);
        }
        rates.sort_by(f64::total_cmp);
        costs.sort_by(f64::total_cmp);
        let (rate, cost) = (rates[ROUNDS / 2], costs[ROUNDS / 2]);
        println!("| {store} | {} | {head} | {rate:.0} | {cost:.1} |", model.name);
    }
    read.close().await;
    log.store().close().await;
}
