//! How fast a generation gets along, from where it was some moments ago to where it is now.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::engine::event::Position;

/// Between two moments that are kept.
const APART: Duration = Duration::from_millis(250);

/// What has not moved for so long stands still.
const STILL: Duration = Duration::from_secs(30);

/// Moments kept: the rate is that of the last ten seconds.
const KEPT: usize = 40;

/// Positions by the moment they were reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace(VecDeque<(Instant, Position)>);

impl Pace {
    /// A position was reached.
    pub fn reached(&mut self, position: Position, now: Instant) {
        let before = self.0.len().checked_sub(2).and_then(|place| self.0.get(place));
        if before.is_some_and(|(then, _)| now.duration_since(*then) < APART) {
            self.0.pop_back();
        } else if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back((now, position));
    }

    /// The last position.
    pub fn position(&self) -> Position {
        self.0.back().map_or(Position::ZERO, |(_, position)| *position)
    }

    /// Whether it has moved lately.
    pub fn is_moving(&self, now: Instant) -> bool {
        let position = self.position();
        let arrived = self.0.iter().rev().take_while(|(_, reached)| *reached == position).last();
        let has_moved = self.0.front().is_some_and(|(_, first)| *first != position);
        has_moved && arrived.is_some_and(|(then, _)| now.duration_since(*then) < STILL)
    }

    /// Events a second; `None` before there is anything to tell it from.
    pub fn events_per_second(&self) -> Option<f64> {
        let ((begun, from), (now, to)) = (self.0.front()?, self.0.back()?);
        let elapsed = now.duration_since(*begun);
        let events = u32::try_from(to.get() - from.get()).ok()?;
        (!elapsed.is_zero()).then(|| f64::from(events) / elapsed.as_secs_f64())
    }

    /// Seconds until `head` at this pace; `None` when there is none.
    pub fn seconds_left(&self, head: Position) -> Option<f64> {
        let rate = self.events_per_second().filter(|rate| *rate > 0.0)?;
        let left = u32::try_from((head.get() - self.position().get()).max(0)).unwrap_or(u32::MAX);
        Some(f64::from(left) / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(position: i64) -> Position {
        Position::from_stored(position)
    }

    #[test]
    fn a_pace_is_told_from_two_moments() {
        let (begun, mut pace) = (Instant::now(), Pace::default());
        assert_eq!(pace.events_per_second(), None);
        pace.reached(at(1_000), begun);
        assert_eq!(pace.events_per_second(), None);
        pace.reached(at(3_000), begun + Duration::from_secs(4));
        assert_eq!(pace.events_per_second(), Some(500.0));
        assert_eq!(pace.seconds_left(at(4_000)), Some(2.0));
        assert_eq!(pace.seconds_left(at(2_000)), Some(0.0));
    }

    #[test]
    fn a_pace_forgets_what_was_long_ago_and_keeps_few_moments() {
        let (begun, mut pace) = (Instant::now(), Pace::default());
        for step in 0..10_000_u32 {
            pace.reached(at(i64::from(step)), begun + Duration::from_millis(10) * step);
        }
        assert!(pace.0.len() <= KEPT);
        let rate = pace.events_per_second().unwrap_or_default();
        assert!((rate - 100.0).abs() < 1.0, "{rate}");
        assert!(pace.is_moving(begun + Duration::from_secs(110)));
        assert!(!pace.is_moving(begun + Duration::from_secs(140)));
    }
}
