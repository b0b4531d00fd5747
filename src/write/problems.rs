//! All problems of one input, told at once.

use std::fmt;

use super::rejection::Rejection;
use super::value::Invalid;

/// Takes what was parsed, and keeps what could not be, with its path.
///
/// ```ignore
/// let mut problems = Problems::new();
/// let name = problems.take("name", Name::parse(input.name));
/// let price = Money::parse_price(&mut problems, "price", input.price.amount, &input.price.currency);
/// let reason = problems.optional(input.reason, |problems, text| problems.take("reason", Reason::parse(text)));
/// problems.finish(|| Some((name?, price?, reason?)))
/// ```
#[derive(Debug, Default)]
pub struct Problems {
    at: Vec<String>,
    found: Vec<Rejection>,
}

impl Problems {
    /// None yet, at the input itself.
    pub fn new() -> Self {
        Self::default()
    }

    /// The parsed value of a field or list item; `None` when it has a problem, which is kept.
    pub fn take<T>(&mut self, field: impl fmt::Display, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.note(field, &invalid)).ok()
    }

    /// Parses a field that need not be given: `Some(None)` when it is not, `None` when it has a problem.
    pub fn optional<G, T>(
        &mut self,
        given: Option<G>,
        parse: impl FnOnce(&mut Self, G) -> Option<T>,
    ) -> Option<Option<T>> {
        match given {
            Some(given) => parse(self, given).map(Some),
            None => Some(None),
        }
    }

    /// Keeps a problem of a field that no value is taken from.
    pub fn note(&mut self, field: impl fmt::Display, invalid: &Invalid) {
        let mut path = self.at.clone();
        path.push(field.to_string());
        self.found.push(Rejection::InvalidInput { problem: invalid.to_string(), path });
    }

    /// Parses what is inside a field or list item: the paths of its problems begin there.
    pub fn within<T>(&mut self, field: impl fmt::Display, parse: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(field.to_string());
        let parsed = parse(self);
        self.at.pop();
        parsed
    }

    /// Builds the command when nothing was found.
    ///
    /// # Errors
    /// All that was found; never empty.
    pub fn finish<T>(mut self, build: impl FnOnce() -> Option<T>) -> Result<T, Vec<Rejection>> {
        if self.found.is_empty() {
            if let Some(built) = build() {
                return Ok(built);
            }
            // Only when a parser gives no value and no reason; yet an empty list would look like success.
            let problem = "the input is not complete".to_owned();
            self.found.push(Rejection::InvalidInput { problem, path: self.at });
        }
        Err(self.found)
    }
}
