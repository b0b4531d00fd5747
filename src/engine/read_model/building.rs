//! Building a generation beside the one that serves, if one does: in bulk, its indexes last, then one switch.
//!
//! Each batch is one commit of rows and checkpoint, so that building goes on where it was cut short, however that was.

use std::time::Instant;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::catalogue::{self, Entry, State};
use super::follow::{Followed, advance};
use super::hand::Hand;
use super::instance::Instance;
use super::pages::{Bounds, Pages};
use super::rebuild::{RebuildError, Rebuilt};
use super::table;
use crate::engine::event::Position;

/// How often a switch may find that the serving generation was ahead again.
const SWITCHES: usize = 1_000;

/// How many looks at another builder's checkpoint that has not moved before its work is taken over.
const LOOKS: u32 = 10;

/// Builds a generation and lets it serve. Goes on with one that was begun.
pub(super) async fn build(instance: &Instance, cancel: &CancellationToken) -> Result<Rebuilt, RebuildError> {
    let _alone = instance.building.try_lock().map_err(|_| RebuildError::UnderWay(instance.name))?;
    let outcome = match begin(instance).await {
        Ok(entry) => Building::of(instance, entry, cancel).run().await,
        Err(error) => Err(error),
    };
    instance.built_nothing();
    outcome
}

/// The generation to build: one that was begun and can be gone on with, else a new one.
async fn begin(instance: &Instance) -> Result<Entry, RebuildError> {
    let known = catalogue::all(instance.store.writer(), instance.name, instance.revision).await?;
    let next = known.last().map_or(1, |newest| newest.generation + 1);
    for entry in known.into_iter().filter(|entry| entry.state == State::Building) {
        if entry.failure.is_none() && instance.off_log(entry.mark).await?.is_none() {
            return Ok(entry);
        }
        // What stopped once is not trusted again: the fold may have been mended since.
        let stale = instance.generation(entry.generation);
        catalogue::set_state(instance.store.writer(), stale, State::Retired, instance.now_micros()).await?;
    }
    let generation = instance.generation(next);
    catalogue::ensure(&instance.store, generation, State::Building, instance.start(), &instance.tables)
        .await?;
    let made = catalogue::one(instance.store.writer(), generation).await?;
    made.filter(|entry| entry.state == State::Building).ok_or(RebuildError::Overtaken(instance.name))
}

/// A generation in the making.
struct Building<'a> {
    instance: &'a Instance,
    cancel: &'a CancellationToken,
    entry: Entry,
    hand: Hand,
    pages: Pages,
}

impl<'a> Building<'a> {
    fn of(instance: &'a Instance, entry: Entry, cancel: &'a CancellationToken) -> Self {
        let settings = &instance.settings;
        let bounds = Bounds { events: settings.bulk, bytes: settings.bulk_bytes };
        let pages = Pages::of(instance.log.clone(), instance.types, bounds);
        instance.built_to(entry.generation, entry.mark.position);
        Self { instance, cancel, hand: empty_hand(instance, entry.mark.position), entry, pages }
    }

    async fn run(mut self) -> Result<Rebuilt, RebuildError> {
        let (begun, from) = (Instant::now(), self.entry.mark.position);
        self.catch_up().await?;
        self.index().await?;
        for _ in 0..SWITCHES {
            self.catch_up().await?;
            if self.switch().await? {
                let to = self.entry.mark.position;
                self.instance.publish(self.entry.generation, to, None);
                self.instance.reload.notify_one();
                return Ok(Rebuilt { from, to, took: begun.elapsed() });
            }
        }
        Err(RebuildError::Overtaken(self.instance.name))
    }

