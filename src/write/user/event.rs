//! The events of users: what this aggregate publishes.
//!
//! Names and shapes are stored for ever; an old shape is lifted in `decode`, and each version has a golden file.

use serde::{Deserialize, Serialize};

use crate::engine::event::{DecodeError, Event};
use crate::write::stored::{payload, unknown};
pub use crate::write::value::{Address, Email, Name};

/// The stored name of the stream's type.
pub const STREAM_TYPE: &str = "User";

/// What can happen to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserEvent {
    UserCreated(UserCreated),
    UserRenamed(UserRenamed),
    AddressChanged(AddressChanged),
    EmailChanged(EmailChanged),
    EmailVerified(EmailVerified),
    UserDeactivated(UserDeactivated),
    UserReactivated(UserReactivated),
}

/// Somebody became a user; the e-mail address is not verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserCreated {
    pub name: Name,
    pub email: Email,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// A user has a new name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRenamed {
    pub name: Name,
}

/// A user has a new postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChanged {
    pub address: Address,
}

/// A user has a new e-mail address, which is not verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailChanged {
    pub email: Email,
}

/// A user has shown control of the e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailVerified {
    pub email: Email,
}

/// A user can do nothing any more, but for being reactivated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDeactivated {}

/// A deactivated user is active again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserReactivated {}

impl Event for UserEvent {
    const NAMES: &'static [&'static str] = &[
        "UserCreated",
        "UserRenamed",
        "AddressChanged",
        "EmailChanged",
        "EmailVerified",
        "UserDeactivated",
        "UserReactivated",
    ];

    fn stored_as(&self) -> (&'static str, i32) {
        match self {
            Self::UserCreated(_) => ("UserCreated", 1),
            Self::UserRenamed(_) => ("UserRenamed", 1),
            Self::AddressChanged(_) => ("AddressChanged", 1),
            Self::EmailChanged(_) => ("EmailChanged", 1),
            Self::EmailVerified(_) => ("EmailVerified", 1),
            Self::UserDeactivated(_) => ("UserDeactivated", 1),
            Self::UserReactivated(_) => ("UserReactivated", 1),
        }
    }

    fn encode(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::UserCreated(event) => serde_json::to_string(event),
            Self::UserRenamed(event) => serde_json::to_string(event),
            Self::AddressChanged(event) => serde_json::to_string(event),
            Self::EmailChanged(event) => serde_json::to_string(event),
            Self::EmailVerified(event) => serde_json::to_string(event),
            Self::UserDeactivated(event) => serde_json::to_string(event),
            Self::UserReactivated(event) => serde_json::to_string(event),
        }
    }

    fn decode(name: &str, version: i32, text: &str) -> Result<Self, DecodeError> {
        Ok(match (name, version) {
            ("UserCreated", 1) => Self::UserCreated(payload(name, text)?),
            ("UserRenamed", 1) => Self::UserRenamed(payload(name, text)?),
            ("AddressChanged", 1) => Self::AddressChanged(payload(name, text)?),
            ("EmailChanged", 1) => Self::EmailChanged(payload(name, text)?),
            ("EmailVerified", 1) => Self::EmailVerified(payload(name, text)?),
            ("UserDeactivated", 1) => Self::UserDeactivated(payload(name, text)?),
            ("UserReactivated", 1) => Self::UserReactivated(payload(name, text)?),
            _ => return Err(unknown(name, version)),
        })
    }
}
