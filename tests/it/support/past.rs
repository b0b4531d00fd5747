//! The past of a shop, written straight into an empty log: orders placed, paid, shipped and delivered by ever more users.

use std::sync::Arc;

use hindsight::engine::event::{Events, Hash, Position, Recorded};
use hindsight::engine::log::append::Append;
use hindsight::engine::log::{Head, Log, chain};
use hindsight::engine::time::Instant;
use serde_json::{Value, json};
use uuid::Uuid;

const PRODUCTS: i64 = 500;
/// Orders for each user.
const ORDERS_A_USER: i64 = 5;
/// Orders that are placed before an order is paid, shipped and delivered.
const UNTIL_PAID: i64 = 20;
const UNTIL_SHIPPED: i64 = 1_000;
const UNTIL_DELIVERED: i64 = 4_000;
/// One order of so many is cancelled when it was to be shipped.
const ONE_CANCELLED_OF: i64 = 25;
/// Between two orders: a year of them is a million.
const MICROS_BETWEEN_ORDERS: i64 = 31_536_000;
const BEGINNING: i64 = 1_700_000_000_000_000;

/// Events written in one append.
const AT_ONCE: usize = 5_000;

/// Fills the log with at least so many events; the head.
pub async fn fill(log: &Log, events: i64) -> i64 {
    let mut written = log.head().await.expect("a head");
    let mut past = Past { head: written, waiting: Vec::new() };
    for product in 0..PRODUCTS {
        past.command(product, vec![event(Kind::Product, product, 1, "ProductCreated", created(product))]);
    }
    let mut order = 0;
    while past.head.position.get() < events {
        step(&mut past, order);
        order += 1;
        if past.waiting.len() >= AT_ONCE {
            written = write(log, written, &mut past.waiting).await;
        }
    }
    write(log, written, &mut past.waiting).await.position.get()
}

async fn write(log: &Log, from: Head, waiting: &mut Vec<Arc<Recorded>>) -> Head {
    let events: Events = waiting.drain(..).collect();
    let Some(last) = events.last() else { return from };
    let append = Append { from: &from, events: &events, claims: Vec::new() };
    assert!(log.append(&append).await.expect("an append"), "another writer");
    Head { position: last.position, recorded_at: last.recorded_at, hash: last.hash, ..from }
}

/// What happens around the placing of an order.
fn step(past: &mut Past, order: i64) {
    let at = BEGINNING + (PRODUCTS + order) * MICROS_BETWEEN_ORDERS;
    if order % ORDERS_A_USER == 0 {
        let user = order / ORDERS_A_USER;
        let email = format!("user{user}@example.com");
        let data = json!({ "name": format!("User Number {user}"), "email": email, "address": address() });
        past.command(order, vec![event(Kind::User, user, 1, "UserCreated", data)]);
        past.command(order, vec![event(Kind::User, user, 2, "EmailVerified", json!({ "email": email }))]);
    }
    past.command(order, placed(order, at));
    if let Some(paid) = earlier(order, UNTIL_PAID) {
        let data = json!({ "paymentReference": format!("pay-{paid}"), "paidAt": at });
        past.command(order, vec![event(Kind::Order, paid, 2, "OrderPaid", data)]);
    }
    if let Some(shipped) = earlier(order, UNTIL_SHIPPED) {
        let (what, data) = if shipped % ONE_CANCELLED_OF == 0 {
            ("OrderCancelled", json!({ "cancelledAt": at }))
        } else {
            let number = format!("SP-{shipped}");
            ("OrderShipped", json!({ "carrier": "Swift Post", "trackingNumber": number, "shippedAt": at }))
        };
        past.command(order, vec![event(Kind::Order, shipped, 3, what, data)]);
    }
    if let Some(delivered) = earlier(order, UNTIL_DELIVERED).filter(|order| order % ONE_CANCELLED_OF != 0) {
        let data = json!({ "deliveredAt": at });
        past.command(order, vec![event(Kind::Order, delivered, 4, "OrderDelivered", data)]);
    }
}

