//! A postal address as the API shows and takes it.

use async_graphql::{InputObject, SimpleObject};
use serde::Deserialize;

use super::errors::{Failure, Result};
use super::scalars::CountryCode;

/// A postal address.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Street and number, or what stands in their place.
    pub line1: String,
    /// What else the address needs, such as a floor or a company.
    pub line2: Option<String>,
    /// The town.
    pub city: String,
    /// The state, province or canton, where addresses name one.
    pub region: Option<String>,
    /// The postal code, where the country has them.
    pub postal_code: Option<String>,
    /// The country.
    pub country: CountryCode,
}

/// A postal address.
#[derive(InputObject, Clone, Debug, PartialEq, Eq)]
pub struct AddressInput {
    /// Street and number, or what stands in their place.
    pub line1: String,
    /// What else the address needs, such as a floor or a company.
    pub line2: Option<String>,
    /// The town.
    pub city: String,
    /// The state, province or canton, where addresses name one.
    pub region: Option<String>,
    /// The postal code, where the country has them.
    pub postal_code: Option<String>,
    /// The country.
    pub country: CountryCode,
}

/// An address as an event and a read model keep it: JSON text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    line1: String,
    line2: Option<String>,
    city: String,
    region: Option<String>,
    postal_code: Option<String>,
    country: String,
}

impl Address {
    /// From the JSON text of a stored address.
    ///
    /// # Errors
    /// A fault of ours when it is none.
    pub fn from_stored(text: &str) -> Result<Self> {
        let stored: Stored = serde_json::from_str(text).map_err(Failure::internal)?;
        let country = CountryCode::stored(&stored.country);
        let Stored { line1, line2, city, region, postal_code, .. } = stored;
        Ok(Self { line1, line2, city, region, postal_code, country })
    }
}
