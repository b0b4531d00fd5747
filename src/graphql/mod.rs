//! The vocabulary of resolvers: scalars, moments, pages, errors, shared shapes.

mod address;
mod errors;
mod ids;
mod money;
pub mod paging;
pub mod scalars;
mod sort;

pub use address::{Address, AddressInput};
pub use errors::{ErrorCode, Failure, Result};
pub use ids::parse_id;
pub use money::{Money, MoneyInput, amount_to_minor};
pub use sort::SortDirection;

#[cfg(test)]
mod patterns;
#[cfg(test)]
mod tests;
