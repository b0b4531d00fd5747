//! What operators see of the read models.

use super::instance::{Built, Instance};
use super::pace::Pace;
use crate::engine::event::Position;

/// What a read model is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelState {
    /// At the head of the log, or within a batch of it.
    Live,
    /// Has not reached the head yet, or has fallen behind.
    CatchingUp,
    /// Live, and being folded anew beside it.
    Rebuilding,
    /// Stopped: its reads fail until it is rebuilt.
    Failed,
}

/// One read model as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelStatus {
    pub name: &'static str,
    pub revision: i32,
    pub generation: i32,
    pub state: ModelState,
    /// Everything up to here is in its rows.
    pub position: Position,
    pub failure: Option<String>,
    /// 0 to 1: how much of the log has been applied, by the new generation while one is being built.
    pub progress: f64,
    /// Events a second, while catching up or while a generation is being built.
    pub events_per_second: Option<f64>,
    /// Until the head of now, at that pace.
    pub seconds_left: Option<f64>,
}

/// The state of one model, measured against the head of the log.
pub(super) fn status(instance: &Instance, head: Position) -> ModelStatus {
    let checkpoint = instance.checkpoint();
    let built = instance.built().filter(Built::is_under_way).map(|built| built.pace);
    let serves = checkpoint.generation > 0;
    let state = match (&checkpoint.failure, &built) {
        // Folded anew or not: its queries answer an error until that is done.
        (Some(_), _) => ModelState::Failed,
        (None, _) if !serves || !instance.is_live() => ModelState::CatchingUp,
        (None, Some(_)) => ModelState::Rebuilding,
        (None, None) => ModelState::Live,
    };
    let position = match &built {
        Some(pace) if !serves => pace.position(),
        _ => checkpoint.position,
    };
    let pace = match (built, state) {
        (Some(pace), _) => Some(pace),
        (None, ModelState::CatchingUp) => Some(instance.following()),
        (None, _) => None,
    };
    let progress = match state {
        ModelState::Live => 1.0,
        _ => share(pace.as_ref().map_or(position, Pace::position), head),
    };
    ModelStatus {
        name: instance.name,
        revision: instance.revision,
        generation: checkpoint.generation,
        state,
        position,
        failure: checkpoint.failure,
        progress,
        events_per_second: pace.as_ref().and_then(Pace::events_per_second),
        seconds_left: pace.and_then(|pace| pace.seconds_left(head)),
    }
}

#[allow(clippy::cast_precision_loss, reason = "a share of the log needs no more than 52 bits")]
fn share(part: Position, whole: Position) -> f64 {
    if part >= whole { 1.0 } else { part.get() as f64 / whole.get() as f64 }
}
