//! What can be asked of orders. An order goes its way also when its user is deactivated.

mod end;
mod place;
mod progress;

pub use end::{CancelOrder, ReturnOrder};
pub use place::PlaceOrder;
pub use progress::{DeliverOrder, PayOrder, ShipOrder};

use uuid::Uuid;

use super::aggregate::{Order, OrderStatus, Purchase};
use super::event::OrderEvent;
use crate::engine::decision::{Decision, Stop, Streams};
use crate::write::entity::find_at;
use crate::write::rejection::{Rejection, path};

/// Which states lead to a state, and what to call them.
const fn sources(to: OrderStatus) -> (&'static [OrderStatus], &'static str) {
    use OrderStatus::{Cancelled, Delivered, Paid, Placed, Returned, Shipped};
    match to {
        Placed => (&[], "no order"),
        Paid => (&[Placed], "PLACED"),
        Shipped => (&[Paid], "PAID"),
        Delivered => (&[Shipped], "SHIPPED"),
        Returned => (&[Delivered], "DELIVERED"),
        Cancelled => (&[Placed, Paid], "PLACED or PAID"),
    }
}

/// The order that a command changes, provided it can get to a state.
fn on_its_way<'s>(
    streams: &'s mut Streams<'_>,
    order_id: Uuid,
    expected: Option<i32>,
    to: OrderStatus,
) -> Result<&'s Purchase, Stop<Rejection>> {
    let order = find_at::<Order>(streams, order_id, expected)?;
    let (statuses, sources) = sources(to);
    if statuses.contains(&order.status) {
        return Ok(order);
    }
    Err(Rejection::InvalidTransition {
        noun: "order",
        id: order_id,
        from: order.status.name(),
        to: to.name(),
        sources,
        path: path(["orderId"]),
    }
    .into())
}

fn record(streams: &mut Streams<'_>, order_id: Uuid, event: OrderEvent) -> Decision<Rejection> {
    Ok(streams.record::<Order>(order_id, event)?)
}
