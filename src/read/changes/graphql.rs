//! Changes in the API: a page of an entity's events, each with the fields it changed.

use std::sync::Arc;

use async_graphql::{Context, SimpleObject, Value};
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::replay::{Changed, replay};
use crate::engine::event::{Position, Recorded};
use crate::engine::log::filter::{EventFilter, EventPage};
use crate::engine::read_model::{ReadModel, Row};
use crate::graphql::paging::{Connection, Edges, Key, Listed, Listing, Page, PageArgs, Place, Uncounted};
use crate::graphql::scalars::Json;
use crate::graphql::{At, Result, RowLoader, Scope};
use crate::read::events::graphql::Event;
use crate::read::shown::Shown;

/// What one event changed of its entity.
#[derive(SimpleObject)]
pub struct Change {
    /// The event: when, who and why.
    event: Event,
    /// The fields it changed, in the order in which the entity has them.
    fields: Vec<FieldChange>,
}

/// A field of an entity before and after an event.
#[derive(SimpleObject)]
pub struct FieldChange {
    /// The name of the entity's field, such as trackingNumber.
    field: &'static str,
    /// What the field answered before, as JSON; null where it had no value.
    before: Option<Json>,
    /// What it answers after, likewise.
    after: Option<Json>,
}

impl Listed for Change {
    const NAME: &'static str = "Change";
    const PAGE: &'static str = "A page of changes.";
    const ENTRY: &'static str = "A change in a page.";
}

/// An entity whose changes can be told: one row of a read model, changed by the events of one stream.
pub trait Changing {
    /// The read model that folds it.
    type Model: ReadModel;
    /// The table its row is in.
    type Table: EntityTrait<Model: Row>;
    /// The read model itself, for its fold.
    const MODEL: Self::Model;

    /// The number of events of the stream that a row reflects.
    fn version(row: &RowOf<Self>) -> i64;

    /// The plain fields of the entity as the API answers them: all but `id` and `asOf`, which never change, `version` and
    /// `updatedAt`, which always do, and what is nested.
    ///
    /// # Errors
    /// A fault of ours when the row holds what this program does not write.
    fn shown(row: &RowOf<Self>) -> Result<Shown>;
}

/// The row of an entity.
type RowOf<C> = <<C as Changing>::Table as EntityTrait>::Model;

/// The changes of an entity up to the moment it is looked at, oldest first. Costs a page of its events and, unless that
/// begins with the first of all, one row; a third statement only where a page begins within a command.
///
/// # Errors
/// Arguments that are no page of this list, `NOT_YET_VISIBLE`, or a fault of ours.
pub async fn changes<C: Changing>(
    context: &Context<'_>,
    id: Uuid,
    at: At,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Connection<Change, Uncounted>> {
    let listing = Listing::new("changes", C::Model::REVISION).of(id).with("past", &at.past);
    let page = PageArgs { first, after, ..PageArgs::default() }.page(&listing)?;
    let at = at.pinned(page.pinned());
    let events = events(context, id, at, &page).await?;
    let changed = match events.first() {
        Some(first) => {
            let (before, between) = before::<C>(context, first, at).await?;
            let since = [between.as_slice(), events.as_slice()].concat();
            let changed = replay(&C::MODEL, (id, before), &since, C::shown)?;
            changed.into_iter().skip(between.len()).collect()
        }
        None => Vec::new(),
    };
    let place = |row: &(Recorded, Changed)| Place { keys: vec![Key::from(row.0.position.get())], id };
    let rows = events.into_iter().zip(changed).collect();
    let edges = Edges::of(&page, &listing, at.position, rows, place, |(event, changed)| told(event, changed));
    Ok(Connection::uncounted(edges.all()?))
}

async fn events(context: &Context<'_>, id: Uuid, at: At, page: &Page) -> Result<Vec<Recorded>> {
    let scope = Scope::of(context)?;
    scope.reflect(at.position);
    let cursor = page.cursor.as_ref().map(|cursor| cursor.place.integer(0)).transpose()?;
    let _turn = scope.turn().await;
    let page = EventPage {
        filter: EventFilter { stream_ids: Some(vec![id]), ..EventFilter::default() },
        after: cursor.map_or(Position::ZERO, Position::from_stored),
        until: at.position,
        newest_first: false,
        limit: page.fetch(),
    };
    Ok(scope.engine().log.events(&page).await?)
}

/// The row as it stood before an event, as far as a position tells it, and the events from there on. No moment cuts
/// through a command, so a row of the past is never one within: what its command did before the event comes with it.
async fn before<C: Changing>(
    context: &Context<'_>,
    event: &Recorded,
    at: At,
) -> Result<(Option<RowOf<C>>, Vec<Recorded>)> {
    if event.stream_version <= 1 {
        return Ok((None, Vec::new()));
    }
    let id = event.stream_id;
    let at = At { position: event.position.plus(-1), ..at };
    let row = RowLoader::<C::Model, C::Table>::load(context, id, at).await?;
    let version = row.as_ref().map_or(0, C::version);
    let missing = u64::try_from(event.stream_version - 1 - version).unwrap_or_default();
    if missing == 0 {
        return Ok((row, Vec::new()));
    }
    let scope = Scope::of(context)?;
    let _turn = scope.turn().await;
    let between = scope.engine().log.streams(&[(id, version)], at.position, missing).await?;
    Ok((row, between))
}

fn told(event: Recorded, changed: Changed) -> Result<Change> {
    let known = |value: Value| Some(Json(value)).filter(|json| json.0 != Value::Null);
    let fields = changed.into_iter().map(|(field, before, after)| FieldChange {
        field,
        before: known(before),
        after: known(after),
    });
    Ok(Change { fields: fields.collect(), event: Event::shown(Arc::new(event))? })
}
