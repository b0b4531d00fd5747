//! Where in the history a version stands, so that those of a position are found without walking over all others.
//!
//! A version that was there at a position had begun before it, by no more than its own length. So versions are told
//! apart by length, in classes of eight times the one before, and within a class by the steps in which they begin and
//! end, each step half of the class's longest length. At a position there are versions of six buckets of each class at
//! the most. Those that ended in an earlier step, or begin in a later one, are not looked at; of the others a good part
//! was there at that position: whatever they are sorted by, few are walked over in vain.

use crate::engine::event::Position;

/// Versions of up to so many positions (2^10) are the shortest class.
const SHORTEST: u32 = 10;

/// Each class is so much longer than the one before (2^3).
const STEP: u32 = 3;

/// Where the class stands in a bucket's number. Below it are the step of the beginning and how many steps later the
/// end is.
const CLASS: u32 = 56;

/// The low bits that hold how many steps later the end is.
const LATER: u32 = 2;

/// A version of a class ends so many steps after the one it begins in at the most.
const MOST_LATER: i64 = 2;

/// The number of no bucket: no version is there, now or ever.
pub(super) const NOWHERE: i64 = -1;

/// Up to this class all lengths there are fit in.
const LAST_CLASS: u32 = (CLASS - LATER - SHORTEST) / STEP;

/// The bucket of a version.
pub(super) fn of(from: Position, to: Position) -> i64 {
    let length = to.get().saturating_sub(from.get());
    let class = (0..LAST_CLASS).find(|class| length <= longest(*class)).unwrap_or(LAST_CLASS);
    let begins = step(class, from);
    // The last position it was there at is the one before the next version begins.
    let ends = step(class, Position::from_stored(to.get().saturating_sub(1)));
    number(class, begins, ends.saturating_sub(begins).clamp(0, MOST_LATER))
}

/// The buckets of all versions that were there at a position and were over at `newest`, the last position there is.
pub(super) fn around(position: Position, newest: Position) -> Vec<i64> {
    let mut buckets = Vec::new();
    for class in 0..=LAST_CLASS {
        // No version is longer than the log.
        if class > 0 && longest(class - 1) >= newest.get() {
            break;
        }
        let (at, last) = (step(class, position), step(class, newest));
        for begins in (at - MOST_LATER).max(0)..=at {
            let ends = at..=last.min(begins + MOST_LATER);
            buckets.extend(ends.map(|ends| number(class, begins, ends - begins)));
        }
    }
    buckets
}

/// Whether no version comes into a bucket any more once all is folded up to `checkpoint`: one that ends later ends in a
/// later step.
pub(super) const fn is_over(bucket: i64, checkpoint: Position) -> bool {
    let class = (bucket >> CLASS) as u32;
    let below = bucket & ((1 << CLASS) - 1);
    let ends = (below >> LATER) + (below & ((1 << LATER) - 1));
    // In the last class there are longer ones than its steps tell.
    class < LAST_CLASS && ends < step(class, checkpoint)
}

/// The step that a position is in.
const fn step(class: u32, position: Position) -> i64 {
    position.get() >> (SHORTEST + STEP * class - 1)
}

const fn longest(class: u32) -> i64 {
    1 << (SHORTEST + STEP * class)
}

const fn number(class: u32, begins: i64, later: i64) -> i64 {
    ((class as i64) << CLASS) | (begins << LATER) | later
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(position: i64) -> Position {
        Position::from_stored(position)
    }

    #[test]
    fn there_are_six_buckets_of_each_class_and_fewer_at_both_ends_of_the_log() {
        let count = |position, newest| around(at(position), at(newest)).len();
        assert_eq!(count(3, 500), 1);
        assert_eq!(count(0, 100_000), 3 * 3 + 1);
        assert_eq!(count(100_000, 100_000), 3 * 3 + 1);
        assert_eq!(count(4_000_000, 8_000_000), 4 * 6 + 5 + 1);
        assert!(around(at(i64::MAX >> 10), at(i64::MAX >> 9)).len() <= 6 * (LAST_CLASS as usize + 1));
    }

    #[test]
    fn versions_at_the_edges_of_classes_and_steps_are_found_from_their_first_position_to_their_last() {
        for class in 0..6 {
            let step = 1 << (SHORTEST + STEP * class - 1);
            for from in [0, 1, step - 1, step, 2 * step - 1, 2 * step] {
                for length in [1, longest(class) - 1, longest(class), longest(class) + 1] {
                    let to = from + length;
                    for position in [from, to - 1] {
                        let around = around(at(position), at(to));
                        assert!(around.contains(&of(at(from), at(to))), "{from} to {to}, at {position}");
                    }
                }
            }
        }
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
            let mut once = around.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), around.len(), "no version is found twice");
        }

        #[test]
        fn a_bucket_is_not_over_before_the_last_version_came_into_it(
            from in 0..1_i64 << 40,
            length in prop_oneof![1..10_000_i64, 1..1_i64 << 40, Just((1 << 55) - 1)],
            before in 1..1_000_000_i64,
        ) {
            let to = from + length;
            prop_assert!(!is_over(of(at(from), at(to)), at(to - before)));
        }

        #[test]
        fn a_bucket_is_over_two_steps_after_a_version_of_it_ended(from in 0..1_i64 << 40, length in 1..1_i64 << 40) {
            let to = from + length;
            let class = (0..LAST_CLASS).find(|class| length <= longest(*class)).unwrap();
            prop_assert!(is_over(of(at(from), at(to)), at(to + longest(class))));
        }
    }
}