    /// Follows the log to its head.
    async fn catch_up(&mut self) -> Result<(), RebuildError> {
        loop {
            self.go_on()?;
            let (instance, from) = (self.instance, self.entry.mark);
            let head = instance.log.head().await?.position;
            let page = self.pages.after(from.position, head).await?;
            let of = (instance.generation(self.entry.generation), State::Building);
            match advance(instance, of, from, page.as_ref(), Some(&mut self.hand)).await? {
                Followed::To(mark) => {
                    self.entry.mark = mark;
                    instance.built_to(self.entry.generation, mark.position);
                }
                Followed::Nothing => return Ok(()),
                Followed::Overtaken => self.stand_back().await?,
                Followed::Stopped(why) => {
                    catalogue::fail(instance.store.writer(), of.0, from.position, &why).await?;
                    return Err(RebuildError::Stopped(why));
                }
            }
        }
    }

    /// Another node builds the same generation: what is in hand here is stale, and two would only be in each other's
    /// way. Goes on from where the other has got once that does not move any more.
    async fn stand_back(&mut self) -> Result<(), RebuildError> {
        let instance = self.instance;
        let generation = instance.generation(self.entry.generation);
        let mut looks = 0;
        while looks < LOOKS {
            self.go_on()?;
            let now = catalogue::one(instance.store.writer(), generation).await?;
            let now = now.filter(|now| now.state == State::Building && now.failure.is_none());
            let now = now.ok_or(RebuildError::Overtaken(instance.name))?;
            looks = if now.mark == self.entry.mark { looks + 1 } else { 0 };
            instance.built_to(now.generation, now.mark.position);
            self.entry = now;
            tokio::select! {
                () = self.cancel.cancelled() => {}
                () = sleep(instance.settings.poll) => {}
            }
        }
        self.hand = empty_hand(instance, self.entry.mark.position);
        Ok(())
    }

    /// Makes the indexes, each in a transaction of its own: on SQLite whoever else writes has its turn in between.
    async fn index(&self) -> Result<(), RebuildError> {
        let instance = self.instance;
        let generation = instance.generation(self.entry.generation);
        for statement in table::index_statements_of(&instance.tables, generation.revision, generation.number)
        {
            self.go_on()?;
            let transaction = catalogue::begin(&instance.store).await?;
            catalogue::without_timeout(&transaction).await?;
            // Of two nodes that come here at once, one waits and finds the index made.
            catalogue::lock(&transaction, generation).await?;
            sea_orm::ConnectionTrait::execute(&transaction, &statement).await?;
            transaction.commit().await?;
        }
        Ok(())
    }

    /// Lets the new generation serve in place of the old, unless the old is ahead. Both checkpoints stand still meanwhile.
    async fn switch(&self) -> Result<bool, RebuildError> {
        let instance = self.instance;
        let transaction = catalogue::begin(&instance.store).await?;
        let locked = catalogue::lock_all(&transaction, instance.name, instance.revision).await?;
        let new = locked.iter().find(|entry| entry.generation == self.entry.generation);
        let Some(new) = new.filter(|new| new.state == State::Building && new.mark == self.entry.mark) else {
            transaction.rollback().await?;
            return Err(RebuildError::Overtaken(instance.name));
        };
        let serving = || locked.iter().filter(|entry| entry.state == State::Serving);
        // A checkpoint off the log counts for nothing: it would never be caught up with.
        let mut is_behind = false;
        for old in serving() {
            let ahead = old.mark.position > new.mark.position;
            is_behind |= ahead && instance.off_log(old.mark).await?.is_none();
        }
        if is_behind {
            transaction.rollback().await?;
            return Ok(false);
        }
        for old in serving() {
            let old = instance.generation(old.generation);
            catalogue::set_state(&transaction, old, State::Retired, instance.now_micros()).await?;
        }
        catalogue::set_state(&transaction, instance.generation(new.generation), State::Serving, 0).await?;
        transaction.commit().await?;
        Ok(true)
    }

    /// Whether nobody has cancelled.
    fn go_on(&self) -> Result<(), RebuildError> {
        if self.cancel.is_cancelled() { Err(RebuildError::Cancelled) } else { Ok(()) }
    }
}

fn empty_hand(instance: &Instance, position: Position) -> Hand {
    Hand::at(position, instance.settings.rows_in_hand, instance.settings.bytes_in_hand)
}
