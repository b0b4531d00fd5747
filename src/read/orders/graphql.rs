//! Orders in the API: the type, and the queries that lead to it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::fold::Orders;
pub use super::line::OrderLine;
use super::loader;
pub use super::query::{OrderFilter, OrderSort, OrderStatus};
use super::table::{Column, Model};
use crate::engine::event::{Position, Recorded};
use crate::engine::read_model::{Query, ReadModel};
use crate::engine::time::Instant;
use crate::graphql::paging::{Connection, Listed, Listing, PageArgs, Uncounted, listed};
use crate::graphql::scalars::Moment;
use crate::graphql::{Address, At, Failure, Money, Result, Scope, parse_id};
use crate::read::changes::graphql::{Change, changes};
use crate::read::events::graphql::{Event, history};
use crate::read::shown::kept_money;
use crate::read::users::graphql::User;
use crate::read::users::loader as users;

/// An order as of a moment.
#[derive(Clone)]
pub struct Order {
    row: Model,
    at: At,
}

impl Order {
    /// From a row as it stood.
    pub fn new(row: Model, at: At) -> Self {
        Self { row, at }
    }

    /// The order as a dry run would leave it: its row at `on`, and `events` after it.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn preview(
        context: &Context<'_>,
        id: Uuid,
        events: &[Arc<Recorded>],
        on: Position,
    ) -> Result<Option<Self>> {
        let (rows, at) = Scope::of(context)?.preview::<Orders>(on, events).await?;
        Ok(rows.get::<Model>(id).map(|row| Self::new(row.clone(), at)))
    }
}

impl Listed for Order {
    const NAME: &'static str = "Order";
    const PAGE: &'static str = "A page of orders.";
    const ENTRY: &'static str = "An order in a page.";
}

/// The order summary: what was ordered, what it costs and how far it is.
#[Object]
impl Order {
    /// The UUID of the order's stream, unique across types.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// The position this state was asked for; null for the present. With `id` it is the key for client caches.
    pub async fn as_of(&self) -> Option<Position> {
        self.at.as_of()
    }

    /// Number of events in this order's stream that this state reflects.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// How far it is.
    async fn status(&self) -> OrderStatus {
        self.row.status.into()
    }

    /// The user who ordered, at the order's moment.
    async fn user(&self, context: &Context<'_>) -> Result<User> {
        let (id, position) = (self.row.user_id, self.at.position);
        let found = users::load(context, id, self.at).await?;
        found.ok_or_else(|| Failure::internal(format!("user {id} of an order is not there at {position}")))
    }

    /// The id of the user who ordered.
    async fn user_id(&self) -> ID {
        self.row.user_id.into()
    }

    /// What was ordered, each product once.
    async fn lines(&self) -> Result<Vec<OrderLine>> {
        let lines = self.row.ordered().map_err(Failure::internal)?;
        Ok(lines.into_iter().map(|line| OrderLine::new(line, self.at)).collect())
    }

    /// Units over all lines.
    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    /// What all lines cost together.
    async fn total_amount(&self) -> Result<Money> {
        kept_money(self.row.total_minor, &self.row.currency)
    }

    /// Where it goes.
    async fn shipping_address(&self) -> Result<Address> {
        Address::from_stored(&self.row.shipping_address)
    }

    /// What the payment is known by, once it is paid.
    async fn payment_reference(&self) -> Option<&str> {
        self.row.payment_reference.as_deref()
    }

    /// Who brings it, once it is shipped.
    async fn carrier(&self) -> Option<&str> {
        self.row.carrier.as_deref()
    }

    /// What the carrier knows it by, once it is shipped.
    async fn tracking_number(&self) -> Option<&str> {
        self.row.tracking_number.as_deref()
    }

    /// Why it was cancelled, as far as that was said.
    async fn cancellation_reason(&self) -> Option<&str> {
        self.row.cancellation_reason.as_deref()
    }

    /// When it was placed.
    async fn placed_at(&self) -> Instant {
        Instant::from_micros(self.row.placed_at)
    }

