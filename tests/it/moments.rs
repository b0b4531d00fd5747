//! Moments that are not there and cursors out of place: on every query that takes a moment and every list that has
//! pages, whatever the schema comes to have.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::introspection::{INTROSPECTION, Schema, arguments, bare, fields, name};
use crate::support::node::NOON;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    a_moment_before_the_first_event_is_an_empty_world_to_every_query,
    a_moment_after_the_end_is_out_of_range_to_every_query_which_names_both,
    a_cursor_used_with_another_moment_filter_order_or_list_is_refused_by_every_list,
    a_cursor_with_a_character_changed_is_refused_or_answered_by_every_list_in_every_order,
);

const HOUR: i64 = 3_600_000_000;

/// Entities of the shop, by the names of their fields; two of each.
const ENTITIES: [(&str, [Uuid; 2]); 3] = [
    ("user", [Uuid::from_u128(1), Uuid::from_u128(2)]),
    ("product", [Uuid::from_u128(3), Uuid::from_u128(4)]),
    ("order", [Uuid::from_u128(5), Uuid::from_u128(6)]),
];

fn instant(micros: i64) -> String {
    hindsight::engine::time::Instant::from_micros(micros).to_string()
}

/// A shop and all that can be asked of it.
struct Asked {
    shop: Shop,
    schema: Schema,
}

impl Asked {
    async fn open(home: &Home) -> Self {
        let shop = Shop::open(home).await;
        let schema = Schema(shop.ask(INTROSPECTION, json!({})).await);
        Self { shop, schema }
    }

    /// Two of everything, with events enough that no list has only one row.
    async fn fill(&self) {
        let address = json!({ "line1": "Kai 1", "city": "Bremen", "country": "DE" });
        let ids = |kind| ENTITIES.iter().find(|(name, _)| *name == kind).expect("a kind").1;
        for (number, id) in ids("user").into_iter().enumerate() {
            let (name, email) = ("Ada Abel", format!("ada{number}@example.org"));
            let input = json!({ "id": id, "name": name, "email": email, "address": address });
            self.shop.does("createUser", input).await;
            self.shop.does("renameUser", json!({ "userId": id, "name": "Ada Abel-Bell" })).await;
        }
        for (number, id) in ids("product").into_iter().enumerate() {
            let price = json!({ "amount": "5", "currency": "EUR" });
            let input = json!({ "id": id, "sku": format!("ada{number}"), "name": "Ada", "price": price });
            self.shop.does("createProduct", input).await;
            self.shop.does("receiveStock", json!({ "productId": id, "quantity": 9 })).await;
        }
        for (number, id) in ids("order").into_iter().enumerate() {
            let lines = json!([{ "productId": ids("product")[number], "quantity": 1 }]);
            for user in ids("user") {
                let id = if user == ids("user")[0] { json!(id) } else { Value::Null };
                self.shop.does("placeOrder", json!({ "id": id, "userId": user, "lines": lines })).await;
            }
            self.shop.clock.set(self.shop.clock.get() + 24 * HOUR);
            self.shop.does("payOrder", json!({ "orderId": id, "paymentReference": "ada" })).await;
        }
    }

    /// The queries that take a moment.
    fn queries(&self) -> impl Iterator<Item = &Value> {
        let query = self.schema.named(&self.schema.0["data"]["__schema"]["queryType"]["name"]);
        fields(query).iter().filter(|field| arguments(field).iter().any(|argument| name(argument) == "asOf"))
    }

    /// Asks a query as of a moment; the whole response.
    async fn as_of(&self, field: &Value, moment: &str) -> Value {
        let mut written = required(field);
        written.push(format!("asOf: {moment}"));
        let (selection, _) = self.nothing(&field["type"]);
        self.shop
            .ask(&format!("{{ q: {}({}) {selection} }}", name(field), written.join(", ")), json!({}))
            .await
    }

