//! How many of a table's rows are few: so many are rather looked at, and sorted, than walked towards in the list's order.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use lru::LruCache;
use sea_orm::sea_query::{
    Alias, Expr, ExprTrait, Order, Query, QueryBuilder, SelectStatement, SqliteQueryBuilder, Value,
};
use sea_orm::{Condition, ConnectionTrait, DbErr};

use super::bucket;
use super::definition::Table;
use super::instance::{Checkpoint, Instance};
use super::range::Born;
use super::source::{Source, own};
use super::statement::{ready, with_limits_told};
use super::table::{BUCKET, Twin};
use crate::engine::event::Position;
use crate::engine::store::Store;

/// So much fewer are few where they have to be counted first, and so many more where it is known: there the filters, which
/// make a walk longer, are met on the way as well.
const COUNTED: u64 = 4;
const KNOWN: u64 = 2;

/// What a select of one number calls it.
const NUMBER: &str = "number";

/// Of so many tables, columns and values it is known.
const KNOWN_AT_MOST: NonZeroUsize = NonZeroUsize::new(1_024).unwrap();

/// What is known of each table, or of its rows that have some value in a column.
#[derive(Debug)]
pub(super) struct Thresholds(Mutex<LruCache<Rows, Threshold>>);

/// Which rows it is known of: those of a table, by when they came to be as a column says, and by a column and its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Rows {
    table: &'static str,
    born: Option<String>,
    value: Option<(String, String)>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(KNOWN_AT_MOST)))
    }
}

/// How many rows of a table are few.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Threshold {
    /// So many rows within a range.
    pub rows: u64,
    /// Few rows had come to be until then, in the unit of the column that says so. No row comes to be in the past.
    born_until: Option<i64>,
    /// The checkpoint when that was found out.
    since: Position,
}

impl Threshold {
    /// Whether few rows are known to have come to be by a moment.
    pub fn were_born_by(self, moment: &Born) -> bool {
        self.born_until.is_some_and(|until| moment.until <= until)
    }

    /// Whether the log has grown by no more than a quarter.
    fn holds_at(self, checkpoint: Position) -> bool {
        checkpoint.get() <= self.since.get().saturating_add(self.since.get() / 4)
    }
}

impl Thresholds {
    /// What is known of a table, or of its rows of one value; what has been true for long is found out anew meanwhile.
    pub fn of(
        model: &Arc<Instance>,
        table: &Table,
        born: Option<&Born>,
        value: Option<(&str, &Value)>,
        shown: &Checkpoint,
    ) -> Threshold {
        let known = || model.thresholds.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = Rows {
            table: table.name,
            born: born.map(|born| born.column.clone()),
            value: value
                .map(|(column, value)| (column.to_owned(), SqliteQueryBuilder.value_to_string(value))),
        };
        let least = Threshold { rows: model.settings.few, ..Threshold::default() };
        let before = known().get(&key).copied().unwrap_or(least);
        if before.holds_at(shown.position) {
            return before;
        }
        // Nobody else finds it out at the same time; and if that fails, not before the log has grown again.
        known().put(key.clone(), Threshold { since: shown.position, ..before });
        let is = value.map(|(column, value)| own(table, column).eq(value.clone()));
        let (model, table, shown) = (model.clone(), table.clone(), shown.clone());
        tokio::spawn(async move {
            let of = (&model.store, model.source(shown.generation));
            match measured(of, &table, (key.born.as_deref(), is), model.settings.few).await {
                Ok(found) => {
                    let found = Threshold { since: shown.position, ..found };
                    model.thresholds.0.lock().unwrap_or_else(PoisonError::into_inner).put(key, found);
                }
                Err(error) => {
                    tracing::debug!(table = table.name, %error, "how many rows are few is not known");
                }
            }
        });
        before
    }
}

