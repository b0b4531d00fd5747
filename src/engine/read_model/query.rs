//! A query of an entity's rows, and what is known about how to find them.

use sea_orm::{EntityTrait, Select};

use super::words::Words;

/// The usual query of an entity. Converts from a [`Select`], of which nothing is known.
#[derive(Clone, Debug)]
pub struct Query<E: EntityTrait> {
    pub(super) select: Select<E>,
    pub(super) few: bool,
    pub(super) words: Option<Words>,
}

impl<E: EntityTrait> Query<E> {
    /// Its filters let few rows through, at any moment, and an index or a primary key finds them: a
    /// [`lookup`](super::Table::lookup), or a sub-select that names keys. They are then found first and sorted afterwards.
    pub fn few(select: Select<E>) -> Self {
        Self { select, few: true, words: None }
    }

    /// Its rows must also have these words, by which they are found; see [`Table::words`](super::Table::words).
    pub fn with_words(select: Select<E>, words: Words) -> Self {
        Self { select, few: true, words: Some(words) }
    }

    /// The same, with more done to its select: an order, a limit, a further filter.
    ///
    /// # Errors
    /// Those of `change`.
    pub fn try_map<F>(self, change: impl FnOnce(Select<E>) -> Result<Select<E>, F>) -> Result<Self, F> {
        Ok(Self { select: change(self.select)?, few: self.few, words: self.words })
    }
}

impl<E: EntityTrait> From<Select<E>> for Query<E> {
    fn from(select: Select<E>) -> Self {
        Self { select, few: false, words: None }
    }
}
