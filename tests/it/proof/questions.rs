//! Random questions and their answers: what the API is asked at random moments, and what the replay says.

use serde_json::{Value, json};

use super::history::{EMAILS, SKUS};
use super::walk::{List, Walk};
use super::world::{Entities, Past, World, text as text_of};
use super::{lists, sales, search};
use crate::read_models::replay::Dice;

pub const USER: &str = "id version name email emailVerified status createdAt updatedAt
    address { line1 line2 city region postalCode country }";
pub const PRODUCT: &str = "id version sku name price { amount currency } stock status createdAt updatedAt";
pub const ORDER: &str = "id version status userId quantity totalAmount { amount currency }
    shippingAddress { line1 line2 city region postalCode country }
    paymentReference carrier trackingNumber cancellationReason
    placedAt paidAt shippedAt deliveredAt cancelledAt returnedAt updatedAt user { id name }
    lines { productId sku productName quantity unitPrice { amount currency } lineTotal { amount currency }
        product { id name stock } }";
pub const EVENT: &str =
    "{ position id type schemaVersion streamType streamId streamVersion recordedAt data actor reason
    commandId correlationId causationId hash }";

/// One thing asked, and what must come of it.
pub enum Question {
    /// One answer.
    One { text: String, expected: Value },
    /// Pages of a list.
    Pages(Box<Walk>),
}

impl Question {
    /// The text to ask next: one root field.
    pub fn ask(&mut self) -> String {
        match self {
            Self::One { text, .. } => text.clone(),
            Self::Pages(walk) => walk.ask(),
        }
    }

    /// Holds an answer against the replay; whether there is more to ask.
    pub fn check(&mut self, answer: &Value) -> Result<bool, String> {
        match self {
            Self::One { expected, .. } if expected == answer => Ok(false),
            Self::One { expected, .. } => Err(format!("expected {expected:#}\n\ncame {answer:#}")),
            Self::Pages(walk) => walk.check(answer),
        }
    }
}

/// A moment to look at.
pub struct Moment {
    /// As it is given for `asOf`; none for the present.
    pub written: Option<String>,
    /// The end of the last command it shows.
    pub end: i64,
}

/// Asks about a past.
pub struct Asker<'a> {
    pub past: &'a Past,
    /// The shop's clock, µs.
    pub clock: i64,
    pub moment: Moment,
    pub dice: Dice,
}

/// A question at the asker's moment; none where there is nothing to ask about.
type Kind = fn(&mut Asker) -> Option<Question>;

/// What can be asked, and how often beside the others. A question of nothing there is asks for a list of users instead.
const KINDS: &[(u64, Kind)] = &[
    (4, |asker| Some(pages(asker, lists::users))),
    (4, |asker| Some(pages(asker, lists::products))),
    (5, |asker| Some(pages(asker, lists::orders))),
    (3, |asker| lists::orders_of_user(asker).map(|list| walk(asker, list))),
    (3, |asker| Some(pages(asker, lists::events))),
    (1, |asker| lists::history(asker).map(|list| walk(asker, list))),
    (5, |asker| Some(pages(asker, sales::report))),
    (2, |asker| Some(sales::totals(asker))),
    (5, |asker| Some(pages(asker, search::search))),
    (2, node),
    (1, nodes),
    (1, user_by_email),
    (1, product_by_sku),
    (1, event),
];

fn pages(asker: &mut Asker, list: fn(&mut Asker) -> List) -> Question {
    let list = list(asker);
    walk(asker, list)
}

fn walk(asker: &mut Asker, list: List) -> Question {
    Question::Pages(Box::new(Walk::through(list, Dice::of(asker.dice.below(u64::MAX)))))
}

impl<'a> Asker<'a> {
    pub fn new(past: &'a Past, clock: i64, mut dice: Dice) -> Self {
        let moment = Moment::any(past, clock, &mut dice);
        Self { past, clock, moment, dice }
    }

    /// Any question.
    pub fn question(&mut self) -> Question {
        let mut chosen = self.dice.below(KINDS.iter().map(|(weight, _)| weight).sum());
        for (weight, kind) in KINDS {
            if chosen < *weight {
                return kind(self).unwrap_or_else(|| pages(self, lists::users));
            }
            chosen -= weight;
        }
        unreachable!("the weights add up");
    }

