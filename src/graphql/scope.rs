//! What a request carries to its resolvers: where in the log it looks, and how far its answer reaches.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_graphql::Context;
use sea_orm::{DbErr, EntityTrait};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::errors::{ErrorCode, Failure, Result};
use super::scalars::Moment as Asked;
use crate::engine::event::{Hash, Position, Recorded};
use crate::engine::feed::Feed;
use crate::engine::log::{Log, LogError};
use crate::engine::moment::{Moment, MomentError, Moments};
use crate::engine::read_model::{Key, Query, ReadError, ReadModel, ReadModels, Reader, Row, Rows};
use crate::engine::time::Instant;

/// How long a request waits for the log to reach the position it insists on.
const PATIENCE: Duration = Duration::from_secs(2);

/// Statements of lists and counts that one request has under way at once.
const STATEMENTS_AT_ONCE: usize = 4;

/// Before any part of an answer was read; no position is negative.
const NOTHING_READ: i64 = -1;

/// The query side of the engine, shared by all requests.
pub struct Engine {
    pub log: Log,
    pub feed: Feed,
    pub moments: Moments,
    pub read_models: Arc<ReadModels>,
}

/// One request's view of the log. Resolvers find it as `Arc<Scope>` in the request's data.
pub struct Scope {
    engine: Arc<Engine>,
    /// One instant for all durations of the request.
    arrived: Instant,
    /// The present may not lie before this.
    min_position: Position,
    /// The read models the request's fields lead to.
    touched: Vec<&'static str>,
    present: OnceCell<At>,
    reflected: AtomicI64,
    /// Turns at the database: however much a request asks for at once, others get theirs too.
    turns: Semaphore,
    /// Where a subscription that was cut off goes on.
    resumed: Option<(Position, Hash)>,
    /// The last event a subscription handed out.
    delivered: Mutex<Option<(Position, Hash)>>,
}

/// Where an entity or list stands, inherited by all that is nested in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub position: Position,
    /// Nothing up to the position was recorded later than this.
    pub until: Instant,
    /// The moment of its own that was asked for, or pinned by a cursor: cursors of nested lists are bound to it. None for
    /// the present.
    pub past: Option<Asked>,
}

impl At {
    /// The present, as far as it has come.
    pub const fn now(position: Position, until: Instant) -> Self {
        Self { position, until, past: None }
    }

    /// A moment of its own: not the present, even where that is still the same.
    pub const fn then(position: Position, until: Instant) -> Self {
        Self { position, until, past: Some(Asked::Position(position)) }
    }

    /// The same view for a nested list: its cursor goes on at the moment it was taken, never after the parent's.
    #[must_use]
    pub fn pinned(self, position: Option<Position>) -> Self {
        match position {
            Some(position) if position < self.position => {
                Self { position, past: self.past.or(Some(Asked::Position(position))), ..self }
            }
            _ => self,
        }
    }

    /// What the field `asOf` answers: null for the present.
    pub fn as_of(&self) -> Option<Position> {
        self.past.map(|_| self.position)
    }
}

impl Scope {
    /// The view of a request that arrived at an instant and leads to these read models.
    pub fn new(
        engine: Arc<Engine>,
        arrived: Instant,
        min_position: Option<Position>,
        touched: Vec<&'static str>,
    ) -> Self {
        let min_position = min_position.unwrap_or(Position::ZERO);
        Self {
            engine,
            arrived,
            min_position,
            touched,
            present: OnceCell::new(),
            reflected: AtomicI64::new(NOTHING_READ),
            turns: Semaphore::new(STATEMENTS_AT_ONCE),
            resumed: None,
            delivered: Mutex::new(None),
        }
    }

    /// Lets a subscription to the log go on after an event it has seen, whatever its arguments say.
    #[must_use]
    pub fn resuming(self, after: Option<(Position, Hash)>) -> Self {
        Self { resumed: after, ..self }
    }

    /// Where a subscription that was cut off goes on.
    pub fn resumed(&self) -> Option<(Position, Hash)> {
        self.resumed
    }

    /// Notes the last event a subscription handed out.
    pub fn delivered(&self, position: Position, hash: Hash) {
        *self.delivered.lock().unwrap_or_else(PoisonError::into_inner) = Some((position, hash));
    }

