//! Placing orders.

use super::*;

#[test]
fn an_order_holds_the_prices_of_the_moment_and_reserves_every_line() {
    let drafts = shop().when(&place(&[(TEA, 2), (CUP, 1)]), NOON).unwrap();
    assert_eq!(of_order(&drafts), [OrderEvent::OrderPlaced(two_teas_and_a_cup())]);
    assert_eq!(of_product(&drafts, TEA), [reserved(2)]);
    assert_eq!(of_product(&drafts, CUP), [reserved(1)]);
    assert_eq!(drafts.len(), 3);
}

#[test]
fn the_same_product_twice_is_added_up() {
    let drafts = shop().when(&place(&[(TEA, 1), (CUP, 1), (TEA, 1)]), NOON).unwrap();
    assert_eq!(of_order(&drafts), [OrderEvent::OrderPlaced(two_teas_and_a_cup())]);
    assert_eq!(of_product(&drafts, TEA), [reserved(2)]);
}

#[test]
fn the_last_unit_can_be_ordered_and_no_more_also_over_two_lines() {
    assert!(shop().when(&place(&[(TEA, 10)]), NOON).is_ok());
    let refused = Rejection::InsufficientStock {
        product_id: TEA,
        available: 10,
        wanted: 11,
        path: line("1", "quantity"),
    };
    assert_eq!(shop().when(&place(&[(CUP, 1), (TEA, 10), (TEA, 1)]), NOON), Err(refused));
}

#[test]
fn an_order_has_1_to_100_lines() {
    let count = |lines: usize| parse(&vec![(TEA, 1); lines]);
    assert!(count(100).is_ok());
    for (lines, came) in [(0, "0"), (101, "101")] {
        let problem = format!("expected 1 to 100 lines; came {came}");
        assert_eq!(count(lines), Err(vec![Rejection::InvalidInput { problem, path: path(["lines"]) }]));
    }
}

#[test]
fn all_problems_of_the_lines_are_told_at_once() {
    let mut problems = Problems::new();
    let fields = |id: &str, quantity| LineFields { product_id: id.to_owned(), quantity };
    let (tea, most) = (TEA.to_string(), 1_000_000);
    let given = vec![fields("tea", 0), fields(&tea, most), fields(&tea, -1), fields(&tea, 1)];
    let lines = Lines::parse(&mut problems, "lines", given);
    let found = problems.finish(|| lines).unwrap_err();
    let paths: Vec<_> = found.iter().map(Rejection::path).collect();
    assert_eq!(
        paths,
        [line("0", "productId"), line("0", "quantity"), line("2", "quantity"), line("3", "quantity")]
    );
}

#[test]
fn an_order_goes_to_the_address_given_or_else_to_the_users_own() {
    let command = PlaceOrder { shipping_address: Some(address("Bonn")), ..place(&[(TEA, 1)]) };
    match &of_order(&shop().when(&command, NOON).unwrap())[..] {
        [OrderEvent::OrderPlaced(placed)] => assert_eq!(placed.shipping_address, address("Bonn")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_any_address_an_order_is_refused_at_the_shipping_address() {
    let homeless = UserCreated { name: name("Bob"), email: email("bob@example.com"), address: None };
    let past = tea().given::<User>(ADA, UserEvent::UserCreated(homeless));
    match past.when(&place(&[(TEA, 1)]), NOON) {
        Err(Rejection::InvalidInput { path: at, .. }) => assert_eq!(at, path(["shippingAddress"])),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_id_that_is_taken_makes_no_new_order() {
    for id in [ORDER, TEA, ADA] {
        let command = PlaceOrder { id, ..place(&[(TEA, 1)]) };
        assert_eq!(ordered(&[]).when(&command, NOON), Err(Rejection::AlreadyExists { id }));
    }
}

#[test]
fn whom_or_what_the_shop_does_not_know_is_not_found_where_it_was_named() {
    let by_nobody = PlaceOrder { user_id: TEA, ..place(&[(TEA, 1)]) };
    let refused = Rejection::NotFound { noun: "user", id: TEA, path: path(["userId"]) };
    assert_eq!(shop().when(&by_nobody, NOON), Err(refused));
    for id in [NOBODY, ADA] {
        let refused = Rejection::NotFound { noun: "product", id, path: line("1", "productId") };
        assert_eq!(shop().when(&place(&[(TEA, 1), (id, 1)]), NOON), Err(refused));
    }
}

#[test]
fn a_deactivated_user_orders_nothing_but_open_orders_go_on() {
    let off = || UserEvent::UserDeactivated(UserDeactivated {});
    let refused = Rejection::UserDeactivated { user_id: ADA };
    assert_eq!(shop().given::<User>(ADA, off()).when(&place(&[(TEA, 1)]), NOON), Err(refused));
    assert!(ordered(&[]).given::<User>(ADA, off()).when(&pay(), NOON).is_ok());
}

#[test]
fn a_discontinued_product_is_not_ordered_but_comes_back() {
    let off = || ProductEvent::ProductDiscontinued(ProductDiscontinued {});
    let refused = Rejection::ProductDiscontinued { product_id: CUP, path: line("1", "productId") };
    let past = shop().given::<Product>(CUP, off());
    assert_eq!(past.when(&place(&[(TEA, 1), (CUP, 1)]), NOON), Err(refused));
    assert!(ordered(&[]).given::<Product>(CUP, off()).when(&cancel(), NOON).is_ok());
}

#[test]
fn an_order_has_one_currency() {
    let refused = shop_with_cups_at("7.50 USD").when(&place(&[(TEA, 1), (CUP, 1)]), NOON).unwrap_err();
    assert!(matches!(refused, Rejection::CurrencyMismatch { .. }), "{refused:?}");
    assert_eq!(refused.path(), line("1", "productId"));
}

#[test]
fn a_total_beyond_all_bounds_is_refused() {
    let dear = PriceChanged { price: money("1000000000000 EUR") };
    let past = shop().given::<Product>(TEA, ProductEvent::PriceChanged(dear));
    assert!(past.when(&place(&[(TEA, 1)]), NOON).is_ok());
    for (lines, at) in [(vec![(TEA, 2)], "0"), (vec![(TEA, 1), (CUP, 1)], "1")] {
        match past.when(&place(&lines), NOON) {
            Err(Rejection::InvalidInput { path, .. }) => assert_eq!(path, line(at, "quantity")),
            other => panic!("{other:?}"),
        }
    }
}
