//! The sales report from mutation to row, now and as of any moment, and against a plain pass over the events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::read_models::replay::Dice;
use crate::support::home::Home;
use crate::support::node::NOON;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    sales_are_told_apart_by_day_product_or_both,
    a_range_of_days_and_a_currency_leave_out_the_rest,
    a_return_leaves_the_day_of_its_payment_from_then_on,
    pages_show_each_row_once_as_of_the_moment_of_the_first,
    a_cursor_of_another_report_is_refused,
    every_report_at_every_position_is_what_a_pass_over_the_events_tells,
);

const DAY: i64 = 86_400_000_000;

const REPORT: &str = "query($from: Date, $until: Date, $by: SalesGrouping = DAY, $currency: CurrencyCode, $asOf: Moment, $first: Int, $after: String) {
    salesReport(from: $from, until: $until, groupBy: $by, currency: $currency, asOf: $asOf) {
        rows(first: $first, after: $after) {
            totalCount nodes { ...row } edges { cursor } pageInfo { hasNextPage hasPreviousPage endCursor } }
        totals { ...row } } }
    fragment row on SalesRow { day productId orders units revenue { amount currency } }";

/// A shop with tea for 18.00 EUR, a cup for 7.50 EUR and a bowl for 500 JPY.
struct Market {
    shop: Shop,
    ada: String,
    tea: String,
    cup: String,
    bowl: String,
}

impl Market {
    async fn open(home: &Home) -> Self {
        let shop = Shop::open(home).await;
        let address = json!({ "line1": "Unter den Linden 1", "city": "Berlin", "country": "DE" });
        let user = json!({ "name": "Ada", "email": "ada@example.org", "address": address });
        let ada = created(&shop.does("createUser", user).await);
        let tea = product(&shop, "TEA-01", "18.00", "EUR").await;
        let cup = product(&shop, "CUP-01", "7.50", "EUR").await;
        let bowl = product(&shop, "BOWL-01", "500", "JPY").await;
        Self { shop, ada, tea, cup, bowl }
    }

    /// Turns the clock to noon of so many days after the first.
    fn day(&self, day: i64) {
        self.shop.clock.set(NOON + day * DAY);
    }

    async fn orders(&self, lines: &[(&str, i32)]) -> String {
        let lines: Vec<Value> =
            lines.iter().map(|(id, units)| json!({ "productId": id, "quantity": units })).collect();
        created(&self.shop.does("placeOrder", json!({ "userId": self.ada, "lines": lines })).await)
    }

    async fn pays(&self, order: &str) {
        self.shop.does("payOrder", json!({ "orderId": order, "paymentReference": "pay-1" })).await;
    }

    async fn sells(&self, lines: &[(&str, i32)]) -> String {
        let order = self.orders(lines).await;
        self.pays(&order).await;
        order
    }

    async fn delivers(&self, order: &str) {
        let ship = json!({ "orderId": order, "carrier": "Swift", "trackingNumber": "1" });
        self.shop.does("shipOrder", ship).await;
        self.shop.does("deliverOrder", json!({ "orderId": order })).await;
    }

    async fn report(&self, variables: Value) -> Value {
        self.shop.see(REPORT, variables).await["salesReport"].take()
    }

    async fn head(&self) -> i64 {
        self.shop.app.engine.log.head().await.expect("the head").position.get()
    }

    /// Three days: tea and a cup; then tea, cups and bowls; then nothing that stays.
    async fn three_days(&self) {
        self.sells(&[(&self.tea, 1), (&self.cup, 1)]).await;
        self.day(1);
        self.sells(&[(&self.tea, 2)]).await;
        self.sells(&[(&self.cup, 4), (&self.tea, 1)]).await;
        self.sells(&[(&self.bowl, 3)]).await;
        self.orders(&[(&self.bowl, 1)]).await;
        self.day(2);
        let order = self.sells(&[(&self.cup, 1)]).await;
        self.shop.does("cancelOrder", json!({ "orderId": order })).await;
    }
}

fn created(payload: &Value) -> String {
    payload["events"][0]["streamId"].as_str().expect("an id").to_owned()
}

async fn product(shop: &Shop, sku: &str, amount: &str, currency: &str) -> String {
    let price = json!({ "amount": amount, "currency": currency });
    let input = json!({ "sku": sku, "name": sku, "price": price, "initialStock": 100_000 });
    created(&shop.does("createProduct", input).await)
}

