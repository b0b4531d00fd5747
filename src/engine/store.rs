//! Connections: what is durable, what may lag, and which of the two databases it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend, DbErr, RuntimeErr};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file; its folder exists.
    Sqlite(PathBuf),
    /// A PostgreSQL connection URL. May hold a password: never logged.
    Postgres(String),
}

/// What a store holds, and so what its connections promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Precious: a commit that was answered survives a power cut.
    Log,
    /// Disposable: rows and checkpoint may fall back together.
    ReadModels,
}

/// A database: a pool to read from and, on SQLite, the one connection that writes; on PostgreSQL, another pool to read
/// read models from.
#[derive(Clone, Debug)]
pub struct Store {
    reader: DatabaseConnection,
    steady_reader: DatabaseConnection,
    writer: DatabaseConnection,
    statements: Arc<AtomicU64>,
}

/// How long a statement waits for a connection or a lock before it gives up.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait for a connection that keeps plans: any other that reads will do.
const PATIENCE_FOR_STEADY: Duration = Duration::from_secs(1);

/// SQLite's page cache of the connection that writes read models.
const CACHE_KIBIBYTES: u32 = 65_536;

/// Pages in SQLite's write-ahead log of the read models before they are copied to the file: 32 MiB.
const PAGES_BEFORE_CHECKPOINT: &str = "8192";

/// Statements that each connection which reads from SQLite keeps prepared, the latest used. A page of the past takes some 0.3 MB, so
/// this many, and not the hundred that are usual.
const STATEMENTS_KEPT: usize = 40;

/// Rows that SQLite's thread may be ahead of who reads them.
const ROWS_ON_THEIR_WAY: usize = 256;

/// What PostgreSQL has for steady statements: a plan that is kept, and that walks over indexes in their order whatever the
/// tables held when it was made. What cannot be done so is done all the same, but counts as dear enough to be compiled.
const STEADY: [(&str, &str); 5] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_sort", "off"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("jit", "off"),
];

/// How long a connection may idle before it is tested on its next use.
const TEST_WHEN_IDLE_FOR: Duration = Duration::from_secs(30);

impl Store {
    /// Opens a database with `connections` to read from, and as many for steady statements on read models in PostgreSQL; a
    /// SQLite file is made when it is not there.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses.
    pub async fn open(location: &Location, purpose: Purpose, connections: u32) -> Result<Self, DbErr> {
        match location {
            Location::Sqlite(file) => open_sqlite(file, purpose, connections).await,
            Location::Postgres(url) => open_postgres(url, purpose, connections).await,
        }
    }

    /// For statements that only read.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For statements that only read, and are carried out best in one way, whatever their values: PostgreSQL keeps their
    /// plans. To find the plan of a page of the past takes it as long as to carry it out. Where no connection is to be had
    /// soon, [`reader`](Self::reader) answers the same.
    pub fn steady_reader(&self) -> &DatabaseConnection {
        &self.steady_reader
    }

    /// For statements that change something.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Which database this is.
    pub fn backend(&self) -> DbBackend {
        self.reader.get_database_backend()
    }

    /// Whether this is SQLite.
    pub fn is_sqlite(&self) -> bool {
        self.backend() == DbBackend::Sqlite
    }

    /// How many statements were carried out so far, but for those that begin and end transactions.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    fn new(
        reader: DatabaseConnection,
        steady_reader: Option<DatabaseConnection>,
        writer: Option<DatabaseConnection>,
    ) -> Self {
        let statements = Arc::new(AtomicU64::new(0));
        let counted = |mut connection: DatabaseConnection| {
            let statements = statements.clone();
            connection.set_metric_callback(move |_| {
                statements.fetch_add(1, Ordering::Relaxed);
            });
            connection
        };
        let reader = counted(reader);
        let steady_reader = steady_reader.map_or_else(|| reader.clone(), counted);
        let writer = writer.map_or_else(|| reader.clone(), counted);
        Self { reader, steady_reader, writer, statements }
    }

    /// Closes every connection, waiting for what is under way.
    pub async fn close(&self) {
        for connection in [&self.reader, &self.steady_reader, &self.writer] {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "a database connection did not close cleanly");
            }
        }
    }
}

