//! The swap: events, claims and the new head are committed together, or not at all.

use std::sync::Arc;

use sea_orm::sea_query::{ArrayType, Condition, Expr, OnConflict, Value};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr,
    EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use super::entity::{claims, events, log_head};
use super::{HEAD, Head, Log};
use crate::engine::decision::Claim;
use crate::engine::event::Recorded;

/// What one transaction adds to the log.
pub struct Append<'a> {
    /// The head it builds on.
    pub from: &'a Head,
    /// Not empty; dense from the head on.
    pub events: &'a [Arc<Recorded>],
    /// The net change of each claim: who holds it now, or nobody.
    pub claims: Vec<(&'a Claim, Option<Uuid>)>,
}

/// The row of the head, taken so that nobody else can swap it meanwhile.
pub struct HeldHead(DatabaseTransaction);

/// Rows a statement on SQLite: 500 times 15 parameters stay well below its bound of 32,766.
const ROWS_A_STATEMENT: usize = 500;

const POSTGRES_SWAP: &str = "\
WITH head AS (
    UPDATE log_head SET position = $1, recorded_at = $2, hash = $3
    WHERE id = 1 AND position = $4 AND hash = $5 AND fence = $6 AND floor < $7 RETURNING 1
), appended AS (
    INSERT INTO events (position, event_id, stream_id, stream_type, stream_version, event_type, schema_version,
        data, metadata, command_id, correlation_id, actor, command_end, recorded_at, hash)
    SELECT position, event_id, stream_id, stream_type, stream_version, event_type, schema_version,
        data, metadata, command_id, correlation_id, NULLIF(actor, ''), command_end, recorded_at, hash
    FROM unnest($8::bigint[], $9::uuid[], $10::uuid[], $11::text[], $12::bigint[], $13::text[], $14::int[],
        $15::text[], $16::text[], $17::uuid[], $18::uuid[], $19::text[], $20::bigint[], $21::bigint[], $22::bytea[])
        AS e (position, event_id, stream_id, stream_type, stream_version, event_type, schema_version,
        data, metadata, command_id, correlation_id, actor, command_end, recorded_at, hash)
    WHERE EXISTS (SELECT 1 FROM head)
), released AS (
    DELETE FROM claims USING unnest($23::text[], $24::text[]) AS r (scope, key)
    WHERE claims.scope = r.scope AND claims.key = r.key AND EXISTS (SELECT 1 FROM head)
), taken AS (
    INSERT INTO claims (scope, key, stream_id)
    SELECT scope, key, stream_id FROM unnest($25::text[], $26::text[], $27::uuid[]) AS t (scope, key, stream_id)
    WHERE EXISTS (SELECT 1 FROM head)
    ON CONFLICT (scope, key) DO UPDATE SET stream_id = excluded.stream_id
)
SELECT 1 FROM head";

impl Log {
    /// Appends in a transaction of its own; `false` when the head had moved, and nothing was written.
    ///
    /// # Errors
    /// Unless the error is one of data, whether it was committed is not known: see [`Log::raise_fence`].
    pub async fn append(&self, append: &Append<'_>) -> Result<bool, DbErr> {
        if self.store.is_sqlite() {
            return self.append_holding(self.hold_head().await?, append).await;
        }
        swap_on_postgres(self.store.writer(), append).await
    }

    /// Takes the head's row: another append waits until this one is over.
    ///
    /// # Errors
    /// When the row could not be had.
    pub async fn hold_head(&self) -> Result<HeldHead, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let transaction = self.store.writer().begin_with_options(options).await?;
        if !self.store.is_sqlite() {
            log_head::Entity::find_by_id(HEAD).lock_exclusive().one(&transaction).await?;
        }
        Ok(HeldHead(transaction))
    }

    /// Appends while holding the head's row.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub async fn append_holding(&self, held: HeldHead, append: &Append<'_>) -> Result<bool, DbErr> {
        let HeldHead(transaction) = held;
        let swapped = if self.store.is_sqlite() {
            swap_in_statements(&transaction, append).await?
        } else {
            swap_on_postgres(&transaction, append).await?
        };
        if swapped {
            transaction.commit().await?;
        } else {
            transaction.rollback().await?;
        }
        Ok(swapped)
    }
}

async fn swap_on_postgres(connection: &impl ConnectionTrait, append: &Append<'_>) -> Result<bool, DbErr> {
    let statement =
        Statement::from_sql_and_values(connection.get_database_backend(), POSTGRES_SWAP, swap_values(append));
    Ok(connection.query_one_raw(statement).await?.is_some())
}

