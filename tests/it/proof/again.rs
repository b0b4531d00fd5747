//! The same questions have the same answers, cursors and all: after a rebuild, a restart, and out of one log into another.

use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::history::{Known, deliveries, histories};
use super::world::Past;
use super::{AT_ONCE, DELIVERIES, Exchange, Proof, STEPS, answers, open, runner};
use crate::support::binary::run;
use crate::support::home::Home;
use crate::support::node::{NOON, TestClock};
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(the_same_questions_have_the_same_answers_after_a_rebuild_a_restart_and_an_export_and_import,);

/// Questions, each with all of its pages.
const QUESTIONS: u64 = 240;

async fn the_same_questions_have_the_same_answers_after_a_rebuild_a_restart_and_an_export_and_import(
    home: &Home,
) {
    let (mut runner, seed) = runner(1);
    let steps = histories(STEPS).new_tree(&mut runner).expect("a history").current();
    let shop = open(home, TestClock::at(NOON)).await;
    Known::default().live(&shop, &steps).await;
    deliveries(&shop, DELIVERIES).await;
    let past = Past::of(&shop).await;
    let numbers: Vec<u64> = (0..QUESTIONS).collect();
    let mut asked: Vec<Exchange> = vec![];
    for numbers in numbers.chunks(AT_ONCE) {
        asked.extend(Proof::default().ask(&shop, &past, numbers, seed).await.expect("the replay's answers"));
    }

    for model in shop.app.engine.read_models.status() {
        shop.app.engine.read_models.rebuild(model.name, &CancellationToken::new()).await.expect("rebuilt");
    }
    hold(&shop, &past, &asked, "after a rebuild").await;

    let clock = TestClock::at(shop.clock.get());
    shop.close().await;
    let shop = open(home, clock.clone()).await;
    hold(&shop, &past, &asked, "after a restart").await;
    shop.close().await;

    let exported = run(home, &["export"]).await;
    assert!(exported.well, "{}", exported.errors);
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("log.ndjson");
    std::fs::write(&file, &exported.output).expect("written");
    let other = home.another().await;
    let imported = run(&other, &["import", "--events", file.to_str().expect("UTF-8")]).await;
    assert!(imported.well, "{}", imported.errors);
    let shop = open(&other, clock).await;
    hold(&shop, &past, &asked, "after an export and import").await;
    shop.close().await;
    other.leave().await;
}

/// Asks the same again, word for word.
async fn hold(shop: &Shop, past: &Past, asked: &[Exchange], when: &str) {
    let behind = shop.app.caught_up(Duration::from_secs(60)).await.expect("the head");
    assert_eq!(behind, [""; 0], "{when}");
    for Exchange { fields, answers: before } in asked {
        let now: Vec<Value> = answers(shop, past.head(), fields).await.expect("answers");
        for ((field, now), before) in fields.iter().zip(&now).zip(before) {
            assert_eq!(now, before, "{when}: {field}");
        }
    }
}
