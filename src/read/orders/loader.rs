//! Orders by id, each as of a position of its own.

use async_graphql::Context;
use uuid::Uuid;

use super::fold::Orders;
use super::graphql::Order;
use super::table::Entity;
use crate::graphql::{At, Result, RowLoader};

/// Loads orders; one for each request, in its data.
pub type OrderLoader = RowLoader<Orders, Entity>;

/// The order as of a moment, if there was one.
///
/// # Errors
/// `NOT_YET_VISIBLE`, or a fault of ours.
pub async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<Order>> {
    Ok(OrderLoader::load(context, id, at).await?.map(|row| Order::new(row, at)))
}
