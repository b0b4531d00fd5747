//! What is added up: orders, units, and revenue in more than 64 bits.
//!
//! One order may cost 10^16 minor units, so some hundreds of such would leave 64 bits; a fold cannot refuse, and a sum
//! that stops at a bound is wrong for ever after. So revenue is kept as two integers, thousand millions and the rest.
//! Unlike decimal text, both can be added up by the database: a sum of sums is made part by part.

use std::ops::Neg;

/// The revenue that makes one of the column of high parts.
const HIGH: i128 = 1_000_000_000;

/// A sum over orders of one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub orders: i64,
    pub units: i64,
    /// In minor units.
    pub revenue: i128,
}

impl Sum {
    /// Both together. Saturating, for history is never refused; 64 bits of orders are more than a log has positions.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            orders: self.orders.saturating_add(other.orders),
            units: self.units.saturating_add(other.units),
            revenue: self.revenue.saturating_add(other.revenue),
        }
    }

    /// From the two columns of revenue, whether of one row or each added up over many.
    pub fn of(orders: i64, units: i64, (high, low): (i64, i64)) -> Self {
        Self { orders, units, revenue: i128::from(high) * HIGH + i128::from(low) }
    }

    /// Revenue as its two columns hold it: the low part is 0 to 999,999,999.
    pub fn revenue_parts(self) -> (i64, i64) {
        let limit = |part: i128| i64::try_from(part).unwrap_or(if part < 0 { i64::MIN } else { i64::MAX });
        (limit(self.revenue.div_euclid(HIGH)), limit(self.revenue.rem_euclid(HIGH)))
    }
}

impl Neg for Sum {
    type Output = Self;

    fn neg(self) -> Self {
        Self { orders: -self.orders, units: -self.units, revenue: -self.revenue }
    }
}