    /// What is selected of a type, and what of it there is in an empty world.
    fn nothing(&self, of: &Value) -> (String, Value) {
        let plain = "{ __typename }".to_owned();
        if of["kind"] != "NON_NULL" {
            return (plain, Value::Null);
        }
        let of = &of["ofType"];
        if of["kind"] == "LIST" {
            // A list of what was asked for by id has nulls in it, any other is empty.
            let nothing = if of["ofType"]["kind"] == "NON_NULL" { json!([]) } else { json!([null]) };
            return (plain, nothing);
        }
        let kind = self.schema.named(&of["name"]);
        if fields(kind).iter().any(|field| name(field) == "edges") {
            return ("{ edges { cursor } }".to_owned(), json!({ "edges": [] }));
        }
        let parts: Vec<_> =
            fields(kind).iter().map(|field| (name(field), self.nothing(&field["type"]))).collect();
        let selections: Vec<String> =
            parts.iter().map(|(name, (selection, _))| format!("{name} {selection}")).collect();
        let nothing = parts.into_iter().map(|(name, (_, nothing))| (name.to_owned(), nothing)).collect();
        (format!("{{ {} }}", selections.join(" ")), Value::Object(nothing))
    }
}

/// The arguments a field cannot do without, as they are written.
fn required(field: &Value) -> Vec<String> {
    let needed = arguments(field).iter().filter(|argument| argument["type"]["kind"] == "NON_NULL");
    needed
        .map(|argument| {
            let value = match name(argument) {
                "id" => json!(entity(name(field), 0)),
                "ids" => json!([entity("user", 0)]),
                "email" => json!("ada0@example.org"),
                "sku" => json!("ada0"),
                "text" => json!("ada"),
                other => panic!("say here what the argument `{other}` of `{}` is to be", name(field)),
            };
            format!("{}: {value}", name(argument))
        })
        .collect()
}

fn entity(kind: &str, number: usize) -> Uuid {
    ENTITIES.iter().find(|(name, _)| *name == kind).unwrap_or(&ENTITIES[0]).1[number]
}

async fn a_moment_before_the_first_event_is_an_empty_world_to_every_query(home: &Home) {
    let asked = Asked::open(home).await;
    assert!(asked.queries().count() >= 11, "every query but those of the machinery");
    let long_ago =
        [json!(0), json!("0"), json!("0000-01-01T00:00:00Z"), json!("-P900Y"), json!(instant(NOON - 1))];
    for filled in [false, true] {
        if filled {
            asked.fill().await;
        }
        for (field, moment) in
            asked.queries().flat_map(|field| long_ago.iter().map(move |moment| (field, moment)))
        {
            let response = asked.as_of(field, &moment.to_string()).await;
            let (_, nothing) = asked.nothing(&field["type"]);
            assert_eq!(response["data"]["q"], nothing, "{} as of {moment}: {response:#}", name(field));
        }
    }
    asked.shop.close().await;
}

async fn a_moment_after_the_end_is_out_of_range_to_every_query_which_names_both(home: &Home) {
    let asked = Asked::open(home).await;
    // An empty log; then one that ends at the present; then one whose end lies an hour back, then one before the clock.
    for (filled, hours) in [(false, 0), (true, 0), (true, 1), (true, -1)] {
        let head = asked.shop.app.engine.log.head().await.expect("the head");
        if filled && head.position.get() == 0 {
            asked.fill().await;
        }
        let head = asked.shop.app.engine.log.head().await.expect("the head");
        let last = head.recorded_at.micros();
        let clock = if filled { last + hours * HOUR } else { NOON };
        asked.shop.clock.set(clock);
        let now = clock.max(last).max(head.floor.micros());
        let shown = if filled { instant(last) } else { "there is none".to_owned() };
        let end = head.position;
        for (moment, named) in [
            (json!(end.next().to_string()), vec![end.next().to_string(), format!("which is {end}")]),
            (json!(i64::MAX), vec![i64::MAX.to_string(), format!("which is {end}")]),
            (json!(instant(now + 1)), vec![instant(now + 1), instant(now), shown.clone()]),
            (json!("9999-12-31T23:59:59Z"), vec![instant(now), shown]),
        ] {
            for field in asked.queries() {
                let response = asked.as_of(field, &moment.to_string()).await;
                let error = &response["errors"][0];
                let told = format!("{} as of {moment}: {response:#}", name(field));
                assert_eq!(error["extensions"]["code"], "MOMENT_OUT_OF_RANGE", "{told}");
                let message = error["message"].as_str().expect("a message");
                assert!(named.iter().all(|named| message.contains(named)), "expected {named:?}; {told}");
            }
        }
        for moment in [json!(end.to_string()), json!(instant(now))] {
            for field in asked.queries() {
                let response = asked.as_of(field, &moment.to_string()).await;
                assert!(response.get("errors").is_none(), "{} as of {moment}: {response:#}", name(field));
            }
        }
    }
    asked.shop.close().await;
}

