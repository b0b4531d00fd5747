//! The tables of the log and the catalogue of read models, for SQLite and PostgreSQL.
//!
//! Two migrators with a table of migrations each, because log and read models may live in two databases.
//! The read models' own tables are made by the engine, from each model's definition.

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

mod m20261101_000001_catalogue;
mod m20261101_000001_log;

/// Makes and upgrades the log: `events`, `log_head`, `claims`, `snapshots`.
pub struct LogMigrator;

#[async_trait::async_trait]
impl MigratorTrait for LogMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261101_000001_log::Migration)]
    }

    fn migration_table_name() -> DynIden {
        Alias::new("log_migrations").into_iden()
    }
}

/// Makes and upgrades the catalogue of read models: `read_models`.
pub struct CatalogueMigrator;

#[async_trait::async_trait]
impl MigratorTrait for CatalogueMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m20261101_000001_catalogue::Migration)]
    }

    fn migration_table_name() -> DynIden {
        Alias::new("catalogue_migrations").into_iden()
    }
}

/// The column types that the two databases name differently.
struct Types {
    backend: DbBackend,
}

impl Types {
    fn of(manager: &SchemaManager<'_>) -> Self {
        Self { backend: manager.get_database_backend() }
    }

    fn is_sqlite(&self) -> bool {
        self.backend == DbBackend::Sqlite
    }

    /// 64 bits. On SQLite `integer`, so that a primary key of it is the row's own number and costs no second tree.
    fn number(&self, name: &str) -> ColumnDef {
        let mut column = ColumnDef::new(Alias::new(name));
        if self.is_sqlite() {
            column.integer()
        } else {
            column.big_integer()
        };
        column.not_null();
        column
    }

    fn small(name: &str) -> ColumnDef {
        ColumnDef::new(Alias::new(name)).integer().not_null().to_owned()
    }

    /// 16 bytes on SQLite, `uuid` on PostgreSQL.
    fn uuid(&self, name: &str) -> ColumnDef {
        let mut column = ColumnDef::new(Alias::new(name));
        if self.is_sqlite() {
            column.blob()
        } else {
            column.uuid()
        };
        column.not_null();
        column
    }

    fn bytes(name: &str) -> ColumnDef {
        ColumnDef::new(Alias::new(name)).blob().not_null().to_owned()
    }

    fn text(name: &str) -> ColumnDef {
        ColumnDef::new(Alias::new(name)).text().not_null().to_owned()
    }

    fn text_or_null(name: &str) -> ColumnDef {
        ColumnDef::new(Alias::new(name)).text().null().to_owned()
    }
}

/// An index whose columns stand in the order given.
fn index(name: &str, table: &str, columns: &[&str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(Alias::new(table));
    for column in columns {
        index.col(Alias::new(*column));
    }
    index
}
