//! What a slice writes to have a read model: its name, its tables, the rows an event touches and what it does to them.

use std::any::TypeId;

use sea_orm::sea_query::{ArrayType, ColumnType};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, FromQueryResult, Iden, Iterable, ModelTrait, PrimaryKeyToColumn,
    QueryResult,
};

use super::rows::{AnyRow, Key, Keys, Rows};
use crate::engine::event::{DecodeError, Recorded};

/// A question the log answers, as tables folded from it.
///
/// Folding is pure: it sees one event and the rows it named, nothing else.
pub trait ReadModel: Send + Sync + 'static {
    /// Names the model and its checkpoint: `snake_case`, and never changed.
    const NAME: &'static str;
    /// Raised whenever tables or fold change; every revision has tables of its own.
    const REVISION: i32;
    /// The types of the streams whose events it looks at, if not all: building passes over the others.
    const STREAM_TYPES: Option<&'static [&'static str]> = None;

    /// The tables, each a SeaORM entity with the indexes its queries need.
    fn tables() -> Vec<Table>
    where
        Self: Sized;

    /// The rows this event needs to see or change. Asked again with those loaded until it names nothing new;
    /// also asked ahead of its turn, with rows that are not up to date yet.
    ///
    /// # Errors
    /// An event that does not decode stops the model.
    fn keys(&self, event: &Recorded, rows: &Rows) -> Result<Keys, DecodeError>;

    /// Changes the rows by one event. Touching a row that [`keys`](Self::keys) did not name stops the model.
    ///
    /// # Errors
    /// An event that does not decode stops the model.
    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError>;
}

/// The functions of a read model, its type forgotten.
pub(super) trait Folding: Send + Sync {
    fn keys(&self, event: &Recorded, rows: &Rows) -> Result<Keys, DecodeError>;
    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError>;
}

impl<M: ReadModel> Folding for M {
    fn keys(&self, event: &Recorded, rows: &Rows) -> Result<Keys, DecodeError> {
        ReadModel::keys(self, event, rows)
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        ReadModel::fold(self, rows, event)
    }
}

/// One row of a read model: the plain `Model` struct of a SeaORM entity, without any column of time.
pub trait Row: ModelTrait + FromQueryResult + Clone + PartialEq + Send + Sync + 'static {
    /// The primary key.
    fn key(&self) -> Key {
        Key(<Self::Entity as EntityTrait>::PrimaryKey::iter()
            .map(|part| self.get(part.into_column()))
            .collect())
    }
}

impl<M: ModelTrait + FromQueryResult + Clone + PartialEq + Send + Sync + 'static> Row for M {}

/// A table of a read model, as its entity declares it.
#[derive(Clone)]
pub struct Table {
    /// The entity's table name, unique over all read models; the stored tables' names are made from it.
    pub name: &'static str,
    /// Every column in the entity's order.
    pub columns: Vec<Column>,
    /// The columns of the primary key, as places in `columns`.
    pub key: Vec<usize>,
    pub indexes: Vec<Index>,
    /// Whether the rows are few and each has a long past; see [`Table::ever_changing`].
    pub(super) ever_changing: bool,
    /// The text column whose words rows are found by; see [`Table::words`].
    pub(super) words: Option<String>,
    pub(super) row: TypeId,
    pub(super) decode: fn(&QueryResult) -> Result<Box<dyn AnyRow>, DbErr>,
}

/// A column of a read model's table.
#[derive(Clone)]
pub struct Column {
    pub name: String,
    pub definition: ColumnType,
    pub nullable: bool,
    /// The kind of its values, which is how they travel in bulk.
    pub values: ArrayType,
}

/// An index that the queries of a read model need, on the rows of now and likewise on those of before.
#[derive(Clone)]
pub struct Index {
    /// Unique within its table.
    pub name: &'static str,
    pub columns: Vec<String>,
    /// Columns that it holds without being sorted by them.
    pub(super) holds: Vec<String>,
    /// Whether few rows have equal values in its first column; see [`Table::lookup`].
    pub(super) leaves_few: bool,
}

