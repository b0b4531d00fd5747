//! The log shows tampering: whatever is altered behind its back is found and named.

use std::sync::Arc;

use hindsight::engine::event::{Position, Recorded};
use hindsight::engine::log::append::Append;
use hindsight::engine::log::entity::events;
use hindsight::engine::log::verify::Fault;
use hindsight::engine::log::verify::claims::ClaimFault;
use hindsight::engine::log::{Log, chain};
use hindsight::engine::store::{Purpose, Store};
use hindsight::engine::time::Instant;
use sea_orm::{ConnectionTrait, Iden, Iterable};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::jars::{self, Do};
use crate::support::node::Node;
use crate::support::on_both_stores;

on_both_stores!(
    the_log_shows_tampering,
    events_that_changed_places_are_found,
    a_head_that_was_altered_is_found,
    a_log_without_its_head_row_is_given_no_other_identity,
    a_command_id_that_two_commands_have_is_found,
    claims_that_are_not_those_of_the_log_are_found,
    claims_are_checked_while_they_change,
);

/// Each of these is done to the third of four events (the fourth is of the same command).
const ALTERATIONS: [&str; 18] = [
    "UPDATE events SET hash = substr(hash, 1, 31) WHERE position = 3",
    "UPDATE events SET data = replace(data, '1', '2') WHERE position = 3",
    "UPDATE events SET metadata = replace(metadata, '\"actor\":\"Ann\"', '\"actor\":\"Bob\"') WHERE position = 3",
    "UPDATE events SET actor = 'Bob' WHERE position = 3",
    "UPDATE events SET actor = NULL WHERE position = 3",
    "UPDATE events SET event_type = 'Filled' WHERE position = 3",
    "UPDATE events SET stream_type = 'Shelf' WHERE position = 3",
    "UPDATE events SET stream_version = 7 WHERE position = 3",
    "UPDATE events SET schema_version = 2 WHERE position = 3",
    "UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 3",
    "UPDATE events SET command_end = 3 WHERE position = 3",
    "UPDATE events SET event_id = stream_id WHERE position = 3",
    "UPDATE events SET stream_id = event_id WHERE position = 3",
    "UPDATE events SET command_id = event_id WHERE position = 3",
    "UPDATE events SET correlation_id = event_id WHERE position = 3",
    "UPDATE events SET hash = (SELECT hash FROM log_head) WHERE position = 3",
    "DELETE FROM events WHERE position = 3",
    "UPDATE events SET position = CASE position WHEN 3 THEN 104 ELSE 103 END, command_end = 104 WHERE position > 2",
];

async fn the_log_shows_tampering(home: &Home) {
    for alteration in ALTERATIONS {
        let fault = after(home, alteration).await;
        let found_at = match alteration {
            removed if removed.starts_with("DELETE") => 4,
            moved if moved.contains("103") => 2,
            _ => 3,
        };
        assert_eq!(fault.position.get(), found_at, "{alteration}: {fault}");
    }
    if home.is_sqlite() {
        // PostgreSQL holds no text that is not UTF-8.
        let unreadable = after(home, "UPDATE events SET data = CAST(x'ff' AS TEXT) WHERE position = 3").await;
        assert_eq!(unreadable.position.get(), 3, "{unreadable}");
    }
    let cut = after(home, "DELETE FROM events WHERE position > 2").await;
    assert_eq!(cut.position.get(), 2, "a tail removed without the head row: {cut}");
}

#[test]
fn every_column_of_an_event_is_among_those_altered() {
    for column in events::Column::iter() {
        let alters = format!("SET {} = ", column.unquoted());
        assert!(ALTERATIONS.iter().any(|alteration| alteration.contains(&alters)), "{}", column.unquoted());
    }
}

async fn events_that_changed_places_are_found(home: &Home) {
    for (one, other) in [(1, 2), (2, 3), (3, 4)] {
        // Everything but the place itself: where a command ends goes with the place, as the table insists.
        let place = format!("100 + {one} + {other} - position");
        let swap = format!(
            "UPDATE events SET position = position + 100, command_end = 1000 WHERE position IN ({one}, {other});
             UPDATE events SET position = {place}, command_end = CASE WHEN {place} > 2 THEN 4 ELSE {place} END
             WHERE position > 100"
        );
        let fault = after(home, &swap).await;
        assert_eq!(fault.position.get(), one, "{one} and {other}: {fault}");
    }
}

async fn a_head_that_was_altered_is_found(home: &Home) {
    let of = |column| format!("{column} = (SELECT {column} FROM events WHERE position = 2)");
    let set_back = [of("position"), of("hash"), of("recorded_at")].join(", ");
    let fault = after(home, &format!("UPDATE log_head SET {set_back}")).await;
    assert_eq!(fault.position.get(), 3, "the head was set back, its events are left: {fault}");
    for (altered, at) in [
        ("hash = (SELECT hash FROM events WHERE position = 3)", 4),
        ("recorded_at = recorded_at + 1", 4),
        ("position = 5", 4),
        ("log_id = (SELECT event_id FROM events WHERE position = 1)", 1),
    ] {
        let fault = after(home, &format!("UPDATE log_head SET {altered}")).await;
        assert_eq!(fault.position.get(), at, "{altered}: {fault}");
    }
}

async fn a_log_without_its_head_row_is_given_no_other_identity(home: &Home) {
    let node = Node::start(home).await;
    node.does(Do::Open { jar: Uuid::now_v7(), label: "one".into() }).await;
    node.stop().await;
    let store = Store::open(&home.log(), Purpose::Log, 2).await.expect("the database");
    store.writer().execute_unprepared("DELETE FROM log_head").await.expect("removed");
    let refused = Log::open(store.clone()).await.expect_err("a log without a head");
    assert!(refused.to_string().contains("the head row is missing"), "{refused}");
    store.close().await;
}

