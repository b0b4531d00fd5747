//! The stored tables of a generation: the rows of now, and their twin with the rows of before.

use sea_orm::sea_query::{
    Alias, ArrayType, ColumnDef, ColumnType, Index as SqlIndex, IndexCreateStatement, Table as SqlTable,
    TableCreateStatement, TableDropStatement,
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::brought::BESIDE;
use super::definition::{Column, Table};
use super::load::KEY_COLUMNS;
use super::named::FOUND;
use super::place::PLACE;
use super::reach::REACH;
use super::words::{self, DOCUMENT, LEXEMES};

/// The last position of the command that made this version of a row.
pub(super) const VALID_FROM: &str = "valid_from";
/// The last position of the command that ended it.
pub(super) const VALID_TO: &str = "valid_to";
/// The [`bucket`](super::bucket) of a version that has ended.
pub(super) const BUCKET: &str = "bucket";

/// As many buckets PostgreSQL is told there are.
const BUCKETS: u32 = 100;

/// The index on the key of the past; its name ends so.
const VERSIONS: &str = "versions";

/// The index of the rows of now by when they began: they are counted by that, and found close to the head.
const BEGUN: &str = "begun";

/// The index of the past by when versions ended.
const ENDED: &str = "ended";

/// What statements call their own parts, and refer to from beside a table.
const ALIASES: [&str; 9] =
    ["asked", BESIDE, "catalogue", "changed", FOUND, PLACE, REACH, "read_models", "version"];

/// PostgreSQL cuts longer names, and two of them would become one.
const LONGEST_NAME: usize = 63;

/// Which of the two twins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twin {
    Now,
    History,
}

impl Twin {
    const BOTH: [Self; 2] = [Self::Now, Self::History];
}

/// A table's stored name in one generation of one revision.
pub(super) fn stored_name(table: &Table, revision: i32, generation: i32, twin: Twin) -> String {
    let suffix = match twin {
        Twin::Now => "",
        Twin::History => "_history",
    };
    format!("{}_r{revision}_g{generation}{suffix}", table.name)
}

/// Makes both twins of every table, without the indexes that only queries need.
pub(super) async fn create(
    connection: &impl ConnectionTrait,
    tables: &[Table],
    revision: i32,
    generation: i32,
) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    for table in tables {
        for twin in Twin::BOTH {
            connection.execute(&table_statement(table, revision, generation, twin, backend)).await?;
        }
    }
    Ok(())
}

/// The indexes that queries need, and the key of the past; cheaper to make after the bulk of the rows is there.
/// Each as the statements that make it, for one transaction.
pub(super) fn indexes_of(
    tables: &[Table],
    revision: i32,
    generation: i32,
    backend: DbBackend,
) -> Vec<Vec<String>> {
    let twins = tables.iter().flat_map(|table| Twin::BOTH.map(|twin| (table, twin)));
    let made = twins.flat_map(|(table, twin)| {
        let usual = index_statements(table, revision, generation, twin);
        let usual = usual.into_iter().map(move |index| vec![backend.build(&index).sql]);
        let stored = stored_name(table, revision, generation, twin);
        usual.chain(table.words.as_ref().map(|column| words::index_statements(backend, column, &stored)))
    });
    made.collect()
}

/// Statements after which PostgreSQL knows how many rows there are and what is in them; SQLite needs none.
pub(super) fn analyses_of(
    tables: &[Table],
    revision: i32,
    generation: i32,
    backend: DbBackend,
) -> Vec<String> {
    if backend != DbBackend::Postgres {
        return Vec::new();
    }
    let names = |twin| tables.iter().map(move |table| stored_name(table, revision, generation, twin));
    // Of the many buckets nearly all are small, while a query looks at the large ones: what there is in one of them on
    // average misleads the planner.
    let buckets = names(Twin::History)
        .map(|name| format!("ALTER TABLE \"{name}\" ALTER COLUMN \"{BUCKET}\" SET (n_distinct = {BUCKETS})"));
    let analyses = names(Twin::Now).chain(names(Twin::History)).map(|name| format!("ANALYZE \"{name}\""));
    buckets.chain(analyses).collect()
}

