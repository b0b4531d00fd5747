//! The scalars of the schema, one file each. Each says why it refuses a value, and parses already when a request is
//! validated, so that a bad value ends it before anything was carried out.

mod ago;
mod country_code;
mod currency_code;
mod date;
mod date_time;
mod decimal;
mod json;
mod moment;
mod position;

pub use ago::Ago;
pub use country_code::CountryCode;
pub use currency_code::CurrencyCode;
pub use date::Date;
pub use decimal::Decimal;
pub use json::Json;
pub use moment::Moment;

use async_graphql::{InputType, InputValueError, InputValueResult, Value};

use super::errors::ErrorCode;
use crate::engine::event::Position;
use crate::engine::time::Instant;

/// A scalar that says why it refuses a value: what was expected and what came.
trait Read: InputType {
    fn read(value: &Value) -> Result<Self, String>;
}

/// Reads a value for async-graphql; a refusal carries its code wherever it is met.
fn parse<T: Read>(value: &Value) -> InputValueResult<T> {
    T::read(value).map_err(|reason| {
        InputValueError::custom(reason).with_extension("code", ErrorCode::BadUserInput.as_str())
    })
}

/// Whether a scalar of ours takes a value, and if not why; other scalars take what async-graphql lets them.
///
/// # Errors
/// What was expected and what came, for the person who sent it.
pub fn check(scalar: &str, value: &Value) -> Result<(), String> {
    match scalar {
        "DateTime" => Instant::read(value).map(drop),
        "Date" => Date::read(value).map(drop),
        "Decimal" => Decimal::read(value).map(drop),
        "CurrencyCode" => CurrencyCode::read(value).map(drop),
        "CountryCode" => CountryCode::read(value).map(drop),
        "JSON" => Json::read(value).map(drop),
        "Position" => Position::read(value).map(drop),
        "Moment" => Moment::read(value).map(drop),
        _ => Ok(()),
    }
}

/// The refusal of a value.
fn refused<T>(expected: &str, came: &Value) -> Result<T, String> {
    Err(format!("expected {expected}; got {}", excerpt(&came.to_string())))
}

/// The beginning of a text that came from outside, for a message: at most 80 characters.
pub fn excerpt(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown: String = text.chars().take(MOST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use async_graphql::{Name, Number, ScalarType};
    use proptest::prelude::*;

    use super::*;

    /// Values near to and far from what a scalar takes.
    fn any_value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "-?P?[0-9.,YMWDTHS-]{0,24}",
            "[0-9]{0,4}-[0-9]{0,2}-[0-9]{0,2}[Tt ][0-9:.]{0,16}(Z|[+-][0-9:]{0,6})?",
            "[+-]?[0-9_]{0,70}\\.?[0-9]{0,40}([eE][+-]?[0-9]{0,12})?",
            "[A-Za-z]{2,3}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |n| Number::from_f64(n).map(Value::Number)),
            text.prop_map(Value::from),
            Just(Value::Enum(Name::new("EUR"))),
        ];
        leaf.prop_recursive(2, 8, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Value::List))
    }

    /// Reading what was written gives the same again, and validation agrees with reading.
    fn holds<T: ScalarType + Read + PartialEq + std::fmt::Debug>(value: &Value) {
        let read = T::read(value);
        assert_eq!(<T as ScalarType>::is_valid(value), read.is_ok());
        if let Ok(read) = read {
            let written = ScalarType::to_value(&read);
            assert_eq!(T::read(&written).as_ref(), Ok(&read), "written as {written}");
        }
    }

    proptest! {
        #[test]
        fn no_value_makes_a_scalar_panic_and_what_is_read_can_be_written_and_read_again(value in any_value()) {
            holds::<Instant>(&value);
            holds::<Date>(&value);
            holds::<Decimal>(&value);
            holds::<CurrencyCode>(&value);
            holds::<CountryCode>(&value);
            holds::<Json>(&value);
            holds::<Position>(&value);
            holds::<Moment>(&value);
        }
    }

    #[test]
    fn an_excerpt_ends_at_eighty_characters() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"é".repeat(80)), "é".repeat(80));
        assert_eq!(excerpt(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
    }
}
