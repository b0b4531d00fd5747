//! The log: its identity, its head, and reading it in pages. Only the [writer](super::writer) appends.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::event::{Hash, Position, Recorded};
use super::store::Store;
use super::time::Instant;

pub mod append;
pub mod chain;
pub mod entity;
pub mod filter;
pub mod lookup;
pub mod transfer;
pub mod verify;

use entity::{events, log_head};

/// The one row of `log_head`.
const HEAD: i32 = 1;

/// A log in its database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Log {
    store: Store,
    id: Uuid,
}

/// Where a log ends, and what a new append has to respect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last position; 0 in an empty log.
    pub position: Position,
    /// When the last command was recorded; meaningless in an empty log.
    pub recorded_at: Instant,
    /// The last event's hash; in an empty log the genesis hash made from the log's id.
    pub hash: Hash,
    /// The newest instant answered beyond the head: nothing may be recorded at or before it any more.
    pub floor: Instant,
    /// Raised to defeat an append whose outcome is unknown.
    pub fence: i64,
}

/// Why the log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error(transparent)]
    Database(#[from] DbErr),
    #[error("the log is damaged: {0}")]
    Damaged(String),
}

impl Log {
    /// Opens the log in a migrated store; gives it an identity when it has none yet.
    ///
    /// # Errors
    /// When the database cannot be reached or the tables are not there.
    pub async fn open(store: Store) -> Result<Self, LogError> {
        let id = match log_head::Entity::find_by_id(HEAD).one(store.reader()).await? {
            Some(head) => head.log_id,
            None => found(&store).await?,
        };
        Ok(Self { store, id })
    }

    /// The log's identity: a restored copy keeps it, another log has another.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The database it lives in.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Where the log ends now.
    ///
    /// # Errors
    /// When the database cannot be read, or the head row is gone or of another log.
    pub async fn head(&self) -> Result<Head, LogError> {
        let row = log_head::Entity::find_by_id(HEAD).one(self.store.reader()).await?;
        let row = row.ok_or_else(|| LogError::Damaged("the head row is missing".to_owned()))?;
        if row.log_id != self.id {
            return Err(LogError::Damaged(format!(
                "expected log {}, the database now holds {}",
                self.id, row.log_id
            )));
        }
        Head::from_row(&row)
    }

    /// The events after `after` and up to `until`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read or a row is not an event.
    pub async fn page(
        &self,
        after: Position,
        until: Position,
        limit: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        self.page_of(None, after, until, limit).await
    }

    /// The same of streams of some types only, if any are named.
    ///
    /// # Errors
    /// As [`page`](Self::page).
    pub async fn page_of(
        &self,
        types: Option<&[&str]>,
        after: Position,
        until: Position,
        limit: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        let of_types = types.map(|types| events::Column::StreamType.is_in(types.iter().copied()));
        let rows = events::Entity::find()
            .filter(Condition::all().add_option(of_types))
            .filter(events::Column::Position.gt(after.get()))
            .filter(events::Column::Position.lte(until.get()))
            .order_by_asc(events::Column::Position)
            .limit(limit)
            .all(self.store.reader())
            .await?;
        rows.into_iter().map(Recorded::try_from).collect()
    }

    /// The event at a position; `None` beyond the head and at 0.
    ///
    /// # Errors
    /// When the database cannot be read or the row is not an event.
    pub async fn at(&self, position: Position) -> Result<Option<Recorded>, LogError> {
        let row = events::Entity::find_by_id(position.get()).one(self.store.reader()).await?;
        row.map(Recorded::try_from).transpose()
    }

