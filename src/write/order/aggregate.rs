//! An order as decisions see one: how far it is, and what it holds of which product.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{OrderEvent, Quantity, STREAM_TYPE};
use crate::engine::decision::Aggregate;
use crate::write::entity::Entity;

/// An order; nothing is known before the first event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order(Option<Purchase>);

/// What decisions know of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Purchase {
    pub status: OrderStatus,
    /// What was reserved, each product once.
    pub reserved: Vec<(Uuid, Quantity)>,
}

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderStatus {
    Placed,
    Paid,
    Shipped,
    Delivered,
    Returned,
    Cancelled,
}

impl OrderStatus {
    /// As people read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Placed => "PLACED",
            Self::Paid => "PAID",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
            Self::Returned => "RETURNED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

impl Aggregate for Order {
    const TYPE: &'static str = STREAM_TYPE;
    const REVISION: i32 = 1;
    type Event = OrderEvent;

    fn evolve(&mut self, event: &OrderEvent) {
        match (&mut self.0, event) {
            (unknown @ None, OrderEvent::OrderPlaced(placed)) => {
                let reserved = placed.lines.iter().map(|line| (line.product_id, line.quantity)).collect();
                *unknown = Some(Purchase { status: OrderStatus::Placed, reserved });
            }
            (Some(purchase), event) => purchase.status = purchase.status.after(event),
            (None, _) => {}
        }
    }
}

impl OrderStatus {
    fn after(self, event: &OrderEvent) -> Self {
        match event {
            OrderEvent::OrderPlaced(_) => self,
            OrderEvent::OrderPaid(_) => Self::Paid,
            OrderEvent::OrderShipped(_) => Self::Shipped,
            OrderEvent::OrderDelivered(_) => Self::Delivered,
            OrderEvent::OrderReturned(_) => Self::Returned,
            OrderEvent::OrderCancelled(_) => Self::Cancelled,
        }
    }
}

impl Entity for Order {
    type Known = Purchase;
    const NOUN: &'static str = "order";
    const FIELD: &'static str = "orderId";

    fn known(&self) -> Option<&Purchase> {
        self.0.as_ref()
    }
}
