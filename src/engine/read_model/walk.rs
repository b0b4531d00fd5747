//! A page found by walking over rows in the order of the list, each part of them within an index that has it.

use sea_orm::sea_query::{
    Alias, ArrayType, Condition, Expr, ExprTrait, JoinType, Query, SelectStatement, UnionType, Value,
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
        Self { select: select.clone(), bound: Condition::all(), apart: None, passing: Condition::all() }
    }
}

impl Source<'_> {
    /// A page as SQLite finds it best: the rows of now and of each bucket around the position are walked over side by
    /// side, each within the index of the order, and whichever row comes next is taken. It knows no LATERAL, and first
    /// rows taken from each part apart would all be copied and sorted.
    ///
    /// `None` when there are too many parts, or none.
    pub fn merged(&self, table: &Table, view: View, walk: &Walk) -> Option<SelectStatement> {
        let values = walk.apart.as_ref().map_or(1, |(_, values)| values.len());
        let buckets = match view {
            View::At { position, by: Way::Buckets { newest } } => bucket::around(position, newest),
            _ => Vec::new(),
        };
        if values == 0 || values * (1 + buckets.len()) > MOST_PARTS {
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
            if let View::At { position, .. } = view {
                for missing in [VALID_TO, BUCKET] {
                    now.expr_as(Expr::cust("NULL"), Alias::new(missing));
                }
                now.and_where(own(table, VALID_FROM).lte(position.get()));
            }
            now
        };
        let mut others = walk.each(table, &now(part.clone())).split_off(1);
        if let View::At { position, by } = view {
            let past = self.ended(table, position, by, &part);
            let in_bucket = |bucket: &i64| past.clone().and_where(own(table, BUCKET).eq(*bucket)).to_owned();
            match by {
                Way::Buckets { .. } => {
                    others.extend(buckets.iter().flat_map(|bucket| walk.each(table, &in_bucket(bucket))));
                }
                Way::Ended | Way::Filter => others.extend(walk.each(table, &past)),
            }
        }
        // The order and the limit of the first select are those of the whole UNION.
        let mut all = walk.each(table, &now(page)).swap_remove(0);
        all.unions(others.into_iter().map(|part| (UnionType::All, part)));
        Some(all)
    }

    /// The first rows of now, of the past the first rows of each bucket around the position, and all of that for each
    /// of several values, each in the order of the list and found within an index, as PostgreSQL does it.
    ///
    /// `None` where the rows of now alone do.
    pub fn laterals(&self, table: &Table, view: View, walk: &Walk) -> Option<SelectStatement> {
        let mut branch = branch_of(&walk.select);
        if !has_limit(&branch) {
            return None;
        }
        branch.cond_where(walk.passing.clone());
        let several = match &walk.apart {
            Some((column, values)) if values.len() > 1 => Some((&**column, &**values)),
            Some((column, values)) => {
                branch.and_where(own(table, column).is_in(values.iter().cloned()));
                None
            }
            None => None,
        };
        let mut now = self.over(table, Twin::Now, branch.clone());
        now.cond_where(walk.bound.clone());
        if let View::At { position, .. } = view {
            now.and_where(own(table, VALID_FROM).lte(position.get()));
        }
        if let Some((column, values)) = several {
            now.and_where(own(table, column).eq(around("value")));
            now = self.lateral(table, vec![value_column(values.to_vec())], now);
        }
        match view {
            View::Now => several.map(|_| now),
            View::At { position, by: Way::Buckets { newest } } => {
                let past = self.lateral_past(table, (position, newest), &branch, several);
                Some(all_of(now, "now_side").union(UnionType::All, past).to_owned())
            }
            View::At { .. } => None,
        }
    }

    /// The past of a branch, as [`laterals`](Self::laterals) has it.
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
        past.and_where(own(table, BUCKET).eq(around(BUCKET)));
        past.and_where(own(table, VALID_FROM).lte(around("position")));
        past.and_where(own(table, VALID_TO).gt(around("position")));
        let buckets = bucket::around(position, newest);
        let times = several.map_or(1, |(_, values)| values.len());
        let numbers = |name, values: Vec<i64>| {
            let values = values.into_iter().flat_map(|one| std::iter::repeat_n(one.into(), times)).collect();
            Brought { name, kind: ArrayType::BigInt, values }
        };
        let positions = vec![position.get(); buckets.len()];
        let mut columns = vec![numbers("position", positions), numbers(BUCKET, buckets.clone())];
        if let Some((column, values)) = several {
            past.and_where(own(table, column).eq(around("value")));
            let all = buckets.iter().flat_map(|_| values.iter().cloned()).collect();
            columns.push(value_column(all));
        }
        self.lateral(table, columns, past)
    }

    fn lateral(&self, table: &Table, columns: Vec<Brought>, part: SelectStatement) -> SelectStatement {
        let mut each = Query::select();
        each.expr(Expr::cust(format!("\"{}\".*", table.name)));
        each.from_subquery(brought(self.backend, columns), Alias::new("around"));
        each.join_lateral(JoinType::InnerJoin, part, Alias::new(table.name), Expr::cust("TRUE"));
        each
    }
}

impl Walk {
    /// A part for each value that is walked over apart.
    fn each(&self, table: &Table, part: &SelectStatement) -> Vec<SelectStatement> {
        let Some((column, values)) = &self.apart else { return vec![part.clone()] };
        let of = |value: &Value| part.clone().and_where(own(table, column).eq(value.clone())).to_owned();
        values.iter().map(of).collect()
    }
}

fn around(column: &str) -> Expr {
    Expr::col((Alias::new("around"), Alias::new(column)))
}

fn value_column(values: Vec<Value>) -> Brought {
    let kind = values.first().map_or(ArrayType::String, Value::array_type);
    Brought { name: "value", kind, values }
}
