//! Which events a reader wants: the same filter for a page of the log and for what arrives live.

use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::entity::events;
use super::{Log, LogError};
use crate::engine::event::{Position, Recorded};
use crate::engine::time::Instant;

/// Every field that is set must fit; a list fits when one of its entries does, so an empty one fits nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EventFilter {
    /// Stored names of events.
    pub types: Option<Vec<String>>,
    pub stream_types: Option<Vec<String>>,
    pub stream_ids: Option<Vec<Uuid>>,
    pub correlation_id: Option<Uuid>,
    pub command_id: Option<Uuid>,
    pub actor: Option<String>,
    /// Inclusive.
    pub recorded_from: Option<Instant>,
    /// Exclusive.
    pub recorded_until: Option<Instant>,
}

/// A page of the log: events between two positions, in one of the two directions.
#[derive(Clone, Debug)]
pub struct EventPage {
    pub filter: EventFilter,
    /// Exclusive.
    pub after: Position,
    /// Inclusive.
    pub until: Position,
    pub newest_first: bool,
    pub limit: u64,
}

impl EventFilter {
    /// Whether an event fits.
    pub fn matches(&self, event: &Recorded) -> bool {
        fn among<T: PartialEq>(wanted: &Option<Vec<T>>, found: &T) -> bool {
            wanted.as_ref().is_none_or(|wanted| wanted.contains(found))
        }
        among(&self.types, &event.event_type)
            && among(&self.stream_types, &event.stream_type)
            && among(&self.stream_ids, &event.stream_id)
            && self.correlation_id.is_none_or(|id| id == event.correlation_id)
            && self.command_id.is_none_or(|id| id == event.command_id)
            && self.actor.as_ref().is_none_or(|actor| Some(actor) == event.actor.as_ref())
            && self.recorded_from.is_none_or(|from| event.recorded_at >= from)
            && self.recorded_until.is_none_or(|until| event.recorded_at < until)
    }

    fn condition(&self) -> Condition {
        use events::Column::{Actor, CommandId, CorrelationId, EventType, RecordedAt, StreamId, StreamType};
        Condition::all()
            .add_option(self.types.as_ref().map(|types| EventType.is_in(types)))
            .add_option(self.stream_types.as_ref().map(|types| StreamType.is_in(types)))
            .add_option(self.stream_ids.as_ref().map(|ids| StreamId.is_in(ids.iter().copied())))
            .add_option(self.correlation_id.map(|id| CorrelationId.eq(id)))
            .add_option(self.command_id.map(|id| CommandId.eq(id)))
            .add_option(self.actor.as_ref().map(|actor| Actor.eq(actor)))
            .add_option(self.recorded_from.map(|from| RecordedAt.gte(from.micros())))
            .add_option(self.recorded_until.map(|until| RecordedAt.lt(until.micros())))
    }
}

impl Log {
    /// The events of a page, oldest first unless asked otherwise.
    ///
    /// # Errors
    /// When the database cannot be read or a row is not an event.
    pub async fn events(&self, page: &EventPage) -> Result<Vec<Recorded>, LogError> {
        let order = if page.newest_first { sea_orm::Order::Desc } else { sea_orm::Order::Asc };
        let rows = events::Entity::find()
            .filter(page.filter.condition())
            .filter(events::Column::Position.gt(page.after.get()))
            .filter(events::Column::Position.lte(page.until.get()))
            .order_by(events::Column::Position, order)
            .limit(page.limit)
            .all(self.store().reader())
            .await?;
        rows.into_iter().map(Recorded::try_from).collect()
    }
}
