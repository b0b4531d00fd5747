//! Decisions: pure and synchronous, on states that are exact at one position of the log.
//!
//! No clock, no I/O, no randomness: facts (the instant, new ids) arrive with the command.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::event::{DecodeError, Event};
use super::time::Instant;

/// The state of one kind of stream, folded from its events.
pub trait Aggregate: Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The stored name of the stream's type.
    const TYPE: &'static str;
    /// Raised whenever the state's shape or fold changes; snapshots of another revision are ignored.
    const REVISION: i32;
    type Event: Event;

    /// Total: history is never refused. Rules live in decisions alone.
    fn evolve(&mut self, event: &Self::Event);

    /// What no other stream may hold now, such as an e-mail address, with keys already folded.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }
}

/// Something only one stream can hold at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// What kind of thing is claimed, such as `email`.
    pub scope: &'static str,
    /// The thing itself, folded so that equal things have equal keys.
    pub key: String,
}

/// A stream a command will look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StreamRef(pub Uuid);

/// A wish to change something, decided on the present.
pub trait Command: Send + Sync + 'static {
    type Rejection: Rejection;

    /// The streams the decision will look at, as far as they are known beforehand: a hint, to load a batch's in one query.
    fn reads(&self) -> Vec<StreamRef>;

    /// Looks at streams and records events, or says why not. May be called several times; only the last call counts.
    fn decide(&self, streams: &mut Streams<'_>, at: Instant) -> Decision<Self::Rejection>;
}

/// Why a command was not carried out: a business rule, told to the one who sent it.
pub trait Rejection: fmt::Debug + Send + 'static {
    /// Another stream holds what the command would have claimed.
    fn taken(claim: &Claim) -> Self;
    /// The command's id already stands for a command with other content.
    fn command_id_reused(command_id: Uuid) -> Self;
}

/// What a decision comes to; events are in the [`Streams`] it was given.
pub type Decision<R> = Result<(), Stop<R>>;

/// Why a decision ended early.
#[derive(Debug)]
pub enum Stop<R> {
    /// A business rule refuses the command.
    Rejected(R),
    /// A stream has to be loaded first; the engine does so and decides again.
    NotInHand(NotInHand),
}

impl<R: Rejection> From<R> for Stop<R> {
    fn from(rejection: R) -> Self {
        Self::Rejected(rejection)
    }
}

impl<R: Rejection> From<NotInHand> for Stop<R> {
    fn from(stream: NotInHand) -> Self {
        Self::NotInHand(stream)
    }
}

/// A stream whose state is not in hand yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotInHand(pub Uuid);

/// A stream at one version, or the knowledge that there is none.
#[derive(Clone, Default)]
pub struct Held(Option<HeldStream>);

#[derive(Clone)]
struct HeldStream {
    version: i64,
    state: Arc<dyn State>,
}

impl Held {
    /// The knowledge that no event of this stream exists.
    pub fn absent() -> Self {
        Self(None)
    }

    /// A state as a snapshot or a fold has it.
    pub fn at<A: Aggregate>(version: i64, state: A) -> Self {
        Self(Some(HeldStream { version, state: Arc::new(Folded(state)) }))
    }

    /// The number of events behind this state; 0 when absent.
    pub fn version(&self) -> i64 {
        self.0.as_ref().map_or(0, |held| held.version)
    }

    /// The stored name of the stream's type; `None` when absent.
    pub fn kind(&self) -> Option<&'static str> {
        self.0.as_ref().map(|held| held.state.kind())
    }

    /// The state, when the stream exists and is of this type.
    pub fn state<A: Aggregate>(&self) -> Option<&A> {
        let held = self.0.as_ref()?;
        held.state.as_any().downcast_ref::<A>()
    }

    /// What the stream holds now.
    pub fn claims(&self) -> Vec<Claim> {
        self.0.as_ref().map_or_else(Vec::new, |held| held.state.claims())
    }

    /// The state as JSON text with its revision, for a snapshot; `None` when absent.
    pub fn snapshot(&self) -> Option<Result<Snapshot, serde_json::Error>> {
        self.0.as_ref().map(|held| {
            held.state.encode().map(|state| Snapshot {
                revision: held.state.revision(),
                version: held.version,
                state,
            })
        })
    }
}

/// A state as it is kept beside the log.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The aggregate's revision that folded it.
    pub revision: i32,
    pub version: i64,
    /// JSON text.
    pub state: String,
}

/// Any aggregate's state, its type forgotten.
trait State: Any + Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn as_any_mut(&mut self) -> &mut dyn Any;
    fn kind(&self) -> &'static str;
    fn revision(&self) -> i32;
    fn claims(&self) -> Vec<Claim>;
    fn encode(&self) -> Result<String, serde_json::Error>;
    fn copy(&self) -> Arc<dyn State>;
}

struct Folded<A>(A);

impl<A: Aggregate> State for Folded<A> {
    fn as_any(&self) -> &dyn Any {
        &self.0
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        &mut self.0
    }

