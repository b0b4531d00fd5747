//! From the events of orders to their rows.

use uuid::Uuid;

use super::table::{self, Model, Status, line};
use crate::engine::event::{DecodeError, Recorded};
use crate::engine::read_model::{Key, Keys, ReadModel, Rows, Table};
use crate::write::order::event::{Address, OrderEvent, OrderPlaced, OrderedLine, STREAM_TYPE};

/// The orders as they are and were.
pub struct Orders;

impl ReadModel for Orders {
    const NAME: &'static str = "orders";
    const REVISION: i32 = 5;
    const STREAM_TYPES: Option<&'static [&'static str]> = Some(&[STREAM_TYPE]);

    fn tables() -> Vec<Table> {
        table::tables()
    }

    fn keys(&self, event: &Recorded, _: &Rows) -> Result<Keys, DecodeError> {
        if event.stream_type != STREAM_TYPE {
            return Ok(Keys::none());
        }
        let mut keys = Keys::one::<Model>(event.stream_id);
        if let OrderEvent::OrderPlaced(placed) = event.decode()? {
            for line in &placed.lines {
                keys.add::<line::Model>(line_key(line.product_id, event.stream_id));
            }
        }
        Ok(keys)
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        if event.stream_type != STREAM_TYPE {
            return Ok(());
        }
        let happened: OrderEvent = event.decode()?;
        if let OrderEvent::OrderPlaced(placed) = &happened {
            for line in &placed.lines {
                rows.put(line::Model { product_id: line.product_id, order_id: event.stream_id });
            }
        }
        let before = rows.get::<Model>(event.stream_id).cloned();
        if let Some(row) = apply(before, happened, event) {
            rows.put(row);
        }
        Ok(())
    }
}

fn line_key(product_id: Uuid, order_id: Uuid) -> Key {
    Key::of(product_id).and(order_id)
}

/// The row after an event; `None` where there is no order the event could have happened to.
fn apply(before: Option<Model>, happened: OrderEvent, event: &Recorded) -> Option<Model> {
    let mut row = match happened {
        OrderEvent::OrderPlaced(placed) => return Some(new(placed, event)),
        _ => before?,
    };
    match happened {
        OrderEvent::OrderPlaced(_) => {}
        OrderEvent::OrderPaid(paid) => {
            row.status = Status::Paid;
            row.payment_reference = Some(paid.payment_reference.to_string());
            row.paid_at = Some(paid.paid_at.micros());
        }
        OrderEvent::OrderShipped(shipped) => {
            row.status = Status::Shipped;
            row.carrier = Some(shipped.carrier.to_string());
            row.tracking_number = Some(shipped.tracking_number.to_string());
            row.shipped_at = Some(shipped.shipped_at.micros());
        }
        OrderEvent::OrderDelivered(delivered) => {
            row.status = Status::Delivered;
            row.delivered_at = Some(delivered.delivered_at.micros());
        }
        OrderEvent::OrderReturned(returned) => {
            row.status = Status::Returned;
            row.returned_at = Some(returned.returned_at.micros());
        }
        OrderEvent::OrderCancelled(cancelled) => {
            row.status = Status::Cancelled;
            row.cancellation_reason = cancelled.reason.map(|reason| reason.to_string());
            row.cancelled_at = Some(cancelled.cancelled_at.micros());
        }
    }
    row.version += 1;
    row.updated_at = event.recorded_at.micros();
    Some(row)
}

fn new(placed: OrderPlaced, event: &Recorded) -> Model {
    Model {
        id: event.stream_id,
        version: 1,
        status: Status::Placed,
        user_id: placed.user_id,
        lines: lines_json(&placed.lines),
        // Saturating, for history is never refused; 100 lines of the largest quantity are far below.
        quantity: placed.lines.iter().fold(0, |sum: i32, line| sum.saturating_add(line.quantity.get())),
        total_minor: placed.total_amount.minor(),
        currency: placed.total_amount.currency().to_string(),
        shipping_address: address_json(&placed.shipping_address),
        payment_reference: None,
        carrier: None,
        tracking_number: None,
        cancellation_reason: None,
        placed_at: placed.placed_at.micros(),
        paid_at: None,
        shipped_at: None,
        delivered_at: None,
        cancelled_at: None,
        returned_at: None,
        updated_at: event.recorded_at.micros(),
    }
}

/// Lines are texts and integers alone, so there is always JSON for them.
fn lines_json(lines: &[OrderedLine]) -> String {
    serde_json::to_string(lines).unwrap_or_default()
}

/// An address is texts alone, so there is always JSON for it.
fn address_json(address: &Address) -> String {
    serde_json::to_string(address).unwrap_or_default()
}

impl Model {
    /// What was ordered.
    ///
    /// # Errors
    /// When the stored text is not what this program writes.
    pub fn ordered(&self) -> Result<Vec<OrderedLine>, serde_json::Error> {
        serde_json::from_str(&self.lines)
    }
}
