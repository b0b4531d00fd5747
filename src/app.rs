//! The composition root: plain constructor calls, from databases up to a router.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use migration::{CatalogueMigrator, LogMigrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DbErr, Statement, TransactionTrait};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::settings::Settings;
use crate::api::shop::Shop;
use crate::config::Storage;
use crate::engine::feed::Feed;
use crate::engine::log::{Log, LogError};
use crate::engine::moment::Moments;
use crate::engine::read_model::{self, Builder, ReadModels, StartError as ReadModelError};
use crate::engine::store::{Location, Purpose, Store};
use crate::engine::time::{Instant, SharedClock};
use crate::engine::writer::{Writer, WriterSettings};
use crate::graphql::Engine;
use crate::{api, read, write};

/// A running node: it decides, projects and follows the log until it is stopped.
pub struct App {
    pub engine: Arc<Engine>,
    pub writer: Writer,
    clock: SharedClock,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
    stores: [Store; 2],
    /// Held as long as the node runs: only one process writes to a folder.
    _folder: Option<File>,
}

/// Why a node could not be started; said to the one who starts it.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the data folder {folder} cannot be used: {cause}")]
    Folder { folder: String, cause: std::io::Error },
    #[error(
        "the data folder {0} is in use by another hindsight process; stop that one first, or name another --data-dir"
    )]
    InUse(String),
    #[error("there is no data at {0}; name the folder with --data-dir, or run `hindsight serve` first")]
    NoData(String),
    #[error("the database of the {what} cannot be reached: {cause}")]
    Unreachable { what: &'static str, cause: DbErr },
    #[error("the database of the {what} cannot be migrated: {cause}")]
    Migration { what: &'static str, cause: DbErr },
    #[error(
        "the database of the {what} was migrated by a newer hindsight ({newer}); run that one or a newer one"
    )]
    Newer { what: &'static str, newer: String },
    #[error("restoring this log was cut short; run `hindsight import --events` again, with the same file")]
    RestoredInPart,
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    ReadModels(#[from] ReadModelError),
}

impl App {
    /// Opens the databases, brings them up to date and starts everything but the server.
    ///
    /// # Errors
    /// When the data cannot be used.
    pub async fn start(storage: &Storage, clock: SharedClock) -> Result<Self, StartError> {
        Self::start_with(storage, clock, read_model::Settings::default()).await
    }

    /// The same with other settings of the read models.
    ///
    /// # Errors
    /// When the data cannot be used.
    pub async fn start_with(
        storage: &Storage,
        clock: SharedClock,
        settings: read_model::Settings,
    ) -> Result<Self, StartError> {
        let folder = storage.folder().map(|folder| claim(folder)).transpose()?;
        let stores = open(storage).await?;
        migrate(&stores).await?;
        let [log, read_models] = &stores;
        let stop = CancellationToken::new();
        let log = Log::open(log.clone()).await?;
        if log.is_restored_in_part().await? {
            return Err(StartError::RestoredInPart);
        }
        let feed = Feed::open(log.clone()).await?;
        let builder = ReadModels::builder(read_models.clone(), log.clone()).settings(settings);
        let builder = read::read_models(builder);
        let read_models = Arc::new(builder.start(feed.positions(), stop.clone()).await?);
        let moments = Moments::new(log.clone(), feed.clone(), clock.clone());
        let settings = WriterSettings::default();
        let (writer, writing) = Writer::start(
            log.clone(),
            write::aggregates(),
            feed.clone(),
            clock.clone(),
            settings,
            stop.clone(),
        );
        let tasks = vec![writing, tokio::spawn(feed.clone().run(stop.clone()))];
        let engine = Arc::new(Engine { log, feed, moments, read_models });
        Ok(Self { engine, writer, clock, stop, tasks, stores, _folder: folder })
    }

    /// The present by this node's clock.
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Statements that read models have been asked and written with so far.
    pub fn read_statements(&self) -> u64 {
        self.stores[1].statements()
    }

    /// Everything the server answers. Connections end when `shutdown` is cancelled.
    ///
    /// # Errors
    /// When the schema's own text cannot be read: a fault of ours.
    pub fn router(
        &self,
        settings: Settings,
        shutdown: CancellationToken,
    ) -> Result<axum::Router, async_graphql::parser::Error> {
        let shop = Shop::new(self.engine.clone(), self.writer.clone(), self.clock.clone(), &settings);
        api::router(shop.executor(), shop, settings, shutdown)
    }

    /// Carries out what waits, then ends and closes the databases.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task did not end well");
            }
        }
        self.engine.read_models.ended().await;
        for store in &self.stores {
            store.close().await;
        }
    }

    /// Waits until every read model has come to the log's head of now; says which have not within `patience`.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn caught_up(&self, patience: Duration) -> Result<Vec<&'static str>, LogError> {
        let head = self.engine.log.head().await?.position;
        let mut behind = Vec::new();
        for model in self.engine.read_models.status() {
            let reader = self.engine.read_models.reader_named(model.name);
            let Some(reader) = reader else { continue };
            if reader.wait_for(head, patience).await.is_err() {
                behind.push(model.name);
            }
        }
        Ok(behind)
    }
}

