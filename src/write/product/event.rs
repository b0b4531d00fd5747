//! The events of products: what this aggregate publishes.
//!
//! Names and shapes are stored for ever; an old shape is lifted in `decode`, and each version has a golden file.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::event::{DecodeError, Event};
use crate::write::stored::{payload, unknown};
pub use crate::write::value::{InitialStock, Money, Name, Quantity, Sku, StockChange};

/// The stored name of the stream's type.
pub const STREAM_TYPE: &str = "Product";

/// What can happen to a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProductEvent {
    ProductCreated(ProductCreated),
    ProductRenamed(ProductRenamed),
    PriceChanged(PriceChanged),
    StockReceived(StockReceived),
    StockAdjusted(StockAdjusted),
    StockReserved(StockReserved),
    StockReleased(StockReleased),
    ProductDiscontinued(ProductDiscontinued),
}

/// A product is sold from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProductCreated {
    pub sku: Sku,
    pub name: Name,
    pub price: Money,
    pub initial_stock: InitialStock,
}

/// A product has a new name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRenamed {
    pub name: Name,
}

/// A product has a new price, in the currency it always had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChanged {
    pub price: Money,
}

/// Units came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReceived {
    pub quantity: Quantity,
}

/// A miscount was corrected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAdjusted {
    /// Units more, or fewer when negative.
    pub change: StockChange,
}

/// Units were set aside for an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockReserved {
    pub order_id: Uuid,
    pub quantity: Quantity,
}

/// Units came back from an order that was cancelled or returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockReleased {
    pub order_id: Uuid,
    pub quantity: Quantity,
}

/// A product takes no orders any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductDiscontinued {}

impl Event for ProductEvent {
    const NAMES: &'static [&'static str] = &[
        "ProductCreated",
        "ProductRenamed",
        "PriceChanged",
        "StockReceived",
        "StockAdjusted",
        "StockReserved",
        "StockReleased",
        "ProductDiscontinued",
    ];

    fn stored_as(&self) -> (&'static str, i32) {
        match self {
            Self::ProductCreated(_) => ("ProductCreated", 1),
            Self::ProductRenamed(_) => ("ProductRenamed", 1),
            Self::PriceChanged(_) => ("PriceChanged", 1),
            Self::StockReceived(_) => ("StockReceived", 1),
            Self::StockAdjusted(_) => ("StockAdjusted", 1),
            Self::StockReserved(_) => ("StockReserved", 1),
            Self::StockReleased(_) => ("StockReleased", 1),
            Self::ProductDiscontinued(_) => ("ProductDiscontinued", 1),
        }
    }

    fn encode(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::ProductCreated(event) => serde_json::to_string(event),
            Self::ProductRenamed(event) => serde_json::to_string(event),
            Self::PriceChanged(event) => serde_json::to_string(event),
            Self::StockReceived(event) => serde_json::to_string(event),
            Self::StockAdjusted(event) => serde_json::to_string(event),
            Self::StockReserved(event) => serde_json::to_string(event),
            Self::StockReleased(event) => serde_json::to_string(event),
            Self::ProductDiscontinued(event) => serde_json::to_string(event),
        }
    }

    fn decode(name: &str, version: i32, text: &str) -> Result<Self, DecodeError> {
        Ok(match (name, version) {
            ("ProductCreated", 1) => Self::ProductCreated(payload(name, text)?),
            ("ProductRenamed", 1) => Self::ProductRenamed(payload(name, text)?),
            ("PriceChanged", 1) => Self::PriceChanged(payload(name, text)?),
            ("StockReceived", 1) => Self::StockReceived(payload(name, text)?),
            ("StockAdjusted", 1) => Self::StockAdjusted(payload(name, text)?),
            ("StockReserved", 1) => Self::StockReserved(payload(name, text)?),
            ("StockReleased", 1) => Self::StockReleased(payload(name, text)?),
            ("ProductDiscontinued", 1) => Self::ProductDiscontinued(payload(name, text)?),
            _ => return Err(unknown(name, version)),
        })
    }
}
