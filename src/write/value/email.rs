//! E-mail addresses: kept as given, claimed without regard to case.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use super::{Invalid, shown};
use crate::engine::decision::Claim;
use crate::fold::fold_case;

/// An address such as `ada@example.com`, as it was given.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// The most characters it can have.
    pub const LONGEST: usize = 200;
    /// The scope of the claim on an address.
    pub const SCOPE: &'static str = "email";

    /// Parses an address with a local part and a domain of at least two labels, and nothing around it.
    ///
    /// # Errors
    /// When the text is no such address or too long.
    pub fn parse(text: impl AsRef<str>) -> Result<Self, Invalid> {
        let text = text.as_ref();
        let length = text.chars().count();
        if length > Self::LONGEST {
            let expected = format!("an e-mail address of at most {} characters", Self::LONGEST);
            return Err(Invalid::new(expected, format!("{length} characters")));
        }
        let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
        // The parser lets a bare `<…>` after white space pass, and takes no accent typed as a character of its own.
        let composed: String = text.nfc().collect();
        let one_word = !text.contains(|c: char| c.is_whitespace() || c.is_control());
        if one_word && EmailAddress::parse_with_options(&composed, options).is_ok() {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("an e-mail address such as ada@example.com", shown(text)))
        }
    }

    /// The address as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two addresses of one mailbox have in common.
    pub fn key(&self) -> String {
        fold_case(&self.0)
    }

    /// That no other user has this address.
    pub fn claim(&self) -> Claim {
        Claim { scope: Self::SCOPE, key: self.key() }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
