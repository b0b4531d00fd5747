//! One WebSocket from its first message to its close frame: a task that reads, writes and keeps time, and a task
//! with a bounded queue for each operation under way.

use std::{collections::HashMap, future::pending, time::Duration};

use async_graphql::Executor;
use axum::extract::ws::{Message, WebSocket};
use futures_util::{FutureExt, SinkExt};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_stream::{StreamExt, StreamMap, wrappers::ReceiverStream};

use super::{
    closing::{End, close},
    dialect::{Dialect, Incoming},
    operation::{Operation, Outgoing, operate},
};
use crate::api::{Edge, caller::Caller, errors::Code, gate::params::Params, host::Host};

/// How many results are handed to the socket before it is flushed, if that many are waiting.
const WRITE_BATCH: usize = 32;

/// A WebSocket whose sub-protocol is settled.
pub struct Connection<E, H> {
    edge: Edge<E, H>,
    socket: WebSocket,
    dialect: Dialect,
    caller: Caller,
    initialised: bool,
    operations: HashMap<String, Operation>,
    /// The queues of the operations; it takes from them in turn.
    outbox: StreamMap<String, ReceiverStream<Outgoing>>,
    /// Until when the peer must have answered our ping, if one is open.
    pong_due: Option<Instant>,
}

impl<E: Executor, H: Host> Connection<E, H> {
    pub fn new(edge: Edge<E, H>, socket: WebSocket, dialect: Dialect, caller: Caller) -> Self {
        Self {
            edge,
            socket,
            dialect,
            caller,
            initialised: false,
            operations: HashMap::new(),
            outbox: StreamMap::new(),
            pong_due: None,
        }
    }

    /// Until either side has enough.
    pub async fn run(mut self) {
        let end = match self.converse().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        self.operations.clear();
        self.outbox.clear();
        close(self.socket, end).await;
    }

