//! A postal address as the API shows and takes it.

use async_graphql::{InputObject, SimpleObject};

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
