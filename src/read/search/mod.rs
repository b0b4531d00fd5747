//! Which users, products and orders have these words in them?

pub mod fold;
pub mod graphql;
pub mod query;
mod snippet;
pub mod table;
#[cfg(test)]
mod tests;
mod wanted;
mod word;
