//! `CountryCode`: ISO 3166-1 alpha-2.

use std::borrow::Cow;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

use super::{Read, parse, refused};

const EXPECTED: &str = "an ISO 3166-1 alpha-2 country code in capital letters, such as \"DE\"";

/// A country by its two letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode(Cow<'static, str>);

impl CountryCode {
    /// The country with these two capital letters.
    pub fn from_alpha2(letters: &str) -> Option<Self> {
        rust_iso3166::from_alpha2(letters).map(|country| Self(country.alpha2.into()))
    }

    /// As it was stored: a country of its time, even if there is none of this code any more.
    pub fn stored(letters: &str) -> Self {
        Self::from_alpha2(letters).unwrap_or_else(|| Self(letters.to_owned().into()))
    }

    /// Its two capital letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An ISO 3166-1 alpha-2 country code, such as DE.
#[Scalar(name = "CountryCode", specified_by_url = "https://www.iso.org/iso-3166-country-codes.html")]
impl ScalarType for CountryCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::from(self.as_str())
    }
}

impl Read for CountryCode {
    fn read(value: &Value) -> Result<Self, String> {
        let country = match value {
            Value::String(letters) => Self::from_alpha2(letters),
            _ => None,
        };
        country.map_or_else(|| refused(EXPECTED, value), Ok)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_answered_as_it_was_written() {
        for letters in ["DE", "US", "NA"] {
            let country = CountryCode::read(&Value::from(letters)).unwrap();
            assert_eq!(ScalarType::to_value(&country), Value::from(letters));
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        // XK is in wide use for Kosovo but not in the standard.
        for text in ["", "de", "DEU", "ZZ", "XK", "276"] {
            assert!(CountryCode::read(&Value::from(text)).is_err(), "{text}");
        }
        assert!(CountryCode::read(&Value::from(276)).is_err());
    }
}
