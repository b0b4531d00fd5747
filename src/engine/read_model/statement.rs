//! The shapes of the statements that answer reads; each also tells its model's checkpoint in the same snapshot.

use sea_orm::sea_query::{
    Alias, ArrayType, CommonTableExpression, Expr, ExprTrait, JoinType, Order, Query, SelectStatement,
    UnionType, Value, Values, WithClause,
};
use sea_orm::{DbBackend, Statement};

use super::brought::{Brought, brought};
use super::catalogue::{Generation, read_models};
use super::definition::Table;
use super::filter::Named;
use super::load::{KEY_COLUMNS, key_columns};
use super::rows::Key;
use super::source::{Page, Source, View, Way, all_of, has_limit, own};
use super::table::{Twin, VALID_FROM, VALID_TO};
use crate::engine::event::Position;

/// The model's checkpoint; the only column that is never null.
pub(super) const CHECKPOINT: &str = "__checkpoint";
/// The place of a row in its list; null when the list is empty.
pub(super) const ORDER: &str = "__order";
/// How many rows there are.
pub(super) const COUNT: &str = "__count";
/// Which of the things asked for a row answers; null when none is there.
pub(super) const ASKED: &str = "__asked";

/// The text of a select and its values, as it is asked.
///
/// SQLite looks at the values of limits and patterns when it plans, and so plans a statement anew whenever they are
/// given: a millisecond where there are many buckets. It does not look behind a sign.
pub(super) fn ready(backend: DbBackend, select: &SelectStatement) -> Statement {
    let mut statement = backend.build(select);
    if backend == DbBackend::Sqlite {
        for peeked_at in ["LIMIT", "LIKE"] {
            statement.sql = statement.sql.replace(&format!("{peeked_at} ?"), &format!("{peeked_at} +?"));
        }
    }
    statement
}

/// The same with each limit in its text, for PostgreSQL: a plan that it keeps is made without a look at the values, and no
/// good one for a limit that is not known.
pub(super) fn with_limits_told(statement: Statement) -> Statement {
    match limits_told(&statement) {
        Some((sql, values)) => Statement { sql, values: Some(Values(values)), ..statement },
        None => statement,
    }
}

/// `None` where there is nothing to tell, or the text does not name each value once and in its turn.
fn limits_told(statement: &Statement) -> Option<(String, Vec<Value>)> {
    let values = &statement.values.as_ref().filter(|_| statement.db_backend == DbBackend::Postgres)?.0;
    let mut parts = statement.sql.split('$');
    let mut sql = parts.next()?.to_owned();
    let mut kept = Vec::with_capacity(values.len());
    let mut values = (1_usize..).zip(values);
    for part in parts {
        let (number, value) = values.next()?;
        let digits = part.len() - part.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (named, rest) = part.split_at(digits);
        if named != number.to_string() {
            return None;
        }
        match value {
            Value::BigUnsigned(Some(limit)) if sql.ends_with("LIMIT ") => sql.push_str(&limit.to_string()),
            value => {
                kept.push(value.clone());
                sql.push_str(&format!("${}", kept.len()));
            }
        }
        sql.push_str(rest);
    }
    values.next().is_none().then_some((sql, kept))
}

/// A list: a page of the rows of a view.
pub(super) fn list(source: Source<'_>, table: &Table, view: View, asked: Page<'_>) -> SelectStatement {
    let mut page = source.page(table, view, asked);
    // SQLite may drop the order of a sub-select that has no limit.
    if !has_limit(&page) {
        page.limit(i64::MAX.unsigned_abs());
    }
    let mut numbered = Query::select();
    numbered
        .expr_as(Expr::cust("ROW_NUMBER() OVER ()"), Alias::new(ORDER))
        .expr(Expr::cust("\"page\".*"))
        .from_subquery(page, Alias::new("page"));
    let mut statement = with_checkpoint(source.generation, numbered);
    statement.order_by(Alias::new(ORDER), Order::Asc);
    with(statement, source.siblings(table, view, asked.query))
}

/// How the rows are found that are counted.
#[derive(Clone, Copy)]
pub(super) enum Counted<'a> {
    /// There are no filters.
    All,
    /// By the filters.
    Found,
    /// By their keys, which another select names.
    Named(&'a Named),
}

