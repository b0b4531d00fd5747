//! A query of an entity's rows, and what is known about how to find them.

use sea_orm::{EntityTrait, QueryTrait, Select};

use super::words::Words;

/// The usual query of an entity. Converts from a [`Select`], of which nothing is known.
#[derive(Clone, Debug)]
pub struct Query<E: EntityTrait> {
    pub(super) select: Select<E>,
    /// The same without the filters that every row found in either twin is known to meet.
    pub(super) over_both: Option<Select<E>>,
    pub(super) few: bool,
    pub(super) words: Option<Words>,
}

impl<E: EntityTrait> Query<E> {
    /// Of whole rows. Best given without order and limit, for [`try_map`](Self::try_map) to add: then what the filters
    /// cost is not paid once more for the rows found.
    pub fn of(select: Select<E>) -> Self {
        let over_both = is_unordered(&select).then(E::find);
        Self { select, over_both, few: false, words: None }
    }

    /// The same of a select whose filters let few rows through, at any moment, and an index or a primary key finds them:
    /// a [`lookup`](super::Table::lookup), or a sub-select that names keys. They are then found first, sorted afterwards.
    pub fn few(select: Select<E>) -> Self {
        Self { few: true, ..Self::of(select) }
    }

    /// Its rows must also have these words, by which they are found; see [`Table::words`](super::Table::words).
    pub fn with_words(select: Select<E>, words: Words) -> Self {
        Self { select, over_both: None, few: true, words: Some(words) }
    }

    /// The same, with more done to its select: an order, a limit, a further filter.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn try_map<F>(self, change: impl Fn(Select<E>) -> Result<Select<E>, F>) -> Result<Self, F> {
        let over_both = self.over_both.map(&change).transpose()?;
        Ok(Self { select: change(self.select)?, over_both, ..self })
    }
}

impl<E: EntityTrait> From<Select<E>> for Query<E> {
    fn from(select: Select<E>) -> Self {
        Self { select, over_both: None, few: false, words: None }
    }
}

/// Whether there is neither an order nor a limit.
fn is_unordered<E: EntityTrait>(select: &Select<E>) -> bool {
    let mut without = QueryTrait::as_query(select).clone();
    without.clear_order_by().reset_limit().reset_offset();
    without == *QueryTrait::as_query(select)
}
