//! The writer's task: gathers a batch, decides it, commits it, and only then answers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::mpsc;
use tokio::time::{Instant as Deadline, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::hand::{Hand, SNAPSHOT_EVERY};
use super::plan::{self, Ground, Plan, Planned};
use super::{Submission, WriteError, WriterSettings};
use crate::engine::decision::{Aggregates, Claim, Held, StreamRef};
use crate::engine::event::{Events, Recorded};
use crate::engine::feed::Feed;
use crate::engine::log::append::{Append, HeldHead};
use crate::engine::log::{Log, LogError};
use crate::engine::store::{Failure, failure_of};
use crate::engine::time::SharedClock;

/// The bounds of one batch.
const COMMANDS_A_BATCH: usize = 1_000;
const BYTES_A_BATCH: usize = 4 << 20;

/// After so many swaps lost to other nodes, the head's row is taken first.
const LOSSES_BEFORE_HOLDING: u32 = 2;

/// Rounds of looking up what a batch needs. Each must add something; a command that never has enough is broken.
const ROUNDS: u32 = 64;

/// How long an append may take before its outcome counts as unknown.
const APPEND_PATIENCE: Duration = Duration::from_secs(15);

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Owns the states in hand and the right to append.
pub struct Task {
    log: Log,
    hand: Hand,
    feed: Feed,
    clock: SharedClock,
    settings: WriterSettings,
    waiting: mpsc::Receiver<Submission>,
    /// Whether something is in hand that the log may not extend, so that the next batch catches up first.
    stale: bool,
    /// Whether the outcome of an append was never learnt: before the next one the fence has to stand.
    fence_due: bool,
}

/// Why a batch could not be carried out as it is.
enum Trouble {
    /// The log cannot be read or written; nothing was recorded.
    Log(LogError),
    /// The database refused the data of some command; nothing was recorded.
    Data(String),
    /// It would record more than one transaction should hold; nothing was recorded.
    TooLarge,
    /// Whether it was recorded is not known yet; the senders are to be told so.
    Unknown,
}

impl From<LogError> for Trouble {
    fn from(error: LogError) -> Self {
        match &error {
            LogError::Database(cause) if failure_of(cause) == Failure::Data => Self::Data(error.to_string()),
            _ => Self::Log(error),
        }
    }
}

/// How an append ended.
enum Appended {
    Committed,
    /// The head had moved: nothing was written.
    Lost,
}

impl Task {
    pub fn new(
        log: Log,
        aggregates: Aggregates,
        feed: Feed,
        clock: SharedClock,
        settings: WriterSettings,
        waiting: mpsc::Receiver<Submission>,
    ) -> Self {
        let hand = Hand::empty(log.clone(), aggregates, settings.streams_in_hand);
        Self { log, hand, feed, clock, settings, waiting, stale: true, fence_due: false }
    }

    /// Carries out batches until it is stopped and nothing waits any more.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut stopping = false;
        loop {
            let first = tokio::select! {
                first = self.waiting.recv() => first,
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    self.waiting.close();
                    continue;
                }
            };
            let Some(first) = first else { return };
            let batch = self.gather(first);
            self.settle(batch).await;
        }
    }

    /// All commands that wait, within the bounds of a batch.
    fn gather(&mut self, first: Submission) -> Vec<Submission> {
        let mut size = first.size;
        let mut batch = vec![first];
        while batch.len() < COMMANDS_A_BATCH && size < BYTES_A_BATCH {
            let Ok(next) = self.waiting.try_recv() else { break };
            size += next.size;
            batch.push(next);
        }
        batch
    }

    /// Carries out a batch and answers everyone in it; data the database refuses is bisected down to one command.
    async fn settle(&mut self, batch: Vec<Submission>) {
        let mut parts = vec![batch];
        while let Some(mut batch) = parts.pop() {
            match self.carry_out(&batch).await {
                Ok(plan) => self.answer(batch, plan).await,
                Err(Trouble::Data(_) | Trouble::TooLarge) if batch.len() > 1 => {
                    let second = batch.split_off(batch.len() / 2);
                    parts.extend([second, batch]);
                }
                Err(trouble) => {
                    refuse(batch, &trouble);
                    self.fence_due |= matches!(trouble, Trouble::Unknown);
                    self.stale = true;
                }
            }
        }
    }

    /// Decides a batch on the present and commits it, as often as it takes.
    async fn carry_out(&mut self, batch: &[Submission]) -> Result<Plan, Trouble> {
        let deadline = Deadline::now() + self.settings.patience;
        let mut pause = FIRST_PAUSE;
        let mut losses = 0;
        loop {
            match self.try_once(batch, losses >= LOSSES_BEFORE_HOLDING).await {
                Ok(Some(plan)) => return Ok(plan),
                Ok(None) => {
                    losses += 1;
                    self.stale = true;
                }
                // Nothing was recorded: the log could not be read, or not be reached to begin with.
                Err(Trouble::Log(LogError::Database(_))) if Deadline::now() < deadline => {
                    self.stale = true;
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(trouble) => return Err(trouble),
            }
        }
    }

    /// One try: catch up if need be, decide, commit. `None` when another node was faster.
    async fn try_once(&mut self, batch: &[Submission], hold: bool) -> Result<Option<Plan>, Trouble> {
        if self.fence_due {
            within(self.log.raise_fence()).await?;
            self.fence_due = false;
        }
        let held = if hold { Some(self.log.hold_head().await.map_err(LogError::from)?) } else { None };
        if self.stale || held.is_some() {
            within(self.hand.catch_up()).await?;
            self.stale = false;
        }
        let plan = within(self.decide(batch)).await?;
        if plan.events.is_empty() {
            // Refusals, repeats and dry runs answer on the present too: the head must still be what they stand on.
            let head = within(self.log.head()).await?;
            let applied = self.hand.applied();
            let present = head.position == applied.position && head.hash == applied.hash;
            return Ok(present.then_some(plan));
        }
        match self.append(&plan, held).await? {
            Appended::Committed => {
                if let Some(last) = plan.events.last() {
                    self.hand.commit(last, &plan.streams);
                }
                self.feed.accept(&plan.events);
                Ok(Some(plan))
            }
            Appended::Lost => Ok(None),
        }
    }

    /// Decides on paper, looking up what it turns out to need.
    async fn decide(&mut self, batch: &[Submission]) -> Result<Plan, Trouble> {
        let repeats = self.repeats(batch).await?;
        let mut streams = HashMap::new();
        let mut broken = HashMap::new();
        let mut holders: HashMap<Claim, Option<Uuid>> = HashMap::new();
        self.fetch(reads(batch), &mut streams, &mut broken).await?;
        for _ in 0..ROUNDS {
            let ground = Ground {
                head: self.hand.applied(),
                now: self.clock.now(),
                streams: &streams,
                broken: &broken,
                holders: &holders,
                repeats: &repeats,
            };
            let needs = match plan::decide(batch, &ground) {
                Planned::Ready(plan) => return Ok(plan),
                Planned::TooLarge => return Err(Trouble::TooLarge),
                Planned::Needs(needs) => needs,
            };
            self.fetch(needs.streams, &mut streams, &mut broken).await?;
            let claims: Vec<Claim> = needs.claims.into_iter().collect();
            let known = self.log.holders(&claims).await?;
            holders.extend(claims.into_iter().map(|claim| {
                let holder = known.get(&claim).copied();
                (claim, holder)
            }));
        }
        // One of them asks for ever more streams; alone, it is refused, and the others go on.
        Err(Trouble::Data(format!("its decision was not complete after {ROUNDS} rounds of loading")))
    }

    /// Commands with ids from outside that were carried out before.
    async fn repeats(&self, batch: &[Submission]) -> Result<HashMap<Uuid, Events>, LogError> {
        let ids: HashSet<Uuid> = batch
            .iter()
            .filter(|submission| submission.may_repeat)
            .map(|submission| submission.command_id)
            .collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let commands = self.log.commands(&ids).await?;
        Ok(commands
            .into_iter()
            .map(|(id, events)| (id, events.into_iter().map(Arc::new).collect()))
            .collect())
    }

    /// Puts streams on the ground: from hand where they are in hand, else from the log.
    async fn fetch(
        &mut self,
        ids: HashSet<Uuid>,
        streams: &mut HashMap<Uuid, Held>,
        broken: &mut HashMap<Uuid, String>,
    ) -> Result<(), LogError> {
        streams.extend(self.hand.take(ids.iter().copied()));
        let missing: Vec<Uuid> = ids.into_iter().filter(|id| !streams.contains_key(id)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let (loaded, unreadable) = self.hand.load(&missing).await?;
        streams.extend(loaded);
        broken.extend(unreadable);
        Ok(())
    }

    /// Commits a plan. The statement runs in a task of its own, so that nothing cuts it off in the middle.
    async fn append(&mut self, plan: &Plan, held: Option<HeldHead>) -> Result<Appended, Trouble> {
        let (log, from) = (self.log.clone(), *self.hand.applied());
        let (events, claims) = (plan.events.clone(), plan.claims.clone());
        let running = tokio::spawn(async move {
            let claims = claims.iter().map(|(claim, holder)| (claim, *holder)).collect();
            let append = Append { from: &from, events: &events, claims };
            match held {
                Some(held) => log.append_holding(held, &append).await,
                None => log.append(&append).await,
            }
        });
        let error = match timeout(APPEND_PATIENCE, running).await {
            Ok(Ok(Ok(true))) => return Ok(Appended::Committed),
            Ok(Ok(Ok(false))) => return Ok(Appended::Lost),
            Ok(Ok(Err(error))) if failure_of(&error) == Failure::Data => {
                return Err(Trouble::Data(error.to_string()));
            }
            Ok(Ok(Err(error))) => error,
            Ok(Err(join)) => DbErr::Custom(join.to_string()),
            Err(elapsed) => DbErr::Custom(elapsed.to_string()),
        };
        tracing::warn!(%error, "the outcome of an append is unknown; raising the fence");
        match self.find_out(plan).await? {
            Appended::Committed => Ok(Appended::Committed),
            // It never will be: what came is an error like any other, tried again within its time.
            Appended::Lost => Err(LogError::from(error).into()),
        }
    }

    /// Raises the fence, which waits for a swap still running and defeats a later one; then looks.
    async fn find_out(&mut self, plan: &Plan) -> Result<Appended, Trouble> {
        let deadline = Deadline::now() + self.settings.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            match within(self.look_behind_the_fence(plan)).await {
                Ok(outcome) => return Ok(outcome),
                Err(_) if Deadline::now() < deadline => sleep(pause).await,
                Err(_) => return Err(Trouble::Unknown),
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn look_behind_the_fence(&self, plan: &Plan) -> Result<Appended, LogError> {
        self.log.raise_fence().await?;
        let Some(first) = plan.events.first() else { return Ok(Appended::Lost) };
        let stored = self.log.at(first.position).await?;
        let ours = stored.is_some_and(|stored| stored.event_id == first.event_id);
        Ok(if ours { Appended::Committed } else { Appended::Lost })
    }

    /// Tells everyone in a batch what came of it; then renews snapshots, which nobody waits for.
    async fn answer(&mut self, batch: Vec<Submission>, plan: Plan) {
        let Plan { verdicts, streams, events, .. } = plan;
        for (submission, verdict) in batch.into_iter().zip(verdicts) {
            let command_id = submission.command_id;
            let answer = verdict.map_err(|cause| WriteError::Broken { command_id, cause });
            // Whoever gave up waiting is not owed an answer.
            drop(submission.answer.send(answer));
        }
        self.keep_snapshots(&streams, &events).await;
    }

    async fn keep_snapshots(&self, streams: &HashMap<Uuid, Held>, events: &[Arc<Recorded>]) {
        for event in events.iter().filter(|event| event.stream_version % SNAPSHOT_EVERY == 0) {
            let Some(Some(Ok(snapshot))) = streams.get(&event.stream_id).map(Held::snapshot) else {
                continue;
            };
            let kept = self
                .log
                .keep_snapshot(event.stream_id, &event.stream_type, snapshot, self.hand.applied())
                .await;
            if let Err(error) = kept {
                tracing::warn!(%error, stream = %event.stream_id, "a snapshot could not be kept; loading takes longer");
            }
        }
    }
}

/// The streams a batch says it will look at.
fn reads(batch: &[Submission]) -> HashSet<Uuid> {
    batch.iter().flat_map(|submission| submission.command.reads()).map(|StreamRef(id)| id).collect()
}

/// Bounds a wait for the database, whose own bounds do not hold where the connection is silently gone.
async fn within<T, E: From<LogError>>(wait: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match timeout(APPEND_PATIENCE, wait).await {
        Ok(outcome) => outcome,
        Err(elapsed) => Err(LogError::Database(DbErr::Custom(elapsed.to_string())).into()),
    }
}

/// Tells everyone in a batch that nothing came of it, or that it is not known.
fn refuse(batch: Vec<Submission>, trouble: &Trouble) {
    for Submission { command_id, answer, .. } in batch {
        let error = match trouble {
            Trouble::Log(error) => WriteError::Unavailable { command_id, cause: error.to_string() },
            Trouble::Data(cause) => WriteError::Broken { command_id, cause: cause.clone() },
            Trouble::TooLarge => WriteError::Broken {
                command_id,
                cause: "it records more than a transaction should hold".to_owned(),
            },
            Trouble::Unknown => WriteError::OutcomeUnknown { command_id },
        };
        drop(answer.send(Err(error)));
    }
}
