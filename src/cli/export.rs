//! `hindsight export`: the log's identity, then every event, one JSON line each.

use std::io::{BufWriter, Write, stdout};

use super::Failure;
use super::progress::Progress;
use crate::app;
use crate::config::Storage;
use crate::engine::event::Position;
use crate::engine::log::transfer::{FORMAT, Header, Line};

/// Events read at once; no statement outlives a page.
const PAGE: u64 = 2_000;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let log = app::open_log(&args.storage).await?;
    let head = log.head().await?.position;
    let mut out = BufWriter::new(stdout().lock());
    let header = Header { format: FORMAT.to_owned(), log_id: log.id() };
    writeln!(out, "{}", serde_json::to_string(&header)?)?;
    let mut progress = Progress::of(head.get().unsigned_abs(), "events");
    let mut position = Position::ZERO;
    while position < head {
        let page = log.page(position, head, PAGE).await?;
        let Some(last) = page.last() else { return Err(format!("nothing after position {position}").into()) };
        position = last.position;
        for event in &page {
            writeln!(out, "{}", serde_json::to_string(&Line::of(event)?)?)?;
        }
        progress.at(position.get().unsigned_abs());
    }
    out.flush()?;
    progress.end(head.get().unsigned_abs());
    Ok(())
}
