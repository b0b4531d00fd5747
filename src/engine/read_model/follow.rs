//! One step of a generation along the log: a batch of whole commands, its rows and its checkpoint in one commit.

use std::any::TypeId;
use std::collections::HashMap;

use sea_orm::{DatabaseTransaction, DbErr};

use super::batch::{Batch, Changes, Step};
use super::catalogue::{self, Generation, Mark, State};
use super::hand::Hand;
use super::instance::{Instance, diverged};
use super::load::load;
use super::pages::{Bounds, Page, read};
use super::write::write;
use crate::engine::event::{Position, Recorded};
use crate::engine::log::{LogError, chain};
use crate::engine::store::refuses;

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
    let bounds = Bounds { events: instance.settings.batch, bytes: usize::MAX };
    let page = read(&instance.log, None, from.position, head, bounds).await?;
    advance(instance, (generation, state), from, page.as_ref(), None).await
}

/// Follows the log from `from` by a page, with the rows in hand that stand at `from`, if any.
pub(super) async fn advance(
    instance: &Instance,
    of: (Generation, State),
    from: Mark,
    page: Option<&Page>,
    mut hand: Option<&mut Hand>,
) -> Result<Followed, LogError> {
    let Some(page) = page else { return Ok(Followed::Nothing) };
    let first = &page.first;
    if !follows(from, page) {
        let why = format!("the event at position {} does not follow the checkpoint", first.position);
        return Ok(Followed::Stopped(diverged(&why)));
    }
    let commands = page.commands();
    let mut count = commands.len();
    loop {
        let some = commands.get(..count).unwrap_or_default();
        let to = match some.last() {
            Some(last) if count < commands.len() => page.end_of(&instance.log, last).await?,
            _ => page.end,
        };
        match apply(instance, of, (from, to), some, hand.as_deref_mut()).await {
            Ok(Applied::To(mark)) => return Ok(Followed::To(mark)),
            Ok(Applied::Overtaken) => return Ok(Followed::Overtaken),
            // What comes before the command at fault is kept; the next step then starts with it.
            Ok(Applied::Stopped { command, .. }) if command > 0 => count = command,
            Ok(Applied::Stopped { why, .. }) => return Ok(Followed::Stopped(why)),
            Err(error) if refuses(&error) && count > 1 => count /= 2,
            Err(error) if refuses(&error) => {
                let position =
                    some.first().and_then(|command| command.first()).map_or(from.position, |e| e.position);
                let why =
                    format!("the command at position {position}: the database refused its rows: {error}");
                return Ok(Followed::Stopped(why));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Whether a page is of the log that the checkpoint is of.
pub(super) fn follows(from: Mark, page: &Page) -> bool {
    let first = &page.first;
    first.position == from.position.next() && chain::hash(from.hash, first) == first.hash
}

enum Applied {
    To(Mark),
    Overtaken,
    Stopped { command: usize, why: String },
}

async fn apply(
    instance: &Instance,
    (generation, state): (Generation, State),
    (from, to): (Mark, Mark),
    commands: &[&[Recorded]],
    mut hand: Option<&mut Hand>,
) -> Result<Applied, DbErr> {
    let swap = || swapped(instance, (generation, state), from, to);
    let mut batch = Batch::new(instance.folding.as_ref(), &instance.tables, commands);
    if let Some(hand) = hand.as_deref_mut() {
        batch = batch.with(hand);
    }
    // What is in hand stands at `from`: with that alone, folding needs no transaction.
    let mut begun = None;
    loop {
        match batch.step() {
            Step::Load(places) => {
                if begun.is_none() {
                    begun = swap().await?;
                }
                let Some(transaction) = &begun else { return Ok(Applied::Overtaken) };
                load(transaction, instance.source(generation.number), &mut batch, places).await?;
            }
            Step::Pause => tokio::task::yield_now().await,
            Step::Done => break,
            Step::Stopped { command, why } => {
                if let Some(transaction) = begun {
                    transaction.rollback().await?;
                }
                return Ok(Applied::Stopped { command, why });
            }
        }
    }
    if begun.is_none() {
        begun = swap().await?;
    }
    let Some(transaction) = begun else { return Ok(Applied::Overtaken) };
    let changes = batch.changes();
    commit(instance, generation, transaction, &changes).await?;
    if let Some(hand) = hand {
        hand.settle(&changes);
    }
    Ok(Applied::To(to))
}

/// What batches do, by table.
pub(super) type AllChanges = HashMap<TypeId, Changes>;

/// Folds a page with nothing but the rows in hand; `None` when these do not do, or the model cannot go on.
pub(super) async fn fold(instance: &Instance, page: &Page, hand: &mut Hand) -> Option<AllChanges> {
    let commands = page.commands();
    let mut batch = Batch::new(instance.folding.as_ref(), &instance.tables, &commands).with(hand);
    loop {
        match batch.step() {
            Step::Pause => tokio::task::yield_now().await,
            Step::Done => return Some(batch.changes()),
            Step::Load(_) | Step::Stopped { .. } => return None,
        }
    }
}

/// Commits what was folded from one checkpoint to another; `false` when it is no longer at the first.
pub(super) async fn keep(
    instance: &Instance,
    of: (Generation, State),
    (from, to): (Mark, Mark),
    changes: &AllChanges,
) -> Result<bool, DbErr> {
    let Some(transaction) = swapped(instance, of, from, to).await? else { return Ok(false) };
    commit(instance, of.0, transaction, changes).await?;
    Ok(true)
}

async fn commit(
    instance: &Instance,
    generation: Generation,
    transaction: DatabaseTransaction,
    changes: &AllChanges,
) -> Result<(), DbErr> {
    for table in &instance.tables {
        if let Some(changes) = changes.get(&table.row) {
            write(&transaction, generation, table, changes).await?;
        }
    }
    transaction.commit().await
}

/// A transaction in which the checkpoint has moved; `None` when it is not where it was.
///
/// The swap comes first: it takes the checkpoint's lock, so all that is read afterwards is as of `from`.
async fn swapped(
    instance: &Instance,
    (generation, state): (Generation, State),
    from: Mark,
    to: Mark,
) -> Result<Option<DatabaseTransaction>, DbErr> {
    let transaction = catalogue::begin(&instance.store).await?;
    if !catalogue::swap(&transaction, generation, state, from, to).await? {
        transaction.rollback().await?;
        return Ok(None);
    }
    if state == State::Building {
        catalogue::with_time_to_fold(&transaction).await?;
    }
    Ok(Some(transaction))
}
