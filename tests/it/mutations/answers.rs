//! What a mutation that was carried out answers, for certain or on a dry run.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    the_payload_shows_the_user_right_after_the_command,
    a_dry_run_shows_what_would_be_and_records_nothing,
    a_create_sent_again_answers_the_first_user,
    an_omitted_or_null_variable_is_no_dry_run,
    mutations_of_one_request_are_carried_out_in_order,
    who_sent_it_is_kept_with_the_events,
);

const CREATE: &str = "mutation($input: CreateUserInput!) { createUser(input: $input) {
    __typename commandId position errors { code path } user { id asOf name version status }
    events { __typename position hash actor reason commandId correlationId causationId subject { id } } } }";

async fn events_in_the_log(shop: &Shop) -> i64 {
    shop.app.engine.log.head().await.unwrap().position.get()
}

async fn the_payload_shows_the_user_right_after_the_command(home: &Home) {
    let shop = Shop::open(home).await;
    let (id, command) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
    let address = json!({ "line1": "1", "city": "Berlin", "country": "DE" });
    let input = json!({ "id": id, "name": " Ada ", "email": "Ada@example.com", "address": address, "commandId": command, "reason": "a try" });
    let response = shop.ask(CREATE, json!({ "input": input })).await;
    let payload = &response["data"]["createUser"];
    let ada = json!({ "id": id, "asOf": null, "name": "Ada", "version": 1, "status": "ACTIVE" });
    assert_eq!(payload["user"], ada, "{response:#}");
    assert_eq!((&payload["__typename"], &payload["errors"]), (&json!("UserPayload"), &json!([])));
    assert_eq!((&payload["position"], &payload["commandId"]), (&json!("1"), &json!(command)));
    let event = &payload["events"][0];
    assert_eq!((&event["__typename"], &event["position"]), (&json!("UserCreated"), &json!("1")));
    assert_eq!((&event["reason"], &event["subject"]["id"]), (&json!("a try"), &json!(id)));
    assert_eq!(response["extensions"]["log"]["position"], "1", "what the answer reflects");

    let by_interface = "mutation($input: RenameUserInput!) { renameUser(input: $input) {
        ... on CommandPayload { position errors { code } events { type } commandId } ... on UserPayload { user { name version } } } }";
    let renamed = shop.query(by_interface, json!({ "input": { "userId": id, "name": "Ada King" } })).await;
    assert_eq!(renamed["renameUser"]["user"], json!({ "name": "Ada King", "version": 2 }));
    assert_eq!(renamed["renameUser"]["events"], json!([{ "type": "UserRenamed" }]));
    let moved = "mutation($input: ChangeAddressInput!) { changeAddress(input: $input) { position } }";
    let address = json!({ "line1": "2", "city": "London", "country": "GB" });
    let response = shop.ask(moved, json!({ "input": { "userId": id, "address": address } })).await;
    assert_eq!(response["extensions"]["log"]["position"], "3", "though no entity was read");
    shop.close().await;
}

async fn a_dry_run_shows_what_would_be_and_records_nothing(home: &Home) {
    let shop = Shop::open(home).await;
    let command = Uuid::now_v7().to_string();
    let input = |dry_run: bool| json!({ "input": { "name": "Ada", "email": "ada@example.com", "dryRun": dry_run, "commandId": command } });
    let rehearsed = shop.query(CREATE, input(true)).await["createUser"].take();
    assert_eq!((&rehearsed["errors"], &rehearsed["position"]), (&json!([]), &Value::Null));
    assert_eq!(rehearsed["commandId"], json!(command));
    let event = &rehearsed["events"][0];
    assert_eq!((&event["__typename"], &event["position"]), (&json!("UserCreated"), &json!("0")));
    assert_eq!((&event["hash"], &event["subject"]), (&json!("0".repeat(64)), &Value::Null));
    assert_eq!(rehearsed["user"]["name"], "Ada", "as the user would be");
    assert_eq!(rehearsed["user"]["version"], 1);
    assert_eq!(events_in_the_log(&shop).await, 0);

    let carried_out = shop.query(CREATE, input(false)).await["createUser"].take();
    assert_eq!(carried_out["position"], "1", "a dry run keeps no command id");
    let id = &carried_out["user"]["id"];
    let taken = json!({ "userId": id, "name": "Ada", "dryRun": true });
    assert_eq!(shop.refuses("renameUser", taken).await, ["NO_CHANGE"], "a dry run is refused as well");
    let rename = "mutation($input: RenameUserInput!) { renameUser(input: $input) { user { name version } } }";
    let input = json!({ "input": { "userId": id, "name": "Ada King", "dryRun": true } });
    let rehearsed = shop.query(rename, input).await["renameUser"].take();
    assert_eq!(rehearsed["user"], json!({ "name": "Ada King", "version": 2 }));
    assert_eq!(events_in_the_log(&shop).await, 1);
    shop.close().await;
}

