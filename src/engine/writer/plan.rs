//! A batch decided on paper: pure, so that it can be done again whenever what it stands on has changed.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::{LATEST_AFTER_CLOCK, Submission, Verdict};
use crate::engine::decision::{Claim, Draft, Held, Tried};
use crate::engine::event::{Events, Hash, Metadata, Position, Recorded};
use crate::engine::log::{Head, chain};
use crate::engine::time::Instant;

/// What a batch is decided on, exact at `head`.
pub struct Ground<'a> {
    pub head: &'a Head,
    /// The present by the machine's clock.
    pub now: Instant,
    /// States of streams, absent ones included.
    pub streams: &'a HashMap<Uuid, Held>,
    /// Streams whose events cannot be read, and why.
    pub broken: &'a HashMap<Uuid, String>,
    /// Who holds a claim, or that nobody does.
    pub holders: &'a HashMap<Claim, Option<Uuid>>,
    /// Commands carried out before.
    pub repeats: &'a HashMap<Uuid, Events>,
}

/// The outcome of deciding a batch on paper.
pub enum Planned {
    Ready(Plan),
    /// More has to be known first.
    Needs(Needs),
}

/// What has to be looked up before a batch can be decided.
#[derive(Default)]
pub struct Needs {
    pub streams: HashSet<Uuid>,
    pub claims: HashSet<Claim>,
}

/// What a batch comes to, once its events are committed.
pub struct Plan {
    /// One for each command, in order.
    pub verdicts: Vec<Result<Verdict, String>>,
    /// Everything the batch records, dense from the head on.
    pub events: Vec<Arc<Recorded>>,
    /// The streams it changed, as they stand afterwards.
    pub streams: HashMap<Uuid, Held>,
    /// The net change of each claim.
    pub claims: HashMap<Claim, Option<Uuid>>,
}

/// Decides the commands one after another, each on what those before it left.
pub fn decide(batch: &[Submission], ground: &Ground<'_>) -> Planned {
    let mut draft = Drafting::on(ground);
    for submission in batch {
        let verdict = draft.decide(submission);
        draft.verdicts.push(verdict);
    }
    draft.finish()
}

/// The batch's layer over the ground.
struct Drafting<'a> {
    ground: &'a Ground<'a>,
    last_hash: Hash,
    last_recorded_at: Instant,
    streams: HashMap<Uuid, Held>,
    claims: HashMap<Claim, Option<Uuid>>,
    carried_out: HashMap<Uuid, Events>,
    events: Vec<Arc<Recorded>>,
    verdicts: Vec<Result<Verdict, String>>,
    needs: Needs,
}

impl<'a> Drafting<'a> {
    fn on(ground: &'a Ground<'a>) -> Self {
        Self {
            ground,
            last_hash: ground.head.hash,
            last_recorded_at: ground.head.recorded_at.max(ground.head.floor),
            streams: HashMap::new(),
            claims: HashMap::new(),
            carried_out: HashMap::new(),
            events: Vec::new(),
            verdicts: Vec::new(),
            needs: Needs::default(),
        }
    }

    /// Where the log will end if the batch so far is committed.
    fn end(&self) -> Position {
        self.ground.head.position.plus(self.events.len() as i64)
    }

    fn decide(&mut self, submission: &Submission) -> Result<Verdict, String> {
        let id = submission.command_id;
        if let Some(events) = self.carried_out.get(&id).or_else(|| self.ground.repeats.get(&id)) {
            return self.repeat(submission, events);
        }
        let at = submission.envelope.clock.unwrap_or(self.ground.now).max(self.last_recorded_at.next());
        if let Some(clock) = submission.envelope.clock
            && at.micros().saturating_sub(clock.micros()) > LATEST_AFTER_CLOCK
        {
            return Err(format!(
                "it is too late for {clock}: the log has gone on to {}",
                self.last_recorded_at
            ));
        }
        let below = |id: Uuid| self.streams.get(&id).or_else(|| self.ground.streams.get(&id)).cloned();
        match submission.command.attempt(&below, at) {
            Tried::Decided { drafts, .. } if drafts.is_empty() => {
                Err("it recorded nothing and gave no reason".to_owned())
            }
            Tried::Decided { drafts, states } => self.record(submission, at, drafts, states),
            Tried::Rejected(rejection) => Ok(Verdict::rejected(rejection, self.end())),
            Tried::NotInHand(stream) => Err(self.missing(stream)),
            Tried::Broken(cause) => Err(cause),
        }
    }

    /// Notes that a stream has to be loaded; says why when it cannot be.
    fn missing(&mut self, stream: Uuid) -> String {
        if let Some(cause) = self.ground.broken.get(&stream) {
            return format!("stream {stream} cannot be read: {cause}");
        }
        self.needs.streams.insert(stream);
        format!("stream {stream} is not in hand")
    }

