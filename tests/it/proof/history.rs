//! Random histories: steps of a clock, each with a command, that shrink to the few a failure needs.
//!
//! A command names what it is about by an index into what there is by then, so that any part of a history is one too.
//! Rules may refuse it: then it leaves no event, and nothing that the replay could see.

use hindsight::engine::time::Instant;
use hindsight::import::{Import, LINES_AT_ONCE, Line};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fewer::lists;
use super::world::{decimals, money};
use crate::support::shop::Shop;

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Equal but for case and accents, with signs that have a meaning in patterns, and beyond Latin.
pub const NAMES: &[&str] = &[
    "Ada Lovelace",
    "ada lovelace",
    "ADA LOVELACE",
    "Ångström",
    "angstrom",
    "Straße 100%",
    "STRASSE 100_",
    "a\\b",
    "İstanbul",
    "istanbul",
    "e\u{301}clair",
    "Éclair",
    "漢字",
    "👩‍👩‍👧 \"quoted\"",
    "o'hara",
    "zz",
];

/// Some of one mailbox, some that an accent alone tells apart.
pub const EMAILS: &[&str] = &[
    "ada@example.org",
    "ADA@example.org",
    "josé@example.org",
    "JOSE\u{301}@example.org",
    "jose@example.org",
    "b_b@example.com",
    "b%b@example.com",
    "bob@example.com",
    "Bob@Example.com",
    "zoe@example.net",
    "o'hara@example.net",
    "ada.lovelace@example.org",
];

pub const SKUS: &[&str] = &[
    "TEA-1",
    "tea-1",
    "TEA-10",
    "Téa-2",
    "tea_3",
    "T%",
    "CUP",
    "cup-1",
    "ÇUP-2",
    "漢-1",
    "\u{10ffff}",
    "zz",
];

pub const COUNTRIES: &[&str] = &["DE", "FR", "JP", "CH"];
pub const CURRENCIES: &[&str] = &["EUR", "USD", "JPY", "KWD"];
pub const ACTORS: &[&str] = &["anna", "Anna", "import"];

/// The reason of every delivery.
pub const DELIVERY: &str = "a delivery like every other";

/// What business transactions go by; few, so that commands share them.
pub const CORRELATIONS: [u128; 2] = [0xc0, 0xc1];

/// A command at its time.
#[derive(Clone, Debug)]
pub struct Step {
    /// Microseconds from the step before; the clock may stand still or go back.
    wait: i64,
    actor: Option<&'static str>,
    correlation: Option<u128>,
    act: Act,
}

