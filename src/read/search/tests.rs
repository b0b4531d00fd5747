//! Events in, rows out: what users, products and orders are found by after what happened.

use crate::read::samples::{
    ADA, ORDER, Sample, TEA, created, delivered, folded, line, money, name, paid, placed, recorded, shipped,
};
use crate::write::product::event::{PriceChanged, ProductEvent, ProductRenamed};

use super::fold::Search;
use super::table::{Kind, Model};

/// What an entity is found by after these events, one a command; its fields with a bar between.
fn shown<E: Sample>(events: &[E]) -> Option<(Kind, i64, String)> {
    let events: Vec<_> = (7..).zip(events).map(|(at, event)| recorded(ORDER, at, event)).collect();
    let rows = folded(&Search, &events);
    rows.get::<Model>(ORDER).map(|row| (row.kind, row.created_at, row.shown.replace('\n', "|")))
}

#[test]
fn a_product_is_found_by_its_name_of_now_and_its_sku() {
    let begun = created("TEA-01", "18.00 EUR", 10);
    let cheaper = ProductEvent::PriceChanged(PriceChanged { price: money("9.00 EUR") });
    let renamed = ProductEvent::ProductRenamed(ProductRenamed { name: name("Sencha") });
    assert_eq!(shown(&[begun.clone(), cheaper]), Some((Kind::Product, 7, "Grüner Tee|TEA-01".to_owned())));
    assert_eq!(shown(&[begun, renamed]), Some((Kind::Product, 7, "Sencha|TEA-01".to_owned())));
}

#[test]
fn an_order_is_found_by_more_the_further_it_is() {
    let begun = placed(ADA, vec![line(TEA, 1, "18.00 EUR")], "18.00 EUR", 1);
    let address = "Unter den Linden 1, 10117, Berlin, DE";
    let after = |events: &[_]| shown(events).map(|(_, _, fields)| fields);
    let there = |ways: &str| Some(format!("{ways}|{address}|Green tea|TEA-01"));
    assert_eq!(after(std::slice::from_ref(&begun)), there("||"));
    assert_eq!(after(&[begun.clone(), paid()]), there("pay-1||"));
    assert_eq!(after(&[begun, paid(), shipped(), delivered()]), there("pay-1|SP-1|Swift Post"));
}

#[test]
fn an_event_of_what_was_never_there_leaves_no_row() {
    assert_eq!(shown(&[paid()]), None);
}
