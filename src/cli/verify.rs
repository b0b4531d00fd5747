//! `hindsight verify`: checks the whole log event by event, and names the first that does not fit.

use super::progress::Progress;
use super::{Failure, say};
use crate::app;
use crate::config::Storage;
use crate::engine::event::{Hash, Position};
use crate::engine::log::Log;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
    /// A position and the hash its event had, kept elsewhere: shows that nothing before it was changed since, not even
    /// by somebody who could recompute every hash.
    #[arg(long, value_name = "POSITION:HASH", value_parser = anchor)]
    anchor: Vec<(Position, Hash)>,
}

fn anchor(text: &str) -> Result<(Position, Hash), String> {
    let parsed = text
        .split_once(':')
        .and_then(|(position, hash)| Some((Position::new(position.parse().ok()?)?, hash.parse().ok()?)));
    parsed.ok_or_else(|| "expected a position, a colon and 64 hexadecimal digits".to_owned())
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let log = app::open_log(&args.storage).await?;
    let head = log.head().await?.position;
    let mut progress = Progress::of(head.get().unsigned_abs(), "events");
    let checked = log.verify(|position| progress.at(position.get().unsigned_abs())).await?;
    let sound = checked.map_err(|fault| format!("the log is not sound. First fault at {fault}"))?;
    let rate = progress.end(sound.position.get().unsigned_abs());
    for (position, hash) in &args.anchor {
        hold(&log, *position, *hash).await?;
    }
    say(format_args!("The log is sound up to position {}, {rate:.0} events a second.", sound.position))?;
    say(format_args!("Its anchor, to be kept elsewhere: {}:{}", sound.position, sound.hash))?;
    Ok(())
}

async fn hold(log: &Log, position: Position, hash: Hash) -> Result<(), Failure> {
    match log.at(position).await? {
        Some(event) if event.hash == hash => Ok(()),
        Some(event) => {
            let found = event.hash;
            Err(format!(
                "the log was changed: the anchor says {hash} at position {position}, the log {found}"
            )
            .into())
        }
        None => {
            Err(format!("the log was cut: it has no event at position {position}, which the anchor names")
                .into())
        }
    }
}
