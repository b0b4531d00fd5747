//! Products and orders as their mutations change them, and every rule that refuses one.

use serde_json::{Value, json};
use uuid::Uuid;

use super::refusals::refused;
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    an_order_goes_its_way,
    an_order_that_is_cancelled_keeps_the_reason,
    a_rehearsed_order_reserves_nothing,
    every_rule_of_products_has_its_code_and_its_place,
    every_rule_of_orders_has_its_code_and_its_place,
);

fn euros(amount: &str) -> Value {
    json!({ "amount": amount, "currency": "EUR" })
}

/// A new product with ten units; the id.
async fn stocked(shop: &Shop, sku: &str, price: Value) -> String {
    let input = json!({ "sku": sku, "name": sku, "price": price, "initialStock": 10 });
    let payload = shop.does("createProduct", input).await;
    payload["events"][0]["streamId"].as_str().unwrap().to_owned()
}

/// A new user with an address; the id.
async fn ada(shop: &Shop) -> String {
    let address = json!({ "line1": "1", "city": "Berlin", "country": "DE" });
    let input = json!({ "name": "Ada", "email": "ada@example.com", "address": address });
    let payload = shop.does("createUser", input).await;
    payload["events"][0]["streamId"].as_str().unwrap().to_owned()
}

/// A mutation with its entity, told by the fields of the payload to select.
async fn carry_out(shop: &Shop, mutation: &str, kind: &str, input: Value, select: &str) -> Value {
    let query = format!("mutation($input: {kind}!) {{ {mutation}(input: $input) {{ {select} }} }}");
    shop.query(&query, json!({ "input": input })).await[mutation].take()
}

async fn an_order_goes_its_way(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (ada(&shop).await, stocked(&shop, "TEA", euros("18")).await);
    let lines = json!([{ "productId": tea, "quantity": 1 }, { "productId": tea, "quantity": 2 }]);
    let select = "errors { code } position events { type position } order { id status version quantity
        totalAmount { amount currency } shippingAddress { city } lines { quantity product { stock } } }";
    let input = json!({ "userId": ada, "lines": lines, "commandId": Uuid::now_v7() });
    let placed = carry_out(&shop, "placeOrder", "PlaceOrderInput", input.clone(), select).await;
    assert_eq!(placed["errors"], json!([]));
    let events =
        json!([{ "type": "OrderPlaced", "position": "3" }, { "type": "StockReserved", "position": "4" }]);
    assert_eq!((&placed["events"], &placed["position"]), (&events, &json!("4")));
    let order = &placed["order"];
    assert_eq!(
        (&order["status"], &order["version"], &order["quantity"]),
        (&json!("PLACED"), &json!(1), &json!(3))
    );
    assert_eq!(order["totalAmount"], euros("54.00"));
    assert_eq!(order["shippingAddress"]["city"], "Berlin", "the user's own");
    assert_eq!(order["lines"], json!([{ "quantity": 3, "product": { "stock": 7 } }]));
    let again = carry_out(&shop, "placeOrder", "PlaceOrderInput", input, select).await;
    assert_eq!(again, placed, "the same command, the same order");

    let id = &order["id"];
    let paid = json!({ "orderId": id, "paymentReference": "p-1" });
    shop.does("payOrder", paid).await;
    shop.does("shipOrder", json!({ "orderId": id, "carrier": "DHL", "trackingNumber": "t-1" })).await;
    shop.does("deliverOrder", json!({ "orderId": id })).await;
    let select = "order { status version paymentReference carrier trackingNumber } events { type }";
    let input = json!({ "orderId": id, "expectedVersion": 4 });
    let returned = carry_out(&shop, "returnOrder", "OrderCommandInput", input, select).await;
    let order = json!({ "status": "RETURNED", "version": 5, "paymentReference": "p-1", "carrier": "DHL", "trackingNumber": "t-1" });
    assert_eq!(returned["order"], order);
    assert_eq!(returned["events"], json!([{ "type": "OrderReturned" }, { "type": "StockReleased" }]));
    let input = json!({ "productId": tea, "quantity": 5 });
    let received =
        carry_out(&shop, "receiveStock", "ReceiveStockInput", input, "product { stock sku }").await;
    assert_eq!(received["product"], json!({ "stock": 15, "sku": "TEA" }));
    shop.close().await;
}

