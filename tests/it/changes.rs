//! What changed, when and why: the changes of users, products and orders, page by page and as of any moment.

use std::sync::Arc;

use hindsight::engine::event::{Position, Recorded};
use hindsight::engine::log::append::Append;
use hindsight::engine::log::chain;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    every_mutation_of_a_user_tells_what_it_changed_and_why,
    every_mutation_of_a_product_and_an_order_tells_what_it_changed,
    a_cancelled_order_gives_back_the_stock_it_took,
    a_creation_tells_every_field_as_the_entity_answers_it,
    changes_as_of_a_moment_are_those_up_to_it,
    several_pages_tell_what_one_does_and_a_cursor_pins_its_moment,
    a_page_may_begin_within_a_command,
    what_is_no_page_of_these_changes_is_refused,
    a_dry_run_tells_the_changes_as_they_are_without_it,
    changes_cost_a_page_and_a_row_however_many_there_are,
);

const CHANGES: &str = "nodes { event { position type reason } fields { field before after } }
    edges { cursor node { event { position } } } pageInfo { hasNextPage hasPreviousPage endCursor }";

/// The changes of an entity as they are, or as of a moment.
async fn changes(shop: &Shop, kind: &str, id: &str, arguments: &str) -> Value {
    let query = format!("query($id: ID!) {{ it: {kind}(id: $id) {{ changes{arguments} {{ {CHANGES} }} }} }}");
    shop.see(&query, json!({ "id": id })).await["it"]["changes"].take()
}

/// Each change as its event's type and, by field, what was before and what is after.
fn told(changes: &Value) -> Vec<(String, Value)> {
    let told = |node: &Value| {
        let fields = node["fields"].as_array().expect("fields").iter();
        let pair = |change: &Value| {
            let name = change["field"].as_str().expect("a name").to_owned();
            (name, json!([change["before"], change["after"]]))
        };
        (
            node["event"]["type"].as_str().expect("a type").to_owned(),
            Value::Object(fields.map(pair).collect()),
        )
    };
    changes["nodes"].as_array().expect("nodes").iter().map(told).collect()
}

fn created(payload: &Value) -> String {
    payload["events"][0]["streamId"].as_str().expect("an id").to_owned()
}

async fn user(shop: &Shop) -> String {
    let address = json!({ "line1": "Unter den Linden 1", "city": "Berlin", "country": "DE" });
    let input = json!({ "name": "Ada", "email": "ada@example.org", "address": address });
    created(&shop.does("createUser", input).await)
}

async fn product(shop: &Shop) -> String {
    let price = json!({ "amount": "18", "currency": "EUR" });
    let input = json!({ "sku": "TEA-01", "name": "Tea", "price": price, "initialStock": 10 });
    created(&shop.does("createProduct", input).await)
}

async fn order(shop: &Shop, user: &str, product: &str) -> String {
    let input = json!({ "userId": user, "lines": [{ "productId": product, "quantity": 3 }] });
    created(&shop.does("placeOrder", input).await)
}

async fn every_mutation_of_a_user_tells_what_it_changed_and_why(home: &Home) {
    let shop = Shop::open(home).await;
    let id = user(&shop).await;
    shop.does("renameUser", json!({ "userId": id, "name": "Ada King", "reason": "married" })).await;
    let moved = json!({ "line1": "Hafenstraße 7", "line2": "2nd floor", "city": "Bremen", "country": "DE" });
    shop.does("changeAddress", json!({ "userId": id, "address": moved })).await;
    shop.does("verifyEmail", json!({ "userId": id, "email": "ada@example.org" })).await;
    shop.does("changeEmail", json!({ "userId": id, "email": "king@example.org" })).await;
    shop.does("deactivateUser", json!({ "userId": id })).await;
    shop.does("reactivateUser", json!({ "userId": id })).await;

    let changes = changes(&shop, "user", &id, "").await;
    assert_eq!(
        changes["nodes"][1]["event"],
        json!({ "position": "2", "type": "UserRenamed", "reason": "married" })
    );
    let place = |line1: &str, line2: Value, city: &str| json!({ "line1": line1, "line2": line2, "city": city, "region": null, "postalCode": null, "country": "DE" });
    let before = place("Unter den Linden 1", Value::Null, "Berlin");
    let after = place("Hafenstraße 7", json!("2nd floor"), "Bremen");
    let expected = [
        ("UserRenamed", json!({ "name": ["Ada", "Ada King"] })),
        ("AddressChanged", json!({ "address": [before, after] })),
        ("EmailVerified", json!({ "emailVerified": [false, true] })),
        (
            "EmailChanged",
            json!({ "email": ["ada@example.org", "king@example.org"], "emailVerified": [true, false] }),
        ),
        ("UserDeactivated", json!({ "status": ["ACTIVE", "DEACTIVATED"] })),
        ("UserReactivated", json!({ "status": ["DEACTIVATED", "ACTIVE"] })),
    ];
    assert_eq!(told(&changes)[1..], expected.map(|(kind, fields)| (kind.to_owned(), fields)));
    shop.close().await;
}

