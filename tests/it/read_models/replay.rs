//! The same question answered the slow way: the whole history replayed into a map, and made-up histories to replay.

use std::collections::BTreeMap;

use hindsight::engine::event::Position;
use uuid::Uuid;

use crate::support::shelves::{Fact, Told, gone, put, toys};

/// The toys after each command, the empty world first.
pub struct Replay(Vec<(Position, BTreeMap<Uuid, toys::Model>)>);

impl Replay {
    pub fn of(commands: &[Vec<Told>]) -> Self {
        let mut world = BTreeMap::new();
        let mut moments = vec![(Position::ZERO, world.clone())];
        let mut position = Position::ZERO;
        for command in commands {
            for (toy, fact) in command {
                position = position.next();
                tell(&mut world, Uuid::from_u128(*toy), fact, position);
            }
            moments.push((position, world.clone()));
        }
        Self(moments)
    }

    /// The world at any position: as the last whole command up to it left it.
    pub fn at(&self, position: Position) -> &BTreeMap<Uuid, toys::Model> {
        &self.0.iter().rev().find(|(end, _)| *end <= position).unwrap().1
    }

    pub fn head(&self) -> Position {
        self.0.last().unwrap().0
    }

    /// Every position there is, also those within commands.
    pub fn positions(&self) -> impl Iterator<Item = Position> + use<> {
        (0..=self.head().get()).map(Position::from_stored)
    }

    /// Every version of every toy that there ever was: what it was, from when, and until when if it has ended.
    pub fn versions(&self) -> Vec<(toys::Model, i64, Option<i64>)> {
        let mut versions: Vec<(toys::Model, i64, Option<i64>)> = Vec::new();
        for ((_, before), (end, after)) in self.0.iter().zip(&self.0[1..]) {
            for (id, row) in before {
                if after.get(id) != Some(row) {
                    let open =
                        versions.iter_mut().rev().find(|(version, _, to)| version.id == *id && to.is_none());
                    open.unwrap().2 = Some(end.get());
                }
            }
            for (id, row) in after {
                if before.get(id) != Some(row) {
                    versions.push((row.clone(), end.get(), None));
                }
            }
        }
        versions.sort_by_key(|(row, from, _)| (row.id, *from));
        versions
    }
}

fn tell(world: &mut BTreeMap<Uuid, toys::Model>, id: Uuid, fact: &Fact, position: Position) {
    match fact {
        Fact::Put { name, shelf, note } => {
            let made_at = world.get(&id).map_or(position.get(), |row| row.made_at);
            let (name, shelf, note) = (name.clone(), *shelf, note.clone());
            world.insert(id, toys::Model { id, name, shelf, made_at, note, even: shelf % 2 == 0 });
        }
        Fact::Gone => {
            world.remove(&id);
        }
        other => panic!("{other:?} has no place in a replay"),
    }
}

/// Small numbers in an order that one seed fixes.
pub struct Dice(u64);

impl Dice {
    /// From `SEED` when it is set; what is printed brings a failure back.
    pub fn thrown() -> Self {
        let seed = match std::env::var("SEED") {
            Ok(text) => text.parse().expect("SEED is a number"),
            Err(_) => Uuid::new_v4().as_u64_pair().0,
        };
        println!("SEED={seed}");
        Self(seed | 1)
    }

    /// From a number, near to others or not.
    pub fn of(number: u64) -> Self {
        let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Self((mixed ^ (mixed >> 29)) | 1)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }

    /// Any of some, of which there is one at least.
    pub fn one_of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len() as u64) as usize]
    }
}

/// A history of commands of one to six events on few toys, so that all of them change often.
pub fn history(dice: &mut Dice, commands: usize) -> Vec<Vec<Told>> {
    const NAMES: [&str; 6] = ["ball", "Ball", "zebra", "Ärger", "", "ball 2"];
    (0..commands)
        .map(|_| {
            (0..=dice.below(6))
                .map(|_| {
                    let toy = u128::from(dice.below(9));
                    match dice.below(4) {
                        0 => gone(toy),
                        _ => put(toy, NAMES[dice.below(6) as usize], dice.below(4) as i32),
                    }
                })
                .collect()
        })
        .collect()
}
