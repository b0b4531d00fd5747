//! `hindsight status`: the log's head, how far each read model has got, and what to do about one that stopped.

use sea_orm::{EntityTrait, QueryOrder};

use super::{Failure, say};
use crate::app;
use crate::config::Storage;
use crate::engine::event::Position;
use crate::engine::read_model::catalogue::read_models::{Column, Entity, Model, State};

#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    storage: Storage,
}

pub async fn run(args: Args) -> Result<(), Failure> {
    let log = app::open_log(&args.storage).await?;
    let head = log.head().await?;
    say(format_args!("log {}", log.id()))?;
    match head.position {
        Position::ZERO => say("empty")?,
        position => {
            say(format_args!("head {position}, recorded at {}, hash {}", head.recorded_at, head.hash))?
        }
    }
    let catalogue = app::open_read_models(&args.storage).await?;
    let generations = Entity::find()
        .order_by_asc(Column::Name)
        .order_by_asc(Column::Revision)
        .order_by_asc(Column::Generation)
        .all(catalogue.reader())
        .await?;
    let current: Vec<&Model> = generations.iter().filter(|one| one.state != State::Retired).collect();
    for generation in &current {
        let is_other = |other: &Model| other.name == generation.name && other.revision == generation.revision;
        let is_served = current.iter().any(|other| is_other(other) && other.state == State::Serving);
        say(format_args!("{}", line(generation, is_served, head.position)))?;
    }
    Ok(())
}

/// `is_served`: a generation of this read model and revision answers queries, this one or another.
fn line(model: &Model, is_served: bool, head: Position) -> String {
    let Model { name, revision, generation, position, .. } = model;
    let lag = head.get() - position;
    let doing = match (&model.failure, &model.state) {
        (Some(failure), State::Building) if is_served => format!(
            "STOPPED at position {position} while it was being built: {failure}\n    The generation that serves goes on. Once \
             the cause is mended, run: hindsight rebuild {name}"
        ),
        (Some(failure), _) => format!(
            "STOPPED at position {position}: {failure}\n    Its queries answer an error; all else goes on. Once the cause is \
             mended, run: hindsight rebuild {name}"
        ),
        (None, State::Building) if is_served => format!(
            "being built, at position {position}, {lag} events to go\n    Should nobody be at it any more, this goes on with \
             it: hindsight rebuild {name}"
        ),
        (None, State::Building) => format!(
            "being built for the first time, at position {position}, {lag} events to go\n    It answers queries once that is \
             done; `serve` goes on with it by itself."
        ),
        (None, _) => format!("at position {position}, {lag} events behind"),
    };
    format!("{name} (revision {revision}, generation {generation}) {doing}")
}
