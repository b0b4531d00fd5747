//! The vocabulary in a small schema: what is omitted, null or bad, and what the exported schema says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::parser::parse_query;
use async_graphql::{
    EmptyMutation, EmptySubscription, InputObject, MaybeUndefined, Object, Request, Response,
    SDLExportOptions, Schema, Value, Variables, value,
};
use uuid::Uuid;

use super::paging::{Connection, Edges, Key, Listed, Listing, PageArgs, Place, Uncounted};
use super::scalars::{self, CountryCode, CurrencyCode, Date, Decimal, Json, Moment};
use super::{Address, AddressInput, Failure, Money, MoneyInput, Result, SortDirection};
use crate::engine::event::Position;
use crate::engine::time::Instant;

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

/// One of everything.
#[derive(InputObject)]
struct Everything {
    /// An instant.
    at: Option<Instant>,
    /// A day.
    day: Option<Date>,
    /// Amounts.
    money: Option<Vec<MoneyInput>>,
    /// An address.
    address: Option<AddressInput>,
    /// A direction.
    direction: Option<SortDirection>,
    /// Anything.
    json: Option<Json>,
}

struct Query {
    counted: Arc<AtomicU64>,
}

#[Object]
impl Query {
    /// What came for an argument: absent, null or a value.
    async fn came(&self, as_of: MaybeUndefined<Moment>) -> String {
        match as_of {
            MaybeUndefined::Undefined => "absent".to_owned(),
            MaybeUndefined::Null => "null".to_owned(),
            MaybeUndefined::Value(moment) => async_graphql::ScalarType::to_value(&moment).to_string(),
        }
    }

    /// Takes one of everything.
    async fn takes(&self, filter: Option<Everything>, position: Option<Position>) -> bool {
        filter.is_some() || position.is_some()
    }

    /// An amount.
    async fn money(&self) -> Money {
        Money::from_minor(1250, iso_currency::Currency::EUR)
    }

    /// An address.
    async fn address(&self) -> Option<Address> {
        None
    }

