//! `CurrencyCode`: ISO 4217.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};
use iso_currency::Currency;

use super::{Read, parse, refused};

const EXPECTED: &str = "an ISO 4217 currency code in capital letters, such as \"EUR\"";

/// A currency by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CurrencyCode(pub Currency);

/// An ISO 4217 currency code, such as EUR.
#[Scalar(name = "CurrencyCode", specified_by_url = "https://www.iso.org/iso-4217-currency-codes.html")]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::from(self.0.code())
    }
}

impl Read for CurrencyCode {
    fn read(value: &Value) -> Result<Self, String> {
        let currency = match value {
            Value::String(code) => Currency::from_code(code),
            _ => None,
        };
        currency.map_or_else(|| refused(EXPECTED, value), |currency| Ok(Self(currency)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_answered_as_it_was_written() {
        for code in ["EUR", "USD", "JPY", "KWD"] {
            let currency = CurrencyCode::read(&Value::from(code)).unwrap();
            assert_eq!(ScalarType::to_value(&currency), Value::from(code));
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        for text in ["", "eur", "EURO", "XXQ", "€", "978"] {
            assert!(CurrencyCode::read(&Value::from(text)).is_err(), "{text}");
        }
        assert!(CurrencyCode::read(&Value::from(978)).is_err());
    }
}
