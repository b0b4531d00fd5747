//! Building a generation beside the one that serves, if one does: in bulk, its indexes last, then one switch.
//!
//! Each batch is one commit of rows and checkpoint, so that building goes on where it was cut short, however that was.

use std::sync::Arc;
use std::time::Instant;

use sea_orm::DbErr;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::catalogue::{self, Entry, Generation, Mark, State};
use super::follow::{AllChanges, Followed, advance, fold, follows, keep};
use super::hand::Hand;
use super::instance::Instance;
use super::pages::{Bounds, Page, Pages};
use super::rebuild::{RebuildError, Rebuilt};
use super::table;
use crate::engine::event::Position;
use crate::engine::store::refuses;

/// How often a switch may find that the serving generation was ahead again.
const SWITCHES: usize = 1_000;

/// How many looks at another builder's checkpoint that has not moved before its work is taken over.
const LOOKS: u32 = 10;

/// Builds a generation and lets it serve. Goes on with one that was begun.
pub(super) async fn build(
    instance: &Arc<Instance>,
    cancel: &CancellationToken,
) -> Result<Rebuilt, RebuildError> {
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
    instance: &'a Arc<Instance>,
    cancel: &'a CancellationToken,
    /// Its checkpoint is that of the last commit.
    entry: Entry,
    /// Stands where folding has come to: at the checkpoint, or one batch ahead of it.
    hand: Hand,
    pages: Pages,
    /// The batch that is being written while the next one is folded, and where its commit leads.
    writing: JoinSet<(Mark, Result<bool, DbErr>)>,
    /// Whether a batch was refused, so that the next is to be taken command by command if need be.
    is_wary: bool,
}

impl<'a> Building<'a> {
    fn of(instance: &'a Arc<Instance>, entry: Entry, cancel: &'a CancellationToken) -> Self {
        let settings = &instance.settings;
        let bounds = Bounds { events: settings.bulk, bytes: settings.bulk_bytes };
        let pages = Pages::of(instance.log.clone(), instance.types, bounds);
        instance.built_to(entry.generation, entry.mark.position);
        let hand = empty_hand(instance, entry.mark.position);
        Self { instance, cancel, entry, hand, pages, writing: JoinSet::new(), is_wary: false }
    }

    async fn run(mut self) -> Result<Rebuilt, RebuildError> {
        let (begun, from) = (Instant::now(), self.entry.mark.position);
        self.catch_up().await?;
        let (model, generation) = (self.instance.name, self.entry.generation);
        tracing::info!(model, generation, took = ?begun.elapsed(), "the rows are built; the indexes are next");
        self.index().await?;
        tracing::info!(model, generation, took = ?begun.elapsed(), "the indexes are made; the switch is next");
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

    /// Follows the log to its head: while one batch is written the next is folded, as long as the rows in hand do.
    async fn catch_up(&mut self) -> Result<(), RebuildError> {
        let mut folded = self.entry.mark;
        loop {
            if self.cancel.is_cancelled() {
                self.written().await?;
                return Err(RebuildError::Cancelled);
            }
            let head = self.instance.log.head().await?.position;
            let page = self.pages.after(folded.position, head).await?;
            let changes = match &page {
                Some(page) if !self.is_wary && self.hand.knows_all() && follows(folded, page) => {
                    fold(self.instance, page, &mut self.hand).await
                }
                _ => None,
            };
            // One batch at a time is written.
            if !self.written().await? {
                folded = self.entry.mark;
                continue;
            }
            match (page, changes) {
                (Some(page), Some(changes)) => {
                    self.hand.settle(&changes);
                    self.write((folded, page.end), changes);
                    folded = page.end;
                }
                (page, _) => match self.step(page.as_ref()).await? {
                    true => folded = self.entry.mark,
                    false => return Ok(()),
                },
            }
        }
    }

    fn write(&mut self, (from, to): (Mark, Mark), changes: AllChanges) {
        let instance = Arc::clone(self.instance);
        let of = self.generation();
        self.writing.spawn(async move { (to, keep(&instance, of, (from, to), &changes).await) });
    }

    /// Waits for the batch that is being written, if one is; `false` when it came to nothing.
    async fn written(&mut self) -> Result<bool, RebuildError> {
        match self.writing.join_next().await {
            None => return Ok(true),
            Some(Ok((to, Ok(true)))) => {
                self.entry.mark = to;
                self.instance.built_to(self.entry.generation, to.position);
                return Ok(true);
            }
            Some(Ok((_, Ok(false)))) => self.stand_back().await?,
            Some(Ok((_, Err(error)))) if refuses(&error) => self.is_wary = true,
            Some(Ok((_, Err(error)))) => return Err(error.into()),
            Some(Err(error)) => {
                return Err(DbErr::Custom(format!("writing a batch ended early: {error}")).into());
            }
        }
        self.hand = empty_hand(self.instance, self.entry.mark.position);
        Ok(false)
    }

    /// One batch from the checkpoint on, its missing rows loaded; `false` when there is none.
    async fn step(&mut self, page: Option<&Page>) -> Result<bool, RebuildError> {
        let (instance, from, of) = (self.instance, self.entry.mark, self.generation());
        match advance(instance, of, from, page, Some(&mut self.hand)).await? {
            Followed::To(mark) => {
                self.entry.mark = mark;
                self.is_wary = false;
                instance.built_to(self.entry.generation, mark.position);
                Ok(true)
            }
            Followed::Nothing => Ok(false),
            Followed::Overtaken => {
                self.stand_back().await?;
                self.hand = empty_hand(instance, self.entry.mark.position);
                Ok(true)
            }
            Followed::Stopped(why) => {
                catalogue::fail(instance.store.writer(), of.0, from.position, &why).await?;
                Err(RebuildError::Stopped(why))
            }
        }
    }

    fn generation(&self) -> (Generation, State) {
        (self.instance.generation(self.entry.generation), State::Building)
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
        Ok(())
    }

    /// Makes the indexes, each in a transaction of its own: on SQLite whoever else writes has its turn in between.
    async fn index(&self) -> Result<(), RebuildError> {
        let instance = self.instance;
        let generation = instance.generation(self.entry.generation);
        let backend = instance.store.backend();
        let (revision, number) = (generation.revision, generation.number);
        for index in table::indexes_of(&instance.tables, revision, number, backend) {
            self.go_on()?;
            let transaction = catalogue::begin(&instance.store).await?;
            catalogue::without_timeout(&transaction).await?;
            // Of two nodes that come here at once, one waits and finds the index made.
            catalogue::lock(&transaction, generation).await?;
            for statement in index {
                sea_orm::ConnectionTrait::execute_unprepared(&transaction, &statement).await?;
            }
            transaction.commit().await?;
        }
        // PostgreSQL plans by what it knows of a table, and would know nothing of these for some minutes.
        for statement in table::analyses_of(&instance.tables, revision, number, backend) {
            self.go_on()?;
            sea_orm::ConnectionTrait::execute_unprepared(instance.store.writer(), &statement).await?;
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
