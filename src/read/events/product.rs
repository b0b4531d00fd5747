//! The events of products in the API: what each has beside the common fields.

use std::sync::Arc;

use async_graphql::{ID, SimpleObject};

use super::fact::{Fact, Payload};
use super::graphql::Event;
use crate::engine::event::{DecodeError, Recorded};
use crate::graphql::Money;
use crate::read::shown::shown_money;
use crate::write::product::event::ProductEvent;

/// An event of a product as the API shows it.
///
/// # Errors
/// When it is none this program knows.
pub fn shown(recorded: Arc<Recorded>) -> Result<Event, DecodeError> {
    let product_id = ID::from(recorded.stream_id);
    Ok(match recorded.decode()? {
        ProductEvent::ProductCreated(event) => Fact::new(
            recorded,
            ProductCreated {
                product_id,
                sku: event.sku.to_string(),
                name: event.name.to_string(),
                price: shown_money(event.price),
                initial_stock: event.initial_stock.get(),
            },
        )?
        .into(),
        ProductEvent::ProductRenamed(event) => {
            Fact::new(recorded, ProductRenamed { product_id, name: event.name.to_string() })?.into()
        }
        ProductEvent::PriceChanged(event) => {
            Fact::new(recorded, PriceChanged { product_id, price: shown_money(event.price) })?.into()
        }
        ProductEvent::StockReceived(event) => {
            Fact::new(recorded, StockReceived { product_id, quantity: event.quantity.get() })?.into()
        }
        ProductEvent::StockAdjusted(event) => {
            Fact::new(recorded, StockAdjusted { product_id, change: event.change.get() })?.into()
        }
        ProductEvent::StockReserved(event) => Fact::new(
            recorded,
            StockReserved { product_id, order_id: event.order_id.into(), quantity: event.quantity.get() },
        )?
        .into(),
        ProductEvent::StockReleased(event) => Fact::new(
            recorded,
            StockReleased { product_id, order_id: event.order_id.into(), quantity: event.quantity.get() },
        )?
        .into(),
        ProductEvent::ProductDiscontinued(_) => {
            Fact::new(recorded, ProductDiscontinued { product_id })?.into()
        }
    })
}

/// A product can be bought.
#[derive(SimpleObject)]
#[graphql(name = "ProductCreatedPart")]
pub struct ProductCreated {
    /// The product it happened to.
    product_id: ID,
    /// The stock keeping unit.
    sku: String,
    /// The name.
    name: String,
    /// The price of one unit.
    price: Money,
    /// Units on hand from the start.
    initial_stock: i32,
}

impl Payload for ProductCreated {
    const NAME: &'static str = "ProductCreated";
    const DESCRIPTION: &'static str = "A product can be bought.";
}

/// A product has a new name.
#[derive(SimpleObject)]
#[graphql(name = "ProductRenamedPart")]
pub struct ProductRenamed {
    /// The product it happened to.
    product_id: ID,
    /// The new name.
    name: String,
}

impl Payload for ProductRenamed {
    const NAME: &'static str = "ProductRenamed";
    const DESCRIPTION: &'static str = "A product has a new name.";
}

/// A product has a new price.
#[derive(SimpleObject)]
#[graphql(name = "PriceChangedPart")]
pub struct PriceChanged {
    /// The product it happened to.
    product_id: ID,
    /// The new price of one unit.
    price: Money,
}

impl Payload for PriceChanged {
    const NAME: &'static str = "PriceChanged";
    const DESCRIPTION: &'static str = "A product has a new price.";
}

/// Units of a product have arrived.
#[derive(SimpleObject)]
#[graphql(name = "StockReceivedPart")]
pub struct StockReceived {
    /// The product it happened to.
    product_id: ID,
    /// How many.
    quantity: i32,
}

impl Payload for StockReceived {
    const NAME: &'static str = "StockReceived";
    const DESCRIPTION: &'static str = "Units of a product have arrived.";
}

/// The stock of a product was counted anew.
#[derive(SimpleObject)]
#[graphql(name = "StockAdjustedPart")]
pub struct StockAdjusted {
    /// The product it happened to.
    product_id: ID,
    /// How many more, or fewer, there are.
    change: i32,
}

impl Payload for StockAdjusted {
    const NAME: &'static str = "StockAdjusted";
    const DESCRIPTION: &'static str = "The stock of a product was counted anew.";
}

/// Units of a product are kept for an order.
#[derive(SimpleObject)]
#[graphql(name = "StockReservedPart")]
pub struct StockReserved {
    /// The product it happened to.
    product_id: ID,
    /// The order.
    order_id: ID,
    /// How many.
    quantity: i32,
}

impl Payload for StockReserved {
    const NAME: &'static str = "StockReserved";
    const DESCRIPTION: &'static str = "Units of a product are kept for an order.";
}

/// Units kept for an order are free again, or came back.
#[derive(SimpleObject)]
#[graphql(name = "StockReleasedPart")]
pub struct StockReleased {
    /// The product it happened to.
    product_id: ID,
    /// The order.
    order_id: ID,
    /// How many.
    quantity: i32,
}

impl Payload for StockReleased {
    const NAME: &'static str = "StockReleased";
    const DESCRIPTION: &'static str = "Units kept for an order are free again, or came back.";
}

/// A product takes no new orders.
#[derive(SimpleObject)]
#[graphql(name = "ProductDiscontinuedPart")]
pub struct ProductDiscontinued {
    /// The product it happened to.
    product_id: ID,
}

impl Payload for ProductDiscontinued {
    const NAME: &'static str = "ProductDiscontinued";
    const DESCRIPTION: &'static str = "A product takes no new orders.";
}
