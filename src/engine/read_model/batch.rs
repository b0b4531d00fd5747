//! Folding a batch of whole commands, and the versions of rows that come of it. No database here.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::definition::{Folding, Table};
use super::hand::{Hand, Known};
use super::rows::{AnyRow, Key, Keys, Place, Rows};
use crate::engine::decision::panic_text;
use crate::engine::event::{DecodeError, Position, Recorded};

/// How often rows are asked for ahead of their events; what is still missing then is asked for at its turn.
const ROUNDS_AHEAD: usize = 4;

/// Commands folded at one go.
const COMMANDS_A_STEP: usize = 500;

/// How often one command's keys may lead to further keys.
const ROUNDS_OF_A_COMMAND: usize = 64;

/// What a batch needs next.
pub(super) enum Step {
    /// These rows, or the knowledge that they are not there; see [`Batch::learn`].
    Load(HashSet<Place>),
    /// Nothing but the turn again: others want the processor too.
    Pause,
    /// Nothing: all is folded.
    Done,
    /// The model cannot go on: its fold of command number `command` failed.
    Stopped { command: usize, why: String },
}

/// A batch being folded.
pub(super) struct Batch<'a> {
    model: &'a dyn Folding,
    tables: &'a [Table],
    commands: &'a [&'a [Recorded]],
    /// Rows that stand as the tables have them, if any were kept.
    hand: Option<&'a mut Hand>,
    next: usize,
    rounds_ahead: usize,
    rounds_of_command: usize,
    rows: Rows,
    tracks: HashMap<Place, Track>,
    past: HashMap<TypeId, Vec<Past>>,
}

/// One row through a batch.
struct Track {
    stored: bool,
    /// The command that made the version of now; meaningless when there is none.
    since: Position,
    changed: bool,
}

/// A version of a row that has ended.
pub(super) struct Past {
    pub row: Arc<dyn AnyRow>,
    pub from: Position,
    pub to: Position,
}

/// A row of now.
pub(super) struct Put {
    pub key: Key,
    pub row: Arc<dyn AnyRow>,
    /// The command that made it so.
    pub since: Position,
}

/// What a batch does to one table.
#[derive(Default)]
pub(super) struct Changes {
    /// Rows of now that are new or other than before.
    pub put: Vec<Put>,
    /// Rows of now that are no longer there.
    pub removed: Vec<Key>,
    pub past: Vec<Past>,
}