    /// The world at the moment.
    pub fn world(&self) -> &'a World {
        self.past.world(self.moment.end)
    }

    /// The world at the end of the log.
    pub fn newest(&self) -> &'a World {
        self.past.world(self.past.head())
    }

    /// Events up to the moment, as the API shows them.
    pub fn events_until_moment(&self) -> Vec<Value> {
        let until = self.past.events.iter().take_while(|event| event.position <= self.moment.end);
        until.map(|event| event.shown.clone()).collect()
    }

    /// `, asOf: …` to stand after other arguments; nothing for the present.
    pub fn moment_argument(&self) -> String {
        self.moment.written.as_ref().map_or_else(String::new, |moment| format!(", asOf: {moment}"))
    }

    /// The id of any of these.
    pub fn any_of(&mut self, entities: &Entities) -> Option<String> {
        let ids: Vec<&String> = entities.keys().collect();
        (!ids.is_empty()).then(|| (*self.dice.one_of(&ids)).clone())
    }

    pub fn any_event(&mut self) -> Option<Value> {
        self.past.any_event(&mut self.dice).map(|event| event.shown.clone())
    }

    /// An instant at which something happened, or right before or after.
    pub fn instant(&mut self) -> String {
        let at = self.past.any_event(&mut self.dice).map_or(self.clock, |event| event.at);
        lists::written(at + *self.dice.one_of(&[-1, 0, 0, 1]))
    }

    /// A selection with the moment that is shown of an entity. Of the present, that depends on the page.
    pub fn selection(&self, fields: &str) -> String {
        let moment = if self.moment.written.is_some() { "asOf" } else { "" };
        format!("{{ {moment} {fields} }}")
    }

    /// An entity with what is nested in it, all at the moment.
    pub fn nested(&self, entity: &Value) -> Value {
        let mut entity = nested(self.world(), entity);
        if self.moment.written.is_some() {
            entity["asOf"] = self.moment.end.to_string().into();
        }
        entity
    }
}

/// An entity with what is nested in it.
fn nested(world: &World, entity: &Value) -> Value {
    let mut entity = entity.clone();
    if let Some(user) = entity["userId"].as_str() {
        let name = &world.users[user]["name"];
        entity["user"] = json!({ "id": user, "name": name });
        for line in entity["lines"].as_array_mut().expect("lines") {
            let product = &world.products[text_of(&line["productId"])];
            line["product"] =
                json!({ "id": product["id"], "name": product["name"], "stock": product["stock"] });
        }
    }
    entity
}

impl Moment {
    /// The present, a position, an instant or a duration; most of them where something changes.
    fn any(past: &Past, clock: i64, dice: &mut Dice) -> Self {
        let head = past.head();
        let at = |dice: &mut Dice| {
            let event = past.any_event(dice).map_or(clock, |event| event.at);
            event + *dice.one_of(&[-1, 0, 0, 1])
        };
        match dice.below(8) {
            0 | 1 => Self { written: None, end: head },
            2..=4 => {
                let event = past.any_event(dice).map_or(0, |event| event.position);
                let position = *dice.one_of(&[event, event, event, event, event, head, 0]);
                let written =
                    if dice.below(2) == 0 { position.to_string() } else { format!("\"{position}\"") };
                Self { written: Some(written), end: past.end_of(position) }
            }
            5 | 6 => {
                let newest = clock.max(past.last_instant());
                let near = at(dice).min(newest);
                let instant = *dice.one_of(&[near, near, near, newest, 0]);
                let written = format!("\"{}\"", lists::written(instant));
                Self { written: Some(written), end: past.end_at(instant) }
            }
            _ => {
                let ago = (clock - at(dice)).max(0);
                let written = match ago % 86_400_000_000 {
                    0 => format!("\"-P{}D\"", ago / 86_400_000_000),
                    _ => format!("\"-PT{}.{:06}S\"", ago / 1_000_000, ago % 1_000_000),
                };
                Self { written: Some(written), end: past.end_at(clock - ago) }
            }
        }
    }
}

