//! Which users are there, and what is known of one?

pub mod fold;
pub mod graphql;
pub mod loader;
pub mod query;
mod shown;
pub mod table;
