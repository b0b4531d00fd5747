//! Orders by id, each as of a position of its own, in one statement for all that a query asks for at once.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};
use uuid::Uuid;

use super::fold::Orders;
use super::graphql::Order;
use super::table::{Entity, Model};
use crate::engine::event::Position;
use crate::engine::read_model::Key;
use crate::graphql::{At, Batches, Failure, Result, Scope};

/// Loads orders; one for each request, in its data.
pub struct OrderLoader(Arc<Scope>);

impl OrderLoader {
    /// The loader of a request.
    pub fn new(scope: &Arc<Scope>, batches: &Batches) -> DataLoader<Self> {
        batches.loader(Self(scope.clone()))
    }
}

impl Loader<(Uuid, Position)> for OrderLoader {
    type Value = Model;
    type Error = Failure;

    async fn load(&self, keys: &[(Uuid, Position)]) -> Result<HashMap<(Uuid, Position), Model>> {
        let asked: Vec<(Key, Position)> = keys.iter().map(|(id, at)| (Key::from(*id), *at)).collect();
        let found = self.0.each::<Orders, Entity>(&asked).await?;
        Ok(found.into_iter().map(|((_, at), row)| ((row.id, at), row)).collect())
    }
}

/// The order as of a moment, if there was one.
///
/// # Errors
/// `NOT_YET_VISIBLE`, or a fault of ours.
pub async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<Order>> {
    let loader = context.data_opt::<DataLoader<OrderLoader>>();
    let loader = loader.ok_or_else(|| Failure::internal("a request without a loader of orders"))?;
    Ok(loader.load_one((id, at.position)).await?.map(|row| Order::new(row, at)))
}