async fn every_mutation_of_a_product_and_an_order_tells_what_it_changed(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (user(&shop).await, product(&shop).await);
    shop.does("renameProduct", json!({ "productId": tea, "name": "Green tea" })).await;
    let price = json!({ "amount": "18.5", "currency": "EUR" });
    shop.does("changePrice", json!({ "productId": tea, "price": price })).await;
    shop.does("receiveStock", json!({ "productId": tea, "quantity": 5 })).await;
    shop.does("adjustStock", json!({ "productId": tea, "change": -1 })).await;
    let order = order(&shop, &ada, &tea).await;
    shop.does("discontinueProduct", json!({ "productId": tea })).await;
    shop.does("payOrder", json!({ "orderId": order, "paymentReference": "pay-1" })).await;
    shop.does("shipOrder", json!({ "orderId": order, "carrier": "DHL", "trackingNumber": "7" })).await;
    shop.does("deliverOrder", json!({ "orderId": order })).await;
    shop.does("returnOrder", json!({ "orderId": order })).await;

    let of_tea = changes(&shop, "product", &tea, "").await;
    let euros = |amount: &str| json!({ "amount": amount, "currency": "EUR" });
    let expected = [
        ("ProductRenamed", json!({ "name": ["Tea", "Green tea"] })),
        ("PriceChanged", json!({ "price": [euros("18.00"), euros("18.50")] })),
        ("StockReceived", json!({ "stock": [10, 15] })),
        ("StockAdjusted", json!({ "stock": [15, 14] })),
        ("StockReserved", json!({ "stock": [14, 11] })),
        ("ProductDiscontinued", json!({ "status": ["AVAILABLE", "DISCONTINUED"] })),
        ("StockReleased", json!({ "stock": [11, 14] })),
    ];
    assert_eq!(told(&of_tea)[1..], expected.map(|(kind, fields)| (kind.to_owned(), fields)));

    let times = "query($id: ID!) { order(id: $id) { paidAt shippedAt deliveredAt returnedAt } }";
    let at = shop.see(times, json!({ "id": order })).await["order"].take();
    let of_order = changes(&shop, "order", &order, "").await;
    let expected = [
        (
            "OrderPaid",
            json!({ "status": ["PLACED", "PAID"], "paymentReference": [null, "pay-1"], "paidAt": [null, at["paidAt"]] }),
        ),
        (
            "OrderShipped",
            json!({ "status": ["PAID", "SHIPPED"], "carrier": [null, "DHL"], "trackingNumber": [null, "7"],
                "shippedAt": [null, at["shippedAt"]] }),
        ),
        (
            "OrderDelivered",
            json!({ "status": ["SHIPPED", "DELIVERED"], "deliveredAt": [null, at["deliveredAt"]] }),
        ),
        (
            "OrderReturned",
            json!({ "status": ["DELIVERED", "RETURNED"], "returnedAt": [null, at["returnedAt"]] }),
        ),
    ];
    assert_eq!(told(&of_order)[1..], expected.map(|(kind, fields)| (kind.to_owned(), fields)));
    shop.close().await;
}

async fn a_cancelled_order_gives_back_the_stock_it_took(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (user(&shop).await, product(&shop).await);
    let order = order(&shop, &ada, &tea).await;
    shop.does("cancelOrder", json!({ "orderId": order, "reason": "a mistake" })).await;
    let of_tea = told(&changes(&shop, "product", &tea, "").await);
    assert_eq!(of_tea[1], ("StockReserved".to_owned(), json!({ "stock": [10, 7] })));
    assert_eq!(of_tea[2], ("StockReleased".to_owned(), json!({ "stock": [7, 10] })));
    let of_order = told(&changes(&shop, "order", &order, "").await);
    assert_eq!(of_order[1].1["status"], json!(["PLACED", "CANCELLED"]));
    assert_eq!(of_order[1].1["cancellationReason"], json!([null, "a mistake"]));
    shop.close().await;
}

