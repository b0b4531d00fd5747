//! The command line: one file a subcommand.

use std::error::Error;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{ErrorKind, Write, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

mod export;
mod file;
mod import;
mod lines;
mod migrate;
mod progress;
mod rebuild;
mod schema;
mod serve;
mod signals;
mod status;
mod verify;

/// Keeps every change of a shop as immutable events and answers every query as of any moment, over GraphQL.
#[derive(Parser, Debug)]
#[command(name = "hindsight", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// A file of settings in TOML, each called as its flag is: max-depth = 12. Flags and the environment win over it.
    #[arg(long, env = "HINDSIGHT_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Without a subcommand: serve.
    #[command(flatten)]
    serve: serve::Args,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Answers GraphQL over HTTP, WebSocket and server-sent events; brings the databases up to date first.
    Serve(Box<serve::Args>),
    /// Makes the databases' tables or brings them up to date, and ends.
    Migrate(migrate::Args),
    /// Brings in a shop's past from a file of commands, or restores an exported log.
    Import(import::Args),
    /// Prints the log's identity, then every event, one JSON line each.
    Export(export::Args),
    /// Checks the whole log event by event, and names the first that does not fit.
    Verify(verify::Args),
    /// Folds read models anew beside those that serve, and lets the new ones take their place.
    Rebuild(rebuild::Args),
    /// Prints the log's head, how far each read model has got, and what to do about one that stopped.
    Status(status::Args),
    /// Prints the GraphQL schema.
    Schema,
}

impl Cli {
    /// From the words of a command line, the environment, and the file of settings that either names.
    ///
    /// # Errors
    /// What to tell whoever wrote them, or the help they asked for.
    pub fn read(line: Vec<OsString>) -> Result<Self, clap::Error> {
        let command = Self::command();
        let line = file::completed(&command, line, |variable| std::env::var_os(variable))
            .map_err(|error| clap::Error::raw(clap::error::ErrorKind::Io, format!("{error}\n")))?;
        Self::try_parse_from(line)
    }
}

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        None => serve::run(cli.serve).await,
        Some(Command::Serve(args)) => serve::run(*args).await,
        Some(Command::Migrate(args)) => migrate::run(args).await,
        Some(Command::Import(args)) => import::run(args).await,
        Some(Command::Export(args)) => export::run(args).await,
        Some(Command::Verify(args)) => verify::run(args).await,
        Some(Command::Rebuild(args)) => rebuild::run(args).await,
        Some(Command::Status(args)) => status::run(args).await,
        Some(Command::Schema) => schema::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough, as `head` does.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hindsight: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why a subcommand failed, for the one who ran it.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Prints a line for the one who ran the subcommand.
fn say(line: impl Display) -> Result<(), Failure> {
    Ok(writeln!(stdout(), "{line}")?)
}

fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
