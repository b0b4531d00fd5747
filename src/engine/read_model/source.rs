//! Where a statement reads from: lists of keys as tables, the rows of now, and both twins at a position.

use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, IntoTableRef, Order, Query, SelectStatement, UnionType,
    WithClause,
};

use super::bucket;
use super::catalogue::Generation;
use super::definition::Table;
use super::filter::Named;
use super::place::place_of;
use super::table::{self, BUCKET, Twin, VALID_FROM, VALID_TO};
use super::walk::Walk;
use super::words::Words;
use crate::engine::event::Position;

/// Which rows a statement sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// Those of now: right when the checkpoint is the position asked for.
    Now,
    /// Those at a position: right when the checkpoint has reached it.
    At { position: Position, by: Way },
}

/// How versions that have ended are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// By their end: few have ended since.
    Ended,
    /// By the query's own filters: they leave few.
    Filter,
    /// In the buckets around the position. Right as long as the checkpoint is no further than `newest`.
    Buckets { newest: Position },
}

/// A query as a list answers it.
#[derive(Clone, Copy)]
pub(super) struct Page<'a> {
    /// With its filters, order and limit.
    pub query: &'a SelectStatement,
    /// The same without the filters that rows found within the twins meet already, as far as that is known.
    pub over_both: Option<&'a SelectStatement>,
    pub rows: Rows<'a>,
}

/// How the rows of a page are found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rows<'a> {
    /// As the database finds best: nothing is known about them.
    Any,
    /// By its filters, which leave few, and sorted then.
    Few,
    /// By their keys, which another select names, and sorted then; by these columns, where their places are enough for that.
    Named(&'a Named, Option<&'a [String]>),
    /// By the one filter that leaves few, in an index, and sorted then by these columns before they are looked up.
    Within(&'a [String]),
    /// Walked over in their order, within an index, until there are enough.
    Walked(&'a Walk),
}

impl<'a> Page<'a> {
    /// Of a query that nothing is known about.
    pub fn of(query: &'a SelectStatement) -> Self {
        Self { query, over_both: None, rows: Rows::Any }
    }

    /// Whether there is one way to find them that is best whatever the values.
    pub fn is_steady(&self, table: &Table) -> bool {
        matches!(self.rows, Rows::Within(_)) || self.walked(table).is_some()
    }

    /// How its first rows are walked over in each part of a table, if that is how they are found.
    fn walked(&self, table: &Table) -> Option<&'a Walk> {
        match self.rows {
            Rows::Walked(walk) => Some(walk).filter(|walk| !table.ever_changing && walk.branch().is_some()),
            _ => None,
        }
    }
}

/// The stored tables of one generation, under the names their entities have.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub backend: DbBackend,
    pub generation: Generation,
    pub tables: &'a [Table],
    /// What the rows of the table asked for must have.
    pub words: Option<&'a Words>,
}

