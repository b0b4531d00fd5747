//! The one integration binary: each module tests the product from outside, on both databases where one is needed.

// A test that cannot go on panics, in the functions beside its own body too.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod bad_input;
mod changes;
mod cli;
mod demo;
mod durability;
mod edge;
mod engine;
mod failing;
mod importing;
mod moments;
mod mutations;
mod northwind;
mod orders;
mod proof;
mod read_models;
mod readme;
mod rebuilding;
mod restoring;
mod sales;
mod schema;
mod search;
mod story;
mod support;
mod tidy;
mod users;
mod verifying;
