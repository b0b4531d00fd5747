//! Reading stored events: what every aggregate's `decode` is made of.

use serde::de::DeserializeOwned;

use crate::engine::event::DecodeError;

/// Reads an event's payload.
///
/// # Errors
/// When the text is not JSON of the expected shape. Fields it has beyond that are ignored.
pub fn payload<P: DeserializeOwned>(name: &str, text: &str) -> Result<P, DecodeError> {
    serde_json::from_str(text)
        .map_err(|cause| DecodeError::Malformed { what: format!("the data of {name}"), cause })
}

/// What to say of a name or version that was never written.
pub fn unknown(name: &str, version: i32) -> DecodeError {
    DecodeError::Unknown { name: name.to_owned(), version }
}
