//! Every setting of the edge and every limit, with its default and what it protects.

use std::time::Duration;

/// What the edge accepts and how it behaves. `Default` is right for one node on loopback.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bounds on one request and on all of them.
    pub limits: Limits,
    /// Take `Hindsight-Actor` as given. Only behind a proxy that authenticates and sets the header itself.
    pub trust_actor_header: bool,
    /// Origins besides the server's own that browsers may call from, such as `https://shop.example`; `*` is any.
    pub allowed_origins: Vec<String>,
    /// Names this server is asked under, besides IP addresses and localhost; nothing where any will do. It is what keeps
    /// a foreign page from reaching a server on loopback by a name of its own that it has resolve to 127.0.0.1.
    pub hosts: Option<Vec<String>>,
    /// Answer `__schema` and `__type`. Switch suggestions off with it, where the schema is built.
    pub introspection: bool,
    /// Speak the old `graphql-ws` WebSocket sub-protocol beside `graphql-transport-ws`.
    pub legacy_ws: bool,
    /// Serve a page at `/` and `/playground`.
    pub explorer: bool,
    /// Time to receive a request's head; a connection with none for so long is closed.
    pub head_timeout: Duration,
    /// Time to receive a request's body.
    pub body_timeout: Duration,
    /// Time to take some of what is sent, before a connection is closed.
    pub write_timeout: Duration,
    /// A socket that has not sent `connection_init` by then is closed with 4408.
    pub init_timeout: Duration,
    /// Between two pings of the server on a WebSocket.
    pub ping_interval: Duration,
    /// A peer that has not answered a ping by then is let go.
    pub pong_timeout: Duration,
    /// Between two comments that keep an idle event stream open.
    pub sse_keep_alive: Duration,
    /// How long requests under way may go on once shutdown began.
    pub shutdown_grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            trust_actor_header: false,
            allowed_origins: Vec::new(),
            hosts: None,
            introspection: true,
            legacy_ws: true,
            explorer: true,
            head_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            init_timeout: Duration::from_secs(3),
            ping_interval: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(10),
            sse_keep_alive: Duration::from_secs(15),
            shutdown_grace: Duration::from_secs(20),
        }
    }
}

/// Bounds that hold on every transport. Messages name them in kebab case, as the command line does.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of an HTTP request's body, and of a GET's query string.
    pub max_body_bytes: usize,
    /// Bytes of one WebSocket message.
    pub max_message_bytes: usize,
    /// Lexical tokens of a document; also fields once its fragments are expanded.
    pub max_tokens: usize,
    /// Levels of fields.
    pub max_depth: usize,
    /// Levels of fields from `__schema` or `__type` down; the standard introspection query has 15.
    pub max_introspection_depth: usize,
    /// Aliases of an operation, fragments expanded.
    pub max_aliases: usize,
    /// Root fields of a query.
    pub max_root_fields: usize,
    /// Root fields of a mutation: each is a command of its own.
    pub max_mutation_fields: usize,
    /// Directives at one place.
    pub max_directives: usize,
    /// `first` and `last`.
    pub max_page_size: usize,
    /// The page size when neither `first` nor `last` is given.
    pub default_page_size: usize,
    /// What a list without pages, such as an order's lines, counts as.
    pub plain_list_size: usize,
    /// Entities a query could return at most.
    pub max_cost: usize,
    /// Values they could have in all at most, as many times as each is selected.
    pub max_values: usize,
    /// From admission to answer, for a query.
    pub query_timeout: Duration,
    /// The same for a mutation. The answer is given up then, never the command.
    pub mutation_timeout: Duration,
    /// Queries and mutations under way, of all clients.
    pub max_in_flight: usize,
    /// Queries and mutations under way of one client (trusted actor, else address).
    pub max_in_flight_per_client: usize,
    /// Sockets that speak HTTP, idle ones included; more wait to be accepted. A WebSocket is one only until it is open.
    pub max_sockets: usize,
    /// Open WebSockets and event streams.
    pub max_connections: usize,
    /// Operations under way on one WebSocket.
    pub max_subscriptions: usize,
    /// Answers that wait in one subscription's queue; its source waits when it is full.
    pub subscription_queue: usize,
    /// Bytes that the cache of parsed documents may take, and again that of persisted queries.
    pub document_cache_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_body_bytes: 64 * 1024,
            max_message_bytes: 256 * 1024,
            max_tokens: 2_000,
            max_depth: 12,
            max_introspection_depth: 16,
            max_aliases: 30,
            max_root_fields: 20,
            max_mutation_fields: 5,
            max_directives: 5,
            max_page_size: 100,
            default_page_size: 20,
            plain_list_size: 10,
            max_cost: 5_000,
            max_values: 50_000,
            query_timeout: Duration::from_secs(10),
            mutation_timeout: Duration::from_secs(15),
            max_in_flight: 1_024,
            max_in_flight_per_client: 512,
            max_sockets: 16_384,
            max_connections: 10_240,
            max_subscriptions: 50,
            subscription_queue: 16,
            document_cache_bytes: 32 * 1024 * 1024,
        }
    }
}