    async fn converse(&mut self) -> Result<std::convert::Infallible, End> {
        let settings = self.edge.gate.settings();
        let (ping_interval, pong_timeout) = (settings.ping_interval, settings.pong_timeout);
        let init_due = Instant::now() + settings.init_timeout;
        let shutdown = self.edge.shutdown.clone();
        let mut pings = interval_at(Instant::now() + ping_interval, ping_interval);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let pong_due = self.pong_due;
            tokio::select! {
                () = shutdown.cancelled() => return Err(End::close(1012, "The service restarts")),
                () = sleep_until(init_due), if !self.initialised => {
                    return Err(End::close(4408, "Connection initialisation timeout"));
                }
                () = due(pong_due) => return Err(End::close(1001, "No answer to a ping")),
                _ = pings.tick(), if self.initialised && pong_due.is_none() => self.ping(pong_timeout).await?,
                message = self.socket.recv() => self.receive(message).await?,
                Some((id, outgoing)) = self.outbox.next(), if !self.outbox.is_empty() => {
                    self.write(id, outgoing).await?;
                }
            }
        }
    }

    async fn receive(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        match message {
            Some(Ok(Message::Text(text))) => match self.dialect.read(&text) {
                Ok(incoming) => self.handle(incoming).await,
                Err(reason) => Err(End::Close(4400, reason)),
            },
            Some(Ok(Message::Binary(_))) => Err(End::close(4400, "Messages are text")),
            Some(Ok(Message::Ping(_))) => Ok(()),
            Some(Ok(Message::Pong(_))) => {
                if self.dialect == Dialect::Legacy {
                    self.pong_due = None;
                }
                Ok(())
            }
            Some(Err(_)) => {
                let bound = self.edge.gate.settings().limits.max_message_bytes;
                Err(End::Close(
                    1009,
                    format!("A message is broken, or over {bound} bytes (max-message-bytes)"),
                ))
            }
            Some(Ok(Message::Close(_))) | None => Err(End::Gone),
        }
    }

    async fn handle(&mut self, incoming: Incoming) -> Result<(), End> {
        match incoming {
            Incoming::Init(_) if self.initialised => {
                Err(End::close(4429, "Too many initialisation requests"))
            }
            Incoming::Init(payload) => self.initialise(&payload).await,
            Incoming::Ping(payload) => self.send(self.dialect.pong(payload)).await,
            Incoming::Pong => {
                self.pong_due = None;
                Ok(())
            }
            Incoming::Subscribe { .. } if !self.initialised => Err(End::close(4401, "Unauthorized")),
            Incoming::Subscribe { id, params } => self.subscribe(id, params).await,
            Incoming::Complete(id) => {
                self.forget(&id);
                Ok(())
            }
            Incoming::Terminate => Err(End::close(1000, "As you wish")),
        }
    }

    async fn initialise(&mut self, payload: &serde_json::Map<String, serde_json::Value>) -> Result<(), End> {
        let trust_actor = self.edge.gate.settings().trust_actor_header;
        let upgraded = std::mem::take(&mut self.caller);
        let address = upgraded.client.clone();
        let mut caller = upgraded.with_payload(payload, trust_actor).map_err(|refusal| {
            End::Close(4400, refusal.errors.into_iter().next().map(|error| error.message).unwrap_or_default())
        })?;
        caller.client = caller.actor.clone().or(address);
        let host = self.edge.gate.host();
        host.welcome(&caller).map_err(|reason| End::Close(4403, reason))?;
        let head = host.head();
        self.caller = caller;
        self.initialised = true;
        self.send(self.dialect.ack(head)).await
    }

    async fn subscribe(&mut self, id: String, params: Params) -> Result<(), End> {
        if self.operations.contains_key(&id) {
            match self.dialect {
                Dialect::Transport => {
                    return Err(End::Close(4409, format!("Subscriber for {id} already exists")));
                }
                Dialect::Legacy => self.forget(&id),
            }
        }
        let limits = &self.edge.gate.settings().limits;
        let bound = limits.max_subscriptions;
        if self.operations.len() >= bound {
            let message = format!(
                "{bound} operations are under way on this socket, the most allowed (max-subscriptions)."
            );
            let error = Code::Overloaded.error(message);
            return self.send(self.dialect.error(&id, &[error])).await;
        }
        let (queue, results) = mpsc::channel(limits.subscription_queue);
        let work =
            operate(self.edge.gate.clone(), params, self.caller.clone(), self.dialect, id.clone(), queue);
        self.operations.insert(id.clone(), Operation::start(work));
        self.outbox.insert(id, ReceiverStream::new(results));
        Ok(())
    }

    /// Nothing more is sent for this operation, not even what waits in its queue.
    fn forget(&mut self, id: &str) {
        self.operations.remove(id);
        self.outbox.remove(id);
    }

    async fn ping(&mut self, patience: Duration) -> Result<(), End> {
        let head = self.edge.gate.host().head();
        self.send(self.dialect.ping(head)).await?;
        if self.dialect == Dialect::Legacy {
            // Its clients answer no message, but every WebSocket answers a ping frame.
            bounded(
                self.edge.gate.settings().write_timeout,
                self.socket.send(Message::Ping(Default::default())),
            )
            .await?;
        }
        self.pong_due = Some(Instant::now() + patience);
        Ok(())
    }

    /// Writes a result, and with it those that wait already, so that they share a flush.
    async fn write(&mut self, id: String, outgoing: Outgoing) -> Result<(), End> {
        let mut next = Some((id, outgoing));
        let mut budget = WRITE_BATCH;
        while let Some((id, outgoing)) = next {
            let text = match outgoing {
                Outgoing::Next(text) => text,
                Outgoing::Last(text) => {
                    self.forget(&id);
                    text
                }
            };
            bounded(self.edge.gate.settings().write_timeout, self.socket.feed(Message::Text(text.into())))
                .await?;
            budget -= 1;
            let more = budget > 0 && !self.outbox.is_empty();
            next = if more { self.outbox.next().now_or_never().flatten() } else { None };
        }
        bounded(self.edge.gate.settings().write_timeout, self.socket.flush()).await
    }

    async fn send(&mut self, text: String) -> Result<(), End> {
        bounded(self.edge.gate.settings().write_timeout, self.socket.send(Message::Text(text.into()))).await
    }
}

async fn bounded(
    patience: Duration,
    write: impl Future<Output = Result<(), axum::Error>>,
) -> Result<(), End> {
    match timeout(patience, write).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

async fn due(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}
