//! The product aggregate: its events, its state, and the commands that change it.

/// The state that decisions look at.
pub mod aggregate;
/// What can be asked of it.
pub mod commands;
/// What it publishes.
pub mod event;
/// Its mutations.
pub mod graphql;
/// What its mutations take.
pub mod input;

#[cfg(test)]
mod tests;