    /// The last event a subscription handed out.
    pub fn last_delivered(&self) -> Option<(Position, Hash)> {
        *self.delivered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the request arrived.
    pub fn arrived(&self) -> Instant {
        self.arrived
    }

    /// The scope of the request a resolver works for.
    ///
    /// # Errors
    /// A fault of ours when the request was not given one.
    pub fn of<'a>(context: &Context<'a>) -> Result<&'a Arc<Self>> {
        context.data_opt::<Arc<Self>>().ok_or_else(|| Failure::internal("a request without a scope"))
    }

    /// The query side of the engine.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// How far an answer reaches: for an item of a subscription to the log that item, else the newest position that any
    /// part of it was read at; `None` when nothing was read.
    pub fn reflected(&self) -> Option<Position> {
        let newest = self.reflected.load(Ordering::Relaxed);
        self.last_delivered().map(|(position, _)| position).or_else(|| Position::new(newest))
    }

    /// Where a field looks: at the moment its cursor pins, at the one asked for, or at the present.
    ///
    /// # Errors
    /// `MOMENT_OUT_OF_RANGE`, or `NOT_YET_VISIBLE` when the position insisted on is not reached in time.
    pub async fn at(&self, asked: Option<Asked>, pinned: Option<Position>) -> Result<At> {
        let moment = match (pinned, asked) {
            (None, None) => return self.present().await,
            (Some(position), _) | (None, Some(Asked::Position(position))) => {
                self.engine.moments.at_position(position).await
            }
            (None, Some(Asked::At(instant))) => self.engine.moments.at_instant(instant).await,
            (None, Some(Asked::Ago(ago))) => match ago.before(self.arrived) {
                Some(instant) => self.engine.moments.at_instant(instant).await,
                None => Ok(Moment::START),
            },
        };
        let Moment { position, until } = moment?;
        Ok(At { position, until, past: asked.or(Some(Asked::Position(position))) })
    }

    /// The present of this request: the same for all of its fields, at least at the position insisted on, and no
    /// further than every read model the request leads to.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE` when the position insisted on is not reached in time.
    pub async fn present(&self) -> Result<At> {
        self.present.get_or_try_init(|| self.find_present()).await.copied()
    }

    /// The end of the log as this node knows it, and at least the position insisted on: where a live view begins.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE` when the position insisted on is not reached in time.
    pub async fn newest(&self) -> Result<At> {
        self.wait_for_the_log().await?;
        let tail = self.engine.feed.tail();
        Ok(At::now(tail.position, tail.recorded_at))
    }

    async fn find_present(&self) -> Result<At> {
        let reached = self.touched.iter().filter_map(|name| self.engine.read_models.reader_named(name));
        // One that answers nothing takes the others nowhere: what it was asked becomes an error.
        let reached = reached.filter(Reader::serves).map(|reader| reader.checkpoint()).min();
        // The tail after the checkpoints: another node's runner may be ahead of this node's feed all the same.
        let tail = self.engine.feed.tail();
        let reached = reached.unwrap_or(tail.position);
        if reached < self.min_position {
            self.wait_for_the_log().await?;
            let Moment { position, until } = self.engine.moments.at_position(self.min_position).await?;
            return Ok(At::now(position, until));
        }
        if reached > tail.position {
            let Moment { position, until } = self.engine.moments.at_position(reached).await?;
            return Ok(At::now(position, until));
        }
        // Nothing up to here was recorded later than the tail.
        Ok(At::now(reached, tail.recorded_at))
    }

    async fn wait_for_the_log(&self) -> Result<()> {
        let mut tail = self.engine.feed.watch();
        let reached = timeout(PATIENCE, tail.wait_for(|tail| tail.position >= self.min_position)).await;
        if matches!(reached, Ok(Ok(_))) {
            return Ok(());
        }
        let (asked, tail) = (self.min_position, self.engine.feed.tail().position);
        Err(Failure::new(
            ErrorCode::NotYetVisible,
            format!(
                "expected the log to reach minPosition {asked}; here it has come to {tail}; ask again shortly"
            ),
        ))
    }

    /// The rows of a model that a query finds, as they stood.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn rows<M, E>(&self, at: At, query: impl Into<Query<E>>) -> Result<Vec<E::Model>>
    where
        M: ReadModel,
        E: EntityTrait,
        E::Model: Row,
    {
        self.reflect(at.position);
        let _turn = self.turn().await;
        Ok(self.reader::<M>()?.rows(at.position, query).await?)
    }

    /// How many rows of a model a query finds, as they stood.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn count<M, E>(&self, at: At, query: impl Into<Query<E>>) -> Result<u64>
    where
        M: ReadModel,
        E: EntityTrait,
        E::Model: Row,
    {
        self.reflect(at.position);
        let _turn = self.turn().await;
        Ok(self.reader::<M>()?.count(at.position, query).await?)
    }

    /// Rows of a model by their keys, each as it stood at a position of its own, in one statement.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn each<M, E>(&self, asked: &[(Key, Position)]) -> Result<HashMap<(Key, Position), E::Model>>
    where
        M: ReadModel,
        E: EntityTrait,
        E::Model: Row,
    {
        if let Some(newest) = asked.iter().map(|(_, position)| *position).max() {
            self.reflect(newest);
        }
        Ok(self.reader::<M>()?.each::<E>(asked).await?)
    }

    /// The rows of a model that events name, as a command of these events would leave them on top of a position; and
    /// where what is shown of them stands.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn preview<M: ReadModel>(&self, on: Position, events: &[Arc<Recorded>]) -> Result<(Rows, At)> {
        self.reflect(on);
        let rows = self.reader::<M>()?.preview(on, events).await?;
        let until = events.last().map_or(self.arrived, |event| event.recorded_at);
        Ok((rows, At::now(on, until)))
    }

    /// Waits for a turn at the database; held until it is dropped.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nobody closes the semaphore.
        self.turns.acquire().await.ok()
    }

    /// Notes that a part of the answer was read at a position.
    pub fn reflect(&self, position: Position) {
        self.reflected.fetch_max(position.get(), Ordering::Relaxed);
    }

    fn reader<M: ReadModel>(&self) -> Result<Reader> {
        let reader = self.engine.read_models.reader::<M>();
        reader.ok_or_else(|| Failure::internal(format!("read model {} is not registered", M::NAME)))
    }
}

impl From<MomentError> for Failure {
    fn from(error: MomentError) -> Self {
        match error {
            MomentError::PositionOutOfRange { .. } | MomentError::InstantOutOfRange { .. } => {
                Self::new(ErrorCode::MomentOutOfRange, error.to_string())
            }
            MomentError::Log(error) => error.into(),
        }
    }
}

impl From<LogError> for Failure {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Database(DbErr::ConnectionAcquire(_)) => overloaded(),
            _ => Self::internal(error),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotYetVisible { .. } => Self::new(ErrorCode::NotYetVisible, error.to_string()),
            ReadError::Database(DbErr::ConnectionAcquire(_)) => overloaded(),
            _ => Self::internal(error),
        }
    }
}

fn overloaded() -> Failure {
    let message = "expected a free database connection in time; all are in use; ask again later";
    Failure::new(ErrorCode::Overloaded, message)
}
