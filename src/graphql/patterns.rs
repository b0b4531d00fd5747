//! Patterns of async-graphql that the slices copy, each proven: interfaces over generic objects with flattened parts,
//! errors that null only their field, and what an answer reflects in the response's extensions.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_graphql::{
    Context, Description, EmptySubscription, ID, Interface, Object, ObjectType, Request, Response, Schema,
    SimpleObject, TypeName, value,
};

use super::paging::{Connection, Edges, Listed, Listing, PageArgs, Place, Uncounted};
use super::{ErrorCode, Failure, Result};
use crate::engine::event::Position;

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

async fn ask(query: &str) -> Response {
    let reflected = Reflected(Arc::new(AtomicI64::new(0)));
    let response = schema().execute(Request::new(query).data(reflected.clone())).await;
    let position = reflected.0.load(Ordering::Relaxed).to_string();
    response.extension("log", value!({ "position": (position) }))
}

#[tokio::test]
async fn an_interface_answers_each_object_by_its_own_name() {
    let response =
        ask("{ user: node(id: \"ada\") { __typename id asOf } product: node(id: \"p\") { __typename
        id ... on Node { asOf } ... on User { history { nodes { position } } } } }")
        .await;
    assert_eq!(response.errors, []);
    assert_eq!(
        response.data,
        value!({
            "user": {"__typename": "User", "id": "ada", "asOf": null},
            "product": {"__typename": "Product", "id": "p", "asOf": "7"},
        })
    );
}

#[tokio::test]
async fn an_event_has_common_and_own_fields_in_one_object() {
    let response =
        ask("{ events { __typename position type ... on UserRenamed { userId name type } } }").await;
    assert_eq!(response.errors, []);
    assert_eq!(
        response.data,
        value!({"events": [
            {"__typename": "UserRenamed", "position": "1", "type": "UserRenamed", "userId": "ada", "name": "Ada"},
            {"__typename": "UserDeactivated", "position": "2", "type": "UserDeactivated"},
        ]})
    );
}

#[tokio::test]
async fn objects_may_refer_to_each_other_in_a_circle() {
    let query =
        "{ node(id: \"ada\") { ... on User { history { nodes { subject { ... on User { history { nodes {
        position } } } } } } } } }";
    let inner = || value!({"subject": {"history": {"nodes": [{"position": "1"}, {"position": "2"}]}}});
    let nodes = async_graphql::Value::List(vec![inner(), inner()]);
    assert_eq!(ask(query).await.data, value!({"node": {"history": {"nodes": (nodes)}}}));
}

#[tokio::test]
async fn an_error_in_a_nullable_field_nulls_that_field_alone() {
    let response = ask("{ none { id } late { id } events { position subject { id } } }").await;
    assert_eq!(
        response.data,
        value!({
            "none": null,
            "late": null,
            "events": [{"position": "1", "subject": {"id": "ada"}}, {"position": "2", "subject": null}],
        })
    );
    let mut paths: Vec<String> = response.errors.iter().map(|error| format!("{:?}", error.path)).collect();
    paths.sort();
    assert_eq!(
        paths,
        [r#"[Field("events"), Index(1), Field("subject")]"#, r#"[Field("late")]"#],
        "{:?}",
        response.errors
    );
}

#[tokio::test]
async fn a_mutation_that_fails_does_not_hide_the_outcome_of_the_others() {
    let response =
        ask("mutation { a: renameUser(id: \"ada\") { position user { id } } b: renameUser(id: \"lost\") {
        position } c: renameUser(id: \"late\") { position user { id } } }")
        .await;
    assert_eq!(
        response.data,
        value!({
            "a": {"position": "2", "user": {"id": "ada"}},
            "b": null,
            "c": {"position": "2", "user": null},
        })
    );
    let codes: Vec<_> =
        response.errors.iter().filter_map(|error| error.extensions.as_ref()?.get("code").cloned()).collect();
    assert_eq!(codes, [value!("OUTCOME_UNKNOWN"), value!("NOT_YET_VISIBLE")]);
    assert_eq!(response.extensions.get("log"), Some(&value!({"position": "2"})));
}

#[test]
fn the_exported_schema_has_the_interfaces_and_no_flattened_parts() {
    let sdl = schema().sdl();
    assert!(!sdl.contains("Part"), "{sdl}");
    for shape in [
        "type User implements Node {",
        "type Product implements Node {",
        "type UserRenamed implements Event {",
        "type UserPayload implements CommandPayload {",
        "interface CommandPayload {",
        "A user has another name.",
        "subject: Node\n",
        "renameUser(id: String!): UserPayload\n",
    ] {
        assert!(sdl.contains(shape), "{shape}\nis missing in\n{sdl}");
    }
    assert_eq!(sdl.matches("type UserRenamed ").count(), 1, "{sdl}");
    assert!(!sdl.contains("UserAfter"), "{sdl}");
}
