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
#[cfg(test)]
mod tests;

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
