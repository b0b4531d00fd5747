//! How many there are: stock comes in, is corrected, is reserved for orders and released from them.

use serde::Serialize;
use uuid::Uuid;

use super::record;
use crate::engine::decision::{Command, Decision, StreamRef, Streams};
use crate::engine::time::Instant;
use crate::write::entity::{find, find_at};
use crate::write::product::aggregate::{Listing, Product};
use crate::write::product::event::{
    ProductEvent, Quantity, StockAdjusted, StockChange, StockReceived, StockReleased, StockReserved,
};
use crate::write::rejection::{Rejection, path};

/// Adds units that came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiveStock {
    pub product_id: Uuid,
    pub expected_version: Option<i32>,
    pub quantity: Quantity,
}

impl Command for ReceiveStock {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.product_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let quantity = self.quantity;
        let product = find_at::<Product>(streams, self.product_id, self.expected_version)?;
        make_room(product, self.product_id, quantity.get(), || path(["quantity"]))?;
        record(streams, self.product_id, ProductEvent::StockReceived(StockReceived { quantity }))
    }
}

/// Corrects a miscount; stock never falls below zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdjustStock {
    pub product_id: Uuid,
    pub expected_version: Option<i32>,
    pub change: StockChange,
}

impl Command for AdjustStock {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.product_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let change = self.change;
        let product = find_at::<Product>(streams, self.product_id, self.expected_version)?;
        if change.get() == 0 {
            return Err(Rejection::NoChange { what: "stock", path: path(["change"]) }.into());
        }
        make_room(product, self.product_id, change.get(), || path(["change"]))?;
        cover(product, self.product_id, -change.get(), || path(["change"]))?;
        record(streams, self.product_id, ProductEvent::StockAdjusted(StockAdjusted { change }))
    }
}

/// Sets units aside for an order; part of the command that places it.
///
/// # Errors
/// NOT_FOUND and INSUFFICIENT_STOCK at the path given.
pub fn reserve(
    streams: &mut Streams<'_>,
    product_id: Uuid,
    order_id: Uuid,
    quantity: Quantity,
    path: impl Fn() -> Vec<String>,
) -> Decision<Rejection> {
    cover(find::<Product>(streams, product_id, &path)?, product_id, quantity.get(), &path)?;
    record(streams, product_id, ProductEvent::StockReserved(StockReserved { order_id, quantity }))
}

/// Puts units back from an order; part of the command that cancels or returns it.
///
/// # Errors
/// INVALID_INPUT at the order's id when the stock cannot be counted any more: adjust it first.
pub fn release(
    streams: &mut Streams<'_>,
    product_id: Uuid,
    order_id: Uuid,
    quantity: Quantity,
) -> Decision<Rejection> {
    let of_order = || path(["orderId"]);
    make_room(find::<Product>(streams, product_id, of_order)?, product_id, quantity.get(), of_order)?;
    record(streams, product_id, ProductEvent::StockReleased(StockReleased { order_id, quantity }))
}

/// Makes sure that stock stays a number that everybody can be told, GraphQL's 32 bits included.
fn make_room(
    product: &Listing,
    product_id: Uuid,
    more: i32,
    path: impl FnOnce() -> Vec<String>,
) -> Result<(), Rejection> {
    if product.stock.checked_add(more).is_some() {
        return Ok(());
    }
    let problem = format!(
        "expected a stock of at most {} units; came {more} more than the {} that the product {product_id} has",
        i32::MAX,
        product.stock
    );
    Err(Rejection::InvalidInput { problem, path: path() })
}

/// Makes sure that stock never falls below zero.
fn cover(
    product: &Listing,
    product_id: Uuid,
    wanted: i32,
    path: impl FnOnce() -> Vec<String>,
) -> Result<(), Rejection> {
    let available = product.stock;
    if wanted <= available {
        return Ok(());
    }
    Err(Rejection::InsufficientStock { product_id, available, wanted, path: path() })
}
