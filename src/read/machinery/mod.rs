//! How is the machinery: the log's head and how far each read model has got; always the present.

pub mod graphql;
