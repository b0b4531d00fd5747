//! Every setting: documented, with its default, checked once. Flags win over the environment.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::uri::Authority;
use clap::Args;
use clap::builder::{BoolishValueParser, RangedU64ValueParser};

use crate::api::settings::{Limits, Settings};
use crate::engine::store::Location;

/// Where the data is.
#[derive(Args, Clone, Debug)]
pub struct Storage {
    /// Folder of the embedded SQLite databases; made when it is not there.
    #[arg(long, env = "HINDSIGHT_DATA_DIR", value_name = "DIR", default_value = "./hindsight-data")]
    pub data_dir: PathBuf,

    /// PostgreSQL database of the log, instead of SQLite: postgres://user:password@host:port/database
    #[arg(long, env = "HINDSIGHT_DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// PostgreSQL database of the read models, where it is not that of the log.
    #[arg(
        long,
        env = "HINDSIGHT_READ_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        requires = "database_url"
    )]
    pub read_database_url: Option<String>,

    /// Connections to PostgreSQL for each of log and read models, or readers of each SQLite file.
    #[arg(
        long,
        env = "HINDSIGHT_CONNECTIONS",
        value_name = "COUNT",
        default_value_t = 8,
        value_parser = clap::value_parser!(u32).range(2..=200)
    )]
    pub connections: u32,
}

impl Default for Storage {
    fn default() -> Self {
        let data_dir = PathBuf::from("./hindsight-data");
        Self { data_dir, database_url: None, read_database_url: None, connections: 8 }
    }
}

impl Storage {
    /// The database of the log.
    pub fn log(&self) -> Location {
        match &self.database_url {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(self.data_dir.join("log.db")),
        }
    }

    /// The database of the read models.
    pub fn read_models(&self) -> Location {
        match self.read_database_url.as_ref().or(self.database_url.as_ref()) {
            Some(url) => Location::Postgres(url.clone()),
            None => Location::Sqlite(self.data_dir.join("read.db")),
        }
    }

    /// The folder of the SQLite files; `None` with PostgreSQL.
    pub fn folder(&self) -> Option<&PathBuf> {
        self.database_url.is_none().then_some(&self.data_dir)
    }
}

/// How the server is reached and whom it believes.
#[derive(Args, Clone, Debug)]
pub struct Serving {
    /// Address and port to listen on; loopback unless said otherwise.
    #[arg(long, env = "HINDSIGHT_LISTEN", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Believe the header Hindsight-Actor. Only behind a proxy that authenticates and always sets it.
    #[arg(long, env = "HINDSIGHT_TRUST_ACTOR_HEADER", value_parser = BoolishValueParser::new())]
    pub trust_actor_header: bool,

