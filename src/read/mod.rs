//! The query side: one folder a question; this list names them all.

pub mod events;
pub mod machinery;
pub mod node;
mod shown;
pub mod users;
