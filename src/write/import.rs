//! A mutation that comes as JSON from a file instead of over the API: the same input types, the same parsing.

use async_graphql::{InputType, Pos, Value};

use super::mutation::{Mutation, Sender, Verdict, decide};
use super::rejection::Rejection;
use crate::engine::event::Events;
use crate::engine::time::Instant;
use crate::engine::writer::{WriteError, Writer};

/// What came of a mutation from a file.
#[derive(Debug)]
pub enum CarriedOut {
    /// Its events are in the log, now or since it was first sent.
    Recorded(Events),
    /// It was marked as a dry run; its events are not in the log.
    Rehearsed(Events),
    /// Why it was refused: a rule, or all that is wrong with the input's values.
    Refused(Vec<Rejection>),
    /// There is no such mutation, or its input is not of the mutation's type: why not.
    Malformed(String),
}

/// Carries out one mutation as if it had been sent at an instant, by nobody known.
///
/// # Errors
/// When the writer has no outcome to tell.
pub async fn import<M: Mutation>(
    writer: &Writer,
    input: serde_json::Value,
    at: Instant,
) -> Result<CarriedOut, WriteError> {
    let input = match read::<M::Input>(input) {
        Ok(input) => input,
        Err(reason) => return Ok(CarriedOut::Malformed(reason)),
    };
    let decided = decide::<M>(writer, input, Sender::default(), Some(at)).await?;
    Ok(match decided.verdict {
        Verdict::Recorded(events) | Verdict::Repeated(events) => CarriedOut::Recorded(events),
        Verdict::Rehearsed { events, .. } => CarriedOut::Rehearsed(events),
        Verdict::Refused { rejection, .. } => CarriedOut::Refused(vec![rejection]),
        Verdict::Unsound(found) => CarriedOut::Refused(found),
    })
}

/// An input from JSON.
///
/// # Errors
/// What does not fit its type, fields it does not have included.
pub fn read<I: InputType>(json: serde_json::Value) -> Result<I, String> {
    let given = Value::from_json(json).map_err(|cause| cause.to_string())?;
    let input =
        I::parse(Some(given.clone())).map_err(|error| error.into_server_error(Pos::default()).message)?;
    match unknown(&given, &input.to_value()) {
        Some(field) => {
            Err(format!("expected fields of {}; came {field}, which it does not have", I::type_name()))
        }
        None => Ok(input),
    }
}

/// The first field of what was given that what was read does not have: parsing alone passes over it.
fn unknown(given: &Value, read: &Value) -> Option<String> {
    match (given, read) {
        (Value::Object(given), Value::Object(read)) => given.iter().find_map(|(name, value)| {
            let Some(read) = read.get(name) else { return Some(name.to_string()) };
            unknown(value, read).map(|inner| format!("{name}.{inner}"))
        }),
        (Value::List(given), Value::List(read)) => {
            given.iter().zip(read).enumerate().find_map(|(index, (given, read))| {
                unknown(given, read).map(|inner| format!("{index}.{inner}"))
            })
        }
        // Where a list is expected, one item may stand alone.
        (given, Value::List(read)) => read.first().and_then(|read| unknown(given, read)),
        _ => None,
    }
}
