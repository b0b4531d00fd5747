//! What is shown of a product, as plain values: what its changes are told by.

use super::fold::Products;
use super::graphql::Product;
use super::query::ProductStatus;
use super::table::{Entity, Model};
use crate::engine::time::Instant;
use crate::graphql::Result;
use crate::read::changes::graphql::Changing;
use crate::read::shown::{Shown, kept_money, money_json};

impl Changing for Product {
    type Model = Products;
    type Table = Entity;
    const MODEL: Products = Products;

    fn version(row: &Model) -> i64 {
        row.version.into()
    }

    fn shown(row: &Model) -> Result<Shown> {
        Ok(Shown::default()
            .with("sku", &row.sku)
            .with("name", &row.name)
            .and("price", money_json(kept_money(row.price_minor, &row.currency)?))
            .with("stock", &row.stock)
            .with("status", &ProductStatus::of(row))
            .with("createdAt", &Instant::from_micros(row.created_at)))
    }
}