    /// The same id again: the first outcome for the same content, a refusal for other content.
    fn repeat(&self, submission: &Submission, events: &Events) -> Result<Verdict, String> {
        let first = events.first().ok_or("a command without events".to_owned())?;
        let metadata = first.metadata().map_err(|error| error.to_string())?;
        if metadata.content_hash == submission.content_hash {
            return Ok(Verdict::Recorded(events.clone()));
        }
        Ok(Verdict::rejected(submission.command.command_id_reused(submission.command_id), self.end()))
    }

    fn record(
        &mut self,
        submission: &Submission,
        at: Instant,
        drafts: Vec<Draft>,
        states: HashMap<Uuid, Held>,
    ) -> Result<Verdict, String> {
        let changed: HashMap<Uuid, Held> = {
            let touched: HashSet<Uuid> = drafts.iter().map(|draft| draft.stream_id).collect();
            states.into_iter().filter(|(id, _)| touched.contains(id)).collect()
        };
        let claims = match self.claim(&changed) {
            Ok(claims) => claims,
            Err(taken) => return Ok(Verdict::rejected(submission.command.taken(&taken), self.end())),
        };
        let on = self.end();
        let mut events = self.stamp(submission, at, drafts)?;
        if submission.envelope.dry_run {
            for event in &mut events {
                (event.position, event.command_end, event.hash) =
                    (Position::ZERO, Position::ZERO, Hash::NONE);
            }
            return Ok(Verdict::Rehearsed { events: events.into_iter().map(Arc::new).collect(), on });
        }
        for event in &mut events {
            event.hash = chain::hash(self.last_hash, event);
            self.last_hash = event.hash;
        }
        self.last_recorded_at = at;
        self.streams.extend(changed);
        self.claims.extend(claims);
        let events: Events = events.into_iter().map(Arc::new).collect();
        self.events.extend(events.iter().cloned());
        self.carried_out.insert(submission.command_id, events.clone());
        Ok(Verdict::Recorded(events))
    }

    /// The net change of claims by one command; the claim that somebody else holds, if there is one.
    fn claim(&mut self, changed: &HashMap<Uuid, Held>) -> Result<HashMap<Claim, Option<Uuid>>, Claim> {
        let mut net = HashMap::new();
        let mut taken = Vec::new();
        for (id, after) in changed {
            let before = self.streams.get(id).or_else(|| self.ground.streams.get(id)).map(Held::claims);
            let before = before.unwrap_or_default();
            let after = after.claims();
            net.extend(
                before.iter().filter(|claim| !after.contains(claim)).map(|claim| (claim.clone(), None)),
            );
            taken.extend(after.into_iter().filter(|claim| !before.contains(claim)).map(|claim| (claim, *id)));
        }
        taken.sort();
        for (claim, id) in taken {
            let known = net
                .get(&claim)
                .or_else(|| self.claims.get(&claim))
                .or_else(|| self.ground.holders.get(&claim));
            match known {
                Some(Some(holder)) if *holder != id => return Err(claim),
                Some(_) => {}
                None => {
                    self.needs.claims.insert(claim.clone());
                }
            }
            net.insert(claim, Some(id));
        }
        Ok(net)
    }

    fn stamp(
        &self,
        submission: &Submission,
        at: Instant,
        drafts: Vec<Draft>,
    ) -> Result<Vec<Recorded>, String> {
        let envelope = &submission.envelope;
        let correlation_id = envelope.correlation_id.unwrap_or(submission.command_id);
        let metadata = serde_json::to_string(&Metadata {
            command_id: submission.command_id,
            content_hash: submission.content_hash.clone(),
            correlation_id,
            causation_id: envelope.causation_id,
            actor: envelope.actor.clone(),
            reason: envelope.reason.clone(),
        })
        .map_err(|error| error.to_string())?;
        let command_end = self.end().plus(drafts.len() as i64);
        let event = |(place, draft): (i64, Draft)| Recorded {
            position: self.end().plus(place),
            event_id: Uuid::now_v7(),
            stream_id: draft.stream_id,
            stream_type: draft.stream_type.to_owned(),
            stream_version: draft.stream_version,
            event_type: draft.event_type.to_owned(),
            schema_version: draft.schema_version,
            data: draft.data,
            metadata: metadata.clone(),
            command_id: submission.command_id,
            correlation_id,
            actor: envelope.actor.clone(),
            command_end,
            recorded_at: at,
            hash: Hash::NONE,
        };
        Ok((1..).zip(drafts).map(event).collect())
    }

    fn finish(self) -> Planned {
        if !self.needs.streams.is_empty() || !self.needs.claims.is_empty() {
            return Planned::Needs(self.needs);
        }
        Planned::Ready(Plan {
            verdicts: self.verdicts,
            events: self.events,
            streams: self.streams,
            claims: self.claims,
        })
    }
}