fn date(day: i64) -> String {
    hindsight::engine::time::Instant::from_micros(NOON + day * DAY).to_string()[..10].to_owned()
}

fn row(day: Option<i64>, product: Option<&str>, (orders, units): (i32, i32), revenue: &str) -> Value {
    let (amount, currency) = revenue.split_once(' ').expect("money");
    json!({
        "day": day.map(date), "productId": product, "orders": orders, "units": units,
        "revenue": { "amount": amount, "currency": currency },
    })
}

async fn sales_are_told_apart_by_day_product_or_both(home: &Home) {
    let it = Market::open(home).await;
    let nothing = it.report(json!({})).await;
    assert_eq!((&nothing["rows"]["nodes"], &nothing["totals"]), (&json!([]), &json!([])));
    it.three_days().await;
    let (tea, cup, bowl) = (Some(it.tea.as_str()), Some(it.cup.as_str()), Some(it.bowl.as_str()));
    let by_day = json!([
        row(Some(0), None, (1, 2), "25.50 EUR"),
        row(Some(1), None, (1, 3), "1500 JPY"),
        row(Some(1), None, (2, 7), "84.00 EUR"),
    ]);
    let by_product = json!([
        row(None, bowl, (1, 3), "1500 JPY"),
        row(None, tea, (3, 4), "72.00 EUR"),
        row(None, cup, (2, 5), "37.50 EUR"),
    ]);
    let by_both = json!([
        row(Some(0), tea, (1, 1), "18.00 EUR"),
        row(Some(0), cup, (1, 1), "7.50 EUR"),
        row(Some(1), bowl, (1, 3), "1500 JPY"),
        row(Some(1), tea, (2, 3), "54.00 EUR"),
        row(Some(1), cup, (1, 4), "30.00 EUR"),
    ]);
    let totals = json!([row(None, None, (1, 3), "1500 JPY"), row(None, None, (3, 9), "109.50 EUR")]);
    for (by, rows) in [
        (json!(null), &by_day),
        (json!("DAY"), &by_day),
        (json!("PRODUCT"), &by_product),
        (json!("DAY_AND_PRODUCT"), &by_both),
    ] {
        let report = it.report(json!({ "by": by })).await;
        assert_eq!(&report["rows"]["nodes"], rows, "{by}");
        assert_eq!(report["rows"]["totalCount"], rows.as_array().map_or(0, Vec::len));
        assert_eq!(report["totals"], totals, "{by}");
    }
    let query = "{ salesReport(groupBy: PRODUCT) { rows { nodes { day product { sku } } } } }";
    let seen = it.shop.see(query, json!({})).await;
    let skus = json!([
        { "day": null, "product": { "sku": "BOWL-01" } },
        { "day": null, "product": { "sku": "TEA-01" } },
        { "day": null, "product": { "sku": "CUP-01" } },
    ]);
    assert_eq!(seen["salesReport"]["rows"]["nodes"], skus);
    let by_default =
        it.shop.see("{ salesReport { rows { nodes { day product { sku } } } } }", json!({})).await;
    let first = &by_default["salesReport"]["rows"]["nodes"][0];
    assert_eq!(first, &json!({ "day": date(0), "product": null }));
    it.shop.close().await;
}

