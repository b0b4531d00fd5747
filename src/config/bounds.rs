//! The flags of the bounds on requests, and of how long the server waits for what should come.

use std::time::Duration;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use crate::api::settings::{Limits, Settings};

/// The bounds on requests; each message of a refusal names its flag.
#[derive(Args, Clone, Debug)]
pub struct LimitArgs {
    /// Bytes of an HTTP request's body, and of a GET's query string.
    #[arg(long, env = "HINDSIGHT_MAX_BODY_BYTES", value_name = "COUNT", default_value_t = 64 * 1024, value_parser = at_least_one::<usize>(), help_heading = "Limits")]
    pub max_body_bytes: usize,

    /// Bytes of one WebSocket message.
    #[arg(long, env = "HINDSIGHT_MAX_MESSAGE_BYTES", value_name = "COUNT", default_value_t = 256 * 1024, value_parser = at_least_one::<usize>(), help_heading = "Limits")]
    pub max_message_bytes: usize,

    /// Lexical tokens of a document; also fields once its fragments are expanded.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_TOKENS",
        value_name = "COUNT",
        default_value_t = 2_000,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_tokens: usize,

    /// Levels of fields.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_DEPTH",
        value_name = "COUNT",
        default_value_t = 12,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_depth: usize,

    /// Levels of fields from `__schema` or `__type` down; the standard introspection query has 15.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_INTROSPECTION_DEPTH",
        value_name = "COUNT",
        default_value_t = 16,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_introspection_depth: usize,

    /// Aliases of an operation, fragments expanded.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_ALIASES",
        value_name = "COUNT",
        default_value_t = 30,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_aliases: usize,

    /// Root fields of a query.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_ROOT_FIELDS",
        value_name = "COUNT",
        default_value_t = 20,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_root_fields: usize,

    /// Root fields of a mutation: each is a command of its own.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_MUTATION_FIELDS",
        value_name = "COUNT",
        default_value_t = 5,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_mutation_fields: usize,

    /// Directives at one place.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_DIRECTIVES",
        value_name = "COUNT",
        default_value_t = 5,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_directives: usize,

    /// What a list without pages, such as an order's lines, counts as.
    #[arg(
        long,
        env = "HINDSIGHT_PLAIN_LIST_SIZE",
        value_name = "COUNT",
        default_value_t = 10,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub plain_list_size: usize,

    /// Entities a query could return at most.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_COST",
        value_name = "COUNT",
        default_value_t = 5_000,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_cost: usize,

    /// Values they could have in all at most, as many times as each is selected.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_VALUES",
        value_name = "COUNT",
        default_value_t = 50_000,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_values: usize,

    /// From admission to answer, for a query. In seconds.
    #[arg(
        long,
        env = "HINDSIGHT_QUERY_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 10,
        value_parser = at_least_one::<u32>(),
        help_heading = "Limits"
    )]
    pub query_timeout: u32,

    /// The same for a mutation. The answer is given up then, never the command. In seconds.
    #[arg(
        long,
        env = "HINDSIGHT_MUTATION_TIMEOUT",
        value_name = "SECONDS",
        default_value_t = 15,
        value_parser = at_least_one::<u32>(),
        help_heading = "Limits"
    )]
    pub mutation_timeout: u32,

    /// Queries and mutations under way, of all clients.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_IN_FLIGHT",
        value_name = "COUNT",
        default_value_t = 1_024,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_in_flight: usize,

    /// Queries and mutations under way of one client: a trusted actor, else an address, which behind a proxy is that of
    /// the proxy for everybody.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_IN_FLIGHT_PER_CLIENT",
        value_name = "COUNT",
        default_value_t = 512,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_in_flight_per_client: usize,

    /// Sockets that speak HTTP, idle ones included; more wait to be accepted.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_SOCKETS",
        value_name = "COUNT",
        default_value_t = 16_384,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_sockets: usize,

    /// Open WebSockets and event streams.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_CONNECTIONS",
        value_name = "COUNT",
        default_value_t = 10_240,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_connections: usize,

    /// Operations under way on one WebSocket.
    #[arg(
        long,
        env = "HINDSIGHT_MAX_SUBSCRIPTIONS",
        value_name = "COUNT",
        default_value_t = 50,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub max_subscriptions: usize,

    /// Answers that wait in one subscription's queue; its source waits when it is full.
    #[arg(
        long,
        env = "HINDSIGHT_SUBSCRIPTION_QUEUE",
        value_name = "COUNT",
        default_value_t = 16,
        value_parser = at_least_one::<usize>(),
        help_heading = "Limits"
    )]
    pub subscription_queue: usize,

    /// Bytes that the cache of parsed documents may take, and again that of persisted queries.
    #[arg(long, env = "HINDSIGHT_DOCUMENT_CACHE_BYTES", value_name = "COUNT", default_value_t = 32 * 1024 * 1024, value_parser = at_least_one::<u64>(), help_heading = "Limits")]
    pub document_cache_bytes: u64,
}

