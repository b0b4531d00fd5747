//! A page found by walking over rows in the order of the list, each part of them within an index that has it.

use sea_orm::sea_query::{
    Alias, ArrayType, Condition, Expr, ExprTrait, JoinType, SelectStatement, UnionType, Value,
};

use super::bucket;
use super::definition::Table;
use super::source::{Brought, Source, View, Way, all_of, branch_of, brought, has_limit, own};
use super::table::{BUCKET, Twin, VALID_FROM, VALID_TO};
use crate::engine::event::Position;

/// The most parts that SQLite is asked to walk over side by side; it takes 500.
const MOST_PARTS: usize = 400;

/// A select with an order and a limit, and its filters by what they are good for.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// With its order and limit, and the filters that say where to begin and to end.
    pub select: SelectStatement,
    /// The columns of its order, but for the primary key behind them.
    pub order: Vec<String>,
    /// What every row meets that was there.
    pub bound: Condition,
    /// The rows of each of these values in a column have the order for themselves.
    pub apart: Option<(String, Vec<Value>)>,
    /// What rows have to meet besides; those that do not are passed over.
    pub passing: Condition,
}

impl Walk {
    /// Of a select of which nothing is known.
    pub fn over(select: &SelectStatement) -> Self {
        let all = Condition::all;
        Self { select: select.clone(), order: Vec::new(), bound: all(), apart: None, passing: all() }
    }
}

