//! How far into its order a page of the past reaches at most: as far as some of the first rows of now tell already.

use sea_orm::sea_query::{
    Alias, CaseStatement, ColumnType, CommonTableExpression, Expr, ExprTrait, Order, Query, Value,
};

use super::definition::{Column, Index, Table};
use super::query::First;
use super::source::{Source, View, Way, own};
use super::table::{Twin, VALID_FROM};
use super::walk::Walk;

/// What it is called in a statement.
pub(super) const REACH: &str = "reach";

/// For each row of the page so many of the first rows of now are looked at: within an index, and none of them for long.
const LOOKED_AT: u64 = 20;

/// How far a page reaches at most.
pub(super) struct Reach {
    /// What a statement names before it is referred to.
    pub named: CommonTableExpression,
    /// What every row of the page meets.
    pub within: Expr,
}

impl Source<'_> {
    /// How far the page of a walk reaches at most. Of rows that were there and pass, a page holds the first, so none beyond
    /// the last of any that are as many. Without it, each part is walked over until a row of it passes, wherever that is.
    ///
    /// `None` where all rows pass or no index tells which do, where a filter says itself how far they go or leaves too few
    /// (a part of a text), where rows are found otherwise, and where several values are walked over apart.
    pub fn reach(&self, table: &Table, view: View, walk: &Walk) -> Option<Reach> {
        let View::At { position, by: Way::Buckets { .. } } = view else { return None };
        let is_plain = walk.few_of_now.is_none() && walk.few_of_past.is_none() && walk.several().is_none();
        let is_held = table.indexes.iter().any(|index| walk.is_within(index));
        if !is_plain || walk.passed.is_empty() || !is_held || walk.branch().is_none() {
            return None;
        }
        let first = walk.first.as_ref()?;
        let by = walk.order.first()?;
        let end = end_of(table.columns.iter().find(|column| column.name == *by)?, first)?;

        let mut looked_at = walk.all(table, self.over(table, Twin::Now, walk.select.clone()));
        looked_at.limit(first.rows.saturating_mul(LOOKED_AT)).clear_selects();
        let mut columns: Vec<&str> = vec![VALID_FROM];
        for name in [by].into_iter().chain(&walk.passed) {
            if !columns.contains(&name.as_str()) {
                columns.push(name);
            }
        }
        looked_at.exprs(columns.into_iter().map(|name| own(table, name)));

        let mut passing = Query::select();
        passing.expr_as(own(table, by), Alias::new(REACH));
        passing.from_subquery(looked_at, Alias::new(table.name)).cond_where(walk.passing.clone());
        passing.and_where(self.begins_by(table, position)).limit(first.rows);

        let reach = || Expr::col(Alias::new(REACH));
        let last = if first.direction == Order::Asc { reach().max() } else { reach().min() };
        let are_too_few = Expr::cust("COUNT(*)").lt(i64::try_from(first.rows).ok()?);
        let last_or_end = CaseStatement::new().case(are_too_few, Expr::val(end)).finally(last);
        let mut one = Query::select();
        one.expr_as(last_or_end, Alias::new(REACH)).from_subquery(passing, Alias::new("passing"));
        let mut named = CommonTableExpression::new();
        named.table_name(Alias::new(REACH)).materialized(true).query(one);

        let told = Query::select().expr(reach()).from(Alias::new(REACH)).to_owned();
        let within = first.up_to(own(table, by), Expr::SubQuery(None, Box::new(told.into())));
        Some(Reach { named, within })
    }
}

impl Walk {
    /// Whether it goes over rows of an index that tells which of them pass.
    fn is_within(&self, index: &Index) -> bool {
        let sorted = self.apart.iter().map(|(column, _)| column).chain(&self.order);
        index.is_sorted_by(sorted.map(String::as_str)) && self.passed.iter().all(|column| index.tells(column))
    }
}

