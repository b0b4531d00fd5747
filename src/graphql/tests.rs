//! The vocabulary in a small schema: what is omitted, null or bad, and what the exported schema says.

use async_graphql::{
    EmptyMutation, EmptySubscription, InputObject, MaybeUndefined, Object, ObjectType, Request, Response,
    SDLExportOptions, Schema, Value, Variables, value,
};

use super::scalars::{self, CountryCode, CurrencyCode, Date, Decimal, Json, Moment};
use super::{Address, AddressInput, Failure, Money, MoneyInput, Result, SortDirection};
use crate::engine::event::Position;
use crate::engine::time::Instant;

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

struct Query;

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
    async fn takes(
        &self,
        filter: Option<Everything>,
        position: Option<Position>,
        count: Option<i32>,
    ) -> bool {
        filter.is_some() || position.is_some() || count.is_some()
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

fn schema() -> Schema<Query, EmptyMutation, EmptySubscription> {
    Schema::new(Query, EmptyMutation, EmptySubscription)
}

async fn ask(query: &str, variables: Value) -> Response {
    let variables = Variables::from_value(variables);
    schema().execute(Request::new(query).variables(variables)).await
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

#[test]
fn a_scalar_says_why_it_refuses_a_value() {
    for (scalar, value, reason) in [
        ("Moment", value!("2026-11-09"), "expected a moment; got the bare date"),
        ("Moment", value!("P2W"), "expected a moment; got the"),
        ("Moment", value!(-1), "expected a moment: an instant"),
        ("Position", value!(-1), "expected a position in the log"),
        ("Decimal", value!("x"), "expected a decimal number"),
        ("CountryCode", value!("de"), "expected an ISO 3166-1"),
        ("DateTime", value!("2026"), "expected an RFC 3339 instant"),
        ("Date", value!(1), "expected a calendar day"),
    ] {
        let refusal = scalars::check(scalar, &value).unwrap_err();
        assert!(refusal.contains(reason), "{scalar}: {refusal}");
    }
    assert_eq!(scalars::check("Moment", &value!("-P2W")), Ok(()));
    assert_eq!(scalars::check("ID", &value!(1)), Ok(()), "not a scalar of ours");
}

#[tokio::test]
async fn a_bad_scalar_ends_the_request_before_execution() {
    for query in [
        "{ came(asOf: \"2026-11-09\") json }",
        "fragment f on Query { takes(filter: {at: \"2026\"}) } { json ...f }",
    ] {
        assert_eq!(ask(query, value!({})).await.data, Value::Null, "{query}");
    }
}

#[tokio::test]
async fn a_bad_scalar_beside_an_omitted_variable_is_still_bad_user_input() {
    // Validation passes over an argument with an omitted variable inside, so this one is met in execution.
    let query = "query($d: Date, $at: DateTime) { takes(filter: {day: $d, at: $at}) }";
    let response = ask(query, value!({"at": "yesterday"})).await;
    assert_eq!(code(&response), Some(&Value::from("BAD_USER_INPUT")));
    assert_eq!(response.errors[0].path.len(), 1);
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

/// The exported schema without its descriptions, every run of white space a single space.
pub(super) fn bare(sdl: &str) -> String {
    let outside = sdl.split("\"\"\"").step_by(2).collect::<String>();
    outside.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn names_and_nullability_are_those_of_the_contract() {
    let sdl = bare(&schema().sdl_with_options(SDLExportOptions::new().include_specified_by()));
    for shape in [
        "type Money { amount: Decimal! currency: CurrencyCode! }",
        "input MoneyInput { amount: Decimal! currency: CurrencyCode! }",
        "type Address { line1: String! line2: String city: String! region: String postalCode: String country: CountryCode! }",
        "input AddressInput { line1: String! line2: String city: String! region: String postalCode: String country: CountryCode! }",
        "enum SortDirection { ASC DESC }",
        "scalar Moment",
        "scalar DateTime @specifiedBy(url: \"https://www.rfc-editor.org/rfc/rfc3339\")",
    ] {
        assert!(sdl.contains(shape), "{shape}\nis missing in\n{sdl}");
    }
}

#[tokio::test]
async fn everything_has_a_description_of_its_own() {
    everything_is_described(&schema(), &["Query", "Everything"]).await;
}

/// Fails for a type, field, input field or enum value without a description, the named types themselves apart.
pub(super) async fn everything_is_described<Q: ObjectType + 'static>(
    schema: &Schema<Q, EmptyMutation, EmptySubscription>,
    apart: &[&str],
) {
    let query = "{ __schema { types { name description
        fields { name description } inputFields { name description } enumValues { name description } } } }";
    let types = schema.execute(query).await.data.into_json().unwrap()["__schema"]["types"].clone();
    let built_in =
        |name: &str| name.starts_with("__") || ["ID", "Int", "Float", "String", "Boolean"].contains(&name);
    for kind in types.as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        assert!(built_in(name) || apart.contains(&name) || kind["description"].is_string(), "{name}");
        for parts in ["fields", "inputFields", "enumValues"] {
            for part in kind[parts].as_array().into_iter().flatten() {
                assert!(built_in(name) || part["description"].is_string(), "{name}.{}", part["name"]);
            }
        }
    }
}
