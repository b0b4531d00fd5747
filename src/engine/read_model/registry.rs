//! The registry: every read model of the program, started together and found by type or name.

use std::sync::Arc;

use sea_orm::DbErr;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::building;
use super::definition::{Folding, ReadModel, Table};
use super::instance::{Checkpoint, Instance, Settings};
use super::pages::Types;
use super::reader::Reader;
use super::rebuild::{self, RebuildError, Rebuilt};
use super::runner;
use super::status::{ModelStatus, status};
use super::table;
use crate::engine::event::Position;
use crate::engine::log::{Log, LogError};
use crate::engine::store::Store;

/// Why the read models could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("read model {model}: {complaint}")]
    Declaration { model: &'static str, complaint: String },
    #[error(transparent)]
    Log(#[from] LogError),
}

/// Gathers the read models of a program.
pub struct Builder {
    store: Store,
    log: Log,
    settings: Settings,
    models: Vec<Declared>,
}

struct Declared {
    name: &'static str,
    revision: i32,
    types: Types,
    tables: Vec<Table>,
    folding: Box<dyn Folding>,
}

impl Builder {
    /// Other settings than the defaults.
    #[must_use]
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Adds a read model.
    #[must_use]
    pub fn with<M: ReadModel>(mut self, model: M) -> Self {
        let tables = M::tables();
        let folding: Box<dyn Folding> = Box::new(model);
        let (name, revision, types) = (M::NAME, M::REVISION, M::STREAM_TYPES);
        self.models.push(Declared { name, revision, types, tables, folding });
        self
    }

    /// Checks the declarations and makes the tables that are missing; nothing runs yet.
    ///
    /// # Errors
    /// A declaration that cannot be kept, or a database that cannot be reached or has no catalogue.
    pub async fn open(self) -> Result<ReadModels, StartError> {
        let declared = self.declared()?;
        let mut models = Vec::with_capacity(declared.len());
        for instance in declared {
            instance.show(&instance.entry().await?);
            models.push(Arc::new(instance));
        }
        Ok(ReadModels { models: models.into(), head: None, running: Mutex::default() })
    }

    /// Opens the read models and lets each follow the log, as far as `head` says it goes, until cancelled.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn start(
        self,
        head: watch::Receiver<Position>,
        cancel: CancellationToken,
    ) -> Result<ReadModels, StartError> {
        let mut opened = self.open().await?;
        for model in opened.models.iter() {
            opened.running.get_mut().spawn(runner::run(Arc::clone(model), head.clone(), cancel.clone()));
        }
        opened.head = Some(head);
        Ok(opened)
    }

    /// Every model as it is declared, whatever the database holds of it.
    pub(super) fn declared(self) -> Result<Vec<Instance>, StartError> {
        self.check()?;
        let Self { store, log, settings, models } = self;
        let instance = |declared: Declared| {
            Instance::new(
                (declared.name, declared.revision, declared.types),
                declared.tables,
                declared.folding,
                (store.clone(), log.clone()),
                settings.clone(),
            )
        };
        Ok(models.into_iter().map(instance).collect())
    }

    fn check(&self) -> Result<(), StartError> {
        let mut names = std::collections::HashSet::new();
        for declared in &self.models {
            let refused = |complaint| StartError::Declaration { model: declared.name, complaint };
            if !names.insert(("model", declared.name)) {
                return Err(refused("there is another of this name".to_owned()));
            }
            for table in &declared.tables {
                if let Some(complaint) = table::complaint(table, declared.revision) {
                    return Err(refused(complaint));
                }
                if !names.insert(("table", table.name)) {
                    return Err(refused(format!("there is another table {}", table.name)));
                }
            }
        }
        Ok(())
    }
}

/// The read models of a program.
pub struct ReadModels {
    models: Arc<[Arc<Instance>]>,
    head: Option<watch::Receiver<Position>>,
    running: Mutex<JoinSet<()>>,
}

impl ReadModels {
    /// Read models to be kept in `store`, folded from `log`.
    pub fn builder(store: Store, log: Log) -> Builder {
        Builder { store, log, settings: Settings::default(), models: Vec::new() }
    }

    /// What reads from a model; `None` when it was not registered.
    pub fn reader<M: ReadModel>(&self) -> Option<Reader> {
        self.reader_named(M::NAME)
    }

    /// What reads from the model of that name; `None` when there is none.
    pub fn reader_named(&self, name: &str) -> Option<Reader> {
        self.find(name).map(|model| Reader::new(Arc::clone(model)))
    }

    /// How far a model has got, as it goes on; `None` when there is no such model.
    pub fn watch(&self, name: &str) -> Option<watch::Receiver<Checkpoint>> {
        self.find(name).map(|model| model.watch())
    }

    /// Every model as it stands, in the order they were registered.
    pub fn status(&self) -> Vec<ModelStatus> {
        let shown = self.head.as_ref().map(|head| *head.borrow());
        self.models
            .iter()
            .map(|model| status(model, shown.unwrap_or(Position::ZERO).max(model.checkpoint().position)))
            .collect()
    }

    /// Folds a model anew beside the generation that serves, and lets the new one take its place. A rebuild that was
    /// cut short is gone on with. Ends early when cancelled.
    ///
    /// # Errors
    /// When there is no such model, when its fold stops, or when the database fails; the old generation serves on.
    pub async fn rebuild(&self, name: &str, cancel: &CancellationToken) -> Result<Rebuilt, RebuildError> {
        let model = self.find(name).ok_or_else(|| RebuildError::Unknown(name.to_owned()))?;
        building::build(model, cancel).await
    }

    /// How far the generation of a model that is being built has got, if one is.
    pub fn built_to(&self, name: &str) -> Option<Position> {
        self.find(name)?.built().map(|built| built.pace.position())
    }

    /// Drops the tables of generations retired longer ago than the grace time; runners do so now and then. How many.
    ///
    /// # Errors
    /// When the database fails; the rest goes another time.
    pub async fn sweep(&self) -> Result<usize, DbErr> {
        let mut dropped = 0;
        for model in self.models.iter() {
            dropped += rebuild::sweep(model).await?;
        }
        Ok(dropped)
    }

    /// Waits until every runner has ended, which they do when cancelled.
    pub async fn ended(&self) {
        let mut running = self.running.lock().await;
        while running.join_next().await.is_some() {}
    }

    fn find(&self, name: &str) -> Option<&Arc<Instance>> {
        self.models.iter().find(|model| model.name == name)
    }
}
