//! A walk through a list by its cursors, each page held against the whole list as the replay has it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::read_models::replay::Dice;

/// A list as it is asked for, and as it must be answered.
pub struct List {
    /// What stands before the list's own arguments, such as `user(id: "…") { orders`; and after its selection.
    pub open: String,
    pub close: &'static str,
    /// The fields that lead to the list from the answer of the root field.
    pub path: &'static [&'static str],
    /// Filter, order and moment.
    pub arguments: Vec<String>,
    /// What is selected of each row.
    pub selection: String,
    /// Whether it has a `totalCount`.
    pub counted: bool,
    /// Whether it can be asked for from its end.
    pub backward: bool,
    /// All rows, in order.
    pub rows: Vec<Value>,
}

/// Pages of a list, one after another.
pub struct Walk {
    list: List,
    way: Way,
    size: usize,
    /// The cursors answered so far, by the places of their rows.
    cursors: BTreeMap<usize, String>,
    dice: Dice,
    asked: Page,
    /// Whether the page is asked for the length of the list, too.
    counted: bool,
    steps: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// From page to page to the end, or back to the start.
    Forward,
    Backward,
    /// From any row that was seen in any direction, with any size.
    Anyhow,
}

/// Rows from a place up to another.
#[derive(Default)]
struct Page {
    start: usize,
    end: usize,
}

/// Pages of one walk at most.
const MOST_STEPS: usize = 12;

const SIZES: [usize; 10] = [0, 1, 1, 2, 3, 4, 5, 7, 20, 40];

impl Walk {
    pub fn through(list: List, mut dice: Dice) -> Self {
        let way = *dice.one_of(&[Way::Forward, Way::Forward, Way::Backward, Way::Anyhow]);
        let way = if way == Way::Backward && !list.backward { Way::Forward } else { way };
        let size = *dice.one_of(&SIZES);
        Self {
            list,
            way,
            size,
            cursors: BTreeMap::new(),
            dice,
            asked: Page::default(),
            counted: false,
            steps: 0,
        }
    }

    /// The text of the next page.
    pub fn ask(&mut self) -> String {
        let length = self.list.rows.len();
        if self.way == Way::Anyhow {
            self.size = *self.dice.one_of(&SIZES);
        }
        let backward = match self.way {
            Way::Forward => false,
            Way::Backward => true,
            Way::Anyhow => self.list.backward && self.dice.below(2) == 0,
        };
        let from = match self.way {
            Way::Forward => self.cursors.last_key_value(),
            Way::Backward => self.cursors.first_key_value(),
            Way::Anyhow if self.cursors.is_empty() => None,
            Way::Anyhow => self.cursors.iter().nth(self.dice.below(self.cursors.len() as u64) as usize),
        };
        self.asked = match (backward, from) {
            (false, from) => {
                let start = from.map_or(0, |(place, _)| place + 1);
                Page { start, end: length.min(start + self.size) }
            }
            (true, from) => {
                let end = from.map_or(length, |(place, _)| *place);
                Page { start: end.saturating_sub(self.size), end }
            }
        };
        let (count, cursor) = if backward { ("last", "before") } else { ("first", "after") };
        let mut arguments = self.list.arguments.clone();
        arguments.push(format!("{count}: {}", self.size));
        arguments.extend(from.map(|(_, text)| format!("{cursor}: {}", json!(text))));
        let List { open, close, selection, .. } = &self.list;
        self.counted = self.list.counted && self.dice.below(2) == 0;
        let total = if self.counted { "totalCount" } else { "" };
        format!(
            "{open}({}) {{ {total} edges {{ cursor node {selection} }}
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} {close}",
            arguments.join(", ")
        )
    }

    /// Holds a page against the list; whether the walk goes on.
    pub fn check(&mut self, answer: &Value) -> Result<bool, String> {
        let answer = self.list.path.iter().fold(answer, |answer, field| &answer[*field]);
        let edges = answer["edges"].as_array().ok_or("no edges")?;
        let (Page { start, end }, length) = (&self.asked, self.list.rows.len());
        let cursor = |edge: Option<&Value>| edge.map_or(Value::Null, |edge| edge["cursor"].clone());
        let expected = json!({
            "rows": self.list.rows[*start..*end],
            "total": self.counted.then_some(length),
            "page": {
                "hasNextPage": *end < length, "hasPreviousPage": *start > 0,
                "startCursor": cursor(edges.first()), "endCursor": cursor(edges.last()),
            },
        });
        let came = json!({
            "rows": edges.iter().map(|edge| &edge["node"]).collect::<Vec<_>>(),
            "total": answer["totalCount"],
            "page": answer["pageInfo"],
        });
        if expected != came {
            return Err(format!("expected {expected:#}\n\ncame {came:#}"));
        }
        for (place, edge) in (*start..).zip(edges) {
            self.cursors.insert(place, edge["cursor"].as_str().ok_or("no cursor")?.to_owned());
        }
        self.steps += 1;
        Ok(self.steps < MOST_STEPS
            && match self.way {
                Way::Forward => *end < length && self.size > 0,
                Way::Backward => *start > 0 && self.size > 0,
                Way::Anyhow => self.steps < 4,
            })
    }
}