    fn kind(&self) -> &'static str {
        A::TYPE
    }

    fn revision(&self) -> i32 {
        A::REVISION
    }

    fn claims(&self) -> Vec<Claim> {
        self.0.claims()
    }

    fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
    }

    fn copy(&self) -> Arc<dyn State> {
        Arc::new(Folded(self.0.clone()))
    }
}

/// How to fold the streams of every registered aggregate: the command side's table of contents for the engine.
#[derive(Clone, Default)]
pub struct Aggregates(HashMap<&'static str, Folding>);

#[derive(Clone, Copy)]
struct Folding {
    /// Folds one stored event over what is held.
    evolve: fn(&mut Held, name: &str, version: i32, data: &str) -> Result<(), DecodeError>,
    restore: fn(&Snapshot) -> Option<Held>,
}

impl Aggregates {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one kind of stream.
    #[must_use]
    pub fn with<A: Aggregate>(mut self) -> Self {
        self.0.insert(A::TYPE, Folding { evolve: evolve_stored::<A>, restore: restore::<A> });
        self
    }

    /// Folds one stored event over what is held of its stream.
    ///
    /// # Errors
    /// When the stream's type or the event is unknown to this binary, or the text does not decode.
    pub fn evolve(&self, held: &mut Held, event: &super::event::Recorded) -> Result<(), DecodeError> {
        let folding = self.0.get(event.stream_type.as_str()).ok_or_else(|| DecodeError::Unknown {
            name: format!("{}.{}", event.stream_type, event.event_type),
            version: event.schema_version,
        })?;
        let evolve = || (folding.evolve)(held, &event.event_type, event.schema_version, &event.data);
        std::panic::catch_unwind(AssertUnwindSafe(evolve))
            .unwrap_or_else(|panic| Err(DecodeError::Panicked(panic_text(panic.as_ref()))))
    }

    /// The state a snapshot holds; `None` when it is of another revision or cannot be read, and is to be ignored.
    pub fn restore(&self, stream_type: &str, snapshot: &Snapshot) -> Option<Held> {
        self.0.get(stream_type).and_then(|folding| (folding.restore)(snapshot))
    }
}

fn evolve_stored<A: Aggregate>(
    held: &mut Held,
    name: &str,
    version: i32,
    data: &str,
) -> Result<(), DecodeError> {
    let event = A::Event::decode(name, version, data)?;
    held.evolve::<A>(&event);
    Ok(())
}

fn restore<A: Aggregate>(snapshot: &Snapshot) -> Option<Held> {
    if snapshot.revision != A::REVISION {
        return None;
    }
    serde_json::from_str::<A>(&snapshot.state).ok().map(|state| Held::at(snapshot.version, state))
}

impl Held {
    /// Folds one event over the state, copying it first where somebody else holds it too.
    ///
    /// # Panics
    /// When the stream is of another type: a decision recorded an event on a stream it did not look at.
    fn evolve<A: Aggregate>(&mut self, event: &A::Event) {
        let held =
            self.0.get_or_insert_with(|| HeldStream { version: 0, state: Arc::new(Folded(A::default())) });
        if Arc::get_mut(&mut held.state).is_none() {
            held.state = held.state.copy();
        }
        let state = Arc::get_mut(&mut held.state)
            .and_then(|state| state.as_any_mut().downcast_mut::<A>())
            .unwrap_or_else(|| panic!("an event of {} on a stream of another type", A::TYPE));
        state.evolve(event);
        held.version += 1;
    }
}

/// The streams a decision looks at, in layers: its own changes over those of the batch over what is in hand.
pub struct Streams<'a> {
    below: &'a dyn Fn(Uuid) -> Option<Held>,
    own: HashMap<Uuid, Held>,
    drafts: Vec<Draft>,
}

/// An event as decided, not yet in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub stream_id: Uuid,
    pub stream_type: &'static str,
    pub stream_version: i64,
    pub event_type: &'static str,
    pub schema_version: i32,
    /// JSON text.
    pub data: String,
}

impl<'a> Streams<'a> {
    /// Streams over a look-up of what is in hand below; it answers `None` for a stream that has to be loaded.
    pub fn over(below: &'a dyn Fn(Uuid) -> Option<Held>) -> Self {
        Self { below, own: HashMap::new(), drafts: Vec::new() }
    }

    /// The state of a stream; `None` when there is no such stream of this type.
    ///
    /// # Errors
    /// [`NotInHand`] ends the try: the engine loads the stream and decides again.
    pub fn get<A: Aggregate>(&mut self, id: Uuid) -> Result<Option<&A>, NotInHand> {
        Ok(self.held(id)?.state::<A>())
    }

    /// Whether any stream, of whatever type, has this id.
    ///
    /// # Errors
    /// [`NotInHand`] ends the try.
    pub fn exists(&mut self, id: Uuid) -> Result<bool, NotInHand> {
        Ok(self.held(id)?.version() > 0)
    }

    /// The number of events in a stream; 0 when there is none.
    ///
    /// # Errors
    /// [`NotInHand`] ends the try.
    pub fn version(&mut self, id: Uuid) -> Result<i64, NotInHand> {
        Ok(self.held(id)?.version())
    }

