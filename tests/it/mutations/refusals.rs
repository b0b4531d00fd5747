//! Every way in which a mutation is refused, as the API tells it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    every_rule_of_users_has_its_code_and_its_place,
    everything_wrong_with_an_input_is_told_at_once,
    a_refusal_shows_the_user_as_it_was,
    a_scalar_that_does_not_parse_ends_the_request_before_anything_is_recorded,
);

/// The code and path of a mutation that must be refused by one rule.
pub async fn refused(shop: &Shop, mutation: &str, input: Value) -> (String, String) {
    let payload = shop.mutate(mutation, input).await;
    let errors = payload["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{mutation}: {payload:#}");
    assert_eq!((&payload["events"], &payload["position"]), (&json!([]), &Value::Null));
    assert!(errors[0]["message"].as_str().is_some_and(|message| !message.is_empty()));
    let path: Vec<&str> =
        errors[0]["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
    (errors[0]["code"].as_str().unwrap().to_owned(), path.join("."))
}

async fn every_rule_of_users_has_its_code_and_its_place(home: &Home) {
    let shop = Shop::open(home).await;
    let ada = shop.create_user("Ada", "ada@example.com").await;
    let eve = shop.create_user("Eve", "eve@example.com").await;
    shop.does("verifyEmail", json!({ "userId": ada, "email": "ada@example.com" })).await;
    let command = Uuid::now_v7();
    shop.does("renameUser", json!({ "userId": eve, "name": "Eva", "commandId": command })).await;
    shop.does("deactivateUser", json!({ "userId": eve })).await;
    let address = json!({ "line1": "1", "city": "x", "country": "DE" });
    shop.does("changeAddress", json!({ "userId": ada, "address": address })).await;
    let head = shop.app.engine.log.head().await.unwrap().position;
    for (mutation, input, code, path) in [
        (
            "createUser",
            json!({ "id": ada, "name": "Ada", "email": "new@example.com" }),
            "ALREADY_EXISTS",
            "id",
        ),
        ("createUser", json!({ "name": "Ada", "email": "ADA@example.com" }), "EMAIL_TAKEN", "email"),
        ("createUser", json!({ "name": "", "email": "new@example.com" }), "INVALID_INPUT", "name"),
        ("renameUser", json!({ "userId": Uuid::nil(), "name": "Ada" }), "NOT_FOUND", "userId"),
        ("renameUser", json!({ "userId": ada, "name": "Ada" }), "NO_CHANGE", "name"),
        (
            "renameUser",
            json!({ "userId": ada, "name": "A", "expectedVersion": 9 }),
            "VERSION_CONFLICT",
            "expectedVersion",
        ),
        (
            "renameUser",
            json!({ "userId": ada, "name": "A", "commandId": command }),
            "COMMAND_ID_REUSED",
            "commandId",
        ),
        ("renameUser", json!({ "userId": eve, "name": "Eve" }), "USER_DEACTIVATED", "userId"),
        ("changeAddress", json!({ "userId": ada, "address": address }), "NO_CHANGE", "address"),
        ("changeEmail", json!({ "userId": ada, "email": "Eve@Example.com" }), "EMAIL_TAKEN", "email"),
        ("changeEmail", json!({ "userId": ada, "email": "ada@example.com" }), "NO_CHANGE", "email"),
        ("verifyEmail", json!({ "userId": ada, "email": "eve@example.com" }), "EMAIL_NOT_CURRENT", "email"),
        (
            "verifyEmail",
            json!({ "userId": ada, "email": "ada@example.com" }),
            "EMAIL_ALREADY_VERIFIED",
            "email",
        ),
        ("deactivateUser", json!({ "userId": eve }), "USER_DEACTIVATED", "userId"),
        ("reactivateUser", json!({ "userId": ada }), "INVALID_TRANSITION", "userId"),
    ] {
        let told = refused(&shop, mutation, input.clone()).await;
        assert_eq!(told, (code.to_owned(), path.to_owned()), "{mutation} {input}");
    }
    assert_eq!(shop.app.engine.log.head().await.unwrap().position, head, "no refusal leaves a trace");
    shop.close().await;
}

async fn everything_wrong_with_an_input_is_told_at_once(home: &Home) {
    let shop = Shop::open(home).await;
    let input = json!({
        "id": "me", "name": "", "email": "nobody", "commandId": "x", "reason": "r".repeat(2001),
        "address": { "line1": "", "city": "x\u{0}y", "country": "DE" },
    });
    let payload = shop.mutate("createUser", input).await;
    let paths: Vec<Value> =
        payload["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    let expected = json!([
        ["id"],
        ["name"],
        ["email"],
        ["address", "line1"],
        ["address", "city"],
        ["commandId"],
        ["reason"]
    ]);
    assert_eq!(json!(paths), expected);
    assert!(Uuid::try_parse(payload["commandId"].as_str().unwrap()).is_ok(), "{payload:#}");
    let command = Uuid::now_v7().to_string();
    let payload =
        shop.mutate("createUser", json!({ "name": "", "email": "a@b.example", "commandId": command })).await;
    assert_eq!(payload["commandId"], json!(command), "the id that was given");
    shop.close().await;
}

async fn a_refusal_shows_the_user_as_it_was(home: &Home) {
    let shop = Shop::open(home).await;
    let ada = shop.create_user("Ada", "ada@example.com").await;
    let query = "mutation($input: RenameUserInput!) { renameUser(input: $input) { user { id name version asOf } errors { code } } }";
    let input = json!({ "userId": ada, "name": "Ada King", "expectedVersion": 7 });
    let seen = shop.query(query, json!({ "input": input })).await;
    assert_eq!(seen["renameUser"]["user"], json!({ "id": ada, "name": "Ada", "version": 1, "asOf": null }));
    for unknown in [json!({ "userId": Uuid::nil(), "name": "x" }), json!({ "userId": "me", "name": "x" })] {
        let seen = shop.query(query, json!({ "input": unknown })).await;
        assert_eq!(seen["renameUser"]["user"], Value::Null);
    }
    let create = "mutation { createUser(input: { name: \"Eve\", email: \"ada@example.com\" }) { user { id } errors { code } } }";
    let seen = shop.query(create, json!({})).await;
    assert_eq!(seen["createUser"], json!({ "user": null, "errors": [{ "code": "EMAIL_TAKEN" }] }));
    shop.close().await;
}

async fn a_scalar_that_does_not_parse_ends_the_request_before_anything_is_recorded(home: &Home) {
    let shop = Shop::open(home).await;
    let query = "mutation($country: CountryCode!) {
        a: createUser(input: { name: \"Ada\", email: \"ada@example.com\" }) { position }
        b: createUser(input: { name: \"Eve\", email: \"eve@example.com\", address: { line1: \"1\", city: \"x\", country: $country } }) { position } }";
    let response = shop.ask(query, json!({ "country": "Germany" })).await;
    assert_eq!(response["errors"][0]["extensions"]["code"], "BAD_USER_INPUT", "{response:#}");
    assert_eq!(shop.app.engine.log.head().await.unwrap().position.get(), 0);
    shop.close().await;
}
