//! Patterns of async-graphql that the slices copy, each proven: interfaces over generic objects with flattened parts,
//! errors that null only their field, and what an answer reflects in the response's extensions.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_graphql::{
    Context, Description, EmptySubscription, ID, Interface, Object, ObjectType, Schema, SimpleObject,
    TypeName,
};

use super::paging::{Connection, Edges, Listed, Listing, PageArgs, Place, Uncounted};
use super::{ErrorCode, Failure, Result};
use crate::engine::event::Position;

mod tests;

// (a) Interfaces: an enum whose variants are objects. Every variant's type has an inherent method for each field of
// the interface, answering the type that the interface names: `#[Object]` makes them of its functions, `SimpleObject`
// of its fields (by reference, unless marked `owned`), flattened parts make none.

/// Anything with an identity.
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Its identity."),
    field(name = "as_of", ty = "Option<Position>", desc = "The position this state was asked for.")
)]
enum Node {
    User(User),
    Product(Product),
}

struct User(&'static str);

/// A user.
#[Object]
impl User {
    /// Its identity.
    async fn id(&self) -> ID {
        ID(self.0.to_owned())
    }

    /// The position this state was asked for.
    async fn as_of(&self) -> Option<Position> {
        None
    }

    /// Types may refer to each other in a circle: user, event, subject, user.
    async fn history(&self) -> Result<Connection<Event, Uncounted>> {
        let listing = Listing::new("history", 1);
        let page = PageArgs::default().page(&listing)?;
        let place = |_: &i64| Place { keys: vec![], id: uuid::Uuid::nil() };
        let node = |position| event(position, self.0);
        Ok(Connection::uncounted(Edges::of(&page, &listing, Position::ZERO, vec![1, 2], place, node)))
    }
}

/// A product.
#[derive(SimpleObject)]
struct Product {
    /// Its identity.
    #[graphql(owned)]
    id: ID,
    /// The position this state was asked for.
    #[graphql(owned)]
    as_of: Option<Position>,
}

// (b) Many objects that share fields: one generic object with the common fields, the part that differs flattened in.
// Name and description come from the part through `name_type` and `use_type_description`. The part is registered for
// a moment too and removed as unused, so it needs a name that nothing else has.

/// What differs between the events: an object of its own fields.
trait Payload: ObjectType {
    const NAME: &'static str;
    const DESCRIPTION: &'static str;
}

struct Fact<P> {
    position: i64,
    user: &'static str,
    payload: P,
}

impl<P: Payload> TypeName for Fact<P> {
    fn type_name() -> Cow<'static, str> {
        P::NAME.into()
    }
}

impl<P: Payload> Description for Fact<P> {
    fn description() -> &'static str {
        P::DESCRIPTION
    }
}

#[Object(name_type, use_type_description)]
impl<P: Payload> Fact<P> {
    /// Its place in the log.
    async fn position(&self) -> Position {
        Position::from_stored(self.position)
    }

    /// The stored name of the event.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        P::NAME
    }

    /// The entity right after the command this event belongs to.
    async fn subject(&self) -> Option<Result<Node>> {
        Some(match self.user {
            "late" => Err(Failure::new(ErrorCode::NotYetVisible, "not yet")),
            user => Ok(Node::User(User(user))),
        })
    }

    #[graphql(flatten)]
    async fn payload(&self) -> &P {
        &self.payload
    }
}

#[derive(SimpleObject)]
#[graphql(name = "UserRenamedPart")]
struct UserRenamed {
    /// The user.
    user_id: ID,
    /// The new name.
    name: String,
}

impl Payload for UserRenamed {
    const NAME: &'static str = "UserRenamed";
    const DESCRIPTION: &'static str = "A user has another name.";
}

#[derive(SimpleObject)]
#[graphql(name = "UserDeactivatedPart")]
struct UserDeactivated {
    /// The user.
    user_id: ID,
}

impl Payload for UserDeactivated {
    const NAME: &'static str = "UserDeactivated";
    const DESCRIPTION: &'static str = "A user was deactivated.";
}