async fn a_range_of_days_and_a_currency_leave_out_the_rest(home: &Home) {
    let it = Market::open(home).await;
    it.three_days().await;
    let tea = Some(it.tea.as_str());
    let first = row(Some(0), None, (1, 2), "25.50 EUR");
    let [yen, euro] =
        [("1500 JPY", (1, 3)), ("84.00 EUR", (2, 7))].map(|(revenue, of)| row(Some(1), None, of, revenue));
    for (asked, rows) in [
        (json!({ "until": date(1) }), json!([first])),
        (json!({ "from": date(1) }), json!([yen, euro])),
        (json!({ "from": date(0), "until": date(2), "currency": "EUR" }), json!([first, euro])),
        (json!({ "from": date(2) }), json!([])),
        (json!({ "from": date(1), "until": date(1) }), json!([])),
        (json!({ "from": date(1), "until": date(0) }), json!([])),
        (json!({ "from": "0000-01-01", "until": "9999-12-31", "currency": "JPY" }), json!([yen])),
        (json!({ "currency": "USD" }), json!([])),
        (
            json!({ "by": "PRODUCT", "from": date(1), "until": date(2), "currency": "EUR" }),
            json!([row(None, tea, (2, 3), "54.00 EUR"), row(None, Some(&it.cup), (1, 4), "30.00 EUR")]),
        ),
        (
            json!({ "by": "DAY_AND_PRODUCT", "from": date(1), "currency": "JPY" }),
            json!([row(Some(1), Some(&it.bowl), (1, 3), "1500 JPY")]),
        ),
    ] {
        let report = it.report(asked.clone()).await;
        assert_eq!(report["rows"]["nodes"], rows, "{asked}");
        let currencies: BTreeSet<String> = report["rows"]["nodes"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| row["revenue"]["currency"].to_string())
            .collect();
        assert_eq!(report["totals"].as_array().map(Vec::len), Some(currencies.len()), "{asked}");
    }
    it.shop.close().await;
}

async fn a_return_leaves_the_day_of_its_payment_from_then_on(home: &Home) {
    let it = Market::open(home).await;
    let order = it.sells(&[(&it.tea, 1)]).await;
    it.day(3);
    it.sells(&[(&it.cup, 2)]).await;
    it.delivers(&order).await;
    let before = it.head().await;
    it.shop.does("returnOrder", json!({ "orderId": order })).await;
    let sold = [row(Some(0), None, (1, 1), "18.00 EUR"), row(Some(3), None, (1, 2), "15.00 EUR")];
    for (as_of, rows, total) in [
        (Some(before), json!(sold), row(None, None, (2, 3), "33.00 EUR")),
        (None, json!([sold[1]]), row(None, None, (1, 2), "15.00 EUR")),
    ] {
        let report = it.report(json!({ "asOf": as_of })).await;
        assert_eq!(report["rows"]["nodes"], rows, "{as_of:?}");
        assert_eq!(report["totals"], json!([total]));
    }
    let query = "query($asOf: Moment) { salesReport(groupBy: PRODUCT, asOf: $asOf) { rows { nodes { product { name asOf } } } } }";
    it.shop.does("renameProduct", json!({ "productId": it.cup, "name": "Mug" })).await;
    let then = it.shop.see(query, json!({ "asOf": before })).await;
    let named = json!({ "product": { "name": "CUP-01", "asOf": before.to_string() } });
    assert_eq!(then["salesReport"]["rows"]["nodes"][1], named);
    let now = it.shop.see(query, json!({})).await;
    let named = json!([{ "product": { "name": "Mug", "asOf": null } }]);
    assert_eq!(now["salesReport"]["rows"]["nodes"], named);
    it.shop.close().await;
}

async fn pages_show_each_row_once_as_of_the_moment_of_the_first(home: &Home) {
    let it = Market::open(home).await;
    for day in 0..7 {
        it.day(day);
        it.sells(&[(&it.tea, 1), (&it.cup, 1)]).await;
        it.sells(&[(&it.bowl, 1)]).await;
    }
    for by in ["DAY", "PRODUCT", "DAY_AND_PRODUCT"] {
        for size in [1, 2, 3, 5] {
            let whole = it.report(json!({ "by": by, "first": 100 })).await["rows"].take();
            let (mut rows, mut after) = (Vec::new(), Value::Null);
            loop {
                let page = it.report(json!({ "by": by, "first": size, "after": after })).await["rows"].take();
                assert_eq!(page["totalCount"], whole["totalCount"]);
                assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
                rows.extend(page["nodes"].as_array().expect("rows").iter().cloned());
                after = page["pageInfo"]["endCursor"].clone();
                // What is sold meanwhile is on none of these pages.
                it.sells(&[(&it.cup, 9)]).await;
                if page["pageInfo"]["hasNextPage"] == json!(false) {
                    break;
                }
                assert_eq!(page["nodes"].as_array().map(Vec::len), Some(size));
            }
            assert_eq!(json!(rows), whole["nodes"], "{by} in pages of {size}");
        }
    }
    let none = it.report(json!({ "first": 0 })).await["rows"].take();
    assert_eq!((&none["nodes"], &none["pageInfo"]["hasNextPage"]), (&json!([]), &json!(true)));
    it.shop.close().await;
}

