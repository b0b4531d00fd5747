//! Building a generation in bulk: rows in hand, cut short and gone on with, beside others that serve.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hindsight::engine::event::{DecodeError, Position, Recorded};
use hindsight::engine::read_model::{
    Keys, ModelState, ReadError, ReadModel, ReadModels, RebuildError, Rows, Settings, Table,
};
use hindsight::engine::store::Store;
use sea_orm::EntityTrait;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::replay::{Dice, Replay, history};
use super::{LONG, Nursery, execute, query, settings, stopped, stored_versions, stored_versions_of};
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shelves::{Chronicle, Fact, Tallies, Toys, put, toys};

on_both_stores!(
    a_new_revision_is_built_beside_an_older_one_that_goes_on_serving,
    a_build_that_was_cancelled_goes_on_where_it_stood,
    a_build_with_few_rows_in_hand_gives_the_same_rows,
    two_who_build_the_same_generation_give_the_same_rows,
    a_rebuild_that_stops_leaves_the_old_generation_serving,
    a_first_build_that_stops_answers_an_error_until_it_is_rebuilt,
    a_rebuild_by_another_process_is_seen,
);

/// Toys of another revision. Notes the first event it folds; cancels at one.
struct Newer {
    first: Arc<AtomicI64>,
    cancel_at: i64,
    cancel: CancellationToken,
}

impl Newer {
    fn that_goes_on() -> Self {
        Self::that_cancels_at(i64::MAX)
    }

    fn that_cancels_at(position: i64) -> Self {
        let first = Arc::new(AtomicI64::new(i64::MAX));
        Self { first, cancel_at: position, cancel: CancellationToken::new() }
    }
}

impl ReadModel for Newer {
    const NAME: &'static str = "toys";
    const REVISION: i32 = 4;

    fn tables() -> Vec<Table> {
        Toys::tables()
    }

    fn keys(&self, event: &Recorded, rows: &Rows) -> Result<Keys, DecodeError> {
        Toys.keys(event, rows)
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        self.first.fetch_min(event.position.get(), Ordering::SeqCst);
        if event.position.get() >= self.cancel_at {
            self.cancel.cancel();
        }
        Toys.fold(rows, event)
    }
}

/// A few events at a time.
fn in_small_steps() -> Settings {
    Settings { bulk: 7, ..settings() }
}

async fn a_new_revision_is_built_beside_an_older_one_that_goes_on_serving(home: &Home) {
    let commands = history(&mut Dice::thrown(), 60);
    let (before, after) = commands.split_at(40);
    let older = Nursery::open(home).await;
    older.tell(before).await;
    older.settled().await;

    // Half built: the older one serves and follows, the newer one answers nothing.
    let store = Chronicle::another_store(home).await;
    let builder =
        || ReadModels::builder(store.clone(), older.chronicle.log.clone()).settings(in_small_steps());
    let model = Newer::that_cancels_at(20);
    let cancel = model.cancel.clone();
    let half = builder().with(model).open().await.unwrap();
    let cut = half.rebuild("toys", &cancel).await;
    assert!(matches!(cut, Err(RebuildError::Cancelled)), "{cut:?}");
    let status = half.status().remove(0);
    assert_eq!((status.state, status.generation), (ModelState::CatchingUp, 0));
    let reader = half.reader::<Newer>().unwrap();
    assert!(!reader.serves());
    let early = reader.wait_for(Position::ZERO, Duration::ZERO).await;
    assert!(matches!(early, Err(ReadError::NotYetVisible { .. })), "{early:?}");
    older.tell(after).await;
    let head = older.settled().await;
    live(&older.models).await;

    // A node of the new revision goes on with it, and is live once it has caught up.
    let model = Newer::that_goes_on();
    let first = model.first.clone();
    let cancel = CancellationToken::new();
    let newer = builder().with(model).start(older.chronicle.head.subscribe(), cancel.clone()).await.unwrap();
    newer.reader::<Newer>().unwrap().wait_for(head, LONG).await.unwrap();
    assert!(first.load(Ordering::SeqCst) > 20, "it began anew");
    let replay = Replay::of(&commands);
    assert_eq!(stored_versions_of(&store, 4, 1).await, replay.versions());
    assert_eq!(stored_versions(&store, 1).await, replay.versions());

    // From now on both follow, each its own tables.
    older.tell(&[vec![put(1, "last", 1)]]).await;
    let head = older.settled().await;
    newer.reader::<Newer>().unwrap().wait_for(head, LONG).await.unwrap();
    let all = [commands, vec![vec![put(1, "last", 1)]]].concat();
    for revision in [3, 4] {
        assert_eq!(stored_versions_of(&store, revision, 1).await, Replay::of(&all).versions());
    }
    cancel.cancel();
    newer.ended().await;
    store.close().await;
    older.close().await;
}

