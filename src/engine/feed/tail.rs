//! Keeping the tail at the head: a notification wakes, a slow poll guarantees.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, Statement};
use sqlx::postgres::PgListener;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{EVENTS_IN_RING, Feed};
use crate::engine::event::Recorded;
use crate::engine::log::LogError;

/// The slow poll that guarantees what notifications only hasten.
const POLL: Duration = Duration::from_secs(1);

/// After a lost listening connection.
const BEFORE_LISTENING_AGAIN: Duration = Duration::from_secs(1);

impl Feed {
    /// Keeps the tail at the log's head until it is stopped.
    pub async fn run(self, stop: CancellationToken) {
        let work = async {
            if self.inner.log.store().is_sqlite() {
                self.poll().await;
            } else {
                tokio::join!(self.poll(), self.listen(), self.notify());
            }
        };
        tokio::select! {
            () = work => {}
            () = stop.cancelled() => {}
        }
    }

    async fn poll(&self) {
        loop {
            // Woken or not: both mean to look.
            let _ = timeout(POLL, self.inner.wake.notified()).await;
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "the log cannot be followed now; trying again");
            }
        }
    }

    /// Moves the tail to the log's head.
    ///
    /// # Errors
    /// When the log cannot be read, or does not go on from the tail.
    pub async fn look(&self) -> Result<(), LogError> {
        // The tail first: own appends move it on while the head is read.
        let tail = self.tail();
        let head = self.inner.log.head().await?;
        if head.position == tail.position && head.hash == tail.hash {
            return Ok(());
        }
        if head.position < tail.position {
            return Err(LogError::Damaged(format!(
                "it ended at {}, now at {}",
                tail.position, head.position
            )));
        }
        if head.position.get() - tail.position.get() > EVENTS_IN_RING as i64 {
            self.jump(head);
            return Ok(());
        }
        let missed = self.inner.log.page(tail.position, head.position, EVENTS_IN_RING as u64).await?;
        let missed: Vec<Arc<Recorded>> = missed.into_iter().map(Arc::new).collect();
        // Own appends may have moved the tail meanwhile; then there is nothing left to join.
        if !self.extend(&missed) && self.tail().position == tail.position {
            return Err(LogError::Damaged(format!(
                "what follows position {} does not join it",
                tail.position
            )));
        }
        Ok(())
    }

    /// The channel of this log, so that logs on one server do not wake each other.
    fn channel(&self) -> String {
        format!("hindsight_{}", self.inner.log.id().simple())
    }

    /// Wakes the poll when another node says that it has appended.
    async fn listen(&self) {
        let pool = self.inner.log.store().reader().get_postgres_connection_pool();
        loop {
            if let Err(error) = self.listen_once(pool).await {
                tracing::warn!(%error, "not listening for other nodes; the poll goes on");
            }
            self.wake();
            sleep(BEFORE_LISTENING_AGAIN).await;
        }
    }

    async fn listen_once(&self, pool: &sqlx::PgPool) -> Result<(), sqlx::Error> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(&self.channel()).await?;
        loop {
            let heard = listener.recv().await?;
            // What this node has appended, its tail has already.
            if heard.payload() != self.inner.node.to_string() {
                self.wake();
            }
        }
    }

    /// Tells the other nodes of appends, on a connection that no append waits for.
    async fn notify(&self) {
        let store = self.inner.log.store();
        let statement = Statement::from_sql_and_values(
            store.backend(),
            "SELECT pg_notify($1, $2)",
            [self.channel().into(), self.inner.node.to_string().into()],
        );
        loop {
            self.inner.appended.notified().await;
            if let Err(error) = store.writer().execute_raw(statement.clone()).await {
                tracing::debug!(%error, "other nodes were not notified; their poll finds it");
            }
        }
    }
}
