//! A made-up shop with three months of past, so that a first look has something to look back at.
//!
//! The lines are the same for every present, but for their times, which end shortly before it.

use crate::app::App;
use crate::engine::event::Position;
use crate::engine::time::Instant;
use crate::import::{Import, ImportError, LINES_AT_ONCE, Line, Summary};

mod chance;
mod past;
mod words;

pub use past::{Scale, lines};

/// Brings the made-up past into an empty log, saying how many lines of how many are done; `None`, and nothing
/// done, when the log is not empty. `go_on` is asked between batches.
///
/// # Errors
/// When the log cannot be written, or another node writes to it meanwhile.
pub async fn fill(
    app: &App,
    scale: Scale,
    mut progress: impl FnMut(u64, u64) -> bool,
) -> Result<Option<Summary>, ImportError> {
    if app.engine.log.head().await?.position > Position::ZERO {
        return Ok(None);
    }
    let mut waiting = lines(ends_before(app.now()), scale).into_iter().peekable();
    let total = waiting.len() as u64;
    let mut import = Import::into(app).await?;
    while waiting.peek().is_some() {
        if !progress(import.lines(), total) {
            break;
        }
        let some: Vec<Result<Option<Line>, String>> =
            waiting.by_ref().take(LINES_AT_ONCE).map(|line| Ok(Some(line))).collect();
        import.take(some).await?;
    }
    import.finish()?;
    Ok(Some(import.summary()))
}

/// The made-up past ends a minute before the present, which then is the visitor's own.
fn ends_before(now: Instant) -> Instant {
    Instant::from_micros(now.micros().saturating_sub(60_000_000))
}
