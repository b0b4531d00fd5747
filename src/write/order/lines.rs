//! What is to be ordered: 1 to 100 lines, the same product on several added up.

use serde::Serialize;
use uuid::Uuid;

use crate::write::problems::Problems;
use crate::write::value::{Invalid, Quantity, parse_id};

/// The wanted products, each once, in the order they were first named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Lines(Vec<Line>);

/// How much is wanted of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub product_id: Uuid,
    pub quantity: Quantity,
    /// Which of the given lines named the product first: where its errors are shown.
    #[serde(skip)]
    index: usize,
}

/// A line as given, nothing checked yet.
#[derive(Clone, Debug)]
pub struct LineFields {
    pub product_id: String,
    pub quantity: i32,
}

impl Lines {
    /// The most lines that can be given.
    pub const MOST: usize = 100;

    /// Parses lines as given in an input field, telling every problem of them.
    pub fn parse(problems: &mut Problems, field: &str, given: Vec<LineFields>) -> Option<Self> {
        if given.is_empty() || given.len() > Self::MOST {
            let expected = format!("1 to {} lines", Self::MOST);
            problems.note(field, &Invalid::new(expected, given.len()));
            return None;
        }
        problems.within(field, |problems| {
            let mut lines = Self(Vec::with_capacity(given.len()));
            let mut sound = true;
            for (index, fields) in given.into_iter().enumerate() {
                sound &= problems.within(index, |problems| lines.add(problems, index, fields)).is_some();
            }
            sound.then_some(lines)
        })
    }

    /// Each product once.
    pub fn iter(&self) -> impl Iterator<Item = &Line> {
        self.0.iter()
    }

    fn add(&mut self, problems: &mut Problems, index: usize, given: LineFields) -> Option<()> {
        let product_id = problems.take("productId", parse_id(given.product_id));
        let quantity = problems.take("quantity", Quantity::parse(given.quantity));
        let (product_id, quantity) = (product_id?, quantity?);
        match self.0.iter_mut().find(|line| line.product_id == product_id) {
            Some(line) => line.quantity = problems.take("quantity", line.quantity.plus(quantity))?,
            None => self.0.push(Line { product_id, quantity, index }),
        }
        Some(())
    }
}

impl Line {
    /// The path to a field of the given line.
    pub fn path(&self, field: &str) -> Vec<String> {
        vec!["lines".to_owned(), self.index.to_string(), field.to_owned()]
    }
}
