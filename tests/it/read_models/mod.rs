//! Read models follow the log exactly, and answer as of every position what a replay of the log would answer.

mod as_of;
mod building;
mod following;
mod rebuilding;
pub mod replay;

use std::time::Duration;

use hindsight::engine::event::Position;
use hindsight::engine::read_model::{ReadModels, Reader, Settings};
use hindsight::engine::store::Store;
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use tokio_util::sync::CancellationToken;

use crate::support::home::Home;
use crate::support::shelves::{Chronicle, Tallies, Told, Toys, toys};

/// As long as a test waits for what must come.
const LONG: Duration = Duration::from_secs(20);

/// Small batches, so that even short histories take several; and all but the newest positions count as far back.
fn settings() -> Settings {
    Settings { batch: 3, poll: Duration::from_millis(50), near: 5, few: 5, ..Settings::default() }
}

/// A log and a node that projects it.
struct Nursery {
    chronicle: Chronicle,
    models: ReadModels,
    cancel: CancellationToken,
}

impl Nursery {
    async fn open(home: &Home) -> Self {
        let chronicle = Chronicle::begin(home).await;
        Self::on(chronicle, settings()).await
    }

    async fn on(chronicle: Chronicle, settings: Settings) -> Self {
        let cancel = CancellationToken::new();
        let models = ReadModels::builder(chronicle.read.clone(), chronicle.log.clone())
            .settings(settings)
            .with(Toys)
            .with(Tallies)
            .start(chronicle.head.subscribe(), cancel.clone())
            .await
            .unwrap();
        Self { chronicle, models, cancel }
    }

    async fn tell(&self, commands: &[Vec<Told>]) {
        for command in commands {
            self.chronicle.append(command).await;
        }
    }

    fn toys(&self) -> Reader {
        self.models.reader::<Toys>().unwrap()
    }

    /// Waits until both models are at the head.
    async fn settled(&self) -> Position {
        let head = self.chronicle.log.head().await.unwrap().position;
        self.toys().wait_for(head, LONG).await.unwrap();
        self.models.reader::<Tallies>().unwrap().wait_for(head, LONG).await.unwrap();
        head
    }

    async fn close(self) {
        self.cancel.cancel();
        self.models.ended().await;
        self.chronicle.read.close().await;
        self.chronicle.log.store().close().await;
    }
}

/// Every version of every toy that a generation's two tables hold.
async fn stored_versions(store: &Store, generation: i32) -> Vec<(toys::Model, i64, Option<i64>)> {
    stored_versions_of(store, 3, generation).await
}

/// The same of any revision.
async fn stored_versions_of(
    store: &Store,
    revision: i32,
    generation: i32,
) -> Vec<(toys::Model, i64, Option<i64>)> {
    let columns = "id, name, shelf, made_at, note, even, valid_from";
    let sql = format!(
        "SELECT {columns}, NULL AS valid_to FROM toys_r{revision}_g{generation} \
         UNION ALL SELECT {columns}, valid_to FROM toys_r{revision}_g{generation}_history"
    );
    let mut versions: Vec<_> = query(store, &sql)
        .await
        .iter()
        .map(|row| {
            let toy = <toys::Model as sea_orm::FromQueryResult>::from_query_result(row, "").unwrap();
            (toy, row.try_get("", "valid_from").unwrap(), row.try_get("", "valid_to").unwrap())
        })
        .collect();
    versions.sort_by_key(|(row, from, _)| (row.id, *from));
    versions
}

async fn query(store: &Store, sql: &str) -> Vec<QueryResult> {
    store.writer().query_all_raw(Statement::from_string(store.backend(), sql)).await.unwrap()
}

async fn execute(store: &Store, sql: &str) {
    store.writer().execute_unprepared(sql).await.unwrap();
}

/// Waits until a model has stopped, and why.
async fn stopped(models: &ReadModels, name: &str) -> String {
    let mut shown = models.watch(name).unwrap();
    let stopped = shown.wait_for(|shown| shown.failure.is_some());
    let stopped = tokio::time::timeout(LONG, stopped).await.expect("a model that stops").unwrap();
    stopped.failure.clone().unwrap()
}
