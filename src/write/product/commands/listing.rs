//! What is sold, under which name and price.

use serde::Serialize;
use uuid::Uuid;

use super::record;
use crate::engine::decision::{Command, Decision, Stop, StreamRef, Streams};
use crate::engine::time::Instant;
use crate::write::entity::{absent, find_at};
use crate::write::product::aggregate::{Listing, Product};
use crate::write::product::event::{
    InitialStock, Money, Name, PriceChanged, ProductCreated, ProductDiscontinued, ProductEvent,
    ProductRenamed, Sku,
};
use crate::write::rejection::{Rejection, path};

/// Makes a new product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateProduct {
    pub id: Uuid,
    pub sku: Sku,
    pub name: Name,
    pub price: Money,
    #[serde(skip_serializing_if = "is_none")]
    pub initial_stock: InitialStock,
}

/// None is what a product starts with unless said otherwise: no part of a command's content.
fn is_none(stock: &InitialStock) -> bool {
    stock.get() == 0
}

impl Command for CreateProduct {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        absent(streams, self.id)?;
        let Self { id, sku, name, price, initial_stock } = self.clone();
        record(streams, id, ProductEvent::ProductCreated(ProductCreated { sku, name, price, initial_stock }))
    }
}

/// Gives a product a new name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameProduct {
    pub product_id: Uuid,
    pub expected_version: Option<i32>,
    pub name: Name,
}

impl Command for RenameProduct {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.product_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let product = available(streams, self.product_id, self.expected_version)?;
        if product.name == self.name {
            return Err(Rejection::NoChange { what: "name", path: path(["name"]) }.into());
        }
        let name = self.name.clone();
        record(streams, self.product_id, ProductEvent::ProductRenamed(ProductRenamed { name }))
    }
}

/// Gives a product a new price, in the currency it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangePrice {
    pub product_id: Uuid,
    pub expected_version: Option<i32>,
    pub price: Money,
}

impl Command for ChangePrice {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.product_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let product = available(streams, self.product_id, self.expected_version)?;
        let (expected, actual) = (product.price.currency(), self.price.currency());
        if expected != actual {
            let path = path(["price", "currency"]);
            return Err(Rejection::CurrencyMismatch { expected, actual, path }.into());
        }
        if product.price == self.price {
            return Err(Rejection::NoChange { what: "price", path: path(["price"]) }.into());
        }
        record(streams, self.product_id, ProductEvent::PriceChanged(PriceChanged { price: self.price }))
    }
}

/// Ends the sale of a product. Orders of it go on, and so do its stock and returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscontinueProduct {
    pub product_id: Uuid,
    pub expected_version: Option<i32>,
}

impl Command for DiscontinueProduct {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.product_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let product = find_at::<Product>(streams, self.product_id, self.expected_version)?;
        if product.discontinued {
            return Err(Rejection::InvalidTransition {
                noun: "product",
                id: self.product_id,
                from: "DISCONTINUED",
                to: "DISCONTINUED",
                sources: "AVAILABLE",
                path: path(["productId"]),
            }
            .into());
        }
        record(streams, self.product_id, ProductEvent::ProductDiscontinued(ProductDiscontinued {}))
    }
}

/// The product that a command changes, unless discontinued.
fn available<'s>(
    streams: &'s mut Streams<'_>,
    product_id: Uuid,
    expected: Option<i32>,
) -> Result<&'s Listing, Stop<Rejection>> {
    let product = find_at::<Product>(streams, product_id, expected)?;
    if product.discontinued {
        Err(Rejection::ProductDiscontinued { product_id, path: path(["productId"]) }.into())
    } else {
        Ok(product)
    }
}
