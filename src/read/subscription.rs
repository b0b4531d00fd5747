//! Entities live: the state of now, then the state after every command that changes it.

use async_graphql::{Context, ID, Subscription};
use async_stream::try_stream;
use futures_util::Stream;
use sea_orm::EntityTrait;
use uuid::Uuid;

use super::orders::{self, fold::Orders, graphql::Order};
use super::products::{self, fold::Products, graphql::Product};
use super::users::{self, fold::Users, graphql::User};
use crate::engine::log::filter::EventFilter;
use crate::engine::read_model::{Key, ReadModel, Row};
use crate::graphql::{At, Failure, Result, Scope, parse_id};

/// The subscriptions to one entity.
#[derive(Default)]
pub struct EntitySubscription;

#[Subscription]
impl EntitySubscription {
    /// The user now, then after every command that changes it; intermediate states may be skipped for a slow reader,
    /// the last never.
    async fn user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The user's id.")] id: ID,
    ) -> Result<impl Stream<Item = Result<User>>> {
        live::<User>(context, id).await
    }

    /// The product now, then after every command that changes it; intermediate states may be skipped for a slow
    /// reader, the last never.
    async fn product(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: ID,
    ) -> Result<impl Stream<Item = Result<Product>>> {
        live::<Product>(context, id).await
    }

    /// The order now, then after every command that changes it; intermediate states may be skipped for a slow reader,
    /// the last never.
    async fn order(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: ID,
    ) -> Result<impl Stream<Item = Result<Order>>> {
        live::<Order>(context, id).await
    }
}

/// An entity that can be followed by its id.
trait Live: Send + 'static {
    /// What people call it.
    const NOUN: &'static str;
    /// The read model that has it.
    type Model: ReadModel;
    /// The table of that model that has a row for each, by id.
    type Table: EntityTrait<Model: Row>;

    fn new(row: <Self::Table as EntityTrait>::Model, at: At) -> Self;
}

impl Live for User {
    const NOUN: &'static str = "user";
    type Model = Users;
    type Table = users::table::Entity;

    fn new(row: users::table::Model, at: At) -> Self {
        Self::new(row, at)
    }
}

impl Live for Product {
    const NOUN: &'static str = "product";
    type Model = Products;
    type Table = products::table::Entity;

    fn new(row: products::table::Model, at: At) -> Self {
        Self::new(row, at)
    }
}

impl Live for Order {
    const NOUN: &'static str = "order";
    type Model = Orders;
    type Table = orders::table::Entity;

    fn new(row: orders::table::Model, at: At) -> Self {
        Self::new(row, at)
    }
}

async fn live<E: Live>(context: &Context<'_>, id: ID) -> Result<impl Stream<Item = Result<E>> + use<E>> {
    let scope = Scope::of(context)?.clone();
    let id = parse_id(&id)?;
    let at = scope.newest().await?;
    let now = read::<E>(&scope, id, at).await?.ok_or_else(|| {
        let noun = E::NOUN;
        Failure::bad_user_input(format!("expected the id of a {noun}; got {id}, and there is no such {noun}"))
    })?;
    let filter = EventFilter { stream_ids: Some(vec![id]), ..EventFilter::default() };
    // From the very position of the state: nothing is missed in between.
    let mut follower = scope.engine().feed.follow(Some(at.position), None, filter).await?;
    Ok(try_stream! {
        yield now;
        let mut shown = at.position;
        loop {
            let events = follower.next().await?;
            // A page may end within a command; the state shown is the one after it, once.
            let Some(last) = events.last().filter(|last| last.command_end > shown) else { continue };
            shown = last.command_end;
            let at = At::now(shown, last.recorded_at);
            if let Some(entity) = read::<E>(&scope, id, at).await? {
                yield entity;
            }
        }
    })
}

async fn read<E: Live>(scope: &Scope, id: Uuid, at: At) -> Result<Option<E>> {
    let found = scope.each_in_time::<E::Model, E::Table>(&[(Key::from(id), at.position)]).await?;
    Ok(found.into_values().next().map(|row| E::new(row, at)))
}