/// A value that no row found is beyond in a column; of a text it is not known, but any is less than bytes in SQLite.
fn end_of(column: &Column, first: &First) -> Option<Value> {
    let goes_up = first.direction == Order::Asc;
    match column.definition {
        _ if column.nullable => None,
        ColumnType::Integer | ColumnType::BigInteger => {
            let furthest = if goes_up { i64::MAX } else { i64::MIN };
            Some(first.end.unwrap_or(furthest).into())
        }
        ColumnType::String(_) | ColumnType::Text if goes_up => Some(Vec::<u8>::new().into()),
        ColumnType::String(_) | ColumnType::Text => Some("".into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::sea_query::WithClause;
    use sea_orm::{ColumnTrait, ConnectionTrait, Database, DbBackend, QueryTrait};

    use super::*;
    use crate::engine::read_model::query::Query as Matching;
    use crate::engine::read_model::table;
    use crate::engine::read_model::thing;
    use crate::engine::read_model::thing::Column::{Age, Kind, Size};
    use crate::engine::read_model::thing::list::{
        all, by_their_end, in_buckets, listed, source, steps_of, things,
    };

    const DIRECTIONS: [Order; 2] = [Order::Asc, Order::Desc];

    fn first(matching: Matching<thing::Entity>, direction: Order, end: Option<i64>) -> Walk {
        matching
            .in_order([Size])
            .first(First { rows: 2, direction, begin: None, end })
            .walk(&things()[0])
            .unwrap()
    }

    /// How far the first two that are older than 3 reach, where things of these sizes and ages are rows of now.
    async fn reach(rows: &[(i32, i32)], direction: Order, end: Option<i64>) -> i64 {
        let tables = things();
        let database = Database::connect("sqlite::memory:").await.unwrap();
        table::create(&database, &tables, 1, 1).await.unwrap();
        for (id, (size, age)) in rows.iter().enumerate() {
            let row = format!("INSERT INTO things_r1_g1 VALUES ({id}, 0, {size}, {age}, 1)");
            database.execute_unprepared(&row).await.unwrap();
        }
        let walk = first(all().within(Age, Age.gt(3)), direction, end);
        let reach = source(DbBackend::Sqlite, &tables).reach(&tables[0], in_buckets(), &walk).unwrap();
        let mut told = Query::select();
        told.column(Alias::new(REACH))
            .from(Alias::new(REACH))
            .with_cte(WithClause::new().cte(reach.named).to_owned());
        database.query_one(&told).await.unwrap().unwrap().try_get("", REACH).unwrap()
    }

    #[tokio::test]
    async fn a_page_reaches_as_far_as_the_first_rows_of_now_that_pass_or_to_its_end() {
        let rows = [(10, 4), (20, 3), (30, 5), (40, 9), (50, 1)];
        assert_eq!(reach(&rows, Order::Asc, Some(90)).await, 30);
        assert_eq!(reach(&rows, Order::Desc, Some(5)).await, 30);
        assert_eq!(reach(&rows[..2], Order::Asc, Some(90)).await, 90, "they are too few");
        assert_eq!(reach(&rows[..2], Order::Desc, Some(5)).await, 5);
        assert_eq!(reach(&[], Order::Asc, None).await, i64::MAX);
        assert_eq!(reach(&[], Order::Desc, None).await, i64::MIN);
        let many: Vec<_> = (0..100).map(|size| (size, if size < 90 { 0 } else { 9 })).collect();
        assert_eq!(reach(&many, Order::Asc, Some(200)).await, 200, "no more are looked at");
    }

    #[tokio::test]
    async fn no_bucket_is_walked_over_beyond_it() {
        let tables = things();
        for direction in DIRECTIONS {
            let is_up = direction == Order::Asc;
            let begin = Some(if is_up { 1 } else { 99 });
            let matching = all().within(Age, Age.gt(3)).in_order([Size]);
            let list = matching.first(First { rows: 20, direction, begin, end: Some(50) });
            let walk = list.walk(&tables[0]).unwrap();
            let merged = source(DbBackend::Sqlite, &tables).merged(&tables[0], in_buckets(), &walk).unwrap();
            let sql = DbBackend::Sqlite.build(&merged).sql;
            let ends = sql.matches(if is_up { r#""size" <= ?"# } else { r#""size" >= ?"# }).count();
            assert_eq!(ends, 1, "of two ends SQLite takes the first, and walks on to it: {sql}");
            let list = listed(DbBackend::Sqlite, in_buckets(), list);
            let steps = steps_of(&tables, list).await;
            let found = "history_size (bucket=? AND size>? AND size<?)";
            assert!(steps.iter().any(|step| step.contains(found)), "{steps:#?}");
        }
    }

    #[test]
    fn it_is_told_only_where_rows_are_passed_over_in_buckets() {
        let tables = things();
        let told =
            |view, walk: &Walk| source(DbBackend::Sqlite, &tables).reach(&tables[0], view, walk).is_some();
        let old = || all().within(Age, Age.gt(3));
        assert!(told(in_buckets(), &first(old(), Order::Asc, None)));
        assert!(told(in_buckets(), &first(old().one_of(Kind, [1]), Order::Asc, None)));
        assert!(!told(by_their_end(), &first(old(), Order::Asc, None)));
        assert!(!told(in_buckets(), &first(all(), Order::Asc, None)), "all pass");
        assert!(
            !told(in_buckets(), &first(old().one_of(Kind, [1, 2]), Order::Asc, None)),
            "of each for itself"
        );
        assert!(
            !told(in_buckets(), &first(old().within(Kind, Kind.gt(1)), Order::Asc, None)),
            "not in the index"
        );
        let named = all().meeting(Age, Age.gt(3));
        assert!(!told(in_buckets(), &first(named, Order::Asc, None)), "it may leave hardly any");
        let small = old().within(Size, Size.lt(7));
        assert!(
            !told(in_buckets(), &first(small, Order::Asc, None)),
            "SQLite takes one end, and it is the other"
        );
        let few = || Some(all().into_select().into_query());
        let old = first(old(), Order::Asc, None);
        assert!(!told(in_buckets(), &Walk { few_of_now: few(), ..old.clone() }), "nothing is walked over");
        assert!(!told(in_buckets(), &Walk { few_of_past: few(), ..old.clone() }), "nothing of the past is");
        let behind = old.select.clone().offset(1).to_owned();
        assert!(!told(in_buckets(), &Walk { select: behind, ..old }), "it is not the first rows");
    }

    #[tokio::test]
    async fn no_text_is_beyond_the_end_of_texts() {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        database.execute_unprepared("CREATE TABLE texts (text TEXT NOT NULL)").await.unwrap();
        database.execute_unprepared("INSERT INTO texts VALUES (''), ('a'), (char(1114111))").await.unwrap();
        database.execute_unprepared("CREATE INDEX in_order ON texts (text)").await.unwrap();
        for direction in DIRECTIONS {
            let column = Column { definition: ColumnType::Text, ..things()[0].columns[0].clone() };
            let first = First { rows: 1, direction, begin: None, end: None };
            let end = Expr::val(end_of(&column, &first).unwrap());
            // As it stands in a statement, without a kind of its own.
            let end = CaseStatement::new().case(Expr::val(1).eq(1), end).finally(Expr::val(2));
            let end = Expr::SubQuery(None, Box::new(Query::select().expr(end).to_owned().into()));
            let mut within = Query::select();
            within.column("text").from("texts").and_where(first.up_to(Expr::col("text"), end));
            assert_eq!(database.query_all(&within).await.unwrap().len(), 3);
        }
        let nullable = Column { nullable: true, ..things()[0].columns[0].clone() };
        assert_eq!(
            end_of(&nullable, &First { rows: 1, direction: Order::Asc, begin: None, end: None }),
            None
        );
    }
}
