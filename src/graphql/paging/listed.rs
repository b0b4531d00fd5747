//! A page of a table's rows as a connection, the same for every list of entities.

use std::sync::Arc;

use sea_orm::EntityTrait;

use super::connection::{Connection, Edges, Listed};
use super::cursor::Listing;
use super::page::Page;
use super::sorting::Sorting;
use crate::engine::read_model::{Query, ReadModel, Row};
use crate::graphql::errors::Result;
use crate::graphql::scope::{At, Scope};

/// The page of what a query finds in a read model, as it stood; counted only when the total is selected.
///
/// # Errors
/// A cursor of another kind, `NOT_YET_VISIBLE`, or a fault of ours.
pub async fn listed<M, E, N>(
    scope: &Arc<Scope>,
    (matching, order): (Query<E>, Sorting<E::Column>),
    at: At,
    (listing, page): (&Listing, &Page),
    node: fn(E::Model, At) -> N,
) -> Result<Connection<N>>
where
    M: ReadModel,
    E: EntityTrait<Model: Row>,
    N: Listed,
{
    let rows = scope.rows::<M, E>(at, order.page(page, matching.clone())?).await?;
    let edges = Edges::of(page, listing, at.position, rows, |row| order.place(row), |row| node(row, at));
    let scope = scope.clone();
    Ok(Connection::counted(edges, move || {
        let (scope, matching) = (scope.clone(), matching.clone());
        async move { scope.count::<M, E>(at, matching).await }
    }))
}
