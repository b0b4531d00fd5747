//! The vocabulary of resolvers: scalars, moments, pages, errors, shared shapes.

mod address;
mod batching;
mod errors;
mod following;
mod ids;
mod loading;
mod money;
pub mod paging;
pub mod scalars;
mod scope;
mod sort;
mod text;

pub use address::{Address, AddressInput};
pub use batching::Batches;
pub use errors::{ErrorCode, Failure, Result};
pub use ids::parse_id;
pub use loading::RowLoader;
pub use money::{Money, MoneyInput, amount_to_minor};
pub use scope::{At, Engine, Scope};
pub use sort::SortDirection;
pub use text::{bounded_argument, text_argument};

#[cfg(test)]
mod patterns;
#[cfg(test)]
mod tests;