async fn an_order_that_is_cancelled_keeps_the_reason(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (ada(&shop).await, stocked(&shop, "TEA", euros("18")).await);
    let lines = json!([{ "productId": tea, "quantity": 1 }]);
    let placed = shop.does("placeOrder", json!({ "userId": ada, "lines": lines })).await;
    let input = json!({ "orderId": placed["events"][0]["streamId"], "reason": " too late " });
    let select = "order { status cancellationReason } events { type reason }";
    let cancelled = carry_out(&shop, "cancelOrder", "OrderCommandInput", input, select).await;
    assert_eq!(cancelled["order"], json!({ "status": "CANCELLED", "cancellationReason": "too late" }));
    assert_eq!(cancelled["events"][1], json!({ "type": "StockReleased", "reason": "too late" }));
    shop.close().await;
}

async fn a_rehearsed_order_reserves_nothing(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (ada(&shop).await, stocked(&shop, "TEA", euros("18")).await);
    let lines = json!([{ "productId": tea, "quantity": 10 }]);
    let input = json!({ "userId": ada, "lines": lines, "dryRun": true });
    let select = "position errors { code } events { type position } order { status totalAmount { amount } }";
    for _ in 0..2 {
        let rehearsed = carry_out(&shop, "placeOrder", "PlaceOrderInput", input.clone(), select).await;
        let events =
            json!([{ "type": "OrderPlaced", "position": "0" }, { "type": "StockReserved", "position": "0" }]);
        let order = json!({ "status": "PLACED", "totalAmount": { "amount": "180.00" } });
        assert_eq!(rehearsed, json!({ "position": null, "errors": [], "events": events, "order": order }));
    }
    assert_eq!(shop.app.engine.log.head().await.unwrap().position.get(), 2);
    shop.close().await;
}

async fn every_rule_of_products_has_its_code_and_its_place(home: &Home) {
    let shop = Shop::open(home).await;
    let (tea, old) = (stocked(&shop, "TEA", euros("18")).await, stocked(&shop, "OLD", euros("1")).await);
    shop.does("discontinueProduct", json!({ "productId": old })).await;
    shop.does("receiveStock", json!({ "productId": old, "quantity": 1 })).await;
    let dollars = json!({ "amount": "18", "currency": "USD" });
    for (mutation, input, code, path) in [
        ("createProduct", json!({ "sku": "tea", "name": "x", "price": dollars }), "SKU_TAKEN", "sku"),
        ("createProduct", json!({ "sku": "old", "name": "x", "price": dollars }), "SKU_TAKEN", "sku"),
        (
            "createProduct",
            json!({ "id": tea, "sku": "x", "name": "x", "price": dollars }),
            "ALREADY_EXISTS",
            "id",
        ),
        (
            "createProduct",
            json!({ "sku": "x", "name": "x", "price": euros("-1") }),
            "INVALID_INPUT",
            "price.amount",
        ),
        ("renameProduct", json!({ "productId": Uuid::nil(), "name": "x" }), "NOT_FOUND", "productId"),
        ("renameProduct", json!({ "productId": tea, "name": "TEA" }), "NO_CHANGE", "name"),
        ("renameProduct", json!({ "productId": old, "name": "x" }), "PRODUCT_DISCONTINUED", "productId"),
        ("changePrice", json!({ "productId": tea, "price": dollars }), "CURRENCY_MISMATCH", "price.currency"),
        ("changePrice", json!({ "productId": tea, "price": euros("18.00") }), "NO_CHANGE", "price"),
        ("receiveStock", json!({ "productId": tea, "quantity": 0 }), "INVALID_INPUT", "quantity"),
        ("adjustStock", json!({ "productId": tea, "change": -11 }), "INSUFFICIENT_STOCK", "change"),
        ("adjustStock", json!({ "productId": tea, "change": 0 }), "NO_CHANGE", "change"),
        ("discontinueProduct", json!({ "productId": old }), "INVALID_TRANSITION", "productId"),
        (
            "discontinueProduct",
            json!({ "productId": tea, "expectedVersion": 2 }),
            "VERSION_CONFLICT",
            "expectedVersion",
        ),
    ] {
        let told = refused(&shop, mutation, input.clone()).await;
        assert_eq!(told, (code.to_owned(), path.to_owned()), "{mutation} {input}");
    }
    shop.close().await;
}

