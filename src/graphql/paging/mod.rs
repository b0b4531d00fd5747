//! Pages of lists: what may be asked for, opaque cursors that pin their moment, and the connection that answers.

mod connection;
mod cursor;
mod page;

pub use connection::{Connection, Edge, Edges, Listed, PageInfo, Total, Uncounted};
pub use cursor::{Cursor, Key, Listing, Place};
pub use page::{Direction, Page, PageArgs};

#[cfg(test)]
mod tests;
