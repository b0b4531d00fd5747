//! The rows in hand of a fold, and the keys that ask for them.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use sea_orm::sea_query::Value;
use sea_orm::{EntityTrait, Iterable};

use super::definition::Row;

/// The primary key of a row: one value a key column, in the entity's order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key(pub Vec<Value>);

impl Key {
    /// A key of one column, or the first of several.
    pub fn of(value: impl Into<Value>) -> Self {
        Self(vec![value.into()])
    }

    /// This key and one column more.
    #[must_use]
    pub fn and(mut self, value: impl Into<Value>) -> Self {
        self.0.push(value.into());
        self
    }
}

impl<V: Into<Value>> From<V> for Key {
    fn from(value: V) -> Self {
        Self::of(value)
    }
}

/// A key with the type of its table's rows.
pub(super) type Place = (TypeId, Key);

/// The rows an event asks for, by table.
#[derive(Clone, Default)]
pub struct Keys(Vec<Place>);

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
        self.add::<M>(key);
        self
    }

    /// Adds one row.
    pub fn add<M: Row>(&mut self, key: impl Into<Key>) {
        self.0.push((TypeId::of::<M>(), key.into()));
    }

    /// Each key with the type of its table's rows.
    pub fn iter(&self) -> impl Iterator<Item = &(TypeId, Key)> {
        self.0.iter()
    }
}

/// A row, or the knowledge that there is none.
pub(super) type Held = Option<Arc<dyn AnyRow>>;

/// The rows in hand: those an event named, and what was made of them.
///
/// Changes stand in a layer of their own until their command is folded to its end, so that a fold that fails in the
/// middle leaves nothing behind.
#[derive(Default)]
pub struct Rows {
    settled: HashMap<Place, Held>,
    changed: HashMap<Place, Held>,
    /// The first row touched that nobody had asked for.
    stray: OnceLock<Place>,
}

impl Rows {
    /// A row that was named in [`keys`](super::ReadModel::keys); `None` when there is none with this key.
    pub fn get<M: Row>(&self, key: impl Into<Key>) -> Option<&M> {
        let place = (TypeId::of::<M>(), key.into());
        let Some(held) = self.changed.get(&place).or_else(|| self.settled.get(&place)) else {
            let _ = self.stray.set(place);
            return None;
        };
        held.as_ref()?.as_any().downcast_ref::<M>()
    }

    /// Inserts a row or replaces the one with its key.
    pub fn put<M: Row>(&mut self, row: M) {
        self.change((TypeId::of::<M>(), row.key()), Some(Arc::new(row)));
    }

    /// Takes a row away.
    pub fn remove<M: Row>(&mut self, key: impl Into<Key>) {
        self.change((TypeId::of::<M>(), key.into()), None);
    }

    fn change(&mut self, place: Place, held: Held) {
        if !self.settled.contains_key(&place) {
            let _ = self.stray.set(place.clone());
        }
        self.changed.insert(place, held);
    }

    /// Whether it is known what stands here.
    pub(super) fn knows(&self, place: &Place) -> bool {
        self.settled.contains_key(place)
    }

    /// Learns what the tables hold at a place.
    pub(super) fn learn(&mut self, place: Place, held: Held) {
        self.settled.insert(place, held);
    }

    /// Forgets which rows were touched unasked: [`keys`](super::ReadModel::keys) may look for rows it is about to name.
    pub(super) fn forgive(&mut self) {
        self.stray = OnceLock::new();
    }

    /// The first row touched without having been asked for.
    pub(super) fn stray(&self) -> Option<&Key> {
        self.stray.get().map(|(_, key)| key)
    }

    /// Drops what the command at hand changed.
    pub(super) fn discard(&mut self) {
        self.changed.clear();
        self.forgive();
    }

    /// Takes over what the command at hand changed: each row that now differs from before, with what stood there.
    pub(super) fn settle(&mut self) -> Vec<(Place, Held)> {
        let mut differing = Vec::new();
        for (place, now) in self.changed.drain() {
            let before = self.settled.get(&place).cloned().flatten();
            let same = match (&before, &now) {
                (Some(before), Some(now)) => before.same(now.as_ref()),
                (None, None) => true,
                _ => false,
            };
            if !same {
                self.settled.insert(place.clone(), now);
                differing.push((place, before));
            }
        }
        differing
    }

    /// What stands at a place after the last settled command.
    pub(super) fn settled(&self, place: &Place) -> Held {
        self.settled.get(place).cloned().flatten()
    }
}

/// A row, its table forgotten.
pub trait AnyRow: Any + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn same(&self, other: &dyn AnyRow) -> bool;
    /// Its values in the order of the entity's columns.
    fn values(&self) -> Vec<Value>;
    fn key(&self) -> Key;
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

    fn key(&self) -> Key {
        Row::key(self)
    }
}