    /// When it was paid, if it was.
    async fn paid_at(&self) -> Option<Instant> {
        self.row.paid_at.map(Instant::from_micros)
    }

    /// When it was given to the carrier, if it was.
    async fn shipped_at(&self) -> Option<Instant> {
        self.row.shipped_at.map(Instant::from_micros)
    }

    /// When it reached the user, if it did.
    async fn delivered_at(&self) -> Option<Instant> {
        self.row.delivered_at.map(Instant::from_micros)
    }

    /// When it was cancelled, if it was.
    async fn cancelled_at(&self) -> Option<Instant> {
        self.row.cancelled_at.map(Instant::from_micros)
    }

    /// When it came back, if it did.
    async fn returned_at(&self) -> Option<Instant> {
        self.row.returned_at.map(Instant::from_micros)
    }

    /// When it was last changed.
    async fn updated_at(&self) -> Instant {
        Instant::from_micros(self.row.updated_at)
    }

    /// Every event of this order up to the same moment, oldest first.
    async fn history(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when neither it nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event, Uncounted>> {
        history(context, self.row.id, self.at, &PageArgs { first, after, last, before }).await
    }

    /// What each event changed of this order up to the same moment, oldest first. `version` and `updatedAt`, which every
    /// event changes, are left out.
    async fn changes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Connection<Change, Uncounted>> {
        changes::<Self>(context, self.row.id, self.at, first, after).await
    }
}

/// The queries of orders.
#[derive(Default)]
pub struct OrderQueries;

#[Object]
impl OrderQueries {
    /// One order, by id.
    async fn order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: ID,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Option<Result<Order>> {
        find(context, id, as_of).await.transpose()
    }

    /// The orders that fit, newest first unless sorted otherwise.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn orders(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only these; all when absent.")] filter: Option<OrderFilter>,
        #[graphql(desc = "The order; newest first when absent.")] sort_by: Option<OrderSort>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when neither it nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Result<Connection<Order>> {
        list(
            context,
            filter.unwrap_or_default(),
            sort_by.unwrap_or_default(),
            &PageArgs { first, after, last, before },
            as_of,
        )
        .await
    }
}

async fn find(context: &Context<'_>, id: ID, as_of: Option<Moment>) -> Result<Option<Order>> {
    let at = Scope::of(context)?.at(as_of, None).await?;
    loader::load(context, parse_id(&id)?, at).await
}

async fn list(
    context: &Context<'_>,
    filter: OrderFilter,
    sort_by: OrderSort,
    page: &PageArgs,
    as_of: Option<Moment>,
) -> Result<Connection<Order>> {
    let listing = Listing::new("orders", Orders::REVISION)
        .with("filter", &filter)
        .with("sortBy", &sort_by)
        .with("asOf", &as_of);
    let page = page.page(&listing)?;
    let wanted = filter.wanted()?;
    let scope = Scope::of(context)?;
    let at = scope.at(as_of, page.pinned()).await?;
    listed::<Orders, _, _>(
        scope,
        (wanted.query(at), sort_by.order(&wanted, at)),
        at,
        (&listing, &page),
        Order::new,
    )
    .await
}

/// The orders of a user at the moment the user is looked at.
///
/// # Errors
/// Arguments that are no page of this list, `NOT_YET_VISIBLE`, or a fault of ours.
pub async fn of_user(
    context: &Context<'_>,
    (user_id, at): (Uuid, At),
    filter: OrderFilter,
    sort_by: OrderSort,
    page: &PageArgs,
) -> Result<Connection<Order>> {
    let listing = Listing::new("user.orders", Orders::REVISION)
        .of(user_id)
        .with("filter", &filter)
        .with("sortBy", &sort_by)
        .with("past", &at.past);
    let page = page.page(&listing)?;
    let wanted = filter.wanted()?;
    let matching = Query::few(wanted.select().filter(Column::UserId.eq(user_id)));
    let at = at.pinned(page.pinned());
    let found = (matching, sort_by.order(&wanted, at));
    listed::<Orders, _, _>(Scope::of(context)?, found, at, (&listing, &page), Order::new).await
}
