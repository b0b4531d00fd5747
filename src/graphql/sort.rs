//! The direction of a sorted list.

use async_graphql::Enum;

/// The direction in which a list is sorted.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortDirection {
    /// Smallest, earliest or alphabetically first comes first.
    Asc,
    /// Largest, latest or alphabetically last comes first.
    Desc,
}
