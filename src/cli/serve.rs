//! `hindsight serve`: the server, until it is told to stop.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::signals::cancel_on_signal;
use super::{Failure, say};
use crate::api;
use crate::app::App;
use crate::config::{Serving, Storage};
use crate::demo::{self, Scale};
use crate::engine::time::SystemClock;
use crate::import::ImportError;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    serving: Serving,
    /// Into an empty log, bring a made-up shop with three months of past first; a log that is not empty stays as it is.
    #[arg(long, env = "HINDSIGHT_DEMO", value_parser = BoolishValueParser::new())]
    demo: bool,
}

/// How long the read models are waited for before the made-up shop opens.
const CATCHING_UP: Duration = Duration::from_secs(60);

/// Serves until SIGTERM or SIGINT; then takes no new work and finishes what is under way.
pub async fn run(args: Args) -> Result<(), Failure> {
    let listener = listen(&args.serving).await?;
    let address = listener.local_addr()?;
    let shutdown = CancellationToken::new();
    cancel_on_signal(shutdown.clone())?;
    let app = App::start(&args.storage, Arc::new(SystemClock)).await?;
    if args.demo {
        fill(&app, &shutdown).await?;
    }
    let settings = args.serving.settings();
    let router = app.router(settings.clone(), shutdown.clone())?;
    say(format_args!("Hindsight answers at http://{address}/graphql"))?;
    api::serve::serve(listener, router, shutdown, &settings).await;
    app.stop().await;
    Ok(())
}

/// Brings the made-up shop into an empty log. Standard output is left to the line that says where the server answers.
async fn fill(app: &App, shutdown: &CancellationToken) -> Result<(), Failure> {
    let mut progress = None;
    let filled = demo::fill(app, Scale::default(), |done, total| {
        progress.get_or_insert_with(|| Progress::of(total, "lines of the made-up shop")).at(done);
        !shutdown.is_cancelled()
    })
    .await;
    drop(progress);
    match filled {
        Ok(None) => eprintln!("The log is not empty; --demo does nothing."),
        Ok(Some(done)) => {
            let behind = app.caught_up(CATCHING_UP).await?;
            eprintln!("A made-up shop of {} commands was brought in.", done.carried_out);
            if !behind.is_empty() {
                eprintln!("Its read models are still catching up: {}", behind.join(", "));
            }
        }
        // Another node began with the same log at the same time, and brings in the same shop.
        Err(ImportError::Malformed { line, reason }) => {
            eprintln!(
                "The made-up shop was left to somebody else who writes to this log (line {line}: {reason})."
            );
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

async fn listen(serving: &Serving) -> Result<TcpListener, Failure> {
    TcpListener::bind(serving.listen).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            let message = format!(
                "{} is taken; name another address with --listen, such as --listen 127.0.0.1:8081",
                serving.listen
            );
            message.into()
        }
        _ => format!("cannot listen on {} (--listen): {error}", serving.listen).into(),
    })
}
