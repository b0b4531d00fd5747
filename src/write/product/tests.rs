//! Products: given what happened, when asked, then this is recorded or refused.

use proptest::prelude::*;

use super::aggregate::Product;
use super::commands::*;
use super::event::*;
use crate::engine::decision::scenario::Scenario;
use crate::engine::decision::{Aggregate, Draft};
use crate::write::entity::Entity;
use crate::write::golden;
use crate::write::rejection::{Rejection, path};
use crate::write::samples::*;

fn gone() -> Scenario {
    tea().given::<Product>(TEA, ProductEvent::ProductDiscontinued(ProductDiscontinued {}))
}

fn rename(to: &str) -> RenameProduct {
    RenameProduct { product_id: TEA, expected_version: None, name: name(to) }
}

fn price(text: &str) -> ChangePrice {
    ChangePrice { product_id: TEA, expected_version: None, price: money(text) }
}

fn receive(units: i32) -> ReceiveStock {
    ReceiveStock { product_id: TEA, expected_version: None, quantity: quantity(units) }
}

fn adjust(units: i32) -> AdjustStock {
    AdjustStock { product_id: TEA, expected_version: None, change: change(units) }
}

fn change(units: i32) -> StockChange {
    StockChange::parse(units).unwrap()
}

fn only(drafts: Result<Vec<Draft>, Rejection>) -> ProductEvent {
    let drafts = drafts.unwrap();
    assert_eq!(drafts.len(), 1);
    events_of::<ProductEvent>(&drafts, TEA).remove(0)
}

#[test]
fn a_product_is_created_with_what_was_given() {
    let command = CreateProduct {
        id: TEA,
        sku: sku("TEA-01"),
        name: name("Green tea"),
        price: money("18.00 EUR"),
        initial_stock: InitialStock::parse(10).unwrap(),
    };
    assert_eq!(only(Scenario::default().when(&command, NOON)), tea_created());
    assert_eq!(tea().when(&command, NOON), Err(Rejection::AlreadyExists { id: TEA }));
}

#[test]
fn a_product_is_renamed_to_another_name_only() {
    assert_eq!(
        only(tea().when(&rename("Sencha"), NOON)),
        ProductEvent::ProductRenamed(ProductRenamed { name: name("Sencha") })
    );
    let refused = Rejection::NoChange { what: "name", path: path(["name"]) };
    assert_eq!(tea().when(&rename("Green tea"), NOON), Err(refused));
}

#[test]
fn a_price_changes_to_another_amount_only_and_in_its_currency() {
    assert_eq!(
        only(tea().when(&price("18.50 EUR"), NOON)),
        ProductEvent::PriceChanged(PriceChanged { price: money("18.50 EUR") })
    );
    let refused = Rejection::NoChange { what: "price", path: path(["price"]) };
    assert_eq!(tea().when(&price("18 EUR"), NOON), Err(refused));
    let refused = tea().when(&price("18 USD"), NOON).unwrap_err();
    assert_eq!(refused.message(), "expected a price in EUR; came one in USD");
    assert_eq!(refused.path(), path(["price", "currency"]));
}

#[test]
fn a_discontinued_product_takes_no_name_and_no_price() {
    let refused = || Err(Rejection::ProductDiscontinued { product_id: TEA, path: path(["productId"]) });
    assert_eq!(gone().when(&rename("Sencha"), NOON), refused());
    assert_eq!(gone().when(&price("1 USD"), NOON), refused());
}

#[test]
fn a_discontinued_product_still_moves_its_stock() {
    assert!(gone().when(&receive(1), NOON).is_ok());
    assert!(gone().when(&adjust(-1), NOON).is_ok());
}

#[test]
fn a_product_is_discontinued_once() {
    let command = DiscontinueProduct { product_id: TEA, expected_version: None };
    assert_eq!(only(tea().when(&command, NOON)), ProductEvent::ProductDiscontinued(ProductDiscontinued {}));
    assert!(matches!(gone().when(&command, NOON), Err(Rejection::InvalidTransition { .. })));
}

#[test]
fn a_miscount_is_corrected_down_to_nothing_but_not_below() {
    assert_eq!(
        only(tea().when(&adjust(-10), NOON)),
        ProductEvent::StockAdjusted(StockAdjusted { change: change(-10) })
    );
    let refused =
        Rejection::InsufficientStock { product_id: TEA, available: 10, wanted: 11, path: path(["change"]) };
    assert_eq!(tea().when(&adjust(-11), NOON), Err(refused));
    let refused = Rejection::NoChange { what: "stock", path: path(["change"]) };
    assert_eq!(tea().when(&adjust(0), NOON), Err(refused));
}

#[test]
fn stock_that_could_not_be_told_any_more_is_refused() {
    let mut full = tea();
    for _ in 0..2147 {
        let received = StockReceived { quantity: quantity(1_000_000) };
        full = full.given::<Product>(TEA, ProductEvent::StockReceived(received));
    }
    let room = i32::MAX - 2_147_000_010;
    assert!(full.when(&receive(room), NOON).is_ok());
    for refused in [full.when(&receive(room + 1), NOON), full.when(&adjust(room + 1), NOON)] {
        assert!(matches!(refused, Err(Rejection::InvalidInput { .. })), "{refused:?}");
    }
}

#[test]
fn the_sku_is_claimed_and_stays_so_when_the_product_is_discontinued() {
    let mut product = Product::default();
    product.evolve(&tea_created());
    product.evolve(&ProductEvent::ProductDiscontinued(ProductDiscontinued {}));
    assert_eq!(product.claims(), [sku("tea-01").claim()]);
}

proptest! {
    #[test]
    fn whatever_is_asked_stock_is_what_was_recorded_and_never_below_zero(
        asked in prop::collection::vec((any::<bool>(), 1..=1_000_000), 1..40)
    ) {
        let mut past = tea();
        let mut product = Product::default();
        product.evolve(&tea_created());
        let mut stock = 10;
        for (more, units) in asked {
            let outcome = if more { past.when(&receive(units), NOON) } else { past.when(&adjust(-units), NOON) };
            let expected = if more { stock + units } else { stock - units };
            prop_assert_eq!(outcome.is_ok(), expected >= 0);
            for event in outcome.map(|drafts| events_of::<ProductEvent>(&drafts, TEA)).unwrap_or_default() {
                product.evolve(&event);
                past = past.given::<Product>(TEA, event);
                stock = expected;
            }
            prop_assert_eq!(product.known().unwrap().stock, stock);
        }
    }
}

#[test]
fn every_stored_shape_reads_as_it_always_did() {
    let (order_id, quantity_2) = (ORDER, quantity(2));
    golden::check(
        "product",
        &[
            ("ProductCreated", 1, tea_created()),
            ("ProductRenamed", 1, ProductEvent::ProductRenamed(ProductRenamed { name: name("Sencha") })),
            ("PriceChanged", 1, ProductEvent::PriceChanged(PriceChanged { price: money("18.50 EUR") })),
            ("StockReceived", 1, ProductEvent::StockReceived(StockReceived { quantity: quantity(24) })),
            ("StockAdjusted", 1, ProductEvent::StockAdjusted(StockAdjusted { change: change(-3) })),
            (
                "StockReserved",
                1,
                ProductEvent::StockReserved(StockReserved { order_id, quantity: quantity_2 }),
            ),
            (
                "StockReleased",
                1,
                ProductEvent::StockReleased(StockReleased { order_id, quantity: quantity_2 }),
            ),
            ("ProductDiscontinued", 1, ProductEvent::ProductDiscontinued(ProductDiscontinued {})),
        ],
    );
}
