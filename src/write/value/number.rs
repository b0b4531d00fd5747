//! Counts of units, in bounds that keep every sum of them within 32 bits.

use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::Invalid;

/// Defines a number of units with a kind and bounds of its own.
macro_rules! number {
    ($(#[$doc:meta])* $type:ident, $noun:literal, $range:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(i32);

        impl $type {
            /// The numbers it can be.
            pub const RANGE: RangeInclusive<i32> = $range;

            /// Parses what was given.
            ///
            /// # Errors
            /// When the number is out of range.
            pub fn parse(units: i32) -> Result<Self, Invalid> {
                parse(units, $noun, &Self::RANGE).map(Self)
            }

            /// As a number of units.
            pub const fn get(self) -> i32 {
                self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// Units that are ordered, received, reserved or released.
    Quantity, "a quantity", 1..=1_000_000
);
number!(
    /// Units a product starts with.
    InitialStock, "an initial stock", 0..=1_000_000
);
number!(
    /// Units by which a count was wrong, in either direction.
    StockChange, "a change of stock", -1_000_000..=1_000_000
);

impl Quantity {
    /// Both together.
    ///
    /// # Errors
    /// When the sum is out of range.
    pub fn plus(self, other: Self) -> Result<Self, Invalid> {
        Self::parse(self.0.saturating_add(other.0))
    }
}

fn parse(units: i32, noun: &str, range: &RangeInclusive<i32>) -> Result<i32, Invalid> {
    if range.contains(&units) {
        Ok(units)
    } else {
        Err(Invalid::new(format!("{noun} from {} to {}", range.start(), range.end()), units))
    }
}