async fn a_build_that_was_cancelled_goes_on_where_it_stood(home: &Home) {
    let commands = history(&mut Dice::thrown(), 40);
    let chronicle = Chronicle::begin(home).await;
    for command in &commands {
        chronicle.append(command).await;
    }
    let builder =
        || ReadModels::builder(chronicle.read.clone(), chronicle.log.clone()).settings(in_small_steps());
    let model = Newer::that_cancels_at(30);
    let cancel = model.cancel.clone();
    let cut = builder().with(model).open().await.unwrap().rebuild("toys", &cancel).await;
    assert!(matches!(cut, Err(RebuildError::Cancelled)), "{cut:?}");

    let model = Newer::that_goes_on();
    let first = model.first.clone();
    let rebuilt = builder().with(model).open().await.unwrap();
    let rebuilt = rebuilt.rebuild("toys", &CancellationToken::new()).await.unwrap();
    assert_eq!(first.load(Ordering::SeqCst), rebuilt.from.get() + 1);
    assert!(rebuilt.from.get() >= 30 && rebuilt.to == chronicle.log.head().await.unwrap().position);
    assert_eq!(stored_versions_of(&chronicle.read, 4, 1).await, Replay::of(&commands).versions());
    chronicle.read.close().await;
    chronicle.log.store().close().await;
}

async fn a_build_with_few_rows_in_hand_gives_the_same_rows(home: &Home) {
    let commands = history(&mut Dice::thrown(), 80);
    let chronicle = Chronicle::begin(home).await;
    for command in &commands {
        chronicle.append(command).await;
    }
    for (revision, settings) in [
        (1, Settings { rows_in_hand: 3, ..in_small_steps() }),
        (2, Settings { bytes_in_hand: 1_000, ..in_small_steps() }),
    ] {
        let builder = ReadModels::builder(chronicle.read.clone(), chronicle.log.clone()).settings(settings);
        let models = builder.with(Toys).open().await.unwrap();
        models.rebuild("toys", &CancellationToken::new()).await.unwrap();
        assert_eq!(stored_versions(&chronicle.read, revision).await, Replay::of(&commands).versions());
    }
    chronicle.read.close().await;
    chronicle.log.store().close().await;
}

async fn two_who_build_the_same_generation_give_the_same_rows(home: &Home) {
    let commands = history(&mut Dice::thrown(), 60);
    let chronicle = Chronicle::begin(home).await;
    for command in &commands {
        chronicle.append_silently(command).await;
    }
    let other = Chronicle::another_store(home).await;
    let open = async |store: &Store| {
        let settings = Settings { bulk: 1, ..settings() };
        let builder = ReadModels::builder(store.clone(), chronicle.log.clone()).settings(settings);
        builder.with(Toys).open().await.unwrap()
    };
    let (one, two) = (open(&chronicle.read).await, open(&other).await);
    let token = CancellationToken::new();
    let (first, second) = tokio::join!(one.rebuild("toys", &token), two.rebuild("toys", &token));
    // Whoever comes second has nothing left to do, or begins the next generation.
    assert!(first.is_ok() || second.is_ok(), "{first:?} {second:?}");
    for ended in [first, second] {
        assert!(matches!(ended, Ok(_) | Err(RebuildError::Overtaken(_))), "{ended:?}");
    }
    assert_eq!(stored_versions(&chronicle.read, 1).await, Replay::of(&commands).versions());
    other.close().await;
    chronicle.read.close().await;
    chronicle.log.store().close().await;
}

