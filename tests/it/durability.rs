//! Acknowledged is durable: the binary is killed under load, again and again, and nothing it has answered is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::join_all;
use hindsight::engine::log::Log;
use hindsight::engine::store::{Purpose, Store};
use serde_json::json;
use uuid::Uuid;

use crate::support::binary::Served;
use crate::support::home::Home;
use crate::support::on_both_stores;

on_both_stores!(acknowledged_is_durable, a_server_told_to_stop_finishes_what_is_in_flight_and_exits_0);

const ROUNDS: u32 = 5;
const SENDERS: u32 = 32;
/// The process is killed once so many commands of a round were acknowledged.
const ACKNOWLEDGED_BEFORE_KILL: u32 = 150;

const CREATE: &str =
    "mutation($input: CreateUserInput!) { createUser(input: $input) { position errors { code } } }";

async fn acknowledged_is_durable(home: &Home) {
    let mut acknowledged = Vec::new();
    for _ in 0..ROUNDS {
        let served = Arc::new(Served::start(home).await);
        let count = Arc::new(AtomicU32::new(0));
        let senders = (0..SENDERS).map(|_| tokio::spawn(send_until_it_dies(served.clone(), count.clone())));
        for sender in join_all(senders).await {
            acknowledged.extend(sender.expect("a sender"));
        }
    }
    assert!(acknowledged.len() as u32 >= ROUNDS * ACKNOWLEDGED_BEFORE_KILL);

    let store = Store::open(&home.log(), Purpose::Log, 2).await.expect("the log's database");
    let log = Log::open(store).await.expect("the log");
    for ids in acknowledged.chunks(500) {
        let found = log.commands(ids).await.expect("readable");
        let lost: Vec<_> = ids.iter().filter(|id| !found.contains_key(id)).collect();
        assert!(lost.is_empty(), "acknowledged, yet lost: {lost:?}");
    }
    let sound = log.verify(|_| {}).await.expect("readable").expect("sound");
    assert!(sound.position.get() >= acknowledged.len() as i64);
    log.store().close().await;
}

/// Sends commands until the process is gone; the ids of those it has acknowledged. Whoever gets the last of the
/// round's acknowledgements kills it, while the others have commands under way.
async fn send_until_it_dies(served: Arc<Served>, count: Arc<AtomicU32>) -> Vec<Uuid> {
    let mut acknowledged = Vec::new();
    loop {
        let id = Uuid::now_v7();
        let input = json!({ "name": "x", "email": format!("{id}@example.org"), "commandId": id });
        match served.ask(CREATE, json!({ "input": input })).await {
            Ok(answer) if answer["data"]["createUser"]["position"].is_string() => acknowledged.push(id),
            Ok(answer) => panic!("neither carried out nor dead: {answer:#}"),
            Err(_) => return acknowledged,
        }
        if count.fetch_add(1, Ordering::SeqCst) + 1 == ACKNOWLEDGED_BEFORE_KILL {
            served.kill();
        }
    }
}

async fn a_server_told_to_stop_finishes_what_is_in_flight_and_exits_0(home: &Home) {
    let served = Served::start(home).await;
    let input = |n| json!({ "input": { "name": "x", "email": format!("{n}@example.org") } });
    served.ask(CREATE, input(0)).await.expect("an answer");
    let under_way = join_all((1..50).map(|n| served.ask(CREATE, input(n))));
    let (answers, status) = tokio::join!(under_way, served.terminate());
    assert!(status.success(), "{status}");
    let carried_out =
        answers.iter().flatten().filter(|answer| answer["data"]["createUser"]["position"].is_string());
    let carried_out = carried_out.count();

    let store = Store::open(&home.log(), Purpose::Log, 2).await.expect("the log's database");
    let log = Log::open(store).await.expect("the log");
    let head = log.head().await.expect("the head").position.get();
    assert!(head > carried_out as i64, "{head} events for {carried_out} answers and the first");
    log.store().close().await;
}
