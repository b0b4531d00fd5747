//! The events of orders in the API: what each has beside the common fields.

use std::sync::Arc;

use async_graphql::{ID, SimpleObject};

use super::fact::{Fact, Payload};
use super::graphql::Event;
use crate::engine::event::{DecodeError, Recorded};
use crate::engine::time::Instant;
use crate::graphql::{Address, Money};
use crate::read::shown::{shown_address, shown_money};
use crate::write::order::event::{self, OrderEvent};

/// An event of an order as the API shows it.
///
/// # Errors
/// When it is none this program knows.
pub fn shown(recorded: Arc<Recorded>) -> Result<Event, DecodeError> {
    let order_id = ID::from(recorded.stream_id);
    Ok(match recorded.decode()? {
        OrderEvent::OrderPlaced(event) => Fact::new(
            recorded,
            OrderPlaced {
                order_id,
                user_id: event.user_id.into(),
                lines: event.lines.iter().map(OrderedLine::of).collect(),
                total_amount: shown_money(event.total_amount),
                shipping_address: shown_address(&event.shipping_address),
                placed_at: event.placed_at,
            },
        )?
        .into(),
        OrderEvent::OrderPaid(event) => Fact::new(
            recorded,
            OrderPaid {
                order_id,
                payment_reference: event.payment_reference.to_string(),
                paid_at: event.paid_at,
            },
        )?
        .into(),
        OrderEvent::OrderShipped(event) => Fact::new(
            recorded,
            OrderShipped {
                order_id,
                carrier: event.carrier.to_string(),
                tracking_number: event.tracking_number.to_string(),
                shipped_at: event.shipped_at,
            },
        )?
        .into(),
        OrderEvent::OrderDelivered(event) => {
            Fact::new(recorded, OrderDelivered { order_id, delivered_at: event.delivered_at })?.into()
        }
        OrderEvent::OrderReturned(event) => {
            Fact::new(recorded, OrderReturned { order_id, returned_at: event.returned_at })?.into()
        }
        OrderEvent::OrderCancelled(event) => {
            Fact::new(recorded, OrderCancelled { order_id, cancelled_at: event.cancelled_at })?.into()
        }
    })
}

/// A user has ordered.
#[derive(SimpleObject)]
#[graphql(name = "OrderPlacedPart")]
pub struct OrderPlaced {
    /// The order it happened to.
    order_id: ID,
    /// Who ordered.
    user_id: ID,
    /// What was ordered, at the prices of that moment.
    lines: Vec<OrderedLine>,
    /// The sum over all lines.
    total_amount: Money,
    /// Where it goes.
    shipping_address: Address,
    /// When.
    placed_at: Instant,
}

impl Payload for OrderPlaced {
    const NAME: &'static str = "OrderPlaced";
    const DESCRIPTION: &'static str = "A user has ordered.";
}

/// An order was paid.
#[derive(SimpleObject)]
#[graphql(name = "OrderPaidPart")]
pub struct OrderPaid {
    /// The order it happened to.
    order_id: ID,
    /// Where the payment is found.
    payment_reference: String,
    /// When.
    paid_at: Instant,
}

impl Payload for OrderPaid {
    const NAME: &'static str = "OrderPaid";
    const DESCRIPTION: &'static str = "An order was paid.";
}

/// An order is on its way.
#[derive(SimpleObject)]
#[graphql(name = "OrderShippedPart")]
pub struct OrderShipped {
    /// The order it happened to.
    order_id: ID,
    /// Who carries it.
    carrier: String,
    /// Where the parcel is found.
    tracking_number: String,
    /// When.
    shipped_at: Instant,
}

impl Payload for OrderShipped {
    const NAME: &'static str = "OrderShipped";
    const DESCRIPTION: &'static str = "An order is on its way.";
}

/// An order has arrived.
#[derive(SimpleObject)]
#[graphql(name = "OrderDeliveredPart")]
pub struct OrderDelivered {
    /// The order it happened to.
    order_id: ID,
    /// When.
    delivered_at: Instant,
}

impl Payload for OrderDelivered {
    const NAME: &'static str = "OrderDelivered";
    const DESCRIPTION: &'static str = "An order has arrived.";
}

/// A delivered order came back.
#[derive(SimpleObject)]
#[graphql(name = "OrderReturnedPart")]
pub struct OrderReturned {
    /// The order it happened to.
    order_id: ID,
    /// When.
    returned_at: Instant,
}

impl Payload for OrderReturned {
    const NAME: &'static str = "OrderReturned";
    const DESCRIPTION: &'static str = "A delivered order came back.";
}

/// An order will not be carried out.
#[derive(SimpleObject)]
#[graphql(name = "OrderCancelledPart")]
pub struct OrderCancelled {
    /// The order it happened to.
    order_id: ID,
    /// When.
    cancelled_at: Instant,
}

impl Payload for OrderCancelled {
    const NAME: &'static str = "OrderCancelled";
    const DESCRIPTION: &'static str = "An order will not be carried out.";
}

/// A line as it was ordered: price, name and SKU stay as they were then.
#[derive(SimpleObject)]
pub struct OrderedLine {
    /// The product.
    product_id: ID,
    /// The stock keeping unit at that moment.
    sku: String,
    /// The product's name at that moment.
    product_name: String,
    /// Units ordered.
    quantity: i32,
    /// The price of one unit at that moment.
    unit_price: Money,
}

impl OrderedLine {
    fn of(line: &event::OrderedLine) -> Self {
        Self {
            product_id: line.product_id.into(),
            sku: line.sku.to_string(),
            product_name: line.name.to_string(),
            quantity: line.quantity.get(),
            unit_price: shown_money(line.unit_price),
        }
    }
}
