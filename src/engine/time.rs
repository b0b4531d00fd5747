//! Instants in whole microseconds, and the clock they are read from, which tests inject.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A point in time: microseconds since 1970-01-01T00:00:00Z. Stored as an integer, shown as RFC 3339.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// The next instant a log can hold: one microsecond later.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// This instant or the next one that is a whole multiple of `micros` (which must be positive).
    pub const fn rounded_up_to(self, micros: i64) -> Self {
        let rest = self.0.rem_euclid(micros);
        if rest == 0 { self } else { Self(self.0.saturating_add(micros - rest)) }
    }

    /// As a calendar time; `None` beyond what a calendar can show (some 262,000 years away).
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_micros())
    }
}

/// RFC 3339 in UTC with exactly six fractional digits and `Z`.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(f, "{} µs after 1970", self.0),
        }
    }
}

/// Where the present is read. The log never trusts it to go forward.
pub trait Clock: Send + Sync + 'static {
    /// The present by this clock.
    fn now(&self) -> Instant;
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Utc::now().into()
    }
}

/// A clock that several parts of an engine share.
pub type SharedClock = Arc<dyn Clock>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_shown_with_six_fractional_digits() {
        assert_eq!(Instant::from_micros(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Instant::from_micros(1_700_000_000_123_456).to_string(), "2023-11-14T22:13:20.123456Z");
    }

    #[test]
    fn rounding_up_keeps_whole_multiples_and_works_before_1970() {
        assert_eq!(Instant::from_micros(20_000).rounded_up_to(10_000).micros(), 20_000);
        assert_eq!(Instant::from_micros(20_001).rounded_up_to(10_000).micros(), 30_000);
        assert_eq!(Instant::from_micros(-5).rounded_up_to(10_000).micros(), 0);
    }
}