impl Source<'_> {
    /// A page as SQLite finds it best: the rows of now and of each bucket around the position are walked over side by
    /// side, each within the index of the order, and whichever row comes next is taken. It knows no LATERAL, and first
    /// rows taken from each part apart would all be copied and sorted.
    ///
    /// `None` when there are too many parts.
    pub fn merged(&self, table: &Table, view: View, walk: &Walk) -> Option<SelectStatement> {
        let values = walk.apart.as_ref().map_or(1, |(_, values)| values.len());
        let (buckets, early) = match view {
            View::At { position, by: Way::Buckets { newest, early } } => {
                (bucket::around(position, newest), early)
            }
            _ => (Vec::new(), false),
        };
        if values * (1 + buckets.len()) > MOST_PARTS {
            return None;
        }
        // Whole rows, since naming each column once more in every part would make a text of many pages.
        let mut page = walk.select.clone();
        page.clear_selects().expr(Expr::cust(format!("\"{}\".*", table.name)));
        page.cond_where(walk.bound.clone());
        if !walk.passing.is_empty() {
            // The `+` keeps it from finding rows by these, for it cannot know how few there are.
            page.and_where(Expr::cust_with_exprs("+(?)", [walk.passing.clone().into()]));
        }
        let mut part = page.clone();
        part.clear_order_by().reset_limit().reset_offset();
        let now = |select: SelectStatement| {
            let mut now = self.over(table, Twin::Now, select);
            if let View::At { position, by } = view {
                for missing in [VALID_TO, BUCKET] {
                    now.expr_as(Expr::cust("NULL"), Alias::new(missing));
                }
                now.and_where(self.begins_by(table, position, by));
            }
            // The few are looked through once, whatever the values.
            if early { vec![walk.all(table, now)] } else { walk.each(table, &now) }
        };
        // The order and the limit of the first select are those of the whole UNION.
        let mut all = now(page).into_iter().next()?;
        let mut others: Vec<_> = now(part.clone()).into_iter().skip(1).collect();
        if let View::At { position, by } = view {
            let past = self.ended(table, position, by, &part);
            let in_bucket = |bucket: &i64| past.clone().and_where(own(table, BUCKET).eq(*bucket)).to_owned();
            match by {
                Way::Buckets { .. } => {
                    others.extend(buckets.iter().flat_map(|bucket| walk.each(table, &in_bucket(bucket))));
                }
                Way::Ended | Way::Filter => others.push(walk.all(table, past)),
            }
        }
        all.unions(others.into_iter().map(|part| (UnionType::All, part)));
        Some(all)
    }

    /// The first rows of now and the past for each of several values, each in the order of the list and found within an
    /// index, as PostgreSQL does it.
    ///
    /// `None` where nothing is to be taken apart.
    pub fn laterals(&self, table: &Table, view: View, walk: &Walk) -> Option<SelectStatement> {
        let branch = walk.branch()?;
        walk.several()?;
        let now = self.first_of_now(table, view, walk, &branch);
        let View::At { position, by } = view else { return Some(now) };
        let past = walk.all(table, self.ended(table, position, by, &branch));
        Some(all_of(now, "now_side").union(UnionType::All, all_of(past, "history_side")).to_owned())
    }

    /// The [places](Walk::place) of the first rows of now and of each bucket around a position, likewise for each of
    /// several values: far more of them than the list has rows, but found without looking at any.
    ///
    /// `None` where versions that have ended are found otherwise, or a part's first rows are not enough.
    pub fn places(&self, table: &Table, view: View, walk: &Walk) -> Option<SelectStatement> {
        let View::At { position, by: Way::Buckets { newest, .. } } = view else { return None };
        let mut branch = walk.place(table, walk.branch()?);
        let now = self.first_of_now(table, view, walk, &branch);
        if walk.several().is_none() {
            branch = walk.all(table, branch);
        }
        let past = self.lateral_past(table, (position, newest), &branch, walk.several());
        Some(all_of(now, "now_side").union(UnionType::All, past).to_owned())
    }

    /// The whole rows of places.
    pub fn rows_of(&self, table: &Table, places: SelectStatement) -> SelectStatement {
        let place = |column: &str| Expr::col((Alias::new("place"), Alias::new(column)));
        let of = |twin| {
            let mut rows = SelectStatement::new();
            rows.columns(
                table.columns.iter().map(|column| (Alias::new(table.name), Alias::new(&column.name))),
            );
            for column in table.key_columns().map(|column| &*column.name).chain([VALID_FROM]) {
                rows.and_where(own(table, column).eq(place(column)));
            }
            self.over(table, twin, rows)
        };
        let either = of(Twin::Now).union(UnionType::All, of(Twin::History)).to_owned();
        let mut rows = SelectStatement::new();
        rows.expr(Expr::cust(format!("\"{}\".*", table.name)));
        rows.from_subquery(places, Alias::new("place"));
        rows.join_lateral(JoinType::InnerJoin, either, Alias::new(table.name), Expr::cust("TRUE"));
        rows
    }

    /// The first rows of now that were there already, of each of several values.
    fn first_of_now(
        &self,
        table: &Table,
        view: View,
        walk: &Walk,
        branch: &SelectStatement,
    ) -> SelectStatement {
        let mut now = self.over(table, Twin::Now, branch.clone());
        now.cond_where(walk.bound.clone());
        if let View::At { position, by } = view {
            now.and_where(self.begins_by(table, position, by));
        }
        let is_early = matches!(view, View::At { by: Way::Buckets { early: true, .. }, .. });
        let Some((column, values)) = walk.several().filter(|_| !is_early) else {
            return walk.all(table, now);
        };
        now.and_where(own(table, column).eq(beside("value")));
        self.lateral(table, vec![value_column(values.to_vec())], now)
    }

    /// The past of a branch: what it finds in each bucket around a position.
    ///
    /// `several`: a column the branch has no filter for, and the values whose rows are wanted.
    pub fn lateral_past(
        &self,
        table: &Table,
        (position, newest): (Position, Position),
        branch: &SelectStatement,
        several: Option<(&str, &[Value])>,
    ) -> SelectStatement {
        // The position comes with each bucket: from the value alone, the planner would take these conditions for
        // far more selective than they are within a bucket, and sort whole buckets.
        let mut past = self.over(table, Twin::History, branch.clone());
        past.and_where(own(table, BUCKET).eq(beside(BUCKET)));
        past.and_where(own(table, VALID_FROM).lte(beside("position")));
        past.and_where(own(table, VALID_TO).gt(beside("position")));
        let buckets = bucket::around(position, newest);
        let times = several.map_or(1, |(_, values)| values.len());
        let numbers = |name, values: Vec<i64>| {
            let values = values.into_iter().flat_map(|one| std::iter::repeat_n(one.into(), times)).collect();
            Brought { name, kind: ArrayType::BigInt, values }
        };
        let positions = vec![position.get(); buckets.len()];
        let mut columns = vec![numbers("position", positions), numbers(BUCKET, buckets.clone())];
        if let Some((column, values)) = several {
            past.and_where(own(table, column).eq(beside("value")));
            let all = buckets.iter().flat_map(|_| values.iter().cloned()).collect();
            columns.push(value_column(all));
        }
        self.lateral(table, columns, past)
    }

    fn lateral(&self, table: &Table, columns: Vec<Brought>, part: SelectStatement) -> SelectStatement {
        let mut each = SelectStatement::new();
        each.expr(Expr::cust(format!("\"{}\".*", table.name)));
        each.from_subquery(brought(self.backend, columns), Alias::new("beside"));
        each.join_lateral(JoinType::InnerJoin, part, Alias::new(table.name), Expr::cust("TRUE"));
        each
    }
}

impl Walk {
    /// The select as it stands inside of each part; `None` where a part's first rows are not enough.
    fn branch(&self) -> Option<SelectStatement> {
        let mut branch = branch_of(&self.select);
        branch.cond_where(self.passing.clone());
        has_limit(&branch).then_some(branch)
    }

