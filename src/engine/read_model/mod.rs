//! Read models: pure folds over rows of their own. The engine keeps the rows, gives them a past and answers from both.
//!
//! A slice writes [`definition`] and asks a [`reader::Reader`]; everything else here runs on its own:
//! [`runner`] follows the log, [`building`] makes a new generation beside the serving one, [`proof`] holds rows against a
//! replay.

mod batch;
mod brought;
mod bucket;
mod building;
pub mod catalogue;
pub mod checkpoints;
pub mod definition;
mod empty;
mod filter;
mod follow;
mod hand;
mod instance;
mod lateral;
mod load;
mod named;
mod pace;
mod pages;
mod place;
mod preview;
pub mod proof;
mod query;
mod range;
mod reach;
pub mod reader;
pub mod rebuild;
pub mod registry;
mod rows;
mod runner;
mod source;
mod statement;
pub mod status;
mod table;
#[cfg(test)]
mod thing;
mod threshold;
mod walk;
mod words;
mod write;

pub use definition::{Column, Index, ReadModel, Row, Table};
pub use instance::{Checkpoint, Settings};
pub use query::{First, Query};
pub use reader::{ReadError, Reader};
pub use rebuild::{RebuildError, Rebuilt};
pub use registry::{Builder, ReadModels, StartError};
pub use rows::{AnyRow, Key, Keys, Rows};
pub use status::{ModelState, ModelStatus};
pub use words::Words;