/// The fragments that requests may use.
pub fn fragments() -> [(&'static str, String); 3] {
    let fragment = |name, of, fields: &str| (name, format!("fragment {name} on {of} {{ {fields} }} "));
    [
        fragment("user", "User", USER),
        fragment("product", "Product", PRODUCT),
        // Counted for each, so of single orders alone.
        fragment("order", "Order", &format!("{ORDER} user {{ orders(first: 0) {{ totalCount }} }}")),
    ]
}

fn shown_as_node(world: &World, id: &str) -> Value {
    let Some(entity) = world.entity(id) else { return Value::Null };
    let mut entity = nested(world, entity);
    if let Some(user) = entity.get_mut("user") {
        let orders = world.orders.values().filter(|order| order["userId"] == user["id"]).count();
        user["orders"] = json!({ "totalCount": orders });
    }
    entity["__typename"] = match () {
        () if world.users.contains_key(id) => "User",
        () if world.products.contains_key(id) => "Product",
        () => "Order",
    }
    .into();
    entity
}

/// The kind of any entity there ever was, and its id.
fn any_entity(asker: &mut Asker) -> (&'static str, String) {
    let newest = asker.newest();
    let kinds = [("user", &newest.users), ("product", &newest.products), ("order", &newest.orders)];
    let (kind, some) = *asker.dice.one_of(&kinds);
    (kind, asker.any_of(some).unwrap_or_else(|| uuid::Uuid::nil().to_string()))
}

/// One entity by id, by the field of its type or by `node`.
fn node(asker: &mut Asker) -> Option<Question> {
    let (kind, id) = any_entity(asker);
    let (field, at) = (*asker.dice.one_of(&[kind, "node"]), asker.moment_argument());
    let text = format!("{field}(id: \"{id}\"{at}) {{ __typename asOf ...{kind} }}");
    let mut expected = shown_as_node(asker.world(), &id);
    if expected.is_object() {
        expected["asOf"] = asker.moment.written.as_ref().map(|_| asker.moment.end.to_string()).into();
    }
    Some(Question::One { text, expected })
}

/// Some entities of one kind, in any order, some of them twice.
fn nodes(asker: &mut Asker) -> Option<Question> {
    let (kind, id) = any_entity(asker);
    let mut ids = vec![id, uuid::Uuid::nil().to_string()];
    for _ in 0..4 {
        let (of, id) = any_entity(asker);
        ids.extend((of == kind).then_some(id));
    }
    let text = format!("nodes(ids: {}{}) {{ __typename ...{kind} }}", json!(ids), asker.moment_argument());
    let expected = ids.iter().map(|id| shown_as_node(asker.world(), id)).collect();
    Some(Question::One { text, expected })
}

fn user_by_email(asker: &mut Asker) -> Option<Question> {
    let email = *asker.dice.one_of(EMAILS);
    let key = hindsight::fold::fold_case(email);
    let mut holders = asker.world().users.values();
    let found = holders.find(|user| hindsight::fold::fold_case(text_of(&user["email"])) == key);
    let text = format!("userByEmail(email: {}{}) {{ ...user }}", json!(email), asker.moment_argument());
    Some(Question::One { text, expected: found.map_or(Value::Null, |found| Value::clone(found)) })
}

fn product_by_sku(asker: &mut Asker) -> Option<Question> {
    let sku = *asker.dice.one_of(SKUS);
    let key = hindsight::fold::fold(sku);
    let mut holders = asker.world().products.values();
    let found = holders.find(|product| hindsight::fold::fold(text_of(&product["sku"])) == key);
    let text = format!("productBySku(sku: {}{}) {{ ...product }}", json!(sku), asker.moment_argument());
    Some(Question::One { text, expected: found.map_or(Value::Null, |found| Value::clone(found)) })
}

/// One event with the entity right after its command.
fn event(asker: &mut Asker) -> Option<Question> {
    let event = asker.past.any_event(&mut asker.dice)?;
    let (position, fields) = (event.position, EVENT.trim_matches(['{', '}']));
    let kind = text_of(&event.shown["streamType"]).to_lowercase();
    let text = format!("event(position: {position}) {{ {fields} subject {{ __typename asOf ...{kind} }} }}");
    let mut expected = event.shown.clone();
    expected["subject"] = shown_as_node(asker.past.world(event.end), text_of(&event.shown["streamId"]));
    expected["subject"]["asOf"] = event.end.to_string().into();
    Some(Question::One { text, expected })
}
