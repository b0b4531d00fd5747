//! Postal addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AddressLine, Invalid, shown};
use crate::write::problems::Problems;

/// A country by its code of ISO 3166-1, such as `DE`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Country(String);

impl Country {
    /// Parses a code of two capitals.
    ///
    /// # Errors
    /// When no country has this code.
    pub fn parse(code: impl AsRef<str>) -> Result<Self, Invalid> {
        let code = code.as_ref();
        match rust_iso3166::from_alpha2(code) {
            Some(country) => Ok(Self(country.alpha2.to_owned())),
            None => Err(Invalid::new("the ISO 3166-1 alpha-2 code of a country, such as DE", shown(code))),
        }
    }

    /// The code of two capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where post goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    pub line1: AddressLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<AddressLine>,
    pub city: AddressLine,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<AddressLine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<AddressLine>,
    pub country: Country,
}

/// An address as given, nothing checked yet.
#[derive(Clone, Debug, Default)]
pub struct AddressFields {
    pub line1: String,
    pub line2: Option<String>,
    pub city: String,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: String,
}

impl Address {
    /// Parses an address as given in an input field, telling every problem of it.
    pub fn parse(problems: &mut Problems, field: &str, given: AddressFields) -> Option<Self> {
        problems.within(field, |problems| {
            let mut line = |field: &str, text: String| problems.take(field, AddressLine::parse(text));
            let line1 = line("line1", given.line1);
            let line2 = given.line2.map(|text| line("line2", text));
            let city = line("city", given.city);
            let region = given.region.map(|text| line("region", text));
            let postal_code = given.postal_code.map(|text| line("postalCode", text));
            let country = problems.take("country", Country::parse(given.country));
            // Where something was not parsed, the problem is noted and no address is made.
            Some(Self {
                line1: line1?,
                line2: absent_or_parsed(line2)?,
                city: city?,
                region: absent_or_parsed(region)?,
                postal_code: absent_or_parsed(postal_code)?,
                country: country?,
            })
        })
    }
}

/// Turns "given, and parsed or not" into "parsed, and given or not".
fn absent_or_parsed<T>(given: Option<Option<T>>) -> Option<Option<T>> {
    given.map_or(Some(None), |parsed| parsed.map(Some))
}
