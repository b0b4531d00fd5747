//! The world as a replay of the events tells it: plain maps of what the API shows, with no code of the product's folds.

use std::collections::BTreeMap;
use std::sync::Arc;

use hindsight::engine::event::{Position, Recorded};
use hindsight::engine::time::Instant;
use serde_json::{Value, json};

use super::history::DELIVERY;
use crate::read_models::replay::Dice;
use crate::support::shop::Shop;

/// Entities by id, each as the API shows it with nothing nested.
pub type Entities = BTreeMap<String, Arc<Value>>;

/// All there is at one moment.
#[derive(Clone, Default)]
pub struct World {
    pub users: Entities,
    pub products: Entities,
    pub orders: Entities,
}

/// An event as the API shows it, and its place in time.
pub struct Happened {
    pub position: i64,
    /// The last position of its command.
    pub end: i64,
    /// µs.
    pub at: i64,
    pub shown: Value,
}

/// The whole log, and the world after each command.
pub struct Past {
    pub events: Vec<Happened>,
    /// Places of events worth looking at: all but most of the deliveries.
    landmarks: Vec<usize>,
    /// The empty world first; each with the last position of its command and the instant it was recorded.
    worlds: Vec<(i64, i64, World)>,
}

impl Past {
    /// Replays what a shop has recorded.
    pub async fn of(shop: &Shop) -> Self {
        let log = &shop.app.engine.log;
        let head = log.head().await.expect("the head").position;
        let recorded = log.page(Position::ZERO, head, 1_000_000).await.expect("the log");
        let mut world = World::default();
        let mut past = Self { events: vec![], landmarks: vec![], worlds: vec![(0, i64::MIN, world.clone())] };
        for event in &recorded {
            world.tell(event);
            if !event.metadata.contains(DELIVERY) || event.position.get() % 50 == 0 {
                past.landmarks.push(past.events.len());
            }
            past.events.push(Happened {
                position: event.position.get(),
                end: event.command_end.get(),
                at: event.recorded_at.micros(),
                shown: shown(event),
            });
            if event.position == event.command_end {
                past.worlds.push((event.position.get(), event.recorded_at.micros(), world.clone()));
            }
        }
        past
    }

    pub fn head(&self) -> i64 {
        self.events.last().map_or(0, |event| event.position)
    }

    /// Any event worth looking at.
    pub fn any_event(&self, dice: &mut Dice) -> Option<&Happened> {
        (!self.landmarks.is_empty()).then(|| &self.events[*dice.one_of(&self.landmarks)])
    }

    /// The newest `recordedAt`; the oldest number there is when nothing was recorded.
    pub fn last_instant(&self) -> i64 {
        self.events.last().map_or(i64::MIN, |event| event.at)
    }

    /// The end of the command that a position belongs to.
    pub fn end_of(&self, position: i64) -> i64 {
        self.events.iter().find(|event| event.position == position).map_or(0, |event| event.end)
    }

    /// The end of the last command recorded at or before an instant.
    pub fn end_at(&self, instant: i64) -> i64 {
        self.events.iter().rev().find(|event| event.at <= instant).map_or(0, |event| event.end)
    }

    /// The world after the command that ends at a position.
    pub fn world(&self, end: i64) -> &World {
        let found = self.worlds.iter().find(|(position, _, _)| *position == end);
        &found.expect("the end of a command").2
    }
}

/// An event as the API shows it.
fn shown(event: &Recorded) -> Value {
    let metadata: Value = serde_json::from_str(&event.metadata).expect("JSON");
    json!({
        "position": event.position.to_string(), "id": event.event_id, "type": event.event_type,
        "schemaVersion": event.schema_version, "streamType": event.stream_type.to_uppercase(),
        "streamId": event.stream_id, "streamVersion": event.stream_version,
        "recordedAt": event.recorded_at.to_string(), "data": data(event), "actor": metadata["actor"],
        "reason": metadata["reason"], "commandId": metadata["commandId"],
        "correlationId": metadata["correlationId"], "causationId": metadata["causationId"],
        "hash": event.hash.to_string(),
    })
}

fn data(event: &Recorded) -> Value {
    serde_json::from_str(&event.data).expect("JSON")
}

impl World {
    /// The entity with an id, whatever it is.
    pub fn entity(&self, id: &str) -> Option<&Value> {
        let found = self.users.get(id).or_else(|| self.products.get(id)).or_else(|| self.orders.get(id));
        found.map(Arc::as_ref)
    }