impl Source<'_> {
    pub fn stored(&self, table: &Table, twin: Twin) -> Alias {
        Alias::new(table::stored_name(table, self.generation.revision, self.generation.number, twin))
    }

    /// A query written for the entity's table, over the stored twin, and with `valid_from` beside its own columns.
    pub fn over(&self, table: &Table, twin: Twin, mut select: SelectStatement) -> SelectStatement {
        let stored = table::stored_name(table, self.generation.revision, self.generation.number, twin);
        if let Some(words) = self.words {
            select.and_where(words.found(self.backend, table, &stored));
        }
        select.from_clear().from_as(Alias::new(stored), Alias::new(table.name));
        select
    }

    /// The rows of a view that a page asks for.
    pub fn page(&self, table: &Table, view: View, page: Page<'_>) -> SelectStatement {
        let Page { query, over_both, rows } = page;
        let paged = |found: SelectStatement| {
            let mut page = over_both.unwrap_or(query).clone();
            page.from_clear().from_subquery(found, Alias::new(table.name));
            page
        };
        let all_found = || {
            let mut found = all_found_by(query);
            if self.backend == DbBackend::Postgres {
                // It cannot know how few there are, and might walk over all rows in the order of the list to find them.
                // An offset keeps it from looking at order and filters together.
                found.offset(0);
            }
            found
        };
        let found = match (self.backend, rows) {
            (_, Rows::Within(order)) if over_both.is_some() => {
                let found = place_of(table, order, all_found());
                let places = place_of(table, order, paged(self.branches(table, view, &found)));
                Some(paged(self.looked_up(table, view, places)))
            }
            (DbBackend::Postgres, Rows::Named(named, _)) if over_both.is_some() => {
                Some(paged(self.each_named(table, view, named)))
            }
            (DbBackend::Sqlite, Rows::Named(named, Some(order))) => match view {
                View::At { position, .. } => {
                    let places = paged(self.named_places(table, position, named, order));
                    Some(paged(self.looked_up(table, view, place_of(table, order, places))))
                }
                View::Now => None,
            },
            (DbBackend::Postgres, Rows::Few) if over_both.is_some() => {
                Some(paged(self.branches(table, view, &all_found())))
            }
            (DbBackend::Postgres, _) => {
                let found = page.walked(table).and_then(|walk| match view {
                    View::At { by: Way::Buckets { .. }, .. } => {
                        let places = paged(self.places(table, view, walk)?);
                        Some(self.looked_up(table, view, place_of(table, &walk.order, places)))
                    }
                    view => self.laterals(table, view, walk),
                });
                found.map(paged)
            }
            _ if table.ever_changing || !has_limit(query) => None,
            (_, Rows::Walked(walk)) => self.merged(table, view, walk),
            (_, Rows::Any) => self.merged(table, view, &Walk::over(query)),
            (_, Rows::Few | Rows::Named(..) | Rows::Within(_)) => None,
        };
        found.unwrap_or_else(|| match view {
            View::Now => self.over(table, Twin::Now, query.clone()),
            View::At { .. } => paged(self.branches(table, view, &branch_of(query))),
        })
    }

    /// `branch` over both twins at a position, or over the rows of now alone. Filter, order and limit of the branch
    /// stand inside of it on each side.
    pub fn branches(&self, table: &Table, view: View, branch: &SelectStatement) -> SelectStatement {
        let View::At { position, by } = view else {
            return self.over(table, Twin::Now, branch.clone());
        };
        let mut now = self.over(table, Twin::Now, branch.clone());
        now.and_where(self.begins_by(table, position));
        let past = match by {
            _ if table.ever_changing => all_of(self.probed(table, (position, by), branch), "history_side"),
            Way::Buckets { newest } => self.bucketed(table, position, newest, branch),
            Way::Ended | Way::Filter => all_of(self.ended(table, position, by, branch), "history_side"),
        };
        all_of(now, "now_side").union(UnionType::All, past).to_owned()
    }

    /// `branch` over the versions that were there at a position and have ended since.
    pub fn ended(
        &self,
        table: &Table,
        position: Position,
        by: Way,
        branch: &SelectStatement,
    ) -> SelectStatement {
        let mut past = self.over(table, Twin::History, branch.clone());
        past.and_where(own(table, VALID_FROM).lte(position.get()));
        past.and_where(self.ends_after(table, position, by));
        past
    }

    /// That a row of now began no later than `position`. SQLite is told to find rows by something else (the `+` keeps it
    /// from an index).
    pub fn begins_by(&self, table: &Table, position: Position) -> Expr {
        if self.backend == DbBackend::Postgres {
            return own(table, VALID_FROM).lte(position.get());
        }
        Expr::cust_with_values(format!("+\"{}\".\"{VALID_FROM}\" <= ?", table.name), [position.get()])
    }

    /// That a row of now began after `position`. SQLite is told to find rows by that where few have since, and by
    /// something else where they are many.
    fn begins_after(&self, table: &Table, position: Position, by: Way) -> Expr {
        if self.backend == DbBackend::Postgres {
            return own(table, VALID_FROM).gt(position.get());
        }
        let column = format!("\"{}\".\"{VALID_FROM}\"", table.name);
        let begun = match by {
            Way::Ended => format!("likelihood({column} > ?, 0.00001)"),
            Way::Filter | Way::Buckets { .. } => format!("+{column} > ?"),
        };
        Expr::cust_with_values(begun, [position.get()])
    }

    /// That a version ended after `position`. SQLite has no statistics, so it is told: to find versions by their end
    /// where few are found so, and by nothing else than that where they are many (the `+` keeps it from an index).
    fn ends_after(&self, table: &Table, position: Position, by: Way) -> Expr {
        if self.backend == DbBackend::Postgres {
            return own(table, VALID_TO).gt(position.get());
        }
        let column = format!("\"{}\".\"{VALID_TO}\"", table.name);
        let ended = match by {
            Way::Ended => format!("likelihood({column} > ?, 0.00001)"),
            Way::Filter | Way::Buckets { .. } => format!("+{column} > ?"),
        };
        Expr::cust_with_values(ended, [position.get()])
    }

    /// `branch` over the past, in the buckets around a position: on PostgreSQL in each of them for itself, since of all
    /// together it would rather look at what ended later than at an index that holds everything asked for.
    pub fn bucketed(
        &self,
        table: &Table,
        position: Position,
        newest: Position,
        branch: &SelectStatement,
    ) -> SelectStatement {
        if self.backend == DbBackend::Postgres {
            return self.lateral_past(table, (position, bucket::around(position, newest)), branch, None);
        }
        let mut past = self.ended(table, position, Way::Buckets { newest }, branch);
        past.and_where(own(table, BUCKET).is_in(bucket::around(position, newest)));
        all_of(past, "history_side")
    }

    /// `branch` over the past of an ever-changing table: from each row of now that was changed since `position`, straight
    /// to its newest version of before. Read as other tables are, all versions of the keys would be walked over.
    fn probed(
        &self,
        table: &Table,
        (position, by): (Position, Way),
        branch: &SelectStatement,
    ) -> SelectStatement {
        let column = |of: &str, name: &str| Expr::col((Alias::new(of), Alias::new(name)));
        let key = || table.key_columns().map(|column| column.name.as_str());
        let mut changed = self.over(table, Twin::Now, branch.clone());
        changed.clear_selects().clear_group_by().clear_order_by().reset_limit().reset_offset();
        changed.columns(key().map(|name| (Alias::new(table.name), Alias::new(name))));
        changed.and_where(self.begins_after(table, position, by));

        let mut newest = Query::select();
        newest.column((Alias::new("version"), Alias::new(VALID_FROM)));
        newest.from_as(self.stored(table, Twin::History), Alias::new("version"));
        newest.and_where(column("version", VALID_FROM).lte(position.get()));
        newest.order_by((Alias::new("version"), Alias::new(VALID_FROM)), Order::Desc).limit(1);
        for name in key() {
            newest.and_where(column("version", name).eq(column("changed", name)));
        }

        // A cross join, since SQLite keeps its order: from the few to the many.
        let past = self.stored(table, Twin::History).into_table_ref().alias(Alias::new(table.name));
        let mut probed = branch.clone();
        probed.from_clear().from_subquery(changed, Alias::new("changed")).cross_join(past);
        for name in key() {
            probed.and_where(column(table.name, name).eq(column("changed", name)));
        }
        probed.and_where(column(table.name, VALID_FROM).eq(Expr::SubQuery(None, Box::new(newest.into()))));
        probed.and_where(self.ends_after(table, position, Way::Filter));
        probed
    }

    /// The tables that sub-selects in a query of `table` name, each as it was, by the name of its entity: so a filter
    /// sees the same moment. Those that none names are left out, since a database looks at every one of them first.
    pub fn siblings(&self, table: &Table, view: View, query: &SelectStatement) -> Option<WithClause> {
        let sql = self.backend.build(query).sql;
        let is_named = |one: &&Table| names(&sql, one.name) > usize::from(one.name == table.name);
        let named: Vec<&Table> = self.tables.iter().filter(is_named).collect();
        if named.is_empty() {
            return None;
        }
        // A sub-select leaves few, or it would be no good filter.
        let view = match view {
            View::At { position, by: Way::Buckets { .. } } => View::At { position, by: Way::Filter },
            view => view,
        };
        let plainly = Self { words: None, ..*self };
        let mut with = WithClause::new();
        for table in named {
            let mut plain = Query::select();
            for column in &table.columns {
                plain.column((Alias::new(table.name), Alias::new(&column.name)));
            }
            let mut named = CommonTableExpression::new();
            named
                .table_name(Alias::new(table.name))
                .materialized(false)
                .query(plainly.branches(table, view, &plain));
            with.cte(named);
        }
        Some(with)
    }
}

