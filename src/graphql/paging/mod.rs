//! Pages of lists: what may be asked for, opaque cursors that pin their moment, and the connection that answers.

mod connection;
mod cursor;
mod listed;
mod page;
mod sorting;

pub use connection::{Connection, Edge, Edges, Listed, PageInfo, Total, Uncounted};
pub use cursor::{Cursor, Key, Listing, Place};
pub use listed::listed;
pub use page::{Direction, Page, PageArgs};
pub use sorting::{Sorting, containing, ended_by, has_come_to};

#[cfg(test)]
mod tests;
