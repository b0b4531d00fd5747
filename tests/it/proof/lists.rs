//! Random lists of users, products, orders and events: their filters and orders as the API takes them, and as plain Rust.

use std::sync::Arc;

use hindsight::engine::time::Instant;
use hindsight::fold::{fold, fold_case};
use serde_json::{Value, json};

use super::history::{ACTORS, CORRELATIONS, COUNTRIES, EMAILS, NAMES, SKUS};
use super::questions::{Asker, ORDER, PRODUCT, USER};
use super::walk::List;
use super::world::{Entities, integer, minor, text};

type Fits = Box<dyn Fn(&Value) -> bool>;

/// A field of a filter as it is written, and what it lets through.
struct Filter(String, Fits);

impl Filter {
    fn new(written: String, fits: impl Fn(&Value) -> bool + 'static) -> Self {
        Self(written, Box::new(fits))
    }
}

/// A row's place in an order, but for the id.
type Rank = Vec<Key>;

/// A field to sort by, and the rank it gives a row.
pub type Sort = (&'static str, fn(&Value) -> Rank);

/// A part of a rank.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    Number(i128),
    Text(String),
}

fn ranked_by_text(key: &str) -> Rank {
    vec![Key::Text(key.to_owned())]
}

fn ranked_by_money(money: &Value) -> Rank {
    vec![Key::Text(text(&money["currency"]).to_owned()), Key::Number(minor(money))]
}

/// What users can be sorted by; the first, descending, when nothing is said.
pub const USER_SORTS: &[Sort] = &[
    ("CREATED_AT", |row| ranked_by_text(text(&row["createdAt"]))),
    ("UPDATED_AT", |row| ranked_by_text(text(&row["updatedAt"]))),
    ("NAME", |row| ranked_by_text(&fold(text(&row["name"])))),
    ("EMAIL", |row| ranked_by_text(&fold_case(text(&row["email"])))),
];

/// What products can be sorted by; the first, descending, when nothing is said.
pub const PRODUCT_SORTS: &[Sort] = &[
    ("CREATED_AT", |row| ranked_by_text(text(&row["createdAt"]))),
    ("UPDATED_AT", |row| ranked_by_text(text(&row["updatedAt"]))),
    ("NAME", |row| ranked_by_text(&fold(text(&row["name"])))),
    ("SKU", |row| ranked_by_text(&fold(text(&row["sku"])))),
    ("STOCK", |row| vec![Key::Number(integer(&row["stock"]).into())]),
    ("PRICE", |row| ranked_by_money(&row["price"])),
];

/// What orders can be sorted by; the first, descending, when nothing is said.
pub const ORDER_SORTS: &[Sort] = &[
    ("PLACED_AT", |row| ranked_by_text(text(&row["placedAt"]))),
    ("UPDATED_AT", |row| ranked_by_text(text(&row["updatedAt"]))),
    ("TOTAL_AMOUNT", |row| ranked_by_money(&row["totalAmount"])),
];

pub fn users(asker: &mut Asker) -> List {
    let (filters, rows) = (user_filters(asker), asker.world().users.clone());
    let (arguments, rows) = listed(asker, filters, USER_SORTS, rows);
    root(asker, "users", USER, arguments, rows)
}

pub fn products(asker: &mut Asker) -> List {
    let (filters, rows) = (product_filters(asker), asker.world().products.clone());
    let (arguments, rows) = listed(asker, filters, PRODUCT_SORTS, rows);
    root(asker, "products", PRODUCT, arguments, rows)
}

pub fn orders(asker: &mut Asker) -> List {
    let rows = asker.world().orders.clone();
    let (arguments, rows) = listed_orders(asker, rows);
    root(asker, "orders", ORDER, arguments, rows)
}

/// The orders of a user at the user's moment; none where there is no such user.
pub fn orders_of_user(asker: &mut Asker) -> Option<List> {
    let user = asker.any_of(&asker.world().users.clone())?;
    let mut rows = asker.world().orders.clone();
    rows.retain(|_, order| order["userId"] == json!(user));
    let (arguments, rows) = listed_orders(asker, rows);
    let at = asker.moment_argument();
    let mut list = root(asker, "", ORDER, arguments, rows);
    list.open = format!("user(id: \"{user}\"{at}) {{ orders");
    list.arguments.retain(|argument| !argument.starts_with("asOf"));
    Some(List { close: "}", path: &["orders"], ..list })
}

