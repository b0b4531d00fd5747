//! Rows whose keys another select names, as they were: looked for in the past only where they are no rows of now.

use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, Query, SelectStatement, UnionType, WithClause,
};

use super::brought::{BESIDE, beside};
use super::definition::Table;
use super::filter::{NAMED, Named};
use super::place::place_of;
use super::source::{Source, View, Way, all_found_by, own};
use super::table::Twin;
use crate::engine::event::Position;

/// What the rows of now are called in a statement that goes on with the others.
pub(super) const FOUND: &str = "found";

impl Source<'_> {
    /// The rows of a view, as PostgreSQL finds them: key by key.
    pub fn each_named(&self, table: &Table, view: View, named: &Named) -> SelectStatement {
        let mut one = all_found_by(&named.rows);
        one.and_where(own(table, &named.column).eq(beside(NAMED)));
        // In buckets, the past would have what stands beside it of its own.
        let view = match view {
            View::At { position, .. } => View::At { position, by: Way::Filter },
            View::Now => View::Now,
        };
        let one = self.branches(table, view, &one).limit(1).to_owned();
        self.lateral(table, named.keys.clone().distinct().to_owned(), one)
    }

    /// The [places](place_of) of the rows at a position, as SQLite finds them, which knows no LATERAL: all that are rows
    /// of now, then those of the keys that are left. Keys named twice do not matter here; to leave them out, it would look
    /// at all that name any.
    pub fn named_places(
        &self,
        table: &Table,
        position: Position,
        named: &Named,
        order: &[String],
    ) -> SelectStatement {
        let place = |of: &SelectStatement, keys: SelectStatement| {
            let mut place = place_of(table, order, all_found_by(of));
            place.and_where(own(table, &named.column).in_subquery(keys));
            place
        };
        let mut now = self.over(table, Twin::Now, place(&named.rows, named.keys.clone()));
        now.and_where(self.begins_by(table, position));
        let mut found = CommonTableExpression::new();
        found.table_name(Alias::new(FOUND)).materialized(true).query(now);

        let of_now = Query::select().column(Alias::new(&named.column)).from(Alias::new(FOUND)).to_owned();
        let mut left = Query::select();
        left.column((Alias::new(BESIDE), Alias::new(NAMED)));
        left.from_subquery(named.keys.clone(), Alias::new(BESIDE));
        left.and_where(beside(NAMED).not_in_subquery(of_now));
        let past = self.ended(table, position, Way::Filter, &place(&named.rows, left));

        let mut places = Query::select();
        places.expr(Expr::cust("*")).from(Alias::new(FOUND)).union(UnionType::All, past);
        places.with_cte(WithClause::new().cte(found).to_owned()).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{
        ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    };

    use super::*;
    use crate::engine::read_model::source::{Page, Rows};
    use crate::engine::read_model::statement::{self, ready};
    use crate::engine::read_model::thing::Column::{Age, Id, Kind};
    use crate::engine::read_model::thing::Entity;
    use crate::engine::read_model::thing::list::{POSITION, all, source, steps_of, things};

    #[tokio::test]
    async fn sqlite_looks_for_named_rows_in_the_past_only_where_they_are_no_rows_of_now() {
        let tables = [Table::of::<Entity>().lookup("kind", &[Kind])];
        let source = source(DbBackend::Sqlite, &tables);
        let others = Entity::find().filter(Kind.eq(3));
        let query = all().meeting(Age, Age.gt(3)).named(Id, others, Kind).in_order([Age]);
        let page =
            |select: Select<Entity>| Ok::<_, DbErr>(select.order_by_asc(Age).order_by_asc(Id).limit(20));
        let query = query.try_map(page).unwrap();
        let (named, order) = (query.by_name(&tables[0]).unwrap(), ["age".to_owned()]);
        let over_both = query.over_both.clone().map(QueryTrait::into_query);
        let query = query.into_select().into_query();
        let rows = Rows::Named(&named, Some(&order));
        let page = Page { query: &query, over_both: over_both.as_ref(), rows };
        let view = View::At { position: POSITION, by: Way::Filter };
        let whole = statement::list(source, &tables[0], view, page);
        let steps = steps_of(&tables, ready(DbBackend::Sqlite, &whole)).await;
        let count = |part: &str| steps.iter().filter(|step| step.contains(part)).count();
        assert_eq!(count("MATERIALIZE found"), 1, "{steps:#?}");
        assert_eq!(count("(kind=?)"), 4, "the keys are looked for in both twins, twice: {steps:#?}");
        assert_eq!(count("SCAN found"), 2, "its rows, and the keys it leaves: {steps:#?}");
        assert_eq!(
            count("SEARCH things USING INDEX things_r1_g1_history_versions (id=? AND valid_from<?)"),
            1,
            "{steps:#?}"
        );
    }

    #[test]
    fn postgres_looks_for_named_rows_in_the_past_only_where_they_are_no_rows_of_now() {
        let tables = things();
        let source = source(DbBackend::Postgres, &tables);
        let named =
            all().meeting(Age, Age.gt(3)).named(Id, Entity::find(), Kind).by_name(&tables[0]).unwrap();
        let view = View::At { position: POSITION, by: Way::Filter };
        let sql = DbBackend::Postgres.build(&source.each_named(&tables[0], view, &named)).sql;
        let keys = r#"FROM (SELECT DISTINCT "things"."kind" AS "named" FROM "things") AS "beside" INNER JOIN LATERAL ("#;
        assert!(sql.contains(keys), "{sql}");
        assert_eq!(sql.matches(r#""things"."age" > $"#).count(), 2, "{sql}");
        assert_eq!(sql.matches(r#""things"."id" = "beside"."named""#).count(), 2, "{sql}");
        let one = r#"AS "history_side") LIMIT $6) AS "things" ON TRUE"#;
        assert!(sql.ends_with(one), "{sql}");
    }
}
