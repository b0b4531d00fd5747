//! Which orders are there, what was ordered, and how far are they?

mod changes;
pub mod fold;
pub mod graphql;
mod line;
pub mod loader;
pub mod query;
mod shown;
pub mod subscription;
pub mod table;
#[cfg(test)]
mod tests;
