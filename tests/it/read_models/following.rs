//! Following the log: versions, atomic batches, several runners, and what stops a model.

use hindsight::engine::event::Position;
use hindsight::engine::read_model::{ModelState, ReadError, ReadModels, StartError};
use sea_orm::EntityTrait;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::replay::{Dice, Replay, history};
use super::{LONG, Nursery, execute, settings, stopped, stored_versions};
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shelves::{Chronicle, Fact, Tallies, Toys, gone, put, tallies, toys};

on_both_stores!(
    a_command_makes_one_version_of_a_row_and_none_of_one_it_leaves_as_it_was,
    both_tables_hold_every_version_that_a_replay_knows,
    read_models_follow_the_log_exactly,
    a_refused_row_leaves_rows_and_checkpoint_at_the_command_before,
    an_event_that_does_not_decode_stops_its_model_alone,
    a_fold_that_panics_stops_its_model_alone,
    a_fold_that_touches_a_row_it_did_not_name_stops_its_model_alone,
    a_checkpoint_of_another_event_is_refused,
    a_log_that_changes_under_a_running_model_is_refused,
    a_checkpoint_beyond_the_head_is_refused,
    a_checkpoint_of_another_log_is_refused,
    a_runner_finds_by_itself_what_nobody_told_it,
    a_model_that_is_registered_twice_is_refused,
);

async fn a_command_makes_one_version_of_a_row_and_none_of_one_it_leaves_as_it_was(home: &Home) {
    let nursery = Nursery::open(home).await;
    let commands = [
        vec![put(1, "ball", 1), put(1, "kite", 1), put(1, "drum", 1)],
        vec![put(1, "drum", 1)],
        vec![put(1, "ball", 1), put(1, "drum", 1)],
        vec![put(2, "short-lived", 1), gone(2)],
        vec![gone(1), put(3, "other", 2)],
    ];
    nursery.tell(&commands).await;
    nursery.settled().await;

    let versions = stored_versions(&nursery.chronicle.read, 1).await;
    let told: Vec<_> = versions.iter().map(|(toy, from, to)| (toy.name.as_str(), *from, *to)).collect();
    assert_eq!(told, [("drum", 3, Some(10)), ("other", 10, None)]);
    nursery.close().await;
}

async fn both_tables_hold_every_version_that_a_replay_knows(home: &Home) {
    let commands = history(&mut Dice::thrown(), 60);
    let nursery = Nursery::open(home).await;
    nursery.tell(&commands).await;
    nursery.settled().await;
    assert_eq!(stored_versions(&nursery.chronicle.read, 1).await, Replay::of(&commands).versions());
    nursery.close().await;
}

async fn read_models_follow_the_log_exactly(home: &Home) {
    let commands = history(&mut Dice::thrown(), 60);
    let nursery = Nursery::open(home).await;
    let cancel = CancellationToken::new();
    let store = Chronicle::another_store(home).await;
    let second = ReadModels::builder(store.clone(), nursery.chronicle.log.clone())
        .settings(settings())
        .with(Toys)
        .with(Tallies)
        .start(nursery.chronicle.head.subscribe(), cancel.clone())
        .await
        .unwrap();
    nursery.tell(&commands).await;
    let head = nursery.settled().await;
    second.reader::<Toys>().unwrap().wait_for(head, LONG).await.unwrap();

    assert_eq!(stored_versions(&nursery.chronicle.read, 1).await, Replay::of(&commands).versions());
    let tallies = nursery.models.reader::<Tallies>().unwrap();
    let found = tallies.rows(head, tallies::Entity::find()).await.unwrap();
    assert_eq!(found.iter().map(|row| row.count).sum::<i64>(), head.get());
    cancel.cancel();
    second.ended().await;
    store.close().await;
    nursery.close().await;
}

async fn a_refused_row_leaves_rows_and_checkpoint_at_the_command_before(home: &Home) {
    let chronicle = Chronicle::begin(home).await;
    let kept = vec![
        vec![put(1, "ball", 1), put(2, "kite", 1)],
        vec![put(1, "drum", 2)],
        vec![put(3, "ball", 1), gone(2)],
    ];
    let refused = vec![put(4, "doll", 1), put(5, "ball", 1)];
    for command in kept.iter().chain([&refused]) {
        chronicle.append_silently(command).await;
    }
    let opened = ReadModels::builder(chronicle.read.clone(), chronicle.log.clone()).with(Toys).open().await;
    drop(opened.unwrap());
    execute(&chronicle.read, "CREATE UNIQUE INDEX one_of_a_name ON toys_r3_g1 (name)").await;
    let head = chronicle.log.head().await.unwrap().position;
    chronicle.head.send_replace(head);

    // All four commands are one batch, of which the first three must be kept.
    let settings = super::Settings { batch: 1_000, ..settings() };
    let nursery = Nursery::on(chronicle, settings).await;
    let why = stopped(&nursery.models, "toys").await;
    assert!(why.starts_with("the command at position 6: the database refused its rows"), "{why}");
    assert_eq!(nursery.toys().checkpoint(), Position::from_stored(5));
    assert_eq!(stored_versions(&nursery.chronicle.read, 1).await, Replay::of(&kept).versions());
    nursery.close().await;
}

async fn an_event_that_does_not_decode_stops_its_model_alone(home: &Home) {
    stops_alone(home, Fact::Smudged, "no event Smudged of schema version 1 is known").await;
}

async fn a_fold_that_panics_stops_its_model_alone(home: &Home) {
    stops_alone(home, Fact::Cursed, "panicked: this toy is cursed").await;
}