/// One immutable fact in the log.
#[derive(Interface)]
#[graphql(
    field(name = "position", ty = "Position", desc = "Its place in the log."),
    field(name = "type", method = "kind", ty = "&str", desc = "The stored name of the event."),
    field(name = "subject", ty = "Option<Result<Node>>", desc = "The entity right after the command.")
)]
enum Event {
    UserRenamed(Fact<UserRenamed>),
    UserDeactivated(Fact<UserDeactivated>),
}

impl Listed for Event {
    const NAME: &'static str = "Event";
    const PAGE: &'static str = "A page of events.";
    const ENTRY: &'static str = "An event in a page.";
}

fn event(position: i64, user: &'static str) -> Event {
    let user_id = ID(user.to_owned());
    match position {
        1 => Fact { position, user, payload: UserRenamed { user_id, name: "Ada".to_owned() } }.into(),
        _ => Fact { position, user, payload: UserDeactivated { user_id } }.into(),
    }
}

// The same for payloads: the common fields in the generic object, the entity's field flattened in under its own name.

struct Outcome<E> {
    entity: E,
}

/// The entity of a payload, under its name.
trait Entity: ObjectType {
    const PAYLOAD: &'static str;
}

impl<E: Entity> TypeName for Outcome<E> {
    fn type_name() -> Cow<'static, str> {
        E::PAYLOAD.into()
    }
}

/// What a command came to.
#[Object(name_type)]
impl<E: Entity> Outcome<E> {
    #[graphql(flatten)]
    async fn entity(&self) -> &E {
        &self.entity
    }

    /// The last recorded position.
    async fn position(&self) -> Option<Position> {
        Position::new(2)
    }
}

struct UserAfter(&'static str);

#[Object]
impl UserAfter {
    /// The state right after the command: read only when selected.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        read_user(ctx, self.0).transpose()
    }
}

impl Entity for UserAfter {
    const PAYLOAD: &'static str = "UserPayload";
}

/// What every command answers. No field returns it, so the schema has to be told of it: `register_output_type`.
#[derive(Interface)]
#[graphql(field(name = "position", ty = "Option<Position>", desc = "The last recorded position."))]
enum CommandPayload {
    User(Outcome<UserAfter>),
}

// (c) A nullable field whose error nulls only itself answers `Option<Result<T>>`: a function with `?` that answers
// `Result<Option<T>>`, and `transpose` at the end.

fn read_user(ctx: &Context<'_>, id: &'static str) -> Result<Option<User>> {
    match id {
        "late" => Err(Failure::new(ErrorCode::NotYetVisible, "not yet")),
        "none" => Ok(None),
        id => {
            // (d) What an answer reflects is kept in the request's data, and put into the response by the edge.
            if let Some(Reflected(position)) = ctx.data_opt::<Reflected>() {
                position.fetch_max(2, Ordering::Relaxed);
            }
            Ok(Some(User(id)))
        }
    }
}

/// The newest position any part of an answer was read at.
#[derive(Clone)]
struct Reflected(Arc<AtomicI64>);

struct Query;

#[Object]
impl Query {
    async fn node(&self, id: ID) -> Option<Node> {
        match id.as_str() {
            "ada" => Some(User("ada").into()),
            _ => Some(Product { id, as_of: Position::new(7) }.into()),
        }
    }

    async fn events(&self) -> Vec<Event> {
        vec![event(1, "ada"), event(2, "late")]
    }

    async fn late(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        read_user(ctx, "late").transpose()
    }

    async fn none(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        read_user(ctx, "none").transpose()
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn rename_user(&self, id: String) -> Option<Result<Outcome<UserAfter>>> {
        Some(match id.as_str() {
            "lost" => Err(Failure::new(ErrorCode::OutcomeUnknown, "send it again")),
            "late" => Ok(Outcome { entity: UserAfter("late") }),
            _ => Ok(Outcome { entity: UserAfter("ada") }),
        })
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription).register_output_type::<CommandPayload>().finish()
}
