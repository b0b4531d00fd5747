//! The story end to end, as users of the API live it: rivals, repeats, two nodes, then and now.

use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::node::{NOON, TestClock};
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    stock_is_never_oversold_by_64_buyers_of_the_last_10,
    an_id_that_is_taken_harms_none_of_50_good_commands_beside_it,
    one_command_id_sent_many_times_at_once_has_one_outcome,
    then_and_now_of_one_order_stand_in_one_response,
    mixed_moments_cost_a_fixed_number_of_statements,
    an_answer_reflects_at_least_the_position_insisted_on,
    a_state_that_is_not_the_present_never_passes_for_it,
);

const HOUR: i64 = 3_600_000_000;

fn id_of(payload: &Value) -> String {
    payload["events"][0]["streamId"].as_str().expect("an id").to_owned()
}

async fn customer(shop: &Shop, name: &str) -> String {
    let address = json!({ "line1": "Kai 1", "city": "Bremen", "country": "DE" });
    let email = format!("{}@example.org", Uuid::now_v7());
    id_of(&shop.does("createUser", json!({ "name": name, "email": email, "address": address })).await)
}

async fn product(shop: &Shop, sku: &str, stock: i32) -> String {
    let price = json!({ "amount": "2.50", "currency": "EUR" });
    let input = json!({ "sku": sku, "name": sku, "price": price, "initialStock": stock });
    id_of(&shop.does("createProduct", input).await)
}

fn order_of(user: &str, product: &str, quantity: i32) -> Value {
    json!({ "userId": user, "lines": [{ "productId": product, "quantity": quantity }] })
}

async fn stock_is_never_oversold_by_64_buyers_of_the_last_10(home: &Home) {
    let shop = Shop::open(home).await;
    let user = customer(&shop, "Buyer").await;
    let last = product(&shop, "LAST", 10).await;
    let buying = (0..64).map(|_| shop.mutate("placeOrder", order_of(&user, &last, 1)));
    let bought = join_all(buying).await;
    let (got, refused): (Vec<_>, Vec<_>) = bought.iter().partition(|payload| payload["errors"] == json!([]));
    assert_eq!((got.len(), refused.len()), (10, 54));
    assert!(refused.iter().all(|payload| payload["errors"][0]["code"] == "INSUFFICIENT_STOCK"));
    let query = "query($id: ID!) { product(id: $id) { stock } orders { totalCount } }";
    let seen = shop.see(query, json!({ "id": last })).await;
    assert_eq!(seen, json!({ "product": { "stock": 0 }, "orders": { "totalCount": 10 } }));
    shop.close().await;
}

async fn an_id_that_is_taken_harms_none_of_50_good_commands_beside_it(home: &Home) {
    let shop = Shop::open(home).await;
    let taken = product(&shop, "TAKEN", 1).await;
    let good = (0..50)
        .map(|n| shop.mutate("createUser", json!({ "name": "Good", "email": format!("{n}@example.org") })));
    let bad = shop.mutate("createUser", json!({ "id": taken, "name": "Bad", "email": "bad@example.org" }));
    let (good, bad) = tokio::join!(join_all(good), bad);
    assert!(good.iter().all(|payload| payload["errors"] == json!([])));
    assert_eq!(bad["errors"][0]["code"], "ALREADY_EXISTS");
    let renamed = json!({ "userId": taken, "name": "Bad" });
    assert_eq!(shop.refuses("renameUser", renamed).await, ["NOT_FOUND"], "a product is no user");
    shop.close().await;
}

/// Many times at once, and on PostgreSQL on two nodes.
async fn one_command_id_sent_many_times_at_once_has_one_outcome(home: &Home) {
    let shop = Shop::open(home).await;
    let other = match home.is_sqlite() {
        true => None,
        false => Some(Shop::open_with(home, TestClock::at(NOON), Default::default()).await),
    };
    let nodes = [&shop, other.as_ref().unwrap_or(&shop)];
    let user = customer(&shop, "Once").await;
    let tea = product(&shop, "ONCE", 10).await;
    let mut input = order_of(&user, &tea, 2);
    input["commandId"] = Uuid::now_v7().to_string().into();
    let sending = (0..20).map(|n| nodes[n % 2].does("placeOrder", input.clone()));
    let payloads = join_all(sending).await;
    assert!(payloads.iter().all(|payload| payload["events"] == payloads[0]["events"]));
    input["lines"][0]["quantity"] = 3.into();
    for node in nodes {
        assert_eq!(node.refuses("placeOrder", input.clone()).await, ["COMMAND_ID_REUSED"]);
    }
    let query = "query($id: ID!) { product(id: $id) { stock version } }";
    for node in nodes {
        let seen = node.see(query, json!({ "id": tea })).await;
        assert_eq!(seen["product"], json!({ "stock": 8, "version": 2 }));
    }
    if let Some(other) = other {
        other.close().await;
    }
    shop.close().await;
}

