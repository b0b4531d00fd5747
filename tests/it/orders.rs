//! Products and orders from mutation to list, now and as of any moment, live, and as a dry run would leave them.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::node::NOON;
use crate::support::on_both_stores;
use crate::support::shop::Shop;
use crate::support::socket::Socket;

on_both_stores!(
    an_order_is_shown_with_its_user_and_products_at_one_moment,
    a_page_of_orders_costs_three_statements_however_long_it_is,
    products_are_filtered_and_sorted,
    orders_are_filtered_sorted_and_paged,
    the_orders_of_a_user_are_those_of_the_users_moment,
    entities_are_found_by_id_whatever_their_type,
    a_product_and_an_order_are_seen_as_they_change,
    changes_of_orders_tell_once_that_one_no_longer_matches,
    changes_of_orders_go_on_where_they_were_cut_off,
    a_change_by_a_long_command_is_told_once_wherever_pages_end,
    a_dry_run_shows_the_entity_as_it_would_be,
    bad_filters_are_refused_with_a_reason,
);

const SECOND: i64 = 1_000_000;

fn instant(micros: i64) -> String {
    hindsight::engine::time::Instant::from_micros(micros).to_string()
}

/// What a test of orders needs to be there: a user who has an address, tea for 18.00 EUR and a cup for 7.50 EUR.
struct Stocked {
    shop: Shop,
    ada: String,
    tea: String,
    cup: String,
}

impl Stocked {
    async fn open(home: &Home) -> Self {
        let shop = Shop::open(home).await;
        let address = json!({ "line1": "Unter den Linden 1", "city": "Berlin", "country": "DE" });
        let user = json!({ "name": "Ada", "email": "ada@example.org", "address": address });
        let ada = created(&shop.does("createUser", user).await);
        let tea = product(&shop, "TEA-01", "Grüner Tee", "18.00", 10).await;
        let cup = product(&shop, "CUP-01", "Cup", "7.50", 3).await;
        Self { shop, ada, tea, cup }
    }

    /// Places an order of so many units of each product; the id.
    async fn orders(&self, lines: &[(&str, i32)]) -> String {
        let lines: Vec<Value> =
            lines.iter().map(|(id, units)| json!({ "productId": id, "quantity": units })).collect();
        created(&self.shop.does("placeOrder", json!({ "userId": self.ada, "lines": lines })).await)
    }

    async fn pays(&self, id: &str) -> Value {
        self.shop.does("payOrder", json!({ "orderId": id, "paymentReference": "pay-1" })).await
    }
}

fn created(payload: &Value) -> String {
    payload["events"][0]["streamId"].as_str().expect("an id").to_owned()
}

async fn product(shop: &Shop, sku: &str, name: &str, amount: &str, stock: i32) -> String {
    let price = json!({ "amount": amount, "currency": "EUR" });
    let input = json!({ "sku": sku, "name": name, "price": price, "initialStock": stock });
    created(&shop.does("createProduct", input).await)
}

/// The values of a field of the nodes of a list.
fn each(list: &Value, field: &str) -> Vec<Value> {
    list["nodes"].as_array().expect("nodes").iter().map(|node| node[field].clone()).collect()
}