/// A list with pages, by the fields that lead to it.
struct List<'a>(Vec<&'a Value>);

/// Another value of one of the arguments of a list: of the field so deep, as written.
#[derive(Clone, Debug, PartialEq)]
struct Other {
    depth: usize,
    argument: String,
    written: String,
}

impl List<'_> {
    /// A request for a page.
    fn written(&self, other: Option<&Other>, page: &str) -> String {
        let mut text = "{ q: ".to_owned();
        for (depth, field) in self.0.iter().enumerate() {
            let changed = other.filter(|other| other.depth == depth);
            let mut given = required(field);
            if let Some(other) = changed {
                given.retain(|written| !written.starts_with(&format!("{}:", other.argument)));
                given.push(other.written.clone());
            }
            if depth + 1 == self.0.len() {
                given.push(page.to_owned());
            }
            let given = if given.is_empty() { String::new() } else { format!("({})", given.join(", ")) };
            text = format!("{text}{}{given} {{ ", name(field));
        }
        format!("{text} edges {{ cursor }} {}", "}".repeat(self.0.len() + 1))
    }

    /// The cursor of the first row.
    async fn cursor(&self, shop: &Shop, other: Option<&Other>) -> Option<String> {
        let query = self.written(other, "first: 1");
        let data = shop.query(&query, json!({})).await;
        let list = self.0[1..].iter().fold(&data["q"], |answer, field| &answer[name(field)]);
        list["edges"][0]["cursor"].as_str().map(ToOwned::to_owned)
    }

    /// Requests for pages on either side of a cursor, where the list has both.
    fn beside(&self, other: Option<&Other>, cursor: &str) -> Vec<String> {
        let backward =
            self.0.last().into_iter().flat_map(|field| arguments(field)).any(|one| name(one) == "before");
        let before = backward.then(|| format!("last: 1, before: {cursor:?}"));
        let pages = [Some(format!("first: 1, after: {cursor:?}")), before].into_iter().flatten();
        pages.map(|page| self.written(other, &page)).collect()
    }

    /// Asks for pages on either side of a cursor, which must be refused.
    async fn refuses(&self, shop: &Shop, other: Option<&Other>, cursor: &str, taken: &str) {
        for query in self.beside(other, cursor) {
            let response = shop.ask(&query, json!({})).await;
            let error = &response["errors"][0];
            let told = format!("{query}\nwith a cursor of {taken}\n{response:#}");
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{told}");
            assert!(
                error["message"].as_str().expect("a message").contains("a cursor of this list"),
                "{told}"
            );
        }
    }
}

