//! Where a statement reads from: lists of keys as tables, the rows of now, and both twins at a position.

use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Alias, ArrayType, CommonTableExpression, Expr, ExprTrait, IntoTableRef, Order, Query, SelectStatement,
    UnionType, Value, ValueTuple, WithClause,
};

use super::catalogue::Generation;
use super::definition::Table;
use super::table::{self, Twin, VALID_FROM, VALID_TO, array_of};
use crate::engine::event::Position;

/// Which rows a statement sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    /// Those of now: right when the checkpoint is the position asked for.
    Now,
    /// Those at a position: right when the checkpoint has reached it. `near`: it is close to the checkpoint.
    At { position: Position, near: bool },
}

/// A column of values that a statement brings along.
pub(super) struct Brought {
    pub name: &'static str,
    pub kind: ArrayType,
    pub values: Vec<Value>,
}

/// The values as a table with columns of those names: arrays on PostgreSQL, rows of VALUES on SQLite.
///
/// All columns are equally long and hold no nulls.
pub(super) fn brought(backend: DbBackend, columns: Vec<Brought>) -> SelectStatement {
    let mut select = Query::select();
    if backend == DbBackend::Postgres {
        for column in columns {
            let cast = array_of(&column.kind).unwrap_or("text[]");
            let array = Value::Array(column.kind, Some(Box::new(column.values)));
            select.expr_as(
                Expr::cust_with_values(format!("unnest($1::{cast})"), [array]),
                Alias::new(column.name),
            );
        }
        return select;
    }
    let length = columns.first().map_or(0, |column| column.values.len());
    let mut rows: Vec<Vec<Value>> = (0..length).map(|_| Vec::with_capacity(columns.len())).collect();
    for (place, column) in columns.into_iter().enumerate() {
        select.expr_as(Expr::col(Alias::new(format!("column{}", place + 1))), Alias::new(column.name));
        for (row, value) in rows.iter_mut().zip(column.values) {
            row.push(value);
        }
    }
    // A length that is a power of two keeps the number of different statements small; the last row is repeated.
    if let Some(last) = rows.last().cloned() {
        rows.resize(length.next_power_of_two(), last);
    }
    select.from_values(rows.into_iter().map(ValueTuple::Many), Alias::new("brought"));
    select
}

/// The stored tables of one generation, under the names their entities have.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub backend: DbBackend,
    pub generation: Generation,
    pub tables: &'a [Table],
}

impl Source<'_> {
    pub fn stored(&self, table: &Table, twin: Twin) -> Alias {
        Alias::new(table::stored_name(table, self.generation.revision, self.generation.number, twin))
    }

    /// A query written for the entity's table, over the stored twin, and with `valid_from` beside its own columns.
    pub fn over(&self, table: &Table, twin: Twin, mut select: SelectStatement) -> SelectStatement {
        select.from_clear().from_as(self.stored(table, twin), Alias::new(table.name));
        select
    }

    /// The condition that a version was there at `position`.
    pub fn visible(&self, table: &Table, twin: Twin, position: Position, near: bool) -> Vec<Expr> {
        let column = |name| Expr::col((Alias::new(table.name), Alias::new(name)));
        let begun = column(VALID_FROM).lte(position.get());
        match twin {
            Twin::Now => vec![begun],
            // SQLite has no statistics, so it is told: few versions ended after a position near the checkpoint, and far
            // back the index on `valid_to` is no help (the `+` keeps it away from a column's index).
            Twin::History if self.backend == DbBackend::Sqlite => {
                let ended = if near {
                    format!("likelihood(\"{}\".\"{VALID_TO}\" > ?, 0.00001)", table.name)
                } else {
                    format!("+\"{}\".\"{VALID_TO}\" > ?", table.name)
                };
                vec![begun, Expr::cust_with_values(ended, [position.get()])]
            }
            Twin::History => vec![begun, column(VALID_TO).gt(position.get())],
        }
    }

    /// `branch` over both twins at a position, or over the rows of now alone. Filter, order and limit of the branch
    /// stand inside of it on each side.
    pub fn branches(&self, table: &Table, view: View, branch: &SelectStatement) -> SelectStatement {
        let View::At { position, near } = view else {
            return self.over(table, Twin::Now, branch.clone());
        };
        let side = |twin, alias: &str| {
            let mut side = match twin {
                Twin::History if table.ever_changing => self.probed(table, position, branch),
                _ => self.over(table, twin, branch.clone()),
            };
            for condition in self.visible(table, twin, position, near) {
                sea_orm::sea_query::ConditionalStatement::and_where(&mut side, condition);
            }
            // Wrapped, since SQLite takes no ORDER BY in a part of a UNION and PostgreSQL only in brackets.
            Query::select().expr(Expr::cust("*")).from_subquery(side, Alias::new(alias)).to_owned()
        };
        side(Twin::Now, "now_side").union(UnionType::All, side(Twin::History, "history_side")).to_owned()
    }

    /// `branch` over the past of an ever-changing table: from each row of now that was changed since `position`, straight
    /// to its newest version of before. Read as other tables are, all versions of the keys would be walked over.
    fn probed(&self, table: &Table, position: Position, branch: &SelectStatement) -> SelectStatement {
        let column = |of: &str, name: &str| Expr::col((Alias::new(of), Alias::new(name)));
        let key = || table.key_columns().map(|column| column.name.as_str());
        let mut changed = self.over(table, Twin::Now, branch.clone());
        changed.clear_selects().clear_group_by().clear_order_by().reset_limit().reset_offset();
        changed.columns(key().map(|name| (Alias::new(table.name), Alias::new(name))));
        changed.and_where(column(table.name, VALID_FROM).gt(position.get()));

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
        probed
    }

    /// Every table of the model as it was, by the name of its entity, so that a filter's sub-select sees the same moment.
    pub fn siblings(&self, view: View) -> Option<WithClause> {
        if self.tables.len() < 2 {
            return None;
        }
        let mut with = WithClause::new();
        for table in self.tables {
            let mut plain = Query::select();
            for column in &table.columns {
                plain.column((Alias::new(table.name), Alias::new(&column.name)));
            }
            let mut named = CommonTableExpression::new();
            named
                .table_name(Alias::new(table.name))
                .materialized(false)
                .query(self.branches(table, view, &plain));
            with.cte(named);
        }
        Some(with)
    }
}
