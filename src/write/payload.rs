//! What a mutation answers: why it was not carried out, or what was recorded and the entity right after.

use std::borrow::Cow;

use async_graphql::{Context, Description, Enum, ID, Interface, Object, ObjectType, SimpleObject, TypeName};
use uuid::Uuid;

use super::mutation::{Decided, Verdict};
use super::order::graphql::OrderAfter;
use super::product::graphql::ProductAfter;
use super::rejection::{Rejection, RejectionCode};
use super::user::graphql::UserAfter;
use crate::engine::event::{Events, Position};
use crate::graphql::{At, Result, Scope};
use crate::read::events::graphql::Event;

/// Why a command was not carried out, for programs.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[graphql(remote = "RejectionCode")]
pub enum CommandErrorCode {
    /// A value of the input is not what it has to be.
    InvalidInput,
    /// There is no entity of this type with the id.
    NotFound,
    /// An entity, of whatever type, has the id that was given to a new one.
    AlreadyExists,
    /// The entity is not at the version that was expected.
    VersionConflict,
    /// The command's id stands for a command with other content.
    CommandIdReused,
    /// Another user has the e-mail address.
    EmailTaken,
    /// The user has another e-mail address by now.
    EmailNotCurrent,
    /// Control of the e-mail address was shown before.
    EmailAlreadyVerified,
    /// The user is deactivated and can only be reactivated.
    UserDeactivated,
    /// Another product has the SKU.
    SkuTaken,
    /// The product is discontinued and takes no orders, name or price.
    ProductDiscontinued,
    /// More units would go than are in stock.
    InsufficientStock,
    /// Prices would be in two currencies.
    CurrencyMismatch,
    /// The entity is not in a state that leads to the one asked for.
    InvalidTransition,
    /// What was asked for is so already.
    NoChange,
}

/// Why a command was not carried out. Nothing was recorded. All INVALID_INPUT errors of an input are told at once.
#[derive(SimpleObject, Clone, Debug, PartialEq, Eq)]
pub struct CommandError {
    /// For programs.
    code: CommandErrorCode,
    /// For people: what was expected, what came, and what to do.
    message: String,
    /// Where in the input, such as ["lines", "0", "quantity"].
    path: Vec<String>,
}

impl From<Rejection> for CommandError {
    fn from(rejection: Rejection) -> Self {
        Self { code: rejection.code().into(), message: rejection.message(), path: rejection.path() }
    }
}

/// The part of a payload that shows the entity: an object with that one field, read only when selected.
pub trait Part: ObjectType + From<After> {
    /// The name of the payload's type.
    const PAYLOAD: &'static str;
    /// The description of the payload's type.
    const DESCRIPTION: &'static str;
}

/// An entity that payloads show.
pub trait Shown: Sized + Send {
    /// As it stood, if it was there.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    fn load(context: &Context<'_>, id: Uuid, at: At) -> impl Future<Output = Result<Option<Self>>> + Send;

    /// As it would be, had the events been recorded right after `on`.
    ///
    /// # Errors
    /// As [`Self::load`].
    fn preview(
        context: &Context<'_>,
        id: Uuid,
        events: &Events,
        on: Position,
    ) -> impl Future<Output = Result<Option<Self>>> + Send;
}

/// Which state of which entity a payload shows.
#[derive(Clone, Debug)]
pub enum After {
    /// None: the input does not say which.
    Nothing,
    /// That right after a command.
    Recorded { id: Uuid, at: At },
    /// That right after a dry run on a position, had it been recorded.
    Rehearsed { id: Uuid, events: Events, on: Position },
    /// That in which a command was refused.
    Refused { id: Uuid, on: Position },
}

impl After {
    /// Reads the entity.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE` when the read model does not get there in time, or a fault of ours.
    pub async fn show<S: Shown>(&self, context: &Context<'_>) -> Result<Option<S>> {
        match self {
            Self::Nothing => Ok(None),
            Self::Recorded { id, at } => S::load(context, *id, *at).await,
            Self::Rehearsed { id, events, on } => S::preview(context, *id, events, *on).await,
            Self::Refused { id, on } => {
                let moment = Scope::of(context)?.engine().moments.at_position(*on).await?;
                S::load(context, *id, At::now(*on, moment.until)).await
            }
        }
    }

