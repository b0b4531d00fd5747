//! A toy domain for the engine alone: jars of coins with labels that no two jars share.

use hindsight::engine::decision::{
    Aggregate, Aggregates, Claim, Command, Decision, Rejection, StreamRef, Streams,
};
use hindsight::engine::event::{DecodeError, Event};
use hindsight::engine::time::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JarEvent {
    Opened { label: String },
    Relabelled { label: String },
    Filled { coins: i64 },
    Emptied { coins: i64 },
}

impl Event for JarEvent {
    const NAMES: &'static [&'static str] = &["Opened", "Relabelled", "Filled", "Emptied"];

    fn stored_as(&self) -> (&'static str, i32) {
        match self {
            Self::Opened { .. } => ("Opened", 1),
            Self::Relabelled { .. } => ("Relabelled", 1),
            Self::Filled { .. } => ("Filled", 1),
            Self::Emptied { .. } => ("Emptied", 1),
        }
    }

    fn encode(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    fn decode(name: &str, version: i32, text: &str) -> Result<Self, DecodeError> {
        if !Self::NAMES.contains(&name) || version != 1 {
            return Err(DecodeError::Unknown { name: name.to_owned(), version });
        }
        serde_json::from_str(text).map_err(|cause| DecodeError::Malformed { what: name.to_owned(), cause })
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jar {
    pub label: String,
    pub coins: i64,
}

impl Aggregate for Jar {
    const TYPE: &'static str = "Jar";
    const REVISION: i32 = 1;
    type Event = JarEvent;

    fn evolve(&mut self, event: &JarEvent) {
        match event {
            JarEvent::Opened { label } | JarEvent::Relabelled { label } => self.label.clone_from(label),
            JarEvent::Filled { coins } => self.coins += coins,
            JarEvent::Emptied { coins } => self.coins -= coins,
        }
    }

    fn claims(&self) -> Vec<Claim> {
        vec![Claim { scope: "label", key: self.label.to_lowercase() }]
    }
}

/// A second kind of stream, so that ids can be of another type.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Shelf;

impl Aggregate for Shelf {
    const TYPE: &'static str = "Shelf";
    const REVISION: i32 = 1;
    type Event = JarEvent;

    fn evolve(&mut self, _: &JarEvent) {}
}

pub fn aggregates() -> Aggregates {
    Aggregates::new().with::<Jar>().with::<Shelf>()
}

#[derive(Debug, PartialEq, Eq)]
pub enum No {
    LabelTaken,
    IdReused,
    AlreadyThere,
    NotThere,
    NotEnough { has: i64 },
}

impl Rejection for No {
    fn taken(_: &Claim) -> Self {
        Self::LabelTaken
    }

    fn command_id_reused(_: Uuid) -> Self {
        Self::IdReused
    }
}

#[derive(Clone, Debug)]
pub enum Do {
    Open {
        jar: Uuid,
        label: String,
    },
    PutUp {
        shelf: Uuid,
    },
    Relabel {
        jar: Uuid,
        label: String,
    },
    Fill {
        jar: Uuid,
        coins: i64,
    },
    Take {
        jar: Uuid,
        coins: i64,
    },
    /// From one jar to another; the target is not named beforehand in `reads`, so that it has to be asked for.
    Pour {
        from: Uuid,
        to: Uuid,
        coins: i64,
    },
    /// A broken decision.
    Panic,
    /// Swaps the labels of two jars in one command.
    SwapLabels {
        one: Uuid,
        other: Uuid,
    },
    /// Looks at many jars, most of which are not there, and fills one.
    Survey {
        jars: Vec<Uuid>,
        jar: Uuid,
    },
    /// Records one event after another.
    Repeat {
        jar: Uuid,
        times: usize,
    },
    /// Text no database accepts, in a column that is not JSON.
    Fail {
        jar: Uuid,
    },
}

impl Command for Do {
    type Rejection = No;

    fn reads(&self) -> Vec<StreamRef> {
        match self {
            Self::Open { jar, .. } | Self::Fill { jar, .. } | Self::Take { jar, .. } => vec![StreamRef(*jar)],
            Self::Pour { from, .. } => vec![StreamRef(*from)],
            Self::Survey { jars, jar } => jars.iter().chain([jar]).copied().map(StreamRef).collect(),
            _ => Vec::new(),
        }
    }

    fn decide(&self, streams: &mut Streams<'_>, _: Instant) -> Decision<No> {
        match self {
            Self::Open { jar, label } => {
                if streams.exists(*jar)? {
                    return Err(No::AlreadyThere.into());
                }
                streams.record::<Jar>(*jar, JarEvent::Opened { label: label.clone() })?;
            }
            Self::PutUp { shelf } => {
                if streams.exists(*shelf)? {
                    return Err(No::AlreadyThere.into());
                }
                streams.record::<Shelf>(*shelf, JarEvent::Opened { label: String::new() })?;
            }
            Self::Relabel { jar, label } => {
                streams.get::<Jar>(*jar)?.ok_or(No::NotThere)?;
                streams.record::<Jar>(*jar, JarEvent::Relabelled { label: label.clone() })?;
            }
            Self::Fill { jar, coins } => {
                streams.get::<Jar>(*jar)?.ok_or(No::NotThere)?;
                streams.record::<Jar>(*jar, JarEvent::Filled { coins: *coins })?;
            }
            Self::Take { jar, coins } => {
                let has = streams.get::<Jar>(*jar)?.ok_or(No::NotThere)?.coins;
                if has < *coins {
                    return Err(No::NotEnough { has }.into());
                }
                streams.record::<Jar>(*jar, JarEvent::Emptied { coins: *coins })?;
            }
            Self::Pour { from, to, coins } => {
                let has = streams.get::<Jar>(*from)?.ok_or(No::NotThere)?.coins;
                streams.get::<Jar>(*to)?.ok_or(No::NotThere)?;
                if has < *coins {
                    return Err(No::NotEnough { has }.into());
                }
                streams.record::<Jar>(*from, JarEvent::Emptied { coins: *coins })?;
                streams.record::<Jar>(*to, JarEvent::Filled { coins: *coins })?;
            }
            Self::Panic => panic!("a broken decision"),
            Self::SwapLabels { one, other } => {
                let first = streams.get::<Jar>(*one)?.ok_or(No::NotThere)?.label.clone();
                let second = streams.get::<Jar>(*other)?.ok_or(No::NotThere)?.label.clone();
                streams.record::<Jar>(*one, JarEvent::Relabelled { label: second })?;
                streams.record::<Jar>(*other, JarEvent::Relabelled { label: first })?;
            }
            Self::Survey { jars, jar } => {
                for other in jars {
                    streams.get::<Jar>(*other)?;
                }
                streams.record::<Jar>(*jar, JarEvent::Filled { coins: 1 })?;
            }
            Self::Repeat { jar, times } => {
                streams.get::<Jar>(*jar)?.ok_or(No::NotThere)?;
                for _ in 0..*times {
                    streams.record::<Jar>(*jar, JarEvent::Filled { coins: 1 })?;
                }
            }
            Self::Fail { jar } => {
                streams.get::<Jar>(*jar)?.ok_or(No::NotThere)?;
                streams.record::<Jar>(*jar, JarEvent::Relabelled { label: "claimed\0".to_owned() })?;
            }
        }
        Ok(())
    }
}