async fn an_order_is_shown_with_its_user_and_products_at_one_moment(home: &Home) {
    let it = Stocked::open(home).await;
    let order = it.orders(&[(&it.tea, 2), (&it.cup, 1)]).await;
    it.shop.clock.set(NOON + 10 * SECOND);
    it.pays(&order).await;
    it.shop.does("renameUser", json!({ "userId": it.ada, "name": "Ada King" })).await;
    it.shop.does("renameProduct", json!({ "productId": it.tea, "name": "Sencha" })).await;
    it.shop.does("cancelOrder", json!({ "orderId": order, "reason": "mistake" })).await;
    let query = "query($id: ID!, $then: Moment) {
        now: order(id: $id) { ...all }
        then: order(id: $id, asOf: $then) { ...all asOf }
        page: orders { nodes { ...all } }
    }
    fragment all on Order {
        id version status user { name } userId quantity totalAmount { amount currency } shippingAddress { city country }
        paymentReference carrier cancellationReason placedAt paidAt cancelledAt updatedAt
        lines { product { name stock } productId sku productName quantity unitPrice { amount } lineTotal { amount currency } }
        history { nodes { type } }
    }";
    let seen = it.shop.see(query, json!({ "id": order, "then": instant(NOON + SECOND) })).await;
    let (now, then) = (&seen["now"], &seen["then"]);
    assert_eq!((&now["version"], &now["status"]), (&json!(3), &json!("CANCELLED")));
    assert_eq!((&now["cancellationReason"], &now["paymentReference"]), (&json!("mistake"), &json!("pay-1")));
    assert_eq!(now["user"]["name"], "Ada King");
    assert_eq!(now["totalAmount"], json!({ "amount": "43.50", "currency": "EUR" }));
    assert_eq!((&now["quantity"], &now["shippingAddress"]["city"]), (&json!(3), &json!("Berlin")));
    let line = json!({
        "product": { "name": "Sencha", "stock": 10 }, "productId": it.tea, "sku": "TEA-01",
        "productName": "Grüner Tee", "quantity": 2, "unitPrice": { "amount": "18.00" },
        "lineTotal": { "amount": "36.00", "currency": "EUR" },
    });
    assert_eq!(now["lines"][0], line);
    assert_eq!(
        now["history"]["nodes"],
        json!([{ "type": "OrderPlaced" }, { "type": "OrderPaid" }, { "type": "OrderCancelled" }])
    );
    assert_eq!(&seen["page"]["nodes"], &json!([now]));
    assert_eq!(
        (&then["version"], &then["status"], &then["asOf"]),
        (&json!(1), &json!("PLACED"), &json!("6"))
    );
    assert_eq!((&then["user"]["name"], &then["paidAt"]), (&json!("Ada"), &Value::Null));
    assert_eq!(then["lines"][0]["product"], json!({ "name": "Grüner Tee", "stock": 8 }));
    it.shop.close().await;
}

async fn a_page_of_orders_costs_three_statements_however_long_it_is(home: &Home) {
    let it = Stocked::open(home).await;
    let page = "{ orders { nodes { id user { name } lines { product { name } } } } }";
    for _ in 0..3 {
        let order = it.orders(&[(&it.tea, 1), (&it.cup, 1)]).await;
        it.shop.see(page, json!({})).await;
        assert_eq!(it.shop.statements(page, json!({})).await.1, 3);
        let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
        let ids = json!({ "ids": [order, it.tea, it.cup, it.ada, Uuid::nil()] });
        assert_eq!(it.shop.statements(nodes, ids).await.1, 3);
    }
    it.shop.close().await;
}

async fn products_are_filtered_and_sorted(home: &Home) {
    let it = Stocked::open(home).await;
    let none = product(&it.shop, "tea-02", "Schwarzer Tee", "9.00", 0).await;
    it.shop.does("discontinueProduct", json!({ "productId": it.cup })).await;
    let query = "query($filter: ProductFilter, $sortBy: ProductSort) {
        products(filter: $filter, sortBy: $sortBy) { totalCount nodes { sku price { amount } stock status } } }";
    for (filter, sort, skus) in [
        (json!(null), json!(null), vec!["tea-02", "CUP-01", "TEA-01"]),
        (json!({ "status": "DISCONTINUED" }), json!(null), vec!["CUP-01"]),
        (
            json!({ "skuPrefix": "TEA" }),
            json!({ "field": "SKU", "direction": "ASC" }),
            vec!["TEA-01", "tea-02"],
        ),
        (json!({ "skuPrefix": "TEA_" }), json!(null), vec![]),
        (
            json!({ "nameContains": "TEE" }),
            json!({ "field": "NAME", "direction": "ASC" }),
            vec!["TEA-01", "tea-02"],
        ),
        (json!({ "nameContains": "grun" }), json!(null), vec!["TEA-01"]),
        (json!({ "inStock": true, "status": "AVAILABLE" }), json!(null), vec!["TEA-01"]),
        (json!({ "inStock": false }), json!(null), vec!["tea-02"]),
        (json!(null), json!({ "field": "PRICE", "direction": "ASC" }), vec!["CUP-01", "tea-02", "TEA-01"]),
        (json!(null), json!({ "field": "STOCK", "direction": "DESC" }), vec!["TEA-01", "CUP-01", "tea-02"]),
        (
            json!(null),
            json!({ "field": "UPDATED_AT", "direction": "DESC" }),
            vec!["CUP-01", "tea-02", "TEA-01"],
        ),
    ] {
        let seen = it.shop.see(query, json!({ "filter": filter, "sortBy": sort })).await;
        assert_eq!(each(&seen["products"], "sku"), skus, "{filter} {sort}");
        assert_eq!(seen["products"]["totalCount"], skus.len());
    }
    let query = "query($id: ID!) { one: product(id: $id) { name price { amount currency } }
        bySku: productBySku(sku: \"TEA-02\") { id } before: productBySku(sku: \"tea-02\", asOf: 3) { id } }";
    let seen = it.shop.see(query, json!({ "id": it.cup })).await;
    assert_eq!(seen["one"], json!({ "name": "Cup", "price": { "amount": "7.50", "currency": "EUR" } }));
    assert_eq!(seen["bySku"]["id"], json!(none));
    assert_eq!(seen["before"], Value::Null);
    it.shop.close().await;
}

