//! What is shown of an order, as plain values: what its changes are told by.

use async_graphql::{ID, Value};

use super::fold::Orders;
use super::graphql::Order;
use super::line::line_json;
use super::query::OrderStatus;
use super::table::{Entity, Model};
use crate::engine::time::Instant;
use crate::graphql::{Address, Failure, Result};
use crate::read::changes::graphql::Changing;
use crate::read::shown::{Shown, address_json, kept_money, money_json};

impl Changing for Order {
    type Model = Orders;
    type Table = Entity;
    const MODEL: Orders = Orders;

    fn version(row: &Model) -> i64 {
        row.version.into()
    }

    fn shown(row: &Model) -> Result<Shown> {
        let lines = row.ordered().map_err(Failure::internal)?;
        let at = |micros: Option<i64>| micros.map(Instant::from_micros);
        Ok(Shown::default()
            .with("status", &OrderStatus::from(row.status))
            .with("userId", &ID::from(row.user_id))
            .and("lines", Value::List(lines.iter().map(line_json).collect()))
            .with("quantity", &row.quantity)
            .and("totalAmount", money_json(kept_money(row.total_minor, &row.currency)?))
            .and("shippingAddress", address_json(&Address::from_stored(&row.shipping_address)?))
            .with("paymentReference", &row.payment_reference)
            .with("carrier", &row.carrier)
            .with("trackingNumber", &row.tracking_number)
            .with("cancellationReason", &row.cancellation_reason)
            .with("placedAt", &Instant::from_micros(row.placed_at))
            .with("paidAt", &at(row.paid_at))
            .with("shippedAt", &at(row.shipped_at))
            .with("deliveredAt", &at(row.delivered_at))
            .with("cancelledAt", &at(row.cancelled_at))
            .with("returnedAt", &at(row.returned_at)))
    }
}