async fn a_cursor_of_another_report_is_refused(home: &Home) {
    let it = Market::open(home).await;
    it.three_days().await;
    let page = it.report(json!({ "first": 1, "from": date(0) })).await;
    let cursor = &page["rows"]["pageInfo"]["endCursor"];
    for asked in [
        json!({ "from": date(0), "by": "PRODUCT" }),
        json!({ "from": date(1) }),
        json!({ "from": date(0), "until": date(9) }),
        json!({ "from": date(0), "currency": "EUR" }),
        json!({ "from": date(0), "asOf": it.head().await }),
    ] {
        let mut variables = asked.clone();
        variables["after"] = cursor.clone();
        let response = it.shop.ask(REPORT, variables).await;
        assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{asked} {response:#}");
    }
    it.shop.close().await;
}

/// An order as a pass over the events knows it.
struct Known {
    lines: Vec<(String, i64, i64)>,
    currency: String,
    paid: Option<String>,
}

/// Day, product, currency; orders, units and minor units.
type Sold = BTreeMap<(Option<String>, Option<String>, String), (i64, i64, i64)>;

/// What was sold by these events, the slow way.
fn passed(
    events: &[(i64, String, String, Value)],
    until: i64,
    by: &str,
    range: (&str, &str),
    currency: Option<&str>,
) -> Sold {
    let mut orders: BTreeMap<&str, Known> = BTreeMap::new();
    for (position, order, kind, data) in events {
        if *position > until {
            break;
        }
        match kind.as_str() {
            "OrderPlaced" => {
                let minor = |price: &Value| {
                    price["amount"].as_str().unwrap().replace('.', "").parse::<i64>().unwrap()
                };
                let lines = data["lines"].as_array().unwrap().iter().map(|line| {
                    let units = line["quantity"].as_i64().unwrap();
                    (line["productId"].as_str().unwrap().to_owned(), units, units * minor(&line["unitPrice"]))
                });
                let currency = data["totalAmount"]["currency"].as_str().unwrap().to_owned();
                orders.insert(order, Known { lines: lines.collect(), currency, paid: None });
            }
            "OrderPaid" => {
                let micros = data["paidAt"].as_i64().unwrap();
                let day = hindsight::engine::time::Instant::from_micros(micros).to_string()[..10].to_owned();
                orders.get_mut(order.as_str()).unwrap().paid = Some(day);
            }
            "OrderCancelled" | "OrderReturned" => {
                orders.remove(order.as_str());
            }
            _ => {}
        }
    }
    let mut sold = Sold::new();
    for known in orders.into_values() {
        let Some(day) = known.paid else { continue };
        if day.as_str() < range.0
            || day.as_str() >= range.1
            || currency.is_some_and(|code| code != known.currency)
        {
            continue;
        }
        let day = by.contains("DAY").then_some(day);
        if by.contains("PRODUCT") {
            for (product, units, minor) in known.lines {
                let sum = sold.entry((day.clone(), Some(product), known.currency.clone())).or_default();
                *sum = (sum.0 + 1, sum.1 + units, sum.2 + minor);
            }
        } else {
            let sum = sold.entry((day, None, known.currency)).or_default();
            let of = |part: fn(&(String, i64, i64)) -> i64| known.lines.iter().map(part).sum::<i64>();
            *sum = (sum.0 + 1, sum.1 + of(|line| line.1), sum.2 + of(|line| line.2));
        }
    }
    sold
}

/// The rows of an answer as the pass has them; they must stand in order.
fn told(rows: &Value) -> Sold {
    let rows = rows.as_array().expect("rows");
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let amount = |row: &Value| row["revenue"]["amount"].as_str().unwrap().parse::<f64>().unwrap();
    for pair in rows.windows(2) {
        let [one, next] = [0, 1].map(|place| (text(&pair[place]["day"]), amount(&pair[place])));
        assert!(one.0 < next.0 || (one.0 == next.0 && one.1 >= next.1), "{pair:?} are not in order");
    }
    let sold: Sold = rows
        .iter()
        .map(|row| {
            let minor = row["revenue"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap();
            let sum = (row["orders"].as_i64().unwrap(), row["units"].as_i64().unwrap(), minor);
            ((text(&row["day"]), text(&row["productId"]), text(&row["revenue"]["currency"]).unwrap()), sum)
        })
        .collect();
    assert_eq!(sold.len(), rows.len(), "each row once");
    sold
}

/// Places, pays, cancels, delivers and returns at random over some months, so that whole spans and their edges are met.
async fn live(it: &Market, dice: &mut Dice) {
    let (mut placed, mut paid, mut there) = (Vec::new(), Vec::new(), Vec::new());
    let any = |dice: &mut Dice, orders: &mut Vec<String>| {
        (!orders.is_empty()).then(|| orders.swap_remove(dice.below(orders.len() as u64) as usize))
    };
    let mut day = 0;
    for _ in 0..40 {
        day += [0, 0, 1, 9][dice.below(4) as usize];
        it.day(day);
        let euro = [(it.tea.as_str(), 1 + dice.below(3) as i32), (it.cup.as_str(), 1 + dice.below(5) as i32)];
        let lines: &[(&str, i32)] = match dice.below(4) {
            0 => &euro[..1],
            1 => &euro[1..],
            2 => &euro,
            _ => &[(it.bowl.as_str(), 2)],
        };
        placed.push(it.orders(lines).await);
        if let Some(order) = any(dice, &mut placed) {
            it.pays(&order).await;
            paid.push(order);
        }
        match dice.below(5) {
            0 => {
                if let Some(order) = any(dice, &mut paid) {
                    it.shop.does("cancelOrder", json!({ "orderId": order })).await;
                }
            }
            1 => {
                if let Some(order) = paid.pop() {
                    it.delivers(&order).await;
                    there.push(order);
                }
            }
            2 => {
                if let Some(order) = there.pop() {
                    it.shop.does("returnOrder", json!({ "orderId": order })).await;
                }
            }
            3 => {
                if let Some(order) = placed.pop() {
                    it.shop.does("cancelOrder", json!({ "orderId": order })).await;
                }
            }
            _ => {}
        }
    }
}

/// The events (position, stream, name and data), and the last position of each command.
async fn recorded(shop: &Shop) -> (Vec<(i64, String, String, Value)>, BTreeSet<i64>) {
    let query = "query($after: String) { events(first: 100, after: $after) {
        nodes { position streamId type data commandId } pageInfo { endCursor hasNextPage } } }";
    let (mut events, mut ends, mut after) = (Vec::new(), BTreeMap::new(), Value::Null);
    loop {
        let page = shop.see(query, json!({ "after": after })).await["events"].take();
        for event in page["nodes"].as_array().expect("events") {
            let text = |field: &str| event[field].as_str().expect("a text").to_owned();
            let position: i64 = text("position").parse().expect("a position");
            ends.insert(text("commandId"), position);
            events.push((position, text("streamId"), text("type"), event["data"].clone()));
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            return (events, ends.into_values().collect());
        }
    }
}

