//! Every setting: documented, with its default, checked once. Flags win over the environment, and that over a file.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::http::uri::Authority;
use clap::Args;
use clap::builder::BoolishValueParser;

use crate::api::settings::Settings;
use crate::engine::store::Location;

mod bounds;

pub use bounds::{LimitArgs, PatienceArgs};

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

    /// Connections to PostgreSQL for each of log, read models and their past, or readers of each SQLite file.
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