    /// The values that are walked over apart, where there are several.
    fn several(&self) -> Option<(&str, &[Value])> {
        self.apart
            .as_ref()
            .filter(|(_, values)| values.len() > 1)
            .map(|(column, values)| (&**column, &**values))
    }

    /// The same rows, but of each only what tells it and its place in the order.
    pub fn place(&self, table: &Table, mut select: SelectStatement) -> SelectStatement {
        let key = table.key_columns().map(|column| &column.name);
        let order = self.order.iter().filter(|column| !table.key_columns().any(|key| key.name == **column));
        select.clear_selects();
        for column in key.chain(order).map(String::as_str).chain([VALID_FROM]) {
            select.column((Alias::new(table.name), Alias::new(column)));
        }
        select
    }

    /// A part for each value that is walked over apart.
    fn each(&self, table: &Table, part: &SelectStatement) -> Vec<SelectStatement> {
        let Some((column, values)) = &self.apart else { return vec![part.clone()] };
        let of = |value: &Value| part.clone().and_where(own(table, column).eq(value.clone())).to_owned();
        values.iter().map(of).collect()
    }

    /// A part with the rows of all values that are walked over apart.
    fn all(&self, table: &Table, mut part: SelectStatement) -> SelectStatement {
        if let Some((column, values)) = &self.apart {
            part.and_where(own(table, column).is_in(values.iter().cloned()));
        }
        part
    }
}

fn beside(column: &str) -> Expr {
    Expr::col((Alias::new("beside"), Alias::new(column)))
}

fn value_column(values: Vec<Value>) -> Brought {
    let kind = values.first().map_or(ArrayType::String, Value::array_type);
    Brought { name: "value", kind, values }
}

#[cfg(test)]
mod tests {
    use sea_orm::{
        ColumnTrait, ConnectionTrait, Database, DbBackend, DbErr, EntityTrait, QueryOrder, QuerySelect,
        QueryTrait, Statement,
    };

    use super::super::catalogue::Generation;
    use super::super::query::Query;
    use super::super::source::Page;
    use super::super::{statement, table};
    use super::*;
    use crate::engine::read_model::thing::{
        self,
        Column::{Age, Id, Kind, Size},
    };

    const POSITION: Position = Position::from_stored(100_000);
    const NEWEST: Position = Position::from_stored(200_000);

    fn in_buckets() -> View {
        View::At { position: POSITION, by: Way::Buckets { newest: NEWEST, early: false } }
    }

    fn early() -> View {
        View::At { position: POSITION, by: Way::Buckets { newest: NEWEST, early: true } }
    }

    fn by_their_end() -> View {
        View::At { position: POSITION, by: Way::Ended }
    }

    fn things() -> [Table; 1] {
        let things = Table::of::<thing::Entity>().index("size", &[Size]);
        [things.index("kind_size", &[Kind, Size]).index("age", &[Age])]
    }

    /// The largest things first.
    fn list(backend: DbBackend, view: View, matching: Query<thing::Entity>) -> Statement {
        let tables = things();
        let generation = Generation { name: "things", revision: 1, number: 1 };
        let source = Source { backend, generation, tables: &tables, words: None };
        let largest = matching
            .in_order([Size])
            .try_map(|select| Ok::<_, DbErr>(select.order_by_desc(Size).order_by_desc(Id).limit(20)))
            .unwrap();
        let walk = largest.walk(&tables[0]);
        let query = largest.into_select().into_query();
        let page = Page { walk: walk.as_ref(), ..Page::of(&query) };
        statement::ready(backend, &statement::list(source, &tables[0], view, page))
    }

    /// The steps in which SQLite finds them.
    async fn steps(view: View, matching: Query<thing::Entity>) -> Vec<String> {
        let database = Database::connect("sqlite::memory:").await.unwrap();
        let catalogue = "CREATE TABLE read_models (name, revision, generation, position)";
        database.execute_unprepared(catalogue).await.unwrap();
        table::create(&database, &things(), 1, 1).await.unwrap();
        for statement in table::indexes_of(&things(), 1, 1, DbBackend::Sqlite).into_iter().flatten() {
            database.execute_unprepared(&statement).await.unwrap();
        }
        let mut explained = list(DbBackend::Sqlite, view, matching);
        explained.sql = format!("EXPLAIN QUERY PLAN {}", explained.sql);
        let plan = database.query_all_raw(explained).await.unwrap();
        plan.iter().map(|step| step.try_get("", "detail").unwrap()).collect()
    }

    fn all() -> Query<thing::Entity> {
        Query::of(thing::Entity::find())
    }

    fn buckets() -> usize {
        bucket::around(POSITION, NEWEST).len()
    }

    fn count(steps: &[String], part: &str) -> usize {
        steps.iter().filter(|step| step.contains(part)).count()
    }