fn listed_orders(asker: &mut Asker, rows: Entities) -> (Vec<String>, Vec<Arc<Value>>) {
    let filters = order_filters(asker);
    listed(asker, filters, ORDER_SORTS, rows)
}

fn root(
    asker: &Asker,
    field: &str,
    selection: &str,
    mut arguments: Vec<String>,
    rows: Vec<Arc<Value>>,
) -> List {
    arguments.extend(asker.moment.written.iter().map(|moment| format!("asOf: {moment}")));
    let rows = rows.iter().map(|row| asker.nested(row)).collect();
    let (open, selection) = (field.to_owned(), asker.selection(selection));
    List { open, close: "", path: &[], arguments, selection, counted: true, backward: true, rows }
}

/// Some of the filters and an order: as they are written, and the rows that are left in that order.
fn listed(
    asker: &mut Asker,
    filters: Vec<Filter>,
    sorts: &[Sort],
    rows: Entities,
) -> (Vec<String>, Vec<Arc<Value>>) {
    let dice = &mut asker.dice;
    let filters = some_of(dice, filters);
    let fits = |row: &Value| filters.iter().all(|Filter(_, fits)| fits(row));
    let rows: Vec<Arc<Value>> = rows.into_values().filter(|row| fits(row)).collect();
    let mut arguments = vec![];
    if !filters.is_empty() {
        let written: Vec<&str> = filters.iter().map(|Filter(written, _)| written.as_str()).collect();
        arguments.push(format!("filter: {{ {} }}", written.join(", ")));
    }
    let (mut sort, mut direction) = (sorts[0], "DESC");
    if dice.below(5) > 0 {
        (sort, direction) = (*dice.one_of(sorts), *dice.one_of(&["ASC", "DESC"]));
        arguments.push(format!("sortBy: {{ field: {}, direction: {direction} }}", sort.0));
    }
    (arguments, in_order(rows, sort, direction))
}

/// Rows in an order, equal ones by id.
pub fn in_order(mut rows: Vec<Arc<Value>>, (_, rank): Sort, direction: &str) -> Vec<Arc<Value>> {
    rows.sort_by_cached_key(|row| (rank(row), text(&row["id"]).to_owned()));
    if direction == "DESC" {
        rows.reverse();
    }
    rows
}

/// Mostly one of them, sometimes none, sometimes several.
fn some_of(dice: &mut crate::read_models::replay::Dice, mut all: Vec<Filter>) -> Vec<Filter> {
    let count = *dice.one_of(&[0, 1, 1, 1, 2, 3]);
    let mut some = vec![];
    for _ in 0..count.min(all.len()) {
        let place = dice.below(all.len() as u64) as usize;
        some.push(all.swap_remove(place));
    }
    some
}

/// A part of a text, in any case.
fn part_of(asker: &mut Asker, pool: &[&str]) -> String {
    let whole: Vec<char> = asker.dice.one_of(pool).chars().collect();
    let start = asker.dice.below(whole.len() as u64) as usize;
    let length = 1 + asker.dice.below(4) as usize;
    let part: String = whole[start..].iter().take(length).collect();
    if asker.dice.below(3) == 0 { part.to_uppercase() } else { part }
}

