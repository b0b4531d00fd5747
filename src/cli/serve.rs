//! `hindsight serve`: the server, until it is told to stop.

use std::io::ErrorKind;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Failure;
use crate::api;
use crate::app::App;
use crate::config::{Serving, Storage};
use crate::engine::time::SystemClock;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
    #[command(flatten)]
    serving: Serving,
}

/// Serves until SIGTERM or SIGINT; then takes no new work and finishes what is under way.
pub async fn run(args: Args) -> Result<(), Failure> {
    let listener = listen(&args.serving).await?;
    let address = listener.local_addr()?;
    let app = App::start(&args.storage, Arc::new(SystemClock)).await?;
    let settings = args.serving.settings();
    let grace = settings.shutdown_grace;
    let shutdown = CancellationToken::new();
    let router = app.router(settings, shutdown.clone())?;
    stop_on_signal(shutdown.clone())?;
    println!("Hindsight answers at http://{address}/graphql");
    let served = api::serve::serve(listener, router, shutdown, grace).await;
    app.stop().await;
    Ok(served?)
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

fn stop_on_signal(shutdown: CancellationToken) -> Result<(), Failure> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        shutdown.cancel();
    });
    Ok(())
}
