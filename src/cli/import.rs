//! `hindsight import`: brings in a shop's past from a file of commands, or restores an exported log.

use std::fs::File;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Failure;
use super::progress::Progress;
use crate::app::{self, App};
use crate::config::Storage;
use crate::engine::log::transfer::{FORMAT, Header, Line, Restoring};
use crate::engine::time::SystemClock;
use crate::import::{Import, LINES_AT_ONCE, Summary};
use crate::write;

/// How long the read models are waited for once everything is in.
const CATCHING_UP: Duration = Duration::from_secs(60);

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
    /// Restore an exported log into an empty one, its positions, times and hashes unchanged, instead of carrying out
    /// commands.
    #[arg(long)]
    events: bool,
    /// One JSON object a line: {"at": RFC 3339, "mutation": "placeOrder", "input": {…}}, in order of time.
    file: PathBuf,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let named = |error: Failure| -> Failure { format!("{}: {error}", args.file.display()).into() };
    if args.events {
        return restore(&args.storage, &args.file).await.map_err(named);
    }
    let app = App::start(&args.storage, Arc::new(SystemClock)).await?;
    let summary = commands(&app, &args.file).await.map_err(named);
    let behind = app.caught_up(CATCHING_UP).await?;
    app.stop().await;
    if !behind.is_empty() {
        eprintln!("still behind, to be gone on with by `hindsight serve`: {}", behind.join(", "));
    }
    tell(&summary?)
}

async fn commands(app: &App, file: &Path) -> Result<Summary, Failure> {
    let mut progress = Progress::of(count(file)?, "lines");
    let mut lines = BufReader::new(File::open(file)?).lines();
    let mut import = Import::into(app).await?;
    loop {
        let texts = next(&mut lines)?;
        if texts.is_empty() {
            break;
        }
        let mut read = Vec::with_capacity(texts.len());
        let mut broken = None;
        for (ahead, text) in (0..).zip(&texts) {
            match import.read(text, ahead) {
                Ok(line) => read.push(line),
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
        }
        import.take(read).await?;
        if let Some(error) = broken {
            return Err(error.into());
        }
        progress.at(import.lines());
    }
    let rate = progress.end(import.lines());
    eprintln!("{} lines, {rate:.0} a second", import.lines());
    Ok(import.finish())
}

fn tell(summary: &Summary) -> Result<(), Failure> {
    let refused = summary.refused.len() as u64 + summary.more_refused;
    println!("{} carried out, {} skipped, {refused} refused", summary.carried_out, summary.skipped);
    for (line, why) in &summary.refused {
        println!("line {line} was refused: {why}");
    }
    if summary.more_refused > 0 {
        println!("and {} more were refused", summary.more_refused);
    }
    Ok(())
}

async fn restore(storage: &Storage, file: &Path) -> Result<(), Failure> {
    let total = count(file)?.saturating_sub(1);
    let mut lines = BufReader::new(File::open(file)?).lines();
    let header: Header = serde_json::from_str(&lines.next().ok_or("the file is empty")??)?;
    if header.format != FORMAT {
        return Err(format!("expected format {FORMAT}; came {:?}", header.format).into());
    }
    let empty = app::open_empty(storage).await?;
    let mut restoring = Restoring::into_log(empty.log.clone(), header.log_id).await?;
    let mut progress = Progress::of(total, "events");
    let mut number = 1;
    loop {
        let texts = next(&mut lines)?;
        if texts.is_empty() {
            break;
        }
        let mut events = Vec::with_capacity(texts.len());
        for text in &texts {
            number += 1;
            let line: Line = serde_json::from_str(text).map_err(|cause| format!("line {number}: {cause}"))?;
            events.push(line.event().ok_or_else(|| format!("line {number}: its position or hash is none"))?);
        }
        restoring.take(events).await?;
        progress.at(number - 1);
    }
    let sound = restoring.finish(&write::aggregates()).await?;
    progress.end(total);
    println!("Log {} was restored up to position {}, hash {}.", header.log_id, sound.position, sound.hash);
    Ok(())
}

/// The next lines; none at the end.
fn next(lines: &mut Lines<BufReader<File>>) -> Result<Vec<String>, std::io::Error> {
    lines.take(LINES_AT_ONCE).collect()
}

fn count(file: &Path) -> Result<u64, Failure> {
    let mut lines = 0;
    for line in BufReader::new(File::open(file)?).split(b'\n') {
        line?;
        lines += 1;
    }
    Ok(lines)
}