async fn a_creation_tells_every_field_as_the_entity_answers_it(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (user(&shop).await, product(&shop).await);
    let order = order(&shop, &ada, &tea).await;
    for (kind, id, fields) in [
        (
            "user",
            &ada,
            "name email emailVerified address { line1 line2 city region postalCode country } status createdAt",
        ),
        ("product", &tea, "sku name price { amount currency } stock status createdAt"),
        (
            "order",
            &order,
            "status userId lines { productId sku productName quantity unitPrice { amount currency }
                lineTotal { amount currency } } quantity totalAmount { amount currency }
                shippingAddress { line1 line2 city region postalCode country } placedAt",
        ),
    ] {
        let told = &told(&changes(&shop, kind, id, "(first: 1)").await)[0].1;
        let position = changes(&shop, kind, id, "(first: 1)").await["nodes"][0]["event"]["position"].take();
        let query =
            format!("query($id: ID!, $at: Moment) {{ it: {kind}(id: $id, asOf: $at) {{ {fields} }} }}");
        let shown = shop.see(&query, json!({ "id": id, "at": position })).await["it"].take();
        let shown = shown.as_object().expect("an entity");
        let expected: serde_json::Map<_, _> =
            shown.iter().map(|(field, value)| (field.clone(), json!([null, value]))).collect();
        assert_eq!(told, &Value::Object(expected), "{kind}");
    }
    shop.close().await;
}

async fn renamed(shop: &Shop, id: &str, names: usize) {
    for number in 1..=names {
        shop.does("renameUser", json!({ "userId": id, "name": format!("Ada {number}") })).await;
    }
}

async fn changes_as_of_a_moment_are_those_up_to_it(home: &Home) {
    let shop = Shop::open(home).await;
    let id = user(&shop).await;
    renamed(&shop, &id, 4).await;
    let query = format!("query($id: ID!) {{ it: user(id: $id, asOf: 3) {{ changes {{ {CHANGES} }} }} }}");
    let then = shop.see(&query, json!({ "id": id })).await["it"]["changes"].take();
    let now = changes(&shop, "user", &id, "").await;
    assert_eq!(told(&now).len(), 5);
    assert_eq!(told(&then), told(&now)[..3]);
    shop.close().await;
}

async fn several_pages_tell_what_one_does_and_a_cursor_pins_its_moment(home: &Home) {
    let shop = Shop::open(home).await;
    let id = user(&shop).await;
    renamed(&shop, &id, 6).await;
    let whole = told(&changes(&shop, "user", &id, "(first: 100)").await);
    assert_eq!(whole.len(), 7);
    for size in [1, 2, 3] {
        let (mut pages, mut after) = (Vec::new(), String::new());
        loop {
            let page = changes(&shop, "user", &id, &format!("(first: {size}{after})")).await;
            assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_empty());
            pages.extend(told(&page));
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
            after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        }
        assert_eq!(pages, whole, "in pages of {size}");
    }
    let first = changes(&shop, "user", &id, "(first: 5)").await;
    shop.does("renameUser", json!({ "userId": id, "name": "Later" })).await;
    let after = format!("(after: {})", first["pageInfo"]["endCursor"]);
    assert_eq!(told(&changes(&shop, "user", &id, &after).await), whole[5..], "what came later is not on it");
    shop.close().await;
}

/// Two events of one user in one command, which no mutation records today: written by another hand.
async fn a_page_may_begin_within_a_command(home: &Home) {
    let shop = Shop::open(home).await;
    let id = user(&shop).await;
    renamed(&shop, &id, 1).await;
    let log = &shop.app.engine.log;
    let head = log.head().await.expect("the head");
    let before = log.at(head.position).await.expect("readable").expect("an event");
    let end = head.position.plus(3);
    let mut hash = head.hash;
    let events: Vec<Arc<Recorded>> = (1..=3)
        .map(|number| {
            let mut event = Recorded {
                position: head.position.plus(number),
                event_id: Uuid::now_v7(),
                stream_version: before.stream_version + number,
                data: json!({ "name": format!("Of one command {number}") }).to_string(),
                command_end: end,
                recorded_at: hindsight::engine::time::Instant::from_micros(head.recorded_at.micros() + 1),
                ..before.clone()
            };
            hash = chain::hash(hash, &event);
            event.hash = hash;
            Arc::new(event)
        })
        .collect();
    let append = Append { from: &head, events: &events, claims: Vec::new() };
    assert!(log.append(&append).await.expect("written"));
    renamed(&shop, &id, 1).await;
    let whole = told(&changes(&shop, "user", &id, "").await);
    assert_eq!(whole.len(), 6);
    for cut in 1..6 {
        let first = changes(&shop, "user", &id, &format!("(first: {cut})")).await;
        let after = format!("(after: {})", first["pageInfo"]["endCursor"]);
        let rest = told(&changes(&shop, "user", &id, &after).await);
        assert_eq!([told(&first), rest].concat(), whole, "cut after {cut}");
    }
    assert_eq!(log.head().await.expect("the head").position, Position::new(6).expect("a position"));
    shop.close().await;
}

