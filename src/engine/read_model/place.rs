//! Places: of each row only its key and what it is sorted by, as an index has them; whole rows are looked up for a page.

use sea_orm::DbBackend;
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait, IntoTableRef, JoinType, SelectStatement, UnionType,
    WithClause,
};

use super::definition::Table;
use super::source::{Source, View, own};
use super::table::{Twin, VALID_FROM};

/// What the places of a statement are called in it.
pub(super) const PLACE: &str = "place";

/// The same rows, but of each only what tells it and its place in an order.
pub(super) fn place_of(table: &Table, order: &[String], mut select: SelectStatement) -> SelectStatement {
    let key = || table.key_columns().map(|column| &column.name);
    select.clear_selects();
    let order = order.iter().filter(|column| !key().any(|key| key == *column));
    for column in key().chain(order).map(String::as_str).chain([VALID_FROM]) {
        select.column((Alias::new(table.name), Alias::new(column)));
    }
    select
}

impl Source<'_> {
    /// The whole rows of places, in no order; there are few.
    pub fn looked_up(&self, table: &Table, view: View, places: SelectStatement) -> SelectStatement {
        let twins: &[Twin] = if view == View::Now { &[Twin::Now] } else { &[Twin::Now, Twin::History] };
        let mut sides = twins.iter().map(|twin| self.at_place(table, *twin));
        let mut rows = sides.next().unwrap_or_default();
        rows.unions(sides.map(|side| (UnionType::All, side)));
        if self.backend == DbBackend::Postgres {
            let mut beside = SelectStatement::new();
            beside.expr(Expr::cust(format!("\"{}\".*", table.name)));
            beside.from_subquery(places, Alias::new(PLACE));
            beside.join_lateral(JoinType::InnerJoin, rows, Alias::new(table.name), Expr::cust("TRUE"));
            return beside;
        }
        let mut named = CommonTableExpression::new();
        named.table_name(Alias::new(PLACE)).materialized(true).query(places);
        rows.with_cte(WithClause::new().cte(named).to_owned()).to_owned()
    }

    /// The rows of a twin that stand at a place.
    fn at_place(&self, table: &Table, twin: Twin) -> SelectStatement {
        let mut rows = SelectStatement::new();
        rows.columns(table.columns.iter().map(|column| (Alias::new(table.name), Alias::new(&column.name))));
        for column in table.key_columns().map(|column| &*column.name).chain([VALID_FROM]) {
            let place = Expr::col((Alias::new(PLACE), Alias::new(column)));
            rows.and_where(own(table, column).eq(place));
        }
        let stored = self.stored(table, twin).into_table_ref().alias(Alias::new(table.name));
        if self.backend == DbBackend::Postgres {
            // Each place stands beside it.
            return rows.from(stored).to_owned();
        }
        // A cross join, since SQLite keeps its order: from the few to the many.
        rows.from(Alias::new(PLACE)).cross_join(stored).to_owned()
    }
}