/// How often a table is named in a statement, but for its columns. Values are no part of its text.
fn names(sql: &str, table: &str) -> usize {
    let quoted = format!("\"{table}\"");
    sql.split(&quoted).skip(1).filter(|rest| !rest.starts_with('.')).count()
}

/// A select as a part of a UNION: SQLite takes no ORDER BY there, and PostgreSQL only in brackets.
pub(super) fn all_of(select: SelectStatement, alias: &str) -> SelectStatement {
    Query::select().expr(Expr::cust("*")).from_subquery(select, Alias::new(alias)).to_owned()
}

pub(super) fn own(table: &Table, column: &str) -> Expr {
    Expr::col((Alias::new(table.name), Alias::new(column)))
}

/// The query as it stands inside of each twin: with what is needed to find its first rows, and not skipping any.
pub(super) fn branch_of(query: &SelectStatement) -> SelectStatement {
    let mut branch = query.clone();
    branch.reset_offset();
    let skips = branch != *query;
    if skips || !has_limit(query) {
        branch.reset_limit().clear_order_by();
    }
    branch
}

/// All rows that a query's filters find.
pub(super) fn all_found_by(query: &SelectStatement) -> SelectStatement {
    let mut all = query.clone();
    all.clear_order_by().reset_limit().reset_offset();
    all
}