fn user_filters(asker: &mut Asker) -> Vec<Filter> {
    let status = *asker.dice.one_of(&["ACTIVE", "DEACTIVATED"]);
    let verified = asker.dice.below(2) == 0;
    let country = *asker.dice.one_of(COUNTRIES);
    let (name, email) = (part_of(asker, NAMES), part_of(asker, EMAILS));
    let (from, until) = (asker.instant(), asker.instant());
    let (name_key, email_key) = (fold(&name), fold_case(&email));
    let (later, earlier) = (from.clone(), until.clone());
    vec![
        Filter::new(format!("status: {status}"), move |row| row["status"] == status),
        Filter::new(format!("emailVerified: {verified}"), move |row| row["emailVerified"] == verified),
        Filter::new(format!("country: \"{country}\""), move |row| row["address"]["country"] == country),
        Filter::new(format!("nameContains: {}", json!(name)), move |row| {
            fold(text(&row["name"])).contains(&name_key)
        }),
        Filter::new(format!("emailContains: {}", json!(email)), move |row| {
            fold_case(text(&row["email"])).contains(&email_key)
        }),
        Filter::new(format!("createdFrom: \"{from}\""), move |row| text(&row["createdAt"]) >= later.as_str()),
        Filter::new(format!("createdUntil: \"{until}\""), move |row| {
            text(&row["createdAt"]) < earlier.as_str()
        }),
    ]
}

fn product_filters(asker: &mut Asker) -> Vec<Filter> {
    let status = *asker.dice.one_of(&["AVAILABLE", "DISCONTINUED"]);
    let in_stock = asker.dice.below(2) == 0;
    let name = part_of(asker, NAMES);
    let sku = *asker.dice.one_of(SKUS);
    let length = 1 + asker.dice.below(5) as usize;
    let prefix: String = sku.chars().take(length).collect();
    let (name_key, prefix_key) = (fold(&name), fold(&prefix));
    vec![
        Filter::new(format!("status: {status}"), move |row| row["status"] == status),
        Filter::new(format!("inStock: {in_stock}"), move |row| (integer(&row["stock"]) > 0) == in_stock),
        Filter::new(format!("nameContains: {}", json!(name)), move |row| {
            fold(text(&row["name"])).contains(&name_key)
        }),
        Filter::new(format!("skuPrefix: {}", json!(prefix)), move |row| {
            fold(text(&row["sku"])).starts_with(&prefix_key)
        }),
    ]
}

fn order_filters(asker: &mut Asker) -> Vec<Filter> {
    const STATUSES: [&str; 6] = ["PLACED", "PAID", "SHIPPED", "DELIVERED", "RETURNED", "CANCELLED"];
    let statuses: Vec<&str> = (0..asker.dice.below(4)).map(|_| *asker.dice.one_of(&STATUSES)).collect();
    let newest = asker.newest();
    let user = asker.any_of(&newest.users).unwrap_or_default();
    let product = asker.any_of(&newest.products).unwrap_or_default();
    let (from, until) = (asker.instant(), asker.instant());
    let (later, earlier) = (from.clone(), until.clone());
    let mut filters = vec![
        Filter::new(format!("status: [{}]", statuses.join(", ")), move |row| {
            statuses.iter().any(|status| row["status"] == *status)
        }),
        Filter::new(format!("placedFrom: \"{from}\""), move |row| text(&row["placedAt"]) >= later.as_str()),
        Filter::new(format!("placedUntil: \"{until}\""), move |row| {
            text(&row["placedAt"]) < earlier.as_str()
        }),
    ];
    if !user.is_empty() {
        let wanted = user.clone();
        filters.push(Filter::new(format!("userId: \"{user}\""), move |row| row["userId"] == json!(wanted)));
    }
    if !product.is_empty() {
        let wanted = json!(product);
        filters.push(Filter::new(format!("productId: \"{product}\""), move |row| {
            row["lines"].as_array().into_iter().flatten().any(|line| line["productId"] == wanted)
        }));
    }
    if let Some(order) = asker.any_of(&newest.orders) {
        filters.push(total_filter(asker, newest.orders[&order]["totalAmount"].clone()));
    }
    filters
}

/// Of the currency of an order, sometimes with its total as a bound.
fn total_filter(asker: &mut Asker, total: Value) -> Filter {
    let (amount, bound) = (text(&total["amount"]).to_owned(), minor(&total));
    let currency = text(&total["currency"]).to_owned();
    let (least, most) = *asker.dice.one_of(&[(false, false), (true, false), (false, true), (true, true)]);
    let mut written = format!("currency: \"{currency}\"");
    for name in [least.then_some("minTotal"), most.then_some("maxTotal")].into_iter().flatten() {
        written = format!("{written}, {name}: \"{amount}\"");
    }
    Filter::new(written, move |row| {
        let total = &row["totalAmount"];
        total["currency"] == currency.as_str()
            && (!least || minor(total) >= bound)
            && (!most || minor(total) <= bound)
    })
}

