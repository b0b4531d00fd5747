//! Where in the history a version stands, so that those of a position are found without walking over all others.
//!
//! A version that was there at a position had begun before it, by no more than its own length. So versions are told
//! apart by length, in classes of eight times the one before, and within a class by where they begin, in steps of its
//! longest length. At a position there are versions of two buckets of each class at the most, and of those in the
//! buckets a good part was there at that position: whatever they are sorted by, few are walked over in vain.

use crate::engine::event::Position;

/// Versions of up to so many positions (2^12) are the shortest class.
const SHORTEST: u32 = 12;

/// Each class is so much longer than the one before (2^3).
const STEP: u32 = 3;

/// Where the class stands in a bucket's number. Below it, the step is: no log has 2^56 positions.
const CLASS: u32 = 56;

/// Up to this class all lengths there are fit in.
const LAST_CLASS: u32 = (CLASS - SHORTEST) / STEP;

/// The bucket of a version.
pub(super) fn of(from: Position, to: Position) -> i64 {
    let length = to.get().saturating_sub(from.get());
    let class = (0..LAST_CLASS).find(|class| length <= longest(*class)).unwrap_or(LAST_CLASS);
    number(class, from.get() >> bits(class))
}

/// The buckets of all versions that were there at a position and were over at `newest`, the last position there is.
pub(super) fn around(position: Position, newest: Position) -> Vec<i64> {
    let mut buckets = Vec::new();
    for class in 0..=LAST_CLASS {
        // No version is longer than the log.
        if class > 0 && longest(class - 1) >= newest.get() {
            break;
        }
        let step = position.get() >> bits(class);
        if step > 0 {
            buckets.push(number(class, step - 1));
        }
        buckets.push(number(class, step));
    }
    buckets
}

const fn bits(class: u32) -> u32 {
    SHORTEST + STEP * class
}

const fn longest(class: u32) -> i64 {
    1 << bits(class)
}

const fn number(class: u32, step: i64) -> i64 {
    ((class as i64) << CLASS) | step
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(position: i64) -> Position {
        Position::from_stored(position)
    }

    #[test]
    fn a_short_log_has_one_bucket_and_a_long_one_two_of_each_class() {
        assert_eq!(around(at(3), at(4_000)), [0]);
        assert_eq!(around(at(0), at(100_000)).len(), 3);
        assert_eq!(around(at(5_000_000), at(8_000_000)).len(), 9);
        assert!(around(at(i64::MAX >> 8), at(i64::MAX >> 8)).len() <= 2 * (LAST_CLASS as usize + 1));
    }

    proptest! {
        #[test]
        fn a_version_is_in_a_bucket_around_every_position_it_was_there_at(
            from in 0..1_i64 << 40,
            length in prop_oneof![1..10_000_i64, 1..1_i64 << 40],
            share in 0.0..1.0_f64,
            later in 0..1_000_000_i64,
        ) {
            let to = from + length;
            let position = from + (length as f64 * share) as i64;
            prop_assume!(position < to);
            let around = around(at(position), at(to + later));
            prop_assert!(around.contains(&of(at(from), at(to))));
        }
    }
}