async fn orders_are_filtered_sorted_and_paged(home: &Home) {
    let it = Stocked::open(home).await;
    let mut orders = Vec::new();
    for (second, lines) in
        (1..).zip([vec![(it.tea.as_str(), 1)], vec![(&it.cup, 1)], vec![(&it.tea, 1), (&it.cup, 1)]])
    {
        it.shop.clock.set(NOON + second * SECOND);
        orders.push(it.orders(&lines).await);
    }
    let [a, b, c] = [0, 1, 2].map(|place: usize| orders[place].as_str());
    it.pays(a).await;
    let placed = |second| instant(NOON + second * SECOND);
    let query = "query($filter: OrderFilter, $sortBy: OrderSort, $asOf: Moment) {
        orders(filter: $filter, sortBy: $sortBy, asOf: $asOf) { totalCount nodes { id } } }";
    for (filter, sort, as_of, expected) in [
        (json!(null), json!(null), None, vec![c, b, a]),
        (json!({ "status": ["PAID"] }), json!(null), None, vec![a]),
        (json!({ "status": ["PAID"] }), json!(null), Some(placed(3)), vec![]),
        (json!({ "status": [] }), json!(null), None, vec![]),
        (json!({ "productId": it.cup }), json!(null), None, vec![c, b]),
        (json!({ "productId": it.cup }), json!(null), Some(placed(2)), vec![b]),
        (json!({ "productId": it.tea, "status": ["PLACED", "PAID"] }), json!(null), None, vec![c, a]),
        (json!({ "userId": it.ada, "placedFrom": placed(2) }), json!(null), None, vec![c, b]),
        (json!({ "userId": it.tea }), json!(null), None, vec![]),
        (json!({ "placedUntil": placed(2) }), json!(null), None, vec![a]),
        (json!({ "currency": "EUR", "minTotal": "18", "maxTotal": 25.5 }), json!(null), None, vec![c, a]),
        (json!({ "currency": "USD" }), json!(null), None, vec![]),
        (json!(null), json!({ "field": "TOTAL_AMOUNT", "direction": "ASC" }), None, vec![b, a, c]),
        (json!(null), json!({ "field": "UPDATED_AT", "direction": "DESC" }), None, vec![a, c, b]),
    ] {
        let variables = json!({ "filter": filter, "sortBy": sort, "asOf": as_of });
        let seen = it.shop.see(query, variables.clone()).await;
        assert_eq!(each(&seen["orders"], "id"), expected, "{variables}");
        assert_eq!(seen["orders"]["totalCount"], expected.len());
    }
    let page = "query($after: String) { orders(sortBy: { field: TOTAL_AMOUNT, direction: DESC }, first: 2, after: $after) {
        nodes { id status } pageInfo { endCursor hasNextPage } } }";
    let first = it.shop.see(page, json!({})).await;
    assert_eq!(each(&first["orders"], "id"), [c, a]);
    it.pays(b).await;
    let second = it.shop.see(page, json!({ "after": first["orders"]["pageInfo"]["endCursor"] })).await;
    assert_eq!(
        second["orders"]["nodes"],
        json!([{ "id": b, "status": "PLACED" }]),
        "the cursor pins its moment"
    );
    it.shop.close().await;
}