async fn open_sqlite(file: &Path, purpose: Purpose, connections: u32) -> Result<Store, DbErr> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match purpose {
            Purpose::Log => SqliteSynchronous::Full,
            Purpose::ReadModels => SqliteSynchronous::Normal,
        })
        .busy_timeout(PATIENCE)
        // Rows on their way from SQLite's thread: the two take turns less often.
        .row_buffer_size(ROWS_ON_THEIR_WAY)
        .pragma("temp_store", "MEMORY");
    let pool = |connections| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(PATIENCE)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
    };
    // The writer first: it makes the file and turns on the write-ahead log, which readers rely on.
    let writing = match purpose {
        Purpose::Log => options.clone(),
        // Bulks of rows: most of the tree at hand, and fewer copies from the write-ahead log.
        Purpose::ReadModels => options
            .clone()
            .pragma("cache_size", format!("-{CACHE_KIBIBYTES}"))
            .pragma("wal_autocheckpoint", PAGES_BEFORE_CHECKPOINT),
    };
    let writer = pool(1).connect_with(writing).await.map_err(unreachable_database)?;
    let reading = options.pragma("query_only", "ON").statement_cache_capacity(STATEMENTS_KEPT);
    let reader = pool(connections).connect_with(reading).await.map_err(unreachable_database)?;
    Ok(Store::new(reader.into(), None, Some(writer.into())))
}

async fn open_postgres(url: &str, purpose: Purpose, connections: u32) -> Result<Store, DbErr> {
    let (durability, planning) = match purpose {
        Purpose::Log => ("on", "auto"),
        // A generic plan for "at position p" was measured at 135 ms where a custom one took 0.2.
        Purpose::ReadModels => ("off", "force_custom_plan"),
    };
    let options =
        url.parse::<PgConnectOptions>().map_err(unreachable_database)?.application_name("hindsight").options(
            [
                ("synchronous_commit", durability),
                ("default_transaction_isolation", "read committed"),
                ("statement_timeout", "30s"),
                ("idle_in_transaction_session_timeout", "5s"),
            ],
        );
    let pool = |patience| {
        PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(patience)
            .test_before_acquire(false)
            .before_acquire(|connection, held| {
                Box::pin(async move {
                    if held.idle_for < TEST_WHEN_IDLE_FOR {
                        return Ok(true);
                    }
                    Ok(sqlx::Connection::ping(connection).await.is_ok())
                })
            })
    };
    let reading = options.clone().options([("plan_cache_mode", planning)]);
    let reader = pool(PATIENCE).connect_with(reading).await.map_err(unreachable_database)?;
    let steady_reader = match purpose {
        Purpose::Log => None,
        Purpose::ReadModels => {
            Some(pool(PATIENCE_FOR_STEADY).connect_lazy_with(options.options(STEADY)).into())
        }
    };
    Ok(Store::new(reader.into(), steady_reader, None))
}

fn unreachable_database(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(error.into()))
}

/// What a failed statement means for what it tried to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The data itself was refused (PostgreSQL's classes 22, 23 and 54, SQLite's constraint and mismatch): nothing was written.
    Data,
    /// The connection was lost, the statement timed out, or the server said something else: it may or may not have happened.
    Unknown,
}

/// Sorts a database error into what it means for a statement's outcome.
pub fn failure_of(error: &DbErr) -> Failure {
    let (DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause))) = error
    else {
        return Failure::Unknown;
    };
    let sqlx::Error::Database(refusal) = cause.as_ref() else { return Failure::Unknown };
    let Some(code) = refusal.code() else { return Failure::Unknown };
    // PostgreSQL: five characters, the class first. SQLite: a number whose low byte is the primary code.
    let is_data = match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 18..=20),
        // Class 54 is what is larger than the server takes, such as an entry of an index.
        _ => ["22", "23", "54"].iter().any(|class| code.starts_with(class)),
    };
    if is_data { Failure::Data } else { Failure::Unknown }
}

/// Whether trying again is of no use: the data was refused, a table or a column is not there, or what a row holds
/// cannot be read.
pub fn refuses(error: &DbErr) -> bool {
    if failure_of(error) == Failure::Data {
        return true;
    }
    match error {
        DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } => true,
        DbErr::Exec(RuntimeErr::SqlxError(cause)) | DbErr::Query(RuntimeErr::SqlxError(cause)) => {
            match cause.as_ref() {
                sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) => true,
                // PostgreSQL: undefined table or column. SQLite: the general code, told by its message alone.
                sqlx::Error::Database(refusal) => {
                    refusal.code().is_some_and(|code| code == "42P01" || code == "42703")
                        || ["no such table", "no such column", "has no column"]
                            .iter()
                            .any(|known| refusal.message().contains(known))
                }
                _ => false,
            }
        }
        _ => false,
    }
}
