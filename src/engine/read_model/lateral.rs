//! A walk as PostgreSQL does it best: the first rows of each part for itself, found within an index, and all of them sorted.

use sea_orm::sea_query::{Alias, ArrayType, Expr, ExprTrait, JoinType, SelectStatement, UnionType, Value};

use super::brought::{BESIDE, Brought, beside, brought};
use super::definition::Table;
use super::place::place_of;
use super::source::{Source, View, Way, all_found_by, all_of, own};
use super::table::{BUCKET, Twin, VALID_FROM, VALID_TO};
use super::walk::Walk;
use crate::engine::event::Position;

impl Source<'_> {
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

    /// The [places](place_of) of the first rows of now and of each bucket around a position, likewise for each of
    /// several values: far more of them than the list has rows, but found without looking at any.
    ///
    /// `None` where versions that have ended are found otherwise, or a part's first rows are not enough.
    pub fn places(&self, table: &Table, view: View, walk: &Walk) -> Option<SelectStatement> {
        let View::At { position, by: Way::Buckets { newest } } = view else { return None };
        let mut branch = place_of(table, &walk.order, walk.branch()?);
        let now = match &walk.few_of_now {
            Some(few) => {
                let few = place_of(table, &walk.order, all_found_by(few));
                let mut now = self.over(table, Twin::Now, few);
                now.and_where(self.begins_by(table, position));
                now
            }
            None => self.first_of_now(table, view, walk, &branch),
        };
        // One at least, for what kind its value is.
        let parts = walk.parts(self.generation, (position, newest), |parts| usize::from(parts == 0));
        let (buckets, values): (Vec<i64>, Vec<_>) = parts.into_iter().unzip();
        let several =
            walk.several().map(|(column, _)| (column, values.into_iter().flatten().cloned().collect()));
        if several.is_none() {
            branch = walk.all(table, branch);
        }
        let past = self.lateral_past(table, (position, buckets), &branch, several);
        Some(all_of(now, "now_side").union(UnionType::All, past).to_owned())
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
        if let View::At { position, .. } = view {
            now.and_where(self.begins_by(table, position));
        }
        let Some((column, values)) = walk.several() else {
            return walk.all(table, now);
        };
        now.and_where(own(table, column).eq(beside("value")));
        self.lateral(table, brought(self.backend, vec![value_column(values.to_vec())]), now)
    }

    /// The past of a branch: what was there at a position, as it finds it in each of these buckets.
    ///
    /// `several`: a column the branch has no filter for, and the value whose rows are wanted of each bucket.
    pub fn lateral_past(
        &self,
        table: &Table,
        (position, buckets): (Position, Vec<i64>),
        branch: &SelectStatement,
        several: Option<(&str, Vec<Value>)>,
    ) -> SelectStatement {
        // The position comes with each bucket: from the value alone, the planner would take these conditions for
        // far more selective than they are within a bucket, and sort whole buckets.
        let mut past = self.over(table, Twin::History, branch.clone());
        past.and_where(own(table, BUCKET).eq(beside(BUCKET)));
        past.and_where(own(table, VALID_FROM).lte(beside("position")));
        past.and_where(own(table, VALID_TO).gt(beside("position")));
        let numbers = |name, values: Vec<i64>| {
            let values = values.into_iter().map(Value::from).collect();
            Brought { name, kind: ArrayType::BigInt, values }
        };
        let positions = vec![position.get(); buckets.len()];
        let mut columns = vec![numbers("position", positions), numbers(BUCKET, buckets)];
        if let Some((column, values)) = several {
            past.and_where(own(table, column).eq(beside("value")));
            columns.push(value_column(values));
        }
        self.lateral(table, brought(self.backend, columns), past)
    }

    /// What `part` finds for each row that stands beside it.
    pub fn lateral(&self, table: &Table, rows: SelectStatement, part: SelectStatement) -> SelectStatement {
        let mut each = SelectStatement::new();
        each.expr(Expr::cust(format!("\"{}\".*", table.name)));
        each.from_subquery(rows, Alias::new(BESIDE));
        each.join_lateral(JoinType::InnerJoin, part, Alias::new(table.name), Expr::cust("TRUE"));
        each
    }
}

fn value_column(values: Vec<Value>) -> Brought {
    let kind = values.first().map_or(ArrayType::String, Value::array_type);
    Brought { name: "value", kind, values }
}

#[cfg(test)]
mod tests {
    use sea_orm::{ColumnTrait, DbBackend};

    use super::*;
    use crate::engine::read_model::thing::Column::{Age, Kind};
    use crate::engine::read_model::thing::list::{all, by_their_end, in_buckets, largest};

    #[test]
    fn postgres_looks_up_the_whole_rows_of_the_past_once_their_places_are_known() {
        let sql = largest(DbBackend::Postgres, in_buckets(), all().meeting(Age, Age.gt(3))).sql;
        let places = r#"SELECT "things"."id", "things"."size", "things"."valid_from" FROM"#;
        let wholes = r#"SELECT "things"."id", "things"."kind", "things"."size", "things"."age" FROM"#;
        // Of now, of the buckets, and the first of both; then the row from either twin, and the page.
        assert_eq!((sql.matches(places).count(), sql.matches(wholes).count()), (3, 3), "{sql}");
    }

    #[test]
    fn postgres_takes_the_first_rows_of_each_of_several_values_whatever_the_view() {
        let laterals = |view, kinds: &[i32]| {
            let list = largest(DbBackend::Postgres, view, all().one_of(Kind, kinds.to_vec()));
            list.sql.matches("LATERAL").count()
        };
        assert_eq!(laterals(View::Now, &[1, 2]), 1);
        assert_eq!(laterals(by_their_end(), &[1, 2]), 1);
        // One more, where whole rows are looked up.
        assert_eq!(laterals(in_buckets(), &[1, 2]), 3);
        // Of one value the rows of now need nothing of the kind.
        assert_eq!(laterals(View::Now, &[1]), 0);
        assert_eq!(laterals(by_their_end(), &[1]), 0);
        assert_eq!(laterals(in_buckets(), &[1]), 2);
    }
}
