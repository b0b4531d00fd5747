//! Pages in a small schema: through a list and back, totals, and the shape of connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::{
    EmptyMutation, EmptySubscription, Object, Request, Response, Schema, Value, Variables, value,
};
use uuid::Uuid;

use super::{Connection, Direction, Edges, Key, Listed, Listing, PageArgs, Place, Uncounted};
use crate::engine::event::Position;
use crate::graphql::Result;
use crate::graphql::tests::{bare, everything_is_described};

/// A number, so that there is something to list.
struct Number(i64);

#[Object(name = "User")]
impl Number {
    /// The number.
    async fn number(&self) -> i64 {
        self.0
    }
}

impl Listed for Number {
    const NAME: &'static str = "User";
    const PAGE: &'static str = "A page of users.";
    const ENTRY: &'static str = "A user in a page.";
}

/// A fact, so that there is something to list without counting.
struct Fact;

#[Object(name = "Event")]
impl Fact {
    /// Its place.
    async fn position(&self) -> Position {
        Position::ZERO
    }
}

impl Listed for Fact {
    const NAME: &'static str = "Event";
    const PAGE: &'static str = "A page of events.";
    const ENTRY: &'static str = "An event in a page.";
}

struct Query {
    counted: Arc<AtomicU64>,
}

#[Object]
impl Query {
    /// The numbers from 1 to 5.
    async fn users(
        &self,
        first: Option<i32>,
        after: Option<String>,
        last: Option<i32>,
        before: Option<String>,
    ) -> Result<Connection<Number>> {
        let listing = Listing::new("users", 1);
        let page = PageArgs { first, after, last, before }.page(&listing)?;
        let from = page.cursor.as_ref().map(|cursor| cursor.place.integer(0)).transpose()?;
        let forward = page.direction == Direction::Forward;
        let all: Vec<i64> = if forward { (1..=5).collect() } else { (1..=5).rev().collect() };
        let beyond =
            |number: &i64| from.is_none_or(|from| if forward { *number > from } else { *number < from });
        let rows = all.into_iter().filter(beyond).take(page.limit + 1).collect();
        let place = |number: &i64| Place { keys: vec![Key::from(*number)], id: Uuid::nil() };
        let edges = Edges::of(&page, &listing, Position::from_stored(7), rows, place, Number);
        let counted = self.counted.clone();
        Ok(Connection::counted(edges, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(5) }
        }))
    }

    /// No events.
    async fn events(&self) -> Result<Connection<Fact, Uncounted>> {
        let listing = Listing::new("events", 1);
        let page = PageArgs::default().page(&listing)?;
        let place = |_: &()| Place { keys: vec![], id: Uuid::nil() };
        Ok(Connection::uncounted(Edges::of(&page, &listing, Position::ZERO, vec![], place, |()| Fact)))
    }
}

type TestSchema = Schema<Query, EmptyMutation, EmptySubscription>;

fn schema() -> (TestSchema, Arc<AtomicU64>) {
    let counted = Arc::new(AtomicU64::new(0));
    (Schema::new(Query { counted: counted.clone() }, EmptyMutation, EmptySubscription), counted)
}

async fn ask(query: &str, variables: Value) -> Response {
    schema().0.execute(Request::new(query).variables(Variables::from_value(variables))).await
}

fn code(response: &Response) -> Option<&Value> {
    response.errors.first()?.extensions.as_ref()?.get("code")
}

#[tokio::test]
async fn pages_lead_through_a_list_in_both_directions() {
    let query = "query($first: Int, $after: String, $last: Int, $before: String) {
        users(first: $first, after: $after, last: $last, before: $before) {
            edges { node { number } cursor } nodes { number }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let read = |response: Response| {
        assert!(response.errors.is_empty(), "{:?}", response.errors);
        let users = response.data.into_json().unwrap()["users"].clone();
        let numbers = users["nodes"].as_array().unwrap().iter().map(|node| node["number"].as_i64().unwrap());
        let info = users["pageInfo"].clone();
        (numbers.collect::<Vec<_>>(), info["hasPreviousPage"] == true, info["hasNextPage"] == true, info)
    };
    let (numbers, previous, next, info) = read(ask(query, value!({"first": 2})).await);
    assert_eq!((numbers, previous, next), (vec![1, 2], false, true));
    let after = info["endCursor"].as_str().unwrap().to_owned();
    let (numbers, previous, next, info) = read(ask(query, value!({"first": 3, "after": (after)})).await);
    assert_eq!((numbers, previous, next), (vec![3, 4, 5], true, false));
    let before = info["startCursor"].as_str().unwrap().to_owned();
    let (numbers, previous, next, _) = read(ask(query, value!({"last": 1, "before": (before)})).await);
    assert_eq!((numbers, previous, next), (vec![2], true, true));
    let (numbers, previous, next, _) = read(ask(query, value!({"last": 2})).await);
    assert_eq!((numbers, previous, next), (vec![4, 5], true, false));
    let (numbers, previous, next, info) = read(ask(query, value!({"first": 0})).await);
    assert_eq!((numbers, previous, next), (vec![], false, true));
    assert!(info["startCursor"].is_null() && info["endCursor"].is_null());
}

#[tokio::test]
async fn a_total_is_counted_only_when_selected_and_then_once() {
    let (schema, counted) = schema();
    schema.execute("{ users { nodes { number } } }").await;
    assert_eq!(counted.load(Ordering::Relaxed), 0);
    let response = schema.execute("{ users { totalCount again: totalCount } }").await;
    assert_eq!(response.data, value!({"users": {"totalCount": 5, "again": 5}}));
    assert_eq!(counted.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn bad_page_arguments_are_bad_user_input_at_their_path() {
    for arguments in ["first: 101", "first: 1, last: 1", "after: \"?\""] {
        let response = ask(&format!("{{ users({arguments}) {{ totalCount }} }}"), value!({})).await;
        assert_eq!(code(&response), Some(&Value::from("BAD_USER_INPUT")));
        assert_eq!(response.errors[0].path.len(), 1);
    }
}

#[test]
fn names_and_nullability_are_those_of_the_contract() {
    let sdl = bare(&schema().0.sdl());
    for shape in [
        "type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }",
        "type UserEdge { cursor: String! node: User! }",
        "type UserConnection { edges: [UserEdge!]! nodes: [User!]! pageInfo: PageInfo! totalCount: Int! }",
        "type EventEdge { cursor: String! node: Event! }",
        "type EventConnection { edges: [EventEdge!]! nodes: [Event!]! pageInfo: PageInfo! }",
    ] {
        assert!(sdl.contains(shape), "{shape}\nis missing in\n{sdl}");
    }
    for extra in ["ConnectionTotal", "ConnectionUncounted"] {
        assert!(!sdl.contains(extra), "{extra} is shown in\n{sdl}");
    }
}

#[tokio::test]
async fn everything_has_a_description_of_its_own() {
    everything_is_described(&schema().0, &["Query", "User", "Event"]).await;
}
