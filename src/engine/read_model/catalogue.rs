//! The catalogue: which generations of a revision there are, how far each has got, and why one stopped.

use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    QueryFilter, QueryOrder, QueryTrait, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use uuid::Uuid;

use super::definition::Table;
use super::table;
use crate::engine::event::{Hash, Position};
use crate::engine::store::Store;

/// The catalogue's table.
pub mod read_models {
    use sea_orm::entity::prelude::*;
    use uuid::Uuid;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "read_models")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub generation: i32,
        pub state: State,
        pub log_id: Uuid,
        pub position: i64,
        pub hash: Vec<u8>,
        pub failure: Option<String>,
        pub retired_at: i64,
    }

    /// What a generation is there for. At most one of a revision serves.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text")]
    pub enum State {
        #[sea_orm(string_value = "building")]
        Building,
        #[sea_orm(string_value = "serving")]
        Serving,
        #[sea_orm(string_value = "retired")]
        Retired,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) use read_models::State;
use read_models::{ActiveModel, Column, Entity, Model};

/// Names one generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Generation {
    pub name: &'static str,
    pub revision: i32,
    pub number: i32,
}

/// How far a generation has got in which log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub log_id: Uuid,
    pub position: Position,
    /// The hash of the event at `position`, or the genesis hash at 0.
    pub hash: Hash,
}

/// A generation as the catalogue has it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub generation: i32,
    pub state: State,
    pub mark: Mark,
    pub failure: Option<String>,
    /// Microseconds since 1970; 0 unless retired.
    pub retired_at: i64,
}

impl From<Model> for Entry {
    fn from(row: Model) -> Self {
        // A hash of another length is of no log, and is found out as such.
        let hash = Hash::from_bytes(&row.hash).unwrap_or(Hash::NONE);
        Self {
            generation: row.generation,
            state: row.state,
            mark: Mark { log_id: row.log_id, position: Position::from_stored(row.position), hash },
            failure: row.failure,
            retired_at: row.retired_at,
        }
    }
}

/// Begins a transaction that will write: on SQLite at once, so that it never has to give way in its middle.
pub(super) async fn begin(store: &Store) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: store.is_sqlite().then_some(SqliteTransactionMode::Immediate),
        ..Default::default()
    };
    store.writer().begin_with_options(options).await
}

/// Every generation of a revision, oldest first.
pub(super) async fn all(
    connection: &impl ConnectionTrait,
    name: &str,
    revision: i32,
) -> Result<Vec<Entry>, DbErr> {
    let rows = Entity::find()
        .filter(Column::Name.eq(name))
        .filter(Column::Revision.eq(revision))
        .order_by_asc(Column::Generation)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(Entry::from).collect())
}

/// One generation.
pub(super) async fn one(
    connection: &impl ConnectionTrait,
    generation: Generation,
) -> Result<Option<Entry>, DbErr> {
    Ok(Entity::find_by_id(generation.key()).one(connection).await?.map(Entry::from))
}

/// Makes a generation, row and tables, unless it is there; of two nodes at once, one makes it and the other waits.
pub(super) async fn ensure(
    store: &Store,
    generation: Generation,
    state: State,
    start: Mark,
    tables: &[Table],
) -> Result<(), DbErr> {
    let transaction = begin(store).await?;
    let row = ActiveModel {
        name: Set(generation.name.to_owned()),
        revision: Set(generation.revision),
        generation: Set(generation.number),
        state: Set(state),
        log_id: Set(start.log_id),
        position: Set(start.position.get()),
        hash: Set(start.hash.0.to_vec()),
        failure: Set(None),
        retired_at: Set(0),
    };
    // The row first: on PostgreSQL its unique key makes a second node wait here until the tables are there.
    Entity::insert(row)
        .on_conflict(
            OnConflict::columns([Column::Name, Column::Revision, Column::Generation]).do_nothing().to_owned(),
        )
        .exec_without_returning(&transaction)
        .await?;
    table::create(&transaction, tables, generation.revision, generation.number).await?;
    if state == State::Serving {
        let backend = store.backend();
        let indexes = table::indexes_of(tables, generation.revision, generation.number, backend);
        for statement in indexes.into_iter().flatten() {
            transaction.execute_unprepared(&statement).await?;
        }
    }
    transaction.commit().await
}