async fn every_rule_of_orders_has_its_code_and_its_place(home: &Home) {
    let shop = Shop::open(home).await;
    let (ada, tea) = (ada(&shop).await, stocked(&shop, "TEA", euros("18")).await);
    let (yen, old) = (
        stocked(&shop, "YEN", json!({ "amount": 5, "currency": "JPY" })).await,
        stocked(&shop, "OLD", euros("1")).await,
    );
    shop.does("discontinueProduct", json!({ "productId": old })).await;
    let nowhere = shop.create_user("Bob", "bob@example.com").await;
    let off = shop.create_user("Eve", "eve@example.com").await;
    shop.does("deactivateUser", json!({ "userId": off })).await;
    let lines = |wanted: &[(&str, i32)]| {
        let lines = wanted.iter().map(|(id, quantity)| json!({ "productId": id, "quantity": quantity }));
        Value::Array(lines.collect())
    };
    let input = json!({ "userId": ada, "lines": lines(&[(&tea, 1)]) });
    let placed = shop.does("placeOrder", input).await["events"][0]["streamId"].take();
    let nobody = Uuid::nil().to_string();
    let order = |user: &str, wanted: &[(&str, i32)]| json!({ "userId": user, "lines": lines(wanted) });
    for (mutation, input, code, path) in [
        ("placeOrder", order(&nobody, &[(&tea, 1)]), "NOT_FOUND", "userId"),
        ("placeOrder", order(&off, &[(&tea, 1)]), "USER_DEACTIVATED", "userId"),
        ("placeOrder", order(&nowhere, &[(&tea, 1)]), "INVALID_INPUT", "shippingAddress"),
        ("placeOrder", order(&ada, &[]), "INVALID_INPUT", "lines"),
        ("placeOrder", order(&ada, &[(&tea, 1), (&nobody, 1)]), "NOT_FOUND", "lines.1.productId"),
        ("placeOrder", order(&ada, &[(&tea, 1), (&old, 1)]), "PRODUCT_DISCONTINUED", "lines.1.productId"),
        ("placeOrder", order(&ada, &[(&tea, 1), (&yen, 1)]), "CURRENCY_MISMATCH", "lines.1.productId"),
        ("placeOrder", order(&ada, &[(&tea, 10)]), "INSUFFICIENT_STOCK", "lines.0.quantity"),
        ("payOrder", json!({ "orderId": tea, "paymentReference": "p" }), "NOT_FOUND", "orderId"),
        (
            "payOrder",
            json!({ "orderId": placed, "paymentReference": "" }),
            "INVALID_INPUT",
            "paymentReference",
        ),
        (
            "shipOrder",
            json!({ "orderId": placed, "carrier": "c", "trackingNumber": "t" }),
            "INVALID_TRANSITION",
            "orderId",
        ),
        ("deliverOrder", json!({ "orderId": placed }), "INVALID_TRANSITION", "orderId"),
        ("returnOrder", json!({ "orderId": placed }), "INVALID_TRANSITION", "orderId"),
        (
            "cancelOrder",
            json!({ "orderId": placed, "expectedVersion": 2 }),
            "VERSION_CONFLICT",
            "expectedVersion",
        ),
        ("cancelOrder", json!({ "orderId": placed, "reason": "\u{0}" }), "INVALID_INPUT", "reason"),
    ] {
        let told = refused(&shop, mutation, input.clone()).await;
        assert_eq!(told, (code.to_owned(), path.to_owned()), "{mutation} {input}");
    }
    shop.close().await;
}