    /// The entity of the events of one command, the first of which happened to it.
    fn command(events: &Events, is_past: bool) -> Self {
        match (events.first(), events.last()) {
            (Some(first), Some(last)) => {
                let at = if is_past { At::then } else { At::now }(last.position, last.recorded_at);
                Self::Recorded { id: first.stream_id, at }
            }
            _ => Self::Nothing,
        }
    }

    fn rehearsal(events: &Events, on: Position) -> Self {
        let events = events.clone();
        events.first().map(|first| first.stream_id).map_or(Self::Nothing, |id| Self::Rehearsed {
            id,
            events,
            on,
        })
    }
}

/// What a mutation came to, with the entity as `E` shows it.
pub struct Payload<E> {
    command_id: Uuid,
    errors: Vec<CommandError>,
    events: Events,
    position: Option<Position>,
    entity: E,
}

impl<E: Part> Payload<E> {
    /// Shapes an outcome.
    pub fn of(decided: Decided) -> Self {
        let command_id = decided.command_id;
        let (errors, events, position, after) = match decided.verdict {
            Verdict::Recorded(events) => {
                let position = events.last().map(|last| last.position);
                let after = After::command(&events, false);
                (Vec::new(), events, position, after)
            }
            // Much may have happened since then: its state must not pass for the present's.
            Verdict::Repeated(events) => {
                let position = events.last().map(|last| last.position);
                let after = After::command(&events, true);
                (Vec::new(), events, position, after)
            }
            Verdict::Rehearsed { events, on } => {
                let after = After::rehearsal(&events, on);
                (Vec::new(), events, None, after)
            }
            Verdict::Refused { rejection, entity, on } => {
                (vec![rejection.into()], Events::default(), None, After::Refused { id: entity, on })
            }
            Verdict::Unsound(found) => {
                let errors = found.into_iter().map(CommandError::from).collect();
                (errors, Events::default(), None, After::Nothing)
            }
        };
        Self { command_id, errors, events, position, entity: E::from(after) }
    }
}

impl<E: Part> TypeName for Payload<E> {
    fn type_name() -> Cow<'static, str> {
        E::PAYLOAD.into()
    }
}

impl<E: Part> Description for Payload<E> {
    fn description() -> &'static str {
        E::DESCRIPTION
    }
}

#[Object(name_type, use_type_description)]
impl<E: Part> Payload<E> {
    #[graphql(flatten)]
    async fn entity(&self) -> &E {
        &self.entity
    }

    /// Empty when carried out.
    pub async fn errors(&self) -> &[CommandError] {
        &self.errors
    }

    /// What was recorded, or would be on a dry run.
    pub async fn events(&self) -> Result<Vec<Event>> {
        self.events.iter().cloned().map(Event::shown).collect()
    }

    /// The last recorded position; null when nothing was recorded.
    pub async fn position(&self) -> Option<Position> {
        self.position
    }

    /// The command's id: as given, or as chosen by the server.
    pub async fn command_id(&self) -> ID {
        self.command_id.into()
    }
}

/// What every mutation answers.
#[derive(Interface)]
#[graphql(
    field(name = "errors", ty = "&[CommandError]", desc = "Empty when carried out."),
    field(name = "events", ty = "Result<Vec<Event>>", desc = "What was recorded, or would be on a dry run."),
    field(
        name = "position",
        ty = "Option<Position>",
        desc = "The last recorded position; null when nothing was recorded."
    ),
    field(name = "command_id", ty = "ID", desc = "The command's id: as given, or as chosen by the server.")
)]
pub enum CommandPayload {
    User(Payload<UserAfter>),
    Product(Payload<ProductAfter>),
    Order(Payload<OrderAfter>),
}