async fn a_create_sent_again_answers_the_first_user(home: &Home) {
    let shop = Shop::open(home).await;
    let command = Uuid::now_v7();
    let input = |email: &str, id: Value| json!({ "input": { "name": "Ada", "email": email, "commandId": command, "id": id } });
    let first = shop.query(CREATE, input("ada@example.com", Value::Null)).await["createUser"].take();
    let again = shop.query(CREATE, input("ada@example.com", Value::Null)).await["createUser"].take();
    assert_eq!(again["user"]["id"], first["user"]["id"], "the id that the server made is the first one");
    assert_eq!(again["events"], first["events"]);
    assert_eq!(again["position"], first["position"]);
    assert_eq!(events_in_the_log(&shop).await, 1);
    let other = shop.query(CREATE, input("eve@example.com", Value::Null)).await["createUser"].take();
    assert_eq!(other["errors"][0], json!({ "code": "COMMAND_ID_REUSED", "path": ["commandId"] }));
    let given =
        shop.query(CREATE, input("ada@example.com", json!(Uuid::now_v7()))).await["createUser"].take();
    assert_eq!(given["errors"][0]["code"], "COMMAND_ID_REUSED", "an id that was given is other content");
    shop.close().await;
}

async fn an_omitted_or_null_variable_is_no_dry_run(home: &Home) {
    let shop = Shop::open(home).await;
    let query = "mutation($dry: Boolean, $email: String!) {
        createUser(input: { name: \"Ada\", email: $email, dryRun: $dry }) { position user { id } } }";
    for (n, dry) in [json!({}), json!({ "dry": null }), json!({ "dry": false })].into_iter().enumerate() {
        let mut variables = dry;
        variables["email"] = json!(format!("{n}@example.com"));
        let seen = shop.query(query, variables).await;
        assert_eq!(seen["createUser"]["position"], (n + 1).to_string());
    }
    let seen = shop.query(query, json!({ "dry": true, "email": "dry@example.com" })).await;
    assert_eq!(seen["createUser"]["position"], Value::Null);
    shop.close().await;
}

async fn mutations_of_one_request_are_carried_out_in_order(home: &Home) {
    let shop = Shop::open(home).await;
    let id = Uuid::now_v7();
    let query = "mutation($id: ID!) {
        create: createUser(input: { id: $id, name: \"Ada\", email: \"ada@example.com\" }) { position user { name } }
        refused: verifyEmail(input: { userId: $id, email: \"eve@example.com\" }) { errors { code } user { name } }
        verify: verifyEmail(input: { userId: $id, email: \"ADA@example.com\" }) { position user { emailVerified } }
        off: deactivateUser(input: { userId: $id }) { position user { status } }
        on: reactivateUser(input: { userId: $id, expectedVersion: 3 }) { position user { status version } } }";
    let seen = shop.query(query, json!({ "id": id })).await;
    assert_eq!(seen["create"], json!({ "position": "1", "user": { "name": "Ada" } }));
    let refused = json!({ "errors": [{ "code": "EMAIL_NOT_CURRENT" }], "user": { "name": "Ada" } });
    assert_eq!(seen["refused"], refused, "with the state it was refused in");
    assert_eq!(seen["verify"], json!({ "position": "2", "user": { "emailVerified": true } }));
    assert_eq!(seen["off"], json!({ "position": "3", "user": { "status": "DEACTIVATED" } }));
    assert_eq!(seen["on"], json!({ "position": "4", "user": { "status": "ACTIVE", "version": 4 } }));
    shop.close().await;
}

async fn who_sent_it_is_kept_with_the_events(home: &Home) {
    let shop = Shop::open(home).await;
    let (correlation, causation) = (Uuid::now_v7().to_string(), Uuid::now_v7().to_string());
    let input = json!({ "input": { "name": "Ada", "email": "ada@example.com" } });
    let response = reqwest::Client::new()
        .post(format!("http://{}/graphql", shop.address))
        .header("Hindsight-Correlation-Id", &correlation)
        .header("Hindsight-Causation-Id", &causation)
        .json(&json!({ "query": CREATE, "variables": input }))
        .send()
        .await
        .unwrap();
    let payload = response.json::<Value>().await.unwrap()["data"]["createUser"].take();
    let event = &payload["events"][0];
    assert_eq!((&event["correlationId"], &event["causationId"]), (&json!(correlation), &json!(causation)));
    assert_eq!(event["actor"], Value::Null, "no actor is taken from a header that nobody vouches for");
    assert_eq!(event["commandId"], payload["commandId"]);
    shop.close().await;
}
