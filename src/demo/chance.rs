//! Chance that falls the same way every time: the generator SplitMix64 (Steele, Lea and Flood, 2014).

/// A sequence of numbers that look random and depend on the seed alone.
pub struct Chance(u64);

impl Chance {
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `low` up to but not including `high`; `low` when there is nothing between.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low)).unwrap_or(0).max(1);
        low + (self.next() % width).cast_signed()
    }

    /// Whether something that happens so many times in a thousand happens now.
    pub fn in_thousand(&mut self, times: i64) -> bool {
        self.between(0, 1_000) < times
    }

    /// An index below `length`; 0 when there is none.
    pub fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.between(0, i64::try_from(length).unwrap_or(i64::MAX))).unwrap_or(0)
    }

    /// One of these.
    pub fn one_of<T: Copy, const N: usize>(&mut self, these: &[T; N]) -> T {
        these[self.index(N) % N]
    }
}