/// Drops both twins of every table.
pub(super) async fn drop(
    connection: &impl ConnectionTrait,
    tables: &[Table],
    revision: i32,
    generation: i32,
) -> Result<(), DbErr> {
    for table in tables {
        for twin in Twin::BOTH {
            let name = stored_name(table, revision, generation, twin);
            words::drop_index(connection, table, &name).await?;
            let statement: TableDropStatement =
                SqlTable::drop().table(Alias::new(name)).if_exists().to_owned();
            connection.execute(&statement).await?;
        }
    }
    Ok(())
}

fn table_statement(
    table: &Table,
    revision: i32,
    generation: i32,
    twin: Twin,
    backend: DbBackend,
) -> TableCreateStatement {
    let name = stored_name(table, revision, generation, twin);
    let mut statement = SqlTable::create();
    statement.table(Alias::new(name)).if_not_exists();
    for column in &table.columns {
        statement.col(column_definition(column, backend));
    }
    statement.col(ColumnDef::new(Alias::new(VALID_FROM)).big_integer().not_null());
    if let Some(column) = &table.words {
        statement.col(words::own_column(backend, column));
    }
    if twin == Twin::History {
        // The past has its key among the indexes: nothing looks there before all of it is built.
        statement.col(ColumnDef::new(Alias::new(VALID_TO)).big_integer().not_null());
        statement.col(ColumnDef::new(Alias::new(BUCKET)).big_integer().not_null());
        return statement;
    }
    let mut key = SqlIndex::create();
    for column in table.key_columns() {
        key.col(Alias::new(&column.name));
    }
    if table.words.is_some() && backend == DbBackend::Sqlite {
        // Rows have a number there, which is the primary key then.
        statement.index(key.unique());
    } else {
        statement.primary_key(&mut key);
    }
    statement
}

