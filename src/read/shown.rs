//! Values of events and rows as the API shows them.

use async_graphql::{InputType, Name, Value};
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

/// What is shown of an entity: its plain fields by their names in the API, in the schema's order, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown(Vec<(&'static str, Value)>);

impl Shown {
    /// Adds a field that is a scalar, an enum or a list of such.
    #[must_use]
    pub fn with<T: InputType>(self, field: &'static str, value: &T) -> Self {
        self.and(field, json(value))
    }

    /// Adds a field of any shape.
    #[must_use]
    pub fn and(mut self, field: &'static str, value: Value) -> Self {
        self.0.push((field, value));
        self
    }

    /// The names of the fields, whether they have a value or not.
    #[cfg(test)]
    pub fn fields(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|(field, _)| *field)
    }

    /// Each field that is not what it was `before`, with both of its values; null where there is none.
    pub fn since(&self, before: &Self) -> Vec<(&'static str, Value, Value)> {
        let was = |field: &str| before.0.iter().find(|(name, _)| *name == field).map(|(_, value)| value);
        let pairs = self.0.iter().map(|(field, value)| (*field, was(field).unwrap_or(&Value::Null), value));
        let changed = pairs.filter(|(_, was, is)| was != is);
        changed.map(|(field, was, is)| (field, was.clone(), is.clone())).collect()
    }
}

/// A scalar or an enum as it stands in an answer.
pub fn json<T: InputType>(value: &T) -> Value {
    match value.to_value() {
        Value::Enum(name) => Value::String(name.to_string()),
        other => other,
    }
}

/// An object as it stands in an answer.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Object(fields.into_iter().map(|(field, value)| (Name::new(field), value)).collect())
}

/// An amount as it stands in an answer.
pub fn money_json(money: Money) -> Value {
    object([("amount", json(&money.amount)), ("currency", json(&money.currency))])
}

/// An address as it stands in an answer.
pub fn address_json(address: &Address) -> Value {
    object([
        ("line1", json(&address.line1)),
        ("line2", json(&address.line2)),
        ("city", json(&address.city)),
        ("region", json(&address.region)),
        ("postalCode", json(&address.postal_code)),
        ("country", json(&address.country)),
    ])
}
