//! What is known about the filters of a query, one by one.

use sea_orm::Condition;
use sea_orm::sea_query::{SelectStatement, Value};

/// A filter of which it is known what column it is about.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub column: String,
    pub says: Says,
    pub meets: Condition,
}

/// What a filter says of its column.
#[derive(Clone, Debug)]
pub(super) enum Says {
    /// The values that it may have, each once.
    OneOf(Vec<Value>),
    /// What its values begin or end with, in their order.
    Within,
    /// The keys that another select names as [`NAMED`].
    Named(Box<SelectStatement>),
    Otherwise,
}

impl Filter {
    /// Whether another says the like of the same column.
    pub fn is_like(&self, other: &Self) -> bool {
        self.column == other.column
            && std::mem::discriminant(&self.says) == std::mem::discriminant(&other.says)
    }

    pub fn values(&self) -> Option<&[Value]> {
        match &self.says {
            Says::OneOf(values) => Some(values),
            Says::Within | Says::Named(_) | Says::Otherwise => None,
        }
    }
}

/// What a select that names keys calls them.
pub(super) const NAMED: &str = "named";

/// Rows whose keys another select names.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// The only column of their primary key.
    pub column: String,
    /// The keys, some perhaps more than once.
    pub keys: SelectStatement,
    /// All rows that meet what is asked for besides.
    pub rows: SelectStatement,
}
