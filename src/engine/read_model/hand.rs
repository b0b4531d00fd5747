//! Rows in hand from one batch to the next, so that a generation that is being built seldom asks its own tables.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use lru::LruCache;
use sea_orm::sea_query::Value;

use super::batch::{Changes, Put};
use super::rows::{AnyRow, Place};
use crate::engine::event::Position;

/// Traces of rows that had to go: at 16 bytes each some tens of megabytes at most.
const MOST_TRACES: usize = 2_000_000;

/// What an entry costs beside the values of its row, roughly.
const BYTES_AN_ENTRY: usize = 256;

/// A row and the command that made it so.
pub(super) type Since = (Arc<dyn AnyRow>, Position);

/// Rows as they stand in the tables at the checkpoint, the latest used, in bounded memory.
///
/// They hold only as long as nobody else moves the checkpoint: then the hand is to be emptied.
pub(super) struct Hand {
    rows: LruCache<Place, (Since, usize)>,
    bytes: usize,
    most_rows: usize,
    most_bytes: usize,
    /// Whether a row that is not in hand and left no trace is in no table either.
    knows_all: bool,
    /// Hashes of the places of rows that had to go.
    traces: HashSet<u64>,
    hasher: RandomState,
}

/// What the hand knows of a place.
pub(super) enum Known {
    Row(Since),
    Nothing,
    /// The tables have to be asked.
    Unknown,
}

impl Hand {
    /// An empty hand at a checkpoint.
    pub fn at(position: Position, most_rows: usize, most_bytes: usize) -> Self {
        Self {
            rows: LruCache::unbounded(),
            bytes: 0,
            most_rows,
            most_bytes,
            // Before the first event the tables are empty.
            knows_all: position == Position::ZERO,
            traces: HashSet::new(),
            hasher: RandomState::new(),
        }
    }

    /// What stands at a place.
    pub fn look(&mut self, place: &Place) -> Known {
        if let Some((since, _)) = self.rows.get(place) {
            return Known::Row(since.clone());
        }
        let is_nothing =
            self.knows_all && !(self.leaves_traces() && self.traces.contains(&self.trace(place)));
        if is_nothing { Known::Nothing } else { Known::Unknown }
    }

    /// Whether tables need not be asked for what is neither in hand nor left a trace.
    pub fn knows_all(&self) -> bool {
        self.knows_all
    }

    /// Whether tables have to be asked for some places.
    pub fn has_gaps(&self) -> bool {
        !self.knows_all || self.leaves_traces()
    }

    /// What stands at a place now.
    fn keep(&mut self, place: Place, since: Since) {
        let bytes = bytes(since.0.as_ref());
        self.bytes += bytes;
        if let Some((_, (_, before))) = self.rows.push(place, (since, bytes)) {
            self.bytes -= before;
        }
        while self.rows.len() > self.most_rows || self.bytes > self.most_bytes {
            let Some((place, (_, bytes))) = self.rows.pop_lru() else { break };
            self.bytes -= bytes;
            let trace = self.trace(&place);
            if self.knows_all && !self.traces.contains(&trace) && self.traces.len() == MOST_TRACES {
                self.knows_all = false;
                self.traces = HashSet::new();
            }
            if self.knows_all {
                self.traces.insert(trace);
            }
        }
    }

    /// Nothing stands at a place any more.
    fn drop(&mut self, place: &Place) {
        if let Some((_, bytes)) = self.rows.pop(place) {
            self.bytes -= bytes;
        }
    }

    /// What a batch did; should it not be committed, the hand is to be emptied.
    pub fn settle(&mut self, changes: &HashMap<TypeId, Changes>) {
        for (kind, changes) in changes {
            for Put { key, row, since } in &changes.put {
                self.keep((*kind, key.clone()), (Arc::clone(row), *since));
            }
            for key in &changes.removed {
                self.drop(&(*kind, key.clone()));
            }
        }
    }

    fn leaves_traces(&self) -> bool {
        !self.traces.is_empty()
    }

    fn trace(&self, place: &Place) -> u64 {
        self.hasher.hash_one(place)
    }
}

/// What a row weighs, roughly.
fn bytes(row: &dyn AnyRow) -> usize {
    let of_value = |value: &Value| match value {
        Value::String(Some(text)) => text.len(),
        Value::Bytes(Some(bytes)) => bytes.len(),
        Value::Json(Some(json)) => json.to_string().len(),
        _ => 0,
    };
    let values = row.values();
    BYTES_AN_ENTRY + values.iter().map(|value| size_of::<Value>() + of_value(value)).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use sea_orm::entity::prelude::*;

    use super::*;
    use crate::engine::read_model::Key;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "things")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        #[sea_orm(column_type = "Text")]
        pub text: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    fn place(id: i32) -> Place {
        (TypeId::of::<Model>(), Key::of(id))
    }

    fn keep(hand: &mut Hand, id: i32, text: &str) {
        let row = Model { id, text: text.to_owned() };
        hand.keep(place(id), (Arc::new(row), Position::from_stored(i64::from(id))));
    }

    #[test]
    fn from_the_first_event_on_a_row_nobody_made_is_known_not_to_be_there() {
        let mut hand = Hand::at(Position::ZERO, 10, 1 << 20);
        assert!(matches!(hand.look(&place(1)), Known::Nothing));
        keep(&mut hand, 1, "one");
        assert!(matches!(hand.look(&place(1)), Known::Row((_, since)) if since.get() == 1));
        hand.drop(&place(1));
        assert!(matches!(hand.look(&place(1)), Known::Nothing));
        assert!(!hand.has_gaps());
    }

    #[test]
    fn later_on_a_row_that_is_not_in_hand_is_to_be_asked_for() {
        let mut hand = Hand::at(Position::from_stored(7), 10, 1 << 20);
        assert!(matches!(hand.look(&place(1)), Known::Unknown) && hand.has_gaps());
        keep(&mut hand, 1, "one");
        assert!(matches!(hand.look(&place(1)), Known::Row(_)));
    }

    #[test]
    fn a_row_that_had_to_go_is_to_be_asked_for_and_a_new_one_still_is_not() {
        let mut hand = Hand::at(Position::ZERO, 2, 1 << 20);
        for id in 1..=3 {
            keep(&mut hand, id, "x");
        }
        assert!(matches!(hand.look(&place(1)), Known::Unknown) && hand.has_gaps());
        assert!(matches!(hand.look(&place(3)), Known::Row(_)));
        assert!(matches!(hand.look(&place(4)), Known::Nothing));
    }

    #[test]
    fn rows_have_to_go_by_their_bytes_too() {
        let mut hand = Hand::at(Position::ZERO, 100, 10_000);
        for id in 1..=20 {
            keep(&mut hand, id, &"x".repeat(1_000));
        }
        assert!(hand.rows.len() < 10 && hand.bytes <= 10_000);
        keep(&mut hand, 20, "short");
        for id in 1..=20 {
            hand.drop(&place(id));
        }
        assert_eq!(hand.bytes, 0);
    }
}