impl<'a> Batch<'a> {
    pub fn new(model: &'a dyn Folding, tables: &'a [Table], commands: &'a [&'a [Recorded]]) -> Self {
        Self {
            model,
            tables,
            commands,
            hand: None,
            next: 0,
            rounds_ahead: 0,
            rounds_of_command: 0,
            rows: Rows::default(),
            tracks: HashMap::new(),
            past: HashMap::new(),
        }
    }

    /// The same, with rows in hand that need not be asked for.
    pub fn with(self, hand: &'a mut Hand) -> Self {
        // Where the hand has every answer, nothing is to be gathered ahead.
        let rounds_ahead = if hand.has_gaps() { 0 } else { ROUNDS_AHEAD };
        Self { hand: Some(hand), rounds_ahead, ..self }
    }

    /// What the tables hold at a place that was asked for: a row with its `valid_from`, or nothing.
    pub fn learn(&mut self, place: Place, found: Option<(Arc<dyn AnyRow>, Position)>) {
        let (held, since) = found.map_or((None, Position::ZERO), |(row, since)| (Some(row), since));
        self.tracks.insert(place.clone(), Track { stored: held.is_some(), since, changed: false });
        self.rows.learn(place, held);
    }

    /// Whether it is known what stands at a place.
    pub fn knows(&self, place: &Place) -> bool {
        self.rows.knows(place)
    }

    /// Folds as far as the rows in hand allow.
    pub fn step(&mut self) -> Step {
        if self.rounds_ahead < ROUNDS_AHEAD {
            self.rounds_ahead += 1;
            let missing = self.missing_ahead();
            if !missing.is_empty() {
                return Step::Load(missing);
            }
            self.rounds_ahead = ROUNDS_AHEAD;
        }
        let until = self.next + COMMANDS_A_STEP;
        while let Some(command) = self.commands.get(self.next) {
            if self.next == until {
                return Step::Pause;
            }
            match self.fold(command) {
                Ok(missing) if missing.is_empty() => self.settle(command),
                Ok(missing) if self.rounds_of_command < ROUNDS_OF_A_COMMAND => {
                    self.rows.discard();
                    self.rounds_of_command += 1;
                    let mut all = self.missing_ahead();
                    all.extend(missing);
                    return Step::Load(all);
                }
                Ok(_) => return self.stopped(command, "its keys lead to further keys without end"),
                Err(why) => return self.stopped(command, &why),
            }
        }
        Step::Done
    }

    /// The rows as they stand after what was folded.
    pub fn into_rows(self) -> Rows {
        self.rows
    }

    /// What is to be written, by table.
    pub fn changes(self) -> HashMap<TypeId, Changes> {
        let mut changes: HashMap<TypeId, Changes> = HashMap::new();
        for (kind, past) in self.past {
            changes.entry(kind).or_default().past = past;
        }
        for (place, track) in self.tracks.into_iter().filter(|(_, track)| track.changed) {
            match self.rows.settled(&place) {
                Some(row) => {
                    let put = Put { key: place.1, row, since: track.since };
                    changes.entry(place.0).or_default().put.push(put);
                }
                None if track.stored => changes.entry(place.0).or_default().removed.push(place.1),
                None => {}
            }
        }
        changes
    }

    /// The rows that the events to come will ask for, as far as the rows in hand tell. Errors wait for their turn.
    fn missing_ahead(&mut self) -> HashSet<Place> {
        let mut missing = HashSet::new();
        for event in self.commands.iter().skip(self.next).flat_map(|command| command.iter()) {
            if let Ok(keys) = guarded(|| self.model.keys(event, &self.rows)) {
                missing.extend(self.unknown(&keys).0);
            }
        }
        self.rows.forgive();
        missing.retain(|place| self.fits(place));
        missing
    }

    fn fits(&self, (kind, key): &Place) -> bool {
        self.tables.iter().any(|table| table.row == *kind && table.fits(key))
    }

    /// Those of the keys at which it is not known what stands, after a look at the rows in hand; and whether a row was
    /// learned by it, which may lead to further keys.
    fn unknown(&mut self, keys: &Keys) -> (Vec<Place>, bool) {
        let (mut unknown, mut has_learned) = (Vec::new(), false);
        for place in keys.iter() {
            if self.rows.knows(place) {
                continue;
            }
            match self.hand.as_mut().map_or(Known::Unknown, |hand| hand.look(place)) {
                Known::Row(since) => {
                    self.learn(place.clone(), Some(since));
                    has_learned = true;
                }
                Known::Nothing => self.learn(place.clone(), None),
                Known::Unknown => unknown.push(place.clone()),
            }
        }
        (unknown, has_learned)
    }

    /// Folds one command into the layer of changes; the rows it misses, if any.
    fn fold(&mut self, command: &[Recorded]) -> Result<HashSet<Place>, String> {
        for event in command {
            let told =
                |why: String| format!("event {} at position {}: {why}", event.event_type, event.position);
            let missing = self.missing(event).map_err(told)?;
            if !missing.is_empty() {
                return Ok(missing);
            }
            self.rows.forgive();
            guarded(|| self.model.fold(&mut self.rows, event)).map_err(told)?;
            if let Some(stray) = self.rows.stray() {
                let why =
                    format!("the fold touched the row {:?}, which the event's keys do not name", stray.0);
                return Err(told(why));
            }
        }
        Ok(HashSet::new())
    }

    /// The rows that an event whose turn it is misses.
    fn missing(&mut self, event: &Recorded) -> Result<HashSet<Place>, String> {
        for _ in 0..ROUNDS_OF_A_COMMAND {
            let keys = guarded(|| self.model.keys(event, &self.rows))?;
            if let Some((_, key)) = keys.iter().find(|place| !self.fits(place)) {
                return Err(format!("its key {:?} fits no table that the model declares", key.0));
            }
            let (missing, has_learned) = self.unknown(&keys);
            if !missing.is_empty() || !has_learned {
                return Ok(missing.into_iter().collect());
            }
        }
        Err("its keys lead to further keys without end".to_owned())
    }

    /// Takes over what a command changed: one version a row, made by the command's last position.
    fn settle(&mut self, command: &[Recorded]) {
        let Some(end) = command.last().map(|event| event.command_end) else { return };
        for (place, before) in self.rows.settle() {
            let Some(track) = self.tracks.get_mut(&place) else { continue };
            if let Some(row) = before {
                let ended = Past { row, from: track.since, to: end };
                self.past.entry(place.0).or_default().push(ended);
            }
            track.since = end;
            track.changed = true;
        }
        self.next += 1;
        self.rounds_of_command = 0;
    }

    fn stopped(&mut self, command: &[Recorded], why: &str) -> Step {
        self.rows.discard();
        let position = command.first().map_or(Position::ZERO, |event| event.position);
        Step::Stopped { command: self.next, why: format!("the command at position {position}: {why}") }
    }
}

/// Runs a function of the model; a panic is an error like another.
fn guarded<T>(ask: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("panicked: {}", panic_text(panic.as_ref()))),
    }
}
