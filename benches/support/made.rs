//! A made-up log of any size, written in bulk: some users and products, and orders that are placed, paid, shipped and
//! delivered one beside the other over two years; a few are cancelled or come back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use hindsight::engine::event::{Hash, Position, Recorded};
use hindsight::engine::log::append::Append;
use hindsight::engine::log::{Head, Log, chain};
use hindsight::engine::time::Instant;
use serde_json::{Value, json};
use uuid::Uuid;

const MINUTE: u64 = 60_000_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const SPAN: u64 = 730 * DAY;

/// 2024-11-01, noon.
const BEGINNING: u64 = 1_730_462_400_000_000;

/// Events appended by one statement or transaction.
const EVENTS_AT_ONCE: usize = 5_000;

const CURRENCIES: [&str; 10] = ["EUR", "EUR", "EUR", "EUR", "EUR", "EUR", "EUR", "USD", "USD", "GBP"];
const COUNTRIES: [&str; 8] = ["DE", "DE", "DE", "FR", "FR", "NL", "GB", "US"];

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub users: u64,
    pub products: u64,
    pub orders: u64,
}

impl Scale {
    /// A shop with so many orders.
    pub fn of(orders: u64) -> Self {
        Self { users: (orders / 50).max(10), products: (orders / 1_000).clamp(10, 1_000), orders }
    }
}

/// What is to happen; numbers count users, products and orders from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    NewProduct(u64),
    NewUser(u64),
    Verify(u64),
    Move(u64),
    Rename(u64),
    Price(u64),
    Place(u64),
    Pay(u64),
    Ship(u64),
    Deliver(u64),
    Cancel(u64),
    Return(u64),
}

/// Writes the log from its beginning.
pub async fn write(log: &Log, scale: Scale) {
    let mut making =
        Making { scale, agenda: BinaryHeap::new(), versions: Default::default(), head: head(log).await };
    making.plan();
    let mut waiting: Vec<Arc<Recorded>> = Vec::new();
    let mut from = head(log).await;
    while let Some(Reverse((at, happening))) = making.agenda.pop() {
        waiting.extend(making.command(at, happening).into_iter().map(Arc::new));
        if waiting.len() >= EVENTS_AT_ONCE || making.agenda.is_empty() {
            let append = Append { from: &from, events: &waiting, claims: Vec::new() };
            assert!(log.append(&append).await.expect("appended"), "nobody else writes");
            from = making.head;
            waiting.clear();
        }
    }
}

async fn head(log: &Log) -> Head {
    log.head().await.expect("the head")
}

struct Making {
    scale: Scale,
    agenda: BinaryHeap<Reverse<(u64, Happening)>>,
    versions: std::collections::HashMap<Uuid, i64>,
    head: Head,
}

impl Making {
    fn plan(&mut self) {
        let Scale { users, products, orders } = self.scale;
        for number in 0..products {
            self.at(number, Happening::NewProduct(number));
            for change in 1..4 {
                self.at(products + chance(number, change) % SPAN, Happening::Price(number));
            }
        }
        for number in 0..users {
            let begun = products + number * (SPAN / 2 / users);
            self.at(begun, Happening::NewUser(number));
            self.at(begun + HOUR, Happening::Verify(number));
            for change in [Happening::Move(number), Happening::Rename(number)] {
                self.at(begun + HOUR + chance(number, 9) % (SPAN - begun), change);
            }
        }
        for number in 0..orders {
            let placed = products + 2 * HOUR + number * (SPAN / orders);
            self.at(placed, Happening::Place(number));
            let paid = placed + MINUTE + chance(number, 1) % (6 * HOUR);
            let shipped = paid + HOUR + chance(number, 2) % (3 * DAY);
            let delivered = shipped + 12 * HOUR + chance(number, 3) % (5 * DAY);
            match chance(number, 4) % 100 {
                0 | 1 => self.at(paid, Happening::Cancel(number)),
                kind => {
                    self.at(paid, Happening::Pay(number));
                    self.at(shipped, Happening::Ship(number));
                    self.at(delivered, Happening::Deliver(number));
                    if kind < 6 {
                        self.at(delivered + DAY + chance(number, 5) % (60 * DAY), Happening::Return(number));
                    }
                }
            }
        }
    }

