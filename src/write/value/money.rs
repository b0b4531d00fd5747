//! Amounts of money: whole minor units of a currency, never floats.
//!
//! Stored as decimal text (`"18.00"`), which keeps its meaning should a currency ever change its decimals.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Invalid, Quantity, shown};
use crate::write::problems::Problems;

/// A currency of ISO 4217 that has minor units, such as `EUR`; gold, say, has a code but no minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    currency: iso_currency::Currency,
    decimals: u8,
}

impl Currency {
    /// Parses a code of three capitals.
    ///
    /// # Errors
    /// When no currency with minor units has this code.
    pub fn parse(code: impl AsRef<str>) -> Result<Self, Invalid> {
        let code = code.as_ref();
        let known = iso_currency::Currency::from_code(code)
            .and_then(|currency| Some((currency, u8::try_from(currency.exponent()?).ok()?)));
        match known {
            Some((currency, decimals)) => Ok(Self { currency, decimals }),
            None => Err(Invalid::new("the ISO 4217 code of a currency, such as EUR", shown(code))),
        }
    }

    /// As the library of currencies knows it.
    pub fn iso(self) -> iso_currency::Currency {
        self.currency
    }

    /// The code of three capitals.
    pub fn code(self) -> &'static str {
        self.currency.code()
    }

    /// How many decimals an amount has: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u32 {
        self.decimals.into()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// An amount in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// The largest amount, in major units; in any currency its minor units fit 64 bits.
    pub const LARGEST: i64 = 1_000_000_000_000;

    /// An exact amount. Zeros after its last decimal do not count.
    ///
    /// # Errors
    /// When it has more decimals than the currency, or is beyond [`Self::LARGEST`] in either direction.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, Invalid> {
        let minor = minor_units(amount, currency)?;
        Self { minor: 0, currency }.with(minor.into()).ok_or_else(|| {
            let expected = format!("an amount of at most {} {currency}", Self::LARGEST);
            Invalid::new(expected, amount)
        })
    }

    /// The price of a thing: an exact amount that is not negative.
    ///
    /// # Errors
    /// As [`Self::new`], and when it is negative.
    pub fn price(amount: Decimal, currency: Currency) -> Result<Self, Invalid> {
        let price = Self::new(amount, currency)?;
        if price.minor < 0 { Err(Invalid::new("a price of 0 or more", amount)) } else { Ok(price) }
    }

    /// Parses a price as given in an input field, telling every problem of it.
    pub fn parse_price(problems: &mut Problems, field: &str, amount: Decimal, code: &str) -> Option<Self> {
        problems.within(field, |problems| {
            let currency = problems.take("currency", Currency::parse(code))?;
            problems.take("amount", Self::price(amount, currency))
        })
    }

    /// From minor units, such as a read model's column has them.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// In the currency's minor units: 1800 for 18.00 EUR, 18 for 18 JPY.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// In major units, with all the currency's decimals.
    pub fn amount(self) -> Decimal {
        Decimal::new(self.minor, self.currency.decimals())
    }

    /// What so many cost; `None` beyond [`Self::LARGEST`].
    pub fn times(self, quantity: Quantity) -> Option<Self> {
        self.with(i128::from(self.minor) * i128::from(quantity.get()))
    }

    /// Both together; `None` beyond [`Self::LARGEST`], or when the currencies differ.
    pub fn plus(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        self.with(i128::from(self.minor) + i128::from(other.minor))
    }

    fn with(self, minor: i128) -> Option<Self> {
        let largest = i128::from(Self::LARGEST) * 10_i128.pow(self.currency.decimals());
        let minor = i64::try_from(minor).ok().filter(|minor| i128::from(*minor).abs() <= largest)?;
        Some(Self { minor, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

fn minor_units(amount: Decimal, currency: Currency) -> Result<i64, Invalid> {
    let exact = amount.normalize();
    let Some(missing) = currency.decimals().checked_sub(exact.scale()) else {
        let expected = format!("an amount with at most {} decimals, as {currency} has", currency.decimals());
        return Err(Invalid::new(expected, amount));
    };
    10_i128
        .checked_pow(missing)
        .and_then(|factor| exact.mantissa().checked_mul(factor))
        .and_then(|minor| i64::try_from(minor).ok())
        .ok_or_else(|| Invalid::new(format!("an amount of at most {} {currency}", Money::LARGEST), amount))
}

/// Money as events keep it.
#[derive(Serialize, Deserialize)]
struct Stored {
    amount: String,
    currency: Currency,
}

impl From<Money> for Stored {
    fn from(money: Money) -> Self {
        Self { amount: money.amount().to_string(), currency: money.currency }
    }
}

impl TryFrom<Stored> for Money {
    type Error = Invalid;

    fn try_from(stored: Stored) -> Result<Self, Invalid> {
        let amount = Decimal::from_str(&stored.amount)
            .map_err(|_| Invalid::new("an exact decimal number", shown(&stored.amount)))?;
        Ok(Self { minor: minor_units(amount, stored.currency)?, currency: stored.currency })
    }
}