/// Sound as far as hashes go: written by somebody who can compute them.
async fn a_command_id_that_two_commands_have_is_found(home: &Home) {
    let node = Node::start(home).await;
    let jar = Uuid::now_v7();
    node.does(Do::Open { jar, label: "one".into() }).await;
    node.does(Do::Fill { jar, coins: 1 }).await;
    let head = node.log.head().await.expect("the head");
    node.log.verify_commands(head.position, |_| {}).await.expect("readable").expect("sound before");
    let before = node.log.at(head.position).await.expect("readable").expect("an event");
    let mut event = Recorded {
        position: head.position.next(),
        event_id: Uuid::now_v7(),
        stream_version: before.stream_version + 1,
        command_end: head.position.next(),
        recorded_at: Instant::from_micros(head.recorded_at.micros() + 1),
        ..before
    };
    event.hash = chain::hash(head.hash, &event);
    let append = Append { from: &head, events: &[Arc::new(event)], claims: Vec::new() };
    assert!(node.log.append(&append).await.expect("written"));
    node.log.verify(|_| {}).await.expect("readable").expect("an unbroken chain");
    let until = Position::new(3).expect("a position");
    let fault = node.log.verify_commands(until, |_| {}).await.expect("readable");
    assert_eq!(fault.expect_err("one id, two commands").position, until);
    node.stop().await;
}

async fn claims_that_are_not_those_of_the_log_are_found(home: &Home) {
    let node = Node::start(home).await;
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    node.does(Do::Open { jar: one, label: "One".into() }).await;
    node.does(Do::Open { jar: other, label: "Other".into() }).await;
    node.does(Do::PutUp { shelf: Uuid::now_v7() }).await;
    let verify = async || node.log.verify_claims(&jars::aggregates(), |_| {}).await.expect("readable");
    assert_eq!(verify().await, Ok(2), "sound before");
    let scope = || "label".to_owned();
    let of_other = "(SELECT stream_id FROM claims WHERE key = 'other')";
    for (alteration, undo, found) in [
        (
            "DELETE FROM claims WHERE key = 'one'".to_owned(),
            None,
            ClaimFault::Missing { scope: scope(), key: "one".into(), holder: one },
        ),
        (
            format!("UPDATE claims SET stream_id = {of_other} WHERE key = 'one'"),
            None,
            ClaimFault::Other { scope: scope(), key: "one".into(), holder: one, other },
        ),
        (
            format!("INSERT INTO claims (scope, key, stream_id) SELECT 'label', 'third', {of_other}"),
            Some("DELETE FROM claims WHERE key = 'third'"),
            ClaimFault::Extra { scope: scope(), key: "third".into(), holder: other },
        ),
        (
            "UPDATE claims SET scope = 'lid' WHERE key = 'one'".to_owned(),
            None,
            ClaimFault::Missing { scope: scope(), key: "one".into(), holder: one },
        ),
    ] {
        let writer = node.log.store().writer();
        let altered = writer.execute_unprepared(&alteration).await.expect("altered");
        assert_eq!(altered.rows_affected(), 1, "{alteration}");
        assert_eq!(verify().await, Err(found), "{alteration}");
        match undo {
            Some(undo) => drop(writer.execute_unprepared(undo).await.expect("undone")),
            None => node.log.regrow_claims(&jars::aggregates()).await.expect("regrown"),
        }
        assert_eq!(verify().await, Ok(2), "as it was: {alteration}");
    }
    node.stop().await;
}

async fn claims_are_checked_while_they_change(home: &Home) {
    let node = Node::start(home).await;
    let jars: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    for (number, jar) in jars.iter().enumerate() {
        node.does(Do::Open { jar: *jar, label: format!("jar {number}") }).await;
    }
    let changing = async {
        for turn in 0..60 {
            node.does(Do::SwapLabels { one: jars[turn % 3], other: jars[(turn + 1) % 3] }).await;
            node.does(Do::Relabel { jar: jars[turn % 3], label: format!("turn {turn}") }).await;
        }
    };
    let checking = async {
        for _ in 0..20 {
            let found = node.log.verify_claims(&jars::aggregates(), |_| {}).await.expect("readable");
            assert_eq!(found, Ok(3), "at every moment");
        }
    };
    tokio::join!(changing, checking);
    node.stop().await;
}

/// A fresh log of four events, altered; what the check finds.
async fn after(home: &Home, alteration: &str) -> Fault {
    let node = Node::start(home).await;
    for table in ["events", "claims", "log_head"] {
        node.log.store().writer().execute_unprepared(&format!("DELETE FROM {table}")).await.expect("emptied");
    }
    node.stop().await;

    let node = Node::start(home).await;
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    node.does(Do::Open { jar: one, label: "label 1".into() }).await;
    node.does(Do::Open { jar: other, label: "label 2".into() }).await;
    let swap = Do::SwapLabels { one: other, other: one };
    let by_ann = hindsight::engine::writer::Envelope { actor: Some("Ann".into()), ..Default::default() };
    node.send(swap, by_ann).await.expect("an answer");
    node.log.verify(|_| {}).await.expect("readable").expect("sound before");
    node.stop().await;

    let store = Store::open(&home.log(), Purpose::Log, 2).await.expect("the database");
    let altered = store.writer().execute_unprepared(alteration).await.expect(alteration);
    assert!(altered.rows_affected() > 0, "{alteration} alters nothing");
    store.close().await;
    let node = Node::start(home).await;
    let found = node.log.verify(|_| {}).await.expect("readable");
    node.stop().await;
    found.expect_err(alteration)
}
