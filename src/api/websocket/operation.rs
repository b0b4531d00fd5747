//! One operation on a WebSocket: a task that writes its results into a bounded queue.

use async_graphql::Executor;
use futures_util::StreamExt;
use tokio::{sync::mpsc, task::AbortHandle};

use super::dialect::Dialect;
use crate::api::{
    caller::Caller,
    errors::internal,
    gate::{Gate, params::Params},
    host::Host,
};

/// What an operation's task puts into its queue.
pub enum Outgoing {
    /// A result, written out.
    Next(String),
    /// The last message of the operation, written out.
    Last(String),
}

/// Ends its task when the operation is forgotten.
pub struct Operation(AbortHandle);

impl Operation {
    /// Begins the task.
    pub fn start(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(tokio::spawn(work).abort_handle())
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs one operation into its queue, which holds it up while the socket is slow.
pub async fn operate<E: Executor, H: Host>(
    gate: Gate<E, H>,
    params: Params,
    caller: Caller,
    dialect: Dialect,
    id: String,
    queue: mpsc::Sender<Outgoing>,
) {
    let admitted = gate.admit(params, caller).await;
    let last = match admitted {
        Ok(admitted) => {
            let mut answers = gate.stream(admitted);
            loop {
                match answers.next().await.map(|answer| answer.map(|response| dialect.next(&id, &response))) {
                    Some(Ok(Ok(text))) => {
                        if queue.send(Outgoing::Next(text)).await.is_err() {
                            return;
                        }
                    }
                    Some(Ok(Err(error))) => {
                        let error = internal(&format!("a result could not be written as JSON: {error}"));
                        break dialect.error(&id, &[error]);
                    }
                    Some(Err(refusal)) => break dialect.error(&id, &refusal.errors),
                    None => break dialect.complete(&id),
                }
            }
        }
        Err(refusal) => dialect.error(&id, &refusal.errors),
    };
    // Nobody is left to tell if this fails.
    let _ = queue.send(Outgoing::Last(last)).await;
}
