//! How many of a table's rows are few: so many are rather looked at, and sorted, than walked towards in the list's order.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query, SelectStatement};
use sea_orm::{Condition, ConnectionTrait, DbErr};

use super::bucket;
use super::definition::Table;
use super::query::Born;
use super::source::{Source, View, Way, own};
use super::table::{BUCKET, Twin};
use crate::engine::event::Position;
use crate::engine::store::Store;

/// So much fewer are few where they have to be counted first, and so many more where it is known: there the filters, which
/// make a walk longer, are met on the way as well.
const COUNTED: u64 = 4;
const KNOWN: u64 = 2;

/// What a select of one number calls it.
const NUMBER: &str = "number";

/// And another one of the past.
const PAST: &str = "past";

/// What is known of each table, by its name.
#[derive(Debug, Default)]
pub(super) struct Fews(Mutex<HashMap<&'static str, Few>>);

/// What is known of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Few {
    /// So many rows of now within a range are few.
    pub rows: u64,
    /// Few rows had come to be until then, in the unit of the column that says so. That is so for good.
    pub born_until: Option<i64>,
    /// The checkpoint when that was found out.
    since: Position,
}

impl Few {
    /// Whether few rows are known to have come to be by a moment.
    pub fn were_born_by(self, moment: Option<&Born>) -> bool {
        self.born_until.zip(moment).is_some_and(|(until, moment)| moment.until <= until)
    }

    /// Whether the log has grown by no more than a quarter.
    fn holds_at(self, checkpoint: Position) -> bool {
        checkpoint.get() <= self.since.get().saturating_add(self.since.get() / 4)
    }
}

impl Fews {
    /// What is few of a table, of whose rows those up to a `checkpoint` are known to be there.
    ///
    /// `born`: with the column that says when a row came to be. `least`: so many are few whatever the table.
    pub async fn of(
        &self,
        (store, source): (&Store, Source<'_>),
        (table, born): (&Table, Option<&Born>),
        checkpoint: Position,
        least: u64,
    ) -> Few {
        let before = self.known(table).unwrap_or(Few { rows: least, ..Few::default() });
        if before.holds_at(checkpoint) {
            return before;
        }
        // Whoever asks meanwhile goes on with what was known before.
        self.know(table, Few { since: checkpoint, ..before });
        let measured = measured((store, source), (table, born), least).await;
        let now = measured.map(|few| Few { since: checkpoint, ..few }).unwrap_or_else(|error| {
            tracing::debug!(table = table.name, %error, "how many rows are few is not known");
            before
        });
        self.know(table, now);
        now
    }

    fn known(&self, table: &Table) -> Option<Few> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(table.name).copied()
    }

    fn know(&self, table: &Table, few: Few) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(table.name, few);
    }
}

async fn measured(
    (store, source): (&Store, Source<'_>),
    (table, born): (&Table, Option<&Born>),
    least: u64,
) -> Result<Few, DbErr> {
    let number = async |mut select: SelectStatement, value: Expr| {
        select.expr_as(value, Alias::new(NUMBER));
        let row = store.reader().query_one(&source.over(table, Twin::Now, select)).await?;
        row.map(|row| row.try_get::<i64>("", NUMBER)).transpose()
    };
    let all = number(Query::select(), Expr::cust("COUNT(*)")).await?.unwrap_or_default();
    let worth = worth_looking_at(all.unsigned_abs());
    // They are counted each time, which takes as long as to walk on for a while.
    let rows = Ord::max(least, worth / COUNTED);
    let Some(born) = born else { return Ok(Few { rows, ..Few::default() }) };
    let mut one_too_many = Query::select();
    one_too_many
        .order_by_expr(own(table, &born.column), Order::Asc)
        .limit(1)
        .offset(Ord::max(least, worth * KNOWN));
    let born_until = number(one_too_many, own(table, &born.column)).await?.map(|born| born.saturating_sub(1));
    Ok(Few { rows, born_until, ..Few::default() })
}

/// So many of all rows are looked at, and sorted, as fast as the list's index is walked over for them.
///
/// To find a page of 20 among m rows that are spread in an index of n, it is walked over for 20 n / m steps. To look at
/// the m takes m steps, and to sort them as long as four more each. So both take as long where m² = 4 n.
const fn worth_looking_at(rows: u64) -> u64 {
    rows.saturating_mul(4).isqrt()
}

/// Whether no more rows of each twin meet a condition than are few; of the past, only what a position sees is looked at.
///
/// # Errors
/// When the database fails.
pub(super) async fn meet(
    (store, source): (&Store, Source<'_>),
    (table, view): (&Table, View),
    condition: Condition,
    few: u64,
) -> Result<Met, DbErr> {
    let some = || {
        let mut some = Query::select();
        some.expr_as(Expr::val(1), Alias::new("one")).cond_where(condition.clone());
        some.limit(few.saturating_add(1)).to_owned()
    };
    let counted = |some: SelectStatement| {
        let mut count = Query::select();
        count.expr(Expr::cust("COUNT(*)")).from_subquery(some, Alias::new("some"));
        Expr::SubQuery(None, Box::new(count.into()))
    };
    let now = counted(source.over(table, Twin::Now, some()));
    let past = match view {
        View::At { position, by: Way::Buckets { newest } } => {
            let past = source.over(table, Twin::History, some());
            counted(
                past.clone().and_where(own(table, BUCKET).is_in(bucket::around(position, newest))).to_owned(),
            )
        }
        _ => Expr::val(i64::MAX),
    };
    let mut both = Query::select();
    both.expr_as(now, Alias::new(NUMBER)).expr_as(past, Alias::new(PAST));
    let Some(row) = store.steady_reader().query_one(&both).await? else { return Ok(Met::default()) };
    let is_few = |column| row.try_get::<i64>("", column).map(|number| number.unsigned_abs() <= few);
    Ok(Met { now: is_few(NUMBER)?, past: is_few(PAST)? })
}

/// Of which twin few rows meet a condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Met {
    pub now: bool,
    pub past: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_holds_until_the_log_has_grown_by_a_quarter() {
        let known = Few { since: Position::from_stored(1_000), ..Few::default() };
        assert!(known.holds_at(Position::from_stored(1_250)));
        assert!(!known.holds_at(Position::from_stored(1_251)));
    }
}
