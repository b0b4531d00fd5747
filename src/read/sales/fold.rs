//! From the events of orders to sums: added when an order is paid, taken away when it is cancelled or comes back.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::sum::Sum;
use super::table::{self, SPAN, day, order, product, span};
use crate::engine::event::{DecodeError, Recorded};
use crate::engine::read_model::{Key, Keys, ReadModel, Rows, Table};
use crate::engine::time::Instant;
use crate::write::order::event::{OrderEvent, OrderPlaced, STREAM_TYPE};

const MICROS_OF_A_DAY: i64 = 86_400_000_000;

/// Sales by the day they were paid, as they are and were.
pub struct Sales;

impl ReadModel for Sales {
    const NAME: &'static str = "sales";
    const REVISION: i32 = 4;
    const STREAM_TYPES: Option<&'static [&'static str]> = Some(&[STREAM_TYPE]);

    fn tables() -> Vec<Table> {
        table::tables()
    }

    fn keys(&self, event: &Recorded, rows: &Rows) -> Result<Keys, DecodeError> {
        let Some(step) = Step::of(event)? else { return Ok(Keys::none()) };
        let mut keys = Keys::one::<order::Model>(event.stream_id);
        let before = rows.get::<order::Model>(event.stream_id);
        match (step, before) {
            // Most are paid on the day they are placed, so these sums are had at once with those of other events.
            (Step::Placed(placed), _) => {
                add_sums(&mut keys, &new(&placed, event)?, day_of(placed.placed_at))?
            }
            (Step::Paid(at), Some(order)) => add_sums(&mut keys, order, day_of(at))?,
            (Step::Gone, Some(order)) => {
                order.paid_on.map_or(Ok(()), |day| add_sums(&mut keys, order, day))?
            }
            (_, None) => {}
        }
        Ok(keys)
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        let Some(step) = Step::of(event)? else { return Ok(()) };
        let before = rows.get::<order::Model>(event.stream_id).cloned();
        match (step, before) {
            (Step::Placed(placed), _) => rows.put(new(&placed, event)?),
            (Step::Paid(at), Some(order)) if order.paid_on.is_none() => {
                let day = day_of(at);
                book(rows, &order, day, |sum| sum)?;
                rows.put(order::Model { paid_on: Some(day), ..order });
            }
            (Step::Gone, Some(order)) => {
                if let Some(day) = order.paid_on {
                    book(rows, &order, day, |sum| -sum)?;
                }
                rows.remove::<order::Model>(event.stream_id);
            }
            (Step::Paid(_) | Step::Gone, _) => {}
        }
        Ok(())
    }
}

/// What an event means for sales.
enum Step {
    Placed(OrderPlaced),
    Paid(Instant),
    /// Cancelled or returned; nothing can happen to it afterwards.
    Gone,
}

impl Step {
    fn of(event: &Recorded) -> Result<Option<Self>, DecodeError> {
        if event.stream_type != STREAM_TYPE {
            return Ok(None);
        }
        Ok(match event.decode()? {
            OrderEvent::OrderPlaced(placed) => Some(Self::Placed(placed)),
            OrderEvent::OrderPaid(paid) => Some(Self::Paid(paid.paid_at)),
            OrderEvent::OrderCancelled(_) | OrderEvent::OrderReturned(_) => Some(Self::Gone),
            OrderEvent::OrderShipped(_) | OrderEvent::OrderDelivered(_) => None,
        })
    }
}

/// Days since 1970 in UTC. No instant is further away than 32 bits of days.
pub(super) fn day_of(instant: Instant) -> i32 {
    i32::try_from(instant.micros().div_euclid(MICROS_OF_A_DAY)).unwrap_or_default()
}

/// A product, units of it, and the price of one in minor units.
type Line = (Uuid, i32, i64);

fn malformed(what: &str) -> impl FnOnce(serde_json::Error) -> DecodeError {
    move |cause| DecodeError::Malformed { what: what.to_owned(), cause }
}

fn new(placed: &OrderPlaced, event: &Recorded) -> Result<order::Model, DecodeError> {
    let line = |line: &crate::write::order::event::OrderedLine| -> Line {
        (line.product_id, line.quantity.get(), line.unit_price.minor())
    };
    let lines: Vec<Line> = placed.lines.iter().map(line).collect();
    Ok(order::Model {
        id: event.stream_id,
        currency: placed.total_amount.currency().to_string(),
        lines: serde_json::to_string(&lines).map_err(malformed("the lines of an order"))?,
        paid_on: None,
    })
}

