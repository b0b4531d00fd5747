//! Lists, counts and keyed mixes as of every position of a random history, against a replay.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use hindsight::engine::event::Position;
use hindsight::engine::read_model::{First, Key, Query, ReadError, Reader, Settings, Words};
use hindsight::engine::store::{Purpose, Store};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, ModelTrait, Order, QueryFilter,
    QueryOrder, QueryResult, QuerySelect, QueryTrait, Select, Statement, TransactionTrait,
};
use uuid::Uuid;

use super::replay::{Dice, Replay, history};
use super::{LONG, Nursery, execute, query, settings};
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shelves::{Chronicle, places, put, toys};

on_both_stores!(
    an_answer_as_of_a_moment_is_complete_and_never_changes,
    what_is_found_out_about_the_past_changes_no_answer,
    rows_that_changed_since_stand_among_those_that_did_not,
    a_reader_waits_for_what_is_coming_and_says_what_is_not_visible_yet,
    text_is_matched_and_sorted_by_its_bytes,
);

/// Whether few rows are all, some or none.
async fn an_answer_as_of_a_moment_is_complete_and_never_changes(home: &Home) {
    for few in [1_000_000, 0] {
        let another = home.another().await;
        answers_of_a_moment(&another, Settings { few, ..settings() }).await;
        another.leave().await;
    }
    answers_of_a_moment(home, settings()).await;
}

async fn answers_of_a_moment(home: &Home, settings: Settings) {
    let commands = history(&mut Dice::thrown(), 40);
    let replay = Replay::of(&commands);
    let nursery = Nursery::on(Chronicle::begin(home).await, settings).await;
    nursery.tell(&commands).await;
    nursery.settled().await;
    let reader = nursery.toys();
    for at in replay.positions() {
        lists(&reader, &replay, at).await;
        counts(&reader, &replay, at).await;
        words(&reader, &replay, at).await;
    }
    if home.is_sqlite() {
        // However often rows were changed and taken away, and whatever numbers they would be given anew.
        execute(&nursery.chronicle.read, "VACUUM").await;
        for index in ["toys_r3_g1_words", "toys_r3_g1_history_words"] {
            let check = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
            execute(&nursery.chronicle.read, &check).await;
        }
        words(&reader, &replay, replay.head()).await;
    }
    mixes(&reader, &replay).await;
    nursery.close().await;
}