    #[tokio::test]
    async fn sqlite_walks_over_now_and_each_bucket_side_by_side_within_their_indexes() {
        let (steps, buckets) = (steps(in_buckets(), all()).await, buckets());
        assert_eq!(count(&steps, "MERGE (UNION ALL)"), buckets, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_size"), 1, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_history_size"), buckets, "{steps:#?}");
        assert_eq!(count(&steps, "TEMP B-TREE"), 1, "the page alone is put in order: {steps:#?}");
    }

    #[tokio::test]
    async fn sqlite_walks_over_the_rows_of_each_of_several_values_side_by_side() {
        let (steps, buckets) = (steps(in_buckets(), all().one_of(Kind, [1, 2, 3])).await, buckets());
        assert_eq!(count(&steps, "MERGE (UNION ALL)"), 3 * (1 + buckets) - 1, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_kind_size (kind=?)"), 3, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_history_kind_size (bucket=? AND kind=?)"), 3 * buckets);
        assert_eq!(count(&steps, "TEMP B-TREE"), 1, "the page alone is put in order: {steps:#?}");
    }

    #[tokio::test]
    async fn sqlite_rules_rows_out_on_the_way_though_an_index_would_find_those_that_fit() {
        let (steps, buckets) = (steps(in_buckets(), all().meeting(Age, Age.gt(3))).await, buckets());
        assert_eq!(count(&steps, "INDEX things_r1_g1_size"), 1, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_history_size"), buckets, "{steps:#?}");
        assert_eq!(count(&steps, "_age"), 0, "{steps:#?}");
    }

    #[tokio::test]
    async fn sqlite_looks_once_through_the_versions_that_ended_since() {
        let steps = steps(by_their_end(), all().one_of(Kind, [1, 2, 3])).await;
        assert_eq!(count(&steps, "INDEX things_r1_g1_kind_size (kind=?)"), 3, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_history_ended"), 1, "{steps:#?}");
    }

    #[tokio::test]
    async fn sqlite_looks_once_through_the_rows_that_had_begun_early() {
        for list in [all(), all().one_of(Kind, [1, 2, 3])] {
            let steps = steps(early(), list).await;
            assert_eq!(count(&steps, "INDEX things_r1_g1_begun (valid_from<?)"), 1, "{steps:#?}");
            assert_eq!(count(&steps, "INDEX things_r1_g1_size"), 0, "{steps:#?}");
            assert_eq!(count(&steps, "INDEX things_r1_g1_kind_size"), 0, "{steps:#?}");
        }
    }

    #[test]
    fn postgres_looks_up_the_whole_rows_of_the_past_once_their_places_are_known() {
        let sql = list(DbBackend::Postgres, in_buckets(), all().meeting(Age, Age.gt(3))).sql;
        let places = r#"SELECT "things"."id", "things"."size", "things"."valid_from" FROM"#;
        let wholes = r#"SELECT "things"."id", "things"."kind", "things"."size", "things"."age" FROM"#;
        // Of now, of the buckets, and the first of both; then the row from either twin, and the page.
        assert_eq!((sql.matches(places).count(), sql.matches(wholes).count()), (3, 3), "{sql}");
    }

    #[test]
    fn postgres_takes_the_first_rows_of_each_of_several_values_whatever_the_view() {
        let laterals = |view, kinds: &[i32]| {
            let list = list(DbBackend::Postgres, view, all().one_of(Kind, kinds.to_vec()));
            list.sql.matches("LATERAL").count()
        };
        assert_eq!(laterals(View::Now, &[1, 2]), 1);
        assert_eq!(laterals(by_their_end(), &[1, 2]), 1);
        // One more, where whole rows are looked up.
        assert_eq!(laterals(in_buckets(), &[1, 2]), 3);
        assert_eq!(laterals(early(), &[1, 2]), 2);
        // Of one value the rows of now need nothing of the kind.
        assert_eq!(laterals(View::Now, &[1]), 0);
        assert_eq!(laterals(by_their_end(), &[1]), 0);
        assert_eq!(laterals(in_buckets(), &[1]), 2);
    }

    #[test]
    fn too_many_values_are_not_walked_over_apart() {
        let tables = things();
        let generation = Generation { name: "things", revision: 1, number: 1 };
        let source = Source { backend: DbBackend::Sqlite, generation, tables: &tables, words: None };
        let merged = |values: usize| {
            let matching = all().one_of(Kind, 0..i32::try_from(values).unwrap()).in_order([Size]);
            source.merged(&tables[0], View::Now, &matching.walk(&tables[0]).unwrap())
        };
        assert!(merged(MOST_PARTS).is_some());
        assert!(merged(MOST_PARTS + 1).is_none());
    }
}
