//! The end of a WebSocket: why, and how the peer hears of it.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::time::timeout;

/// How long a peer has to answer a close frame.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);
/// What a close frame has room for.
const MAX_REASON_BYTES: usize = 123;

/// Why a connection is over.
#[derive(Debug)]
pub enum End {
    /// We close it, with this code and reason.
    Close(u16, String),
    /// The peer closed it, or it broke.
    Gone,
}

impl End {
    /// We close it.
    pub fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::Close(code, reason.into())
    }
}

/// Tells the peer why, or answers its close frame, and waits a little for it to have heard.
pub async fn close(mut socket: WebSocket, end: End) {
    let farewell = async {
        if let End::Close(code, reason) = end {
            let reason = shortened(&reason).into();
            // If this fails, so does the reading that follows.
            let _ = socket.send(Message::Close(Some(CloseFrame { code, reason }))).await;
        }
        while let Some(Ok(_)) = socket.recv().await {}
    };
    // A peer that does not answer is not waited for.
    let _ = timeout(CLOSE_PATIENCE, farewell).await;
}

fn shortened(reason: &str) -> &str {
    let mut length = reason.len().min(MAX_REASON_BYTES);
    while !reason.is_char_boundary(length) {
        length -= 1;
    }
    reason.get(..length).unwrap_or_default()
}
