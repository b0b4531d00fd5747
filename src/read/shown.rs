//! Values of events and rows as the API shows them.

use iso_currency::Currency;

use crate::graphql::scalars::{CountryCode, CurrencyCode, Decimal};
use crate::graphql::{Address, Failure, Money, Result};
use crate::write::order::event as stored;

/// An amount as the API shows it.
pub fn shown_money(money: stored::Money) -> Money {
    Money { amount: Decimal(money.amount()), currency: CurrencyCode(money.currency().iso()) }
}

/// An address as the API shows it.
pub fn shown_address(address: &stored::Address) -> Address {
    Address {
        line1: address.line1.to_string(),
        line2: address.line2.as_ref().map(ToString::to_string),
        city: address.city.to_string(),
        region: address.region.as_ref().map(ToString::to_string),
        postal_code: address.postal_code.as_ref().map(ToString::to_string),
        country: CountryCode::stored(address.country.as_str()),
    }
}

/// An amount as a read model's columns keep it.
///
/// # Errors
/// A fault of ours when there is no such currency.
pub fn kept_money(minor: i64, currency: &str) -> Result<Money> {
    let known = Currency::from_code(currency);
    let known = known.ok_or_else(|| Failure::internal(format!("an amount in {currency:?}, no currency")))?;
    Ok(Money::from_minor(minor, known))
}
