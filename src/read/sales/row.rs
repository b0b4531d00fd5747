//! A row of the report before it is shown, and the order rows stand in.

use std::cmp::Reverse;

use iso_currency::Currency;
use uuid::Uuid;

use super::sum::Sum;
use crate::graphql::paging::{Key, Place};
use crate::graphql::{Failure, Money, Result};

/// What was sold of something, in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Days since 1970, where sales are told apart by day.
    pub day: Option<i32>,
    /// The product, where they are told apart by product.
    pub product: Option<Uuid>,
    pub orders: i64,
    pub units: i64,
    pub revenue: Money,
}

impl Row {
    /// `None` where nothing is left of what was sold.
    ///
    /// # Errors
    /// A fault of ours: no such currency, or more money than can be shown.
    pub fn of(day: Option<i32>, product: Option<Uuid>, currency: &str, sum: Sum) -> Result<Option<Self>> {
        if sum.orders <= 0 {
            return Ok(None);
        }
        let known = Currency::from_code(currency);
        let known = known.ok_or_else(|| Failure::internal(format!("sales in {currency:?}, no currency")))?;
        let revenue = Money::from_minor_sum(sum.revenue, known)
            .ok_or_else(|| Failure::internal(format!("{} minor units of {currency}", sum.revenue)))?;
        Ok(Some(Self { day, product, orders: sum.orders, units: sum.units, revenue }))
    }

    /// By day, then revenue, largest first; equal amounts by currency, then product.
    pub fn rank(&self) -> impl Ord + use<> {
        let Money { amount, currency } = self.revenue;
        (self.day, Reverse(amount), currency.0.code(), self.product)
    }

    /// What tells this row from all others of its report.
    pub fn place(&self) -> Place {
        let currency = self.revenue.currency.0.code();
        let keys = vec![Key::from(self.day.map(i64::from)), Key::from(currency)];
        Place { keys, id: self.product.unwrap_or_default() }
    }
}