#[derive(Clone, Debug)]
enum Act {
    CreateUser {
        id: Uuid,
        name: &'static str,
        email: &'static str,
        country: Option<&'static str>,
    },
    RenameUser(Index, &'static str),
    ChangeAddress(Index, &'static str),
    ChangeEmail(Index, &'static str),
    VerifyEmail(Index),
    DeactivateUser(Index),
    ReactivateUser(Index),
    CreateProduct {
        id: Uuid,
        sku: &'static str,
        name: &'static str,
        price: i64,
        currency: &'static str,
    },
    RenameProduct(Index, &'static str),
    ChangePrice(Index, i64),
    ReceiveStock(Index, i32),
    AdjustStock(Index, i32),
    DiscontinueProduct(Index),
    PlaceOrder {
        id: Uuid,
        user: Index,
        lines: Vec<(Index, i32)>,
        country: Option<&'static str>,
    },
    /// The next step of its way: paid, shipped, delivered, returned.
    Advance(Index),
    Cancel(Index),
}

/// Histories of so many steps at most.
pub fn histories(longest: usize) -> impl Strategy<Value = Vec<Step>> {
    lists(step(), longest / 2..=longest)
}

fn step() -> impl Strategy<Value = Step> {
    let wait = prop_oneof![
        5 => Just(0),
        3 => 1..1_000_i64,
        4 => 1..100 * SECOND,
        3 => HOUR..30 * HOUR,
        1 => 20 * DAY..60 * DAY,
        1 => -100 * SECOND..0,
    ];
    let actor = proptest::option::weighted(0.3, select(ACTORS));
    let correlation = proptest::option::weighted(0.3, select(CORRELATIONS.to_vec()));
    let step = |(wait, actor, correlation, act)| Step { wait, actor, correlation, act };
    (wait, actor, correlation, act()).prop_map(step)
}

fn act() -> impl Strategy<Value = Act> {
    let one = any::<Index>;
    let id = || any::<u128>().no_shrink().prop_map(Uuid::from_u128);
    let name = || select(NAMES);
    let email = || select(EMAILS);
    let country = || proptest::option::of(select(COUNTRIES));
    let price = || select(vec![0, 1, 250, 250, 999, 1_000, 100_000, 99_999_999_999_i64]);
    let lines = proptest::collection::vec((one(), 1..4_i32), 1..4);
    prop_oneof![
        3 => (id(), name(), email(), country())
            .prop_map(|(id, name, email, country)| Act::CreateUser { id, name, email, country }),
        2 => (one(), name()).prop_map(|(which, name)| Act::RenameUser(which, name)),
        1 => (one(), select(COUNTRIES)).prop_map(|(which, country)| Act::ChangeAddress(which, country)),
        2 => (one(), email()).prop_map(|(which, email)| Act::ChangeEmail(which, email)),
        1 => one().prop_map(Act::VerifyEmail),
        1 => one().prop_map(Act::DeactivateUser),
        1 => one().prop_map(Act::ReactivateUser),
        3 => (id(), select(SKUS), name(), price(), select(CURRENCIES)).prop_map(
            |(id, sku, name, price, currency)| Act::CreateProduct { id, sku, name, price, currency }
        ),
        1 => (one(), name()).prop_map(|(which, name)| Act::RenameProduct(which, name)),
        2 => (one(), price()).prop_map(|(which, price)| Act::ChangePrice(which, price)),
        2 => (one(), 1..9_i32).prop_map(|(which, units)| Act::ReceiveStock(which, units)),
        1 => (one(), -9..9_i32).prop_map(|(which, units)| Act::AdjustStock(which, units)),
        1 => one().prop_map(Act::DiscontinueProduct),
        6 => (id(), one(), lines, country())
            .prop_map(|(id, user, lines, country)| Act::PlaceOrder { id, user, lines, country }),
        9 => one().prop_map(Act::Advance),
        1 => one().prop_map(Act::Cancel),
    ]
}

/// What there is to give commands about, as far as commands need to know.
#[derive(Default)]
pub struct Known {
    /// With the e-mail address of now.
    users: Vec<(Uuid, &'static str)>,
    /// With the currency.
    products: Vec<(Uuid, &'static str)>,
    /// With the steps of its way behind it.
    orders: Vec<(Uuid, usize)>,
}

/// The steps of an order's way.
const WAY: [&str; 4] = ["payOrder", "shipOrder", "deliverOrder", "returnOrder"];

impl Known {
    /// Lives through steps, one after another.
    pub async fn live(&mut self, shop: &Shop, steps: &[Step]) {
        for step in steps {
            shop.clock.set(shop.clock.get() + step.wait);
            let Some((mutation, input)) = self.command(&step.act) else { continue };
            let correlation = step.correlation.map(|id| Uuid::from_u128(id).to_string());
            let headers: Vec<(&str, &str)> = [
                step.actor.map(|actor| ("Hindsight-Actor", actor)),
                correlation.as_deref().map(|id| ("Hindsight-Correlation-Id", id)),
            ]
            .into_iter()
            .flatten()
            .collect();
            let payload = shop.mutate_with(&headers, mutation, input).await;
            if payload["errors"] == json!([]) {
                self.learn(&step.act);
            }
        }
    }

    /// The mutation and its input; none where there is nothing it could be about.
    fn command(&self, act: &Act) -> Option<(&'static str, Value)> {
        let user = |which| at(&self.users, which);
        let product = |which| at(&self.products, which);
        Some(match act {
            Act::CreateUser { id, name, email, country } => {
                let address = country.map(address);
                ("createUser", json!({ "id": id, "name": name, "email": email, "address": address }))
            }
            Act::RenameUser(which, name) => {
                ("renameUser", json!({ "userId": user(which)?.0, "name": name, "reason": "again" }))
            }
            Act::ChangeAddress(which, country) => {
                ("changeAddress", json!({ "userId": user(which)?.0, "address": address(country) }))
            }
            Act::ChangeEmail(which, email) => {
                ("changeEmail", json!({ "userId": user(which)?.0, "email": email }))
            }
            Act::VerifyEmail(which) => {
                let (id, email) = user(which)?;
                ("verifyEmail", json!({ "userId": id, "email": email }))
            }
            Act::DeactivateUser(which) => ("deactivateUser", json!({ "userId": user(which)?.0 })),
            Act::ReactivateUser(which) => ("reactivateUser", json!({ "userId": user(which)?.0 })),
            Act::CreateProduct { id, sku, name, price, currency } => {
                let price = money(i128::from(*price), currency);
                let input = json!({ "id": id, "sku": sku, "name": name, "price": price, "initialStock": 3 });
                ("createProduct", input)
            }
            Act::RenameProduct(which, name) => {
                ("renameProduct", json!({ "productId": product(which)?.0, "name": name }))
            }
            Act::ChangePrice(which, minor) => {
                let (id, currency) = product(which)?;
                ("changePrice", json!({ "productId": id, "price": money(i128::from(*minor), currency) }))
            }
            Act::ReceiveStock(which, units) => {
                ("receiveStock", json!({ "productId": product(which)?.0, "quantity": units }))
            }
            Act::AdjustStock(which, units) => {
                ("adjustStock", json!({ "productId": product(which)?.0, "change": units }))
            }
            Act::DiscontinueProduct(which) => {
                ("discontinueProduct", json!({ "productId": product(which)?.0 }))
            }
            Act::PlaceOrder { id, user: who, lines, country } => {
                let lines = self.lines(lines)?;
                let address = country.map(address);
                let user = user(who)?.0;
                (
                    "placeOrder",
                    json!({ "id": id, "userId": user, "lines": lines, "shippingAddress": address }),
                )
            }
            Act::Advance(which) => {
                let (id, done) = at(&self.orders, which)?;
                let mutation = WAY.get(*done)?;
                let mut input = json!({ "orderId": id });
                match *mutation {
                    "payOrder" => input["paymentReference"] = "pay 1".into(),
                    "shipOrder" => {
                        input["carrier"] = "Swift".into();
                        input["trackingNumber"] = format!("T-{done}").into();
                    }
                    _ => {}
                }
                (mutation, input)
            }
            Act::Cancel(which) => {
                let id = at(&self.orders, which)?.0;
                ("cancelOrder", json!({ "orderId": id, "reason": "changed\nmy mind" }))
            }
        })
    }

    /// Lines of products that share the currency of the first.
    fn lines(&self, lines: &[(Index, i32)]) -> Option<Vec<Value>> {
        let currency = at(&self.products, &lines.first()?.0)?.1;
        let alike: Vec<_> = self.products.iter().filter(|(_, other)| *other == currency).copied().collect();
        let line = |(which, units): &(Index, i32)| {
            at(&alike, which).map(|(id, _)| json!({ "productId": id, "quantity": units }))
        };
        Some(lines.iter().filter_map(line).collect())
    }

    fn learn(&mut self, act: &Act) {
        match act {
            Act::CreateUser { id, email, .. } => self.users.push((*id, email)),
            Act::ChangeEmail(which, email) => {
                let place = which.index(self.users.len());
                self.users[place].1 = email;
            }
            Act::CreateProduct { id, currency, .. } => self.products.push((*id, currency)),
            Act::PlaceOrder { id, .. } => self.orders.push((*id, 0)),
            Act::Advance(which) => {
                let place = which.index(self.orders.len());
                self.orders[place].1 += 1;
            }
            _ => {}
        }
    }
}

/// So many deliveries of one product: what was before lies deep in the past then, where it is looked for another way.
pub async fn deliveries(shop: &Shop, count: i64) {
    let head = shop.app.engine.log.head().await.expect("the head");
    let product = Uuid::from_u128(0xde11);
    let price = money(1, "EUR");
    let create = json!({ "id": product, "sku": "DELIVERED", "name": "zz", "price": price });
    let receive = json!({ "productId": product, "quantity": 1, "reason": DELIVERY });
    let begin = shop.clock.get().max(head.recorded_at.micros()).max(head.floor.micros()) + SECOND;
    let line = |number: i64, mutation: &str, input: &Value| {
        let at = Instant::from_micros(begin + number * SECOND).to_utc().expect("a calendar day");
        Ok(Some(Line { at, mutation: mutation.to_owned(), input: input.clone() }))
    };
    let mut lines = vec![line(0, "createProduct", &create)];
    lines.extend((1..=count).map(|number| line(number, "receiveStock", &receive)));
    shop.clock.set(begin + count * SECOND);
    let mut import = Import::into(&shop.app).await.expect("a log to write to");
    while !lines.is_empty() {
        let rest = lines.split_off(lines.len().min(LINES_AT_ONCE));
        import.take(lines).await.expect("deliveries that are taken");
        lines = rest;
    }
    import.finish().expect("deliveries in order");
}

fn at<'a, T>(some: &'a [T], which: &Index) -> Option<&'a T> {
    (!some.is_empty()).then(|| which.get(some))
}

fn address(country: &str) -> Value {
    let line2 = (country == "FR").then_some("3e étage");
    json!({ "line1": "Kai 1", "line2": line2, "city": "Ville", "country": country })
}

#[test]
fn amounts_are_written_with_the_decimals_of_their_currency() {
    assert_eq!(money(1_800, "EUR"), json!({ "amount": "18.00", "currency": "EUR" }));
    assert_eq!(money(5, "KWD"), json!({ "amount": "0.005", "currency": "KWD" }));
    assert_eq!((money(18, "JPY")["amount"].clone(), decimals("JPY")), (json!("18"), 0));
}
