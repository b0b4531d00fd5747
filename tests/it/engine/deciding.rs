//! Decisions on the present: order, clock, atomicity, command ids, claims.

use std::collections::HashSet;

use futures_util::future::join_all;
use hindsight::engine::event::{Hash, Position};
use hindsight::engine::log::chain;
use hindsight::engine::writer::{Envelope, Outcome, WriteError};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::jars::{Do, No};
use crate::support::node::{NOON, Node, TestClock};
use crate::support::on_both_stores;

on_both_stores!(
    one_order,
    one_clock,
    a_command_is_atomic,
    a_decision_is_made_on_the_present,
    same_command_id_same_outcome,
    a_claim_is_held_by_one_stream,
    a_broken_command_harms_nobody_else_in_its_batch,
    a_dry_run_records_nothing_and_says_what_would_be,
    two_nodes_write_one_log,
    a_long_stream_is_loaded_from_its_snapshot,
    a_command_may_look_at_more_streams_than_a_statement_takes,
    what_a_batch_records_is_bounded_and_nothing_of_it_is_lost,
);

fn open(label: &str) -> (Uuid, Do) {
    let jar = Uuid::now_v7();
    (jar, Do::Open { jar, label: label.to_owned() })
}

async fn one_order(home: &Home) {
    let node = Node::start(home).await;
    let opened = join_all((0..200).map(|n| node.does(open(&format!("jar {n}")).1))).await;
    let log = node.all().await;
    assert_eq!(log.len(), 200);
    let mut before = chain::genesis(node.log.id());
    for (expected, event) in (1..).zip(&log) {
        assert_eq!(event.position.get(), expected);
        assert_eq!(event.hash, chain::hash(before, event), "at {expected}");
        before = event.hash;
    }
    let answered: HashSet<Position> = opened.iter().map(|events| events[0].position).collect();
    assert_eq!(answered.len(), 200, "no position was given twice");
    node.stop().await;
}

async fn one_clock(home: &Home) {
    let node = Node::start(home).await;
    let (jar, command) = open("jar");
    node.does(command).await;
    node.clock.set(NOON - 3_600_000_000);
    node.does(Do::Fill { jar, coins: 1 }).await;
    node.clock.set(NOON + 5);
    node.does(Do::Fill { jar, coins: 1 }).await;
    let (to, command) = open("other");
    node.does(command).await;
    node.does(Do::Pour { from: jar, to, coins: 2 }).await;
    let times: Vec<i64> = node.all().await.iter().map(|event| event.recorded_at.micros() - NOON).collect();
    assert_eq!(times, [0, 1, 5, 6, 7, 7], "later from command to command, one value within a command");
    node.stop().await;
}

async fn a_command_is_atomic(home: &Home) {
    let node = Node::start(home).await;
    let ((from, first), (to, second)) = (open("from"), open("to"));
    node.does(first).await;
    node.does(second).await;
    node.does(Do::Fill { jar: from, coins: 5 }).await;
    let poured = node.does(Do::Pour { from, to, coins: 3 }).await;
    assert_eq!(poured.len(), 2);
    assert!(poured.iter().all(|event| event.command_end == poured[1].position));
    assert!(poured[1].ends_command() && !poured[0].ends_command());
    assert_eq!(node.refuses(Do::Pour { from, to, coins: 3 }).await, No::NotEnough { has: 2 });
    assert_eq!(node.refuses(Do::Pour { from, to: Uuid::now_v7(), coins: 1 }).await, No::NotThere);
    assert_eq!(node.all().await.len(), 5, "what was refused left no trace");
    node.stop().await;
}