    /// Records an event; the rest of the decision sees the state after it.
    ///
    /// # Errors
    /// [`NotInHand`] ends the try.
    ///
    /// # Panics
    /// When the stream is of another type, or the event cannot be written as JSON: faults of the decision,
    /// which the engine catches and answers as broken.
    pub fn record<A: Aggregate>(&mut self, id: Uuid, event: A::Event) -> Result<(), NotInHand> {
        self.held(id)?;
        let held = self.own.entry(id).or_default();
        held.evolve::<A>(&event);
        let (event_type, schema_version) = event.stored_as();
        let data =
            event.encode().unwrap_or_else(|cause| panic!("{event_type} cannot be written as JSON: {cause}"));
        self.drafts.push(Draft {
            stream_id: id,
            stream_type: A::TYPE,
            stream_version: held.version(),
            event_type,
            schema_version,
            data,
        });
        Ok(())
    }

    /// What was recorded, and the states after it.
    pub fn finish(self) -> (Vec<Draft>, HashMap<Uuid, Held>) {
        (self.drafts, self.own)
    }

    fn held(&mut self, id: Uuid) -> Result<&Held, NotInHand> {
        use std::collections::hash_map::Entry;
        match self.own.entry(id) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => (self.below)(id).map(|held| &*entry.insert(held)).ok_or(NotInHand(id)),
        }
    }
}

/// What one try of a command came to.
pub enum Tried {
    /// Carried out: the events, and the states of every stream it looked at.
    Decided { drafts: Vec<Draft>, states: HashMap<Uuid, Held> },
    /// A rule refused it.
    Rejected(Box<dyn Any + Send>),
    /// It needs a stream that is not in hand.
    NotInHand(Uuid),
    /// It panicked; the text says where, for the log of the process only.
    Broken(String),
}

/// A command, its type forgotten, so that one writer takes them all.
pub trait AnyCommand: Send + Sync {
    /// See [`Command::reads`].
    fn reads(&self) -> Vec<StreamRef>;
    /// Decides on a scratch layer; panics are caught.
    fn attempt(&self, below: &dyn Fn(Uuid) -> Option<Held>, at: Instant) -> Tried;
    /// See [`Rejection::taken`].
    fn taken(&self, claim: &Claim) -> Box<dyn Any + Send>;
    /// See [`Rejection::command_id_reused`].
    fn command_id_reused(&self, command_id: Uuid) -> Box<dyn Any + Send>;
}

impl<C: Command> AnyCommand for C {
    fn reads(&self) -> Vec<StreamRef> {
        // A hint only: without it the decision asks for what it needs.
        std::panic::catch_unwind(AssertUnwindSafe(|| Command::reads(self))).unwrap_or_default()
    }

    fn attempt(&self, below: &dyn Fn(Uuid) -> Option<Held>, at: Instant) -> Tried {
        let mut streams = Streams::over(below);
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.decide(&mut streams, at))) {
            Ok(Ok(())) => {
                let (drafts, states) = streams.finish();
                Tried::Decided { drafts, states }
            }
            Ok(Err(Stop::Rejected(rejection))) => Tried::Rejected(Box::new(rejection)),
            Ok(Err(Stop::NotInHand(NotInHand(id)))) => Tried::NotInHand(id),
            Err(panic) => Tried::Broken(panic_text(panic.as_ref())),
        }
    }

    fn taken(&self, claim: &Claim) -> Box<dyn Any + Send> {
        Box::new(C::Rejection::taken(claim))
    }

    fn command_id_reused(&self, command_id: Uuid) -> Box<dyn Any + Send> {
        Box::new(C::Rejection::command_id_reused(command_id))
    }
}

/// What a panic said.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

/// Given what happened, when a command is decided, then these events or this rejection: decisions without I/O.
#[cfg(test)]
pub mod scenario {
    use super::*;

    /// A little past: streams folded from the events given.
    #[derive(Default)]
    pub struct Scenario {
        streams: HashMap<Uuid, Held>,
    }

    impl Scenario {
        /// Adds an event that happened to a stream.
        #[must_use]
        pub fn given<A: Aggregate>(mut self, id: Uuid, event: A::Event) -> Self {
            self.streams.entry(id).or_default().evolve::<A>(&event);
            self
        }

        /// Decides; every stream is in hand. Panics of the decision are the test's own.
        pub fn when<C: Command>(&self, command: &C, at: Instant) -> Result<Vec<Draft>, C::Rejection> {
            let below = |id: Uuid| Some(self.streams.get(&id).cloned().unwrap_or_default());
            let mut streams = Streams::over(&below);
            match command.decide(&mut streams, at) {
                Ok(()) => Ok(streams.finish().0),
                Err(Stop::Rejected(rejection)) => Err(rejection),
                Err(Stop::NotInHand(missing)) => {
                    unreachable!("every stream is in hand, yet {missing:?} was asked for")
                }
            }
        }
    }
}
