//! Users in the API: the type, and the queries that lead to it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use super::fold::Users;
use super::loader;
use super::query::{self, UserFilter, UserSort, UserStatus};
use super::table::Model;
use crate::engine::event::{Position, Recorded};
use crate::engine::read_model::ReadModel;
use crate::engine::time::Instant;
use crate::graphql::paging::{Connection, Listed, Listing, PageArgs, Uncounted, listed};
use crate::graphql::scalars::Moment;
use crate::graphql::{Address, At, Result, Scope, parse_id, text_argument};
use crate::read::changes::graphql::{Change, changes};
use crate::read::events::graphql::{Event, history};
use crate::read::orders::graphql::{self as orders, Order, OrderFilter, OrderSort};

/// A user as of a moment.
#[derive(Clone)]
pub struct User {
    row: Model,
    at: At,
}

impl User {
    /// From a row as it stood.
    pub fn new(row: Model, at: At) -> Self {
        Self { row, at }
    }

    /// The user as a dry run would leave it: its row at `on`, and `events` after it.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn preview(
        context: &Context<'_>,
        id: Uuid,
        events: &[Arc<Recorded>],
        on: Position,
    ) -> Result<Option<Self>> {
        let (rows, at) = Scope::of(context)?.preview::<Users>(on, events).await?;
        Ok(rows.get::<Model>(id).map(|row| Self::new(row.clone(), at)))
    }
}

impl Listed for User {
    const NAME: &'static str = "User";
    const PAGE: &'static str = "A page of users.";
    const ENTRY: &'static str = "A user in a page.";
}

/// Somebody who can place orders.
#[Object]
impl User {
    /// The UUID of the user's stream, unique across types.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// The position this state was asked for; null for the present. With `id` it is the key for client caches.
    pub async fn as_of(&self) -> Option<Position> {
        self.at.as_of()
    }

    /// Number of events in this user's stream that this state reflects.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// The full name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// The e-mail address, as it was given.
    async fn email(&self) -> &str {
        &self.row.email
    }

    /// Whether the user has shown control of this e-mail address.
    async fn email_verified(&self) -> bool {
        self.row.email_verified
    }

    /// The postal address, if one is known.
    async fn address(&self) -> Option<Result<Address>> {
        self.row.address.as_deref().map(Address::from_stored)
    }

    /// Whether the user can do anything.
    async fn status(&self) -> UserStatus {
        UserStatus::of(&self.row)
    }

    /// When the user was created.
    async fn created_at(&self) -> Instant {
        Instant::from_micros(self.row.created_at)
    }

    /// When the user was last changed.
    async fn updated_at(&self) -> Instant {
        Instant::from_micros(self.row.updated_at)
    }

    /// The user's orders at the same moment as the user, newest first unless sorted otherwise.
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
    ) -> Result<Connection<Order>> {
        orders::of_user(
            context,
            (self.row.id, self.at),
            filter.unwrap_or_default(),
            sort_by.unwrap_or_default(),
            &PageArgs { first, after, last, before },
        )
        .await
    }

    /// Every event of this user up to the same moment, oldest first.
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

    /// What each event changed of this user up to the same moment, oldest first. `version` and `updatedAt`, which every
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

/// The queries of users.
#[derive(Default)]
pub struct UserQueries;

#[Object]
impl UserQueries {
    /// One user, by id.
    async fn user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Option<Result<User>> {
        find(context, id, as_of).await.transpose()
    }

    /// The user with an e-mail address, whatever its case: at any moment there is one at most.
    async fn user_by_email(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The whole e-mail address.")] email: String,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Option<Result<User>> {
        find_by_email(context, email, as_of).await.transpose()
    }

    /// The users that fit, newest first unless sorted otherwise.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn users(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only these; all when absent.")] filter: Option<UserFilter>,
        #[graphql(desc = "The order; newest first when absent.")] sort_by: Option<UserSort>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when neither it nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Result<Connection<User>> {
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

async fn find(context: &Context<'_>, id: ID, as_of: Option<Moment>) -> Result<Option<User>> {
    let at = Scope::of(context)?.at(as_of, None).await?;
    loader::load(context, parse_id(&id)?, at).await
}

async fn find_by_email(context: &Context<'_>, email: String, as_of: Option<Moment>) -> Result<Option<User>> {
    text_argument("email", &email)?;
    let scope = Scope::of(context)?;
    let at = scope.at(as_of, None).await?;
    let found = scope.rows::<Users, _>(at, query::with_email(&email)).await?;
    Ok(found.into_iter().next().map(|row| User::new(row, at)))
}

async fn list(
    context: &Context<'_>,
    filter: UserFilter,
    sort_by: UserSort,
    page: &PageArgs,
    as_of: Option<Moment>,
) -> Result<Connection<User>> {
    let listing = Listing::new("users", Users::REVISION)
        .with("filter", &filter)
        .with("sortBy", &sort_by)
        .with("asOf", &as_of);
    let page = page.page(&listing)?;
    filter.check()?;
    let scope = Scope::of(context)?;
    let at = scope.at(as_of, page.pinned()).await?;
    let found = (query::matching(&filter, at), sort_by.order(&filter, at));
    listed::<Users, _, _>(scope, found, at, (&listing, &page), User::new).await
}
