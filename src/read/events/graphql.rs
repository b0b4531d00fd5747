//! Events in the API: the interface, the queries that list them, and the history of one entity.

use std::sync::Arc;

use async_graphql::{Context, ID, Interface, Object};
use uuid::Uuid;

use super::fact::{Fact, StreamType};
use super::query::{EventFilter, listed};
use super::{order, product, user};
use crate::engine::event::{Position, Recorded};
use crate::engine::log::filter::EventFilter as Wanted;
use crate::engine::time::Instant;
use crate::graphql::paging::{Connection, Listed, Listing, PageArgs, Uncounted};
use crate::graphql::scalars::{Json, Moment};
use crate::graphql::{At, Failure, Result, Scope};
use crate::read::node::Node;

/// One immutable fact in the log.
#[allow(clippy::duplicated_attributes, reason = "fields of one type, or words in common")]
#[derive(Interface)]
#[graphql(
    field(
        name = "position",
        ty = "Position",
        desc = "The place of the event in the log; \"0\" for what a dry run would record."
    ),
    field(name = "id", ty = "ID", desc = "The event's own id."),
    field(
        name = "type",
        method = "kind",
        ty = "&str",
        desc = "The stored name of the event, such as OrderPlaced."
    ),
    field(name = "schema_version", ty = "i32", desc = "The version of the shape it was stored in."),
    field(name = "stream_type", ty = "StreamType", desc = "What kind of entity it happened to."),
    field(name = "stream_id", ty = "ID", desc = "The id of the entity it happened to."),
    field(name = "stream_version", ty = "i32", desc = "1 for the first event of its stream."),
    field(
        name = "recorded_at",
        ty = "Instant",
        desc = "One value for all events of a command, strictly later than that of the command before."
    ),
    field(
        name = "data",
        ty = "Result<Json>",
        desc = "The stored payload, lifted to the newest schema version."
    ),
    field(name = "actor", ty = "Option<&str>", desc = "Who did it, as far as that is known."),
    field(name = "reason", ty = "Option<&str>", desc = "Why it was done, as far as that was said."),
    field(name = "command_id", ty = "ID", desc = "The command that recorded it."),
    field(
        name = "correlation_id",
        ty = "ID",
        desc = "What belongs together beyond one command; the command's id unless the sender said otherwise."
    ),
    field(
        name = "causation_id",
        ty = "Option<ID>",
        desc = "What caused the command, as far as the sender said."
    ),
    field(
        name = "hash",
        ty = "String",
        desc = "SHA-256 over this event as stored and the hash of the event before it, in hex; zeros for a dry run."
    ),
    field(
        name = "subject",
        ty = "Option<Result<Node>>",
        desc = "The entity right after the command this event belongs to; null for a dry run."
    )
)]
pub enum Event {
    UserCreated(Fact<user::UserCreated>),
    UserRenamed(Fact<user::UserRenamed>),
    AddressChanged(Fact<user::AddressChanged>),
    EmailChanged(Fact<user::EmailChanged>),
    EmailVerified(Fact<user::EmailVerified>),
    UserDeactivated(Fact<user::UserDeactivated>),
    UserReactivated(Fact<user::UserReactivated>),
    ProductCreated(Fact<product::ProductCreated>),
    ProductRenamed(Fact<product::ProductRenamed>),
    PriceChanged(Fact<product::PriceChanged>),
    StockReceived(Fact<product::StockReceived>),
    StockAdjusted(Fact<product::StockAdjusted>),
    StockReserved(Fact<product::StockReserved>),
    StockReleased(Fact<product::StockReleased>),
    ProductDiscontinued(Fact<product::ProductDiscontinued>),
    OrderPlaced(Fact<order::OrderPlaced>),
    OrderPaid(Fact<order::OrderPaid>),
    OrderShipped(Fact<order::OrderShipped>),
    OrderDelivered(Fact<order::OrderDelivered>),
    OrderReturned(Fact<order::OrderReturned>),
    OrderCancelled(Fact<order::OrderCancelled>),
}

impl Listed for Event {
    const NAME: &'static str = "Event";
    const PAGE: &'static str = "A page of events.";
    const ENTRY: &'static str = "An event in a page.";
}

impl Event {
    /// An event of the log as the API shows it.
    ///
    /// # Errors
    /// A fault of ours when this program does not know it.
    pub fn shown(recorded: Arc<Recorded>) -> Result<Self> {
        let shown = StreamType::of(&recorded).and_then(|stream_type| match stream_type {
            StreamType::User => user::shown(recorded),
            StreamType::Product => product::shown(recorded),
            StreamType::Order => order::shown(recorded),
        });
        shown.map_err(Failure::internal)
    }
}

/// The queries of events.
#[derive(Default)]
pub struct EventQueries;

#[Object]
impl EventQueries {
    /// One event, by its place in the log.
    async fn event(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The event's place in the log.")] position: Position,
    ) -> Option<Result<Event>> {
        at_position(context, position).await.transpose()
    }

    /// The log up to `asOf`, oldest first.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only these; all when absent.")] filter: Option<EventFilter>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when neither it nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "The moment up to which to look; the present when absent.")] as_of: Option<Moment>,
    ) -> Result<Connection<Event, Uncounted>> {
        let listing = Listing::new("events", 1).with("filter", &filter).with("asOf", &as_of);
        let page = PageArgs { first, after, last, before }.page(&listing)?;
        let wanted = filter.unwrap_or_default().wanted()?;
        let at = Scope::of(context)?.at(as_of, page.pinned()).await?;
        listed(context, wanted, at, &listing, &page).await
    }
}

async fn at_position(context: &Context<'_>, position: Position) -> Result<Option<Event>> {
    let scope = Scope::of(context)?;
    scope.reflect(scope.newest().await?.position);
    let found = scope.engine().log.at(position).await?;
    found.map(|event| Event::shown(Arc::new(event))).transpose()
}

/// Every event of one entity up to the moment it is looked at, oldest first.
///
/// # Errors
/// Arguments that are no page of this list, or a log that cannot be read.
pub async fn history(
    context: &Context<'_>,
    id: Uuid,
    at: At,
    page: &PageArgs,
) -> Result<Connection<Event, Uncounted>> {
    let listing = Listing::new("history", 1).of(id).with("past", &at.past);
    let page = page.page(&listing)?;
    let wanted = Wanted { stream_ids: Some(vec![id]), ..Wanted::default() };
    listed(context, wanted, at.pinned(page.pinned()), &listing, &page).await
}
