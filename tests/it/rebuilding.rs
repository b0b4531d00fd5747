//! Rebuilding as its users meet it: killed, told to stop, and beside commands and queries.

use std::process::Stdio;
use std::time::Duration;

use hindsight::demo::{self, Scale};
use hindsight::engine::log::Log;
use hindsight::engine::read_model::ReadModel;
use hindsight::engine::store::{Purpose, Store};
use hindsight::read::orders::fold::Orders;
use hindsight::read::products::fold::Products;
use hindsight::read::sales::fold::Sales;
use hindsight::read::users::fold::Users;
use migration::{LogMigrator, MigratorTrait};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::support::binary::{hindsight, run};
use crate::support::home::Home;
use crate::support::shop::Shop;
use crate::support::{on_both_stores, past};

on_both_stores!(
    a_rebuild_that_is_killed_goes_on_where_it_stood,
    a_rebuild_that_is_told_to_stop_goes_on_where_it_stood,
    commands_and_queries_go_on_during_a_rebuild,
    a_rebuild_of_any_read_model_gives_the_rows_that_following_gave,
);

/// Enough for a rebuild to be met in its middle: it commits some forty thousand at a time.
const EVENTS: i64 = 160_000;

/// As long as a test waits for what must come.
const LONG: Duration = Duration::from_secs(60);

/// How often a rebuild may have come to its end before it was met.
const TRIES: usize = 5;

async fn a_rebuild_that_is_killed_goes_on_where_it_stood(home: &Home) {
    goes_on_after(home, "-KILL").await;
}

async fn a_rebuild_that_is_told_to_stop_goes_on_where_it_stood(home: &Home) {
    let errors = goes_on_after(home, "-TERM").await;
    assert!(errors.contains("was cancelled; run `hindsight rebuild products` again"), "{errors}");
}

/// What the rebuild said that was ended by a signal.
async fn goes_on_after(home: &Home, signal: &str) -> String {
    let head = fill(home).await;
    let store = Store::open(&home.read_models(), Purpose::ReadModels, 1).await.unwrap();
    let (errors, cut) = cut_short(home, &store, signal).await;
    assert!(cut.position < head);

    let resumed = run(home, &["rebuild", "products"]).await;
    assert!(resumed.well, "{}", resumed.errors);
    let told = format!("products was rebuilt up to position {head}: {} events in ", head - cut.position);
    assert!(resumed.output.starts_with(&told), "{}", resumed.output);
    assert!(resumed.output.trim_end().ends_with(" a second."), "{}", resumed.output);

    // A rebuild in one go, beside it, gives the same rows.
    let again = run(home, &["rebuild", "products"]).await;
    assert!(again.output.contains(&format!(": {head} events in ")), "{} {}", again.output, again.errors);
    same_rows::<Products>(&store, "products", cut.generation, cut.generation + 1).await;
    store.close().await;
    errors
}

/// A log of many events, and nothing folded from it; its head.
async fn fill(home: &Home) -> i64 {
    let store = Store::open(&home.log(), Purpose::Log, 2).await.unwrap();
    LogMigrator::up(store.writer(), None).await.unwrap();
    let log = Log::open(store).await.unwrap();
    let head = past::fill(&log, EVENTS).await;
    log.store().close().await;
    head
}

/// A generation in the making.
struct Cut {
    generation: i32,
    position: i64,
}