async fn a_decision_is_made_on_the_present(home: &Home) {
    let node = Node::start(home).await;
    let (jar, command) = open("last ten");
    node.does(command).await;
    node.does(Do::Fill { jar, coins: 10 }).await;
    let takers = join_all((0..64).map(|_| node.send(Do::Take { jar, coins: 1 }, Envelope::default()))).await;
    let mut taken = 0;
    for taker in takers {
        match taker.expect("an answer").outcome {
            Outcome::Recorded(_) => taken += 1,
            Outcome::Rejected { rejection, .. } => assert_eq!(rejection, No::NotEnough { has: 0 }),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(taken, 10);
    node.stop().await;
}

async fn same_command_id_same_outcome(home: &Home) {
    let node = Node::start(home).await;
    let (jar, command) = open("jar");
    node.does(command).await;
    let id = Uuid::now_v7();
    let once = || Envelope {
        mutation: "fill",
        content: serde_json::json!({ "coins": 1 }),
        command_id: Some(id),
        ..Envelope::default()
    };
    let fill = Do::Fill { jar, coins: 1 };
    let answers = join_all((0..20).map(|_| node.send(fill.clone(), once()))).await;
    let later = node.send(fill.clone(), once()).await;
    let rehearsed = node.send(fill.clone(), Envelope { dry_run: true, ..once() }).await;
    let mut outcomes = HashSet::new();
    for answer in answers.into_iter().chain([later, rehearsed]) {
        let answer = answer.expect("an answer");
        assert_eq!(answer.command_id, id);
        let (Outcome::Recorded(events) | Outcome::Repeated(events)) = answer.outcome else {
            panic!("{:?}", answer.outcome)
        };
        outcomes.insert(events.iter().map(|event| event.event_id).collect::<Vec<_>>());
    }
    assert_eq!(outcomes.len(), 1, "everyone was told of the same event");
    assert_eq!(node.all().await.len(), 2);

    let other = Envelope { content: serde_json::json!({ "coins": 2 }), ..once() };
    let refused = node.send(Do::Fill { jar, coins: 2 }, other).await.expect("an answer").outcome;
    assert!(matches!(refused, Outcome::Rejected { rejection: No::IdReused, .. }), "{refused:?}");

    let free = Envelope { command_id: Some(Uuid::now_v7()), ..Envelope::default() };
    let refused = node.send(Do::Take { jar, coins: 9 }, free.clone()).await.expect("an answer").outcome;
    assert!(matches!(refused, Outcome::Rejected { rejection: No::NotEnough { has: 1 }, .. }));
    node.does(Do::Fill { jar, coins: 8 }).await;
    let again = node.send(Do::Take { jar, coins: 9 }, free).await.expect("an answer").outcome;
    assert!(matches!(again, Outcome::Recorded(_)), "a refused command keeps no id");
    node.stop().await;
}

async fn a_claim_is_held_by_one_stream(home: &Home) {
    let node = Node::start(home).await;
    let rivals = join_all((0..20).map(|_| node.send(open("Tea").1, Envelope::default()))).await;
    let won = rivals
        .into_iter()
        .filter(|rival| matches!(rival.as_ref().expect("an answer").outcome, Outcome::Recorded(_)));
    assert_eq!(won.count(), 1);
    assert_eq!(node.refuses(open("TEA").1).await, No::LabelTaken);

    let ((one, first), (other, second)) = (open("Salt"), open("Sugar"));
    node.does(first).await;
    node.does(second).await;
    node.does(Do::SwapLabels { one, other }).await;
    assert_eq!(node.refuses(Do::Relabel { jar: one, label: "salt".into() }).await, No::LabelTaken);
    node.does(Do::Relabel { jar: one, label: "Rice".into() }).await;
    node.does(open("sugar").1).await;
    node.stop().await;

    let again = Node::start(home).await;
    assert_eq!(again.refuses(open("rice").1).await, No::LabelTaken, "claims outlive the node");
    again.stop().await;
}

async fn a_broken_command_harms_nobody_else_in_its_batch(home: &Home) {
    let node = Node::start(home).await;
    let shelf = Uuid::now_v7();
    node.does(Do::PutUp { shelf }).await;
    let (jar, command) = open("jar");
    node.does(command).await;
    let good = (0..50).map(|n| node.send(open(&format!("jar {n}")).1, Envelope::default()));
    let (good, panicked, shelved, refused) = tokio::join!(
        join_all(good),
        node.send(Do::Panic, Envelope::default()),
        node.send(Do::Open { jar: shelf, label: "shelf".into() }, Envelope::default()),
        node.send(Do::Fail { jar }, Envelope::default()),
    );
    assert!(
        good.into_iter().all(|answer| matches!(answer.expect("an answer").outcome, Outcome::Recorded(_)))
    );
    assert!(matches!(panicked, Err(WriteError::Broken { .. })));
    let shelved = shelved.expect("an answer").outcome;
    assert!(
        matches!(shelved, Outcome::Rejected { rejection: No::AlreadyThere, .. }),
        "an id is found whatever its type"
    );
    assert_eq!(node.refuses(Do::Fill { jar: shelf, coins: 1 }).await, No::NotThere);
    if home.is_sqlite() {
        assert!(matches!(refused.expect("an answer").outcome, Outcome::Recorded(_)), "SQLite holds any text");
    } else {
        assert!(
            matches!(refused, Err(WriteError::Broken { .. })),
            "PostgreSQL refuses the claim's text: {refused:?}"
        );
    }
    node.does(open("and life goes on").1).await;
    node.stop().await;
}

async fn a_dry_run_records_nothing_and_says_what_would_be(home: &Home) {
    let node = Node::start(home).await;
    let (jar, command) = open("jar");
    let dry = || Envelope { dry_run: true, command_id: Some(Uuid::now_v7()), ..Envelope::default() };
    let rehearsed = node.send(command.clone(), dry()).await.expect("an answer").outcome;
    let Outcome::Rehearsed { events, on } = rehearsed else { panic!("{rehearsed:?}") };
    assert_eq!((on, events.len()), (Position::ZERO, 1));
    assert_eq!((events[0].position, events[0].hash), (Position::ZERO, Hash::NONE));
    assert_eq!(events[0].stream_version, 1);
    assert!(node.all().await.is_empty());
    node.does(command.clone()).await;
    let refused = node.send(command, dry()).await.expect("an answer").outcome;
    assert!(matches!(refused, Outcome::Rejected { rejection: No::AlreadyThere, .. }));
    let refused = node.send(open("JAR").1, dry()).await.expect("an answer").outcome;
    assert!(
        matches!(refused, Outcome::Rejected { rejection: No::LabelTaken, .. }),
        "claims count in a rehearsal too"
    );
    node.does(Do::Fill { jar, coins: 1 }).await;
    node.stop().await;
}

/// Two writers on one log: each loses swaps to the other, neither decides on the past.
async fn two_nodes_write_one_log(home: &Home) {
    let one = Node::start(home).await;
    let other = Node::start_at(&home.log(), TestClock::at(NOON - 1_000_000)).await;
    let (jar, command) = open("shared");
    one.does(command).await;
    one.does(Do::Fill { jar, coins: 40 }).await;
    let id = Uuid::now_v7();
    let same = || Envelope { command_id: Some(id), ..Envelope::default() };
    let take = |node| {
        join_all((0..40).map(move |_| {
            let node: &Node = node;
            node.send(Do::Take { jar, coins: 1 }, Envelope::default())
        }))
    };
    let (first, second, twice, again) = tokio::join!(
        take(&one),
        take(&other),
        one.send(open("twice").1, same()),
        other.send(open("twice").1, same()),
    );
    let taken = first
        .into_iter()
        .chain(second)
        .filter(|answer| matches!(answer.as_ref().expect("an answer").outcome, Outcome::Recorded(_)));
    assert_eq!(taken.count(), 40, "every coin was taken once");
    let ids = [twice, again].map(|answer| match answer.expect("an answer").outcome {
        Outcome::Recorded(events) | Outcome::Repeated(events) => events[0].event_id,
        other => panic!("{other:?}"),
    });
    assert_eq!(ids[0], ids[1], "one command id, one outcome, on two nodes");
    let log = one.all().await;
    assert!(log.windows(2).all(|pair| pair[0].recorded_at < pair[1].recorded_at));
    assert_eq!(log.len(), 43);
    one.stop().await;
    other.stop().await;
}

async fn a_long_stream_is_loaded_from_its_snapshot(home: &Home) {
    let node = Node::start(home).await;
    let (jar, command) = open("long");
    node.does(command).await;
    for _ in 0..13 {
        join_all((0..50).map(|_| node.does(Do::Fill { jar, coins: 1 }))).await;
    }
    let head = node.log.head().await.expect("the head");
    let snapshots = node.log.snapshots(&[jar], head.position).await.expect("snapshots");
    let [(_, _, snapshot)] = &snapshots[..] else { panic!("one snapshot, not {}", snapshots.len()) };
    assert!(snapshot.version >= 500);
    node.stop().await;

    let again = Node::start(home).await;
    assert_eq!(again.refuses(Do::Take { jar, coins: 651 }).await, No::NotEnough { has: 650 });
    again.does(Do::Take { jar, coins: 650 }).await;
    again.stop().await;
}

/// More than either database takes parameters.
async fn a_command_may_look_at_more_streams_than_a_statement_takes(home: &Home) {
    let node = Node::start(home).await;
    let (jar, command) = open("jar");
    node.does(command).await;
    let jars = (0..70_000).map(|_| Uuid::now_v7()).collect();
    let filled = node.does(Do::Survey { jars, jar }).await;
    assert_eq!((filled.len(), filled[0].stream_version), (1, 2));
    node.stop().await;
}

/// Ten commands at once that record 5,000 events each are more than one transaction holds.
async fn what_a_batch_records_is_bounded_and_nothing_of_it_is_lost(home: &Home) {
    let node = Node::start(home).await;
    let (jar, command) = open("jar");
    node.does(command).await;
    let repeated = join_all((0..10).map(|_| node.does(Do::Repeat { jar, times: 5_000 }))).await;
    assert!(repeated.iter().all(|events| events.len() == 5_000));
    let head = node.log.head().await.expect("the head");
    assert_eq!(head.position.get(), 50_001);
    node.log.verify(|_| {}).await.expect("readable").expect("sound");
    node.stop().await;
}
