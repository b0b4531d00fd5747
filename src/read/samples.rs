//! Events and rows for the tests of the query side.

use uuid::Uuid;

use crate::engine::event::{Event, Hash, Position, Recorded};
use crate::engine::read_model::{ReadModel, Rows};
use crate::engine::time::Instant;
use crate::write::order::event::{
    self as order, OrderCancelled, OrderDelivered, OrderEvent, OrderPaid, OrderPlaced, OrderReturned,
    OrderShipped, OrderedLine,
};
use crate::write::product::event::{self as product, ProductCreated, ProductEvent};
use crate::write::user::event::{self as user, UserEvent};
use crate::write::value::{
    Address, AddressLine, Country, Currency, InitialStock, Money, Name, Quantity, Reason, Reference, Sku,
};

pub const ADA: Uuid = Uuid::from_u128(0xada);
pub const TEA: Uuid = Uuid::from_u128(0x7ea);
pub const CUP: Uuid = Uuid::from_u128(0xc09);
pub const ORDER: Uuid = Uuid::from_u128(0xde);

/// An event that can be recorded.
pub trait Sample: Event {
    const STREAM_TYPE: &'static str;
}

impl Sample for UserEvent {
    const STREAM_TYPE: &'static str = user::STREAM_TYPE;
}

impl Sample for ProductEvent {
    const STREAM_TYPE: &'static str = product::STREAM_TYPE;
}

impl Sample for OrderEvent {
    const STREAM_TYPE: &'static str = order::STREAM_TYPE;
}

/// An event as the log has it, the only one of its command, recorded at as many µs as its position.
pub fn recorded<E: Sample>(stream: Uuid, position: i64, event: &E) -> Recorded {
    let (event_type, schema_version) = event.stored_as();
    Recorded {
        position: Position::from_stored(position),
        event_id: Uuid::nil(),
        stream_id: stream,
        stream_type: E::STREAM_TYPE.to_owned(),
        stream_version: 1,
        event_type: event_type.to_owned(),
        schema_version,
        data: event.encode().unwrap(),
        metadata: String::new(),
        command_id: Uuid::nil(),
        correlation_id: Uuid::nil(),
        actor: None,
        command_end: Position::from_stored(position),
        recorded_at: Instant::from_micros(position),
        hash: Hash::NONE,
    }
}

/// The rows that a model makes of events.
pub fn folded<M: ReadModel>(model: &M, events: &[Recorded]) -> Rows {
    let mut rows = Rows::default();
    for event in events {
        model.keys(event, &rows).unwrap();
        model.fold(&mut rows, event).unwrap();
    }
    rows
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn quantity(units: i32) -> Quantity {
    Quantity::parse(units).unwrap()
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

/// Money as people write it: `money("18.00 EUR")`.
pub fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::new(amount.parse().unwrap(), Currency::parse(code).unwrap()).unwrap()
}

fn address() -> Address {
    let line = |text: &str| AddressLine::parse(text).unwrap();
    Address {
        line1: line("Unter den Linden 1"),
        line2: None,
        city: line("Berlin"),
        region: None,
        postal_code: Some(line("10117")),
        country: Country::parse("DE").unwrap(),
    }
}

pub fn created(sku: &str, price: &str, stock: i32) -> ProductEvent {
    ProductEvent::ProductCreated(ProductCreated {
        sku: Sku::parse(sku).unwrap(),
        name: name("Grüner Tee"),
        price: money(price),
        initial_stock: InitialStock::parse(stock).unwrap(),
    })
}

pub fn line(product_id: Uuid, units: i32, price: &str) -> OrderedLine {
    OrderedLine {
        product_id,
        sku: Sku::parse("TEA-01").unwrap(),
        name: name("Green tea"),
        quantity: quantity(units),
        unit_price: money(price),
    }
}

pub fn placed(user_id: Uuid, lines: Vec<OrderedLine>, total: &str, at: i64) -> OrderEvent {
    OrderEvent::OrderPlaced(OrderPlaced {
        user_id,
        lines,
        total_amount: money(total),
        shipping_address: address(),
        placed_at: Instant::from_micros(at),
    })
}

pub fn paid() -> OrderEvent {
    let payment_reference = reference("pay-1");
    OrderEvent::OrderPaid(OrderPaid { payment_reference, paid_at: Instant::from_micros(11) })
}

pub fn shipped() -> OrderEvent {
    OrderEvent::OrderShipped(OrderShipped {
        carrier: reference("Swift Post"),
        tracking_number: reference("SP-1"),
        shipped_at: Instant::from_micros(12),
    })
}

pub fn delivered() -> OrderEvent {
    OrderEvent::OrderDelivered(OrderDelivered { delivered_at: Instant::from_micros(13) })
}

pub fn returned() -> OrderEvent {
    OrderEvent::OrderReturned(OrderReturned { returned_at: Instant::from_micros(14) })
}

pub fn cancelled(reason: Option<&str>) -> OrderEvent {
    let reason = reason.map(|reason| Reason::parse(reason).unwrap());
    OrderEvent::OrderCancelled(OrderCancelled { cancelled_at: Instant::from_micros(15), reason })
}
