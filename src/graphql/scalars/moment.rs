//! `Moment`: where in the log a query looks, as it was asked for.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDateTime;

use super::date::day;
use super::date_time::instant;
use super::position::position;
use super::{Ago, Read, excerpt, parse, refused};
use crate::engine::event::Position;
use crate::engine::time::Instant;

const EXPECTED: &str = "a moment: an instant such as \"2026-11-09T12:00:00Z\", a position in the log such as \"1234\", \
     or a duration into the past such as \"-P2W\"";

/// A moment as it was asked for; resolving it to a position needs the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// After the last command recorded at or before this instant.
    At(Instant),
    /// After the command this position belongs to.
    Position(Position),
    /// This long before the request arrived: one instant for all of a request, see [`Ago::before`].
    Ago(Ago),
}

/// A moment in the log, for `asOf`. One of
/// - an RFC 3339 instant: "2026-11-09T12:00:00Z", the state after the last command recorded at or before it;
/// - a position: "1234" or 1234, the state after the command that event belongs to;
/// - an ISO 8601 duration with a minus sign: "-P2W", "-PT36H", that long before the request arrived (one instant for
///   all of a request; years and months are calendar steps in UTC).
///
/// Null is now. A bare date is refused, with the hint to add a time and zone. An instant later than both now and the
/// last event's `recordedAt`, or a position after the head of the log, is an error; a moment before the first event
/// shows an empty world.
#[Scalar(name = "Moment", specified_by_url = "docs/scalars.md#moment")]
impl ScalarType for Moment {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(match self {
            Self::At(instant) => instant.to_string(),
            Self::Position(position) => position.to_string(),
            Self::Ago(ago) => ago.to_string(),
        })
    }
}

impl Read for Moment {
    fn read(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => moment(text).ok_or_else(|| refusal(text)),
            Value::Number(_) => match Position::read(value) {
                Ok(position) => Ok(Self::Position(position)),
                Err(_) => refused(EXPECTED, value),
            },
            _ => refused(EXPECTED, value),
        }
    }
}

fn moment(text: &str) -> Option<Moment> {
    position(text)
        .map(Moment::Position)
        .or_else(|| Ago::parse(text).map(Moment::Ago))
        .or_else(|| instant(text).map(Moment::At))
}

/// What is wrong with a text that is no moment, with a hint where one can be guessed.
fn refusal(text: &str) -> String {
    let came = excerpt(&format!("{text:?}"));
    if day(text).is_some() {
        return format!(
            "expected a moment; got the bare date {came}: add a time and zone, such as \"{text}T00:00:00Z\" \
             for its beginning"
        );
    }
    if NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").is_ok() {
        return format!("expected a moment; got {came} without a zone: add one, such as \"Z\" for UTC");
    }
    if Ago::parse(&format!("-{text}")).is_some() {
        return format!(
            "expected a moment; got the duration {came}: add a minus sign, moments lie in the past"
        );
    }
    format!("expected {EXPECTED}; got {came}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_an_instant_a_position_or_a_duration_into_the_past() {
        let at = Instant::from_micros(1_794_225_600_000_000);
        assert_eq!(Moment::read(&Value::from("2026-11-09T12:00:00Z")), Ok(Moment::At(at)));
        let position = Moment::Position(Position::new(1234).unwrap());
        assert_eq!(Moment::read(&Value::from("1234")), Ok(position));
        assert_eq!(Moment::read(&Value::from(1234)), Ok(position));
        let ago = Ago::parse("-P2W").unwrap();
        assert_eq!(Moment::read(&Value::from("-P2W")), Ok(Moment::Ago(ago)));
    }

    #[test]
    fn a_near_miss_is_refused_with_the_hint_that_mends_it() {
        for (text, hint) in [
            ("2026-11-09", "add a time and zone, such as \"2026-11-09T00:00:00Z\""),
            ("2026-11-09T12:00:00", "add one, such as \"Z\""),
            ("P2W", "add a minus sign"),
            ("yesterday", "got \"yesterday\""),
            ("-1", "got \"-1\""),
            ("", "got \"\""),
        ] {
            let refusal = Moment::read(&Value::from(text)).unwrap_err();
            assert!(refusal.contains(hint), "{refusal}");
        }
        assert!(Moment::read(&Value::from(-1)).unwrap_err().ends_with("got -1"));
        assert!(Moment::read(&Value::from(true)).is_err());
    }
}
