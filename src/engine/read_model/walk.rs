//! A page found by walking over rows in the order of the list, each part of them within an index that has it.

use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, SelectStatement, UnionType, Value, WithClause};

use super::bucket;
use super::catalogue::Generation;
use super::definition::Table;
use super::empty::Empty;
use super::query::First;
use super::source::{Source, View, Way, all_found_by, branch_of, has_limit, own};
use super::table::{BUCKET, Twin, VALID_TO};
use crate::engine::event::Position;

/// The most parts that SQLite is asked to walk over side by side; it takes 500.
const MOST_PARTS: usize = 400;

/// The parts of the past come in multiples of so many, where some are left out: a statement of another number is another
/// statement, to be planned and kept.
const PARTS_AT_ONCE: usize = 8;

/// A part of the past: a bucket, and which of the values that are walked over apart, if any are.
pub(super) type Part<'a> = (i64, Option<&'a Value>);

/// A select with an order and a limit, and its filters by what they are good for.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    /// With its order and limit, where it begins, and the filters that say where to begin and to end.
    pub select: SelectStatement,
    /// The columns of its order, but for the primary key behind them.
    pub order: Vec<String>,
    /// Which of the rows in that order it asks for; `None` where that is not known, and where the first rows of now do not
    /// tell how far they go: a filter says so itself, or leaves too few.
    pub first: Option<First>,
    /// Up to where there may be rows in that order.
    pub end: Condition,
    /// The rows of each of these values in a column have the order for themselves.
    pub apart: Option<(String, Vec<Value>)>,
    /// What rows have to meet besides; those that do not are passed over.
    pub passing: Condition,
    /// The columns that say so.
    pub passed: Vec<String>,
    /// How the rows of the past are found where they are few: by all filters, and sorted then.
    pub few_of_past: Option<SelectStatement>,
    /// How the rows of now are found that had come to be by then, where they are few: likewise.
    pub few_of_now: Option<SelectStatement>,
    /// Buckets in which no row of the past is: of each value that is walked over apart, or of all.
    pub empty: Empty,
}

impl Walk {
    /// Of a select of which nothing is known.
    pub fn over(select: &SelectStatement) -> Self {
        let all = Condition::all;
        Self {
            select: select.clone(),
            order: Vec::new(),
            first: None,
            end: all(),
            apart: None,
            passing: all(),
            passed: Vec::new(),
            few_of_past: None,
            few_of_now: None,
            empty: Empty::default(),
        }
    }
}

impl Source<'_> {
    /// A page as SQLite finds it best: the rows of now and of each bucket around the position are walked over side by
    /// side, each within the index of the order, and whichever row comes next is taken. It knows no LATERAL, and first
    /// rows taken from each part apart would all be copied and sorted.
    ///
    /// `None` when there are too many parts.
    pub fn merged(&self, table: &Table, view: View, walk: &Walk) -> Option<SelectStatement> {
        let parts = match view {
            // A few more than need be, so that there are few different statements.
            View::At { position, by: Way::Buckets { newest } } => {
                let more = |parts: usize| parts.next_multiple_of(PARTS_AT_ONCE) - parts;
                walk.parts(self.generation, (position, newest), more)
            }
            _ => Vec::new(),
        };
        let values = walk.apart.as_ref().map_or(1, |(_, values)| values.len());
        if values + parts.len() > MOST_PARTS {
            return None;
        }
        // Whole rows, since naming each column once more in every part would make a text of many pages.
        let whole = |select: &SelectStatement| {
            let whole = Expr::cust(format!("\"{}\".*", table.name));
            select.clone().clear_selects().expr(whole).to_owned()
        };
        let mut page = whole(&walk.select);
        if !walk.passing.is_empty() {
            // The `+` keeps it from finding rows by these, for it cannot know how few there are.
            page.and_where(Expr::cust_with_exprs("+(?)", [walk.passing.clone().into()]));
        }
        let part = all_found_by(&page);
        let now = |select: SelectStatement| {
            let mut now = self.over(table, Twin::Now, select);
            if let View::At { position, .. } = view {
                for missing in [VALID_TO, BUCKET] {
                    now.expr_as(Expr::cust("NULL"), Alias::new(missing));
                }
                now.and_where(self.begins_by(table, position));
            }
            now
        };
        // The order and the limit of the first select are those of the whole UNION.
        let (mut all, mut others) = match &walk.few_of_now {
            Some(few) => (now(whole(few)), Vec::new()),
            None => {
                let ends = |select: SelectStatement| now(select).cond_where(walk.end.clone()).to_owned();
                let first = walk.each(table, ends(page)).into_iter().next()?;
                (first, walk.each(table, ends(part.clone())).into_iter().skip(1).collect())
            }
        };
        if let View::At { position, by } = view {
            let mut past = self.ended(table, position, by, &part);
            match (!parts.is_empty()).then(|| self.reach(table, view, walk)).flatten() {
                Some(reach) => {
                    past.and_where(reach.within);
                    all.with_cte(WithClause::new().cte(reach.named).to_owned());
                }
                None => _ = past.cond_where(walk.end.clone()),
            }
            match (by, &walk.few_of_past) {
                (Way::Buckets { newest }, Some(few)) => {
                    let mut few = self.ended(table, position, by, &all_found_by(&whole(few)));
                    few.and_where(own(table, BUCKET).is_in(bucket::around(position, newest)));
                    others.push(few);
                }
                (Way::Buckets { .. }, None) => others.extend(parts.into_iter().map(|(bucket, value)| {
                    let mut past = past.clone();
                    past.and_where(own(table, BUCKET).eq(bucket));
                    if let (Some((column, _)), Some(value)) = (&walk.apart, value) {
                        past.and_where(own(table, column).eq(value.clone()));
                    }
                    past
                })),
                (Way::Ended | Way::Filter, _) => others.push(walk.all(table, past)),
            }
        }
        all.unions(others.into_iter().map(|part| (UnionType::All, part)));
        Some(all)
    }
}

