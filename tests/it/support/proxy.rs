//! A wire to PostgreSQL that can be cut at the worst moment: when a statement with a marker in it passes.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hindsight::engine::store::Location;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What happens to the connection that carries the marker; it happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The server gets the statement, the client never hears of it.
    Reply,
    /// The statement never reaches the server.
    Request,
    /// The client is cut off at once, the server gets the statement this much later.
    Late(Duration),
}

/// A proxy in front of the test server.
pub struct Proxy {
    pub location: Location,
    plan: Arc<Mutex<Option<Cut>>>,
}

impl Proxy {
    /// Stands between the client and the server of `to`; the first connection whose bytes hold `marker` is cut.
    pub async fn before(to: &Location, marker: &'static str, cut: Cut) -> Self {
        let Location::Postgres(url) = to else { panic!("only PostgreSQL has a wire") };
        let (before, rest) = url.split_once('@').expect("a user in the URL");
        let (server, database) = rest.split_once('/').expect("a database in the URL");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let here = listener.local_addr().expect("an address");
        let plan = Arc::new(Mutex::new(Some(cut)));
        let (server, shared) = (server.to_owned(), plan.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.expect("the server");
                tokio::spawn(carry(client, server, marker, shared.clone()));
            }
        });
        Self { location: Location::Postgres(format!("{before}@{here}/{database}")), plan }
    }

    /// Whether the cut has happened.
    pub fn has_cut(&self) -> bool {
        self.plan.lock().expect("the plan").is_none()
    }
}

async fn carry(client: TcpStream, server: TcpStream, marker: &str, plan: Arc<Mutex<Option<Cut>>>) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
    });
    let mut bytes = vec![0; 1 << 20];
    while let Ok(count) = from_client.read(&mut bytes).await {
        let sent = &bytes[..count];
        let marked = sent.windows(marker.len()).any(|window| window == marker.as_bytes());
        let cut = if marked { plan.lock().expect("the plan").take() } else { None };
        if cut.is_some() {
            back.abort();
        }
        match cut {
            Some(Cut::Request) => return,
            Some(Cut::Reply) => {
                to_server.write_all(sent).await.expect("sent");
                // Held open a little, so that the server carries it out before it sees the end.
                drop(from_client);
                return std::mem::forget(to_server);
            }
            Some(Cut::Late(delay)) => {
                drop(from_client);
                tokio::time::sleep(delay).await;
                to_server.write_all(sent).await.expect("sent");
                return std::mem::forget(to_server);
            }
            None if count == 0 => return,
            None if to_server.write_all(sent).await.is_err() => return,
            None => {}
        }
    }
}
