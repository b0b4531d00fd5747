//! What a decision needs from the log: streams, snapshots, claims, and commands carried out before.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Condition, Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::entity::{claims, events, snapshots};
use super::{Head, Log, LogError};
use crate::engine::decision::{Claim, Snapshot};
use crate::engine::event::{Position, Recorded};

/// How many ids one statement asks for.
const IDS_A_STATEMENT: usize = 500;

impl Log {
    /// The events of streams after the version given for each, up to `until`; by stream, then version; at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read or a row is not an event.
    pub async fn streams(
        &self,
        after: &[(Uuid, i64)],
        until: Position,
        limit: u64,
    ) -> Result<Vec<Recorded>, LogError> {
        let whole = after.iter().filter(|(_, version)| *version == 0).map(|(id, _)| *id);
        let rest = after.iter().filter(|(_, version)| *version > 0);
        let wanted =
            rest.fold(Condition::any().add(events::Column::StreamId.is_in(whole)), |any, (id, version)| {
                any.add(events::Column::StreamId.eq(*id).and(events::Column::StreamVersion.gt(*version)))
            });
        let rows = events::Entity::find()
            .filter(wanted)
            .filter(events::Column::Position.lte(until.get()))
            .order_by_asc(events::Column::StreamId)
            .order_by_asc(events::Column::StreamVersion)
            .limit(limit)
            .all(self.store.reader())
            .await?;
        rows.into_iter().map(Recorded::try_from).collect()
    }

    /// Snapshots of streams that the chain knows: each stands behind an event with the very hash it was taken at.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn snapshots(
        &self,
        ids: &[Uuid],
        until: Position,
    ) -> Result<Vec<(Uuid, String, Snapshot)>, LogError> {
        let known = events::Entity::find()
            .select_only()
            .expr(Expr::val(1))
            .filter(
                events::Column::Position
                    .into_expr()
                    .eq(Expr::col((snapshots::Entity, snapshots::Column::Position))),
            )
            .filter(
                events::Column::Hash.into_expr().eq(Expr::col((snapshots::Entity, snapshots::Column::Hash))),
            );
        let rows = snapshots::Entity::find()
            .filter(snapshots::Column::StreamId.is_in(ids.iter().copied()))
            .filter(snapshots::Column::Position.lte(until.get()))
            .filter(Expr::exists(sea_orm::QueryTrait::into_query(known)))
            .all(self.store.reader())
            .await?;
        let snapshot = |row: snapshots::Model| {
            (
                row.stream_id,
                row.stream_type,
                Snapshot { revision: row.revision, version: row.version, state: row.state },
            )
        };
        Ok(rows.into_iter().map(snapshot).collect())
    }

    /// Keeps a snapshot of a stream as of `head`, in place of an older one.
    ///
    /// # Errors
    /// When it could not be written; nothing depends on it.
    pub async fn keep_snapshot(
        &self,
        id: Uuid,
        stream_type: &str,
        snapshot: Snapshot,
        head: &Head,
    ) -> Result<(), LogError> {
        use snapshots::Column::{Hash, Position, Revision, State, StreamId, StreamType, Version};
        let row = snapshots::ActiveModel {
            stream_id: Set(id),
            stream_type: Set(stream_type.to_owned()),
            revision: Set(snapshot.revision),
            version: Set(snapshot.version),
            position: Set(head.position.get()),
            hash: Set(head.hash.0.to_vec()),
            state: Set(snapshot.state),
        };
        let replace = OnConflict::column(StreamId)
            .update_columns([StreamType, Revision, Version, Position, Hash, State])
            .to_owned();
        snapshots::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(self.store.writer())
            .await?;
        Ok(())
    }

    /// Who holds each claim; those nobody holds are left out.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn holders(&self, wanted: &[Claim]) -> Result<HashMap<Claim, Uuid>, LogError> {
        let mut scopes: HashMap<&'static str, Vec<&str>> = HashMap::new();
        for claim in wanted {
            scopes.entry(claim.scope).or_default().push(&claim.key);
        }
        let mut holders = HashMap::new();
        for (scope, keys) in scopes {
            for keys in keys.chunks(IDS_A_STATEMENT) {
                let rows = claims::Entity::find()
                    .filter(claims::Column::Scope.eq(scope))
                    .filter(claims::Column::Key.is_in(keys.iter().copied()))
                    .all(self.store.reader())
                    .await?;
                holders.extend(rows.into_iter().map(|row| (Claim { scope, key: row.key }, row.stream_id)));
            }
        }
        Ok(holders)
    }

    /// The events of commands carried out before, by command id, in order; unknown ids are left out.
    ///
    /// # Errors
    /// When the database cannot be read or a row is not an event.
    pub async fn commands(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, Vec<Recorded>>, LogError> {
        let mut commands: HashMap<Uuid, Vec<Recorded>> = HashMap::new();
        for ids in ids.chunks(IDS_A_STATEMENT) {
            let rows = events::Entity::find()
                .filter(events::Column::CommandId.is_in(ids.iter().copied()))
                .order_by_asc(events::Column::Position)
                .all(self.store.reader())
                .await?;
            for row in rows {
                commands.entry(row.command_id).or_default().push(row.try_into()?);
            }
        }
        Ok(commands)
    }

    /// Which of these commands were carried out before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn known_commands(&self, ids: &[Uuid]) -> Result<HashSet<Uuid>, LogError> {
        let mut known = HashSet::new();
        for ids in ids.chunks(IDS_A_STATEMENT) {
            let rows: Vec<Uuid> = events::Entity::find()
                .select_only()
                .column(events::Column::CommandId)
                .distinct()
                .filter(events::Column::CommandId.is_in(ids.iter().copied()))
                .into_tuple()
                .all(self.store.reader())
                .await?;
            known.extend(rows);
        }
        Ok(known)
    }
}
