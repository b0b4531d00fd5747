//! A node of the engine alone: log, writer, feed and moments on one home, with a clock the test turns.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use hindsight::engine::event::{Events, Position, Recorded};
use hindsight::engine::feed::Feed;
use hindsight::engine::log::Log;
use hindsight::engine::moment::Moments;
use hindsight::engine::store::{Location, Purpose, Store};
use hindsight::engine::time::{Clock, Instant};
use hindsight::engine::writer::{Answer, Envelope, Outcome, WriteError, Writer, WriterSettings};
use migration::{LogMigrator, MigratorTrait};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::home::Home;
use super::jars::{self, Do, No};

/// A clock that stands where the test puts it.
#[derive(Clone)]
pub struct TestClock(Arc<AtomicI64>);

impl TestClock {
    pub fn at(micros: i64) -> Self {
        Self(Arc::new(AtomicI64::new(micros)))
    }

    pub fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }

    pub fn get(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_micros(self.get())
    }
}

/// Noon, some day.
pub const NOON: i64 = 1_700_000_000_000_000;

pub struct Node {
    pub log: Log,
    pub writer: Writer,
    pub feed: Feed,
    pub moments: Moments,
    pub clock: TestClock,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl Node {
    /// Migrates the home and starts a node on it.
    pub async fn start(home: &Home) -> Self {
        Self::start_at(&home.log(), TestClock::at(NOON)).await
    }

    pub async fn start_at(location: &Location, clock: TestClock) -> Self {
        let store = Store::open(location, Purpose::Log, 8).await.expect("the log's database");
        LogMigrator::up(store.writer(), None).await.expect("migrated");
        let log = Log::open(store).await.expect("the log");
        let feed = Feed::open(log.clone()).await.expect("the feed");
        let stop = CancellationToken::new();
        let settings = WriterSettings::default();
        let shared = Arc::new(clock.clone());
        let (writer, task) = Writer::start(
            log.clone(),
            jars::aggregates(),
            feed.clone(),
            shared.clone(),
            settings,
            stop.clone(),
        );
        let tasks = vec![task, tokio::spawn(feed.clone().run(stop.clone()))];
        let moments = Moments::new(log.clone(), feed.clone(), shared);
        Self { log, writer, feed, moments, clock, stop, tasks }
    }

    /// Sends a command with an envelope of its own.
    pub async fn send(&self, command: Do, envelope: Envelope) -> Result<Answer<No>, WriteError> {
        self.writer.execute(command, envelope).await
    }

    /// Sends a command that must be carried out.
    pub async fn does(&self, command: Do) -> Events {
        let shown = format!("{command:?}");
        match self.send(command, Envelope::default()).await.expect("an answer").outcome {
            Outcome::Recorded(events) => events,
            other => panic!("{shown} was to be carried out, not {other:?}"),
        }
    }

    /// Sends a command that must be refused.
    pub async fn refuses(&self, command: Do) -> No {
        let shown = format!("{command:?}");
        match self.send(command, Envelope::default()).await.expect("an answer").outcome {
            Outcome::Rejected { rejection, .. } => rejection,
            other => panic!("{shown} was to be refused, not {other:?}"),
        }
    }

    /// The whole log.
    pub async fn all(&self) -> Vec<Recorded> {
        let head = self.log.head().await.expect("the head");
        self.log.page(Position::ZERO, head.position, 1_000_000).await.expect("the log")
    }

    /// Stops, having carried out what waits.
    pub async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.expect("a task that ends");
        }
        self.log.store().close().await;
    }
}
