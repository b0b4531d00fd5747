//! The log and the read models in the API, for operators.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};

use crate::engine::event::Position;
use crate::engine::read_model::{ModelState, ModelStatus};
use crate::engine::time::Instant;
use crate::graphql::{Engine, Result, Scope};

/// The log as it stands.
#[derive(SimpleObject)]
pub struct Log {
    /// Identity of this log; a restored copy keeps it, another log has another.
    id: ID,
    /// The last position; 0 in an empty log.
    head: Position,
    /// When the last command was recorded; null in an empty log.
    recorded_at: Option<Instant>,
    /// The hash of the last event, in hex: kept elsewhere, it proves later that nothing before it was changed.
    hash: String,
}

/// What a read model is doing.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadModelState {
    /// Follows the log.
    Live,
    /// Has not reached the head yet, or has fallen behind.
    CatchingUp,
    /// Live, and being folded anew beside it.
    Rebuilding,
    /// Stopped at its position; queries on it answer an error until it is rebuilt.
    Failed,
}

/// A table projected from the log, and how far it has got.
#[derive(SimpleObject)]
pub struct ReadModel {
    /// Its name.
    name: String,
    /// The revision of its fold and tables.
    revision: i32,
    /// What it is doing.
    state: ReadModelState,
    /// Everything up to here is in its rows.
    position: Position,
    /// Events in the log that it has not applied yet.
    lag: i32,
    /// How long the oldest of those has been in the log; 0 when there are none.
    lag_seconds: f64,
    /// Why it stopped, if it did.
    error: Option<String>,
    /// 0 to 1 while catching up or rebuilding.
    progress: f64,
    /// How many events it applies in a second; null unless catching up or rebuilding.
    events_per_second: Option<f64>,
    /// How long until it reaches the end of the log at that rate; null unless catching up or rebuilding.
    seconds_left: Option<f64>,
}

/// The queries of the machinery.
#[derive(Default)]
pub struct MachineryQueries;

#[Object]
impl MachineryQueries {
    /// The log as it stands.
    async fn log(&self, context: &Context<'_>) -> Result<Log> {
        let scope = Scope::of(context)?;
        let log = &scope.engine().log;
        let head = log.head().await?;
        scope.reflect(head.position);
        let recorded_at = (head.position > Position::ZERO).then_some(head.recorded_at);
        Ok(Log { id: log.id().into(), head: head.position, recorded_at, hash: head.hash.to_string() })
    }

    /// Every read model and how far it has got.
    async fn read_models(&self, context: &Context<'_>) -> Result<Vec<ReadModel>> {
        let scope = Scope::of(context)?;
        let head = scope.engine().log.head().await?.position;
        let models = scope.engine().read_models.status();
        let shown = models.into_iter().map(|model| shown(scope.engine(), model, head, scope.arrived()));
        futures_util::future::try_join_all(shown).await
    }
}

async fn shown(engine: &Engine, model: ModelStatus, head: Position, now: Instant) -> Result<ReadModel> {
    let lag = (head.get() - model.position.get()).max(0);
    let waiting = if lag > 0 { engine.log.at(model.position.next()).await? } else { None };
    let waited = waiting.map_or(0, |event| (now.micros() - event.recorded_at.micros()).max(0));
    Ok(ReadModel {
        name: model.name.to_owned(),
        revision: model.revision,
        state: match model.state {
            ModelState::Live => ReadModelState::Live,
            ModelState::CatchingUp => ReadModelState::CatchingUp,
            ModelState::Rebuilding => ReadModelState::Rebuilding,
            ModelState::Failed => ReadModelState::Failed,
        },
        position: model.position,
        lag: i32::try_from(lag).unwrap_or(i32::MAX),
        lag_seconds: std::time::Duration::from_micros(waited.unsigned_abs()).as_secs_f64(),
        error: model.failure,
        progress: model.progress,
        events_per_second: model.events_per_second,
        seconds_left: model.seconds_left,
    })
}
