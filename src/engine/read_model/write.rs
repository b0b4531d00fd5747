//! Writing a batch in bulk: arrays and `unnest` on PostgreSQL, rows of VALUES on SQLite.

use std::fmt::Write as _;

use futures_util::future::join;
use sea_orm::sea_query::Value;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::batch::Changes;
use super::bucket;
use super::catalogue::Generation;
use super::definition::Table;
use super::rows::Key;
use super::table::{BUCKET, Twin, VALID_FROM, VALID_TO, array_of, stored_name};

/// The most values SQLite binds in one statement is 32,766; smaller statements are as fast and cheaper to keep.
const VALUES_A_STATEMENT: usize = 4_096;

/// Rows in one PostgreSQL statement: several of them a batch, so that one is put together while another is carried out.
const ROWS_A_STATEMENT: usize = 2_000;

/// Writes what a batch did to one table.
pub(super) async fn write(
    connection: &impl ConnectionTrait,
    generation: Generation,
    table: &Table,
    changes: &Changes,
) -> Result<(), DbErr> {
    let name = |twin| stored_name(table, generation.revision, generation.number, twin);
    let past = changes.past.iter().map(|past| {
        let mut values = past.row.values();
        values.extend([past.from.get(), past.to.get(), bucket::of(past.from, past.to)].map(Value::from));
        values
    });
    let columns = columns_of(table, &[VALID_FROM, VALID_TO, BUCKET]);
    let history = Target { name: name(Twin::History), columns, tail: String::new() };
    insert(connection, &history, past).await?;

    let now = changes.put.iter().map(|put| {
        let mut values = put.row.values();
        values.push(put.since.get().into());
        values
    });
    let columns = columns_of(table, &[VALID_FROM]);
    let tail = replacing(table, &columns);
    insert(connection, &Target { name: name(Twin::Now), columns, tail }, now).await?;

    remove(connection, table, &name(Twin::Now), &changes.removed).await
}

/// A table to insert into.
struct Target<'a> {
    name: String,
    columns: Vec<Wire<'a>>,
    tail: String,
}

/// How a column travels.
struct Wire<'a> {
    name: &'a str,
    array: &'static str,
    nullable: bool,
}

