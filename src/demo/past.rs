//! The past of the made-up shop, played from its first minute on: what happens makes more happen later.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::chance::Chance;
use super::words::{self, CANCELLED, CARRIERS, RETURNED};
use crate::engine::time::Instant;
use crate::import::Line;

/// Ids of the made-up shop are made in this namespace.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d1f_0c52_9b7e_5a34_8c41_d2e0_57a9_13fb);

const SEED: u64 = 17;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Three months.
const SPAN: i64 = 92 * DAY;

/// Stock below which more is ordered.
const LOW: i64 = 60;

/// How much there is of everything.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    pub users: usize,
    pub products: usize,
    pub orders: usize,
}

impl Default for Scale {
    fn default() -> Self {
        Self { users: 200, products: 60, orders: 5_000 }
    }
}

/// The whole past as lines to bring in, in order of time, the last of them shortly before `end`.
pub fn lines(end: Instant, scale: Scale) -> Vec<Line> {
    let mut shop = Past {
        end: end.micros(),
        now: 0,
        chance: Chance::seeded(SEED),
        agenda: BinaryHeap::new(),
        happenings: 0,
        users: Vec::new(),
        products: Vec::new(),
        orders: Vec::new(),
        lines: Vec::new(),
    };
    shop.plan(scale);
    shop.play();
    shop.lines
}

/// Something that is to happen; numbers count users, products and orders from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happening {
    NewProduct,
    NewUser,
    Verify(usize),
    Move,
    NewEmail,
    Deactivate,
    Reactivate(usize),
    Price,
    Rename,
    Miscount,
    Receive(usize),
    Discontinue,
    Place,
    Pay(usize),
    Ship(usize),
    Deliver(usize),
    Cancel(usize),
    Return(usize),
}

struct User {
    email: String,
    active: bool,
}

struct Product {
    stock: i64,
    cents: i64,
    edition: u32,
    awaited: bool,
    on_sale: bool,
}

struct Past {
    end: i64,
    now: i64,
    chance: Chance,
    /// What is to happen when; at one instant, what was noted first happens first.
    agenda: BinaryHeap<Reverse<(i64, u64, Happening)>>,
    happenings: u64,
    users: Vec<User>,
    products: Vec<Product>,
    /// The lines of each order: product and quantity.
    orders: Vec<Vec<(usize, i64)>>,
    lines: Vec<Line>,
}

impl Past {
    /// What happens without a cause of its own.
    fn plan(&mut self, scale: Scale) {
        use Happening::{
            Deactivate, Discontinue, Miscount, Move, NewEmail, NewProduct, NewUser, Place, Price, Rename,
        };
        let start = self.end - SPAN;
        for number in 0..scale.products {
            self.at(start + number as i64 * MINUTE, NewProduct);
        }
        // Half of the users come with the opening, the others in the first two months.
        for number in 0..scale.users {
            let late = if number % 2 == 0 { 0 } else { self.chance.between(0, 60 * DAY) };
            self.at(start + 2 * HOUR + number as i64 * MINUTE + late, NewUser);
        }
        let (users, products) = (scale.users, scale.products);
        for (happening, times) in [
            (Place, scale.orders),
            (Move, users / 4),
            (NewEmail, users / 10),
            (Price, products * 2),
            (Miscount, products / 3),
            (Rename, products / 12),
        ] {
            for _ in 0..times {
                let when = self.chance.between(start + DAY, self.end - MINUTE);
                self.at(when, happening);
            }
        }
        for days in [25, 16, 9, 5] {
            self.at(self.end - days * DAY, Deactivate);
        }
        for days in [20, 6] {
            self.at(self.end - days * DAY, Discontinue);
        }
    }

    fn at(&mut self, when: i64, happening: Happening) {
        self.happenings += 1;
        self.agenda.push(Reverse((when, self.happenings, happening)));
    }

    fn later(&mut self, shortest: i64, longest: i64, happening: Happening) {
        let when = self.now + self.chance.between(shortest, longest);
        self.at(when, happening);
    }