    fn tell(&mut self, event: &Recorded) {
        let entities = match event.stream_type.as_str() {
            "User" => &mut self.users,
            "Product" => &mut self.products,
            "Order" => &mut self.orders,
            other => panic!("{other} is no type of stream"),
        };
        let id = event.stream_id.to_string();
        let at = event.recorded_at.to_string();
        let entity = entities.entry(id.clone()).or_insert_with(|| json!({ "id": id, "version": 0 }).into());
        let entity = Arc::make_mut(entity);
        let data = data(event);
        match event.event_type.as_str() {
            "ProductCreated" => create_product(entity, &data, &at),
            "UserCreated" => create_user(entity, &data, &at),
            "OrderPlaced" => place_order(entity, &data),
            "UserRenamed" | "ProductRenamed" => entity["name"] = data["name"].clone(),
            "AddressChanged" => entity["address"] = address(&data["address"]),
            "EmailChanged" => set(entity, json!({ "email": data["email"], "emailVerified": false })),
            "EmailVerified" => entity["emailVerified"] = true.into(),
            "UserDeactivated" => entity["status"] = "DEACTIVATED".into(),
            "UserReactivated" => entity["status"] = "ACTIVE".into(),
            "PriceChanged" => entity["price"] = data["price"].clone(),
            "StockReceived" | "StockReleased" => move_stock(entity, integer(&data["quantity"])),
            "StockReserved" => move_stock(entity, -integer(&data["quantity"])),
            "StockAdjusted" => move_stock(entity, integer(&data["change"])),
            "ProductDiscontinued" => entity["status"] = "DISCONTINUED".into(),
            "OrderPaid" => {
                let reference = &data["paymentReference"];
                set(
                    entity,
                    json!({ "status": "PAID", "paymentReference": reference, "paidAt": instant(&data["paidAt"]) }),
                );
            }
            "OrderShipped" => set(
                entity,
                json!({ "status": "SHIPPED", "carrier": data["carrier"], "trackingNumber": data["trackingNumber"],
                        "shippedAt": instant(&data["shippedAt"]) }),
            ),
            "OrderDelivered" => {
                set(entity, json!({ "status": "DELIVERED", "deliveredAt": instant(&data["deliveredAt"]) }));
            }
            "OrderReturned" => {
                set(entity, json!({ "status": "RETURNED", "returnedAt": instant(&data["returnedAt"]) }));
            }
            "OrderCancelled" => set(
                entity,
                json!({ "status": "CANCELLED", "cancellationReason": data["reason"],
                        "cancelledAt": instant(&data["cancelledAt"]) }),
            ),
            other => panic!("{other} is no event that the replay knows"),
        }
        set(entity, json!({ "version": integer(&entity["version"]) + 1, "updatedAt": at }));
    }
}

fn create_user(entity: &mut Value, data: &Value, at: &str) {
    set(
        entity,
        json!({
            "name": data["name"], "email": data["email"], "emailVerified": false,
            "address": address(&data["address"]), "status": "ACTIVE", "createdAt": at,
        }),
    );
}

fn create_product(entity: &mut Value, data: &Value, at: &str) {
    set(
        entity,
        json!({
            "sku": data["sku"], "name": data["name"], "price": data["price"], "stock": data["initialStock"],
            "status": "AVAILABLE", "createdAt": at,
        }),
    );
}

fn place_order(entity: &mut Value, data: &Value) {
    let lines = data["lines"].as_array().expect("lines");
    let line = |line: &Value| {
        let currency = line["unitPrice"]["currency"].as_str().expect("a currency");
        let total = minor(&line["unitPrice"]) * i128::from(integer(&line["quantity"]));
        json!({
            "productId": line["productId"], "sku": line["sku"], "productName": line["name"],
            "quantity": line["quantity"], "unitPrice": line["unitPrice"], "lineTotal": money(total, currency),
        })
    };
    set(
        entity,
        json!({
            "status": "PLACED", "userId": data["userId"], "lines": lines.iter().map(line).collect::<Vec<_>>(),
            "quantity": lines.iter().map(|line| integer(&line["quantity"])).sum::<i64>(),
            "totalAmount": data["totalAmount"], "shippingAddress": address(&data["shippingAddress"]),
            "paymentReference": null, "carrier": null, "trackingNumber": null, "cancellationReason": null,
            "placedAt": instant(&data["placedAt"]), "paidAt": null, "shippedAt": null, "deliveredAt": null,
            "cancelledAt": null, "returnedAt": null,
        }),
    );
}

fn set(entity: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else { panic!("{fields} is no object") };
    entity.as_object_mut().expect("an object").extend(fields);
}

fn move_stock(product: &mut Value, units: i64) {
    product["stock"] = json!(integer(&product["stock"]) + units);
}

fn address(stored: &Value) -> Value {
    if stored.is_null() {
        return Value::Null;
    }
    let part = |name: &str| stored[name].clone();
    json!({
        "line1": part("line1"), "line2": part("line2"), "city": part("city"), "region": part("region"),
        "postalCode": part("postalCode"), "country": part("country"),
    })
}

fn instant(stored: &Value) -> String {
    Instant::from_micros(integer(stored)).to_string()
}

pub fn integer(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no integer"))
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

/// The decimals of the currencies that histories have.
pub fn decimals(currency: &str) -> usize {
    match currency {
        "JPY" => 0,
        "KWD" => 3,
        _ => 2,
    }
}

/// An amount as the API shows it.
pub fn money(minor: i128, currency: &str) -> Value {
    let decimals = decimals(currency);
    let digits = format!("{minor:0>width$}", width = decimals + 1);
    let (whole, part) = digits.split_at(digits.len() - decimals);
    let point = if decimals > 0 { "." } else { "" };
    json!({ "amount": format!("{whole}{point}{part}"), "currency": currency })
}

/// The minor units of an amount.
pub fn minor(money: &Value) -> i128 {
    text(&money["amount"]).replace('.', "").parse().expect("an amount")
}
