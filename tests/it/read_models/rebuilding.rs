//! Rebuilding a model beside the generation that serves.

use std::time::Duration;

use hindsight::engine::event::Position;
use hindsight::engine::read_model::{ReadModels, RebuildError, Settings};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder};
use tokio_util::sync::CancellationToken;

use super::replay::{Dice, Replay, history};
use super::{LONG, Nursery, execute, query, settings, stored_versions};
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shelves::{Chronicle, Toys, put, toys};

on_both_stores!(
    a_rebuild_gives_the_same_rows_and_readers_never_notice,
    a_rebuild_that_was_cut_short_is_gone_on_with,
    a_reader_whose_tables_are_gone_finds_the_new_ones,
    another_node_goes_on_with_the_new_generation,
);

async fn a_rebuild_gives_the_same_rows_and_readers_never_notice(home: &Home) {
    let commands = history(&mut Dice::thrown(), 60);
    let (before, after) = commands.split_at(40);
    let nursery = Nursery::open(home).await;
    nursery.tell(before).await;
    let settled = nursery.settled().await;

    // A reader asks all the while, about a moment in the past and about the present.
    let (replay, reader) = (Replay::of(&commands), nursery.toys());
    let done = CancellationToken::new();
    let asking = {
        let (done, then) = (done.clone(), Position::from_stored(settled.get() / 2));
        tokio::spawn(async move {
            let mut answers = 0_u32;
            loop {
                let is_last = done.is_cancelled();
                for at in [then, reader.checkpoint()] {
                    let query = toys::Entity::find().order_by_asc(toys::Column::Id);
                    let found = reader.rows(at, query).await.unwrap();
                    let expected: Vec<_> = replay.at(at).values().cloned().collect();
                    assert_eq!(found, expected, "at {at}");
                    answers += 1;
                }
                if is_last {
                    return answers;
                }
            }
        })
    };
    let token = CancellationToken::new();
    let (rebuilt, ()) = tokio::join!(nursery.models.rebuild("toys", &token), nursery.tell(after));
    rebuilt.unwrap();
    nursery.settled().await;
    done.cancel();
    assert!(asking.await.unwrap() >= 2);

    assert_eq!(nursery.models.status()[0].generation, 2);
    assert_eq!(stored_versions(&nursery.chronicle.read, 2).await, Replay::of(&commands).versions());
    nursery.close().await;
}

async fn a_rebuild_that_was_cut_short_is_gone_on_with(home: &Home) {
    let commands = history(&mut Dice::thrown(), 20);
    let nursery = Nursery::open(home).await;
    nursery.tell(&commands).await;
    nursery.settled().await;
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let cut = nursery.models.rebuild("toys", &cancelled).await;
    assert!(matches!(cut, Err(RebuildError::Cancelled)), "{cut:?}");
    assert_eq!(nursery.models.status()[0].generation, 1);

    nursery.models.rebuild("toys", &CancellationToken::new()).await.unwrap();
    assert_eq!(nursery.models.status()[0].generation, 2);
    assert_eq!(stored_versions(&nursery.chronicle.read, 2).await, Replay::of(&commands).versions());
    let indexes = if home.is_sqlite() {
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE 'toys%_g2%by\\_%' ESCAPE '\\'"
    } else {
        "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'toys%\\_g2%by\\_%'"
    };
    assert_eq!(query(&nursery.chronicle.read, indexes).await.len(), 6, "three on each twin");
    nursery.close().await;
}

async fn a_reader_whose_tables_are_gone_finds_the_new_ones(home: &Home) {
    let chronicle = Chronicle::begin(home).await;
    let store = Chronicle::another_store(home).await;
    let nursery = Nursery::on(chronicle, Settings { grace: Duration::ZERO, ..settings() }).await;
    nursery.tell(&[vec![put(1, "ball", 1)], vec![put(1, "kite", 2)]]).await;
    let head = nursery.settled().await;

    // A node that only reads: nothing tells it of the switch.
    let idle =
        ReadModels::builder(store.clone(), nursery.chronicle.log.clone()).with(Toys).open().await.unwrap();
    nursery.models.rebuild("toys", &CancellationToken::new()).await.unwrap();
    while nursery.models.sweep().await.unwrap() == 0 && generations(&nursery).await > 1 {}
    assert_eq!(generations(&nursery).await, 1);

    let reader = idle.reader::<Toys>().unwrap();
    let kites = toys::Entity::find().filter(toys::Column::Name.eq("kite"));
    assert_eq!(reader.count(head, kites).await.unwrap(), 1);
    store.close().await;
    nursery.close().await;
}

async fn generations(nursery: &Nursery) -> usize {
    query(&nursery.chronicle.read, "SELECT generation FROM read_models WHERE name = 'toys'").await.len()
}

async fn another_node_goes_on_with_the_new_generation(home: &Home) {
    let nursery = Nursery::open(home).await;
    nursery.tell(&[vec![put(1, "ball", 1)]]).await;
    nursery.settled().await;
    let store = Chronicle::another_store(home).await;
    let elsewhere =
        ReadModels::builder(store.clone(), nursery.chronicle.log.clone()).with(Toys).open().await.unwrap();
    elsewhere.rebuild("toys", &CancellationToken::new()).await.unwrap();
    // Whatever was left of the old generation is of no use to anybody.
    execute(&store, "UPDATE toys_r3_g1 SET name = 'stale'").await;

    nursery.tell(&[vec![put(2, "kite", 2)]]).await;
    let mut shown = nursery.models.watch("toys").unwrap();
    let switched =
        shown.wait_for(|shown| shown.generation == 2 && shown.position == Position::from_stored(2));
    tokio::time::timeout(LONG, switched).await.expect("the new generation").unwrap();
    let all = vec![vec![put(1, "ball", 1)], vec![put(2, "kite", 2)]];
    assert_eq!(stored_versions(&nursery.chronicle.read, 2).await, Replay::of(&all).versions());
    store.close().await;
    nursery.close().await;
}
