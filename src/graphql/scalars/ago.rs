//! How long ago: an ISO 8601 duration with a minus sign, and the calendar steps it stands for.

use std::fmt;

use chrono::{Datelike, Months};

use crate::engine::time::Instant;

/// Longer than any duration anybody writes; nothing above is parsed.
const MOST_BYTES: usize = 64;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// What one of each unit is, in the order ISO 8601 writes them; each at most once.
const DATE: [(char, Ago); 4] =
    [('Y', Ago::months(12)), ('M', Ago::months(1)), ('W', Ago::micros(7 * DAY)), ('D', Ago::micros(DAY))];
const TIME: [(char, Ago); 3] =
    [('H', Ago::micros(3_600 * SECOND)), ('M', Ago::micros(60 * SECOND)), ('S', Ago::micros(SECOND))];

/// A duration into the past: years and months in steps of the calendar, weeks to seconds of fixed length, all in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ago {
    months: u32,
    /// Microseconds, never negative.
    micros: i64,
}

impl Ago {
    const fn months(months: u32) -> Self {
        Self { months, micros: 0 }
    }

    const fn micros(micros: i64) -> Self {
        Self { months: 0, micros }
    }

    /// From a text such as -P1Y2M3W4DT5H6M7.5S; `None` for anything else, and for what no calendar could hold.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("-P").filter(|_| text.len() <= MOST_BYTES)?;
        let (date, time) = rest.split_once('T').map_or((rest, None), |(date, time)| (date, Some(time)));
        if rest.is_empty() || time == Some("") {
            return None;
        }
        sum(date, &DATE)?.plus(sum(time.unwrap_or_default(), &TIME)?)
    }

    /// The instant this long before another: first the calendar's steps, then the rest. A day that a month does not
    /// have becomes its last. `None` before the year 0, where no event can be.
    pub fn before(&self, now: Instant) -> Option<Instant> {
        let stepped = now.to_utc()?.checked_sub_months(Months::new(self.months))?;
        let then = Instant::from_micros(Instant::from(stepped).micros().checked_sub(self.micros)?);
        (then.to_utc()?.year() >= 0).then_some(then)
    }

    fn plus(self, other: Self) -> Option<Self> {
        let months = self.months.checked_add(other.months)?;
        Some(Self { months, micros: self.micros.checked_add(other.micros)? })
    }

    /// So many of a unit. Only seconds may have a fraction, whose digits after the sixth are cut off.
    fn times(self, number: &str) -> Option<Self> {
        let (whole, fraction) = number.split_once(['.', ',']).map_or((number, None), |(w, f)| (w, Some(f)));
        let fraction = match fraction {
            None => 0,
            Some(digits) if self == Self::micros(SECOND) => {
                unsigned(digits)?;
                unsigned(&format!("{digits:0<6}").chars().take(6).collect::<String>())?
            }
            Some(_) => return None,
        };
        let whole = unsigned(whole)?;
        let months = whole.checked_mul(i64::from(self.months))?;
        let micros = whole.checked_mul(self.micros)?.checked_add(fraction)?;
        Some(Self { months: u32::try_from(months).ok()?, micros })
    }
}

/// A sum such as 1Y2M, of units in their order.
fn sum(text: &str, units: &[(char, Ago)]) -> Option<Ago> {
    let (mut rest, mut units) = (text, units.iter());
    let mut sum = Ago::micros(0);
    while !rest.is_empty() {
        let (number, letter_on) = rest.split_at(rest.find(|letter: char| letter.is_ascii_alphabetic())?);
        let mut letters = letter_on.chars();
        let letter = letters.next()?;
        let (_, unit) = units.find(|(name, _)| *name == letter)?;
        sum = sum.plus(unit.times(number)?)?;
        rest = letters.as_str();
    }
    Some(sum)
}

/// A number of digits and nothing else.
fn unsigned(digits: &str) -> Option<i64> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// The same duration in the units months, days and seconds.
impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, time) = (self.micros / DAY, self.micros % DAY);
        f.write_str("-P")?;
        if self.months > 0 {
            write!(f, "{}M", self.months)?;
        }
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if time > 0 || (self.months == 0 && days == 0) {
            write!(f, "T{}", time / SECOND)?;
            if time % SECOND > 0 {
                write!(f, ".{:06}", time % SECOND)?;
            }
            f.write_str("S")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        text.parse::<chrono::DateTime<chrono::Utc>>().unwrap().into()
    }

    #[test]
    fn calendar_steps_come_first_and_the_rest_after() {
        for (ago, now, then) in [
            ("-P2W", "2026-11-09T12:00:00Z", "2026-10-26T12:00:00Z"),
            ("-PT36H", "2026-11-09T12:00:00Z", "2026-11-08T00:00:00Z"),
            ("-P1M", "2026-03-31T12:00:00Z", "2026-02-28T12:00:00Z"),
            ("-P1Y", "2024-02-29T00:00:00Z", "2023-02-28T00:00:00Z"),
            ("-P1M1D", "2026-03-01T00:00:00Z", "2026-01-31T00:00:00Z"),
            ("-P1Y2M3W4DT5H6M7.5S", "2026-11-09T12:00:00Z", "2025-08-15T06:53:52.500000Z"),
            ("-PT0,000001S", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z"),
            ("-PT0S", "2026-11-09T12:00:00Z", "2026-11-09T12:00:00Z"),
        ] {
            assert_eq!(Ago::parse(ago).unwrap().before(at(now)), Some(at(then)), "{ago}");
        }
    }

    #[test]
    fn before_the_year_0_there_is_no_instant() {
        let now = at("2026-11-09T12:00:00Z");
        assert_eq!(Ago::parse("-P2026Y").unwrap().before(now), Some(at("0000-11-09T12:00:00Z")));
        assert_eq!(Ago::parse("-P2027Y").unwrap().before(now), None);
        assert_eq!(Ago::parse("-P300000000Y").unwrap().before(now), None);
        assert_eq!(Ago::parse("-PT9000000000000S").unwrap().before(Instant::from_micros(i64::MIN)), None);
    }

    #[test]
    fn a_fraction_is_cut_to_microseconds() {
        assert_eq!(Ago::parse("-PT1.1234567S"), Ago::parse("-PT1.123456S"));
    }

    #[test]
    fn equal_durations_are_written_alike() {
        for (text, written) in [
            ("-P1Y2M", "-P14M"),
            ("-P2W", "-P14D"),
            ("-PT36H", "-P1DT43200S"),
            ("-PT1.5S", "-PT1.500000S"),
            ("-P0D", "-PT0S"),
        ] {
            let ago = Ago::parse(text).unwrap();
            assert_eq!(ago.to_string(), written);
            assert_eq!(Ago::parse(written), Some(ago));
        }
    }

    #[test]
    fn what_is_no_duration_into_the_past_is_none() {
        for text in [
            "",
            "-",
            "-P",
            "-PT",
            "-P1DT",
            "P1D",
            "-P-1D",
            "-P+1D",
            "-P1",
            "-PD",
            "-P1D1W",
            "-P1D1D",
            "-P1H",
            "-PT1D",
            "-P1.5D",
            "-PT1.5H",
            "-PT1.S",
            "-PT.5S",
            "-p1d",
            "-P1Ü",
            "-P400000000Y",
            "-PT99999999999999999999S",
            "-P9999999999999D",
        ] {
            assert_eq!(Ago::parse(text), None, "{text}");
        }
    }
}
