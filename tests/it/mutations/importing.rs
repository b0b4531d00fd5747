//! Mutations from a file: decided like those of the API, at instants of their own.

use hindsight::engine::time::Instant;
use hindsight::write::carry_out;
use hindsight::write::import::CarriedOut;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::node::NOON;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(a_past_is_brought_in_as_it_was_and_only_once, what_the_api_refuses_is_refused_from_a_file);

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

async fn import(shop: &Shop, mutation: &str, input: Value, at: i64) -> CarriedOut {
    carry_out(&shop.app.writer, mutation, input, Instant::from_micros(at)).await.unwrap()
}

async fn a_past_is_brought_in_as_it_was_and_only_once(home: &Home) {
    let shop = Shop::open(home).await;
    let id = Uuid::now_v7();
    let create = json!({ "id": id, "name": "Ada", "email": "ada@example.com", "commandId": Uuid::now_v7() });
    for _ in 0..2 {
        let carried_out = import(&shop, "createUser", create.clone(), NOON - 2 * DAY).await;
        let CarriedOut::Recorded(events) = carried_out else { panic!("{carried_out:?}") };
        assert_eq!(events[0].position.get(), 1, "the same line again is the same command");
    }
    import(&shop, "renameUser", json!({ "userId": id, "name": "Ada King" }), NOON - DAY).await;
    let sent_by_the_api = shop.does("createUser", create).await;
    assert_eq!(sent_by_the_api["position"], "1", "and so it is over the API");
    let query = "query($id: ID!) { now: user(id: $id) { name createdAt updatedAt } then: user(id: $id, asOf: \"-PT36H\") { name } }";
    let seen = shop.see(query, json!({ "id": id })).await;
    let instant = |micros| Instant::from_micros(micros).to_string();
    let now =
        json!({ "name": "Ada King", "createdAt": instant(NOON - 2 * DAY), "updatedAt": instant(NOON - DAY) });
    assert_eq!(seen["now"], now);
    assert_eq!(seen["then"]["name"], "Ada");
    shop.close().await;
}

async fn what_the_api_refuses_is_refused_from_a_file(home: &Home) {
    let shop = Shop::open(home).await;
    let ada = shop.create_user("Ada", "ada@example.com").await;
    for (mutation, input, codes) in [
        ("renameUser", json!({ "userId": ada, "name": "Ada" }), "NoChange"),
        ("createUser", json!({ "name": "", "email": "" }), "InvalidInput InvalidInput"),
    ] {
        let carried_out = import(&shop, mutation, input, NOON).await;
        let CarriedOut::Refused(why) = carried_out else { panic!("{carried_out:?}") };
        let told: Vec<String> = why.iter().map(|rejection| format!("{:?}", rejection.code())).collect();
        assert_eq!(told.join(" "), codes);
    }
    for (mutation, input, reason) in [
        ("eatUser", json!({}), "eatUser"),
        ("renameUser", json!({ "userId": ada }), "RenameUserInput"),
        ("renameUser", json!({ "userId": ada, "name": "x", "nickname": "y" }), "nickname"),
    ] {
        let carried_out = import(&shop, mutation, input, NOON).await;
        let CarriedOut::Malformed(why) = carried_out else { panic!("{carried_out:?}") };
        assert!(why.contains(reason), "{why}");
    }
    let rehearsed =
        import(&shop, "renameUser", json!({ "userId": ada, "name": "x", "dryRun": true }), NOON).await;
    assert!(matches!(rehearsed, CarriedOut::Rehearsed(events) if events.len() == 1));
    let schema = shop.query("{ __schema { mutationType { fields { name } } } }", json!({})).await;
    for field in schema["__schema"]["mutationType"]["fields"].as_array().unwrap() {
        let name = field["name"].as_str().unwrap();
        let carried_out = import(&shop, name, json!({}), NOON).await;
        let CarriedOut::Malformed(why) = carried_out else { panic!("{carried_out:?}") };
        assert!(why.contains("Input"), "{name} is a mutation of the API but not of a file: {why}");
    }
    shop.close().await;
}
