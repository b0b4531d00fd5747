//! Read models: pure folds over rows of their own. The engine loads and keeps the rows, and gives them a past.

use std::any::{Any, TypeId};
use std::collections::HashMap;

use sea_orm::sea_query::{DynIden, Value};
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, Iden, Iterable, ModelTrait, PrimaryKeyToColumn};

use super::event::{DecodeError, Recorded};

/// A question the log answers, as tables folded from it.
///
/// Folding is pure: it sees one event and the rows it named, nothing else.
pub trait ReadModel: Send + Sync + 'static {
    /// Names the model's tables and checkpoint: `snake_case`, and never changed.
    const NAME: &'static str;
    /// Raised whenever tables or fold change; every revision has tables of its own.
    const REVISION: i32;

    /// The tables, each a SeaORM entity with the indexes its queries need.
    fn tables() -> Vec<Table>
    where
        Self: Sized;

    /// The rows this event needs to see. Asked again with those loaded until it names nothing new.
    ///
    /// # Errors
    /// An event that does not decode stops the model.
    fn keys(&self, event: &Recorded, rows: &Rows) -> Result<Keys, DecodeError>;

    /// Changes the rows by one event.
    ///
    /// # Errors
    /// An event that does not decode stops the model.
    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError>;
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

/// The primary key of a row: one value a key column, in the entity's order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub Vec<Value>);

impl<V: Into<Value>> From<V> for Key {
    fn from(value: V) -> Self {
        Self(vec![value.into()])
    }
}

/// A table of a read model, as its entity declares it.
#[derive(Clone)]
pub struct Table {
    /// The entity's table name, unique over all read models; the stored tables' names are made from it.
    pub name: String,
    /// Every column in the entity's order, with its SQL type and whether it may be null.
    pub columns: Vec<Column>,
    /// The columns of the primary key.
    pub key: Vec<String>,
    pub indexes: Vec<Index>,
}

/// A column of a read model's table.
#[derive(Clone)]
pub struct Column {
    pub name: String,
    pub definition: sea_orm::sea_query::ColumnType,
    pub nullable: bool,
}

/// An index that the queries of a read model need, on the rows of now and likewise on those of before.
#[derive(Clone)]
pub struct Index {
    pub name: &'static str,
    pub columns: Vec<DynIden>,
}

impl Table {
    /// The table of an entity, without further indexes.
    pub fn of<E: EntityTrait + Default>() -> Self {
        let entity = E::default();
        Self {
            name: entity.table_name().to_owned(),
            columns: E::Column::iter()
                .map(|column| {
                    let definition = column.def();
                    Column {
                        name: column.unquoted().to_owned(),
                        definition: definition.get_column_type().clone(),
                        nullable: definition.is_null(),
                    }
                })
                .collect(),
            key: E::PrimaryKey::iter().map(|part| part.into_column().unquoted().to_owned()).collect(),
            indexes: Vec::new(),
        }
    }

    /// Adds an index; the primary key's columns are appended by the engine, so that equal values keep an order.
    #[must_use]
    pub fn index<C: ColumnTrait>(mut self, name: &'static str, columns: &[C]) -> Self {
        let columns = columns.iter().map(|column| sea_orm::sea_query::IntoIden::into_iden(*column)).collect();
        self.indexes.push(Index { name, columns });
        self
    }
}

/// The rows an event asks for, by table.
#[derive(Clone, Default)]
pub struct Keys(Vec<(TypeId, Key)>);

impl Keys {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// One row.
    pub fn one<M: Row>(key: impl Into<Key>) -> Self {
        Self::none().and::<M>(key)
    }

    /// These and one more.
    #[must_use]
    pub fn and<M: Row>(mut self, key: impl Into<Key>) -> Self {
        self.0.push((TypeId::of::<M>(), key.into()));
        self
    }

    /// Each row with the type of its table.
    pub fn iter(&self) -> impl Iterator<Item = &(TypeId, Key)> {
        self.0.iter()
    }
}

/// The rows in hand: those an event named, and what was made of them.
#[derive(Default)]
pub struct Rows(HashMap<(TypeId, Key), Option<Box<dyn AnyRow>>>);

impl Rows {
    /// A row that was named in [`ReadModel::keys`]; `None` when there is none with this key.
    pub fn get<M: Row>(&self, key: impl Into<Key>) -> Option<&M> {
        let row = self.0.get(&(TypeId::of::<M>(), key.into()))?.as_ref()?;
        row.as_any().downcast_ref::<M>()
    }

    /// Inserts a row or replaces the one with its key.
    pub fn put<M: Row>(&mut self, row: M) {
        self.0.insert((TypeId::of::<M>(), row.key()), Some(Box::new(row)));
    }

    /// Takes a row away.
    pub fn remove<M: Row>(&mut self, key: impl Into<Key>) {
        self.0.insert((TypeId::of::<M>(), key.into()), None);
    }
}

/// A row, its table forgotten.
pub trait AnyRow: Any + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn same(&self, other: &dyn AnyRow) -> bool;
    /// Its values in the order of the entity's columns.
    fn values(&self) -> Vec<Value>;
    fn copy(&self) -> Box<dyn AnyRow>;
}

impl<M: Row> AnyRow for M {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn same(&self, other: &dyn AnyRow) -> bool {
        other.as_any().downcast_ref::<M>() == Some(self)
    }

    fn values(&self) -> Vec<Value> {
        <M::Entity as EntityTrait>::Column::iter().map(|column| self.get(column)).collect()
    }

    fn copy(&self) -> Box<dyn AnyRow> {
        Box::new(self.clone())
    }
}
