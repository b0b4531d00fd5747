//! Event sourcing on SeaORM: one log, decisions on the present, read models of any moment, a feed without gaps.
//!
//! The engine knows no user, product or order; what a shop is registers with it through the traits in
//! [`decision`] and [`read_model`]. Nothing here is global, so several engines live in one process.

pub mod decision;
pub mod event;
pub mod feed;
pub mod log;
pub mod moment;
pub mod read_model;
pub mod store;
pub mod time;
pub mod writer;
