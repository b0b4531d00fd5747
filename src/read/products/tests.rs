//! Events in, rows out; and which SKUs begin with a text.

use crate::read::samples::{ORDER, TEA, created, folded, money, name, quantity, recorded};
use crate::write::product::event::{
    PriceChanged, ProductDiscontinued, ProductEvent, ProductRenamed, StockAdjusted, StockChange,
    StockReceived, StockReleased, StockReserved,
};

use super::fold::Products;
use super::query::after_all_with;
use super::table::Model;

/// The product after these events, one a command.
fn after(events: &[ProductEvent]) -> Option<Model> {
    let events: Vec<_> = (1..).zip(events).map(|(position, event)| recorded(TEA, position, event)).collect();
    folded(&Products, &events).get::<Model>(TEA).cloned()
}

fn new() -> Model {
    Model {
        id: TEA,
        version: 1,
        sku: "TÉA-01".to_owned(),
        sku_key: "tea-01".to_owned(),
        name: "Grüner Tee".to_owned(),
        name_key: "gruner tee".to_owned(),
        price_minor: 1800,
        currency: "EUR".to_owned(),
        stock: 10,
        discontinued: false,
        created_at: 1,
        updated_at: 1,
    }
}

#[test]
fn a_new_product_has_a_row_with_folded_keys_and_minor_units() {
    assert_eq!(after(&[created("TÉA-01", "18.00 EUR", 10)]), Some(new()));
}

#[test]
fn every_event_changes_its_part_of_the_row() {
    let second = Model { version: 2, updated_at: 2, ..new() };
    let units = |units| quantity(units);
    let order_id = ORDER;
    for (event, expected) in [
        (
            ProductEvent::ProductRenamed(ProductRenamed { name: name("Sencha") }),
            Model { name: "Sencha".to_owned(), name_key: "sencha".to_owned(), ..second.clone() },
        ),
        (
            ProductEvent::PriceChanged(PriceChanged { price: money("18.50 EUR") }),
            Model { price_minor: 1850, ..second.clone() },
        ),
        (
            ProductEvent::StockReceived(StockReceived { quantity: units(5) }),
            Model { stock: 15, ..second.clone() },
        ),
        (
            ProductEvent::StockAdjusted(StockAdjusted { change: StockChange::parse(-3).unwrap() }),
            Model { stock: 7, ..second.clone() },
        ),
        (
            ProductEvent::StockReserved(StockReserved { order_id, quantity: units(2) }),
            Model { stock: 8, ..second.clone() },
        ),
        (
            ProductEvent::StockReleased(StockReleased { order_id, quantity: units(2) }),
            Model { stock: 12, ..second.clone() },
        ),
        (
            ProductEvent::ProductDiscontinued(ProductDiscontinued {}),
            Model { discontinued: true, ..second.clone() },
        ),
    ] {
        assert_eq!(after(&[created("TÉA-01", "18.00 EUR", 10), event]), Some(expected));
    }
}

#[test]
fn an_event_of_a_product_that_was_never_created_leaves_no_row() {
    assert_eq!(after(&[ProductEvent::ProductDiscontinued(ProductDiscontinued {})]), None);
}

#[test]
fn the_range_of_a_prefix_holds_all_that_begin_with_it_and_nothing_else() {
    for (prefix, end) in [
        ("tea", Some("teb")),
        ("te\u{10ffff}", Some("tf")),
        ("\u{d7ff}", Some("\u{e000}")),
        ("\u{10ffff}", None),
        ("", None),
    ] {
        assert_eq!(after_all_with(prefix).as_deref(), end, "{prefix:?}");
    }
    for sku in ["te", "tea", "tea\u{10ffff}", "teab", "teb", "tz", "Tea"] {
        let in_range = sku >= "tea" && Some(sku.to_owned()) < after_all_with("tea");
        assert_eq!(in_range, sku.starts_with("tea"), "{sku}");
    }
}
