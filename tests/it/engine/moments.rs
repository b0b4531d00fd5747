//! Moments: what an instant or a position means, for good.

use hindsight::engine::event::Position;
use hindsight::engine::moment::{Moment, MomentError};
use hindsight::engine::time::Instant;
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::jars::Do;
use crate::support::node::{NOON, Node};
use crate::support::on_both_stores;

on_both_stores!(
    an_instant_once_answered_never_means_anything_else,
    a_position_means_the_end_of_its_command,
    a_moment_in_the_future_is_refused_and_one_before_the_log_is_an_empty_world,
);

fn at(offset: i64) -> Instant {
    Instant::from_micros(NOON + offset)
}

async fn an_instant_once_answered_never_means_anything_else(home: &Home) {
    let node = Node::start(home).await;
    let jar = Uuid::now_v7();
    node.does(Do::Open { jar, label: "jar".into() }).await;
    node.clock.set(NOON + 1_000_000);
    let before = node.moments.at_instant(at(1_000_000)).await.expect("a position");
    assert_eq!(before.position.get(), 1);
    // Right after the answer the clock is set back, yet nothing can be recorded at or before the instant.
    node.clock.set(NOON + 10);
    let filled = node.does(Do::Fill { jar, coins: 1 }).await;
    assert!(filled[0].recorded_at > at(1_000_000));
    assert_eq!(node.moments.at_instant(at(1_000_000)).await.expect("a position"), before);
    assert_eq!(node.moments.at_instant(filled[0].recorded_at).await.expect("a position").position.get(), 2);
    node.stop().await;
}

async fn a_position_means_the_end_of_its_command(home: &Home) {
    let node = Node::start(home).await;
    let (from, to) = (Uuid::now_v7(), Uuid::now_v7());
    node.does(Do::Open { jar: from, label: "from".into() }).await;
    node.does(Do::Open { jar: to, label: "to".into() }).await;
    node.does(Do::Fill { jar: from, coins: 1 }).await;
    node.does(Do::Pour { from, to, coins: 1 }).await;
    node.does(Do::Fill { jar: to, coins: 1 }).await;
    for (asked, meant) in [(0, 0), (1, 1), (3, 3), (4, 5), (5, 5), (6, 6)] {
        let found = node.moments.at_position(Position::from_stored(asked)).await.expect("a position");
        assert_eq!(found.position.get(), meant, "of {asked}");
    }
    node.stop().await;
}

async fn a_moment_in_the_future_is_refused_and_one_before_the_log_is_an_empty_world(home: &Home) {
    let node = Node::start(home).await;
    assert_eq!(node.moments.at_instant(at(0)).await.expect("an empty log"), Moment::START);
    let jar = Uuid::now_v7();
    node.does(Do::Open { jar, label: "jar".into() }).await;
    assert_eq!(node.moments.at_instant(at(-1)).await.expect("before").position, Position::ZERO);
    let future = node.moments.at_instant(at(1_000)).await;
    assert!(matches!(future, Err(MomentError::InstantOutOfRange { .. })), "{future:?}");
    let beyond = node.moments.at_position(Position::from_stored(2)).await;
    assert!(
        matches!(beyond, Err(MomentError::PositionOutOfRange { head, .. }) if head.get() == 1),
        "{beyond:?}"
    );
    node.stop().await;
}
