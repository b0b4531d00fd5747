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

mod place;
mod way;

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