impl Walk {
    /// The select as it stands inside of each part; `None` where a part's first rows are not enough.
    pub fn branch(&self) -> Option<SelectStatement> {
        let mut branch = branch_of(&self.select);
        branch.cond_where(self.end.clone()).cond_where(self.passing.clone());
        has_limit(&branch).then_some(branch)
    }

    /// The parts of a generation's past around a position and below the newest in which rows may be. `more` says how many
    /// others are wanted beside so many: in these is nothing to walk over, and there are no more than were left out.
    pub fn parts(
        &self,
        generation: Generation,
        around: (Position, Position),
        more: impl Fn(usize) -> usize,
    ) -> Vec<Part<'_>> {
        let values: Vec<Option<&Value>> = match &self.apart {
            Some((_, values)) => values.iter().map(Some).collect(),
            None => vec![None],
        };
        let around = bucket::around(around.0, around.1);
        let all = around.len() * values.len();
        let may_be_in = around.into_iter().flat_map(|bucket| {
            let kinds = self.empty.of(generation).iter().map(Some).chain(std::iter::repeat(None));
            let is_empty = move |empty: Option<&Vec<i64>>| empty.is_some_and(|empty| empty.contains(&bucket));
            let others = values.iter().zip(kinds).filter(move |(_, empty)| !is_empty(*empty));
            others.map(move |(value, _)| (bucket, *value))
        });
        let mut parts: Vec<Part<'_>> = may_be_in.collect();
        let more = more(parts.len()).min(all - parts.len());
        parts.extend(std::iter::repeat_n((bucket::NOWHERE, values.first().copied().flatten()), more));
        parts
    }

    /// The values that are walked over apart, where there are several.
    pub fn several(&self) -> Option<(&str, &[Value])> {
        self.apart
            .as_ref()
            .filter(|(_, values)| values.len() > 1)
            .map(|(column, values)| (&**column, &**values))
    }

    /// A part for each value that is walked over apart.
    fn each(&self, table: &Table, part: SelectStatement) -> Vec<SelectStatement> {
        let Some((column, values)) = &self.apart else { return vec![part] };
        let of = |value: &Value| part.clone().and_where(own(table, column).eq(value.clone())).to_owned();
        values.iter().map(of).collect()
    }

    /// A part with the rows of all values that are walked over apart.
    pub fn all(&self, table: &Table, mut part: SelectStatement) -> SelectStatement {
        if let Some((column, values)) = &self.apart {
            part.and_where(own(table, column).is_in(values.iter().cloned()));
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{
        ColumnTrait, DbBackend, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    };

    use super::super::query::Query;
    use super::super::source::{Page, Rows};
    use super::super::statement;
    use super::*;
    use crate::engine::read_model::thing::list::{
        GENERATION, NEWEST, POSITION, all, by_their_end, in_buckets, largest, source, steps_of, things,
    };
    use crate::engine::read_model::thing::{
        self,
        Column::{Age, Id, Kind, Size},
    };

    /// The steps in which SQLite finds them.
    async fn steps(view: View, matching: Query<thing::Entity>) -> Vec<String> {
        steps_of(&things(), largest(DbBackend::Sqlite, view, matching)).await
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
        let (steps, buckets) = (steps(in_buckets(), all().within(Age, Age.gt(3))).await, buckets());
        // Once more, for how far the page reaches.
        assert_eq!(count(&steps, "INDEX things_r1_g1_size"), 1 + 1, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_history_size"), buckets, "{steps:#?}");
        assert_eq!(count(&steps, "_age"), 0, "{steps:#?}");
    }

    #[tokio::test]
    async fn sqlite_begins_each_part_at_a_cursor() {
        let place = |select: Select<thing::Entity>| {
            let here = Expr::tuple([Size.into_expr(), Id.into_expr()]);
            Ok::<_, DbErr>(select.filter(here.lt(Expr::tuple([7.into(), 7.into()]))))
        };
        let behind = all().in_order([Size]).try_map(place).unwrap();
        let steps = steps(in_buckets(), behind).await;
        assert_eq!(count(&steps, "history_size (bucket=? AND (size,id)<(?,?))"), buckets(), "{steps:#?}");
    }

    #[tokio::test]
    async fn sqlite_looks_once_through_the_versions_that_ended_since() {
        let steps = steps(by_their_end(), all().one_of(Kind, [1, 2, 3])).await;
        assert_eq!(count(&steps, "INDEX things_r1_g1_kind_size (kind=?)"), 3, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_history_ended"), 1, "{steps:#?}");
    }

    #[tokio::test]
    async fn sqlite_finds_the_past_by_a_filter_that_leaves_few_of_it_and_walks_over_now_all_the_same() {
        let tables = things();
        let source = source(DbBackend::Sqlite, &tables);
        let old = all().within(Age, Age.gt(3)).in_order([Size]);
        let page = |select: Select<_>| Ok::<_, DbErr>(select.order_by_desc(Size).order_by_desc(Id).limit(20));
        let old = old.try_map(page).unwrap();
        let range = old.filtered_ranges(&tables[0]).remove(0);
        let mut walk = old.walk(&tables[0]).unwrap();
        walk.few_of_past = Some(old.select_within(&range, DbBackend::Sqlite).into_query());
        let query = old.into_select().into_query();
        let over_both = thing::Entity::find().order_by_desc(Size).order_by_desc(Id).limit(20).into_query();
        let page = Page { query: &query, over_both: Some(&over_both), rows: Rows::Walked(&walk) };
        let list = statement::list(source, &tables[0], in_buckets(), page);
        let steps = steps_of(&tables, statement::ready(DbBackend::Sqlite, &list)).await;
        assert_eq!(count(&steps, "MERGE (UNION ALL)"), 1, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_size"), 1, "{steps:#?}");
        assert_eq!(count(&steps, "INDEX things_r1_g1_history_age (bucket=? AND age>?)"), 1, "{steps:#?}");
    }

    #[test]
    fn parts_in_which_nothing_is_are_passed_over_and_some_added_where_they_are_wanted() {
        let tables = things();
        let mut walk = all().one_of(Kind, [1, 2]).in_order([Size]).walk(&tables[0]).unwrap();
        let around = bucket::around(POSITION, NEWEST);
        let (one, two): (Value, Value) = (1.into(), 2.into());
        let parts = |walk: &Walk, more| {
            walk.parts(GENERATION, (POSITION, NEWEST), |_| more)
                .into_iter()
                .map(|(bucket, value)| (bucket, value.cloned()))
                .collect::<Vec<_>>()
        };
        let both = |bucket: &i64| [(*bucket, Some(one.clone())), (*bucket, Some(two.clone()))];
        assert_eq!(parts(&walk, 0), around.iter().flat_map(both).collect::<Vec<_>>());
        walk.empty = Empty { generation: 1, of_kinds: vec![around.clone(), around[1..].to_vec()] };
        assert_eq!(parts(&walk, 0), [(around[0], Some(two.clone()))]);
        assert_eq!(parts(&walk, 1), [(around[0], Some(two)), (bucket::NOWHERE, Some(one))]);
    }

    #[tokio::test]
    async fn sqlite_is_asked_for_a_few_parts_more_than_need_be() {
        let tables = things();
        let source = source(DbBackend::Sqlite, &tables);
        let mut walk = all().in_order([Size]).walk(&tables[0]).unwrap();
        let parts = |walk: &Walk| {
            let merged = source.merged(&tables[0], in_buckets(), walk).unwrap();
            DbBackend::Sqlite.build(&merged).sql.matches("UNION ALL").count()
        };
        assert_eq!(parts(&walk), buckets());
        walk.empty = Empty { generation: 1, of_kinds: vec![bucket::around(POSITION, NEWEST).split_off(1)] };
        assert_eq!(parts(&walk), PARTS_AT_ONCE);
        walk.empty = Empty { generation: 1, of_kinds: vec![bucket::around(POSITION, NEWEST)] };
        assert_eq!(parts(&walk), 0);
        walk.empty.generation = 2;
        assert_eq!(parts(&walk), buckets(), "of another generation");
    }

    #[test]
    fn too_many_values_are_not_walked_over_apart() {
        let tables = things();
        let source = source(DbBackend::Sqlite, &tables);
        let merged = |values: usize| {
            let matching = all().one_of(Kind, 0..i32::try_from(values).unwrap()).in_order([Size]);
            source.merged(&tables[0], View::Now, &matching.walk(&tables[0]).unwrap())
        };
        assert!(merged(MOST_PARTS).is_some());
        assert!(merged(MOST_PARTS + 1).is_none());
    }
}
