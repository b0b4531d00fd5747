//! `hindsight migrate`: makes the databases' tables or brings them up to date.

use super::{Failure, say};
use crate::app;
use crate::config::Storage;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    app::prepare(&args.storage).await?;
    say(format_args!("The databases are up to date."))?;
    Ok(())
}
