//! Followers: everything after a position, in order, none missing, none twice.

use hindsight::engine::event::{Hash, Position};
use hindsight::engine::feed::{FollowError, Follower};
use hindsight::engine::log::filter::EventFilter;
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::jars::Do;
use crate::support::node::{NOON, Node, TestClock};
use crate::support::on_both_stores;

on_both_stores!(
    subscribers_see_everything_after_their_position,
    a_follower_of_a_lagging_node_misses_nothing,
    a_filter_means_the_same_far_and_near,
    a_position_of_another_log_is_refused,
);

async fn read(follower: &mut Follower, count: usize) -> Vec<i64> {
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.extend(follower.next().await.expect("events").iter().map(|event| event.position.get()));
    }
    seen
}

/// One follower begins far behind, in the database, and crosses into the ring while commands go on.
async fn subscribers_see_everything_after_their_position(home: &Home) {
    let before = Node::start(home).await;
    let jar = Uuid::now_v7();
    before.does(Do::Open { jar, label: "jar".into() }).await;
    for _ in 0..450 {
        before.does(Do::Fill { jar, coins: 1 }).await;
    }
    before.stop().await;

    let node = Node::start(home).await;
    let after = Some(Position::from_stored(7));
    let mut follower = node.feed.follow(after, None, EventFilter::default()).await.expect("a follower");
    let mut late = node.feed.follow(None, None, EventFilter::default()).await.expect("a follower");
    let writing = async {
        for _ in 0..300 {
            node.does(Do::Fill { jar, coins: 1 }).await;
        }
    };
    let ((), seen, new) = tokio::join!(writing, read(&mut follower, 744), read(&mut late, 300));
    assert_eq!(seen, (8..=751).collect::<Vec<_>>());
    assert_eq!(new, (452..=751).collect::<Vec<_>>(), "without a position: new ones only");
    node.stop().await;
}

async fn a_follower_of_a_lagging_node_misses_nothing(home: &Home) {
    let (one, other) = (Node::start(home).await, Node::start_at(&home.log(), TestClock::at(NOON)).await);
    let mut follower =
        other.feed.follow(Some(Position::ZERO), None, EventFilter::default()).await.expect("a follower");
    let jar = Uuid::now_v7();
    let writing = async {
        one.does(Do::Open { jar, label: "jar".into() }).await;
        for _ in 0..99 {
            one.does(Do::Fill { jar, coins: 1 }).await;
            other.does(Do::Fill { jar, coins: 1 }).await;
        }
        other.feed.wake();
    };
    let ((), seen) = tokio::join!(writing, read(&mut follower, 199));
    assert_eq!(seen, (1..=199).collect::<Vec<_>>());
    one.stop().await;
    other.stop().await;
}

async fn a_filter_means_the_same_far_and_near(home: &Home) {
    let node = Node::start(home).await;
    let jars: Vec<Uuid> = (0..3).map(|_| Uuid::now_v7()).collect();
    let filter = EventFilter {
        types: Some(vec!["Filled".into()]),
        stream_ids: Some(vec![jars[0], jars[2]]),
        ..EventFilter::default()
    };
    let mut near = node.feed.follow(Some(Position::ZERO), None, filter.clone()).await.expect("a follower");
    for (n, jar) in jars.iter().enumerate() {
        node.does(Do::Open { jar: *jar, label: format!("jar {n}") }).await;
    }
    for _ in 0..5 {
        for jar in &jars {
            node.does(Do::Fill { jar: *jar, coins: 1 }).await;
        }
    }
    let expected: Vec<i64> = (4..=18).filter(|n| n % 3 != 2).collect();
    assert_eq!(read(&mut near, 10).await, expected);
    node.stop().await;

    let again = Node::start(home).await;
    let mut far = again.feed.follow(Some(Position::ZERO), None, filter.clone()).await.expect("a follower");
    assert_eq!(read(&mut far, 10).await, expected);
    let nothing = EventFilter { types: Some(Vec::new()), ..filter };
    assert!(again.all().await.iter().all(|event| !nothing.matches(event)), "an empty list fits nothing");
    again.stop().await;
}

async fn a_position_of_another_log_is_refused(home: &Home) {
    let node = Node::start(home).await;
    let jar = Uuid::now_v7();
    let opened = node.does(Do::Open { jar, label: "jar".into() }).await;
    let first = Some(Position::from_stored(1));
    assert!(node.feed.follow(first, Some(opened[0].hash), EventFilter::default()).await.is_ok());
    for (after, hash) in [(first, Some(Hash::NONE)), (Some(Position::from_stored(2)), None)] {
        let refused = node.feed.follow(after, hash, EventFilter::default()).await;
        assert!(matches!(refused, Err(FollowError::Diverged { .. })), "{after:?}");
    }
    node.stop().await;
}