fn swap_values(append: &Append<'_>) -> Vec<Value> {
    let (first, last) = ends(append);
    let events = append.events;
    let (taken, released): (Vec<_>, Vec<_>) = append.claims.iter().partition(|(_, holder)| holder.is_some());
    vec![
        last.position.get().into(),
        last.recorded_at.micros().into(),
        last.hash.0.to_vec().into(),
        append.from.position.get().into(),
        append.from.hash.0.to_vec().into(),
        append.from.fence.into(),
        first.recorded_at.micros().into(),
        array(ArrayType::BigInt, events, |e| e.position.get().into()),
        array(ArrayType::Uuid, events, |e| e.event_id.into()),
        array(ArrayType::Uuid, events, |e| e.stream_id.into()),
        array(ArrayType::String, events, |e| e.stream_type.clone().into()),
        array(ArrayType::BigInt, events, |e| e.stream_version.into()),
        array(ArrayType::String, events, |e| e.event_type.clone().into()),
        array(ArrayType::Int, events, |e| e.schema_version.into()),
        array(ArrayType::String, events, |e| e.data.clone().into()),
        array(ArrayType::String, events, |e| e.metadata.clone().into()),
        array(ArrayType::Uuid, events, |e| e.command_id.into()),
        array(ArrayType::Uuid, events, |e| e.correlation_id.into()),
        // Arrays of the driver hold no nulls; an actor is never the empty text.
        array(ArrayType::String, events, |e| e.actor.clone().unwrap_or_default().into()),
        array(ArrayType::BigInt, events, |e| e.command_end.get().into()),
        array(ArrayType::BigInt, events, |e| e.recorded_at.micros().into()),
        array(ArrayType::Bytes, events, |e| e.hash.0.to_vec().into()),
        array(ArrayType::String, &released, |(claim, _)| claim.scope.into()),
        array(ArrayType::String, &released, |(claim, _)| claim.key.clone().into()),
        array(ArrayType::String, &taken, |(claim, _)| claim.scope.into()),
        array(ArrayType::String, &taken, |(claim, _)| claim.key.clone().into()),
        array(ArrayType::Uuid, &taken, |(_, holder)| holder.unwrap_or_default().into()),
    ]
}

fn array<T>(of: ArrayType, items: &[T], value: impl Fn(&T) -> Value) -> Value {
    Value::Array(of, Some(Box::new(items.iter().map(value).collect())))
}

async fn swap_in_statements(transaction: &DatabaseTransaction, append: &Append<'_>) -> Result<bool, DbErr> {
    let (first, last) = ends(append);
    let swapped = log_head::Entity::update_many()
        .col_expr(log_head::Column::Position, Expr::value(last.position.get()))
        .col_expr(log_head::Column::RecordedAt, Expr::value(last.recorded_at.micros()))
        .col_expr(log_head::Column::Hash, Expr::value(last.hash.0.to_vec()))
        .filter(log_head::Column::Id.eq(HEAD))
        .filter(log_head::Column::Position.eq(append.from.position.get()))
        .filter(log_head::Column::Hash.eq(append.from.hash.0.to_vec()))
        .filter(log_head::Column::Fence.eq(append.from.fence))
        .filter(log_head::Column::Floor.lt(first.recorded_at.micros()))
        .exec(transaction)
        .await?;
    if swapped.rows_affected == 0 {
        return Ok(false);
    }
    for rows in append.events.chunks(ROWS_A_STATEMENT) {
        let rows =
            rows.iter().map(|event| events::Model::from(event.as_ref()).into_active_model().reset_all());
        events::Entity::insert_many(rows).exec_without_returning(transaction).await?;
    }
    write_claims(transaction, append).await?;
    Ok(true)
}

async fn write_claims(transaction: &DatabaseTransaction, append: &Append<'_>) -> Result<(), DbErr> {
    let (taken, released): (Vec<_>, Vec<_>) = append.claims.iter().partition(|(_, holder)| holder.is_some());
    for rows in released.chunks(ROWS_A_STATEMENT) {
        let any = rows.iter().fold(Condition::any(), |any, (claim, _)| {
            any.add(claims::Column::Scope.eq(claim.scope).and(claims::Column::Key.eq(claim.key.as_str())))
        });
        claims::Entity::delete_many().filter(any).exec(transaction).await?;
    }
    for rows in taken.chunks(ROWS_A_STATEMENT) {
        let rows = rows.iter().map(|(claim, holder)| claims::ActiveModel {
            scope: Set(claim.scope.to_owned()),
            key: Set(claim.key.clone()),
            stream_id: Set(holder.unwrap_or_default()),
        });
        let replace = OnConflict::columns([claims::Column::Scope, claims::Column::Key])
            .update_column(claims::Column::StreamId)
            .to_owned();
        claims::Entity::insert_many(rows).on_conflict(replace).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// The first and the last event; an append without events is a fault of the writer.
fn ends<'a>(append: &Append<'a>) -> (&'a Recorded, &'a Recorded) {
    match append.events {
        [only] => (only, only),
        [first, .., last] => (first, last),
        [] => unreachable!("an append has at least one event"),
    }
}

impl From<&Recorded> for events::Model {
    fn from(event: &Recorded) -> Self {
        Self {
            position: event.position.get(),
            event_id: event.event_id,
            stream_id: event.stream_id,
            stream_type: event.stream_type.clone(),
            stream_version: event.stream_version,
            event_type: event.event_type.clone(),
            schema_version: event.schema_version,
            data: event.data.clone(),
            metadata: event.metadata.clone(),
            command_id: event.command_id,
            correlation_id: event.correlation_id,
            actor: event.actor.clone(),
            command_end: event.command_end.get(),
            recorded_at: event.recorded_at.micros(),
            hash: event.hash.0.to_vec(),
        }
    }
}
