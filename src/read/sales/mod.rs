//! What was sold, by the day it was paid, by product, or both?

pub mod fold;
pub mod graphql;
mod query;
mod report;
mod row;
mod sum;
pub mod table;
#[cfg(test)]
mod tests;
