//! What all events have in common, with the payload of each flattened in.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Context, Description, Enum, ID, Object, ObjectType, TypeName};

use crate::engine::event::{DecodeError, Event as _, Metadata, Position, Recorded};
use crate::engine::time::Instant;
use crate::graphql::scalars::Json;
use crate::graphql::{At, Failure, Result};
use crate::read::node::Node;
use crate::write::order::event::{self as order, OrderEvent};
use crate::write::product::event::{self as product, ProductEvent};
use crate::write::user::event::{self as user, UserEvent};

/// What kind of entity a stream holds.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamType {
    /// A user.
    User,
    /// A product.
    Product,
    /// An order.
    Order,
}

impl StreamType {
    /// The name it is stored under.
    pub const fn stored(self) -> &'static str {
        match self {
            Self::User => user::STREAM_TYPE,
            Self::Product => product::STREAM_TYPE,
            Self::Order => order::STREAM_TYPE,
        }
    }

    /// From the name it is stored under.
    pub fn of(event: &Recorded) -> Result<Self, DecodeError> {
        match event.stream_type.as_str() {
            user::STREAM_TYPE => Ok(Self::User),
            product::STREAM_TYPE => Ok(Self::Product),
            order::STREAM_TYPE => Ok(Self::Order),
            other => Err(DecodeError::Unknown { name: other.to_owned(), version: event.schema_version }),
        }
    }

    /// An event's payload as JSON text, lifted to its newest shape.
    fn lifted(self, event: &Recorded) -> Result<String, Failure> {
        let decoded = match self {
            Self::User => event.decode::<UserEvent>().map(|event| event.encode()),
            Self::Product => event.decode::<ProductEvent>().map(|event| event.encode()),
            Self::Order => event.decode::<OrderEvent>().map(|event| event.encode()),
        };
        decoded.map_err(Failure::internal)?.map_err(Failure::internal)
    }
}

/// What differs between events: an object of its own fields, flattened into the event.
pub trait Payload: ObjectType {
    /// The stored name of the event, and the name of its type in the API.
    const NAME: &'static str;
    /// The description of the type.
    const DESCRIPTION: &'static str;
}

/// An event with its payload.
pub struct Fact<P> {
    recorded: Arc<Recorded>,
    metadata: Metadata,
    stream_type: StreamType,
    payload: P,
}

impl<P> Fact<P> {
    /// An event as recorded, with its payload as the API shows it.
    ///
    /// # Errors
    /// When metadata or type are not what this program writes.
    pub fn new(recorded: Arc<Recorded>, payload: P) -> Result<Self, DecodeError> {
        let (metadata, stream_type) = (recorded.metadata()?, StreamType::of(&recorded)?);
        Ok(Self { recorded, metadata, stream_type, payload })
    }
}

impl<P: Payload> TypeName for Fact<P> {
    fn type_name() -> Cow<'static, str> {
        P::NAME.into()
    }
}

impl<P: Payload> Description for Fact<P> {
    fn description() -> &'static str {
        P::DESCRIPTION
    }
}

#[Object(name_type, use_type_description)]
impl<P: Payload> Fact<P> {
    /// The place of the event in the log; "0" for what a dry run would record.
    pub async fn position(&self) -> Position {
        self.recorded.position
    }

    /// The event's own id.
    pub async fn id(&self) -> ID {
        self.recorded.event_id.into()
    }

    /// The stored name of the event, such as OrderPlaced.
    #[graphql(name = "type")]
    pub async fn kind(&self) -> &str {
        P::NAME
    }

    /// The version of the shape it was stored in.
    pub async fn schema_version(&self) -> i32 {
        self.recorded.schema_version
    }

    /// What kind of entity it happened to.
    pub async fn stream_type(&self) -> StreamType {
        self.stream_type
    }

    /// The id of the entity it happened to.
    pub async fn stream_id(&self) -> ID {
        self.recorded.stream_id.into()
    }

    /// 1 for the first event of its stream.
    pub async fn stream_version(&self) -> i32 {
        i32::try_from(self.recorded.stream_version).unwrap_or(i32::MAX)
    }

    /// One value for all events of a command, strictly later than that of the command before.
    pub async fn recorded_at(&self) -> Instant {
        self.recorded.recorded_at
    }

    /// The stored payload, lifted to the newest schema version.
    pub async fn data(&self) -> Result<Json> {
        Json::from_text(&self.stream_type.lifted(&self.recorded)?).map_err(Failure::internal)
    }

    /// Who did it, as far as that is known.
    pub async fn actor(&self) -> Option<&str> {
        self.metadata.actor.as_deref()
    }

    /// Why it was done, as far as that was said.
    pub async fn reason(&self) -> Option<&str> {
        self.metadata.reason.as_deref()
    }

    /// The command that recorded it.
    pub async fn command_id(&self) -> ID {
        self.metadata.command_id.into()
    }

    /// What belongs together beyond one command; the command's id unless the sender said otherwise.
    pub async fn correlation_id(&self) -> ID {
        self.metadata.correlation_id.into()
    }

    /// What caused the command, as far as the sender said.
    pub async fn causation_id(&self) -> Option<ID> {
        self.metadata.causation_id.map(ID::from)
    }

    /// SHA-256 over this event as stored and the hash of the event before it, in hex; zeros for a dry run.
    pub async fn hash(&self) -> String {
        self.recorded.hash.to_string()
    }

    /// The entity right after the command this event belongs to; null for a dry run.
    pub async fn subject(&self, context: &Context<'_>) -> Option<Result<Node>> {
        if self.recorded.position == Position::ZERO {
            return None;
        }
        let at = At::then(self.recorded.command_end, self.recorded.recorded_at);
        Node::load(context, self.stream_type, self.recorded.stream_id, at).await.transpose()
    }

    #[graphql(flatten)]
    async fn payload(&self) -> &P {
        &self.payload
    }
}
