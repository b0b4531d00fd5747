//! `hindsight verify`: checks the log event by event and all that is derived from it, and names the first that does not fit.

use super::progress::Progress;
use super::{Failure, say};
use crate::app;
use crate::config::Storage;
use crate::engine::event::{Hash, Position};
use crate::engine::log::Log;
use crate::engine::read_model::checkpoints::verify_checkpoints;
use crate::engine::read_model::proof::{Sampling, prove};
use crate::engine::store::Store;
use crate::write;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
    /// A position and the hash its event had, kept elsewhere: shows that nothing before it was changed since, not even
    /// by somebody who could recompute every hash.
    #[arg(long, value_name = "POSITION:HASH", value_parser = anchor)]
    anchor: Vec<(Position, Hash)>,
    /// Also folds the log anew, into temporary files as large as the read models, and compares every row of every read
    /// model at some moments.
    #[arg(long)]
    read_models: bool,
    /// How many moments `--read-models` looks at, 1 to 1,000, the first and the last among them; all if there are no more.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1_000), requires = "read_models")]
    moments: u16,
    /// Chooses the moments: the same seed, the same moments. Drawn and printed when absent.
    #[arg(long, requires = "read_models")]
    seed: Option<u64>,
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
    // The causes before what follows from them: a log cut short leaves checkpoints and claims behind.
    let read_models = app::open_read_models(&args.storage).await;
    let read_models = match read_models {
        Err(app::StartError::NoData(_)) if !args.read_models => None,
        opened => Some(opened?),
    };
    let witnesses = match &read_models {
        Some(store) => verify_checkpoints(store, &log).await?.map_err(|misfit| misfit.to_string())?.count,
        None => 0,
    };
    let mut progress = Progress::of(sound.position.get().unsigned_abs(), "command ids");
    let commands = log.verify_commands(sound.position, |count| progress.at(count)).await?;
    commands.map_err(|fault| format!("two commands have one id. First fault at {fault}"))?;
    progress.end(sound.position.get().unsigned_abs());
    let mut progress = Progress::of(sound.position.get().unsigned_abs(), "events behind claims");
    let claims = log.verify_claims(&write::aggregates(), |count| progress.at(count)).await?;
    let claims = claims.map_err(|fault| fault.to_string())?;
    progress.end(sound.position.get().unsigned_abs());
    say(format_args!("The log is sound up to position {}, {rate:.0} events a second.", sound.position))?;
    say(format_args!("{claims} claims and the checkpoints of {witnesses} read models fit it."))?;
    if let Some(store) = read_models.filter(|_| args.read_models) {
        let moments = usize::from(args.moments);
        let seed = args.seed.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
        compare(&log, &store, Sampling { moments, seed }).await?;
    }
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

async fn compare(log: &Log, store: &Store, sampling: Sampling) -> Result<(), Failure> {
    let replay = app::open_replay(store, log).await?;
    let head = log.head().await?.position.get().unsigned_abs();
    let mut progress = Progress::of(head, "events folded anew");
    let reached = |_: &str, position: Position| progress.at(position.get().unsigned_abs());
    let seed = sampling.seed;
    let proven = prove(replay.kept, replay.anew, sampling, reached).await?;
    let proven = proven.map_err(|difference| format!("{difference} (seed {seed})"))?;
    progress.end(head);
    for model in proven {
        let (name, rows, moments) = (model.model, model.rows, model.moments);
        say(format_args!(
            "Read model {name}: {rows} rows at {moments} moments (seed {seed}) are as the log makes them."
        ))?;
    }
    Ok(())
}