pub(super) fn has_limit(query: &SelectStatement) -> bool {
    let mut without = query.clone();
    without.reset_limit();
    without != *query
}

#[cfg(test)]
mod tests {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

    use super::*;
    use crate::engine::read_model::statement;
    use crate::engine::read_model::thing;
    use crate::engine::read_model::thing::list::{all, by_their_end, in_buckets, source, steps_of};

    mod part {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "parts")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: i32,
            pub thing: i32,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }

    fn tables() -> [Table; 2] {
        [Table::of::<thing::Entity>(), Table::of::<part::Entity>()]
    }

    #[test]
    fn tables_that_no_sub_select_names_are_left_out_of_a_statement() {
        let tables = tables();
        let source = source(DbBackend::Sqlite, &tables);
        let named = |query: SelectStatement| {
            let with = source.siblings(&tables[0], View::Now, &query);
            with.map(|with| DbBackend::Sqlite.build(&with.query(Query::select().expr(1).to_owned())).sql)
        };
        let all = thing::Entity::find().filter(thing::Column::Size.gt(1));
        assert_eq!(named(all.clone().into_query()), None);

        let parts = part::Entity::find().select_only().column(part::Column::Thing).into_query();
        let with_parts = named(all.clone().filter(thing::Column::Id.in_subquery(parts)).into_query());
        assert!(
            with_parts.is_some_and(|sql| sql.contains("\"parts_r1_g1\"") && !sql.contains("\"things_r1"))
        );

        let others = thing::Entity::find().select_only().column(thing::Column::Size).into_query();
        let with_own = named(all.filter(thing::Column::Id.in_subquery(others)).into_query());
        assert!(with_own.is_some_and(|sql| sql.contains("\"things_r1_g1\"") && !sql.contains("\"parts_r1")));
    }

    #[tokio::test]
    async fn sqlite_sorts_the_few_within_a_range_by_the_index_alone_and_looks_up_those_of_the_page() {
        use thing::Column::{Age, Id, Size};
        let tables =
            [Table::of::<thing::Entity>().index("size", &[Size]).index_holding("age", &[Age], &[Size])];
        let old = all().within(Age, Age.gt(70)).within(Age, Age.lt(80)).in_order([Size]);
        let range = old.filtered_ranges(&tables[0]).remove(0);
        let page = |select: Select<_>| select.order_by_desc(Size).order_by_desc(Id).limit(20).into_query();
        let query = page(old.select_within(&range, DbBackend::Sqlite));
        let (over_both, order) = (page(thing::Entity::find()), ["size".to_owned()]);
        let asked = Page { query: &query, over_both: Some(&over_both), rows: Rows::Within(&order) };
        for (view, twins) in [(View::Now, 1), (in_buckets(), 2)] {
            let list = statement::list(source(DbBackend::Sqlite, &tables), &tables[0], view, asked);
            let steps = steps_of(&tables, statement::ready(DbBackend::Sqlite, &list)).await;
            let count = |part: &str| steps.iter().filter(|step| step.contains(part)).count();
            assert_eq!(count("COVERING INDEX things_r1_g1_age (age>? AND age<?)"), 1, "{steps:#?}");
            let past = "COVERING INDEX things_r1_g1_history_age (bucket=? AND age>? AND age<?)";
            assert_eq!(count(past), twins - 1, "{steps:#?}");
            assert_eq!(count("SCAN place"), twins, "{steps:#?}");
            assert_eq!(count("(rowid=?)"), 1, "{steps:#?}");
            assert_eq!(count("history_versions (id=? AND valid_from=?)"), twins - 1, "{steps:#?}");
            assert_eq!(count("things_r1_g1_size") + count("history_size"), 0, "{steps:#?}");
        }
    }

    #[tokio::test]
    async fn changed_rows_of_an_ever_changing_table_are_found_by_its_filter_but_close_to_the_head() {
        let tables = [Table::of::<thing::Entity>().index("size", &[thing::Column::Size]).ever_changing()];
        let small = thing::Entity::find().filter(thing::Column::Size.lt(7)).into_query();
        let page = Page::of(&small);
        for (view, found) in [
            (in_buckets(), "COVERING INDEX things_r1_g1_size (size<?)"),
            (by_their_end(), "begun (valid_from>?)"),
        ] {
            let list = statement::list(source(DbBackend::Sqlite, &tables), &tables[0], view, page);
            let steps = steps_of(&tables, statement::ready(DbBackend::Sqlite, &list)).await;
            assert!(steps.iter().any(|step| step.contains(found)), "{view:?}: {steps:#?}");
        }
    }
}