/// A bound of nothing would refuse everything; more than this is no bound.
fn at_least_one<T: TryFrom<u64> + Clone + Send + Sync>() -> RangedU64ValueParser<T>
where
    <T as TryFrom<u64>>::Error: std::error::Error + Send + Sync + 'static,
{
    RangedU64ValueParser::new().range(1..=u64::from(u32::MAX))
}

impl LimitArgs {
    /// As the edge understands them.
    pub fn limits(&self) -> Limits {
        Limits {
            max_body_bytes: self.max_body_bytes,
            max_message_bytes: self.max_message_bytes,
            max_tokens: self.max_tokens,
            max_depth: self.max_depth,
            max_introspection_depth: self.max_introspection_depth,
            max_aliases: self.max_aliases,
            max_root_fields: self.max_root_fields,
            max_mutation_fields: self.max_mutation_fields,
            max_directives: self.max_directives,
            plain_list_size: self.plain_list_size,
            max_cost: self.max_cost,
            max_values: self.max_values,
            query_timeout: Duration::from_secs(self.query_timeout.into()),
            mutation_timeout: Duration::from_secs(self.mutation_timeout.into()),
            max_in_flight: self.max_in_flight,
            max_in_flight_per_client: self.max_in_flight_per_client,
            max_sockets: self.max_sockets,
            max_connections: self.max_connections,
            max_subscriptions: self.max_subscriptions,
            subscription_queue: self.subscription_queue,
            document_cache_bytes: self.document_cache_bytes,
            // What a page holds is the contract's, not the operator's.
            ..Limits::default()
        }
    }
}

/// How long the server waits for what should come.
#[derive(Args, Clone, Debug)]
pub struct PatienceArgs {
    /// Time to receive a request's head; a connection with none for so long is closed. In seconds.
    #[arg(long, env = "HINDSIGHT_HEAD_TIMEOUT", value_name = "SECONDS", default_value_t = 30, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub head_timeout: u32,

    /// Time to receive a request's body. In seconds.
    #[arg(long, env = "HINDSIGHT_BODY_TIMEOUT", value_name = "SECONDS", default_value_t = 10, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub body_timeout: u32,

    /// Time to take some of what is sent, before a connection is closed. In seconds.
    #[arg(long, env = "HINDSIGHT_WRITE_TIMEOUT", value_name = "SECONDS", default_value_t = 30, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub write_timeout: u32,

    /// Time to open a conversation on a WebSocket with `connection_init`. In seconds.
    #[arg(long, env = "HINDSIGHT_INIT_TIMEOUT", value_name = "SECONDS", default_value_t = 3, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub init_timeout: u32,

    /// Between two pings of the server on a WebSocket. In seconds.
    #[arg(long, env = "HINDSIGHT_PING_INTERVAL", value_name = "SECONDS", default_value_t = 20, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub ping_interval: u32,

    /// Time to answer one. In seconds.
    #[arg(long, env = "HINDSIGHT_PONG_TIMEOUT", value_name = "SECONDS", default_value_t = 10, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub pong_timeout: u32,

    /// Between two comments that keep an idle event stream open. In seconds.
    #[arg(long, env = "HINDSIGHT_SSE_KEEP_ALIVE", value_name = "SECONDS", default_value_t = 15, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub sse_keep_alive: u32,

    /// How long requests under way may go on once shutdown began. In seconds.
    #[arg(long, env = "HINDSIGHT_SHUTDOWN_GRACE", value_name = "SECONDS", default_value_t = 20, value_parser = at_least_one::<u32>(), help_heading = "Patience")]
    pub shutdown_grace: u32,
}

impl PatienceArgs {
    /// Settings with these.
    pub fn apply(&self, settings: Settings) -> Settings {
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        Settings {
            head_timeout: seconds(self.head_timeout),
            body_timeout: seconds(self.body_timeout),
            write_timeout: seconds(self.write_timeout),
            init_timeout: seconds(self.init_timeout),
            ping_interval: seconds(self.ping_interval),
            pong_timeout: seconds(self.pong_timeout),
            sse_keep_alive: seconds(self.sse_keep_alive),
            shutdown_grace: seconds(self.shutdown_grace),
            ..settings
        }
    }
}