async fn a_fold_that_touches_a_row_it_did_not_name_stops_its_model_alone(home: &Home) {
    stops_alone(home, Fact::Strayed, "which the event's keys do not name").await;
}

async fn stops_alone(home: &Home, fact: Fact, reason: &str) {
    let nursery = Nursery::open(home).await;
    let kept = vec![vec![put(1, "ball", 1)], vec![put(2, "kite", 1)]];
    nursery.tell(&kept).await;
    nursery.tell(&[vec![put(1, "drum", 2), (2, fact)], vec![put(3, "doll", 1)]]).await;

    let why = stopped(&nursery.models, "toys").await;
    assert!(why.contains("the command at position 3") && why.contains(reason), "{why}");
    let toys = nursery.toys();
    assert_eq!(toys.checkpoint(), Position::from_stored(2));
    let read = toys.rows(Position::from_stored(1), toys::Entity::find()).await;
    assert!(matches!(read, Err(ReadError::Failed { model: "toys", .. })), "{read:?}");
    assert_eq!(stored_versions(&nursery.chronicle.read, 1).await, Replay::of(&kept).versions());

    let head = nursery.chronicle.log.head().await.unwrap().position;
    let tallies = nursery.models.reader::<Tallies>().unwrap();
    tallies.wait_for(head, LONG).await.unwrap();
    let doll = tallies.one::<tallies::Entity>(head, Uuid::from_u128(3)).await.unwrap();
    assert_eq!(doll.unwrap().count, 1);
    let states: Vec<_> = nursery.models.status().into_iter().map(|model| (model.name, model.state)).collect();
    assert_eq!(states[0], ("toys", ModelState::Failed));
    assert_eq!(nursery.models.status()[1].failure, None);
    nursery.close().await;
}

async fn a_checkpoint_of_another_event_is_refused(home: &Home) {
    let hash = if home.is_sqlite() { "x'00'" } else { "'\\x00'" };
    refused_checkpoint(home, &format!("hash = {hash}"), "holds another event").await;
}

async fn a_log_that_changes_under_a_running_model_is_refused(home: &Home) {
    let nursery = Nursery::open(home).await;
    let kept = vec![vec![put(1, "ball", 1)]];
    nursery.tell(&kept).await;
    nursery.settled().await;

    let other = if home.is_sqlite() { "zeroblob(32)" } else { "decode(repeat('00', 32), 'hex')" };
    for table in ["events", "log_head"] {
        execute(nursery.chronicle.log.store(), &format!("UPDATE {table} SET hash = {other}")).await;
    }
    nursery.tell(&[vec![put(1, "kite", 2)]]).await;
    let why = stopped(&nursery.models, "toys").await;
    assert!(why.starts_with("LOG_DIVERGED"), "{why}");
    assert_eq!(stored_versions(&nursery.chronicle.read, 1).await, Replay::of(&kept).versions());
    nursery.close().await;
}

async fn a_checkpoint_beyond_the_head_is_refused(home: &Home) {
    refused_checkpoint(home, "position = 99", "beyond the log's head").await;
}

async fn a_checkpoint_of_another_log_is_refused(home: &Home) {
    let nil = if home.is_sqlite() { "zeroblob(16)" } else { "'00000000-0000-0000-0000-000000000000'" };
    refused_checkpoint(home, &format!("log_id = {nil}"), "the checkpoint is of log 0000").await;
}

async fn refused_checkpoint(home: &Home, change: &str, reason: &str) {
    let nursery = Nursery::open(home).await;
    let kept = vec![vec![put(1, "ball", 1)]];
    nursery.tell(&kept).await;
    nursery.settled().await;
    let Nursery { chronicle, models, cancel } = nursery;
    cancel.cancel();
    models.ended().await;
    execute(&chronicle.read, &format!("UPDATE read_models SET {change} WHERE name = 'toys'")).await;

    let nursery = Nursery::on(chronicle, settings()).await;
    nursery.tell(&[vec![put(1, "kite", 2)]]).await;
    let why = stopped(&nursery.models, "toys").await;
    assert!(why.starts_with("LOG_DIVERGED") && why.contains(reason), "{why}");
    assert_eq!(stored_versions(&nursery.chronicle.read, 1).await, Replay::of(&kept).versions());

    // Nothing but a rebuild brings it back.
    nursery.models.rebuild("toys", &CancellationToken::new()).await.unwrap();
    nursery.settled().await;
    let rebuilt = Replay::of(&[kept, vec![vec![put(1, "kite", 2)]]].concat());
    assert_eq!(stored_versions(&nursery.chronicle.read, 2).await, rebuilt.versions());
    nursery.close().await;
}

async fn a_runner_finds_by_itself_what_nobody_told_it(home: &Home) {
    let nursery = Nursery::open(home).await;
    nursery.chronicle.append_silently(&[put(1, "ball", 1)]).await;
    let head = nursery.settled().await;
    let found = nursery.toys().one::<toys::Entity>(head, Uuid::from_u128(1)).await.unwrap();
    assert_eq!(found.unwrap().name, "ball");
    nursery.close().await;
}

async fn a_model_that_is_registered_twice_is_refused(home: &Home) {
    let chronicle = Chronicle::begin(home).await;
    let builder = ReadModels::builder(chronicle.read.clone(), chronicle.log.clone());
    let refused = builder.with(Toys).with(Tallies).with(Toys).open().await.err();
    assert!(matches!(refused, Some(StartError::Declaration { model: "toys", .. })), "{refused:?}");
}