async fn the_orders_of_a_user_are_those_of_the_users_moment(home: &Home) {
    let it = Stocked::open(home).await;
    let first = it.orders(&[(&it.tea, 1)]).await;
    it.shop.clock.set(NOON + 10 * SECOND);
    let second = it.orders(&[(&it.tea, 1)]).await;
    let query = "query($id: ID!, $then: Moment, $first: Int, $after: String, $filter: OrderFilter) {
        now: user(id: $id) { orders(first: $first, after: $after, filter: $filter) {
            totalCount nodes { id user { name } } pageInfo { endCursor } } }
        then: user(id: $id, asOf: $then) { orders { totalCount nodes { id asOf } } } }";
    let then = instant(NOON + SECOND);
    let seen = it.shop.see(query, json!({ "id": it.ada, "then": then, "first": 1 })).await;
    assert_eq!(seen["now"]["orders"]["totalCount"], 2);
    assert_eq!(seen["now"]["orders"]["nodes"], json!([{ "id": second, "user": { "name": "Ada" } }]));
    assert_eq!(seen["then"]["orders"], json!({ "totalCount": 1, "nodes": [{ "id": first, "asOf": "5" }] }));
    it.orders(&[(&it.tea, 1)]).await;
    let cursor = &seen["now"]["orders"]["pageInfo"]["endCursor"];
    let seen = it.shop.see(query, json!({ "id": it.ada, "then": then, "first": 1, "after": cursor })).await;
    assert_eq!(each(&seen["now"]["orders"], "id"), [json!(first)]);
    assert_eq!(seen["now"]["orders"]["totalCount"], 2, "at the moment the cursor was taken");
    let others = json!({ "id": it.ada, "filter": { "userId": it.tea } });
    assert_eq!(it.shop.see(query, others).await["now"]["orders"]["totalCount"], 0);
    it.shop.close().await;
}

async fn entities_are_found_by_id_whatever_their_type(home: &Home) {
    let it = Stocked::open(home).await;
    let order = it.orders(&[(&it.tea, 1)]).await;
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Order { status } }
        event(position: 4) { type subject { __typename ... on Order { version } } } }";
    let seen = it.shop.see(query, json!({ "ids": [order, Uuid::nil(), it.ada, it.tea] })).await;
    let nodes = json!([
        { "__typename": "Order", "id": order, "status": "PLACED" }, null,
        { "__typename": "User", "id": it.ada }, { "__typename": "Product", "id": it.tea },
    ]);
    assert_eq!(seen["nodes"], nodes);
    let subject = json!({ "__typename": "Order", "version": 1 });
    assert_eq!(seen["event"], json!({ "type": "OrderPlaced", "subject": subject }));
    it.shop.close().await;
}

async fn a_product_and_an_order_are_seen_as_they_change(home: &Home) {
    let it = Stocked::open(home).await;
    let order = it.orders(&[(&it.tea, 1)]).await;
    let mut products = Socket::to(&it.shop).await;
    let query = "subscription($id: ID!) { product(id: $id) { stock asOf } }";
    products.subscribe("1", query, json!({ "id": it.tea })).await;
    assert_eq!(products.next().await["product"], json!({ "stock": 9, "asOf": null }));
    let mut orders = Socket::to(&it.shop).await;
    let query =
        "subscription($id: ID!) { order(id: $id) { status user { name } lines { product { stock } } } }";
    orders.subscribe("1", query, json!({ "id": order })).await;
    let seen = |status: &str, stock: i32| json!({ "status": status, "user": { "name": "Ada" }, "lines": [{ "product": { "stock": stock } }] });
    assert_eq!(orders.next().await["order"], seen("PLACED", 9));
    it.pays(&order).await;
    assert_eq!(orders.next().await["order"], seen("PAID", 9));
    it.shop.does("cancelOrder", json!({ "orderId": order })).await;
    assert_eq!(orders.next().await["order"], seen("CANCELLED", 10));
    assert_eq!(products.next().await["product"]["stock"], 10);
    let mut nothing = Socket::to(&it.shop).await;
    nothing.subscribe("1", "subscription($id: ID!) { order(id: $id) { id } }", json!({ "id": it.tea })).await;
    let refused = nothing.receive().await.to_string();
    assert!(refused.contains("BAD_USER_INPUT") && refused.contains("no such order"), "{refused}");
    it.shop.close().await;
}

