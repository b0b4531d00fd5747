//! `DateTime`: the engine's instant.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, Datelike, Utc};

use super::{Read, parse, refused};
use crate::engine::time::Instant;

const EXPECTED: &str = "an RFC 3339 instant with a zone, such as \"2026-11-09T12:00:00Z\"";

/// Longer than any instant anybody writes; nothing above is parsed.
const MOST_BYTES: usize = 64;

/// An instant: RFC 3339, answered in UTC with exactly six fractional digits and Z (2026-11-09T12:00:00.000000Z).
/// Further fractional digits are cut off.
#[Scalar(name = "DateTime", specified_by_url = "https://www.rfc-editor.org/rfc/rfc3339")]
impl ScalarType for Instant {
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

impl Read for Instant {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => instant(text).map_or_else(|| refused(EXPECTED, value), Ok),
            _ => refused(EXPECTED, value),
        }
    }
}

/// An instant from RFC 3339; years 0 to 9999 in UTC, so that it can be written as it was read.
pub(super) fn instant(text: &str) -> Option<Instant> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    // A leap second may carry the last instant of year 9999 over.
    let instant = Instant::from(time);
    (0..=9999).contains(&instant.to_utc()?.year()).then_some(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_in_any_zone_is_answered_in_utc_with_six_digits() {
        for (text, shown) in [
            ("2026-11-09T12:00:00Z", "2026-11-09T12:00:00.000000Z"),
            ("2026-11-09T12:00:00.5+01:00", "2026-11-09T11:00:00.500000Z"),
            ("2026-11-09T12:00:00.123456789Z", "2026-11-09T12:00:00.123456Z"),
            ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ] {
            let instant = Instant::read(&Value::from(text)).unwrap();
            assert_eq!(ScalarType::to_value(&instant), Value::from(shown));
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in [
            "",
            "2026-11-09",
            "2026-11-09T12:00:00",
            "2026-13-09T12:00:00Z",
            "2026-11-09T25:00:00Z",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:60Z",
            "12026-11-09T12:00:00Z",
            "now",
        ] {
            let refusal = Instant::read(&Value::from(text)).unwrap_err();
            assert!(refusal.ends_with(&format!("got {text:?}")), "{refusal}");
        }
        assert!(Instant::read(&Value::from(1_700_000_000)).is_err());
    }
}