async fn then_and_now_of_one_order_stand_in_one_response(home: &Home) {
    let shop = Shop::open(home).await;
    let user = customer(&shop, "Anna").await;
    let tea = product(&shop, "TEA", 10).await;
    let placed = shop.does("placeOrder", order_of(&user, &tea, 4)).await;
    let order = id_of(&placed);
    let position = placed["position"].clone();
    shop.clock.set(NOON + HOUR);
    shop.does("payOrder", json!({ "orderId": order, "paymentReference": "p" })).await;
    shop.does("renameUser", json!({ "userId": user, "name": "Anna B." })).await;
    shop.does("changePrice", json!({ "productId": tea, "price": { "amount": "9", "currency": "EUR" } }))
        .await;
    shop.does("placeOrder", order_of(&user, &tea, 1)).await;
    shop.clock.set(NOON + 2 * HOUR);
    let view = "status version totalAmount { amount } user { name orders { totalCount } }
        lines { unitPrice { amount } product { stock price { amount } asOf } }";
    let noon = hindsight::engine::time::Instant::from_micros(NOON + HOUR / 2).to_string();
    let query = format!(
        "query($id: ID!, $position: Moment, $noon: Moment) {{
            now: order(id: $id) {{ asOf {view} }}
            byPosition: order(id: $id, asOf: $position) {{ asOf {view} }}
            byInstant: order(id: $id, asOf: $noon) {{ {view} }}
            byDuration: order(id: $id, asOf: \"-PT90M\") {{ {view} }}
            orders(asOf: $noon) {{ totalCount nodes {{ id }} }} all: orders {{ totalCount }} }}"
    );
    let seen = shop.see(&query, json!({ "id": order, "position": position, "noon": noon })).await;
    let now = json!({
        "asOf": null, "status": "PAID", "version": 2, "totalAmount": { "amount": "10.00" },
        "user": { "name": "Anna B.", "orders": { "totalCount": 2 } },
        "lines": [{
            "unitPrice": { "amount": "2.50" },
            "product": { "stock": 5, "price": { "amount": "9.00" }, "asOf": null },
        }],
    });
    assert_eq!(seen["now"], now);
    let mut then = json!({
        "asOf": position, "status": "PLACED", "version": 1, "totalAmount": { "amount": "10.00" },
        "user": { "name": "Anna", "orders": { "totalCount": 1 } },
        "lines": [{
            "unitPrice": { "amount": "2.50" },
            "product": { "stock": 6, "price": { "amount": "2.50" }, "asOf": position },
        }],
    });
    assert_eq!(seen["byPosition"], then);
    then.as_object_mut().expect("an object").remove("asOf");
    assert_eq!(seen["byInstant"], then);
    assert_eq!(seen["byDuration"], then);
    assert_eq!(seen["orders"], json!({ "totalCount": 1, "nodes": [{ "id": order }] }));
    assert_eq!(seen["all"]["totalCount"], 2);
    shop.close().await;
}

/// Every event shows its subject at a moment of its own, with users and products nested at that same moment.
async fn mixed_moments_cost_a_fixed_number_of_statements(home: &Home) {
    let shop = Shop::open(home).await;
    let user = customer(&shop, "Anna").await;
    let teas = join_all((0..3).map(|n| {
        let shop = &shop;
        async move { product(shop, &format!("TEA-{n}"), 1_000).await }
    }))
    .await;
    let query = "query($first: Int!) { events(last: $first) { nodes { position type subject { id asOf
        ... on User { name } ... on Product { stock }
        ... on Order { status user { name } lines { product { stock } } } } } } }";
    for n in 0..40 {
        let order = id_of(&shop.does("placeOrder", order_of(&user, &teas[n % 3], 1)).await);
        if n % 2 == 0 {
            shop.does("payOrder", json!({ "orderId": order, "paymentReference": "p" })).await;
        }
        if n % 5 == 0 {
            shop.does("renameUser", json!({ "userId": user, "name": format!("Anna {n}") })).await;
        }
    }
    let costs = async |first: i32| {
        let seen = shop.see(query, json!({ "first": first })).await;
        let nodes = seen["events"]["nodes"].as_array().expect("nodes");
        assert_eq!(nodes.len(), first as usize);
        assert!(nodes.iter().all(|node| node["subject"]["id"].is_string()));
        shop.statements(query, json!({ "first": first })).await.1
    };
    let (few, many) = (costs(10).await, costs(50).await);
    assert!(few <= 4, "orders and products, then the users and products of orders: {few}");
    assert!(many <= 5, "the same, and the users that were renamed: {many}");
    shop.close().await;
}

async fn an_answer_reflects_at_least_the_position_insisted_on(home: &Home) {
    let shop = Shop::open(home).await;
    let mut position = 0;
    for n in 0..20 {
        customer(&shop, &format!("{n}")).await;
        position += 1;
        let body = json!({ "query": "{ users { totalCount } }", "extensions": { "minPosition": position.to_string() } });
        let response = shop.post(body).await;
        assert_eq!(response["data"]["users"]["totalCount"], n + 1, "right after the command");
        assert_eq!(response["extensions"]["log"]["position"], position.to_string());
    }
    let body = json!({ "query": "{ users { totalCount } }", "extensions": { "minPosition": "99" } });
    let response = shop.post(body).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "NOT_YET_VISIBLE", "{response:#}");
    shop.close().await;
}

/// A client cache keeps entities by `id` and `asOf`: what is past has to say so.
async fn a_state_that_is_not_the_present_never_passes_for_it(home: &Home) {
    let shop = Shop::open(home).await;
    let id = customer(&shop, "Anna").await;
    let rename =
        "mutation($input: RenameUserInput!) { renameUser(input: $input) { user { name asOf } position } }";
    let input = json!({ "input": { "userId": id, "name": "Berta", "commandId": Uuid::now_v7() } });
    let first = shop.query(rename, input.clone()).await["renameUser"].take();
    assert_eq!(first["user"], json!({ "name": "Berta", "asOf": null }));
    shop.does("renameUser", json!({ "userId": id, "name": "Carla" })).await;
    let again = shop.query(rename, input).await["renameUser"].take();
    assert_eq!(again["position"], first["position"]);
    assert_eq!(again["user"], json!({ "name": "Berta", "asOf": first["position"] }), "Carla is the present");
    shop.close().await;
}
