//! Unknown outcomes: a connection cut while a commit is under way on PostgreSQL. The fence tells what came of it.

use std::time::Duration;

use hindsight::engine::writer::{Envelope, Outcome};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::jars::Do;
use crate::support::node::{NOON, Node, TestClock};
use crate::support::proxy::{Cut, Proxy};

/// Carries out one command over a wire that is cut in the middle of it, and some before and after.
async fn one_outcome_whatever_is_cut(cut: Cut) {
    let Some(home) = Home::postgres().await else { return };
    let proxy = Proxy::before(&home.log(), "cut here", cut).await;
    let node = Node::start_at(&proxy.location, TestClock::at(NOON)).await;
    node.does(Do::Open { jar: Uuid::now_v7(), label: "before".into() }).await;
    let marked = Do::Open { jar: Uuid::now_v7(), label: "cut here".into() };
    let answer = node.send(marked, Envelope::default()).await.expect("an answer").outcome;
    let Outcome::Recorded(events) = answer else { panic!("{answer:?}") };
    assert!(proxy.has_cut());
    node.does(Do::Open { jar: Uuid::now_v7(), label: "after".into() }).await;
    let log = node.all().await;
    let found: Vec<_> = log.iter().filter(|event| event.data.contains("cut here")).collect();
    assert_eq!(found.len(), 1, "carried out once");
    assert_eq!(found[0].event_id, events[0].event_id, "and just as answered");
    assert_eq!(log.len(), 3);
    node.log.verify(|_| {}).await.expect("readable").expect("sound");
    node.stop().await;
    home.leave().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_reply_is_lost_stands_as_answered() {
    one_outcome_whatever_is_cut(Cut::Reply).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_never_arrives_is_made_again() {
    one_outcome_whatever_is_cut(Cut::Request).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_arrives_late_is_defeated_by_the_fence() {
    one_outcome_whatever_is_cut(Cut::Late(Duration::from_millis(300))).await;
}
