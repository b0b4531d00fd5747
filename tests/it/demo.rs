//! The made-up shop: all of it there, all of it in the past, none of it refused.

use hindsight::demo::{Scale, lines};
use hindsight::engine::time::Instant;
use serde_json::{Value, json};

use crate::support::binary::{Served, run};
use crate::support::home::Home;
use crate::support::node::NOON;
use crate::support::on_both_stores;

on_both_stores!(a_made_up_shop_opens_with_three_months_of_past_and_only_once);

const STATES: [&str; 6] = ["PLACED", "PAID", "SHIPPED", "DELIVERED", "CANCELLED", "RETURNED"];

/// Orders in each state, users and products.
async fn count(served: &Served, as_of: &str) -> (Vec<i64>, i64, i64) {
    let orders: String = STATES
        .iter()
        .map(|state| {
            format!("{state}: orders(first: 0, filter: {{ status: {state} }}, asOf: $at) {{ totalCount }} ")
        })
        .collect();
    let query = format!(
        "query($at: Moment) {{ {orders} users(first: 0, asOf: $at) {{ totalCount }} products(first: 0, asOf: $at) {{ totalCount }} }}"
    );
    let at = if as_of.is_empty() { Value::Null } else { as_of.into() };
    let answer = served.ask(&query, json!({ "at": at })).await.unwrap();
    let total =
        |field: &str| answer["data"][field]["totalCount"].as_i64().unwrap_or_else(|| panic!("{answer:#}"));
    (STATES.iter().map(|state| total(state)).collect(), total("users"), total("products"))
}

async fn a_made_up_shop_opens_with_three_months_of_past_and_only_once(home: &Home) {
    let served = Served::start_with(home, &["serve", "--demo"]).await;
    let now = count(&served, "").await;
    assert_eq!((now.0.iter().sum::<i64>(), now.1, now.2), (5_000, 200, 60));
    assert!(now.0.iter().all(|orders| *orders > 0), "{now:?}");
    let then = count(&served, "-P2W").await;
    let orders: i64 = then.0.iter().sum();
    assert!(then.0.iter().all(|orders| *orders > 0) && (3_000..4_800).contains(&orders), "{then:?}");
    let early = count(&served, "-P85D").await;
    assert!((1..200).contains(&early.1) && early.2 == 60, "{early:?}");
    assert!(served.terminate().await.success());

    let before = run(home, &["verify"]).await.output;
    let served = Served::start_with(home, &["serve", "--demo"]).await;
    assert_eq!(count(&served, "").await, now);
    assert!(served.terminate().await.success());
    let after = run(home, &["verify"]).await.output;
    assert_eq!(before.lines().last(), after.lines().last(), "a log that is not empty stays as it is");
}

#[test]
fn the_made_up_past_is_the_same_at_any_present_and_goes_forward_up_to_it() {
    let (end, later) = (Instant::from_micros(NOON), Instant::from_micros(NOON + 1_000_000));
    let (past, same) = (lines(end, Scale::default()), lines(later, Scale::default()));
    assert!(past.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let (first, last) = (past.first().unwrap().at, past.last().unwrap().at);
    assert!(Instant::from(last) <= end && last - first > chrono::Duration::days(89));
    assert_eq!(past.len(), same.len());
    for (one, other) in past.iter().zip(&same) {
        assert_eq!((&one.mutation, &one.input), (&other.mutation, &other.input));
        assert_eq!((other.at - one.at).num_seconds(), 1);
    }
    for mutation in [
        "changeAddress",
        "changeEmail",
        "verifyEmail",
        "deactivateUser",
        "changePrice",
        "receiveStock",
        "returnOrder",
    ] {
        assert!(past.iter().any(|line| line.mutation == mutation), "nobody does {mutation}");
    }
    assert!(
        past.iter()
            .filter(|line| line.mutation == "cancelOrder")
            .all(|line| line.input["reason"].is_string())
    );
}
