//! The command line: one file a subcommand.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod migrate;
mod schema;
mod serve;

/// Keeps every change of a shop as immutable events and answers every query as of any moment, over GraphQL.
#[derive(Parser, Debug)]
#[command(name = "hindsight", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
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
    /// Prints the GraphQL schema.
    Schema,
}

/// Runs what the command line asks for.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        None => serve::run(cli.serve).await,
        Some(Command::Serve(args)) => serve::run(*args).await,
        Some(Command::Migrate(args)) => migrate::run(args).await,
        Some(Command::Schema) => schema::run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hindsight: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why a subcommand failed, for the one who ran it.
type Failure = Box<dyn std::error::Error + Send + Sync>;
