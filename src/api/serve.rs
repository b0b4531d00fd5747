//! Runs a router on a socket until told to stop, and then for as long as requests under way may take.

use std::{net::SocketAddr, pin::pin, sync::Arc};

use axum::{Router, extract::ConnectInfo, serve::Listener};
use hyper::{
    Request,
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::settings::Settings;

/// What a request's head may have besides the query of its URL.
const HEAD_BYTES: usize = 32 * 1024;

/// Serves until `shutdown`, then takes no more connections and lets those open finish for at most the grace of the
/// settings. A connection waits to be accepted while as many as allowed are open, and is closed when its next request
/// does not come in time, or when it takes nothing of what it is sent.
pub async fn serve(
    mut listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    settings: &Settings,
) {
    let places = Arc::new(Semaphore::new(settings.limits.max_sockets));
    let open = TaskTracker::new();
    let mut http = http1::Builder::new();
    // Without a timer, hyper waits for ever for a head that comes byte by byte.
    http.timer(TokioTimer::new()).header_read_timeout(settings.head_timeout);
    // A head has to fit: the query of a GET may be as long as a body.
    http.max_buf_size(settings.limits.max_body_bytes.saturating_add(HEAD_BYTES));
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            // The listener takes a pause by itself when the system has no more sockets.
            let (socket, address) = Listener::accept(&mut listener).await;
            (place, socket, address)
        };
        let (place, socket, address) = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = accepted => accepted,
        };
        // Events are small and are to be sent when they happen, not gathered.
        if let Err(cause) = socket.set_nodelay(true) {
            tracing::debug!("a socket takes no TCP_NODELAY: {cause}");
        }
        let service = TowerToHyperService::new(router.clone());
        let answer = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(address));
            service.call(request)
        });
        let mut socket = TimeoutStream::new(socket);
        socket.set_write_timeout(Some(settings.write_timeout));
        let connection = http.serve_connection(TokioIo::new(Box::pin(socket)), answer).with_upgrades();
        let shutdown = shutdown.clone();
        open.spawn(async move {
            let _place = place;
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = shutdown.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(cause) = ended {
                tracing::debug!("a connection from {address} ended: {cause}");
            }
        });
    }
    drop(listener);
    open.close();
    if tokio::time::timeout(settings.shutdown_grace, open.wait()).await.is_err() {
        let seconds = settings.shutdown_grace.as_secs_f64();
        tracing::warn!("connections were still open {seconds} s after shutdown began; they are cut");
    }
}