async fn what_is_no_page_of_these_changes_is_refused(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (user(&shop).await, product(&shop).await);
    let other = created(&shop.does("createUser", json!({ "name": "B", "email": "b@example.org" })).await);
    let cursor = changes(&shop, "user", &ada, "").await["pageInfo"]["endCursor"].to_string();
    let history = "query($id: ID!) { user(id: $id) { history { pageInfo { endCursor } } } }";
    let of_history = shop.see(history, json!({ "id": ada })).await;
    let of_history = of_history["user"]["history"]["pageInfo"]["endCursor"].to_string();
    for (kind, id, arguments, reason) in [
        ("user", &other, format!("after: {cursor}"), "cursor of this list"),
        ("product", &tea, format!("after: {cursor}"), "cursor of this list"),
        ("user", &ada, format!("after: {of_history}"), "cursor of this list"),
        ("user", &ada, "after: \"x\"".to_owned(), "as an earlier page answered it"),
        ("user", &ada, "first: 101".to_owned(), "0 to 100"),
        ("user", &ada, "last: 1".to_owned(), "last"),
    ] {
        let query = format!(
            "query($id: ID!) {{ {kind}(id: $id) {{ changes({arguments}) {{ nodes {{ fields {{ field }} }} }} }} }}"
        );
        let refused = shop.ask(&query, json!({ "id": id })).await;
        let message = refused["errors"][0]["message"].as_str().expect("a reason");
        assert!(message.contains(reason), "{arguments}: {message}");
    }
    shop.close().await;
}

async fn a_dry_run_tells_the_changes_as_they_are_without_it(home: &Home) {
    let shop = Shop::open(home).await;
    let id = user(&shop).await;
    let rename = "mutation($input: RenameUserInput!) { renameUser(input: $input) {
        user { name changes { nodes { event { type } } } } } }";
    let of = |dry: bool| json!({ "input": { "userId": id, "name": "Ada King", "dryRun": dry } });
    let types =
        |seen: &Value| seen["renameUser"]["user"]["changes"]["nodes"].as_array().expect("nodes").len();
    let rehearsed = shop.query(rename, of(true)).await;
    assert_eq!((&rehearsed["renameUser"]["user"]["name"], types(&rehearsed)), (&json!("Ada King"), 1));
    assert_eq!(types(&shop.query(rename, of(false)).await), 2);
    shop.close().await;
}

async fn changes_cost_a_page_and_a_row_however_many_there_are(home: &Home) {
    let shop = Shop::open(home).await;
    let id = user(&shop).await;
    renamed(&shop, &id, 3).await;
    let cursor = changes(&shop, "user", &id, "(first: 2)").await["pageInfo"]["endCursor"].to_string();
    for more in [0, 30] {
        renamed(&shop, &id, more).await;
        let (log, read) = statements(&shop, &id, "(first: 100)").await;
        assert!(log <= 1 && read <= 1, "a page of events and the user itself: {log} and {read}");
        let (log, read) = statements(&shop, &id, &format!("(first: 100, after: {cursor})")).await;
        assert!(
            log <= 2 && read <= 2,
            "the same, the cursor's moment, and the row before the page: {log} and {read}"
        );
    }
    shop.close().await;
}

/// The statements that changes cost, to the log and to the read models.
async fn statements(shop: &Shop, id: &str, arguments: &str) -> (u64, u64) {
    let query = format!("query($id: ID!) {{ user(id: $id) {{ changes{arguments} {{ {CHANGES} }} }} }}");
    shop.statements(&query, json!({ "id": id })).await
}
