//! A home for one test's data: a SQLite folder or a PostgreSQL database, gone when the test is over.

use hindsight::engine::store::Location;
use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;

/// Where a test's log and read models live.
pub enum Home {
    Sqlite(TempDir),
    Postgres { server: String, database: String },
}

impl Home {
    pub fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().expect("a temporary folder"))
    }

    /// A new database on the server that `TEST_DATABASE_URL` names; `None`, and said so, with `SKIP_POSTGRES=1`.
    pub async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var("TEST_DATABASE_URL") else {
            let skipped = std::env::var("SKIP_POSTGRES").is_ok_and(|value| value == "1");
            assert!(
                skipped,
                "TEST_DATABASE_URL is not set: run the tests through `make test`, or set SKIP_POSTGRES=1"
            );
            println!("SKIPPED: PostgreSQL (SKIP_POSTGRES=1)");
            return None;
        };
        let database = format!("hindsight_{}", uuid::Uuid::now_v7().simple());
        let connection = Database::connect(&server).await.expect("the test server");
        connection.execute_unprepared(&format!("CREATE DATABASE {database}")).await.expect("a new database");
        connection.close().await.expect("closed");
        Some(Self::Postgres { server, database })
    }

    /// A new home of the same kind.
    pub async fn another(&self) -> Self {
        match self {
            Self::Sqlite(_) => Self::sqlite(),
            Self::Postgres { .. } => Self::postgres().await.expect("the server of this one"),
        }
    }

    /// Where the log lives.
    pub fn log(&self) -> Location {
        self.location("log.db")
    }

    /// Where the read models live: on SQLite beside the log, on PostgreSQL in the same database.
    pub fn read_models(&self) -> Location {
        self.location("read.db")
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    fn location(&self, file: &str) -> Location {
        match self {
            Self::Sqlite(folder) => Location::Sqlite(folder.path().join(file)),
            Self::Postgres { server, database } => Location::Postgres(with_database(server, database)),
        }
    }

    /// Takes the database away; a test that failed leaves it behind to be looked at.
    pub async fn leave(self) {
        if let Self::Postgres { server, database } = self {
            let connection = Database::connect(&server).await.expect("the test server");
            let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
            connection.execute_unprepared(&drop).await.expect("dropped");
        }
    }
}

/// The server's URL with another database: `postgres://host/old?x` becomes `postgres://host/new?x`.
fn with_database(server: &str, database: &str) -> String {
    let (address, options) = server.split_once('?').map_or((server, None), |(a, o)| (a, Some(o)));
    let (scheme, rest) = address.split_once("://").expect("a URL");
    let host = rest.split('/').next().unwrap_or_default();
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{scheme}://{host}/{database}{options}")
}