    /// What would be after the two years is left open: so some orders are not paid yet, or on their way.
    fn at(&mut self, when: u64, happening: Happening) {
        if when <= SPAN {
            self.agenda.push(Reverse((BEGINNING + when, happening)));
        }
    }

    /// The events of one command.
    fn command(&mut self, at: u64, happening: Happening) -> Vec<Recorded> {
        use Happening::{
            Cancel, Deliver, Move, NewProduct, NewUser, Pay, Place, Price, Rename, Return, Ship, Verify,
        };
        let facts: Vec<(Uuid, &str, &str, Value)> = match happening {
            NewProduct(number) => vec![(
                product(number),
                "Product",
                "ProductCreated",
                json!({ "sku": sku(number), "name": name(number), "price": price(number), "initialStock": 1_000_000 }),
            )],
            Price(number) => {
                let price = money(100 + at % 9_900, number);
                vec![(product(number), "Product", "PriceChanged", json!({ "price": price }))]
            }
            NewUser(number) => vec![(
                user(number),
                "User",
                "UserCreated",
                json!({ "name": format!("User {}", chance(number, 6) % 100_000), "email": email(number), "address": address(number, 0) }),
            )],
            Verify(number) => {
                vec![(user(number), "User", "EmailVerified", json!({ "email": email(number) }))]
            }
            Move(number) => {
                vec![(user(number), "User", "AddressChanged", json!({ "address": address(number, 1) }))]
            }
            Rename(number) => vec![(
                user(number),
                "User",
                "UserRenamed",
                json!({ "name": format!("User {}", chance(number, 8) % 100_000) }),
            )],
            Place(number) => self.place(number, at),
            Pay(number) => vec![(
                order(number),
                "Order",
                "OrderPaid",
                json!({ "paymentReference": format!("P-{number}"), "paidAt": at }),
            )],
            Ship(number) => vec![(
                order(number),
                "Order",
                "OrderShipped",
                json!({ "carrier": "DHL", "trackingNumber": format!("T{:012}", chance(number, 7) % 1_000_000_000_000), "shippedAt": at }),
            )],
            Deliver(number) => vec![(order(number), "Order", "OrderDelivered", json!({ "deliveredAt": at }))],
            Cancel(number) => {
                self.ends(number, "OrderCancelled", json!({ "cancelledAt": at, "reason": "changed mind" }))
            }
            Return(number) => self.ends(number, "OrderReturned", json!({ "returnedAt": at })),
        };
        self.record(at, &facts)
    }

    fn place(&self, number: u64, at: u64) -> Vec<(Uuid, &'static str, &'static str, Value)> {
        let lines: Vec<Value> = self
            .lines(number)
            .map(|(product_number, units)| {
                json!({ "productId": product(product_number), "sku": sku(product_number), "name": name(product_number),
                        "quantity": units, "unitPrice": price(product_number) })
            })
            .collect();
        let cents: u64 = self.lines(number).map(|(product, units)| cents(product) * units).sum();
        let (first, _) = self.lines(number).next().expect("a line");
        let placed = json!({
            "userId": user(self.buyer(number, at)), "lines": lines, "totalAmount": money(cents, first),
            "shippingAddress": address(number, 0), "placedAt": at,
        });
        let reserved = self.lines(number).map(|(product_number, units)| {
            let data = json!({ "orderId": order(number), "quantity": units });
            (product(product_number), "Product", "StockReserved", data)
        });
        std::iter::once((order(number), "Order", "OrderPlaced", placed)).chain(reserved).collect()
    }

    fn ends(
        &self,
        number: u64,
        event: &'static str,
        data: Value,
    ) -> Vec<(Uuid, &'static str, &'static str, Value)> {
        let released = self.lines(number).map(|(product_number, units)| {
            let data = json!({ "orderId": order(number), "quantity": units });
            (product(product_number), "Product", "StockReleased", data)
        });
        std::iter::once((order(number), "Order", event, data)).chain(released).collect()
    }

