//! An amount of money as the API shows and takes it, and the way to and from minor units.

use async_graphql::{InputObject, SimpleObject};
use iso_currency::Currency;

use super::scalars::{CurrencyCode, Decimal};

/// An amount in a currency.
#[derive(SimpleObject, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Money {
    /// The amount in units of the currency, with as many decimals as the currency has.
    pub amount: Decimal,
    /// The currency of the amount.
    pub currency: CurrencyCode,
}

/// An amount in a currency.
#[derive(InputObject, Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoneyInput {
    /// The amount in units of the currency, with no more decimals than the currency has.
    pub amount: Decimal,
    /// The currency of the amount.
    pub currency: CurrencyCode,
}

impl Money {
    /// From whole minor units, such as cents; those of a currency without any are its units.
    pub fn from_minor(minor: i64, currency: Currency) -> Self {
        let amount = rust_decimal::Decimal::new(minor, minor_digits(currency).unwrap_or(0));
        Self { amount: Decimal(amount), currency: CurrencyCode(currency) }
    }
}

impl Money {
    /// From a sum of minor units that may be beyond 64 bits; `None` beyond the 28 digits that can be shown.
    pub fn from_minor_sum(minor: i128, currency: Currency) -> Option<Self> {
        let digits = minor_digits(currency).unwrap_or(0);
        let amount = rust_decimal::Decimal::try_from_i128_with_scale(minor, digits).ok()?;
        Some(Self { amount: Decimal(amount), currency: CurrencyCode(currency) })
    }
}

impl MoneyInput {
    /// In whole minor units, such as cents.
    ///
    /// # Errors
    /// What is wrong with the amount, for the person who sent it.
    pub fn to_minor(&self) -> Result<i64, String> {
        amount_to_minor(self.amount, self.currency)
    }
}

/// An amount in whole minor units of a currency.
///
/// # Errors
/// What is wrong with the amount, for the person who sent it.
pub fn amount_to_minor(amount: Decimal, currency: CurrencyCode) -> Result<i64, String> {
    let code = currency.0.code();
    let digits = minor_digits(currency.0)
        .ok_or_else(|| format!("amounts in {code} cannot be held: the currency has no minor unit"))?;
    let minor = rust_decimal::Decimal::from(10_i64.pow(digits))
        .checked_mul(amount.0)
        .ok_or_else(|| format!("expected an amount in {code} that 64 bits can hold; got {amount}"))?;
    if !minor.is_integer() {
        return Err(format!("expected at most {digits} decimals in {code}; got {amount}"));
    }
    i64::try_from(minor)
        .map_err(|_| format!("expected an amount in {code} that 64 bits can hold; got {amount}"))
}

/// The decimals of a currency, 0 to 4; `None` where ISO 4217 names no minor unit (gold, testing).
fn minor_digits(currency: Currency) -> Option<u32> {
    currency.exponent().map(u32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(amount: &str, currency: Currency) -> MoneyInput {
        MoneyInput { amount: Decimal(amount.parse().unwrap()), currency: CurrencyCode(currency) }
    }

    #[test]
    fn an_amount_goes_to_minor_units_by_the_decimals_of_its_currency() {
        assert_eq!(input("12.5", Currency::EUR).to_minor(), Ok(1250));
        assert_eq!(input("12.50", Currency::EUR).to_minor(), Ok(1250));
        assert_eq!(input("-0.01", Currency::EUR).to_minor(), Ok(-1));
        assert_eq!(input("1250", Currency::JPY).to_minor(), Ok(1250));
        assert_eq!(input("1.250", Currency::KWD).to_minor(), Ok(1250));
        assert_eq!(input("92233720368547758.07", Currency::EUR).to_minor(), Ok(i64::MAX));
    }

    #[test]
    fn an_amount_that_minor_units_cannot_hold_is_refused_with_the_reason() {
        for (amount, currency, reason) in [
            ("12.505", Currency::EUR, "at most 2 decimals in EUR; got 12.505"),
            ("0.5", Currency::JPY, "at most 0 decimals in JPY"),
            ("92233720368547758.08", Currency::EUR, "64 bits can hold"),
            ("79228162514264337593543950335", Currency::EUR, "64 bits can hold"),
            ("1", Currency::XAU, "no minor unit"),
        ] {
            let refusal = input(amount, currency).to_minor().unwrap_err();
            assert!(refusal.contains(reason), "{refusal}");
        }
    }

    #[test]
    fn minor_units_are_shown_with_the_decimals_of_the_currency() {
        for (minor, currency, shown) in [
            (1250, Currency::EUR, "12.50"),
            (-5, Currency::EUR, "-0.05"),
            (1250, Currency::JPY, "1250"),
            (i64::MIN, Currency::EUR, "-92233720368547758.08"),
        ] {
            assert_eq!(Money::from_minor(minor, currency).amount.to_string(), shown);
        }
    }
}