const CHANGED: &str = "subscription($filter: OrderFilter, $after: Position, $hash: String) {
    orderChanged(filter: $filter, after: $after, afterHash: $hash) {
        position matches order { id status } events { type position hash } } }";

/// A change as the tests look at it: which order, in which state, whether it matches, and the events.
fn told(data: &Value) -> (String, String, bool, Vec<String>) {
    let change = &data["orderChanged"];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let events = change["events"].as_array().expect("events").iter().map(|event| text(&event["type"]));
    let matches = change["matches"].as_bool().expect("a truth");
    (text(&change["order"]["id"]), text(&change["order"]["status"]), matches, events.collect())
}

fn change(id: &str, status: &str, matches: bool, event: &str) -> (String, String, bool, Vec<String>) {
    (id.to_owned(), status.to_owned(), matches, vec![event.to_owned()])
}

async fn changes_of_orders_tell_once_that_one_no_longer_matches(home: &Home) {
    let it = Stocked::open(home).await;
    let mut socket = Socket::to(&it.shop).await;
    let filter = json!({ "status": ["PLACED"], "productId": it.cup });
    socket.subscribe("1", CHANGED, json!({ "filter": filter, "after": 0 })).await;
    it.orders(&[(&it.tea, 1)]).await;
    let order = it.orders(&[(&it.tea, 1), (&it.cup, 1)]).await;
    assert_eq!(told(&socket.next().await), change(&order, "PLACED", true, "OrderPlaced"));
    it.pays(&order).await;
    it.shop.does("cancelOrder", json!({ "orderId": order })).await;
    let other = it.orders(&[(&it.cup, 1)]).await;
    assert_eq!(told(&socket.next().await), change(&order, "PAID", false, "OrderPaid"));
    assert_eq!(told(&socket.next().await), change(&other, "PLACED", true, "OrderPlaced"));
    it.shop.close().await;
}

async fn changes_of_orders_go_on_where_they_were_cut_off(home: &Home) {
    let it = Stocked::open(home).await;
    let order = it.orders(&[(&it.tea, 1), (&it.cup, 1)]).await;
    it.pays(&order).await;
    let mut socket = Socket::to(&it.shop).await;
    socket.subscribe("1", CHANGED, json!({ "after": 0 })).await;
    let first = socket.next().await;
    assert_eq!(told(&first), change(&order, "PLACED", true, "OrderPlaced"));
    drop(socket);
    it.shop.does("shipOrder", json!({ "orderId": order, "carrier": "Swift", "trackingNumber": "1" })).await;
    let hash = &first["orderChanged"]["events"][0]["hash"];
    let position = &first["orderChanged"]["position"];
    let mut again = Socket::to(&it.shop).await;
    again.subscribe("1", CHANGED, json!({ "after": position, "hash": hash })).await;
    assert_eq!(told(&again.next().await), change(&order, "PAID", true, "OrderPaid"));
    assert_eq!(told(&again.next().await), change(&order, "SHIPPED", true, "OrderShipped"));
    let mut wrong = Socket::to(&it.shop).await;
    wrong.subscribe("1", CHANGED, json!({ "after": 5, "hash": hash })).await;
    let refused = wrong.receive().await.to_string();
    assert!(refused.contains("LOG_DIVERGED"), "{refused}");
    it.shop.close().await;
}

