//! `hindsight status`: the log's head, how far each read model has got, and what to do about one that stopped.

use super::Failure;
use crate::app;
use crate::config::Storage;
use crate::engine::read_model::catalogue::Entry;

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
}