fn earlier(order: i64, by: i64) -> Option<i64> {
    (order >= by).then(|| order - by)
}

/// An order of two products, and the stock that is set aside for it.
fn placed(order: i64, at: i64) -> Vec<Recorded> {
    let products = [order * 7 % PRODUCTS, (order * 13 + 1) % PRODUCTS];
    let second = if products[0] == products[1] { (products[1] + 1) % PRODUCTS } else { products[1] };
    let lines: Vec<Value> = [products[0], second]
        .iter()
        .map(|product| {
            json!({ "productId": id(Kind::Product, *product), "sku": format!("SKU-{product:05}"),
                "name": format!("Product {product}"), "quantity": 1, "unitPrice": money("18.00") })
        })
        .collect();
    let data = json!({ "userId": id(Kind::User, order / ORDERS_A_USER), "lines": lines,
        "totalAmount": money("36.00"), "shippingAddress": address(), "placedAt": at });
    let mut events = vec![event(Kind::Order, order, 1, "OrderPlaced", data)];
    for product in [products[0], second] {
        // Nothing here looks at the version but the database: it must differ within a stream.
        let version = 2 + order;
        let data = json!({ "orderId": id(Kind::Order, order), "quantity": 1 });
        events.push(event(Kind::Product, product, version, "StockReserved", data));
    }
    events
}

fn created(product: i64) -> Value {
    json!({ "sku": format!("SKU-{product:05}"), "name": format!("Product {product}"), "price": money("18.00"),
        "initialStock": 1_000_000_000 })
}

fn money(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

fn address() -> Value {
    json!({ "line1": "Unter den Linden 1", "city": "Berlin", "postalCode": "10117", "country": "DE" })
}

#[derive(Clone, Copy)]
enum Kind {
    User,
    Product,
    Order,
}

/// As version 7 makes them: in order of time, but for the last bits.
fn id(kind: Kind, number: i64) -> Uuid {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let millis = (BEGINNING + number * MICROS_BETWEEN_ORDERS) / 1_000;
    Uuid::from_u64_pair(((millis as u64) << 16) | 0x7000 | kind as u64, mixed >> 2 | 1 << 63)
}

fn event(kind: Kind, number: i64, version: i64, what: &str, data: Value) -> Recorded {
    let stream_type = match kind {
        Kind::User => "User",
        Kind::Product => "Product",
        Kind::Order => "Order",
    };
    Recorded {
        position: Position::ZERO,
        event_id: Uuid::now_v7(),
        stream_id: id(kind, number),
        stream_type: stream_type.into(),
        stream_version: version,
        event_type: what.into(),
        schema_version: 1,
        data: data.to_string(),
        metadata: String::new(),
        command_id: Uuid::nil(),
        correlation_id: Uuid::nil(),
        actor: None,
        command_end: Position::ZERO,
        recorded_at: Instant::from_micros(0),
        hash: Hash::NONE,
    }
}

/// A log as it grows.
struct Past {
    head: Head,
    waiting: Vec<Arc<Recorded>>,
}

impl Past {
    /// Records a command: everything about its events that depends on their place.
    fn command(&mut self, order: i64, events: Vec<Recorded>) {
        let command_id = Uuid::now_v7();
        let end = self.head.position.plus(events.len() as i64);
        let at = (BEGINNING + order * MICROS_BETWEEN_ORDERS).max(self.head.recorded_at.micros() + 1);
        let metadata =
            json!({ "commandId": command_id, "contentHash": "0".repeat(64), "correlationId": command_id })
                .to_string();
        for mut event in events {
            event.position = self.head.position.next();
            event.command_id = command_id;
            event.correlation_id = command_id;
            event.command_end = end;
            event.recorded_at = Instant::from_micros(at);
            event.metadata.clone_from(&metadata);
            event.hash = chain::hash(self.head.hash, &event);
            self.head.position = event.position;
            self.head.hash = event.hash;
            self.waiting.push(Arc::new(event));
        }
        self.head.recorded_at = Instant::from_micros(at);
    }
}