    /// Stored text.
    async fn json(&self) -> Result<Json> {
        Json::from_text(r#"{"b":1,"a":[{"z":null,"y":"é"}]}"#).map_err(Failure::internal)
    }

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
        let forward = page.direction == super::paging::Direction::Forward;
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

    /// Refuses.
    async fn refuses(&self) -> Option<Result<CurrencyCode>> {
        Some(Err(Failure::bad_user_input("never")))
    }

    /// A country.
    async fn country(&self) -> Option<CountryCode> {
        CountryCode::from_alpha2("DE")
    }

    /// A number.
    async fn decimal(&self) -> Decimal {
        Decimal(rust_decimal::Decimal::new(110, 2))
    }
}

type TestSchema = Schema<Query, EmptyMutation, EmptySubscription>;

fn schema() -> (TestSchema, Arc<AtomicU64>) {
    let counted = Arc::new(AtomicU64::new(0));
    (Schema::new(Query { counted: counted.clone() }, EmptyMutation, EmptySubscription), counted)
}

async fn ask(query: &str, variables: Value) -> Response {
    let variables = Variables::from_value(variables);
    let mut response = schema().0.execute(Request::new(query).variables(variables.clone())).await;
    scalars::explain(&mut response.errors, &parse_query(query).unwrap(), &variables);
    response
}

fn code(response: &Response) -> Option<&Value> {
    response.errors.first()?.extensions.as_ref()?.get("code")
}

#[tokio::test]
async fn an_omitted_variable_is_absent_and_an_explicit_null_is_null() {
    let query = "query($m: Moment) { came(asOf: $m) }";
    for (variables, came) in [
        (value!({}), "absent"),
        (value!({"m": null}), "null"),
        (value!({"m": 12}), "\"12\""),
        (value!({"m": "-P14D"}), "\"-P14D\""),
    ] {
        assert_eq!(ask(query, variables).await.data, value!({ "came": came }));
    }
    assert_eq!(ask("{ came }", value!({})).await.data, value!({"came": "absent"}));
    assert_eq!(ask("{ came(asOf: null) }", value!({})).await.data, value!({"came": "null"}));
    let with_default = "query($m: Moment = 5) { came(asOf: $m) }";
    assert_eq!(ask(with_default, value!({})).await.data, value!({"came": "\"5\""}));
}

#[tokio::test]
async fn a_bad_scalar_ends_the_request_before_execution_with_the_reason() {
    for (query, variables, reason) in [
        (
            "{ came(asOf: \"2026-11-09\") json }",
            value!({}),
            "Invalid value for argument \"asOf\": expected a moment; got the bare date",
        ),
        (
            "query($m: Moment) { json came(asOf: $m) }",
            value!({"m": "P2W"}),
            "\"asOf\": expected a moment; got the",
        ),
        ("query($m: Moment = -1) { json came(asOf: $m) }", value!({}), "expected a moment: an instant"),
        ("{ json takes(position: -1) }", value!({}), "\"position\": expected a position in the log"),
        (
            "query($e: Everything) { json takes(filter: $e) }",
            value!({"e": {"money": [{"amount": "1", "currency": "EUR"}, {"amount": "x", "currency": "EUR"}]}}),
            "\"filter.money.1.amount\": expected a decimal number",
        ),
        (
            "query($c: CountryCode!) { json takes(filter: {address: {line1: \"\", city: \"\", country: $c}}) }",
            value!({"c": "de"}),
            "\"filter.address.country\": expected an ISO 3166-1",
        ),
        (
            "fragment f on Query { takes(filter: {at: \"2026\"}) } { json ...f }",
            value!({}),
            "\"filter.at\": expected an RFC 3339 instant",
        ),
        ("{ json takes(filter: {day: 1}) }", value!({}), "\"filter.day\": expected a calendar day"),
        (
            "{ json takes(filter: {json: FOO}) }",
            value!({}),
            "\"filter.json\": expected a JSON value; got FOO",
        ),
        ("{ json takes(filter: {direction: UP}) }", value!({}), "does not contain the value"),
        ("{ json users(first: \"1\") { nodes { number } } }", value!({}), "\"first\", expected type \"Int\""),
    ] {
        let response = ask(query, variables).await;
        assert_eq!(response.data, Value::Null, "{query}");
        assert_eq!(response.errors.len(), 1, "{:?}", response.errors);
        assert!(response.errors[0].message.contains(reason), "{}", response.errors[0].message);
        assert_eq!(code(&response), Some(&Value::from("BAD_USER_INPUT")));
    }
}

#[tokio::test]
async fn an_error_that_is_not_about_a_value_stays_as_it_is() {
    let response = ask("{ nothing }", value!({})).await;
    assert_eq!(code(&response), None);
    assert!(response.errors[0].message.starts_with("Unknown field"), "{}", response.errors[0].message);
}

#[tokio::test]
async fn a_bad_scalar_beside_an_omitted_variable_is_still_bad_user_input() {
    // Validation passes over an argument with an omitted variable inside, so this one is met in execution.
    let query = "query($d: Date, $at: DateTime) { takes(filter: {day: $d, at: $at}) }";
    let response = ask(query, value!({"at": "yesterday"})).await;
    assert_eq!(code(&response), Some(&Value::from("BAD_USER_INPUT")));
    assert!(response.errors[0].message.contains("RFC 3339"), "{}", response.errors[0].message);
}

#[tokio::test]
async fn stored_json_is_answered_with_its_keys_in_order() {
    let response = ask("{ json money { amount currency } country decimal }", value!({})).await;
    let text = serde_json::to_string(&response.data).unwrap();
    let json = r#""json":{"b":1,"a":[{"z":null,"y":"é"}]}"#;
    let rest = r#""money":{"amount":"12.50","currency":"EUR"},"country":"DE","decimal":"1.10""#;
    assert_eq!(text, format!("{{{json},{rest}}}"));
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

/// The exported schema without its descriptions, every run of white space a single space.
fn bare(sdl: &str) -> String {
    let outside = sdl.split("\"\"\"").step_by(2).collect::<String>();
    outside.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn names_and_nullability_are_those_of_the_contract() {
    let sdl = bare(&schema().0.sdl_with_options(SDLExportOptions::new().include_specified_by()));
    for shape in [
        "type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }",
        "type Money { amount: Decimal! currency: CurrencyCode! }",
        "input MoneyInput { amount: Decimal! currency: CurrencyCode! }",
        "type Address { line1: String! line2: String city: String! region: String postalCode: String country: CountryCode! }",
        "input AddressInput { line1: String! line2: String city: String! region: String postalCode: String country: CountryCode! }",
        "enum SortDirection { ASC DESC }",
        "type UserEdge { cursor: String! node: User! }",
        "type UserConnection { edges: [UserEdge!]! nodes: [User!]! pageInfo: PageInfo! totalCount: Int! }",
        "type EventEdge { cursor: String! node: Event! }",
        "type EventConnection { edges: [EventEdge!]! nodes: [Event!]! pageInfo: PageInfo! }",
        "scalar Moment",
        "scalar DateTime @specifiedBy(url: \"https://www.rfc-editor.org/rfc/rfc3339\")",
    ] {
        assert!(sdl.contains(shape), "{shape}\nis missing in\n{sdl}");
    }
    for extra in ["ConnectionTotal", "ConnectionUncounted"] {
        assert!(!sdl.contains(extra), "{extra} is shown in\n{sdl}");
    }
}

#[tokio::test]
async fn everything_has_a_description_of_its_own() {
    let query = "{ __schema { types { name kind description
        fields { name description } inputFields { name description } enumValues { name description } } } }";
    let types = schema().0.execute(query).await.data.into_json().unwrap()["__schema"]["types"].clone();
    for kind in
        types.as_array().unwrap().iter().filter(|kind| !kind["name"].as_str().unwrap().starts_with("__"))
    {
        // Built-in scalars, roots and stand-ins of this test are not the vocabulary's.
        if !["ID", "Int", "Float", "String", "Boolean", "Query", "User", "Event", "Everything"]
            .contains(&kind["name"].as_str().unwrap())
        {
            assert!(kind["description"].is_string(), "{}", kind["name"]);
        }
        for parts in ["fields", "inputFields", "enumValues"] {
            for part in kind[parts].as_array().into_iter().flatten() {
                assert!(part["description"].is_string(), "{}.{}", kind["name"], part["name"]);
            }
        }
    }
}
