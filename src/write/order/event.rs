//! The events of orders: what this aggregate publishes.
//!
//! Names and shapes are stored for ever; an old shape is lifted in `decode`, and each version has a golden file.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::event::{DecodeError, Event};
use crate::engine::time::Instant;
use crate::write::stored::{payload, unknown};
pub use crate::write::value::{Address, Money, Name, Quantity, Reason, Reference, Sku};

/// The stored name of the stream's type.
pub const STREAM_TYPE: &str = "Order";

/// What can happen to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    OrderPlaced(OrderPlaced),
    OrderPaid(OrderPaid),
    OrderShipped(OrderShipped),
    OrderDelivered(OrderDelivered),
    OrderReturned(OrderReturned),
    OrderCancelled(OrderCancelled),
}

/// A user ordered products, at the prices of that moment; each product is on one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    pub user_id: Uuid,
    pub lines: Vec<OrderedLine>,
    /// All lines, in the one currency they share.
    pub total_amount: Money,
    pub shipping_address: Address,
    pub placed_at: Instant,
}

/// An order was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPaid {
    pub payment_reference: Reference,
    pub paid_at: Instant,
}

/// An order was given to a carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderShipped {
    pub carrier: Reference,
    pub tracking_number: Reference,
    pub shipped_at: Instant,
}

/// An order reached the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderDelivered {
    pub delivered_at: Instant,
}

/// An order came back; its stock is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderReturned {
    pub returned_at: Instant,
}

/// An order will not be shipped; its stock is released.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderCancelled {
    pub cancelled_at: Instant,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Why, as the one who cancelled it said.
    pub reason: Option<Reason>,
}

/// One product of an order, as it was when the order was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderedLine {
    pub product_id: Uuid,
    pub sku: Sku,
    /// The product's name.
    pub name: Name,
    pub quantity: Quantity,
    pub unit_price: Money,
}

impl Event for OrderEvent {
    const NAMES: &'static [&'static str] =
        &["OrderPlaced", "OrderPaid", "OrderShipped", "OrderDelivered", "OrderReturned", "OrderCancelled"];

    fn stored_as(&self) -> (&'static str, i32) {
        match self {
            Self::OrderPlaced(_) => ("OrderPlaced", 1),
            Self::OrderPaid(_) => ("OrderPaid", 1),
            Self::OrderShipped(_) => ("OrderShipped", 1),
            Self::OrderDelivered(_) => ("OrderDelivered", 1),
            Self::OrderReturned(_) => ("OrderReturned", 1),
            Self::OrderCancelled(_) => ("OrderCancelled", 1),
        }
    }

    fn encode(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::OrderPlaced(event) => serde_json::to_string(event),
            Self::OrderPaid(event) => serde_json::to_string(event),
            Self::OrderShipped(event) => serde_json::to_string(event),
            Self::OrderDelivered(event) => serde_json::to_string(event),
            Self::OrderReturned(event) => serde_json::to_string(event),
            Self::OrderCancelled(event) => serde_json::to_string(event),
        }
    }

    fn decode(name: &str, version: i32, text: &str) -> Result<Self, DecodeError> {
        Ok(match (name, version) {
            ("OrderPlaced", 1) => Self::OrderPlaced(payload(name, text)?),
            ("OrderPaid", 1) => Self::OrderPaid(payload(name, text)?),
            ("OrderShipped", 1) => Self::OrderShipped(payload(name, text)?),
            ("OrderDelivered", 1) => Self::OrderDelivered(payload(name, text)?),
            ("OrderReturned", 1) => Self::OrderReturned(payload(name, text)?),
            ("OrderCancelled", 1) => Self::OrderCancelled(payload(name, text)?),
            _ => return Err(unknown(name, version)),
        })
    }
}
