//! An order that ends without a sale: its stock is released by the same command.

use serde::Serialize;
use uuid::Uuid;

use super::{on_its_way, record};
use crate::engine::decision::{Command, Decision, StreamRef, Streams};
use crate::engine::time::Instant;
use crate::write::order::aggregate::OrderStatus;
use crate::write::order::event::{OrderCancelled, OrderEvent, OrderReturned, Reason};
use crate::write::product::commands::release;
use crate::write::rejection::Rejection;

/// Cancels an order that was not shipped yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CancelOrder {
    pub order_id: Uuid,
    pub expected_version: Option<i32>,
    /// The order's cancellation reason; kept with the event as well as beside it.
    pub reason: Option<Reason>,
}

impl Command for CancelOrder {
    type Rejection = Rejection;

    /// The products are known only from the order.
    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.order_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, at: Instant) -> Decision<Rejection> {
        let cancelled = OrderCancelled { cancelled_at: at, reason: self.reason.clone() };
        let event = OrderEvent::OrderCancelled(cancelled);
        end(streams, self.order_id, self.expected_version, OrderStatus::Cancelled, event)
    }
}

/// Takes a delivered order back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnOrder {
    pub order_id: Uuid,
    pub expected_version: Option<i32>,
}

impl Command for ReturnOrder {
    type Rejection = Rejection;

    /// The products are known only from the order.
    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.order_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, at: Instant) -> Decision<Rejection> {
        let event = OrderEvent::OrderReturned(OrderReturned { returned_at: at });
        end(streams, self.order_id, self.expected_version, OrderStatus::Returned, event)
    }
}

fn end(
    streams: &mut Streams<'_>,
    order_id: Uuid,
    expected: Option<i32>,
    to: OrderStatus,
    event: OrderEvent,
) -> Decision<Rejection> {
    let reserved = on_its_way(streams, order_id, expected, to)?.reserved.clone();
    record(streams, order_id, event)?;
    for (product_id, quantity) in reserved {
        release(streams, product_id, order_id, quantity)?;
    }
    Ok(())
}
