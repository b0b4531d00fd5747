//! What happened: the log itself as a question, one type of object for each kind of event.

pub mod fact;
pub mod graphql;
pub mod order;
pub mod product;
pub mod query;
pub mod subscription;
pub mod user;
