//! Parse, start, wait for the signal.

use std::io::{IsTerminal, stderr};
use std::process::ExitCode;

use hindsight::cli::{Cli, run};
use tracing_subscriber::EnvFilter;

/// Rows and answers are many small pieces that one thread makes and another lets go of: with the system's allocator a
/// rebuild takes a quarter longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::read(std::env::args_os().collect()).unwrap_or_else(|error| error.exit());
    let filter = EnvFilter::try_from_env("HINDSIGHT_LOG")
        .unwrap_or_else(|_| EnvFilter::new("warn,sqlx=error,hindsight=info"));
    // Colours are for people; in a file they are noise.
    let colours = stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(stderr).init();
    run(cli).await
}
