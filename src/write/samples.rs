//! Values and shorthands for the tests of the command side.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::product::aggregate::Product;
use super::product::event::{ProductCreated, ProductEvent};
use super::value::*;
use crate::engine::decision::Draft;
use crate::engine::decision::scenario::Scenario;
use crate::engine::event::Event;
use crate::engine::time::Instant;

pub const ADA: Uuid = Uuid::from_u128(0xada);
pub const TEA: Uuid = Uuid::from_u128(0x7ea);
pub const CUP: Uuid = Uuid::from_u128(0xc09);
pub const ORDER: Uuid = Uuid::from_u128(0xde);
pub const NOBODY: Uuid = Uuid::from_u128(0x404);

/// 2026-11-09T12:00:00Z.
pub const NOON: Instant = Instant::from_micros(1_794_225_600_000_000);

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

pub fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

pub fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub fn quantity(units: i32) -> Quantity {
    Quantity::parse(units).unwrap()
}

/// Money as people write it: `money("18.00 EUR")`.
pub fn money(text: &str) -> Money {
    let (amount, code) = text.split_once(' ').unwrap();
    Money::new(amount.parse::<Decimal>().unwrap(), Currency::parse(code).unwrap()).unwrap()
}

pub fn address(city: &str) -> Address {
    let line = |text: &str| AddressLine::parse(text).unwrap();
    Address {
        line1: line("Unter den Linden 1"),
        line2: None,
        city: line(city),
        region: None,
        postal_code: Some(line("10117")),
        country: Country::parse("DE").unwrap(),
    }
}

/// The product [`TEA`], new: 10 units at 18.00 EUR.
pub fn tea_created() -> ProductEvent {
    ProductEvent::ProductCreated(ProductCreated {
        sku: sku("TEA-01"),
        name: name("Green tea"),
        price: money("18.00 EUR"),
        initial_stock: InitialStock::parse(10).unwrap(),
    })
}

/// A shop that sells tea.
pub fn tea() -> Scenario {
    Scenario::default().given::<Product>(TEA, tea_created())
}

/// The events decided for one stream, in order.
pub fn events_of<E: Event>(drafts: &[Draft], stream: Uuid) -> Vec<E> {
    drafts
        .iter()
        .filter(|draft| draft.stream_id == stream)
        .map(|draft| E::decode(draft.event_type, draft.schema_version, &draft.data).unwrap())
        .collect()
}
