//! The log live: what is already there, then what is recorded, without a gap between them.

use std::sync::Arc;

use async_graphql::{Context, Subscription};
use futures_util::{Stream, StreamExt, stream};

use super::graphql::Event;
use super::query::EventFilter;
use crate::engine::event::{Position, Recorded};
use crate::engine::feed::Follower;
use crate::graphql::{Failure, Result, Scope};

/// The subscription to the log.
#[derive(Default)]
pub struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// Every event after `after`, first those already in the log, then new ones as they are recorded: in order, none
    /// missing, none twice. Without `after`: new ones only.
    async fn events(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only what comes after this position; new events only when absent.")] after: Option<
            Position,
        >,
        #[graphql(desc = "The hash of the event at `after`, so that another log is noticed.")]
        after_hash: Option<String>,
        #[graphql(desc = "Only these; all when absent.")] filter: Option<EventFilter>,
    ) -> Result<impl Stream<Item = Result<Event>>> {
        let scope = Scope::of(context)?.clone();
        let follower =
            scope.follow(after, after_hash.as_deref(), filter.unwrap_or_default().wanted()?).await?;
        Ok(recorded(follower).map(move |event| {
            let event = event?;
            scope.delivered(event.position, event.hash);
            Event::shown(event)
        }))
    }
}

/// What a follower sees, event by event; ends after an error.
fn recorded(follower: Follower) -> impl Stream<Item = Result<Arc<Recorded>>> {
    let pages = stream::unfold(Some(follower), |follower| async {
        let mut follower = follower?;
        match follower.next().await {
            Ok(events) => Some((Ok(events), Some(follower))),
            Err(error) => Some((Err(Failure::from(error)), None)),
        }
    });
    pages.flat_map(|page| match page {
        Ok(events) => stream::iter(events.into_iter().map(Ok).collect::<Vec<_>>()),
        Err(failure) => stream::iter(vec![Err(failure)]),
    })
}