async fn a_rebuild_that_stops_leaves_the_old_generation_serving(home: &Home) {
    let nursery = Nursery::open(home).await;
    nursery.tell(&[vec![put(1, "ball", 1)], vec![put(2, "ball", 2)]]).await;
    let head = nursery.settled().await;
    // A generation that was begun, and takes a name once only.
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    assert!(nursery.models.rebuild("toys", &cancelled).await.is_err());
    execute(&nursery.chronicle.read, "CREATE UNIQUE INDEX one_of_a_name ON toys_r3_g2 (name)").await;

    let ended = nursery.models.rebuild("toys", &CancellationToken::new()).await;
    let Err(RebuildError::Stopped(why)) = ended else { panic!("{ended:?}") };
    assert!(why.contains("the command at position 2"), "{why}");
    let status = nursery.models.status().remove(0);
    assert_eq!((status.state, status.generation, status.failure), (ModelState::Live, 1, None));
    assert_eq!(nursery.toys().rows(head, toys::Entity::find()).await.unwrap().len(), 2);
    // What stopped is not gone on with.
    nursery.models.rebuild("toys", &CancellationToken::new()).await.unwrap();
    assert_eq!(nursery.models.status()[0].generation, 3);
    nursery.close().await;
}

async fn a_first_build_that_stops_answers_an_error_until_it_is_rebuilt(home: &Home) {
    let chronicle = Chronicle::begin(home).await;
    let kept: Vec<_> = (1..=9).map(|toy| vec![put(toy, "ball", 1)]).collect();
    for command in &kept {
        chronicle.append(command).await;
    }
    chronicle.append(&[(1, Fact::Cursed)]).await;
    let nursery = Nursery::on(chronicle, settings()).await;
    let why = stopped(&nursery.models, "toys").await;
    assert!(why.contains("the command at position 10") && why.contains("this toy is cursed"), "{why}");
    let status = nursery.models.status().remove(0);
    assert_eq!((status.state, status.position.get()), (ModelState::Failed, 9));
    let read = nursery.toys().rows(Position::from_stored(1), toys::Entity::find()).await;
    assert!(matches!(read, Err(ReadError::Failed { model: "toys", .. })), "{read:?}");
    let tallies = nursery.models.reader::<Tallies>().unwrap();
    tallies.wait_for(Position::from_stored(10), LONG).await.unwrap();

    // The same fold stops at the same event again.
    let again = nursery.models.rebuild("toys", &CancellationToken::new()).await;
    assert!(matches!(again, Err(RebuildError::Stopped(_))), "{again:?}");
    nursery.close().await;
}

async fn a_rebuild_by_another_process_is_seen(home: &Home) {
    let nursery = Nursery::open(home).await;
    nursery.tell(&[vec![put(1, "ball", 1)], vec![put(2, "kite", 2)], vec![put(3, "drum", 2)]]).await;
    nursery.settled().await;
    let begun = "INSERT INTO read_models \
         (name, revision, generation, state, log_id, position, hash, failure, retired_at) \
         SELECT name, revision, 2, 'building', log_id, 0, hash, NULL, 0 FROM read_models WHERE name = 'toys'";
    execute(&nursery.chronicle.read, begun).await;
    let state = || nursery.models.status()[0].state;
    // Begun is not yet under way: who began may be gone.
    live(&nursery.models).await;
    let (mut position, until) = (0, Instant::now() + LONG);
    while state() != ModelState::Rebuilding {
        assert!(Instant::now() < until, "a rebuild that is not seen");
        position += 1;
        let moved = format!("UPDATE read_models SET position = {position} WHERE generation = 2");
        execute(&nursery.chronicle.read, &moved).await;
        sleep(Duration::from_millis(60)).await;
    }
    assert!(nursery.models.status()[0].events_per_second.is_some_and(|rate| rate > 0.0));
    execute(&nursery.chronicle.read, "DELETE FROM read_models WHERE generation = 2").await;
    live(&nursery.models).await;
    assert_eq!(
        query(&nursery.chronicle.read, "SELECT * FROM read_models WHERE name = 'toys'").await.len(),
        1
    );
    nursery.close().await;
}

/// Waits until the toys are live.
async fn live(models: &ReadModels) {
    let until = Instant::now() + LONG;
    while models.status()[0].state != ModelState::Live {
        assert!(Instant::now() < until, "not live: {:?}", models.status()[0]);
        sleep(Duration::from_millis(20)).await;
    }
}
