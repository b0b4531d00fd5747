//! The checkpoints of read models as witnesses: what they were folded from is what the log must hold.

use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};

use super::catalogue::{Entry, read_models};
use super::instance::off_log;
use crate::engine::event::Position;
use crate::engine::log::{Log, LogError};
use crate::engine::store::Store;

/// How many checkpoints fit the log, and how far the furthest of them vouches for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Witnesses {
    pub count: usize,
    pub furthest: Position,
}

/// A checkpoint that does not belong to the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read model {model} (revision {revision}, generation {generation}): {why}")]
pub struct Misfit {
    pub model: String,
    pub revision: i32,
    pub generation: i32,
    pub why: String,
}

/// Holds the checkpoint of every generation that serves or is being built, of whatever revision, against the log.
///
/// A log whose end was cut off together with its head is sound in itself; a checkpoint beyond its end tells. Checkpoints
/// are read before the log, so that what is appended meanwhile does no harm.
///
/// # Errors
/// The outer error when a database cannot be read, the inner one for the first checkpoint that does not fit.
pub async fn verify_checkpoints(store: &Store, log: &Log) -> Result<Result<Witnesses, Misfit>, LogError> {
    let mut witnesses = Witnesses::default();
    for row in known(store).await? {
        let (model, revision, generation) = (row.name.clone(), row.revision, row.generation);
        let mark = Entry::from(row).mark;
        if let Some(why) = off_log(log, mark).await? {
            return Ok(Err(Misfit { model, revision, generation, why }));
        }
        witnesses.count += 1;
        witnesses.furthest = witnesses.furthest.max(mark.position);
    }
    Ok(Ok(witnesses))
}

async fn known(store: &Store) -> Result<Vec<read_models::Model>, DbErr> {
    use read_models::Column::{Generation, Name, Revision, State};
    read_models::Entity::find()
        .filter(State.ne(read_models::State::Retired))
        .order_by_asc(Name)
        .order_by_asc(Revision)
        .order_by_asc(Generation)
        .all(store.reader())
        .await
}