    fn play(&mut self) {
        while let Some(Reverse((when, _, happening))) = self.agenda.pop() {
            if when > self.end {
                // The present has come; what would follow is up to the visitor.
                return;
            }
            self.now = when;
            self.happen(happening);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::NewProduct => self.new_product(),
            Happening::NewUser => self.new_user(),
            Happening::Verify(user) => {
                let User { email, active } = &self.users[user];
                if *active {
                    let input = json!({ "userId": id("user", user), "email": email });
                    self.line("verifyEmail", input);
                }
            }
            Happening::Move => {
                let user = self.chance.index(self.users.len());
                if self.users[user].active {
                    let address = words::address(&mut self.chance);
                    self.line("changeAddress", json!({ "userId": id("user", user), "address": address }));
                }
            }
            Happening::NewEmail => self.new_email(),
            Happening::Deactivate => self.deactivate(),
            Happening::Reactivate(user) => {
                self.users[user].active = true;
                self.line("reactivateUser", json!({ "userId": id("user", user), "reason": "came back" }));
            }
            Happening::Price => self.new_price(),
            Happening::Rename => self.rename(),
            Happening::Miscount => self.miscount(),
            Happening::Receive(product) => self.receive(product),
            Happening::Discontinue => self.discontinue(),
            Happening::Place => self.place(),
            Happening::Pay(order) => self.pay(order),
            Happening::Ship(order) => {
                let carrier = self.chance.one_of(&CARRIERS);
                let tracking_number = format!("DEMO{order:06}");
                self.line(
                    "shipOrder",
                    json!({ "orderId": id("order", order), "carrier": carrier, "trackingNumber": tracking_number }),
                );
                self.later(DAY, 6 * DAY, Happening::Deliver(order));
            }
            Happening::Deliver(order) => {
                self.line("deliverOrder", json!({ "orderId": id("order", order) }));
                if self.chance.in_thousand(60) {
                    self.later(2 * DAY, 12 * DAY, Happening::Return(order));
                }
            }
            Happening::Cancel(order) => {
                let reason = self.chance.one_of(&CANCELLED);
                self.end_order("cancelOrder", order, reason);
            }
            Happening::Return(order) => {
                let reason = self.chance.one_of(&RETURNED);
                self.end_order("returnOrder", order, reason);
            }
        }
    }

    fn new_product(&mut self) {
        let number = self.products.len();
        let (stock, cents) = (self.chance.between(150, 400), self.chance.between(5, 120) * 100 + 90);
        self.products.push(Product { stock, cents, edition: 1, awaited: false, on_sale: true });
        let sku = format!("DEMO-{:03}", number + 1);
        let name = words::product(number);
        self.line(
            "createProduct",
            json!({ "id": id("product", number), "sku": sku, "name": name, "price": euros(cents), "initialStock": stock }),
        );
    }

    fn new_user(&mut self) {
        let number = self.users.len();
        let (name, email) =
            (format!("Customer {:03}", number + 1), format!("customer{:03}@example.com", number + 1));
        let address = words::address(&mut self.chance);
        self.line(
            "createUser",
            json!({ "id": id("user", number), "name": name, "email": email, "address": address }),
        );
        self.users.push(User { email, active: true });
        if self.chance.in_thousand(750) {
            self.later(2 * MINUTE, 12 * HOUR, Happening::Verify(number));
        }
    }

    /// Only users from the first day change theirs, so that no verification of the old one is on its way.
    fn new_email(&mut self) {
        let user = self.chance.index(self.users.len().min(20));
        if self.now < self.end - SPAN + 2 * DAY || !self.users[user].active {
            return;
        }
        let email = format!("customer{:03}.{}@mail.example.com", user + 1, self.lines.len());
        self.users[user].email.clone_from(&email);
        self.line("changeEmail", json!({ "userId": id("user", user), "email": email }));
    }

    fn deactivate(&mut self) {
        let user = self.chance.index(self.users.len());
        if !self.users[user].active {
            return;
        }
        self.users[user].active = false;
        self.line(
            "deactivateUser",
            json!({ "userId": id("user", user), "reason": "on the user's own wish" }),
        );
        if self.chance.in_thousand(400) {
            self.later(DAY, 3 * DAY, Happening::Reactivate(user));
        }
    }

    fn new_price(&mut self) {
        let number = self.chance.index(self.products.len());
        let change = self.chance.between(1, 9) * 50;
        let dearer = self.chance.in_thousand(600);
        let product = &mut self.products[number];
        if !product.on_sale {
            return;
        }
        product.cents = if dearer || product.cents <= change + 100 {
            product.cents + change
        } else {
            product.cents - change
        };
        let price = euros(product.cents);
        self.line("changePrice", json!({ "productId": id("product", number), "price": price }));
    }

