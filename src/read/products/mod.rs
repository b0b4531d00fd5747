//! Which products are there, for how much, and how many?

pub mod fold;
pub mod graphql;
pub mod loader;
pub mod query;
mod shown;
pub mod table;
#[cfg(test)]
mod tests;
