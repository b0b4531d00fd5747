//! The query side: one folder a question; this list names them all.

/// What each event changed of an entity.
pub mod changes;
/// What happened.
pub mod events;
/// How the machinery is doing, for operators.
pub mod machinery;
/// Anything with an identity.
pub mod node;
/// What was ordered, and how far it is.
pub mod orders;
/// What is sold, for how much, and how many there are.
pub mod products;
/// What was sold, when, and for how much.
pub mod sales;
/// What is found by words.
pub mod search;
mod shown;
/// Entities live.
pub mod subscription;
mod touched;
/// Who buys.
pub mod users;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_graphql::Data;

use crate::engine::read_model::Builder;
use crate::graphql::{Batches, Scope};

pub use touched::touched;

/// Every read model of the shop.
pub fn read_models(builder: Builder) -> Builder {
    builder
        .with(users::fold::Users)
        .with(products::fold::Products)
        .with(orders::fold::Orders)
        .with(sales::fold::Sales)
        .with(search::fold::Search)
}

/// Puts the loaders of every slice into a request's data.
pub fn load(data: &mut Data, scope: &Arc<Scope>, batches: &Batches) {
    data.insert(users::loader::UserLoader::new(scope, batches));
    data.insert(products::loader::ProductLoader::new(scope, batches));
    data.insert(orders::loader::OrderLoader::new(scope, batches));
}
