//! Which events are wanted, and the page of the log that holds them.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject};

use super::fact::StreamType;
use super::graphql::Event;
use crate::engine::event::{Event as _, Position, Recorded};
use crate::engine::log::filter::{EventFilter as Wanted, EventPage};
use crate::engine::time::Instant;
use crate::graphql::paging::{Connection, Direction, Edges, Key, Listing, Page, Place, Uncounted};
use crate::graphql::{At, Failure, Result, Scope, parse_id, text_argument};
use crate::write::order::event::OrderEvent;
use crate::write::product::event::ProductEvent;
use crate::write::user::event::UserEvent;

/// The most entries a list in a filter may have.
const MOST_ENTRIES: usize = 100;

/// Which events; every field given must fit. An unknown name in `types` is refused with the list of known ones.
#[derive(InputObject, Clone, Debug, Default)]
pub struct EventFilter {
    /// Only events stored under one of these names.
    pub types: Option<Vec<String>>,
    /// Only events of these kinds of entities.
    pub stream_types: Option<Vec<StreamType>>,
    /// Only events of these entities.
    pub stream_ids: Option<Vec<ID>>,
    /// Only events that belong together under this id.
    pub correlation_id: Option<ID>,
    /// Only events of this command.
    pub command_id: Option<ID>,
    /// Only what this actor did.
    pub actor: Option<String>,
    /// Only events recorded at or after this instant.
    pub recorded_from: Option<Instant>,
    /// Only events recorded before this instant.
    pub recorded_until: Option<Instant>,
}

impl EventFilter {
    /// As the log understands it.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`: a name no event has, an id that is none, a list or text that is too long.
    pub fn wanted(self) -> Result<Wanted> {
        bounded("types", self.types.as_deref())?;
        bounded("streamTypes", self.stream_types.as_deref())?;
        bounded("streamIds", self.stream_ids.as_deref())?;
        self.actor.as_deref().map_or(Ok(()), |actor| text_argument("filter.actor", actor))?;
        self.types.iter().flatten().try_for_each(|name| known(name))?;
        let ids = |ids: Vec<ID>| ids.iter().map(parse_id).collect::<Result<Vec<_>>>();
        let names = |types: Vec<StreamType>| types.into_iter().map(|of| of.stored().to_owned()).collect();
        Ok(Wanted {
            types: self.types,
            stream_types: self.stream_types.map(names),
            stream_ids: self.stream_ids.map(ids).transpose()?,
            correlation_id: self.correlation_id.as_ref().map(parse_id).transpose()?,
            command_id: self.command_id.as_ref().map(parse_id).transpose()?,
            actor: self.actor,
            recorded_from: self.recorded_from,
            recorded_until: self.recorded_until,
        })
    }
}

fn bounded<T>(name: &str, list: Option<&[T]>) -> Result<()> {
    match list.map(<[T]>::len) {
        Some(length) if length > MOST_ENTRIES => {
            let message =
                format!("expected filter.{name} to have at most {MOST_ENTRIES} entries; got {length}");
            Err(Failure::bad_user_input(message))
        }
        _ => Ok(()),
    }
}

fn known(name: &str) -> Result<()> {
    let names = [UserEvent::NAMES, ProductEvent::NAMES, OrderEvent::NAMES].concat();
    if names.contains(&name) {
        return Ok(());
    }
    text_argument("filter.types", name)?;
    let message = format!(
        "expected filter.types to name events, of which there are {}; got {name:?}",
        names.join(", ")
    );
    Err(Failure::bad_user_input(message))
}

/// A page of events up to a moment.
///
/// # Errors
/// A cursor of another kind, or a log that cannot be read.
pub async fn listed(
    context: &Context<'_>,
    filter: Wanted,
    at: At,
    listing: &Listing,
    page: &Page,
) -> Result<Connection<Event, Uncounted>> {
    let scope = Scope::of(context)?;
    scope.reflect(at.position);
    let cursor = page.cursor.as_ref().map(|cursor| cursor.place.integer(0)).transpose()?;
    let cursor = cursor.map(Position::from_stored);
    let (after, until) = match page.direction {
        Direction::Forward => (cursor.unwrap_or(Position::ZERO), at.position),
        Direction::Backward => {
            (Position::ZERO, cursor.map_or(at.position, |cursor| cursor.plus(-1).min(at.position)))
        }
    };
    let newest_first = page.direction == Direction::Backward;
    let _turn = scope.turn().await;
    let rows = scope
        .engine()
        .log
        .events(&EventPage { filter, after, until, newest_first, limit: page.fetch() })
        .await?;
    let place = |row: &Recorded| Place { keys: vec![Key::from(row.position.get())], id: row.event_id };
    let edges = Edges::of(page, listing, at.position, rows, place, |row| Event::shown(Arc::new(row)));
    Ok(Connection::uncounted(edges.all()?))
}
