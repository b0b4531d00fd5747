//! Orders: given what happened, when asked, then this is recorded or refused.

use super::aggregate::Order;
use super::commands::*;
use super::event::*;
use super::lines::{LineFields, Lines};
use crate::engine::decision::scenario::Scenario;
use crate::engine::decision::{Command, Draft};
use crate::write::golden;
use crate::write::problems::Problems;
use crate::write::product::aggregate::Product;
use crate::write::product::event::{
    InitialStock, PriceChanged, ProductCreated, ProductDiscontinued, ProductEvent, StockReceived,
    StockReleased, StockReserved,
};
use crate::write::rejection::{Rejection, path};
use crate::write::samples::*;
use crate::write::user::aggregate::User;
use crate::write::user::event::{UserCreated, UserDeactivated, UserEvent};
use uuid::Uuid;

/// Tea, 10 at 18.00 EUR; and cups, 5 at the price given.
fn shop_with_cups_at(price: &str) -> Scenario {
    let cup = ProductCreated {
        sku: sku("CUP-01"),
        name: name("Cup"),
        price: money(price),
        initial_stock: InitialStock::parse(5).unwrap(),
    };
    let ada =
        UserCreated { name: name("Ada"), email: email("ada@example.com"), address: Some(address("Berlin")) };
    tea()
        .given::<Product>(CUP, ProductEvent::ProductCreated(cup))
        .given::<User>(ADA, UserEvent::UserCreated(ada))
}

fn shop() -> Scenario {
    shop_with_cups_at("7.50 EUR")
}

fn parse(given: &[(Uuid, i32)]) -> Result<Lines, Vec<Rejection>> {
    let fields =
        |(id, quantity): &(Uuid, i32)| LineFields { product_id: id.to_string(), quantity: *quantity };
    let mut problems = Problems::new();
    let lines = Lines::parse(&mut problems, "lines", given.iter().map(fields).collect());
    problems.finish(|| lines)
}

fn place(lines: &[(Uuid, i32)]) -> PlaceOrder {
    PlaceOrder { id: ORDER, user_id: ADA, lines: parse(lines).unwrap(), shipping_address: None }
}

fn two_teas_and_a_cup() -> OrderPlaced {
    let line = |product_id, code, label, units, price| OrderedLine {
        product_id,
        sku: sku(code),
        name: name(label),
        quantity: quantity(units),
        unit_price: money(price),
    };
    OrderPlaced {
        user_id: ADA,
        lines: vec![
            line(TEA, "TEA-01", "Green tea", 2, "18.00 EUR"),
            line(CUP, "CUP-01", "Cup", 1, "7.50 EUR"),
        ],
        total_amount: money("43.50 EUR"),
        shipping_address: address("Berlin"),
        placed_at: NOON,
    }
}

fn reserved(units: i32) -> ProductEvent {
    ProductEvent::StockReserved(StockReserved { order_id: ORDER, quantity: quantity(units) })
}

fn released(units: i32) -> ProductEvent {
    ProductEvent::StockReleased(StockReleased { order_id: ORDER, quantity: quantity(units) })
}

fn paid() -> OrderEvent {
    OrderEvent::OrderPaid(OrderPaid { payment_reference: reference("pay-1"), paid_at: NOON })
}

fn shipped() -> OrderEvent {
    let (carrier, tracking_number) = (reference("Swift Post"), reference("SP-1"));
    OrderEvent::OrderShipped(OrderShipped { carrier, tracking_number, shipped_at: NOON })
}

fn delivered() -> OrderEvent {
    OrderEvent::OrderDelivered(OrderDelivered { delivered_at: NOON })
}

fn returned() -> OrderEvent {
    OrderEvent::OrderReturned(OrderReturned { returned_at: NOON })
}

fn cancelled(reason: Option<&str>) -> OrderEvent {
    let reason = reason.map(|text| Reason::parse(text).unwrap());
    OrderEvent::OrderCancelled(OrderCancelled { cancelled_at: NOON, reason })
}

/// A shop with an order of two teas and a cup, and what happened to the order since.
fn ordered(since: &[OrderEvent]) -> Scenario {
    let placed = shop()
        .given::<Order>(ORDER, OrderEvent::OrderPlaced(two_teas_and_a_cup()))
        .given::<Product>(TEA, reserved(2))
        .given::<Product>(CUP, reserved(1));
    since.iter().cloned().fold(placed, |past, event| past.given::<Order>(ORDER, event))
}

fn pay() -> PayOrder {
    PayOrder { order_id: ORDER, expected_version: None, payment_reference: reference("pay-1") }
}

fn ship() -> ShipOrder {
    let (carrier, tracking_number) = (reference("Swift Post"), reference("SP-1"));
    ShipOrder { order_id: ORDER, expected_version: None, carrier, tracking_number }
}

fn deliver() -> DeliverOrder {
    DeliverOrder { order_id: ORDER, expected_version: None }
}

fn give_back() -> ReturnOrder {
    ReturnOrder { order_id: ORDER, expected_version: None }
}

fn cancel() -> CancelOrder {
    CancelOrder { order_id: ORDER, expected_version: None, reason: None }
}

fn of_order(drafts: &[Draft]) -> Vec<OrderEvent> {
    events_of(drafts, ORDER)
}

fn of_product(drafts: &[Draft], id: Uuid) -> Vec<ProductEvent> {
    events_of(drafts, id)
}

fn line(index: &str, field: &str) -> Vec<String> {
    path(["lines", index, field])
}

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

#[test]
fn every_stored_shape_reads_as_it_always_did() {
    golden::check(
        "order",
        &[
            ("OrderPlaced", 1, OrderEvent::OrderPlaced(two_teas_and_a_cup())),
            ("OrderPaid", 1, paid()),
            ("OrderShipped", 1, shipped()),
            ("OrderDelivered", 1, delivered()),
            ("OrderReturned", 1, returned()),
            ("OrderCancelled", 1, cancelled(Some("Ordered by mistake"))),
        ],
    );
}
