//! What operators see of the read models.

use super::instance::Instance;
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
    /// 0 to 1: how much of the log has been applied, by the new generation during a rebuild.
    pub progress: f64,
}

/// The state of one model, measured against the head of the log.
pub(super) fn status(instance: &Instance, head: Position) -> ModelStatus {
    let checkpoint = instance.checkpoint();
    let rebuilt = instance.rebuilt_to();
    let state = match (&checkpoint.failure, rebuilt) {
        (_, Some(_)) => ModelState::Rebuilding,
        (Some(_), None) => ModelState::Failed,
        (None, None) if instance.is_live() => ModelState::Live,
        (None, None) => ModelState::CatchingUp,
    };
    let progress = match state {
        ModelState::Live => 1.0,
        _ => share(rebuilt.unwrap_or(checkpoint.position), head),
    };
    ModelStatus {
        name: instance.name,
        revision: instance.revision,
        generation: checkpoint.generation,
        state,
        position: checkpoint.position,
        failure: checkpoint.failure,
        progress,
    }
}

#[allow(clippy::cast_precision_loss, reason = "a share of the log needs no more than 52 bits")]
fn share(part: Position, whole: Position) -> f64 {
    if part >= whole { 1.0 } else { part.get() as f64 / whole.get() as f64 }
}
