//! What the log holds: events as recorded, their place, their hash and the facts kept beside them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::time::Instant;

/// The place of an event in the log: 1 for the first event ever, then one more for each; 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(i64);

impl Position {
    /// Before the first event.
    pub const ZERO: Self = Self(0);

    /// From a number; negative numbers are no positions.
    pub const fn new(number: i64) -> Option<Self> {
        if number < 0 { None } else { Some(Self(number)) }
    }

    /// From a number the database holds, which a check constraint keeps from being negative.
    pub const fn from_stored(number: i64) -> Self {
        Self(number)
    }

    /// As a number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// The place `count` events further on.
    pub const fn plus(self, count: i64) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// The place of the event after this one.
    pub const fn next(self) -> Self {
        self.plus(1)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// SHA-256 over an event as stored and the hash of the event before it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// 64 zeros: of an event that was not recorded (a dry run).
    pub const NONE: Self = Self([0; 32]);

    /// From the bytes of a stored column; `None` unless there are 32 of them.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map(|()| Self(bytes))
    }
}

/// Who did it, why, and by which command; one text of its own beside the event's data, hashed with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    pub command_id: Uuid,
    /// SHA-256 in hex over mutation, actor and input: what "the same content" means for a command sent twice.
    pub content_hash: String,
    pub correlation_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The events of one command, or of a page, shared by all who read them.
pub type Events = Arc<[Arc<Recorded>]>;

/// One event as the log holds it. `data` and `metadata` are the very bytes that were hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    pub position: Position,
    pub event_id: Uuid,
    pub stream_id: Uuid,
    pub stream_type: String,
    /// 1 for the first event of its stream.
    pub stream_version: i64,
    pub event_type: String,
    pub schema_version: i32,
    pub data: String,
    pub metadata: String,
    pub command_id: Uuid,
    pub correlation_id: Uuid,
    pub actor: Option<String>,
    /// The last position of the event's command: the moment this event is part of.
    pub command_end: Position,
    /// One value for all events of a command, strictly later than that of the command before.
    pub recorded_at: Instant,
    pub hash: Hash,
}

impl Recorded {
    /// Whether this is the last event of its command, so that the log can be looked at right after it.
    pub fn ends_command(&self) -> bool {
        self.position == self.command_end
    }

    /// The facts beside the event.
    pub fn metadata(&self) -> Result<Metadata, DecodeError> {
        serde_json::from_str(&self.metadata).map_err(|cause| DecodeError::Malformed {
            what: format!("metadata of the event at position {}", self.position),
            cause,
        })
    }

    /// The event's payload, lifted to its newest shape.
    pub fn decode<E: Event>(&self) -> Result<E, DecodeError> {
        E::decode(&self.event_type, self.schema_version, &self.data)
    }
}

/// The events of one kind of stream: the published contract of an aggregate.
pub trait Event: Clone + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// Every stored name this type can write or read.
    const NAMES: &'static [&'static str];

    /// The name and schema version it is stored under: written by hand, never derived from a Rust path.
    fn stored_as(&self) -> (&'static str, i32);

    /// The payload as JSON text.
    fn encode(&self) -> Result<String, serde_json::Error>;

    /// From any shape ever written, lifted to the newest.
    fn decode(name: &str, version: i32, text: &str) -> Result<Self, DecodeError>;
}

/// Why a stored event or its metadata cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(
        "no event {name} of schema version {version} is known to this binary; a newer one may have written it"
    )]
    Unknown { name: String, version: i32 },
    #[error("folding it panicked: {0}")]
    Panicked(String),
    #[error("{what} is not as expected: {cause}")]
    Malformed { what: String, cause: serde_json::Error },
}