/// How many rows of a view the query's filters let through; its order and limit do not matter.
pub(super) fn count(
    source: Source<'_>,
    table: &Table,
    view: View,
    (query, counted): (&SelectStatement, Counted<'_>),
) -> SelectStatement {
    let mut branch = query.clone();
    branch.clear_selects().clear_order_by().reset_limit().reset_offset();
    branch.expr_as(Expr::cust("COUNT(*)"), Alias::new(COUNT));
    // Each side counts its own: rows that are only counted would still be handed on one by one.
    let sides = match (view, counted) {
        (view, Counted::Named(named)) if source.backend == DbBackend::Postgres => {
            all_counted(source.each_named(table, view, named))
        }
        (View::At { position, .. }, Counted::Named(named)) => {
            all_counted(source.named_places(table, position, named, &[]))
        }
        (View::At { position, by }, Counted::All) if source.backend == DbBackend::Sqlite => {
            let (is_late, past) = match by {
                Way::Buckets { newest } => {
                    (position.get() > newest.get() / 2, source.bucketed(table, position, newest, &branch))
                }
                Way::Ended | Way::Filter => {
                    (true, all_of(source.ended(table, position, by, &branch), "history_side"))
                }
            };
            let mut now = all_begun_by(source, table, (position, is_late), &branch);
            now.union(UnionType::All, past).to_owned()
        }
        _ => source.branches(table, view, &branch),
    };
    let mut sum = Query::select();
    sum.expr_as(Expr::cust(format!("CAST(SUM(\"{COUNT}\") AS BIGINT)")), Alias::new(COUNT))
        .from_subquery(sides, Alias::new("counted"));
    with(with_checkpoint(source.generation, sum), source.siblings(table, view, query))
}

fn all_counted(rows: SelectStatement) -> SelectStatement {
    let mut all = Query::select();
    all.expr_as(Expr::cust("COUNT(*)"), Alias::new(COUNT)).from_subquery(rows, Alias::new("rows")).to_owned()
}

/// How many rows of now had begun by a position. SQLite counts whole tables in a fraction of the time that it takes to
/// look at each row: where most had begun, those are taken off that began since.
fn all_begun_by(
    source: Source<'_>,
    table: &Table,
    (position, have_most): (Position, bool),
    count: &SelectStatement,
) -> SelectStatement {
    let all = source.over(table, Twin::Now, count.clone());
    let begun = own(table, VALID_FROM);
    if !have_most {
        return all.clone().and_where(begun.lte(position.get())).to_owned();
    }
    let since = all.clone().and_where(begun.gt(position.get())).to_owned();
    let number = |select: SelectStatement| Expr::SubQuery(None, Box::new(select.into()));
    Query::select().expr_as(number(all).sub(number(since)), Alias::new(COUNT)).to_owned()
}

/// Rows by key, each at a position of its own. `query` selects the entity's columns.
pub(super) fn each(
    source: Source<'_>,
    table: &Table,
    view: View,
    query: &SelectStatement,
    asked: &[(&Key, Position)],
) -> SelectStatement {
    let numbers = (0_i64..).take(asked.len()).map(Into::into).collect();
    let positions = asked.iter().map(|(_, position)| position.get().into()).collect();
    let keys: Vec<&Key> = asked.iter().map(|(key, _)| *key).collect();
    let mut columns = vec![
        Brought { name: "n", kind: ArrayType::BigInt, values: numbers },
        Brought { name: "p", kind: ArrayType::BigInt, values: positions },
    ];
    columns.extend(key_columns(table, &keys));
    let mut named = CommonTableExpression::new();
    named.table_name(Alias::new("asked")).query(brought(source.backend, columns));

    let side = |twin| side_of_each(source, table, twin, query.clone());
    let mut both = side(Twin::Now);
    if view != View::Now {
        both.union(UnionType::All, side(Twin::History));
    }
    with(with_checkpoint(source.generation, both), Some(WithClause::new().cte(named).to_owned()))
}

fn side_of_each(source: Source<'_>, table: &Table, twin: Twin, query: SelectStatement) -> SelectStatement {
    let own = |name: &str| Expr::col((Alias::new(table.name), Alias::new(name)));
    let asked = |name: &str| Expr::col((Alias::new("asked"), Alias::new(name)));
    let mut fits = sea_orm::Condition::all().add(own(VALID_FROM).lte(asked("p")));
    for (column, name) in table.key_columns().zip(KEY_COLUMNS) {
        fits = fits.add(own(&column.name).eq(asked(name)));
    }
    if twin == Twin::History {
        // The one version that had begun last: a single step in the index, however many versions came before it.
        fits = fits.add(own(VALID_FROM).eq(last_begun(source, table))).add(own(VALID_TO).gt(asked("p")));
    }
    let mut side = source.over(table, twin, query);
    side.expr_as(asked("n"), Alias::new(ASKED)).join(JoinType::InnerJoin, Alias::new("asked"), fits);
    side
}

/// When the version of a row that was asked for began, as far as it is over.
fn last_begun(source: Source<'_>, table: &Table) -> Expr {
    let version = |name: &str| Expr::col((Alias::new("version"), Alias::new(name)));
    let asked = |name: &str| Expr::col((Alias::new("asked"), Alias::new(name)));
    let mut begun = Query::select();
    begun
        .expr(version(VALID_FROM).max())
        .from_as(source.stored(table, Twin::History), Alias::new("version"))
        .and_where(version(VALID_FROM).lte(asked("p")));
    for (column, name) in table.key_columns().zip(KEY_COLUMNS) {
        begun.and_where(version(&column.name).eq(asked(name)));
    }
    Expr::SubQuery(None, Box::new(begun.into()))
}

/// The rows with their model's checkpoint beside each; one row with nothing but the checkpoint when there are none.
pub(super) fn with_checkpoint(generation: Generation, rows: SelectStatement) -> SelectStatement {
    let catalogue = |column| Expr::col((Alias::new("catalogue"), column));
    let mut statement = Query::select();
    statement
        .expr_as(catalogue(read_models::Column::Position), Alias::new(CHECKPOINT))
        .expr(Expr::cust("\"answer\".*"))
        .from_as(read_models::Entity, Alias::new("catalogue"))
        .join_subquery(JoinType::LeftJoin, rows, Alias::new("answer"), Expr::cust("TRUE"))
        .and_where(catalogue(read_models::Column::Name).eq(generation.name))
        .and_where(catalogue(read_models::Column::Revision).eq(generation.revision))
        .and_where(catalogue(read_models::Column::Generation).eq(generation.number));
    statement
}

fn with(mut statement: SelectStatement, named: Option<WithClause>) -> SelectStatement {
    if let Some(named) = named {
        statement.with_cte(named);
    }
    statement
}

/// The most things asked for in one statement: SQLite binds at most 32,766 values.
pub(super) fn most_asked(backend: DbBackend, table: &Table) -> usize {
    match backend {
        DbBackend::Postgres => 20_000,
        _ => (32_766 / (table.key.len() + 2)).next_power_of_two() / 2,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{EntityTrait, QueryTrait};

    use super::*;
    use crate::engine::read_model::thing;
    use crate::engine::read_model::thing::list::{NEWEST, POSITION, source, steps_of, things};

    #[test]
    fn a_limit_is_told_in_the_text_and_the_other_values_keep_their_places() {
        let page = |table: &str, least: i64, limit| {
            let mut page = Query::select();
            page.column("n")
                .from(Alias::new(table))
                .and_where(Expr::col("n").gt(least))
                .limit(limit)
                .to_owned()
        };
        let mut both = page("one", 7, 20);
        both.union(UnionType::All, page("two", 8, 30));
        let statement = with_limits_told(ready(DbBackend::Postgres, &both));
        assert_eq!(
            statement.sql,
            r#"SELECT "n" FROM "one" WHERE "n" > $1 UNION ALL (SELECT "n" FROM "two" WHERE "n" > $2 LIMIT 30) LIMIT 20"#
        );
        assert_eq!(statement.values, Some(Values(vec![7_i64.into(), 8_i64.into()])));
    }

    #[test]
    fn a_text_with_a_dollar_of_its_own_stays_as_it_is() {
        let mut page = Query::select();
        page.expr(Expr::cust("'a$1b'")).from("one").and_where(Expr::col("n").gt(7_i64)).limit(20);
        let ready = || ready(DbBackend::Postgres, &page);
        assert_eq!(with_limits_told(ready()), ready());
        assert!(ready().values.is_some_and(|Values(values)| values.len() == 2));
    }

    #[tokio::test]
    async fn sqlite_counts_all_of_then_by_when_they_began_or_takes_off_those_that_began_since() {
        let tables = things();
        let source = source(DbBackend::Sqlite, &tables);
        let all = thing::Entity::find().into_query();
        for (by, at_all, found) in [
            (Way::Buckets { newest: POSITION.plus(1) }, 1, "begun (valid_from>?)"),
            (Way::Buckets { newest: NEWEST }, 0, "begun (valid_from<?)"),
            (Way::Ended, 1, "begun (valid_from>?)"),
        ] {
            let view = View::At { position: POSITION, by };
            let steps = steps_of(
                &tables,
                ready(DbBackend::Sqlite, &count(source, &tables[0], view, (&all, Counted::All))),
            )
            .await;
            let is = |part: &str| steps.iter().filter(|step| step.contains(part)).count();
            assert_eq!(is(found), 1, "{steps:#?}");
            assert_eq!(is("SCAN things_r1_g1 USING COVERING INDEX things_r1_g1_begun"), at_all, "{steps:#?}");
        }
    }
}
