//! Products by id, each as of a position of its own.

use async_graphql::Context;
use uuid::Uuid;

use super::fold::Products;
use super::graphql::Product;
use super::table::Entity;
use crate::graphql::{At, Result, RowLoader};

/// Loads products; one for each request, in its data.
pub type ProductLoader = RowLoader<Products, Entity>;

/// The product as of a moment, if there was one.
///
/// # Errors
/// `NOT_YET_VISIBLE`, or a fault of ours.
pub async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<Product>> {
    Ok(ProductLoader::load(context, id, at).await?.map(|row| Product::new(row, at)))
}