/// So long a past that there are parts of it in which nothing happens any more; asked about until they are known.
async fn what_is_found_out_about_the_past_changes_no_answer(home: &Home) {
    let commands = history(&mut Dice::thrown(), 700);
    let replay = Replay::of(&commands);
    let (before, after) = commands.split_at(commands.len() - 20);
    let nursery = Nursery::on(Chronicle::begin(home).await, settings()).await;
    nursery.tell(before).await;
    nursery.settled().await;
    let reader = nursery.toys();
    let head = reader.checkpoint().get();
    let moments = [head / 5, head / 2, head * 9 / 10, head - 10].map(Position::from_stored);
    for _ in 0..4 {
        for at in moments {
            lists(&reader, &replay, at).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    nursery.tell(after).await;
    nursery.settled().await;
    for at in moments {
        lists(&reader, &replay, at).await;
    }
    nursery.close().await;
}

/// A page of rows that mostly have not changed since, and of some that have.
async fn rows_that_changed_since_stand_among_those_that_did_not(home: &Home) {
    let mut dice = Dice::thrown();
    let mut told = |toy| vec![put(toy, &format!("toy {}", dice.below(30)), dice.below(4) as i32)];
    let mut commands: Vec<_> = (0..40).map(&mut told).collect();
    commands.extend((0..40).step_by(3).map(&mut told));
    let replay = Replay::of(&commands);
    let nursery = Nursery::on(Chronicle::begin(home).await, Settings { few: 0, ..settings() }).await;
    nursery.tell(&commands).await;
    nursery.settled().await;
    let reader = nursery.toys();
    for (at, direction) in (30..50).map(Position::from_stored).zip([Order::Asc, Order::Desc].iter().cycle()) {
        for shelf in 0..4 {
            let those = replay.at(at).values().filter(|toy| toy.shelf <= shelf);
            let mut by_name: Vec<_> = those.cloned().collect();
            let mut by_age = by_name.clone();
            by_name.sort_by_key(|toy| (toy.name.clone(), toy.id));
            by_age.sort_by_key(|toy| (toy.made_at, toy.id));
            let at_the_end = if *direction == Order::Asc { at.get() } else { 1 };
            for (column, mut expected, end) in
                [(toys::Column::Name, by_name, None), (toys::Column::MadeAt, by_age, Some(at_the_end))]
            {
                if *direction == Order::Desc {
                    expected.reverse();
                }
                for behind in [0, 2] {
                    let those = Query::of(toys::Entity::find())
                        .within(toys::Column::Shelf, toys::Column::Shelf.lte(shelf))
                        .in_order([column])
                        .try_map(|select| {
                            Ok::<_, Infallible>(after(select, column, direction, &expected[..behind]))
                        })
                        .unwrap_or_else(|never| match never {});
                    let first = First { rows: 4, direction: direction.clone(), begin: None, end };
                    let found = reader.rows(at, those.first(first)).await.unwrap();
                    let expected: Vec<_> = expected.iter().skip(behind).take(4).cloned().collect();
                    assert_eq!(found, expected, "{direction:?} by {column:?}, up to {shelf}, at {at}");
                }
            }
        }
    }
    nursery.close().await;
}

/// Those that come after the last of some.
fn after(
    select: Select<toys::Entity>,
    column: toys::Column,
    direction: &Order,
    before: &[toys::Model],
) -> Select<toys::Entity> {
    let Some(last) = before.last() else { return select };
    let here = Expr::tuple([column.into_expr(), toys::Column::Id.into_expr()]);
    let there = Expr::tuple([Expr::val(last.get(column)), Expr::val(last.id)]);
    select.filter(if *direction == Order::Asc { here.gt(there) } else { here.lt(there) })
}

async fn lists(reader: &Reader, replay: &Replay, at: Position) {
    let world = || replay.at(at).values().cloned();

    let by_name = toys::Entity::find().order_by_asc(toys::Column::Name).order_by_asc(toys::Column::Id);
    let mut expected: Vec<_> = world().collect();
    expected.sort_by_key(|toy| (toy.name.clone(), toy.id));
    assert_eq!(reader.rows(at, by_name.clone()).await.unwrap(), expected, "all by name at {at}");
    let page = by_name.clone().limit(3);
    assert_eq!(reader.rows(at, page).await.unwrap(), expected[..expected.len().min(3)], "a page at {at}");
    assert_eq!(
        reader.rows(at, walked(toys::Entity::find())).await.unwrap(),
        expected[..expected.len().min(3)]
    );
    for shelf in 0..4 {
        let later =
            Query::of(toys::Entity::find()).within(toys::Column::Shelf, toys::Column::Shelf.gt(shelf));
        let found = reader.rows(at, first_by_name(later)).await.unwrap();
        let expected: Vec<_> = expected.iter().filter(|toy| toy.shelf > shelf).take(3).cloned().collect();
        assert_eq!(found, expected, "the first by name on shelves after {shelf} at {at}");
        let query = || Query::of(toys::Entity::find()).one_of(toys::Column::Shelf, [shelf]);
        let found = reader.rows(at, first_by_name(query())).await.unwrap();
        let on_shelf: Vec<_> = world().filter(|toy| toy.shelf == shelf).collect();
        assert_eq!(reader.count(at, query()).await.unwrap(), on_shelf.len() as u64, "on {shelf} at {at}");
        let mut expected = on_shelf;
        expected.sort_by_key(|toy| (toy.name.clone(), toy.id));
        expected.truncate(3);
        assert_eq!(found, expected, "the first by name on shelf {shelf} at {at}");
    }
    let second: Vec<_> = expected.into_iter().skip(2).take(2).collect();
    assert_eq!(reader.rows(at, by_name.offset(2).limit(2)).await.unwrap(), second, "a later page at {at}");

    let newest =
        toys::Entity::find().filter(toys::Column::Shelf.gt(0)).order_by_desc(toys::Column::MadeAt).limit(4);
    let mut expected: Vec<_> = world().filter(|toy| toy.shelf > 0).collect();
    expected.sort_by_key(|toy| Reverse(toy.made_at));
    expected.truncate(4);
    assert_eq!(reader.rows(at, newest).await.unwrap(), expected, "the newest at {at}");

    let on_shelf = places::Entity::find()
        .select_only()
        .column(places::Column::Toy)
        .filter(places::Column::Shelf.eq(2))
        .into_query();
    let standing = toys::Entity::find().filter(toys::Column::Id.in_subquery(on_shelf));
    let expected: Vec<_> = world().filter(|toy| toy.shelf == 2).collect();
    let in_order = |select: Select<toys::Entity>| select.order_by_asc(toys::Column::Id);
    let all = in_order(standing.clone());
    assert_eq!(reader.rows(at, all.clone()).await.unwrap(), expected, "by the other table at {at}");
    assert_eq!(reader.rows(at, Query::few(all.clone())).await.unwrap(), expected, "the few at {at}");
    let page: Vec<_> = expected.iter().skip(1).take(2).cloned().collect();
    let few = Query::few(all.offset(1).limit(2));
    assert_eq!(reader.rows(at, few).await.unwrap(), page, "a page of the few, given whole, at {at}");
    let few = Query::few(standing)
        .try_map(|select| Ok::<_, Infallible>(in_order(select).offset(1).limit(2)))
        .unwrap_or_else(|never| match never {});
    assert_eq!(reader.rows(at, few).await.unwrap(), page, "a page of the few at {at}");

    let on_shelf = || places::Entity::find().filter(places::Column::Shelf.eq(2));
    let named = || Query::of(toys::Entity::find()).named(toys::Column::Id, on_shelf(), places::Column::Toy);
    assert_eq!(reader.count(at, named()).await.unwrap(), expected.len() as u64, "those named at {at}");
    let skipping = named()
        .in_order([toys::Column::Id])
        .try_map(|select| Ok::<_, Infallible>(in_order(select).offset(1).limit(2)))
        .unwrap_or_else(|never| match never {});
    assert_eq!(reader.rows(at, skipping).await.unwrap(), page, "a page of those named at {at}");
    let mut by_name = expected;
    by_name.sort_by_key(|toy| (toy.name.clone(), toy.id));
    by_name.truncate(3);
    assert_eq!(reader.rows(at, first_by_name(named())).await.unwrap(), by_name, "the first named at {at}");
}

/// The first three of them by name, as an index has them.
fn walked(those: Select<toys::Entity>) -> Query<toys::Entity> {
    first_by_name(Query::of(those))
}

fn first_by_name(those: Query<toys::Entity>) -> Query<toys::Entity> {
    let first = First { rows: 3, direction: Order::Asc, begin: None, end: None };
    those.in_order([toys::Column::Name]).first(first)
}

async fn counts(reader: &Reader, replay: &Replay, at: Position) {
    let all = toys::Entity::find().order_by_asc(toys::Column::Name).limit(1);
    assert_eq!(reader.count(at, all).await.unwrap(), replay.at(at).len() as u64, "all at {at}");
    let noted = toys::Entity::find().filter(toys::Column::Note.is_not_null());
    let expected = replay.at(at).values().filter(|toy| toy.note.is_some()).count() as u64;
    assert_eq!(reader.count(at, noted).await.unwrap(), expected, "those with a note at {at}");
}

/// Notes are "even" and the toy's name; those of toys without one are absent.
async fn words(reader: &Reader, replay: &Replay, at: Position) {
    let noted = |wanted: &dyn Fn(&str) -> bool| -> Vec<toys::Model> {
        replay.at(at).values().filter(|toy| toy.note.as_deref().is_some_and(wanted)).cloned().collect()
    };
    let none = Words::default();
    for (words, expected) in [
        (none.clone().whole("even"), noted(&|_| true)),
        (none.clone().whole("even").whole("2"), noted(&|note| note == "even ball 2")),
        (none.clone().whole("zebra"), noted(&|note| note == "even zebra")),
        (none.clone().whole("zebr"), vec![]),
        (none.clone().whole("even").begun("Är"), noted(&|note| note == "even Ärger")),
        (none.clone().begun("eve").begun("zeb"), noted(&|note| note == "even zebra")),
        (none.clone().whole("even").whole("' | even"), vec![]),
        (none, vec![]),
    ] {
        let question = || {
            let every = toys::Entity::find().order_by_asc(toys::Column::Id);
            Query::with_words(every, words.clone())
        };
        assert_eq!(reader.rows(at, question()).await.unwrap(), expected, "{words:?} at {at}");
        assert_eq!(reader.count(at, question()).await.unwrap(), expected.len() as u64, "{words:?} at {at}");
    }
    let unindexed = Query::with_words(places::Entity::find(), Words::default().whole("even"));
    let refused = reader.rows(at, unindexed).await;
    assert!(matches!(refused, Err(ReadError::NoWords { table: "places" })), "{refused:?}");
}

async fn mixes(reader: &Reader, replay: &Replay) {
    let toys = (0..10).map(Uuid::from_u128);
    let asked: Vec<(Key, Position)> =
        toys.flat_map(|toy| replay.positions().map(move |at| (Key::of(toy), at))).collect();
    let found = reader.each::<toys::Entity>(&asked).await.unwrap();
    let expected: HashMap<(Key, Position), toys::Model> = asked
        .iter()
        .filter_map(|(key, at)| {
            let toy = replay.at(*at).values().find(|toy| Key::of(toy.id) == *key)?;
            Some(((key.clone(), *at), toy.clone()))
        })
        .collect();
    assert_eq!(found, expected);

    let pair = |toy: &toys::Model| Key::of(toy.shelf).and(toy.id);
    let now = replay.head();
    let asked: Vec<(Key, Position)> = replay.at(now).values().map(|toy| (pair(toy), now)).collect();
    let found = reader.each::<places::Entity>(&asked).await.unwrap();
    assert_eq!(found.len(), asked.len());
    let wrong = reader.each::<places::Entity>(&[(Key::of(1), now)]).await;
    assert!(matches!(wrong, Err(ReadError::NoSuchKey { table: "places", .. })), "{wrong:?}");
}

#[tokio::test]
async fn postgres_keeps_the_plans_of_pages_and_counts_of_the_past_and_plans_other_lists_each_time() {
    let Some(home) = Home::postgres().await else { return };
    let (nursery, head) = with_single_connections(&home).await;
    let reader = nursery.toys();
    let store = &nursery.chronicle.read;
    let plans = async |of: &str, connection: &DatabaseConnection| {
        let sql = "SELECT sum(generic_plans)::int8 AS generic, sum(custom_plans)::int8 AS custom \
                   FROM pg_prepared_statements WHERE strpos(statement, $1) > 0";
        let asked = Statement::from_sql_and_values(store.backend(), sql, [of.into()]);
        let sums = connection.query_one_raw(asked).await.unwrap().unwrap();
        ["generic", "custom"].map(|kind| sums.try_get::<Option<i64>>("", kind).unwrap().unwrap_or_default())
    };
    let first = settings().near + 1;
    for at in (first..first + 7).map(Position::from_stored) {
        assert!(at.get() + settings().near < head.get(), "far enough back");
        reader.rows(at, walked(toys::Entity::find())).await.unwrap();
        reader.count(at, Query::of(toys::Entity::find())).await.unwrap();
        reader.rows(at, toys::Entity::find().order_by_asc(toys::Column::Name).limit(3)).await.unwrap();
    }
    assert_eq!(plans("__order", store.steady_reader()).await, [7, 0]);
    assert_eq!(plans("__count", store.steady_reader()).await, [7, 0]);
    assert_eq!(plans("__order", store.reader()).await, [0, 7]);
    assert_eq!(plans("__count", store.reader()).await, [0, 0]);
    // Not just kept, but good: first rows taken from within an index, whatever these tables hold.
    let page = kept_plan(store, "__order").await;
    for index in ["toys_r3_g1_by_name", "toys_r3_g1_history_by_name"] {
        let walk =
            page.iter().position(|step| step.starts_with(&format!("Index Only Scan using {index} on ")));
        assert!(walk.is_some_and(|step| page[step - 1] == "Limit"), "{index}: {page:#?}");
    }
    let count = kept_plan(store, "__count").await;
    for (plan, scans) in [(page, 2), (count, 2)] {
        let is = |kind: &str| plan.iter().filter(|step| step.contains(kind)).count();
        assert_eq!((is("Index Only Scan"), is("Seq Scan"), is("Bitmap")), (scans, 0, 0), "{plan:#?}");
    }
    nursery.close().await;
    home.leave().await;
}

#[tokio::test]
async fn a_page_of_the_past_is_answered_when_no_connection_that_keeps_plans_is_to_be_had() {
    let Some(home) = Home::postgres().await else { return };
    let (nursery, head) = with_single_connections(&home).await;
    let (reader, at) = (nursery.toys(), Position::from_stored(settings().near + 1));
    assert!(at.get() + settings().near < head.get(), "far enough back");
    let page = || walked(toys::Entity::find());
    let answered = reader.rows(at, page()).await.unwrap();

    let store = &nursery.chronicle.read;
    let held = store.steady_reader().begin().await.unwrap();
    assert_eq!(reader.rows(at, page()).await.unwrap(), answered);
    held.rollback().await.unwrap();
    nursery.close().await;
    home.leave().await;
}

/// A history, read over a single connection of each kind, which knows of every plan; and its head.
async fn with_single_connections(home: &Home) -> (Nursery, Position) {
    let commands = history(&mut Dice::thrown(), 40);
    let mut chronicle = Chronicle::begin(home).await;
    chronicle.read.close().await;
    chronicle.read = Store::open(&home.read_models(), Purpose::ReadModels, 1).await.unwrap();
    let nursery = Nursery::on(chronicle, settings()).await;
    nursery.tell(&commands).await;
    let head = nursery.settled().await;
    (nursery, head)
}

/// The steps of the plan that is kept for the one steady statement with such a text.
async fn kept_plan(store: &Store, text: &str) -> Vec<String> {
    let steady = store.steady_reader();
    let sql = "SELECT name, cardinality(parameter_types) AS values FROM pg_prepared_statements \
               WHERE strpos(statement, $1) > 0 AND strpos(statement, 'pg_prepared') = 0";
    let asked = Statement::from_sql_and_values(store.backend(), sql, [text.into()]);
    let kept = steady.query_one_raw(asked).await.unwrap().unwrap();
    let (name, values): (String, i32) =
        (kept.try_get("", "name").unwrap(), kept.try_get("", "values").unwrap());
    // A kept plan is the same whatever the values.
    let values = vec!["NULL"; usize::try_from(values).unwrap()].join(", ");
    let sql = format!("EXPLAIN (COSTS OFF) EXECUTE \"{name}\"({values})");
    let steps = steady.query_all_raw(Statement::from_string(store.backend(), sql)).await.unwrap();
    let step = |row: &QueryResult| row.try_get_by_index::<String>(0).unwrap();
    steps.iter().map(|row| step(row).trim_start_matches([' ', '-', '>']).to_owned()).collect()
}

async fn a_reader_waits_for_what_is_coming_and_says_what_is_not_visible_yet(home: &Home) {
    let nursery = Nursery::open(home).await;
    nursery.tell(&[vec![put(1, "ball", 1)]]).await;
    let head = nursery.settled().await;
    let reader = nursery.toys();

    let far = head.plus(1);
    let early = reader.wait_for(far, Duration::ZERO).await;
    match early {
        Err(ReadError::NotYetVisible { model: "toys", asked, checkpoint }) => {
            assert_eq!((asked, checkpoint), (far, head));
        }
        other => panic!("expected NotYetVisible, got {other:?}"),
    }

    let waiting = {
        let reader = reader.clone();
        tokio::spawn(async move {
            reader.wait_for(far, LONG).await.unwrap();
            reader.one::<toys::Entity>(far, Uuid::from_u128(1)).await.unwrap()
        })
    };
    nursery.tell(&[vec![put(1, "kite", 1)]]).await;
    assert_eq!(waiting.await.unwrap().unwrap().name, "kite");
    let before = reader.one::<toys::Entity>(head, Uuid::from_u128(1)).await.unwrap();
    assert_eq!(before.unwrap().name, "ball");
    nursery.close().await;
}

async fn text_is_matched_and_sorted_by_its_bytes(home: &Home) {
    let names = ["a", "B", "ä", "b", "A b", "A-b"];
    let nursery = Nursery::open(home).await;
    nursery.tell(&[names.iter().zip(1..).map(|(name, toy)| put(toy, name, 1)).collect()]).await;
    let head = nursery.settled().await;
    let by_name = toys::Entity::find().order_by_asc(toys::Column::Name);
    let found = nursery.toys().rows(head, by_name).await.unwrap();
    let found: Vec<&str> = found.iter().map(|toy| toy.name.as_str()).collect();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(found, expected);
    if !home.is_sqlite() {
        // The test server may sort by bytes anyway; others do not.
        let sql = "SELECT collation_name FROM information_schema.columns \
                   WHERE table_name IN ('toys_r3_g1', 'toys_r3_g1_history') AND column_name = 'name'";
        let collations = query(&nursery.chronicle.read, sql).await;
        let collations: Vec<String> =
            collations.iter().map(|row| row.try_get("", "collation_name").unwrap()).collect();
        assert_eq!(collations, ["C", "C"]);
    }
    nursery.close().await;
}