impl Asked {
    /// Every list of the schema that has pages.
    fn lists(&self) -> Vec<List<'_>> {
        let query = self.schema.named(&self.schema.0["data"]["__schema"]["queryType"]["name"]);
        let mut lists = vec![];
        for kind in self.schema.types().iter().filter(|kind| kind["kind"] == "OBJECT") {
            for field in fields(kind).iter().filter(|field| self.has_pages(field)) {
                let way: Vec<&Value> = if kind == query {
                    vec![field]
                } else {
                    let leads = |root: &&Value| bare(&root["type"])["name"] == kind["name"];
                    let root = fields(query).iter().find(leads);
                    vec![root.unwrap_or_else(|| panic!("no query leads to {}", name(kind))), field]
                };
                lists.push(List(way));
            }
        }
        lists
    }

    fn has_pages(&self, field: &Value) -> bool {
        let kind = self.schema.named(&bare(&field["type"])["name"]);
        fields(kind).iter().any(|field| name(field) == "pageInfo")
    }

    /// Every other value of every argument that decides on rows or their order.
    fn others(&self, list: &List<'_>, head: i64) -> Vec<Other> {
        let mut others = vec![];
        for (depth, field) in list.0.iter().enumerate() {
            for argument in arguments(field) {
                let of = name(argument);
                if ["first", "after", "last", "before"].contains(&of) {
                    continue;
                }
                let values = match of {
                    "asOf" => vec![
                        json!(head),
                        json!(head - 1),
                        json!(instant(NOON + 2 * 24 * HOUR)),
                        json!("-PT0.000001S"),
                    ]
                    .into_iter()
                    .map(|moment| moment.to_string())
                    .collect(),
                    "id" => vec![json!(entity(name(field), 1)).to_string()],
                    "text" => vec![json!("ad").to_string()],
                    _ => self.values(&argument["type"], of),
                };
                let other =
                    |value| Other { depth, argument: of.to_owned(), written: format!("{of}: {value}") };
                others.extend(values.into_iter().map(other));
            }
        }
        others
    }

    /// Values of a type that are not what its absence means.
    fn values(&self, of: &Value, argument: &str) -> Vec<String> {
        let kind = self.schema.named(&bare(of)["name"]);
        let enums = || kind["enumValues"].as_array().expect("values").iter().map(name);
        let in_list = |value: String| match of["kind"] == "LIST" {
            true => format!("[{value}]"),
            false => value,
        };
        match (name(kind), argument) {
            (_, "sortBy") => {
                let sorted_by = fields_of_input(kind).find(|field| name(field) == "field").expect("a field");
                let by = self.schema.named(&bare(&sorted_by["type"])["name"]);
                let by = by["enumValues"].as_array().expect("values").iter().map(name);
                let orders = by.flat_map(|field| {
                    ["DESC", "ASC"].map(|way| format!("{{ field: {field}, direction: {way} }}"))
                });
                // The first field, descending, is the order when nothing is said.
                orders.skip(1).collect()
            }
            (_, "filter") => fields_of_input(kind)
                .map(|field| {
                    let value = &self.values(&field["type"], name(field))[0];
                    // Amounts need a currency.
                    let beside = if name(field).ends_with("Total") { ", currency: \"EUR\"" } else { "" };
                    format!("{{ {}: {value}{beside} }}", name(field))
                })
                .collect(),
            // A day is what sales are grouped by when nothing is said.
            (_, "groupBy") => enums().filter(|grouping| *grouping != "DAY").map(ToOwned::to_owned).collect(),
            (_, "types") => vec!["[\"UserCreated\"]".to_owned()],
            (_, _) if kind["kind"] == "ENUM" => enums().map(|value| in_list(value.to_owned())).collect(),
            ("Boolean", _) => vec!["true".to_owned()],
            ("String", _) => vec![in_list("\"a\"".to_owned())],
            ("ID", _) => vec![in_list(json!(entity("user", 0)).to_string())],
            ("CountryCode", _) => vec!["\"DE\"".to_owned()],
            ("CurrencyCode", _) => vec!["\"EUR\"".to_owned()],
            ("Decimal", _) => vec!["\"5\"".to_owned()],
            ("Date", "until") => vec!["\"2100-01-01\"".to_owned()],
            ("Date", _) => vec!["\"2000-01-01\"".to_owned()],
            ("DateTime", field) if field.ends_with("Until") => vec!["\"2100-01-01T00:00:00Z\"".to_owned()],
            ("DateTime", _) => vec!["\"2000-01-01T00:00:00Z\"".to_owned()],
            (of, _) => panic!("say here what other value the argument `{argument}` of type {of} can have"),
        }
    }
}