/// What an order adds for each of its products.
fn by_product(order: &order::Model) -> Result<BTreeMap<Uuid, Sum>, DecodeError> {
    let lines: Vec<Line> =
        serde_json::from_str(&order.lines).map_err(malformed("the lines kept of an order"))?;
    let mut sums: BTreeMap<Uuid, Sum> = BTreeMap::new();
    for (product, units, price) in lines {
        let sum = sums.entry(product).or_default();
        let more = Sum { orders: 0, units: units.into(), revenue: i128::from(price) * i128::from(units) };
        // The order counts once, on however many lines the product is.
        *sum = Sum { orders: 1, ..sum.plus(more) };
    }
    Ok(sums)
}

fn day_key(day: i32, currency: &str) -> Key {
    Key::of(day).and(currency)
}

/// Of a product's sum in a day or a span.
fn product_key(time: i32, product: Uuid, currency: &str) -> Key {
    Key::of(time).and(product).and(currency)
}

fn add_sums(keys: &mut Keys, order: &order::Model, day: i32) -> Result<(), DecodeError> {
    let currency = order.currency.as_str();
    keys.add::<day::Model>(day_key(day, currency));
    for product in by_product(order)?.into_keys() {
        keys.add::<product::Model>(product_key(day, product, currency));
        keys.add::<span::Model>(product_key(day.div_euclid(SPAN), product, currency));
    }
    Ok(())
}

/// Adds an order to the sums of a day, or takes it away.
fn book(
    rows: &mut Rows,
    order: &order::Model,
    day: i32,
    signed: impl Fn(Sum) -> Sum,
) -> Result<(), DecodeError> {
    let currency = || order.currency.clone();
    let key = day_key(day, &order.currency);
    let (mut whole, mut products) = rows.get::<day::Model>(key).map_or_else(Default::default, day_parts);
    whole.orders = whole.orders.saturating_add(signed(Sum { orders: 1, ..Sum::default() }).orders);
    for (product_id, sold) in by_product(order)? {
        let sold = signed(sold);
        whole = whole.plus(Sum { orders: 0, ..sold });

        let key = product_key(day, product_id, &order.currency);
        let before = rows.get::<product::Model>(key).map_or_else(Sum::default, product::Model::sum);
        let sum = before.plus(sold);
        products += i32::from(sum.orders > 0) - i32::from(before.orders > 0);
        rows.put(product::Model::new(day, product_id, currency(), sum));

        let span = day.div_euclid(SPAN);
        let key = product_key(span, product_id, &order.currency);
        let before = rows.get::<span::Model>(key).map_or_else(Sum::default, span::Model::sum);
        rows.put(span::Model::new(span, product_id, currency(), before.plus(sold)));
    }
    rows.put(day::Model::new(day, currency(), products, whole));
    Ok(())
}

fn day_parts(row: &day::Model) -> (Sum, i32) {
    (row.sum(), row.products)
}

impl day::Model {
    fn new(day: i32, currency: String, products: i32, sum: Sum) -> Self {
        let (revenue_high, revenue_low) = sum.revenue_parts();
        let Sum { orders, units, .. } = sum;
        Self { day, currency, products, orders, units, revenue_high, revenue_low }
    }

    /// What the row adds up.
    pub fn sum(&self) -> Sum {
        Sum::of(self.orders, self.units, (self.revenue_high, self.revenue_low))
    }
}

impl product::Model {
    fn new(day: i32, product_id: Uuid, currency: String, sum: Sum) -> Self {
        let (revenue_high, revenue_low) = sum.revenue_parts();
        let Sum { orders, units, .. } = sum;
        Self { day, product_id, currency, orders, units, revenue_high, revenue_low }
    }

    /// What the row adds up.
    pub fn sum(&self) -> Sum {
        Sum::of(self.orders, self.units, (self.revenue_high, self.revenue_low))
    }
}

impl span::Model {
    fn new(span: i32, product_id: Uuid, currency: String, sum: Sum) -> Self {
        let (revenue_high, revenue_low) = sum.revenue_parts();
        let Sum { orders, units, .. } = sum;
        Self { span, product_id, currency, orders, units, revenue_high, revenue_low }
    }

    /// What the row adds up.
    pub fn sum(&self) -> Sum {
        Sum::of(self.orders, self.units, (self.revenue_high, self.revenue_low))
    }
}
