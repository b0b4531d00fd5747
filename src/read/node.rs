//! Anything with an identity, found by it whatever its type.

use async_graphql::{Context, ID, Interface, Object};
use futures_util::future::{try_join_all, try_join3};
use uuid::Uuid;

use super::events::fact::StreamType;
use super::orders::graphql::Order;
use super::orders::loader as orders;
use super::products::graphql::Product;
use super::products::loader as products;
use super::users::graphql::User;
use super::users::loader as users;
use crate::engine::event::Position;
use crate::graphql::scalars::Moment;
use crate::graphql::{At, Failure, Result, Scope, parse_id};

/// Anything with an identity. `id` is the UUID of the entity's stream, unique across types.
#[derive(Interface, Clone)]
#[graphql(
    field(name = "id", ty = "ID", desc = "The UUID of the entity's stream, unique across types."),
    field(
        name = "as_of",
        ty = "Option<Position>",
        desc = "The position this state was asked for; null for the present. With `id` it is the key for client \
                caches, so that then and now do not overwrite each other."
    )
)]
pub enum Node {
    User(User),
    Product(Product),
    Order(Order),
}

/// How many ids one request may ask for at once.
const MOST_IDS: usize = 100;

impl Node {
    /// The entity with an id as of a moment, if there was one.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn load(context: &Context<'_>, of: StreamType, id: Uuid, at: At) -> Result<Option<Self>> {
        match of {
            StreamType::User => Ok(users::load(context, id, at).await?.map(Self::User)),
            StreamType::Product => Ok(products::load(context, id, at).await?.map(Self::Product)),
            StreamType::Order => Ok(orders::load(context, id, at).await?.map(Self::Order)),
        }
    }

    /// The entity with an id, whatever its type. All are asked at once, so that any number of ids is one load of each.
    async fn find(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<Self>> {
        let of = |of| Self::load(context, of, id, at);
        let asked = try_join3(of(StreamType::User), of(StreamType::Product), of(StreamType::Order));
        let (user, product, order) = asked.await?;
        Ok(user.or(product).or(order))
    }
}

/// The queries of anything with an identity.
#[derive(Default)]
pub struct NodeQueries;

#[Object]
impl NodeQueries {
    /// One entity, by id.
    async fn node(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The entity's id.")] id: ID,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Option<Result<Node>> {
        one(context, id, as_of).await.transpose()
    }

    /// Entities by their ids, at most 100, in the order asked for; null where there is none.
    async fn nodes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The entities' ids.")] ids: Vec<ID>,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MOST_IDS {
            let message = format!("expected at most {MOST_IDS} ids; got {}", ids.len());
            return Err(Failure::bad_user_input(message));
        }
        let at = Scope::of(context)?.at(as_of, None).await?;
        let ids = ids.iter().map(parse_id).collect::<Result<Vec<Uuid>>>()?;
        let found = ids.into_iter().map(|id| Node::find(context, id, at));
        try_join_all(found).await
    }
}

async fn one(context: &Context<'_>, id: ID, as_of: Option<Moment>) -> Result<Option<Node>> {
    let id = parse_id(&id)?;
    let at = Scope::of(context)?.at(as_of, None).await?;
    Node::find(context, id, at).await
}