/// Orders of 100 lines are commands of 101 events, so that they do not fit the pages in which the log is followed.
async fn a_change_by_a_long_command_is_told_once_wherever_pages_end(home: &Home) {
    let it = Stocked::open(home).await;
    let mut products = Vec::new();
    for number in 0..100 {
        products.push(product(&it.shop, &format!("SKU-{number}"), "Bead", "0.10", 10).await);
    }
    let lines: Vec<(&str, i32)> = products.iter().map(|id| (id.as_str(), 1)).collect();
    let mut orders = Vec::new();
    for _ in 0..4 {
        orders.push(it.orders(&lines).await);
    }
    let mut socket = Socket::to(&it.shop).await;
    socket.subscribe("1", CHANGED, json!({ "after": 0 })).await;
    let mut position = Value::Null;
    for order in &orders {
        position = position_of(&socket.next().await, order);
    }
    let fifth = it.orders(&lines).await;
    position_of(&socket.next().await, &fifth);
    let mut again = Socket::to(&it.shop).await;
    again.subscribe("1", CHANGED, json!({ "after": position })).await;
    position_of(&again.next().await, &fifth);
    it.shop.close().await;
}

/// The position of a change that tells that an order was placed.
fn position_of(data: &Value, order: &str) -> Value {
    assert_eq!(told(data), change(order, "PLACED", true, "OrderPlaced"));
    data["orderChanged"]["position"].clone()
}

async fn a_dry_run_shows_the_entity_as_it_would_be(home: &Home) {
    let it = Stocked::open(home).await;
    let order = it.orders(&[(&it.tea, 1)]).await;
    let pay = "mutation($input: PayOrderInput!) { payOrder(input: $input) {
        order { status version paymentReference user { name } } events { type subject { id } } errors { code } } }";
    let input = json!({ "orderId": order, "paymentReference": "pay-1", "dryRun": true });
    let rehearsed = it.shop.query(pay, json!({ "input": input })).await;
    let would_be =
        json!({ "status": "PAID", "version": 2, "paymentReference": "pay-1", "user": { "name": "Ada" } });
    assert_eq!(rehearsed["payOrder"]["order"], would_be);
    assert_eq!(rehearsed["payOrder"]["events"], json!([{ "type": "OrderPaid", "subject": null }]));
    let place = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { order { status totalAmount { amount } lines { sku } } } }";
    let input =
        json!({ "userId": it.ada, "lines": [{ "productId": it.cup, "quantity": 2 }], "dryRun": true });
    let rehearsed = it.shop.query(place, json!({ "input": input })).await;
    let would_be =
        json!({ "status": "PLACED", "totalAmount": { "amount": "15.00" }, "lines": [{ "sku": "CUP-01" }] });
    assert_eq!(rehearsed["placeOrder"]["order"], would_be);
    let seen = it.shop.see("{ orders { nodes { status } } product: products(filter: { skuPrefix: \"cup\" }) { nodes { stock } } }", json!({})).await;
    assert_eq!(seen["orders"]["nodes"], json!([{ "status": "PLACED" }]), "nothing was recorded");
    assert_eq!(seen["product"]["nodes"], json!([{ "stock": 3 }]));
    it.shop.close().await;
}

async fn bad_filters_are_refused_with_a_reason(home: &Home) {
    let it = Stocked::open(home).await;
    for (query, reason) in [
        ("{ orders(filter: { minTotal: 1 }) { totalCount } }", "together with filter.currency"),
        ("{ orders(filter: { productId: \"tea\" }) { totalCount } }", "expected a UUID"),
        ("{ orders(filter: { maxTotal: 0.001, currency: EUR }) { totalCount } }", "currency"),
        ("{ products(filter: { skuPrefix: \"\\u0000\" }) { totalCount } }", "filter.skuPrefix"),
    ] {
        let response = it.shop.ask(query, json!({})).await;
        let error = &response["errors"][0];
        assert!(error["message"].as_str().is_some_and(|message| message.contains(reason)), "{response:#}");
        assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT");
    }
    it.shop.close().await;
}