/// Moves a checkpoint if it still stands at `from`; `false` when another runner was faster or the model has stopped.
pub(super) async fn swap(
    connection: &impl ConnectionTrait,
    generation: Generation,
    state: State,
    from: Mark,
    to: Mark,
) -> Result<bool, DbErr> {
    let swapped = Entity::update_many()
        .col_expr(Column::Position, Expr::value(to.position.get()))
        .col_expr(Column::Hash, Expr::value(to.hash.0.to_vec()))
        .filter(generation.is())
        .filter(Column::State.eq(state))
        .filter(Column::LogId.eq(from.log_id))
        .filter(Column::Position.eq(from.position.get()))
        .filter(Column::Hash.eq(from.hash.0.to_vec()))
        .filter(Column::Failure.is_null())
        .exec(connection)
        .await?;
    Ok(swapped.rows_affected == 1)
}

/// Writes down why a generation stopped, if it still stands at `at`. Its hash is not looked at: it may be what is wrong.
pub(super) async fn fail(
    connection: &impl ConnectionTrait,
    generation: Generation,
    at: Position,
    failure: &str,
) -> Result<bool, DbErr> {
    let stopped = Entity::update_many()
        .col_expr(Column::Failure, Expr::value(failure))
        .filter(generation.is())
        .filter(Column::Position.eq(at.get()))
        .filter(Column::Failure.is_null())
        .exec(connection)
        .await?;
    Ok(stopped.rows_affected == 1)
}

/// Sets a generation's state.
pub(super) async fn set_state(
    connection: &impl ConnectionTrait,
    generation: Generation,
    state: State,
    retired_at: i64,
) -> Result<(), DbErr> {
    Entity::update_many()
        .col_expr(Column::State, Expr::value(state))
        .col_expr(Column::RetiredAt, Expr::value(retired_at))
        .filter(generation.is())
        .exec(connection)
        .await?;
    Ok(())
}

/// Reads every generation of a revision and keeps their checkpoints from moving until the transaction ends.
pub(super) async fn lock_all(
    transaction: &DatabaseTransaction,
    name: &str,
    revision: i32,
) -> Result<Vec<Entry>, DbErr> {
    let mut select = Entity::find()
        .filter(Column::Name.eq(name))
        .filter(Column::Revision.eq(revision))
        .order_by_asc(Column::Generation);
    // On SQLite the transaction itself, begun IMMEDIATE, is the lock.
    if transaction.get_database_backend() == DbBackend::Postgres {
        QueryTrait::query(&mut select).lock(LockType::Update);
    }
    Ok(select.all(transaction).await?.into_iter().map(Entry::from).collect())
}

/// Keeps a generation's checkpoint from moving until the transaction ends.
pub(super) async fn lock(transaction: &DatabaseTransaction, generation: Generation) -> Result<(), DbErr> {
    let mut select = Entity::find_by_id(generation.key());
    if transaction.get_database_backend() == DbBackend::Postgres {
        QueryTrait::query(&mut select).lock(LockType::Update);
    }
    select.one(transaction).await.map(|_| ())
}

/// Drops a retired generation: its row and its tables.
pub(super) async fn bury(store: &Store, generation: Generation, tables: &[Table]) -> Result<(), DbErr> {
    let transaction = begin(store).await?;
    if transaction.get_database_backend() == DbBackend::Postgres {
        // A table that somebody still reads is dropped another time: readers that come later must not queue up behind.
        transaction.execute_unprepared("SET LOCAL lock_timeout = '1s'").await?;
    }
    let buried = Entity::delete_many()
        .filter(generation.is())
        .filter(Column::State.eq(State::Retired))
        .exec(&transaction)
        .await?;
    if buried.rows_affected == 1 {
        table::drop(&transaction, tables, generation.revision, generation.number).await?;
    }
    transaction.commit().await
}

impl Generation {
    fn key(self) -> (String, i32, i32) {
        (self.name.to_owned(), self.revision, self.number)
    }

    fn is(self) -> sea_orm::Condition {
        sea_orm::Condition::all()
            .add(Column::Name.eq(self.name))
            .add(Column::Revision.eq(self.revision))
            .add(Column::Generation.eq(self.number))
    }
}

/// Lets statements that make indexes take their time.
pub(super) async fn without_timeout(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
    }
    Ok(())
}

/// Lets many events be folded between two statements, as they are while a generation is being built.
pub(super) async fn with_time_to_fold(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DbBackend::Postgres {
        transaction.execute_unprepared("SET LOCAL idle_in_transaction_session_timeout = '60s'").await?;
    }
    Ok(())
}
