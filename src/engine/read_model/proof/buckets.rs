//! Versions of before are found in buckets; here each is held against the bucket its length and its beginning give it.

use std::sync::Arc;

use sea_orm::sea_query::{Alias, Expr, ExprTrait, Order, Query};
use sea_orm::{ConnectionTrait, DbErr};

use super::{AnyRow, Key, PAGE, Position, Source, Table};
use crate::engine::read_model::bucket;
use crate::engine::read_model::table::{BUCKET, Twin, VALID_FROM, VALID_TO};
use crate::engine::store::Store;

/// The first version, by key and beginning, that stands in another bucket than its own, and what is wrong with it.
pub(super) async fn misplaced(
    store: &Store,
    source: Source<'_>,
    table: &Table,
) -> Result<Option<(Key, String)>, DbErr> {
    let own = |name: &str| (Alias::new(table.name), Alias::new(name));
    let place = || {
        let key = table.key_columns().map(|column| column.name.as_str());
        key.chain([VALID_FROM]).map(own)
    };
    let mut after: Option<(Key, i64)> = None;
    loop {
        let mut query = Query::select();
        query.columns(table.columns.iter().map(|column| own(&column.name)));
        query.columns([VALID_FROM, VALID_TO, BUCKET].map(own));
        for column in place() {
            query.order_by(column, Order::Asc);
        }
        if let Some((key, from)) = after.take() {
            let values = key.0.into_iter().map(Expr::value).chain([Expr::value(from)]);
            query.and_where(Expr::tuple(place().map(Expr::col)).gt(Expr::tuple(values)));
        }
        query.limit(PAGE as u64);
        let page = store.reader().query_all(&source.over(table, Twin::History, query)).await?;
        for row in &page {
            let number = |name: &str| row.try_get::<i64>("", name);
            let (from, to, stands) = (number(VALID_FROM)?, number(VALID_TO)?, number(BUCKET)?);
            let version: Arc<dyn AnyRow> = Arc::from((table.decode)(row)?);
            let belongs = bucket::of(Position::from_stored(from), Position::from_stored(to));
            if stands != belongs {
                let what = format!(
                    "its version of positions {from} to {to} stands in bucket {stands}, it belongs in {belongs}"
                );
                return Ok(Some((version.key(), what)));
            }
            after = Some((version.key(), from));
        }
        if page.len() < PAGE {
            return Ok(None);
        }
    }
}
