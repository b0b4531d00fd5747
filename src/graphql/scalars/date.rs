//! `Date`: a calendar day.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;

use super::{Read, parse, refused};

const EXPECTED: &str = "a calendar day such as \"2026-11-09\"";

/// A calendar day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub NaiveDate);

/// A calendar day in UTC: 2026-11-09.
#[Scalar(name = "Date", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339#section-5.6")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

impl Read for Date {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => day(text).map_or_else(|| refused(EXPECTED, value), |day| Ok(Self(day))),
            _ => refused(EXPECTED, value),
        }
    }
}

/// A day in exactly the form 2026-11-09; chrono alone would also take 2026-11-9 and spaces.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let digits_and_hyphens = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if digits_and_hyphens { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_answered_as_it_was_written() {
        for text in ["2026-11-09", "2024-02-29", "0000-01-01", "9999-12-31"] {
            let day = Date::read(&Value::from(text)).unwrap();
            assert_eq!(ScalarType::to_value(&day), Value::from(text));
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in
            ["", "2026-1-9", "2023-02-29", "2026-11-09T00:00:00Z", " 2026-11-9", "+026-11-09", "２０２６"]
        {
            assert!(Date::read(&Value::from(text)).is_err(), "{text}");
        }
        assert!(Date::read(&Value::from(20_261_109)).is_err());
    }
}
