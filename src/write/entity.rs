//! How commands find what they change: the checks that come before every rule.

use uuid::Uuid;

use super::rejection::{Rejection, path};
use crate::engine::decision::{Aggregate, Stop, Streams};

/// An aggregate that commands address by its id.
pub trait Entity: Aggregate {
    /// What is known once the stream has begun.
    type Known;
    /// What people call it.
    const NOUN: &'static str;
    /// The input field that holds its id.
    const FIELD: &'static str;

    /// `None` for the state before the first event.
    fn known(&self) -> Option<&Self::Known>;
}

/// What is known of an entity that a command looks at.
///
/// # Errors
/// NOT_FOUND when no stream of this type has the id.
pub fn find<'s, E: Entity>(
    streams: &'s mut Streams<'_>,
    id: Uuid,
    path: impl FnOnce() -> Vec<String>,
) -> Result<&'s E::Known, Stop<Rejection>> {
    match streams.get::<E>(id)?.and_then(E::known) {
        Some(known) => Ok(known),
        None => Err(Rejection::NotFound { noun: E::NOUN, id, path: path() }.into()),
    }
}

/// What is known of the entity that a command changes.
///
/// # Errors
/// NOT_FOUND as [`find`]; VERSION_CONFLICT when it is not at the version expected, if any is.
pub fn find_at<'s, E: Entity>(
    streams: &'s mut Streams<'_>,
    id: Uuid,
    expected: Option<i32>,
) -> Result<&'s E::Known, Stop<Rejection>> {
    let actual = streams.version(id)?;
    let known = find::<E>(streams, id, || path([E::FIELD]))?;
    match expected {
        Some(expected) if i64::from(expected) != actual => {
            Err(Rejection::VersionConflict { noun: E::NOUN, id, expected, actual }.into())
        }
        _ => Ok(known),
    }
}

/// Makes sure that an id is free for a new entity.
///
/// # Errors
/// ALREADY_EXISTS when a stream of whatever type has the id.
pub fn absent(streams: &mut Streams<'_>, id: Uuid) -> Result<(), Stop<Rejection>> {
    if streams.exists(id)? { Err(Rejection::AlreadyExists { id }.into()) } else { Ok(()) }
}
