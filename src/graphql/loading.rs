//! Rows by id, each as of a position of its own, in one statement for all that a query asks for at once.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::Arc;

use async_graphql::Context;
use async_graphql::dataloader::{DataLoader, Loader};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::batching::Batches;
use super::errors::{Failure, Result};
use super::scope::{At, Scope};
use crate::engine::event::Position;
use crate::engine::read_model::{Key, ReadModel, Row};

/// Loads the rows of one table of a read model; one for each request, in its data.
pub struct RowLoader<M, E> {
    scope: Arc<Scope>,
    of: PhantomData<fn() -> (M, E)>,
}

impl<M: ReadModel, E: EntityTrait<Model: Row>> RowLoader<M, E> {
    /// The loader of a request.
    pub fn new(scope: &Arc<Scope>, batches: &Batches) -> DataLoader<Self> {
        batches.loader(Self { scope: scope.clone(), of: PhantomData })
    }

    /// The row with an id as of a moment, if there was one, by the loader in the request's data.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<E::Model>> {
        let loader = context.data_opt::<DataLoader<Self>>();
        let loader =
            loader.ok_or_else(|| Failure::internal(format!("a request without a loader of {}", M::NAME)))?;
        loader.load_one((id, at.position)).await
    }
}

impl<M: ReadModel, E: EntityTrait<Model: Row>> Loader<(Uuid, Position)> for RowLoader<M, E> {
    type Value = E::Model;
    type Error = Failure;

    async fn load(&self, keys: &[(Uuid, Position)]) -> Result<HashMap<(Uuid, Position), E::Model>> {
        let asked: Vec<(Key, Position)> = keys.iter().map(|(id, at)| (Key::from(*id), *at)).collect();
        let mut found = self.scope.each::<M, E>(&asked).await?;
        let rows = keys.iter().zip(asked).filter_map(|(key, asked)| Some((*key, found.remove(&asked)?)));
        Ok(rows.collect())
    }
}