/// Text is matched and sorted by its bytes on both databases, whatever the server's locale is.
fn column_definition(column: &Column, backend: DbBackend) -> ColumnDef {
    let is_sqlite = backend == DbBackend::Sqlite;
    let is_text = matches!(
        column.definition,
        ColumnType::Char(_) | ColumnType::String(_) | ColumnType::Text | ColumnType::Enum { .. }
    );
    let mut definition = match &column.definition {
        _ if is_text => ColumnDef::new_with_type(Alias::new(&column.name), ColumnType::Text),
        ColumnType::Uuid if is_sqlite => ColumnDef::new_with_type(Alias::new(&column.name), ColumnType::Blob),
        other => ColumnDef::new_with_type(Alias::new(&column.name), other.clone()),
    };
    if is_text && !is_sqlite {
        definition.extra(r#"COLLATE "C""#);
    }
    if column.nullable {
        definition.null();
    } else {
        definition.not_null();
    }
    definition
}

fn index_statements(table: &Table, revision: i32, generation: i32, twin: Twin) -> Vec<IndexCreateStatement> {
    let stored = stored_name(table, revision, generation, twin);
    let mut statements: Vec<IndexCreateStatement> = table
        .indexes
        .iter()
        .map(|index| {
            let mut statement = SqlIndex::create();
            statement.name(format!("{stored}_{}", index.name)).table(Alias::new(&stored)).if_not_exists();
            let (before, after): (&[&str], &[&str]) = match (twin, index.leaves_few) {
                (Twin::Now, _) => (&[], &[VALID_FROM]),
                (Twin::History, false) => (&[BUCKET], &[VALID_FROM, VALID_TO]),
                (Twin::History, true) => (&[], &[VALID_FROM, VALID_TO]),
            };
            let own = index.columns.iter().map(String::as_str);
            let key = table.key_columns().map(|column| column.name.as_str());
            let key = key.filter(|name| !index.columns.iter().any(|own| own == name));
            let held = index
                .holds
                .iter()
                .map(String::as_str)
                .filter(|name| !index.columns.iter().any(|own| own == name));
            for column in
                before.iter().copied().chain(own).chain(key).chain(after.iter().copied()).chain(held)
            {
                statement.col(Alias::new(column));
            }
            statement
        })
        .collect();
    let (name, column) = match twin {
        Twin::Now => (BEGUN, VALID_FROM),
        Twin::History => (ENDED, VALID_TO),
    };
    let mut by_time = SqlIndex::create();
    by_time.name(format!("{stored}_{name}")).table(Alias::new(&stored)).if_not_exists();
    statements.push(by_time.col(Alias::new(column)).to_owned());
    if twin == Twin::History {
        let mut versions = SqlIndex::create();
        versions.name(format!("{stored}_{VERSIONS}")).table(Alias::new(&stored)).if_not_exists().unique();
        for column in table.key_columns() {
            versions.col(Alias::new(&column.name));
        }
        // The end too, so that versions that were over by then are passed over within the index.
        versions.col(Alias::new(VALID_FROM)).col(Alias::new(VALID_TO));
        statements.push(versions);
    }
    statements
}

/// What is wrong with a table's declaration, if anything: told when the program starts, not in its first query.
pub(super) fn complaint(table: &Table, revision: i32) -> Option<String> {
    let name = table.name;
    if table.key.is_empty() {
        return Some(format!("table {name} has no primary key"));
    }
    if table.key.len() > KEY_COLUMNS.len() {
        return Some(format!("the primary key of {name} has more than {} columns", KEY_COLUMNS.len()));
    }
    if ALIASES.contains(&name) {
        return Some(format!("table {name} has a name that statements need themselves"));
    }
    let own = [VALID_FROM, VALID_TO, BUCKET, DOCUMENT, LEXEMES];
    if let Some(column) = table.columns.iter().find(|c| own.contains(&c.name.as_str())) {
        return Some(format!("column {}.{} has a name that the engine needs itself", name, column.name));
    }
    if let Some(column) = table.columns.iter().find(|column| array_of(&column.values).is_none()) {
        return Some(format!(
            "column {}.{} holds {:?}; expected bool, i16, i32, i64, f32, f64, String, Vec<u8>, Uuid or JSON",
            name, column.name, column.values
        ));
    }
    let own = [VERSIONS, BEGUN, ENDED, words::SUFFIX];
    if let Some(index) = table.indexes.iter().find(|index| own.contains(&index.name)) {
        return Some(format!("index {} of {name} has a name that the engine needs itself", index.name));
    }
    let names = table.indexes.iter().map(|index| index.name).chain(own);
    let longest_index = names.map(str::len).max().unwrap_or(0);
    let longest = stored_name(table, revision, 99_999, Twin::History).len() + 1 + longest_index;
    (longest > LONGEST_NAME).then(|| {
        format!(
            "table {name} and its longest index make a name of {longest} bytes; at most {LONGEST_NAME} are kept"
        )
    })
}

/// The PostgreSQL type of an array of such values; `None` for kinds that do not travel in bulk.
pub(super) fn array_of(values: &ArrayType) -> Option<&'static str> {
    Some(match values {
        ArrayType::Bool => "bool[]",
        ArrayType::SmallInt => "int2[]",
        ArrayType::Int => "int4[]",
        ArrayType::BigInt => "int8[]",
        ArrayType::Float => "float4[]",
        ArrayType::Double => "float8[]",
        ArrayType::String => "text[]",
        ArrayType::Bytes => "bytea[]",
        ArrayType::Uuid => "uuid[]",
        ArrayType::Json => "jsonb[]",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::read_model::thing::{self, Column::Size};

    #[test]
    fn names_that_the_engine_needs_itself_are_complained_of() {
        let things = || Table::of::<thing::Entity>();
        assert_eq!(complaint(&things().index("size", &[Size]), 1), None);
        for name in [VERSIONS, BEGUN, ENDED, words::SUFFIX] {
            let complaint = complaint(&things().index(name, &[Size]), 1).unwrap_or_default();
            assert!(complaint.contains(&format!("index {name} of things")), "{complaint}");
        }
        for name in ALIASES {
            let complaint = complaint(&Table { name, ..things() }, 1).unwrap_or_default();
            assert!(complaint.contains(&format!("table {name} has a name")), "{complaint}");
        }
    }
}