/// The log up to a moment.
pub fn events(asker: &mut Asker) -> List {
    let filters = event_filters(asker);
    let filters = some_of(&mut asker.dice, filters);
    let fits = |row: &Value| filters.iter().all(|Filter(_, fits)| fits(row));
    let rows = asker.events_until_moment().into_iter().filter(fits).collect();
    let mut arguments = vec![];
    if !filters.is_empty() {
        let written: Vec<&str> = filters.iter().map(|Filter(written, _)| written.as_str()).collect();
        arguments.push(format!("filter: {{ {} }}", written.join(", ")));
    }
    arguments.extend(asker.moment.written.iter().map(|moment| format!("asOf: {moment}")));
    let (open, selection) = ("events".to_owned(), super::questions::EVENT.to_owned());
    List { open, close: "", path: &[], arguments, selection, counted: false, backward: true, rows }
}

fn event_filters(asker: &mut Asker) -> Vec<Filter> {
    const TYPES: [&str; 6] =
        ["UserCreated", "UserRenamed", "StockReserved", "OrderPlaced", "OrderPaid", "PriceChanged"];
    const STREAMS: [&str; 3] = ["USER", "PRODUCT", "ORDER"];
    let types: Vec<&str> = (0..asker.dice.below(4)).map(|_| *asker.dice.one_of(&TYPES)).collect();
    let streams: Vec<&str> = (0..=asker.dice.below(2)).map(|_| *asker.dice.one_of(&STREAMS)).collect();
    let actor = *asker.dice.one_of(ACTORS);
    let correlation = uuid::Uuid::from_u128(*asker.dice.one_of(&CORRELATIONS)).to_string();
    let (from, until) = (asker.instant(), asker.instant());
    let (later, earlier) = (from.clone(), until.clone());
    let some: Vec<Value> = (0..2).filter_map(|_| asker.any_event()).collect();
    let ids: Vec<Value> = some.iter().map(|event| event["streamId"].clone()).collect();
    let command = some.first().map_or(json!(uuid::Uuid::nil()), |event| event["commandId"].clone());
    vec![
        Filter::new(format!("types: {}", json!(types)), move |row| {
            types.iter().any(|one| row["type"] == *one)
        }),
        Filter::new(format!("streamTypes: [{}]", streams.join(", ")), move |row| {
            streams.iter().any(|one| row["streamType"] == *one)
        }),
        Filter::new(format!("streamIds: {}", json!(ids)), move |row| ids.contains(&row["streamId"])),
        Filter::new(format!("commandId: {command}"), move |row| row["commandId"] == command),
        Filter::new(format!("actor: \"{actor}\""), move |row| row["actor"] == actor),
        Filter::new(format!("correlationId: \"{correlation}\""), move |row| {
            row["correlationId"] == correlation.as_str()
        }),
        Filter::new(format!("recordedFrom: \"{from}\""), move |row| {
            text(&row["recordedAt"]) >= later.as_str()
        }),
        Filter::new(format!("recordedUntil: \"{until}\""), move |row| {
            text(&row["recordedAt"]) < earlier.as_str()
        }),
    ]
}

/// The events of one entity up to a moment; none where there is no such entity.
pub fn history(asker: &mut Asker) -> Option<List> {
    let world = asker.world();
    let (field, entities) =
        *asker.dice.one_of(&[("user", &world.users), ("product", &world.products), ("order", &world.orders)]);
    let id = asker.any_of(entities)?;
    let mut rows = asker.events_until_moment();
    rows.retain(|event| event["streamId"] == json!(id));
    let open = format!("{field}(id: \"{id}\"{}) {{ history", asker.moment_argument());
    Some(List {
        open,
        close: "}",
        path: &["history"],
        arguments: vec![],
        selection: super::questions::EVENT.to_owned(),
        counted: false,
        backward: true,
        rows,
    })
}

/// An instant as the API writes it.
pub fn written(micros: i64) -> String {
    Instant::from_micros(micros).to_string()
}
