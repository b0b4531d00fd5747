//! Loading the rows a batch asks for: one statement a table.

use std::collections::HashSet;
use std::sync::Arc;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, JoinType, Query};
use sea_orm::{ConnectionTrait, DbErr};

use super::batch::Batch;
use super::brought::{Brought, brought};
use super::definition::Table;
use super::rows::{AnyRow, Key, Place};
use super::source::Source;
use super::table::{Twin, VALID_FROM};
use crate::engine::event::Position;

/// Keys in one statement on SQLite, which binds at most 32,766 values: keys of up to three columns fit.
const KEYS_A_STATEMENT: usize = 8_192;

/// The names under which the columns of keys are brought along. Longer keys are not supported.
pub(super) const KEY_COLUMNS: [&str; 6] = ["k0", "k1", "k2", "k3", "k4", "k5"];

/// Tells the batch what stands at each of these places.
pub(super) async fn load(
    connection: &impl ConnectionTrait,
    source: Source<'_>,
    batch: &mut Batch<'_>,
    places: HashSet<Place>,
) -> Result<(), DbErr> {
    for table in source.tables {
        let keys: Vec<&Key> =
            places.iter().filter(|(kind, _)| *kind == table.row).map(|(_, key)| key).collect();
        for some in keys.chunks(KEYS_A_STATEMENT) {
            for (row, since) in rows_of(connection, source, table, some).await? {
                batch.learn((table.row, row.key()), Some((row, since)));
            }
        }
    }
    for place in places {
        if !batch.knows(&place) {
            batch.learn(place, None);
        }
    }
    Ok(())
}

async fn rows_of(
    connection: &impl ConnectionTrait,
    source: Source<'_>,
    table: &Table,
    keys: &[&Key],
) -> Result<Vec<(Arc<dyn AnyRow>, Position)>, DbErr> {
    let own = |name: &str| (Alias::new(table.name), Alias::new(name));
    let mut select = Query::select();
    for column in &table.columns {
        select.column(own(&column.name));
    }
    select.column(own(VALID_FROM));
    let mut select = source.over(table, Twin::Now, select);
    let mut same_key = sea_orm::Condition::all();
    for (column, name) in table.key_columns().zip(KEY_COLUMNS) {
        let asked = Expr::col((Alias::new("asked"), Alias::new(name)));
        same_key = same_key.add(Expr::col(own(&column.name)).eq(asked));
    }
    let asked = brought(source.backend, key_columns(table, keys));
    select.join_subquery(JoinType::InnerJoin, asked, Alias::new("asked"), same_key);
    let found = connection.query_all(&select).await?;
    found
        .iter()
        .map(|row| {
            let since = row.try_get::<i64>("", VALID_FROM)?;
            Ok((Arc::from((table.decode)(row)?), Position::from_stored(since)))
        })
        .collect()
}

/// Keys as columns to bring along.
pub(super) fn key_columns(table: &Table, keys: &[&Key]) -> Vec<Brought> {
    let columns = table.key_columns().zip(KEY_COLUMNS).enumerate();
    columns
        .map(|(place, (column, name))| Brought {
            name,
            kind: column.values.clone(),
            values: keys.iter().filter_map(|key| key.0.get(place).cloned()).collect(),
        })
        .collect()
}
