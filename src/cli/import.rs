//! `hindsight import`: brings in a shop's past from a file of commands, or restores an exported log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::lines::Lines;
use super::progress::Progress;
use super::{Failure, say};
use crate::app::{self, App};
use crate::config::Storage;
use crate::engine::event::Recorded;
use crate::engine::log::chain;
use crate::engine::log::transfer::{Examination, FORMAT, Header, Line};
use crate::engine::read_model::catalogue::read_models::{Column, Entity};
use crate::engine::time::SystemClock;
use crate::import::{self, Import, LINES_AT_ONCE, LONGEST_LINE};
use crate::write;

/// How long the read models are waited for once everything is in.
const CATCHING_UP: Duration = Duration::from_secs(60);

/// Bytes of one event as a line: more than any command makes.
const LONGEST_EVENT: usize = 16 << 20;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
    /// Restore an exported log into an empty one, its positions, times and hashes unchanged, instead of carrying out
    /// commands. The whole file is checked first. Cut short, it is gone on with when it is run again.
    #[arg(long)]
    events: bool,
    /// One JSON object a line: {"at": RFC 3339, "mutation": "placeOrder", "input": {…}}, in order of time. The same file
    /// can be brought in again: what is known is skipped.
    file: PathBuf,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let named = |error: Failure| -> Failure { format!("{}: {error}", args.file.display()).into() };
    let total = Lines::count(&args.file).map_err(|error| named(error.into()))?;
    if args.events {
        return restore(&args.storage, &args.file, total).await.map_err(named);
    }
    let app = App::start(&args.storage, Arc::new(SystemClock)).await?;
    let outcome = commands(&app, &args.file, total).await.map_err(named);
    let behind = app.caught_up(CATCHING_UP).await;
    app.stop().await;
    // Why the file stopped matters more than why its read models did.
    outcome?;
    let behind = behind?;
    if !behind.is_empty() {
        eprintln!("still behind, to be gone on with by `hindsight serve`: {}", behind.join(", "));
    }
    Ok(())
}

async fn commands(app: &App, file: &Path, total: u64) -> Result<(), Failure> {
    let mut progress = Progress::of(total, "lines");
    let mut lines = Lines::of(file, LONGEST_LINE)?;
    let mut import = Import::into(app).await?;
    let outcome = all(&mut lines, &mut import, &mut progress).await;
    tell_refusals(&mut import, &progress)?;
    let rate = progress.end(import.lines());
    eprintln!("{} lines, {rate:.0} a second", import.lines());
    let done = import.summary();
    say(format_args!(
        "{} carried out, {} skipped, {} refused",
        done.carried_out, done.skipped, done.refused
    ))?;
    outcome
}

async fn all(lines: &mut Lines, import: &mut Import<'_>, progress: &mut Progress) -> Result<(), Failure> {
    loop {
        let texts = lines.next(LINES_AT_ONCE)?;
        if texts.is_empty() {
            return Ok(import.finish()?);
        }
        import.take(texts.iter().map(|text| import::Line::read(text)).collect()).await?;
        tell_refusals(import, progress)?;
        progress.at(import.lines());
    }
}

fn tell_refusals(import: &mut Import<'_>, progress: &Progress) -> Result<(), Failure> {
    let mut refusals = import.refusals().into_iter();
    progress.aside(|| {
        refusals
            .try_for_each(|refusal| say(format_args!("line {} was refused: {}", refusal.line, refusal.why)))
    })
}

async fn restore(storage: &Storage, file: &Path, lines: u64) -> Result<(), Failure> {
    let total = lines.saturating_sub(1);
    let mut events = Exported::of(file)?;
    let log_id = events.header()?;
    let empty = app::open_empty(storage).await?;
    let mut examination = Examination::begin(empty.log.clone(), log_id).await?;
    let mut progress = Progress::of(total, "events checked");
    while let Some(some) = events.next()? {
        some.iter().try_for_each(|event| examination.check(event))?;
        progress.at(events.number);
    }
    progress.end(total);
    let mut restoring = examination.finish().await?;
    rename_checkpoints(storage, log_id).await?;
    let mut progress = Progress::of(total, "events restored");
    let mut events = Exported::of(file)?;
    events.header()?;
    while let Some(some) = events.next()? {
        restoring.take(some).await?;
        progress.at(events.number);
    }
    let sound = restoring.finish(&write::aggregates()).await?;
    progress.end(total);
    say(format_args!("Log {log_id} was restored up to position {}, hash {}.", sound.position, sound.hash))?;
    Ok(())
}

/// Read models that were opened on the log while it was empty stand at the start of what it was called then.
async fn rename_checkpoints(storage: &Storage, log_id: Uuid) -> Result<(), Failure> {
    let catalogue = app::open_read_models(storage).await?;
    Entity::update_many()
        .col_expr(Column::LogId, Expr::value(log_id))
        .col_expr(Column::Hash, Expr::value(chain::genesis(log_id).0.to_vec()))
        .filter(Column::Position.eq(0))
        .exec(catalogue.writer())
        .await?;
    catalogue.close().await;
    Ok(())
}

/// An exported log in its file.
struct Exported {
    lines: Lines,
    /// Lines read, the header aside.
    number: u64,
}

impl Exported {
    fn of(file: &Path) -> Result<Self, Failure> {
        Ok(Self { lines: Lines::of(file, LONGEST_EVENT)?, number: 0 })
    }

    /// The log's identity, from the first line.
    fn header(&mut self) -> Result<Uuid, Failure> {
        let line = self.lines.next(1)?.pop().ok_or("expected an exported log; the file is empty")?;
        let header: Header = serde_json::from_slice(&line).map_err(|cause| {
            format!("line 1: expected the log's id and format, as `export` prints them; {cause}")
        })?;
        if header.format != FORMAT {
            return Err(format!("line 1: expected the format {FORMAT}; came {:?}", header.format).into());
        }
        Ok(header.log_id)
    }

    /// The next events; none at the end.
    fn next(&mut self) -> Result<Option<Vec<Recorded>>, Failure> {
        let texts = self.lines.next(LINES_AT_ONCE)?;
        let mut events = Vec::with_capacity(texts.len());
        for text in &texts {
            self.number += 1;
            let number = self.number + 1;
            let line: Line = serde_json::from_slice(text).map_err(|cause| {
                format!("line {number}: expected an event, as `export` prints it; {cause}")
            })?;
            let event = line.event();
            events.push(event.ok_or_else(|| format!("line {number}: its position or hash is none"))?);
        }
        Ok((!events.is_empty()).then_some(events))
    }
}
