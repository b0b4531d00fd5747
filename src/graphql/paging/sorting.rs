//! Sorted pages of a table: the order, where a cursor goes on in it, and where a row stands.

use sea_orm::sea_query::{Expr, LikeExpr, SelectStatement, Value};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, ModelTrait, Order, QueryFilter, Select};
use uuid::Uuid;

use super::cursor::{Key, Place};
use super::page::{Direction, Page};
use crate::engine::read_model::{First, Query};
use crate::graphql::errors::Result;
use crate::graphql::scope::At;
use crate::graphql::sort::SortDirection;

/// The order of a list: columns that are never null, then the id.
pub struct Sorting<C> {
    columns: Vec<(C, Kind)>,
    id: C,
    direction: SortDirection,
    times: Option<Times>,
}

/// What the first column is, where it is one of instants: in µs.
#[derive(Clone, Copy)]
struct Times {
    /// At least, if that is known.
    since: Option<i64>,
    /// At most.
    until: i64,
}

#[derive(Clone, Copy)]
enum Kind {
    Integer,
    Text,
}

impl<C: ColumnTrait> Sorting<C> {
    /// Sorted by the id alone, until columns are added before it.
    pub fn new(id: C, direction: SortDirection) -> Self {
        Self { columns: Vec::new(), id, direction, times: None }
    }

    /// Then by a column of integers.
    #[must_use]
    pub fn integer(mut self, column: C) -> Self {
        self.columns.push((column, Kind::Integer));
        self
    }

    /// Then by a column of text.
    #[must_use]
    pub fn text(mut self, column: C) -> Self {
        self.columns.push((column, Kind::Text));
        self
    }

    /// Then by a column of instants. As of a moment none is later than it: so the newest rows of a list far back are found
    /// without walking over all that came since.
    #[must_use]
    pub fn time(mut self, column: C, at: At) -> Self {
        if self.columns.is_empty() {
            self.times = Some(Times { since: None, until: at.until.micros() });
        }
        self.integer(column)
    }

    /// Of rows that have no earlier [time](Self::time), as what is asked for tells already: so those that came before are
    /// not walked over.
    #[must_use]
    pub fn since(self, micros: Option<i64>) -> Self {
        Self { times: self.times.map(|times| Times { since: micros, ..times }), ..self }
    }

    /// A page of what a query finds.
    ///
    /// # Errors
    /// A cursor whose keys are of other kinds than the columns.
    pub fn page<E>(&self, page: &Page, query: Query<E>) -> Result<Query<E>>
    where
        E: EntityTrait<Column = C>,
    {
        let columns = || self.columns.iter().map(|(column, _)| *column);
        let order = match (self.direction, page.direction) {
            (SortDirection::Asc, Direction::Forward) | (SortDirection::Desc, Direction::Backward) => {
                Order::Asc
            }
            _ => Order::Desc,
        };
        let (since, until) = (self.times.and_then(|times| times.since), self.times.map(|times| times.until));
        let (begin, end) = if order == Order::Asc { (since, until) } else { (until, since) };
        // A cursor is where its page begins: of two places, a database may go to the other one and walk on from there.
        let begin = begin.filter(|_| page.cursor.is_none());
        let sorted = query.in_order(columns()).try_map(|select| -> Result<Select<E>> {
            let Some(cursor) = &page.cursor else { return Ok(select) };
            let here =
                Expr::tuple(columns().chain([self.id]).map(|column| Expr::col((E::default(), column))));
            let there = Expr::tuple(self.values(&cursor.place)?.into_iter().map(Expr::value));
            Ok(select.filter(if order == Order::Asc { here.gt(there) } else { here.lt(there) }))
        })?;
        Ok(sorted.first(First { rows: page.fetch(), direction: order, begin, end }))
    }

    /// Where a row stands in this order.
    pub fn place<M>(&self, row: &M) -> Place
    where
        M: ModelTrait,
        M::Entity: EntityTrait<Column = C>,
    {
        let keys = self.columns.iter().map(|(column, _)| match row.get(*column) {
            Value::String(Some(text)) => Key::from(text.as_str()),
            Value::BigInt(Some(number)) => Key::from(number),
            Value::Int(Some(number)) => Key::from(i64::from(number)),
            _ => Key::Null,
        });
        let id = match row.get(self.id) {
            Value::Uuid(Some(id)) => id,
            _ => Uuid::nil(),
        };
        Place { keys: keys.collect(), id }
    }

    fn values(&self, place: &Place) -> Result<Vec<Value>> {
        let mut values = Vec::with_capacity(self.columns.len() + 1);
        for (index, (_, kind)) in self.columns.iter().enumerate() {
            values.push(match kind {
                Kind::Integer => place.integer(index)?.into(),
                Kind::Text => place.text(index)?.into(),
            });
        }
        values.push(place.id.into());
        Ok(values)
    }
}

/// The end of a filter "until then" in µs, the end not included, no later than a moment's own. One end is all that
/// SQLite looks for in an index; the other it would walk to.
///
/// A sub-select, so that no planner looks at the value: few rows of all times were there by an early moment, but nearly
/// all of those that were there then.
pub fn ended_by(micros: i64, at: At) -> Expr {
    let end = Ord::min(micros, at.until.micros().saturating_add(1));
    Expr::SubQuery(None, Box::new(SelectStatement::new().expr(end).to_owned().into()))
}

/// That a moment has come as far as this many µs. As of a moment no time of a row is later than it, so a filter "from
/// then on" that also says this finds nothing without looking at any row.
pub fn has_come_to(micros: i64, at: At) -> Expr {
    Expr::val(micros).lte(at.until.micros())
}

/// A pattern for text that holds `part` anywhere; nothing in `part` has a meaning of its own.
pub fn containing(part: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", escaped(part))).escape('\\')
}

fn escaped(part: &str) -> String {
    part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}
