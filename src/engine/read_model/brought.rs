//! Values that a statement brings along, as a table that others stand beside.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Alias, ArrayType, Expr, Query, SelectStatement, Value, ValueTuple};

use super::table::array_of;

/// What such a table is called where others refer to it.
pub(super) const BESIDE: &str = "beside";

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

/// A column of such a table.
pub(super) fn beside(column: &str) -> Expr {
    Expr::col((Alias::new(BESIDE), Alias::new(column)))
}
