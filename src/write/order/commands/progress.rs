//! An order on its way: paid, shipped, delivered.

use serde::Serialize;
use uuid::Uuid;

use super::{on_its_way, record};
use crate::engine::decision::{Command, Decision, StreamRef, Streams};
use crate::engine::time::Instant;
use crate::write::order::aggregate::OrderStatus;
use crate::write::order::event::{OrderDelivered, OrderEvent, OrderPaid, OrderShipped, Reference};
use crate::write::rejection::Rejection;

/// Notes that an order was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayOrder {
    pub order_id: Uuid,
    pub expected_version: Option<i32>,
    pub payment_reference: Reference,
}

impl Command for PayOrder {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.order_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, at: Instant) -> Decision<Rejection> {
        on_its_way(streams, self.order_id, self.expected_version, OrderStatus::Paid)?;
        let paid = OrderPaid { payment_reference: self.payment_reference.clone(), paid_at: at };
        record(streams, self.order_id, OrderEvent::OrderPaid(paid))
    }
}

/// Notes that an order was given to a carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipOrder {
    pub order_id: Uuid,
    pub expected_version: Option<i32>,
    pub carrier: Reference,
    pub tracking_number: Reference,
}

impl Command for ShipOrder {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.order_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, at: Instant) -> Decision<Rejection> {
        on_its_way(streams, self.order_id, self.expected_version, OrderStatus::Shipped)?;
        let shipped = OrderShipped {
            carrier: self.carrier.clone(),
            tracking_number: self.tracking_number.clone(),
            shipped_at: at,
        };
        record(streams, self.order_id, OrderEvent::OrderShipped(shipped))
    }
}

/// Notes that an order reached its user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliverOrder {
    pub order_id: Uuid,
    pub expected_version: Option<i32>,
}

impl Command for DeliverOrder {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.order_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, at: Instant) -> Decision<Rejection> {
        on_its_way(streams, self.order_id, self.expected_version, OrderStatus::Delivered)?;
        record(streams, self.order_id, OrderEvent::OrderDelivered(OrderDelivered { delivered_at: at }))
    }
}
