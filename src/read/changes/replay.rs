//! From a row and the events after it to what each of them changed. Pure: the read model's own fold, and no database.

use uuid::Uuid;

use crate::engine::event::Recorded;
use crate::engine::read_model::{ReadModel, Row, Rows};
use crate::graphql::{Failure, Result};
use crate::read::shown::Shown;

/// What each event of one entity changes: the events follow `before`, which is absent before the first of all.
///
/// # Errors
/// A fault of ours when an event cannot be folded or a row cannot be shown.
pub fn replay<M: ReadModel, R: Row>(
    model: &M,
    (id, before): (Uuid, Option<R>),
    events: &[Recorded],
    shown: fn(&R) -> Result<Shown>,
) -> Result<Vec<Changed>> {
    let mut rows = Rows::default();
    if let Some(row) = before {
        rows.put(row);
    }
    let look = |rows: &Rows| rows.get::<R>(id).map_or_else(|| Ok(Shown::default()), shown);
    let mut was = look(&rows)?;
    let mut changed = Vec::with_capacity(events.len());
    for event in events {
        model.fold(&mut rows, event).map_err(Failure::internal)?;
        let is = look(&rows)?;
        changed.push(is.since(&was));
        was = is;
    }
    Ok(changed)
}

/// The fields one event changed: the name of each, its value before, and after.
pub type Changed = Vec<(&'static str, async_graphql::Value, async_graphql::Value)>;