fn columns_of<'a>(table: &'a Table, own: &[&'a str]) -> Vec<Wire<'a>> {
    let of_entity = table.columns.iter().map(|column| Wire {
        name: &column.name,
        array: array_of(&column.values).unwrap_or("text[]"),
        nullable: column.nullable,
    });
    let of_engine = own.iter().map(|name| Wire { name, array: "int8[]", nullable: false });
    of_entity.chain(of_engine).collect()
}

fn replacing(table: &Table, columns: &[Wire<'_>]) -> String {
    let key: Vec<&str> = table.key_columns().map(|column| column.name.as_str()).collect();
    let others = columns.iter().filter(|column| !key.contains(&column.name));
    let sets: Vec<String> = others.map(|column| format!("\"{0}\" = excluded.\"{0}\"", column.name)).collect();
    format!(" ON CONFLICT ({}) DO UPDATE SET {}", quoted(key.iter().copied()), sets.join(", "))
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

async fn insert(
    connection: &impl ConnectionTrait,
    target: &Target<'_>,
    mut rows: impl ExactSizeIterator<Item = Vec<Value>>,
) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    // A statement's values at a time: those of a whole batch would only be moved about.
    let mut next = || {
        let (sql, values) = match (rows.len(), backend) {
            (0, _) => return None,
            (most, DbBackend::Postgres) => arrays(target, rows.by_ref().take(most.min(ROWS_A_STATEMENT))),
            (most, _) => tuples(target, rows.by_ref(), share(most, target.columns.len())),
        };
        Some(Statement::from_sql_and_values(backend, sql, values))
    };
    let mut statement = next();
    while let Some(ready) = statement {
        // While the database carries one out, the next is put together.
        let (written, following) = join(connection.execute_raw(ready), async { next() }).await;
        written?;
        statement = following;
    }
    Ok(())
}

/// How many of `rows` go into the next SQLite statement: a power of two, so that few statements differ and all are kept prepared.
fn share(rows: usize, columns: usize) -> usize {
    let most = (VALUES_A_STATEMENT / columns.max(1)).clamp(1, 128).min(rows);
    1 << most.ilog2()
}

fn tuples(
    target: &Target<'_>,
    rows: impl Iterator<Item = Vec<Value>>,
    length: usize,
) -> (String, Vec<Value>) {
    let tuple = format!("({})", vec!["?"; target.columns.len()].join(", "));
    let sql = format!(
        "INSERT INTO \"{}\" ({}) VALUES {}{}",
        target.name,
        quoted(target.columns.iter().map(|column| column.name)),
        vec![tuple; length].join(", "),
        target.tail
    );
    let mut values = Vec::with_capacity(length * target.columns.len());
    values.extend(rows.take(length).flatten());
    (sql, values)
}

/// One array a column. Arrays here hold no nulls: a column that may be null brings a second array that says where.
fn arrays(target: &Target<'_>, rows: impl Iterator<Item = Vec<Value>>) -> (String, Vec<Value>) {
    let mut columns: Vec<Vec<Value>> = target.columns.iter().map(|_| Vec::new()).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    let (mut selected, mut unnested, mut named) = (Vec::new(), Vec::new(), Vec::new());
    let mut values = Vec::new();
    for (place, (wire, mut column)) in target.columns.iter().zip(columns).enumerate() {
        named.push(format!("v{place}"));
        if wire.nullable {
            let absent = column.iter().map(|value| Value::from(!value.is_some())).collect();
            selected.push(format!("CASE WHEN n{place} THEN NULL ELSE v{place} END"));
            for value in column.iter_mut().filter(|value| !value.is_some()) {
                *value = value.dummy_value();
            }
            values.push(array(column));
            unnested.push(format!("${}::{}", values.len(), wire.array));
            named.push(format!("n{place}"));
            values.push(array(absent));
            unnested.push(format!("${}::bool[]", values.len()));
        } else {
            selected.push(format!("v{place}"));
            values.push(array(column));
            unnested.push(format!("${}::{}", values.len(), wire.array));
        }
    }
    let mut sql = String::new();
    let _ = write!(
        sql,
        "INSERT INTO \"{}\" ({}) SELECT {} FROM unnest({}) AS brought({}){}",
        target.name,
        quoted(target.columns.iter().map(|column| column.name)),
        selected.join(", "),
        unnested.join(", "),
        named.join(", "),
        target.tail
    );
    (sql, values)
}

fn array(values: Vec<Value>) -> Value {
    let kind = values.first().map_or(sea_orm::sea_query::ArrayType::String, Value::array_type);
    Value::Array(kind, Some(Box::new(values)))
}

async fn remove(
    connection: &impl ConnectionTrait,
    table: &Table,
    stored: &str,
    keys: &[Key],
) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let key: Vec<Wire<'_>> = table
        .key_columns()
        .map(|column| Wire {
            name: &column.name,
            array: array_of(&column.values).unwrap_or("text[]"),
            nullable: false,
        })
        .collect();
    let names = quoted(key.iter().map(|column| column.name));
    let mut rest = keys;
    while !rest.is_empty() {
        let most = match backend {
            DbBackend::Postgres => rest.len().min(ROWS_A_STATEMENT),
            _ => share(rest.len(), key.len()),
        };
        let (some, others) = rest.split_at(most);
        rest = others;
        let (list, values) = if backend == DbBackend::Postgres {
            let column = |place: usize| some.iter().filter_map(|key| key.0.get(place).cloned()).collect();
            let values: Vec<Value> = (0..key.len()).map(|place| array(column(place))).collect();
            let arrays: Vec<String> = key
                .iter()
                .enumerate()
                .map(|(place, wire)| format!("${}::{}", place + 1, wire.array))
                .collect();
            (format!("SELECT * FROM unnest({})", arrays.join(", ")), values)
        } else {
            let tuple = format!("({})", vec!["?"; key.len()].join(", "));
            let values = some.iter().flat_map(|key| key.0.iter().cloned()).collect();
            (format!("VALUES {}", vec![tuple; some.len()].join(", ")), values)
        };
        let sql = format!("DELETE FROM \"{stored}\" WHERE ({names}) IN ({list})");
        connection.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
    }
    Ok(())
}