impl Index {
    /// Whether rows stand in it sorted by just these columns, many of each value.
    pub(super) fn is_sorted_by<'a>(&self, columns: impl IntoIterator<Item = &'a str>) -> bool {
        !self.leaves_few && self.columns.iter().map(String::as_str).eq(columns)
    }

    /// Whether it tells what a row has in a column.
    pub(super) fn tells(&self, column: &str) -> bool {
        self.columns.iter().chain(&self.holds).any(|own| own == column)
    }
}

impl Table {
    /// The table of an entity, without further indexes.
    pub fn of<E>() -> Self
    where
        E: EntityTrait,
        E::Model: Row,
    {
        let columns: Vec<Column> = E::Column::iter()
            .map(|column| {
                let definition = column.def();
                Column {
                    name: column.unquoted().to_owned(),
                    definition: definition.get_column_type().clone(),
                    nullable: definition.is_null(),
                    values: E::Model::get_value_type(column),
                }
            })
            .collect();
        let key: Vec<String> =
            E::PrimaryKey::iter().map(|part| part.into_column().unquoted().to_owned()).collect();
        Self {
            name: E::default().table_name(),
            key: key.iter().filter_map(|name| columns.iter().position(|c| c.name == *name)).collect(),
            columns,
            indexes: Vec::new(),
            ever_changing: false,
            words: None,
            row: TypeId::of::<E::Model>(),
            decode: |found| Ok(Box::new(E::Model::from_query_result(found, "")?)),
        }
    }

    /// Adds an index that a list is sorted by, behind the columns it is filtered by, if any. The engine appends the
    /// primary key's columns, so that equal values keep an order, and those of time, so that what was not there is
    /// passed over within the index.
    #[must_use]
    pub fn index<C: ColumnTrait>(self, name: &'static str, columns: &[C]) -> Self {
        self.indexed(name, columns, &[], false)
    }

    /// Adds such an index that also holds columns which lists in this order are filtered by: rows that a filter rules
    /// out are then passed over within the index, where each would be looked up. A column that has an index of the same
    /// order behind itself is better left out: a kept plan, which knows no values, might prefer this one.
    #[must_use]
    pub fn index_holding<C: ColumnTrait>(self, name: &'static str, columns: &[C], holds: &[C]) -> Self {
        self.indexed(name, columns, holds, false)
    }

    /// Adds an index by whose first column few rows are found at any time, such as those that belong to one user. For
    /// queries that say so: [`Query::few`](super::Query::few).
    #[must_use]
    pub fn lookup<C: ColumnTrait>(self, name: &'static str, columns: &[C]) -> Self {
        self.indexed(name, columns, &[], true)
    }

    fn indexed<C: ColumnTrait>(
        mut self,
        name: &'static str,
        columns: &[C],
        holds: &[C],
        leaves_few: bool,
    ) -> Self {
        let [columns, holds] =
            [columns, holds].map(|some| some.iter().map(|column| column.unquoted().to_owned()).collect());
        self.indexes.push(Index { name, columns, holds, leaves_few });
        self
    }

    /// For sums and the like: each row changes with every other event, and there are few of them. What was at a
    /// position is then looked for key by key, one probe each, however many versions there are.
    ///
    /// Rows are never taken away (a sum goes back to zero), and lists filter by columns of the primary key alone.
    #[must_use]
    pub fn ever_changing(mut self) -> Self {
        self.ever_changing = true;
        self
    }

    /// Adds an index of the words in a text column, for [`Query::with_words`](super::Query::with_words).
    ///
    /// The text is folded words of letters and digits, spaces between them (several, where that helps the query), each
    /// word some hundred characters and the text some hundred kilobytes at most.
    #[must_use]
    pub fn words<C: ColumnTrait>(mut self, column: C) -> Self {
        self.words = Some(column.unquoted().to_owned());
        self
    }

    /// Whether a key has a value of the right kind for each column of the primary key.
    pub(super) fn fits(&self, key: &Key) -> bool {
        key.0.len() == self.key.len()
            && self
                .key_columns()
                .zip(&key.0)
                .all(|(column, value)| value.is_some() && value.array_type() == column.values)
    }

    /// The columns of the primary key.
    pub(super) fn key_columns(&self) -> impl Iterator<Item = &Column> {
        self.key.iter().filter_map(|place| self.columns.get(*place))
    }
}
