//! Checking that a command id stands for one command.
//!
//! There is no table of command ids that could disagree with the log: a command sent again is found by the index on
//! `events.command_id`, and what it was about by the hash of its content in the metadata. So this is all there is to
//! check: whoever looks an id up finds the events of one command, and no other.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::Fault;
use crate::engine::event::Position;
use crate::engine::log::entity::events;
use crate::engine::log::{Log, LogError};

/// Rows read at once: three columns each.
const PAGE: u64 = 10_000;

impl Log {
    /// Checks that no two commands up to a position have the same id, telling how many events it has looked at.
    ///
    /// # Errors
    /// The outer error when the log cannot be read, the inner one for the first event whose id another command has.
    pub async fn verify_commands(
        &self,
        until: Position,
        mut looked_at: impl FnMut(u64),
    ) -> Result<Result<(), Fault>, LogError> {
        let mut last: Option<(Uuid, i64, i64)> = None;
        let mut count = 0;
        loop {
            let page = self.by_command(last, until).await?;
            if page.is_empty() {
                return Ok(Ok(()));
            }
            for (id, position, command_end) in page.iter().copied() {
                if let Some((before, _, end)) = last.filter(|(before, ..)| *before == id)
                    && end != command_end
                {
                    let what =
                        format!("its command id {before} is that of the command that ends at position {end}");
                    return Ok(Err(Fault { position: Position::from_stored(position), what }));
                }
                last = Some((id, position, command_end));
            }
            count += page.len() as u64;
            looked_at(count);
        }
    }

    /// Command id, position and command's end, in this order, after a row of it.
    async fn by_command(
        &self,
        after: Option<(Uuid, i64, i64)>,
        until: Position,
    ) -> Result<Vec<(Uuid, i64, i64)>, LogError> {
        let place = Expr::tuple([Expr::col(events::Column::CommandId), Expr::col(events::Column::Position)]);
        let beyond =
            after.map(|(id, position, _)| place.gt(Expr::tuple([Expr::value(id), Expr::value(position)])));
        Ok(events::Entity::find()
            .select_only()
            .column(events::Column::CommandId)
            .column(events::Column::Position)
            .column(events::Column::CommandEnd)
            .filter(Condition::all().add_option(beyond))
            .filter(events::Column::Position.lte(until.get()))
            .order_by_asc(events::Column::CommandId)
            .order_by_asc(events::Column::Position)
            .limit(PAGE)
            .into_tuple()
            .all(self.store().reader())
            .await?)
    }
}
