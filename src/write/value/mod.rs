//! Parsed values: what a command carries and an event keeps, each checked once, on its way in.
//!
//! Reading them back from the log checks nothing but their shape: history is never refused, even by limits that came later.

mod address;
mod email;
mod money;
mod number;
mod text;

use std::fmt;

use uuid::Uuid;

pub use address::{Address, AddressFields, Country};
pub use email::Email;
pub use money::{Currency, Money};
pub use number::{InitialStock, Quantity, StockChange};
pub use text::{AddressLine, Name, Reason, Reference, Sku};

/// Why a given value is not one of a kind: what was expected and what came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(String);

impl Invalid {
    /// States what was expected and what came instead.
    pub fn new(expected: impl fmt::Display, came: impl fmt::Display) -> Self {
        Self(format!("expected {expected}; came {came}"))
    }
}

/// Parses the id of an entity or a command.
///
/// # Errors
/// When the text is no UUID.
pub fn parse_id(text: impl AsRef<str>) -> Result<Uuid, Invalid> {
    let text = text.as_ref();
    Uuid::try_parse(text)
        .map_err(|_| Invalid::new("an id, a UUID such as 01936f2e-6b5c-7cc3-98d4-0a1b2c3d4e5f", shown(text)))
}

/// A given text for a message: quoted, control characters escaped, shortened.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests;
