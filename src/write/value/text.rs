//! Texts of bounded length. White space around them is not part of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Invalid, shown};
use crate::engine::decision::Claim;
use crate::fold::fold;

/// Defines a text with a kind of its own, so that a name never passes for a SKU.
macro_rules! text {
    ($(#[$doc:meta])* $type:ident, $noun:literal, $lines:expr, $longest:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// The most characters it can have.
            pub const LONGEST: usize = $longest;

            /// Parses what was given; white space around it is dropped.
            ///
            /// # Errors
            /// When it is empty, too long, or has control characters.
            pub fn parse(text: impl AsRef<str>) -> Result<Self, Invalid> {
                parse(text.as_ref(), $noun, $lines, $longest).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(
    /// The name of a user or a product.
    Name, "a name", Lines::One, 200
);
text!(
    /// A stock keeping unit: what a shop calls a product by, kept as given, unique without regard to case and accents.
    Sku, "a SKU", Lines::One, 200
);
text!(
    /// What somebody else calls a thing by: a payment, a carrier, a parcel.
    Reference, "a reference", Lines::One, 200
);
text!(
    /// One line of an address.
    AddressLine, "a line of an address", Lines::One, 200
);
text!(
    /// Why something is done, in the words of the one who does it.
    Reason, "a reason", Lines::Many, 2000
);

impl Sku {
    /// The scope of the claim on a SKU.
    pub const SCOPE: &'static str = "sku";

    /// That no other product has this SKU.
    pub fn claim(&self) -> Claim {
        Claim { scope: Self::SCOPE, key: fold(&self.0) }
    }
}

/// How many lines a text may have.
#[derive(Clone, Copy)]
enum Lines {
    One,
    Many,
}

fn parse(text: &str, noun: &str, lines: Lines, longest: usize) -> Result<String, Invalid> {
    let text = text.trim();
    let expected = || format!("{noun} of 1 to {longest} characters");
    match text.chars().count() {
        0 => return Err(Invalid::new(expected(), "an empty text")),
        length if length > longest => return Err(Invalid::new(expected(), format!("{length} characters"))),
        _ => {}
    }
    // No database column, page or terminal takes control characters well, and search marks its matches with two of them.
    let refused = |c: &char| match lines {
        Lines::One => c.is_control(),
        Lines::Many => c.is_control() && !matches!(c, '\n' | '\r' | '\t'),
    };
    match text.chars().find(refused) {
        Some(c) => Err(Invalid::new(
            format!("{noun} without control characters"),
            format!("{} with U+{:04X} in it", shown(text), u32::from(c)),
        )),
        None => Ok(text.to_owned()),
    }
}
