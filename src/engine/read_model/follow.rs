//! One step of a generation along the log: a batch of whole commands, its rows and its checkpoint in one commit.

use sea_orm::DbErr;

use super::batch::{Batch, Step, whole_commands};
use super::catalogue::{self, Generation, Mark, State};
use super::instance::{Instance, diverged};
use super::load::load;
use super::write::write;
use crate::engine::event::{Position, Recorded};
use crate::engine::log::{LogError, chain};
use crate::engine::store::{Failure, failure_of};

/// What became of a step.
#[derive(Debug)]
pub(super) enum Followed {
    /// Committed up to here.
    To(Mark),
    /// There is no whole command beyond the checkpoint yet.
    Nothing,
    /// The checkpoint is no longer where it was: another runner was faster, or the generation serves no more.
    Overtaken,
    /// The model cannot go on from where it stands.
    Stopped(String),
}

/// Follows the log from `from` towards `head` by at most one batch.
pub(super) async fn follow(
    instance: &Instance,
    generation: Generation,
    state: State,
    from: Mark,
    head: Position,
) -> Result<Followed, LogError> {
    let page = page(instance, from.position, head).await?;
    let commands = whole_commands(&page);
    let Some(first) = page.first().filter(|_| !commands.is_empty()) else { return Ok(Followed::Nothing) };
    if first.position != from.position.next() || chain::hash(from.hash, first) != first.hash {
        let why = format!("the event at position {} does not follow the checkpoint", first.position);
        return Ok(Followed::Stopped(diverged(&why)));
    }
    let mut count = commands.len();
    loop {
        let some = commands.get(..count).unwrap_or_default();
        match apply(instance, generation, state, from, some).await {
            Ok(Applied::To(mark)) => return Ok(Followed::To(mark)),
            Ok(Applied::Overtaken) => return Ok(Followed::Overtaken),
            // What comes before the command at fault is kept; the next step then starts with it.
            Ok(Applied::Stopped { command, .. }) if command > 0 => count = command,
            Ok(Applied::Stopped { why, .. }) => return Ok(Followed::Stopped(why)),
            Err(error) if failure_of(&error) == Failure::Data && count > 1 => count /= 2,
            Err(error) if failure_of(&error) == Failure::Data => {
                let why = format!(
                    "the command at position {}: the database refused its rows: {error}",
                    first.position
                );
                return Ok(Followed::Stopped(why));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// The events after `after`, at least one whole command if the log has one.
async fn page(instance: &Instance, after: Position, head: Position) -> Result<Vec<Recorded>, LogError> {
    let page = instance.log.page(after, head, instance.settings.batch.max(1)).await?;
    let Some(first) = page.first() else { return Ok(page) };
    let end = first.command_end;
    let is_whole = page.last().is_some_and(|last| last.position >= end);
    if is_whole || end > head {
        return Ok(page);
    }
    let length = u64::try_from(end.get() - after.get()).unwrap_or_default();
    instance.log.page(after, end, length).await
}

enum Applied {
    To(Mark),
    Overtaken,
    Stopped { command: usize, why: String },
}

async fn apply(
    instance: &Instance,
    generation: Generation,
    state: State,
    from: Mark,
    commands: &[&[Recorded]],
) -> Result<Applied, DbErr> {
    let Some(last) = commands.last().and_then(|command| command.last()) else {
        return Ok(Applied::Overtaken);
    };
    let to = Mark { log_id: from.log_id, position: last.position, hash: last.hash };
    let transaction = catalogue::begin(&instance.store).await?;
    // The swap comes first: it takes the checkpoint's lock, so all that is read below is as of `from`.
    if !catalogue::swap(&transaction, generation, state, from, to).await? {
        transaction.rollback().await?;
        return Ok(Applied::Overtaken);
    }
    let mut batch = Batch::new(instance.folding.as_ref(), &instance.tables, commands);
    loop {
        match batch.step() {
            Step::Load(places) => {
                load(&transaction, instance.source(generation.number), &mut batch, places).await?;
            }
            Step::Done => break,
            Step::Stopped { command, why } => {
                transaction.rollback().await?;
                return Ok(Applied::Stopped { command, why });
            }
        }
    }
    let changes = batch.changes();
    for table in &instance.tables {
        if let Some(changes) = changes.get(&table.row) {
            write(&transaction, generation, table, changes).await?;
        }
    }
    transaction.commit().await?;
    Ok(Applied::To(to))
}
