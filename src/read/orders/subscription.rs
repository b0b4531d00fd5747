//! Orders live: every change of an order that a filter is interested in.

use async_graphql::{Context, SimpleObject, Subscription};
use async_stream::try_stream;
use futures_util::Stream;

use super::changes::{Change, Changes};
use super::fold::Orders;
use super::graphql::{Order, OrderFilter};
use super::query::Wanted;
use super::table::{Entity, Model};
use crate::engine::event::{Hash, Position};
use crate::engine::read_model::Key;
use crate::graphql::{At, Result, Scope};
use crate::read::events::graphql::Event;

/// An order that a command changed.
#[derive(SimpleObject)]
pub struct OrderChange {
    /// The place of the order's last event of that command; the subscription goes on after it.
    position: Position,
    /// The order right after the command.
    order: Order,
    /// Whether the order matches the filter now; false once, when it no longer does.
    matches: bool,
    /// What the command recorded about the order.
    events: Vec<Event>,
}

/// The subscription to changes of orders.
#[derive(Default)]
pub struct OrderSubscription;

#[Subscription]
impl OrderSubscription {
    /// Every change of an order that matches, or matched until now, in order and resumable like `events`.
    async fn order_changed(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only these; all when absent.")] filter: Option<OrderFilter>,
        #[graphql(desc = "Only what comes after this position; new changes only when absent.")] after: Option<
            Position,
        >,
        #[graphql(desc = "The hash of the event at `after`, so that another log is noticed.")]
        after_hash: Option<String>,
    ) -> Result<impl Stream<Item = Result<OrderChange>>> {
        let scope = Scope::of(context)?.clone();
        let wanted = filter.unwrap_or_default().wanted()?;
        let follower = scope.follow(after, after_hash.as_deref(), Changes::events()).await?;
        let mut changes = Changes::new(scope.engine().log.clone(), follower);
        let began = scope.engine().feed.tail().position;
        Ok(try_stream! {
            loop {
                for (change, hash) in told(&scope, &wanted, changes.next().await?, began).await? {
                    scope.delivered(change.position, hash);
                    yield change;
                }
            }
        })
    }
}

/// What is told of changes, each with the hash of the event at its position. All the rows of before and after are one
/// statement.
async fn told(
    scope: &Scope,
    wanted: &Wanted,
    changes: Vec<Change>,
    began: Position,
) -> Result<Vec<(OrderChange, Hash)>> {
    let key = |change: &Change| Key::from(change.order_id());
    let sides = |change| [(key(change), change.before()), (key(change), change.after())];
    let asked: Vec<_> = changes.iter().flat_map(sides).collect();
    let rows = scope.each_in_time::<Orders, Entity>(&asked).await?;
    let mut told = Vec::new();
    for change in &changes {
        let [before, after] = sides(change).map(|side| rows.get(&side));
        let fits = |row: Option<&Model>| row.map_or(Ok(false), |row| wanted.fits(row));
        let (matched, matches) = (fits(before)?, fits(after)?);
        if let Some(row) = after.filter(|_| matched || matches) {
            // What had happened before the subscription began is past: its states must not pass for the present's.
            let view = if change.after() <= began { At::then } else { At::now };
            let at = view(change.after(), change.recorded_at());
            let events = change.events().map(Event::shown).collect::<Result<_>>()?;
            let order = Order::new(row.clone(), at);
            told.push((OrderChange { position: change.position(), order, matches, events }, change.hash()));
        }
    }
    Ok(told)
}