/// Makes the folder and takes it for this process.
fn claim(folder: &Path) -> Result<File, StartError> {
    let failed = |cause| StartError::Folder { folder: folder.display().to_string(), cause };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let file = File::create(folder.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(StartError::InUse(folder.display().to_string())),
        Err(std::fs::TryLockError::Error(cause)) => Err(failed(cause)),
    }
}

async fn open(storage: &Storage) -> Result<[Store; 2], StartError> {
    let unreachable = |what| move |cause| StartError::Unreachable { what, cause };
    let log = Store::open(&storage.log(), Purpose::Log, storage.connections).await;
    let read = Store::open(&storage.read_models(), Purpose::ReadModels, storage.connections).await;
    Ok([log.map_err(unreachable("log"))?, read.map_err(unreachable("read models"))?])
}

/// Makes the folder and the tables, or brings them up to date; refuses those of a newer program.
///
/// # Errors
/// When the data cannot be used.
pub async fn prepare(storage: &Storage) -> Result<(), StartError> {
    let _folder = storage.folder().map(|folder| claim(folder)).transpose()?;
    let stores = open(storage).await?;
    migrate(&stores).await?;
    for store in &stores {
        store.close().await;
    }
    Ok(())
}

/// The log of data that is there, for those who only read it; takes nothing for itself and changes nothing.
///
/// # Errors
/// When there is no log.
pub async fn open_log(storage: &Storage) -> Result<Log, StartError> {
    let store = open_existing(&storage.log(), Purpose::Log, "log").await?;
    Ok(Log::open(store).await?)
}

/// The database of the read models of data that is there, likewise.
///
/// # Errors
/// When there is none.
pub async fn open_read_models(storage: &Storage) -> Result<Store, StartError> {
    open_existing(&storage.read_models(), Purpose::ReadModels, "read models").await
}

async fn open_existing(
    location: &Location,
    purpose: Purpose,
    what: &'static str,
) -> Result<Store, StartError> {
    if let Location::Sqlite(file) = location
        && !file.exists()
    {
        return Err(StartError::NoData(file.display().to_string()));
    }
    Store::open(location, purpose, 2).await.map_err(|cause| StartError::Unreachable { what, cause })
}

/// Read models to be held against the log, and the same to be folded anew in a folder that goes with this value.
pub struct Replay {
    pub kept: Builder,
    pub anew: Builder,
    _scratch: tempfile::TempDir,
}

/// Events folded in one transaction where nobody waits for them.
const REPLAY_BATCH: u64 = 5_000;