    /// One product or two of one currency, with units of each.
    fn lines(&self, number: u64) -> impl Iterator<Item = (u64, u64)> + use<> {
        let products = self.scale.products;
        let first = chance(number, 10) % products;
        let second = (first + 10 * (1 + chance(number, 11) % (products / 10).max(1))) % products;
        let more = chance(number, 12).is_multiple_of(2) && second % 10 == first % 10 && second != first;
        let units = move |which| 1 + chance(number, which) % 5;
        std::iter::once((first, units(13))).chain(more.then(|| (second, units(14))))
    }

    /// Somebody who is a user by then.
    fn buyer(&self, number: u64, at: u64) -> u64 {
        let made =
            ((at - BEGINNING).saturating_sub(self.scale.products) / (SPAN / 2 / self.scale.users)).max(1);
        chance(number, 15) % made.min(self.scale.users)
    }

    fn record(&mut self, at: u64, facts: &[(Uuid, &str, &str, Value)]) -> Vec<Recorded> {
        let command =
            Uuid::from_u128(u128::from(at) << 64 | u128::from(self.head.position.get().unsigned_abs()));
        let end = self.head.position.plus(facts.len() as i64);
        let stamp = Instant::from_micros((at as i64).max(self.head.recorded_at.micros() + 1));
        let metadata =
            json!({ "commandId": command, "contentHash": "", "correlationId": command }).to_string();
        let mut events = Vec::with_capacity(facts.len());
        for (stream_id, stream_type, event_type, data) in facts {
            let version = self.versions.entry(*stream_id).and_modify(|version| *version += 1).or_insert(1);
            let position = self.head.position.next();
            let mut event = Recorded {
                position,
                event_id: Uuid::from_u128(u128::from(position.get().unsigned_abs()) << 64 | 1),
                stream_id: *stream_id,
                stream_type: (*stream_type).to_owned(),
                stream_version: *version,
                event_type: (*event_type).to_owned(),
                schema_version: 1,
                data: data.to_string(),
                metadata: metadata.clone(),
                command_id: command,
                correlation_id: command,
                actor: None,
                command_end: end,
                recorded_at: stamp,
                hash: Hash::NONE,
            };
            event.hash = chain::hash(self.head.hash, &event);
            self.head = Head { position, hash: event.hash, recorded_at: stamp, ..self.head };
            events.push(event);
        }
        events
    }
}

/// An even number out of 64 bits for each question about each thing, the same every time (SplitMix64).
fn chance(number: u64, question: u64) -> u64 {
    let mut bits =
        number.wrapping_mul(31).wrapping_add(question).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

fn id(kind: u64, number: u64) -> Uuid {
    Uuid::from_u64_pair(chance(number, 100 + kind), number)
}

pub fn user(number: u64) -> Uuid {
    id(1, number)
}

pub fn product(number: u64) -> Uuid {
    id(2, number)
}

pub fn order(number: u64) -> Uuid {
    id(3, number)
}

fn sku(product: u64) -> String {
    format!("SKU-{product:05}")
}

fn name(product: u64) -> String {
    format!("Product {}", chance(product, 20) % 10_000)
}

fn email(user: u64) -> String {
    format!("user{user}@example.org")
}

fn cents(product: u64) -> u64 {
    100 + chance(product, 21) % 9_900
}

fn money(cents: u64, product: u64) -> Value {
    let currency = CURRENCIES.get((product % 10) as usize).expect("a currency");
    json!({ "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": currency })
}

fn price(product: u64) -> Value {
    money(cents(product), product)
}

fn address(number: u64, moved: u64) -> Value {
    let country = COUNTRIES.get((chance(number, 30 + moved) % 8) as usize).expect("a country");
    json!({ "line1": format!("Street {}", number % 1_000), "city": format!("City {}", number % 500), "country": country })
}

/// Position 0 is before the first event.
pub fn is_empty(head: &Head) -> bool {
    head.position == Position::ZERO
}
