//! The bounds on a request: tokens before it is parsed, shape after, cost once its variables are known, and how
//! many may be under way.

pub mod cost;
pub mod flight;
pub mod shape;
pub mod tokens;