/// Opens what a proof of the read models needs: those that are there, only to be read, and tables of its own among the
/// temporary files, on SQLite whatever the read models are on.
///
/// # Errors
/// When the temporary folder cannot be used.
pub async fn open_replay(kept: &Store, log: &Log) -> Result<Replay, StartError> {
    let failed = |cause| StartError::Folder { folder: std::env::temp_dir().display().to_string(), cause };
    let scratch = tempfile::tempdir().map_err(failed)?;
    let location = Location::Sqlite(scratch.path().join("anew.db"));
    let what = "replay";
    let store = Store::open(&location, Purpose::ReadModels, 1).await;
    let store = store.map_err(|cause| StartError::Unreachable { what, cause })?;
    up::<CatalogueMigrator>(&store, what).await?;
    let settings = read_model::Settings { batch: REPLAY_BATCH, ..read_model::Settings::default() };
    let models = |store: &Store| {
        read::read_models(ReadModels::builder(store.clone(), log.clone()).settings(settings.clone()))
    };
    Ok(Replay { kept: models(kept), anew: models(&store), _scratch: scratch })
}

/// The read models without a server: opened, not following the log.
pub struct Projections {
    pub log: Log,
    pub read_models: ReadModels,
    _folder: Option<File>,
}

/// A migrated log to bring events into, held for this process alone on SQLite.
pub struct EmptyLog {
    pub log: Log,
    _folder: Option<File>,
}

/// Opens a log to bring events into; whether it is empty is for the one who does.
///
/// # Errors
/// When the data cannot be used.
pub async fn open_empty(storage: &Storage) -> Result<EmptyLog, StartError> {
    let folder = storage.folder().map(|folder| claim(folder)).transpose()?;
    let stores = open(storage).await?;
    migrate(&stores).await?;
    let [log, read_models] = stores;
    read_models.close().await;
    Ok(EmptyLog { log: Log::open(log).await?, _folder: folder })
}

/// Opens the read models to work on them.
///
/// # Errors
/// When the data cannot be used.
pub async fn open_projections(storage: &Storage) -> Result<Projections, StartError> {
    let folder = storage.folder().map(|folder| claim(folder)).transpose()?;
    let stores = open(storage).await?;
    migrate(&stores).await?;
    let [log, read_models] = stores;
    let log = Log::open(log).await?;
    let read_models = read::read_models(ReadModels::builder(read_models, log.clone())).open().await?;
    Ok(Projections { log, read_models, _folder: folder })
}

async fn migrate([log, read_models]: &[Store; 2]) -> Result<(), StartError> {
    up::<LogMigrator>(log, "log").await?;
    up::<CatalogueMigrator>(read_models, "read models").await
}

/// The key of the lock that keeps two nodes from migrating at once: the letters of "hindsigh".
const MIGRATION_LOCK: i64 = 0x6869_6e64_7369_6768;

async fn up<M: MigratorTrait>(store: &Store, what: &'static str) -> Result<(), StartError> {
    let failed = |cause| StartError::Migration { what, cause };
    // On SQLite the folder is this process's own. On PostgreSQL the lock ends with the transaction, however that ends.
    let lock = store.writer().begin().await.map_err(failed)?;
    if !store.is_sqlite() {
        let take = "SELECT pg_advisory_xact_lock($1)";
        let take = Statement::from_sql_and_values(store.backend(), take, [MIGRATION_LOCK.into()]);
        lock.execute_raw(take).await.map_err(failed)?;
    }
    M::install(&lock).await.map_err(failed)?;
    let applied = M::get_migration_models(&lock).await.map_err(failed)?;
    let known: Vec<String> = M::get_migration_files().iter().map(|file| file.name().to_owned()).collect();
    if let Some(newer) = applied.into_iter().find(|applied| !known.contains(&applied.version)) {
        return Err(StartError::Newer { what, newer: newer.version });
    }
    M::up(&lock, None).await.map_err(failed)?;
    lock.commit().await.map_err(failed)
}