async fn measured(
    (store, source): (&Store, Source<'_>),
    table: &Table,
    (born, is): (Option<&str>, Option<Expr>),
    least: u64,
) -> Result<Threshold, DbErr> {
    let number = async |mut select: SelectStatement, value: Expr| {
        select.expr_as(value, Alias::new(NUMBER)).cond_where(Condition::all().add_option(is.clone()));
        let row = store.reader().query_one(&source.over(table, Twin::Now, select)).await?;
        row.map(|row| row.try_get::<i64>("", NUMBER)).transpose()
    };
    let all = number(Query::select(), Expr::cust("COUNT(*)")).await?.unwrap_or_default();
    let worth = worth_looking_at(all.unsigned_abs());
    let rows = Ord::max(least, worth / COUNTED);
    let Some(born) = born else { return Ok(Threshold { rows, ..Threshold::default() }) };
    let mut one_too_many = Query::select();
    one_too_many.order_by_expr(own(table, born), Order::Asc);
    one_too_many.limit(1).offset(Ord::max(least, worth.saturating_mul(KNOWN)));
    let one_too_many = number(one_too_many, own(table, born)).await?;
    let born_until = Some(one_too_many.map_or(i64::MAX, |born| born.saturating_sub(1)));
    Ok(Threshold { rows, born_until, ..Threshold::default() })
}

/// So many of all rows are looked at, and sorted, as fast as the list's index is walked over for them.
///
/// To find a page of 20 among m rows that are spread in an index of n, it is walked over for 20 n / m steps. To look at
/// the m takes m steps, and to sort them as long as four more each. So both take as long where m² = 4 n.
const fn worth_looking_at(rows: u64) -> u64 {
    rows.saturating_mul(4).isqrt()
}

/// Of which twin few rows meet a condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Met {
    pub now: bool,
    pub past: bool,
}

/// Of which twins no more rows meet each of some conditions than `few`. One statement.
///
/// `around`: a position and the newest there is, where the past is found in the buckets around it; otherwise it is not
/// looked at, and has few.
///
/// # Errors
/// When the database fails.
pub(super) async fn meet(
    (store, source): (&Store, Source<'_>),
    (table, around): (&Table, Option<(Position, Position)>),
    conditions: &[Condition],
    few: u64,
) -> Result<Vec<Met>, DbErr> {
    let some = |twin, condition: &Condition| {
        let mut some = Query::select();
        some.expr_as(Expr::val(1), Alias::new("one")).cond_where(condition.clone());
        source.over(table, twin, some.limit(few.saturating_add(1)).to_owned())
    };
    let count = |some: SelectStatement| {
        let mut count = Query::select();
        count.expr(Expr::cust("COUNT(*)")).from_subquery(some, Alias::new("some"));
        Expr::SubQuery(None, Box::new(count.into()))
    };
    let mut counts = Query::select();
    let name = |twin, place: usize| format!("{twin:?}{place}");
    for (place, condition) in conditions.iter().enumerate() {
        counts.expr_as(count(some(Twin::Now, condition)), Alias::new(name(Twin::Now, place)));
        if let Some((position, newest)) = around {
            let mut past = some(Twin::History, condition);
            past.and_where(own(table, BUCKET).is_in(bucket::around(position, newest)));
            counts.expr_as(count(past), Alias::new(name(Twin::History, place)));
        }
    }
    let statement = with_limits_told(ready(store.backend(), &counts));
    let Some(row) = store.steady_reader().query_one_raw(statement).await? else { return Ok(Vec::new()) };
    let is_few = |twin, place| -> Result<bool, DbErr> {
        Ok(row.try_get::<i64>("", &name(twin, place))?.unsigned_abs() <= few)
    };
    let met = (0..conditions.len()).map(|place| {
        let past = around.is_none() || is_few(Twin::History, place)?;
        Ok(Met { now: is_few(Twin::Now, place)?, past })
    });
    met.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_holds_until_the_log_has_grown_by_a_quarter() {
        let known = Threshold { since: Position::from_stored(1_000), ..Threshold::default() };
        assert!(known.holds_at(Position::from_stored(1_250)));
        assert!(!known.holds_at(Position::from_stored(1_251)));
    }
}