    /// The end of the last command recorded at or before an instant; 0 when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_at(&self, instant: Instant) -> Result<Position, LogError> {
        let row = events::Entity::find()
            .select_only()
            .column(events::Column::CommandEnd)
            .filter(events::Column::RecordedAt.lte(instant.micros()))
            .order_by_desc(events::Column::RecordedAt)
            .order_by_desc(events::Column::Position)
            .limit(1)
            .into_tuple::<i64>()
            .one(self.store.reader())
            .await?;
        Ok(row.map_or(Position::ZERO, Position::from_stored))
    }

    /// Raises the fence: an append still under way is waited for, one that comes later is defeated.
    ///
    /// # Errors
    /// When the update could not be committed; it may be tried again.
    pub async fn raise_fence(&self) -> Result<(), LogError> {
        log_head::Entity::update_many()
            .col_expr(log_head::Column::Fence, Expr::col(log_head::Column::Fence).add(1))
            .filter(log_head::Column::Id.eq(HEAD))
            .exec(self.store.writer())
            .await?;
        Ok(())
    }

    /// Makes sure that nothing is recorded at or before `instant` any more.
    ///
    /// # Errors
    /// When the update could not be committed.
    pub async fn raise_floor(&self, instant: Instant) -> Result<(), LogError> {
        log_head::Entity::update_many()
            .col_expr(log_head::Column::Floor, Expr::value(instant.micros()))
            .filter(log_head::Column::Id.eq(HEAD))
            .filter(log_head::Column::Floor.lt(instant.micros()))
            .exec(self.store.writer())
            .await?;
        Ok(())
    }
}

/// Gives an empty log its identity, and only an empty one: with another, nothing of it would fit any more. Of two nodes that start at once, one wins and both read it.
async fn found(store: &Store) -> Result<Uuid, LogError> {
    let any = events::Entity::find().select_only().column(events::Column::Position).limit(1);
    if any.into_tuple::<i64>().one(store.reader()).await?.is_some() {
        let why = "the head row is missing, yet there are events; restore the database from a copy";
        return Err(LogError::Damaged(why.to_owned()));
    }
    let id = Uuid::now_v7();
    let row = log_head::ActiveModel {
        id: Set(HEAD),
        log_id: Set(id),
        position: Set(0),
        recorded_at: Set(i64::MIN),
        hash: Set(chain::genesis(id).0.to_vec()),
        floor: Set(i64::MIN),
        fence: Set(0),
    };
    log_head::Entity::insert(row)
        .on_conflict(OnConflict::column(log_head::Column::Id).do_nothing().to_owned())
        .exec_without_returning(store.writer())
        .await?;
    let row = log_head::Entity::find_by_id(HEAD).one(store.writer()).await?;
    row.map(|head| head.log_id).ok_or_else(|| LogError::Damaged("the head row could not be made".to_owned()))
}

impl Head {
    /// Where an empty log stands, before anything is known of it.
    pub fn genesis(log_id: Uuid) -> Self {
        Self {
            position: Position::ZERO,
            recorded_at: Instant::from_micros(i64::MIN),
            hash: chain::genesis(log_id),
            floor: Instant::from_micros(i64::MIN),
            fence: 0,
        }
    }

    fn from_row(row: &log_head::Model) -> Result<Self, LogError> {
        Ok(Self {
            position: Position::from_stored(row.position),
            recorded_at: Instant::from_micros(row.recorded_at),
            hash: stored_hash(&row.hash, row.position)?,
            floor: Instant::from_micros(row.floor),
            fence: row.fence,
        })
    }
}

fn stored_hash(bytes: &[u8], position: i64) -> Result<Hash, LogError> {
    Hash::from_bytes(bytes).ok_or_else(|| {
        LogError::Damaged(format!("the hash at position {position} has {} bytes, not 32", bytes.len()))
    })
}

impl TryFrom<events::Model> for Recorded {
    type Error = LogError;

    fn try_from(row: events::Model) -> Result<Self, LogError> {
        let hash = stored_hash(&row.hash, row.position)?;
        Ok(Self {
            position: Position::from_stored(row.position),
            event_id: row.event_id,
            stream_id: row.stream_id,
            stream_type: row.stream_type,
            stream_version: row.stream_version,
            event_type: row.event_type,
            schema_version: row.schema_version,
            data: row.data,
            metadata: row.metadata,
            command_id: row.command_id,
            correlation_id: row.correlation_id,
            actor: row.actor,
            command_end: Position::from_stored(row.command_end),
            recorded_at: Instant::from_micros(row.recorded_at),
            hash,
        })
    }
}