fn fields_of_input(kind: &Value) -> impl Iterator<Item = &Value> {
    kind["inputFields"].as_array().expect("fields").iter()
}

async fn a_cursor_used_with_another_moment_filter_order_or_list_is_refused_by_every_list(home: &Home) {
    let asked = Asked::open(home).await;
    asked.fill().await;
    let shop = &asked.shop;
    let behind = shop.app.caught_up(std::time::Duration::from_secs(60)).await.expect("the head");
    assert_eq!(behind, [""; 0]);
    let head = shop.app.engine.log.head().await.expect("the head").position.get();
    let lists = asked.lists();
    assert!(
        lists.len() >= 9,
        "users, products, orders, events, a user's orders, histories, rows of a report"
    );
    let mut plain = vec![];
    for list in &lists {
        let told = list.written(None, "first: 1");
        let cursor = list.cursor(shop, None).await.unwrap_or_else(|| panic!("{told} has no rows"));
        let others = asked.others(list, head);
        let mut moments = vec![];
        for other in &others {
            list.refuses(shop, Some(other), &cursor, &told).await;
            let Some(taken) = list.cursor(shop, Some(other)).await else { continue };
            list.refuses(shop, None, &taken, &format!("{other:?}")).await;
            if other.argument == "asOf" {
                moments.push((other, taken));
            }
        }
        for (one, taken) in &moments {
            for (other, _) in moments.iter().filter(|(other, _)| other != one) {
                list.refuses(shop, Some(other), taken, &format!("{one:?}")).await;
            }
        }
        plain.push((told, cursor));
    }
    for (place, list) in lists.iter().enumerate() {
        for (_, (told, cursor)) in plain.iter().enumerate().filter(|(other, _)| *other != place) {
            list.refuses(shop, None, cursor, told).await;
        }
    }
    asked.shop.close().await;
}

async fn a_cursor_with_a_character_changed_is_refused_or_answered_by_every_list_in_every_order(home: &Home) {
    let asked = Asked::open(home).await;
    asked.fill().await;
    let shop = &asked.shop;
    shop.app.caught_up(std::time::Duration::from_secs(60)).await.expect("the head");
    let (mut refused, mut answered) = (0, 0);
    for list in &asked.lists() {
        let orders = asked.others(list, 1).into_iter().filter(|other| other.argument == "sortBy").map(Some);
        for order in std::iter::once(None).chain(orders) {
            let cursor = list.cursor(shop, order.as_ref()).await.expect("a row");
            for changed in changed(&cursor) {
                for query in list.beside(order.as_ref(), &changed) {
                    let response = shop.ask(&query, json!({})).await;
                    match response["errors"][0]["extensions"]["code"].as_str() {
                        None => answered += 1,
                        // Another position may be one that the log has not come to.
                        Some("BAD_USER_INPUT" | "MOMENT_OUT_OF_RANGE") => refused += 1,
                        Some(_) => panic!("{query}\n{response:#}"),
                    }
                }
            }
        }
    }
    assert!(refused > 1_000 && answered > 100, "{refused} were refused, {answered} answered");
    asked.shop.close().await;
}

/// A cursor with each character of what is in it changed, but for the name of its list, which comes first.
fn changed(cursor: &str) -> impl Iterator<Item = String> {
    let plain = String::from_utf8(BASE64.decode(cursor).expect("base64")).expect("text");
    let from = plain.find("\"p\"").expect("a position");
    let places: Vec<(usize, char)> = plain.char_indices().filter(|(place, _)| *place >= from).collect();
    let others = ['9', '-', '"', 'e', '\u{e9}'].into_iter().cycle();
    places.into_iter().zip(others).map(move |((place, old), new)| {
        let rest = &plain[place + old.len_utf8()..];
        BASE64.encode(format!("{}{new}{rest}", &plain[..place]))
    })
}
