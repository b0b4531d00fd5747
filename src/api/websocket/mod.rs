//! GraphQL over WebSocket: the upgrade. `dialect` has the messages of both sub-protocols, `connection` their life.

mod closing;
mod connection;
mod dialect;
mod operation;

use async_graphql::Executor;
use axum::{
    extract::{FromRequestParts, Request, WebSocketUpgrade, ws::WebSocket},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};

use self::{
    closing::{End, close},
    connection::Connection,
    dialect::Dialect,
};
use super::{
    Edge,
    caller::Caller,
    errors::{Code, Refusal},
    host::Host,
    http,
    media::Media,
    origin,
    settings::Settings,
};

/// Bytes of each socket's read buffer. It is cleared for every message, so a large one costs time and memory.
const READ_BUFFER: usize = 4 * 1024;
/// Bytes that may wait to be written before a write goes to the socket at once.
const WRITE_BUFFER: usize = 16 * 1024;

/// Turns a request into a socket that lives on its own, or says why not.
pub async fn upgrade<E: Executor, H: Host>(edge: Edge<E, H>, request: Request) -> Response {
    match prepare(&edge, request).await {
        Ok((upgrade, dialect, caller)) => {
            upgrade.on_upgrade(move |socket| run(edge, socket, dialect, caller))
        }
        Err(refusal) => http::refused(&refusal, Media::Json),
    }
}

async fn prepare<E: Executor, H: Host>(
    edge: &Edge<E, H>,
    request: Request,
) -> Result<(WebSocketUpgrade, Option<Dialect>, Caller), Refusal> {
    let settings = edge.gate.settings();
    if !origin::may_upgrade(request.headers(), settings) {
        return Err(Refusal::http(
            StatusCode::FORBIDDEN,
            Code::BadRequest,
            "Pages of this origin may not open a WebSocket here (allow-origin).",
        ));
    }
    let caller = http::caller(&request, settings)?;
    let (mut parts, _) = request.into_parts();
    let mut upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|error| {
            Refusal::bad_request(format!("This is no WebSocket upgrade: {}.", error.body_text()))
        })?
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(settings.limits.max_message_bytes)
        .max_frame_size(settings.limits.max_message_bytes);
    let dialect = choose(&parts.headers, settings);
    if let Some(dialect) = dialect {
        upgrade.set_selected_protocol(HeaderValue::from_static(dialect.name()));
    }
    Ok((upgrade, dialect, caller))
}

/// The first of the client's that is spoken here: it offers them by preference. Python's gql takes the older one for
/// chosen whatever is answered, since it looks for the answer under one spelling of the header's name.
fn choose(headers: &HeaderMap, settings: &Settings) -> Option<Dialect> {
    let lines = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).find_map(|offered| match offered.trim() {
        name if name == Dialect::Transport.name() => Some(Dialect::Transport),
        name if name == Dialect::Legacy.name() && settings.legacy_ws => Some(Dialect::Legacy),
        _ => None,
    })
}

async fn run<E: Executor, H: Host>(
    edge: Edge<E, H>,
    socket: WebSocket,
    dialect: Option<Dialect>,
    caller: Caller,
) {
    // Refusals that have a close code of their own need an open socket to be told on.
    let Some(dialect) = dialect else {
        return close(socket, End::close(4406, "Subprotocol not acceptable")).await;
    };
    let Ok(_place) = edge.gate.flight().connect() else {
        return close(socket, End::close(1013, "Too many connections (max-connections). Try again later"))
            .await;
    };
    Connection::new(edge, socket, dialect, caller).run().await;
}
