//! `Position`: the engine's position.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

use super::{Read, parse, refused};
use crate::engine::event::Position;

const EXPECTED: &str =
    "a position in the log: an integer from 0 on, or a string of its digits such as \"1234\"";

/// The place of an event in the log: 1 for the first event ever, then one more for each; 0 is before the first.
/// Answered as a string of digits (compare as integers, not as text); an integer or a string of digits is accepted.
#[Scalar(name = "Position", specified_by_url = "docs/scalars.md#position")]
impl ScalarType for Position {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Read for Position {
    fn read(value: &Value) -> Result<Self, String> {
        let position = match value {
            Value::String(text) => position(text),
            Value::Number(number) => number.as_i64().and_then(Self::new),
            _ => None,
        };
        position.map_or_else(|| refused(EXPECTED, value), Ok)
    }
}

/// A position from digits and nothing else.
pub(super) fn position(text: &str) -> Option<Position> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok().and_then(Position::new) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_or_its_digits_are_answered_as_a_string() {
        for (value, shown) in [
            (Value::from("0"), "0"),
            (Value::from("1234"), "1234"),
            (Value::from("007"), "7"),
            (Value::from(1234), "1234"),
            (Value::from(i64::MAX), "9223372036854775807"),
        ] {
            let position = Position::read(&value).unwrap();
            assert_eq!(ScalarType::to_value(&position), Value::from(shown));
        }
    }

    #[test]
    fn what_is_no_position_is_refused() {
        for value in [
            Value::from(""),
            Value::from("-1"),
            Value::from("+1"),
            Value::from("1.0"),
            Value::from("9223372036854775808"),
            Value::from(-1),
            Value::from(1.0),
            Value::from(u64::MAX),
            Value::from(true),
        ] {
            assert!(Position::read(&value).is_err(), "{value}");
        }
    }
}
