//! What holds for every aggregate.

use super::aggregates;
use super::order::aggregate::Order;
use super::order::event::OrderEvent;
use super::product::aggregate::Product;
use super::rejection::Rejection;
use super::samples::{NOBODY, email, sku, tea_created};
use super::user::aggregate::User;
use super::user::event::UserEvent;
use crate::engine::decision::{Aggregate, Claim, Held, Rejection as _};
use crate::engine::event::{DecodeError, Event};

fn after<A: Aggregate>(event: &A::Event) -> A {
    let mut state = A::default();
    state.evolve(event);
    state
}

fn restored<A: Aggregate>(state: A) -> String {
    let snapshot = Held::at(7, state).snapshot().unwrap().unwrap();
    let held = aggregates().restore(A::TYPE, &snapshot).expect("the aggregate is in the list");
    assert_eq!(held.version(), 7);
    let again = serde_json::to_string(held.state::<A>().unwrap()).unwrap();
    assert_eq!(again, snapshot.state);
    again
}

#[test]
fn every_aggregate_comes_back_from_its_snapshot() {
    let created =
        UserEvent::decode("UserCreated", 1, include_str!("user/golden/UserCreated.1.json")).unwrap();
    let placed =
        OrderEvent::decode("OrderPlaced", 1, include_str!("order/golden/OrderPlaced.1.json")).unwrap();
    assert!(restored(after::<User>(&created)).contains("Ada Lovelace"));
    assert!(restored(after::<Product>(&tea_created())).contains("TEA-01"));
    assert!(restored(after::<Order>(&placed)).contains("Placed"));
}

#[test]
fn history_before_the_first_event_changes_nothing_and_is_not_refused() {
    let renamed =
        UserEvent::decode("UserRenamed", 1, include_str!("user/golden/UserRenamed.1.json")).unwrap();
    assert_eq!(restored(after::<User>(&renamed)), "null");
}

#[test]
fn what_a_later_limit_would_refuse_is_still_read() {
    let name = "x".repeat(100_000);
    let event = UserEvent::decode("UserRenamed", 1, &format!(r#"{{"name":"{name}","later":1}}"#)).unwrap();
    assert!(matches!(event, UserEvent::UserRenamed(renamed) if renamed.name.as_str() == name));
}

#[test]
fn an_event_of_a_version_never_written_is_unknown_and_not_guessed() {
    let unknown = UserEvent::decode("UserRenamed", 2, r#"{"name":"Ada"}"#);
    assert!(matches!(unknown, Err(DecodeError::Unknown { version: 2, .. })));
}

#[test]
fn a_claim_that_is_taken_is_told_where_it_was_given() {
    for (claim, refused, at) in [
        (email("ADA@example.com").claim(), "another user has the e-mail address ada@example.com", "email"),
        (sku("TEA-01").claim(), "another product has the SKU tea-01", "sku"),
        (Claim { scope: "seat", key: "1a".to_owned() }, "the seat 1a is taken", "seat"),
    ] {
        let rejection = Rejection::taken(&claim);
        assert_eq!((rejection.message().as_str(), rejection.path()), (refused, vec![at.to_owned()]));
    }
    assert_eq!(Rejection::command_id_reused(NOBODY).path(), ["commandId"]);
}