    fn rename(&mut self) {
        let number = self.chance.index(self.products.len());
        let product = &mut self.products[number];
        if product.on_sale {
            product.edition += 1;
            let name = format!("{}, Edition {}", words::product(number), product.edition);
            self.line("renameProduct", json!({ "productId": id("product", number), "name": name }));
        }
    }

    fn miscount(&mut self) {
        let product = self.chance.index(self.products.len());
        let change = if self.products[product].stock > 3 { -self.chance.between(1, 4) } else { 1 };
        self.products[product].stock += change;
        self.line(
            "adjustStock",
            json!({ "productId": id("product", product), "change": change, "reason": "counted again" }),
        );
    }

    fn receive(&mut self, product: usize) {
        let quantity = self.chance.between(120, 300);
        self.products[product].awaited = false;
        self.products[product].stock += quantity;
        self.line("receiveStock", json!({ "productId": id("product", product), "quantity": quantity }));
    }

    fn discontinue(&mut self) {
        let number = self.chance.index(self.products.len());
        if std::mem::replace(&mut self.products[number].on_sale, false) {
            self.line(
                "discontinueProduct",
                json!({ "productId": id("product", number), "reason": "no longer made" }),
            );
        }
    }

    fn place(&mut self) {
        let user = (0..8).map(|_| self.chance.index(self.users.len())).find(|user| self.users[*user].active);
        let user = user.unwrap_or_default();
        let mut wanted: Vec<(usize, i64)> = Vec::new();
        for _ in 0..self.chance.between(1, 5) {
            let (product, quantity) = (self.chance.index(self.products.len()), self.chance.between(1, 4));
            if self.products[product].on_sale && wanted.iter().all(|(other, _)| *other != product) {
                wanted.push((product, quantity));
            }
        }
        if wanted.is_empty() {
            wanted
                .extend(self.products.iter().position(|product| product.on_sale).map(|product| (product, 1)));
        }
        for (product, quantity) in &wanted {
            // The truck that was on its way arrives just in time.
            if self.products[*product].stock < *quantity {
                self.receive(*product);
            }
        }
        for (product, quantity) in &wanted {
            self.reserve(*product, *quantity);
        }
        let lines: Vec<Value> = wanted
            .iter()
            .map(|(product, quantity)| json!({ "productId": id("product", *product), "quantity": quantity }))
            .collect();
        let order = self.orders.len();
        self.line(
            "placeOrder",
            json!({ "id": id("order", order), "userId": id("user", user), "lines": lines }),
        );
        self.orders.push(wanted);
        match self.chance.between(0, 1_000) {
            0..40 => self.later(HOUR, DAY, Happening::Cancel(order)),
            // Forgotten.
            40..55 => {}
            _ => self.later(2 * MINUTE, DAY, Happening::Pay(order)),
        }
    }

    fn reserve(&mut self, number: usize, quantity: i64) {
        let product = &mut self.products[number];
        product.stock -= quantity;
        if product.stock < LOW && !std::mem::replace(&mut product.awaited, true) {
            self.later(DAY, 4 * DAY, Happening::Receive(number));
        }
    }

    fn pay(&mut self, order: usize) {
        let reference = format!("demo-{order:06}");
        self.line("payOrder", json!({ "orderId": id("order", order), "paymentReference": reference }));
        let next =
            if self.chance.in_thousand(25) { Happening::Cancel(order) } else { Happening::Ship(order) };
        self.later(4 * HOUR, 3 * DAY, next);
    }

    fn end_order(&mut self, mutation: &str, order: usize, reason: &str) {
        for (product, quantity) in &self.orders[order] {
            self.products[*product].stock += quantity;
        }
        self.line(mutation, json!({ "orderId": id("order", order), "reason": reason }));
    }

    /// Notes a line, under a command id that depends on its number alone.
    fn line(&mut self, mutation: &str, mut input: Value) {
        input["commandId"] = id("command", self.lines.len());
        let at: DateTime<Utc> = Instant::from_micros(self.now).to_utc().unwrap_or_default();
        self.lines.push(Line { at, mutation: mutation.to_owned(), input });
    }
}

fn id(kind: &str, number: usize) -> Value {
    Uuid::new_v5(&NAMESPACE, format!("{kind}/{number}").as_bytes()).to_string().into()
}

fn euros(cents: i64) -> Value {
    json!({ "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "EUR" })
}