    /// An origin, besides the server's own, whose pages may call it, such as https://shop.example; may be repeated.
    #[arg(
        long = "allow-origin",
        env = "HINDSIGHT_ALLOW_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = origin
    )]
    pub allowed_origins: Vec<String>,

    /// A name, besides localhost and IP addresses, under which this server may be asked; may be repeated, `*` is any.
    /// Without one, a server that listens on loopback is asked under no other, and any other under all names.
    #[arg(long = "allow-host", env = "HINDSIGHT_ALLOW_HOST", value_name = "NAME", value_delimiter = ',', value_parser = host_name)]
    pub allowed_hosts: Vec<String>,

    /// Answer no questions about the schema, and suggest no names in errors.
    #[arg(long, env = "HINDSIGHT_NO_INTROSPECTION", value_parser = BoolishValueParser::new())]
    pub no_introspection: bool,

    /// Do not speak the old graphql-ws WebSocket sub-protocol.
    #[arg(long, env = "HINDSIGHT_NO_LEGACY_WS", value_parser = BoolishValueParser::new())]
    pub no_legacy_ws: bool,

    /// Serve no page at / and /playground.
    #[arg(long, env = "HINDSIGHT_NO_EXPLORER", value_parser = BoolishValueParser::new())]
    pub no_explorer: bool,

    #[command(flatten)]
    pub limits: LimitArgs,

    #[command(flatten)]
    pub patience: PatienceArgs,
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
    fn apply(&self, settings: Settings) -> Settings {
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

/// An origin as browsers write it, or `*`.
fn origin(text: &str) -> Result<String, String> {
    let parsed = text.split_once("://").and_then(|(scheme, authority)| {
        let authority = authority.parse::<Authority>().ok()?;
        Some((["http", "https"].contains(&scheme), !authority.as_str().contains('@')))
    });
    match (text, parsed) {
        ("*", _) | (_, Some((true, true))) => Ok(text.to_owned()),
        _ => Err("expected * or an origin without a path, such as https://shop.example:8443".to_owned()),
    }
}

/// A name without a port, or `*`.
fn host_name(text: &str) -> Result<String, String> {
    let is_name = text.parse::<Authority>().is_ok_and(|authority| authority.host() == text);
    match text == "*" || is_name {
        true => Ok(text.to_owned()),
        false => Err("expected * or a name without scheme and port, such as shop.example".to_owned()),
    }
}

/// A bound of nothing would refuse everything; more than this is no bound.
fn at_least_one<T: TryFrom<u64> + Clone + Send + Sync>() -> RangedU64ValueParser<T>
where
    <T as TryFrom<u64>>::Error: std::error::Error + Send + Sync + 'static,
{
    RangedU64ValueParser::new().range(1..=u64::from(u32::MAX))
}

impl LimitArgs {
    fn limits(&self) -> Limits {
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

impl Serving {
    /// As the edge understands it.
    pub fn settings(&self) -> Settings {
        let settings = Settings {
            limits: self.limits.limits(),
            trust_actor_header: self.trust_actor_header,
            allowed_origins: self.allowed_origins.clone(),
            hosts: self.hosts(),
            introspection: !self.no_introspection,
            legacy_ws: !self.no_legacy_ws,
            explorer: !self.no_explorer,
            ..Settings::default()
        };
        self.patience.apply(settings)
    }

    fn hosts(&self) -> Option<Vec<String>> {
        let any = self.allowed_hosts.iter().any(|name| name == "*");
        let guarded = self.listen.ip().is_loopback() || !self.allowed_hosts.is_empty();
        (guarded && !any).then(|| self.allowed_hosts.clone())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        serving: Serving,
    }

    fn settings(flags: &[&str]) -> Result<Settings, String> {
        let line =
            Line::try_parse_from([&["hindsight"], flags].concat()).map_err(|error| error.to_string())?;
        Ok(line.serving.settings())
    }

    #[test]
    fn what_the_command_line_has_by_default_is_what_the_edge_has() {
        let expected = Settings { hosts: Some(Vec::new()), ..Settings::default() };
        assert_eq!(format!("{:#?}", settings(&[]).unwrap()), format!("{expected:#?}"));
    }

    #[test]
    fn a_server_is_guarded_on_loopback_and_wherever_its_names_are_told() {
        let hosts = |flags: &[&str]| settings(flags).unwrap().hosts;
        let named = Some(vec!["shop.example".to_owned()]);
        assert_eq!(hosts(&["--listen", "0.0.0.0:80"]), None);
        assert_eq!(hosts(&["--listen", "[::1]:80", "--allow-host", "shop.example"]), named);
        assert_eq!(hosts(&["--listen", "0.0.0.0:80", "--allow-host", "shop.example"]), named);
        assert_eq!(hosts(&["--allow-host", "*"]), None);
    }

    #[test]
    fn what_could_never_fit_is_refused() {
        for flags in [
            ["--allow-origin", "https://shop.example/"],
            ["--allow-origin", "shop.example"],
            ["--allow-origin", "https://a:b@shop.example"],
            ["--allow-host", "https://shop.example"],
            ["--allow-host", "shop.example:8080"],
            ["--query-timeout", "0"],
            ["--ping-interval", "0"],
        ] {
            assert!(settings(&flags).is_err_and(|error| error.contains(flags[0])), "{flags:?}");
        }
        assert!(settings(&["--allow-origin", "*,https://[::1]:8443,http://localhost:3000"]).is_ok());
    }
}
