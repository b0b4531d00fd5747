//! The way of an order, and how it ends.

use super::*;

#[test]
fn an_order_is_paid_then_shipped_then_delivered() {
    let only = |past: Scenario, command: &dyn Fn(&Scenario) -> Result<Vec<Draft>, Rejection>| {
        let drafts = command(&past).unwrap();
        assert_eq!(drafts.len(), 1);
        of_order(&drafts)
    };
    assert_eq!(only(ordered(&[]), &|past| past.when(&pay(), NOON)), [paid()]);
    assert_eq!(only(ordered(&[paid()]), &|past| past.when(&ship(), NOON)), [shipped()]);
    assert_eq!(only(ordered(&[paid(), shipped()]), &|past| past.when(&deliver(), NOON)), [delivered()]);
}

#[test]
fn a_cancelled_order_says_why_and_releases_every_line() {
    for since in [vec![], vec![paid()]] {
        let command = CancelOrder { reason: Some(Reason::parse("by mistake").unwrap()), ..cancel() };
        let drafts = ordered(&since).when(&command, NOON).unwrap();
        assert_eq!(of_order(&drafts), [cancelled(Some("by mistake"))]);
        assert_eq!(of_product(&drafts, TEA), [released(2)]);
        assert_eq!(of_product(&drafts, CUP), [released(1)]);
        assert_eq!(drafts.len(), 3);
    }
}

#[test]
fn a_returned_order_puts_every_line_back() {
    let drafts = ordered(&[paid(), shipped(), delivered()]).when(&give_back(), NOON).unwrap();
    assert_eq!(of_order(&drafts), [returned()]);
    assert_eq!(of_product(&drafts, TEA), [released(2)]);
    assert_eq!(of_product(&drafts, CUP), [released(1)]);
}

/// Every state against every command: whatever is not on the way is refused.
#[test]
fn no_order_leaves_its_way() {
    let to_delivered = [paid(), shipped(), delivered()];
    let states: [(&str, Vec<OrderEvent>); 6] = [
        ("PLACED", vec![]),
        ("PAID", to_delivered[..1].to_vec()),
        ("SHIPPED", to_delivered[..2].to_vec()),
        ("DELIVERED", to_delivered.to_vec()),
        ("RETURNED", [&to_delivered[..], &[returned()]].concat()),
        ("CANCELLED", vec![cancelled(None)]),
    ];
    let allowed =
        [("PLACED", "PAID"), ("PAID", "SHIPPED"), ("SHIPPED", "DELIVERED"), ("DELIVERED", "RETURNED")];
    let allowed = [&allowed[..], &[("PLACED", "CANCELLED"), ("PAID", "CANCELLED")]].concat();
    for (state, since) in &states {
        let past = ordered(since);
        for (target, outcome) in [
            ("PAID", outcome(&past, &pay())),
            ("SHIPPED", outcome(&past, &ship())),
            ("DELIVERED", outcome(&past, &deliver())),
            ("RETURNED", outcome(&past, &give_back())),
            ("CANCELLED", outcome(&past, &cancel())),
        ] {
            match outcome {
                Ok(()) => assert!(allowed.contains(&(*state, target)), "{state} became {target}"),
                Err(Rejection::InvalidTransition { from, to, .. }) => {
                    assert_eq!((from, to), (*state, target));
                    assert!(!allowed.contains(&(*state, target)), "{state} could not become {target}");
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

fn outcome<C: Command<Rejection = Rejection>>(past: &Scenario, command: &C) -> Result<(), Rejection> {
    past.when(command, NOON).map(|_| ())
}

#[test]
fn stock_that_cannot_come_back_stays_with_its_order() {
    let mut full = ordered(&[]);
    for _ in 0..2147 {
        let received = StockReceived { quantity: quantity(1_000_000) };
        full = full.given::<Product>(TEA, ProductEvent::StockReceived(received));
    }
    let rest = StockReceived { quantity: quantity(i32::MAX - 2_147_000_008) };
    full = full.given::<Product>(TEA, ProductEvent::StockReceived(rest));
    match full.when(&cancel(), NOON) {
        Err(Rejection::InvalidInput { path: at, .. }) => assert_eq!(at, path(["orderId"])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_order_at_another_version_is_a_conflict_and_an_unknown_one_is_not_found() {
    let late = PayOrder { expected_version: Some(2), ..pay() };
    let refused = Rejection::VersionConflict { noun: "order", id: ORDER, expected: 2, actual: 1 };
    assert_eq!(ordered(&[]).when(&late, NOON), Err(refused));
    let refused = Rejection::NotFound { noun: "order", id: ORDER, path: path(["orderId"]) };
    assert_eq!(shop().when(&late, NOON), Err(refused));
}
