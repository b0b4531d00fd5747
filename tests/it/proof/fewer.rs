//! Lists that shrink fast: whole parts are left out before single entries, however many there have to be at first.

use proptest::collection::{SizeRange, vec};
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

/// Lists of so many entries; what fails is shrunk to those it takes, which stay as they are.
pub fn lists<S: Strategy>(entry: S, size: impl Into<SizeRange>) -> Lists<S> {
    Lists { entry, size: size.into() }
}

#[derive(Debug)]
pub struct Lists<S> {
    entry: S,
    size: SizeRange,
}

impl<S> Strategy for Lists<S>
where
    S: Strategy,
    S::Value: Clone,
{
    type Tree = Fewer<S::Value>;
    type Value = Vec<S::Value>;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let kept = vec(&self.entry, self.size.clone()).new_tree(runner)?.current();
        Ok(Fewer { part: kept.len(), before: vec![], at: 0, kept })
    }
}

/// A list on its way to a shorter one.
pub struct Fewer<T> {
    kept: Vec<T>,
    /// The list before the last part was left out.
    before: Vec<T>,
    /// How many are left out at once, and from where on.
    part: usize,
    at: usize,
}

impl<T: Clone> Fewer<T> {
    fn leave_out(&mut self) -> bool {
        while self.part > 0 {
            if self.at < self.kept.len() {
                self.before = self.kept.clone();
                self.kept.drain(self.at..self.kept.len().min(self.at + self.part));
                return true;
            }
            (self.part, self.at) = (self.part / 2, 0);
        }
        false
    }
}

impl<T: Clone + std::fmt::Debug> ValueTree for Fewer<T> {
    type Value = Vec<T>;

    fn current(&self) -> Vec<T> {
        self.kept.clone()
    }

    /// It fails without the part, too: another goes.
    fn simplify(&mut self) -> bool {
        self.leave_out()
    }

    /// The part is needed: it comes back, and the next one goes.
    fn complicate(&mut self) -> bool {
        self.kept = self.before.clone();
        self.at += self.part;
        self.leave_out()
    }
}

#[test]
fn a_list_shrinks_to_the_entries_a_failure_takes() {
    let mut tree = lists(0..1_000_u32, 100..=100).new_tree(&mut TestRunner::default()).unwrap();
    let whole = tree.current();
    let needed = [whole[3], whole[50], whole[51], whole[99]];
    let fails = |list: &[u32]| {
        let mut rest = list.iter();
        needed.iter().all(|one| rest.any(|other| other == one))
    };
    let mut tries = 0;
    let mut more = tree.simplify();
    while more {
        tries += 1;
        more = if fails(&tree.current()) { tree.simplify() } else { tree.complicate() };
    }
    assert_eq!(tree.current(), needed);
    assert!(tries < 70, "{tries} tries");
}
