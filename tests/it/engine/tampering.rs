//! The log shows tampering: whatever is altered behind its back is found and named.

use hindsight::engine::log::verify::Fault;
use hindsight::engine::store::{Purpose, Store};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::jars::Do;
use crate::support::node::Node;
use crate::support::on_both_stores;

on_both_stores!(the_log_shows_tampering);

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
