//! Runs a router on a socket until told to stop, and then for as long as requests under way may take.

use std::{io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Serves until `shutdown`, then takes no more connections and lets those open finish for at most `grace`.
/// Errors of the listener come back; those of single connections do not.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    grace: Duration,
) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let deadline = async {
        shutdown.cancelled().await;
        tokio::time::sleep(grace).await;
    };
    tokio::select! {
        outcome = server.into_future() => outcome,
        () = deadline => {
            tracing::warn!("connections were still open {} s after shutdown began; they are cut", grace.as_secs_f64());
            Ok(())
        }
    }
}