/// Begins to rebuild the products, and ends it once a part is committed.
async fn cut_short(home: &Home, store: &Store, signal: &str) -> (String, Cut) {
    for _ in 0..TRIES {
        let mut command = hindsight(home, &["rebuild", "products"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let pid = child.id().unwrap().to_string();
        while child.try_wait().unwrap().is_none() {
            if building(store).await.is_some_and(|cut| cut.position > 0) {
                let sent = std::process::Command::new("kill").args([signal, &pid]).status().unwrap();
                assert!(sent.success());
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let ended = child.wait_with_output().await.unwrap();
        if let Some(cut) = building(store).await {
            assert!(!ended.status.success());
            return (String::from_utf8(ended.stderr).unwrap(), cut);
        }
    }
    panic!("no rebuild was met in its middle");
}

/// The products' generation in the making; none before there is a catalogue.
async fn building(store: &Store) -> Option<Cut> {
    let sql = "SELECT generation, position FROM read_models WHERE name = 'products' AND state = 'building'";
    let found = store.writer().query_one_raw(Statement::from_string(store.backend(), sql)).await.ok()??;
    let position = found.try_get("", "position").unwrap();
    Some(Cut { generation: found.try_get("", "generation").unwrap(), position })
}

async fn count(store: &Store, rows: &str) -> i64 {
    let sql = format!("SELECT COUNT(*) AS n FROM ({rows}) AS found");
    let found = store.writer().query_one_raw(Statement::from_string(store.backend(), sql)).await.unwrap();
    found.unwrap().try_get("", "n").unwrap()
}

/// Compares both tables of two generations of a model.
async fn same_rows<M: ReadModel>(store: &Store, table: &str, one: i32, other: i32) {
    let stored = |generation, twin| format!("{table}_r{}_g{generation}{twin}", M::REVISION);
    for twin in ["", "_history"] {
        let (one, other) = (stored(one, twin), stored(other, twin));
        let all = count(store, &format!("SELECT * FROM {one}")).await;
        assert_eq!(all, count(store, &format!("SELECT * FROM {other}")).await, "{one} {other}");
        assert!(all > 0 || table == "order_lines", "{one}");
        for (a, b) in [(&one, &other), (&other, &one)] {
            assert_eq!(count(store, &format!("SELECT * FROM {a} EXCEPT SELECT * FROM {b}")).await, 0, "{a}");
        }
    }
}

async fn a_rebuild_of_any_read_model_gives_the_rows_that_following_gave(home: &Home) {
    let shop = Shop::open(home).await;
    let scale = Scale { users: 20, products: 8, orders: 150 };
    demo::fill(&shop.app, scale, |_, _| true).await.unwrap();
    assert!(shop.app.caught_up(LONG).await.unwrap().is_empty());
    let store = Store::open(&home.read_models(), Purpose::ReadModels, 1).await.unwrap();
    let models = &shop.app.engine.read_models;
    for model in models.status() {
        models.rebuild(model.name, &CancellationToken::new()).await.unwrap();
    }
    same_rows::<Users>(&store, "users", 1, 2).await;
    same_rows::<Products>(&store, "products", 1, 2).await;
    for table in ["orders", "order_lines"] {
        same_rows::<Orders>(&store, table, 1, 2).await;
    }
    for table in ["sales_orders", "sales_days", "sales_products", "sales_spans"] {
        same_rows::<Sales>(&store, table, 1, 2).await;
    }
    store.close().await;
    shop.close().await;
}

async fn commands_and_queries_go_on_during_a_rebuild(home: &Home) {
    let shop = Shop::open(home).await;
    for n in 0..200 {
        shop.create_user(&format!("Before {n}"), &format!("before{n}@example.com")).await;
    }
    let models = shop.app.engine.read_models.clone();
    let done = CancellationToken::new();
    let rebuilding = {
        let done = done.clone();
        tokio::spawn(async move {
            let mut rebuilt = 0;
            while !done.is_cancelled() || rebuilt == 0 {
                models.rebuild("users", &CancellationToken::new()).await.unwrap();
                rebuilt += 1;
            }
            rebuilt
        })
    };
    for n in 1..=30 {
        shop.create_user(&format!("During {n}"), &format!("during{n}@example.com")).await;
        let seen = shop.see("{ users { totalCount } }", json!({})).await;
        assert_eq!(seen["users"]["totalCount"], 200 + n);
        let then = shop.see("{ users(asOf: \"100\") { totalCount } }", json!({})).await;
        assert_eq!(then["users"]["totalCount"], 100);
    }
    done.cancel();
    assert!(rebuilding.await.unwrap() > 0);
    let seen = shop.see("{ users { totalCount } }", json!({})).await;
    assert_eq!(seen["users"]["totalCount"], 230);
    shop.close().await;
}