async fn every_report_at_every_position_is_what_a_pass_over_the_events_tells(home: &Home) {
    let it = Market::open(home).await;
    let mut dice = Dice::thrown();
    live(&it, &mut dice).await;
    let (events, ends) = recorded(&it.shop).await;
    for position in 0..=it.head().await {
        // A moment within a command is its end.
        let moment = ends.range(position..).next().copied().filter(|_| position > 0).unwrap_or_default();
        let (from, until) = (dice.below(130) as i64, dice.below(200) as i64);
        for (range, bounds) in [
            ((json!(null), json!(null)), ("0", "9")),
            ((json!(date(from)), json!(date(until))), (date(from).as_str(), date(until).as_str())),
        ] {
            for by in ["DAY", "PRODUCT", "DAY_AND_PRODUCT"] {
                let currency = [None, Some("EUR")][dice.below(2) as usize];
                let asked = json!({ "by": by, "asOf": position, "first": 100, "from": range.0, "until": range.1, "currency": currency });
                let report = it.report(asked.clone()).await;
                let expected = passed(&events, moment, by, bounds, currency);
                assert_eq!(told(&report["rows"]["nodes"]), expected, "{asked}");
                assert_eq!(report["rows"]["totalCount"], expected.len(), "{asked}");
                let totals = passed(&events, moment, "", bounds, currency);
                assert_eq!(told(&report["totals"]), totals, "{asked}");
            }
        }
    }
    it.shop.close().await;
}
