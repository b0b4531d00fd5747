//! Command ids for lines that have none: from their content and how often it came before, the same on every run.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::Line;
use crate::engine::time::Instant;

/// Command ids of lines without one are made in this namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x8a4c_6f1e_52d7_5b0a_9d3e_1f60_7b2c_4e85);

/// How often each content has come so far.
///
/// The instant is part of the content, so that only what came at the latest instant has to be remembered.
#[derive(Default)]
pub struct Identities {
    latest: Option<Instant>,
    occurrences: HashMap<Uuid, u64>,
}

impl Identities {
    /// The id of a line, put into its input when it had none; nothing when it has one that is none.
    pub fn identify(&mut self, line: &mut Line) -> Option<Uuid> {
        if let Some(given) = line.input.get("commandId").filter(|id| !id.is_null()) {
            return given.as_str().and_then(|id| Uuid::try_parse(id).ok());
        }
        let at = Instant::from(line.at);
        if self.latest.is_none_or(|latest| at > latest) {
            self.latest = Some(at);
            self.occurrences.clear();
        }
        let mut input = line.input.clone();
        input.sort_all_objects();
        let content = format!("{}\n{}\n{input}", at.micros(), line.mutation);
        let content = Uuid::new_v5(&NAMESPACE, content.as_bytes());
        let occurrence = self.occurrences.entry(content).or_default();
        *occurrence += 1;
        let id = Uuid::new_v5(&content, &occurrence.to_be_bytes());
        if let Value::Object(input) = &mut line.input {
            input.insert("commandId".to_owned(), id.to_string().into());
        }
        Some(id)
    }
}
