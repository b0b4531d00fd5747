//! `hindsight rebuild`: folds read models anew beside those that serve, and lets the new ones take their place.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::signals::cancel_on_signal;
use super::{Failure, say};
use crate::app;
use crate::config::Storage;
use crate::engine::event::Position;
use crate::engine::read_model::RebuildError;

/// How often the progress is looked at.
const TICK: Duration = Duration::from_millis(200);

#[derive(clap::Args, Debug)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
    /// The read model, as `status` names it.
    #[arg(group = "which")]
    name: Option<String>,
    /// Every read model, one after another.
    #[arg(long, group = "which")]
    all: bool,
}

/// Rebuilds; cut short, it is gone on with the next time.
pub async fn run(args: Args) -> Result<(), Failure> {
    let cancel = CancellationToken::new();
    cancel_on_signal(cancel.clone())?;
    let models = app::open_projections(&args.storage).await?;
    let known: Vec<&str> = models.read_models.status().iter().map(|model| model.name).collect();
    let names: Vec<&str> = match &args.name {
        Some(name) => vec![name.as_str()],
        None => known.clone(),
    };
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("there is no read model {unknown}; there are {}", known.join(", ")).into());
    }
    for name in names {
        rebuild(&models, name, &cancel).await?;
    }
    Ok(())
}

async fn rebuild(models: &app::Projections, name: &str, cancel: &CancellationToken) -> Result<(), Failure> {
    let head = count(models.log.head().await?.position);
    let rebuilding = models.read_models.rebuild(name, cancel);
    tokio::pin!(rebuilding);
    let mut tick = tokio::time::interval(TICK);
    let mut progress: Option<Progress> = None;
    let ended = loop {
        tokio::select! {
            outcome = &mut rebuilding => break outcome,
            _ = tick.tick() => if let Some(built) = models.read_models.built_to(name) {
                let begun = || Progress::from(count(built), head, "events");
                progress.get_or_insert_with(begun).at(count(built));
            },
        }
    };
    if let Some(progress) = progress {
        progress.clear();
    }
    match ended {
        Ok(rebuilt) => Ok(say(format_args!(
            "{name} was rebuilt up to position {}: {} events in {:.1} s, {:.0} a second.",
            rebuilt.to,
            rebuilt.events(),
            rebuilt.took.as_secs_f64(),
            rebuilt.events_per_second(),
        ))?),
        Err(RebuildError::Cancelled) => {
            let again = format!("run `hindsight rebuild {name}` again, and it goes on where it stood");
            Err(format!("the rebuild of {name} was cancelled; {again}").into())
        }
        Err(error) => Err(error.into()),
    }
}

fn count(position: Position) -> u64 {
    position.get().unsigned_abs()
}
