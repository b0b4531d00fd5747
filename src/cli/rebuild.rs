//! `hindsight rebuild`: folds read models anew beside those that serve, and lets the new ones take their place.

use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::{Failure, say};
use crate::app;
use crate::config::Storage;
use crate::engine::event::Position;

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
    let models = app::open_projections(&args.storage).await?;
    let head = models.log.head().await?.position;
    let known: Vec<&str> = models.read_models.status().iter().map(|model| model.name).collect();
    let names: Vec<&str> = match &args.name {
        Some(name) => vec![name.as_str()],
        None => known.clone(),
    };
    if let Some(unknown) = names.iter().find(|name| !known.contains(name)) {
        return Err(format!("there is no read model {unknown}; there are {}", known.join(", ")).into());
    }
    for name in names {
        let rate = rebuild(&models, name, head).await?;
        say(format_args!("{name} was rebuilt up to position {head}, {rate:.0} events a second."))?;
    }
    Ok(())
}

async fn rebuild(models: &app::Projections, name: &str, head: Position) -> Result<f64, Failure> {
    let mut progress = Progress::of(head.get().unsigned_abs(), "events");
    let cancel = CancellationToken::new();
    let rebuilding = models.read_models.rebuild(name, &cancel);
    tokio::pin!(rebuilding);
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(200));
    loop {
        tokio::select! {
            outcome = &mut rebuilding => {
                outcome?;
                return Ok(progress.end(head.get().unsigned_abs()));
            }
            _ = tick.tick() => {
                let status = models.read_models.status();
                let share = status.iter().find(|model| model.name == name).map_or(0.0, |model| model.progress);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a position")]
                progress.at((share * head.get() as f64) as u64);
            }
        }
    }
}
