//! The hash chain: each event's hash covers it, as stored, and the hash before it.
//!
//! Every field stands in a fixed order behind its length in bytes (eight, big-endian), so that no two events
//! hash the same bytes. ARCHITECTURE.md has the layout and a test vector.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::engine::event::{Hash, Recorded};

/// Names the layout; another layout would have another name.
const LAYOUT: &str = "hindsight/1";

/// What stands before the first event: made from the log's id, so that no two logs share a chain.
pub fn genesis(log_id: Uuid) -> Hash {
    let mut chain = Chain::new();
    chain.field(log_id.as_bytes());
    chain.finish()
}

/// The hash an event must have behind the one before it; its own `hash` field is not looked at.
pub fn hash(before: Hash, event: &Recorded) -> Hash {
    let mut chain = Chain::new();
    chain.field(&before.0);
    chain.number(event.position.get());
    chain.field(event.event_id.as_bytes());
    chain.field(event.stream_id.as_bytes());
    chain.field(event.stream_type.as_bytes());
    chain.number(event.stream_version);
    chain.field(event.event_type.as_bytes());
    chain.number(event.schema_version.into());
    chain.field(event.data.as_bytes());
    chain.field(event.metadata.as_bytes());
    chain.field(event.command_id.as_bytes());
    chain.field(event.correlation_id.as_bytes());
    chain.optional(event.actor.as_deref());
    chain.number(event.command_end.get());
    chain.number(event.recorded_at.micros());
    chain.finish()
}

struct Chain(Sha256);

impl Chain {
    fn new() -> Self {
        let mut chain = Self(Sha256::new());
        chain.field(LAYOUT.as_bytes());
        chain
    }

    fn field(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn number(&mut self, number: i64) {
        self.field(&number.to_be_bytes());
    }

    /// Absent and empty differ: a length no text can have stands for absent.
    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.field(text.as_bytes()),
            None => self.0.update(u64::MAX.to_be_bytes()),
        }
    }

    fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::event::Position;
    use crate::engine::time::Instant;

    fn event() -> Recorded {
        Recorded {
            position: Position::from_stored(1),
            event_id: Uuid::from_u128(1),
            stream_id: Uuid::from_u128(2),
            stream_type: "Thing".into(),
            stream_version: 1,
            event_type: "ThingMade".into(),
            schema_version: 1,
            data: r#"{"name":"a"}"#.into(),
            metadata: "{}".into(),
            command_id: Uuid::from_u128(3),
            correlation_id: Uuid::from_u128(4),
            actor: None,
            command_end: Position::from_stored(1),
            recorded_at: Instant::from_micros(1_700_000_000_000_000),
            hash: Hash::NONE,
        }
    }

    /// The test vector of ARCHITECTURE.md: whoever checks a log with a program of their own can start here.
    #[test]
    fn the_layout_stays_as_published() {
        let genesis = genesis(Uuid::from_u128(9));
        assert_eq!(genesis.to_string(), "888f4dd986ca3c88e10dcbcae857bf4ac278d874c4ab711391dd0ad467eb05da");
        assert_eq!(
            hash(genesis, &event()).to_string(),
            "f3b30e84f2e2ae5a5efa8833121adc671508fa7b6bbc0b26de9aa67934fd665d"
        );
    }

    #[test]
    fn every_column_and_the_hash_before_count() {
        let before = genesis(Uuid::from_u128(9));
        let original = hash(before, &event());
        let changes: [fn(&mut Recorded); 14] = [
            |e| e.position = e.position.next(),
            |e| e.event_id = Uuid::nil(),
            |e| e.stream_id = Uuid::nil(),
            |e| e.stream_type.push('x'),
            |e| e.stream_version += 1,
            |e| e.event_type.push('x'),
            |e| e.schema_version += 1,
            |e| e.data.push(' '),
            |e| e.metadata.push(' '),
            |e| e.command_id = Uuid::nil(),
            |e| e.correlation_id = Uuid::nil(),
            |e| e.actor = Some(String::new()),
            |e| e.command_end = e.command_end.next(),
            |e| e.recorded_at = e.recorded_at.next(),
        ];
        for (column, change) in changes.iter().enumerate() {
            let mut changed = event();
            change(&mut changed);
            assert_ne!(hash(before, &changed), original, "column {column} does not count");
        }
        assert_ne!(hash(Hash::NONE, &event()), original);
    }
}
