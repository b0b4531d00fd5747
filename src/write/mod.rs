//! The command side: one folder an aggregate; this list names them all.

/// How commands find what they change.
pub mod entity;
/// All problems of one input, told at once.
pub mod problems;
/// Why a command is not carried out.
pub mod rejection;
/// Reading stored events.
pub mod stored;
/// What commands carry and events keep.
pub mod value;

/// What is ordered, and how far it is.
pub mod order;
/// What is sold, for how much, and how many there are.
pub mod product;
/// Who buys.
pub mod user;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use crate::engine::decision::Aggregates;

/// Every kind of stream in the shop.
pub fn aggregates() -> Aggregates {
    Aggregates::new()
        .with::<user::aggregate::User>()
        .with::<product::aggregate::Product>()
        .with::<order::aggregate::Order>()
}
