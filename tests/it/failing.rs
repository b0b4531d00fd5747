//! A read model of a served shop fails: it stops alone, everybody is told, and a rebuild brings it back.

use hindsight::engine::read_model::ReadModel;
use hindsight::engine::store::{Purpose, Store};
use hindsight::read::users::fold::Users;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::support::binary::run;
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    a_row_the_database_refuses_stops_its_model_alone_until_it_is_rebuilt,
    a_table_that_is_gone_stops_its_model_alone_until_it_is_rebuilt,
);

const USERS: &str = "{ users { totalCount nodes { name } } }";
const PRODUCTS: &str = "{ products { nodes { sku } } }";
const MODELS: &str = "{ readModels { name state position lag error eventsPerSecond secondsLeft } }";

async fn a_row_the_database_refuses_stops_its_model_alone_until_it_is_rebuilt(home: &Home) {
    let damage = format!("CREATE UNIQUE INDEX one_of_a_name ON {} (name)", table());
    stops_alone_until_rebuilt(home, &damage, "the database refused its rows").await;
}

async fn a_table_that_is_gone_stops_its_model_alone_until_it_is_rebuilt(home: &Home) {
    stops_alone_until_rebuilt(home, &format!("DROP TABLE {}", table()), &table()).await;
}

/// The users of now.
fn table() -> String {
    format!("users_r{}_g1", Users::REVISION)
}

async fn stops_alone_until_rebuilt(home: &Home, damage: &str, reason: &str) {
    let shop = Shop::open(home).await;
    let ada = shop.create_user("Ada", "ada@example.com").await;
    let tea = json!({ "sku": "TEA-01", "name": "Tea", "price": { "amount": "18.00", "currency": "EUR" },
        "initialStock": 10 });
    let tea = shop.does("createProduct", tea).await["events"][0]["streamId"].clone();
    shop.see(USERS, json!({})).await;
    execute(home, damage).await;

    // The command that the model cannot follow is carried out; its entity is an error of its own.
    let create = "mutation($input: CreateUserInput!) {
        createUser(input: $input) { position errors { code } events { type } user { name } } }";
    let input = json!({ "input": { "name": "Ada", "email": "another@example.com" } });
    let answer = shop.ask(create, input).await;
    assert_eq!(answer["data"]["createUser"]["position"], "3", "{answer:#}");
    assert_eq!(answer["data"]["createUser"]["user"], Value::Null);
    assert_eq!(told(&answer), [("INTERNAL_SERVER_ERROR", vec![json!("createUser"), json!("user")])]);

    // Its queries answer an error, wherever they stand; those on the other models answer as ever.
    let order = json!({ "userId": ada, "lines": [{ "productId": tea, "quantity": 2 }],
        "shippingAddress": { "line1": "x", "city": "Berlin", "country": "DE" } });
    shop.does("placeOrder", order).await;
    assert_eq!(told(&shop.ask(USERS, json!({})).await), [("INTERNAL_SERVER_ERROR", vec![json!("users")])]);
    let past = shop.ask("{ users(asOf: \"1\") { totalCount } }", json!({})).await;
    assert_eq!(told(&past), [("INTERNAL_SERVER_ERROR", vec![json!("users")])]);
    shop.see("{ orders { totalCount } }", json!({})).await;
    let nested = shop.ask("{ orders { nodes { quantity user { name } } } }", json!({})).await;
    let [(code, path)] = &told(&nested)[..] else { panic!("{nested:#}") };
    assert!(
        *code == "INTERNAL_SERVER_ERROR" && path[..3] == [json!("orders"), json!("nodes"), json!(0)],
        "{path:?}"
    );
    assert_eq!(shop.see(PRODUCTS, json!({})).await["products"]["nodes"], json!([{ "sku": "TEA-01" }]));
    assert_eq!(shop.see("{ orders { totalCount } }", json!({})).await["orders"]["totalCount"], 1);
    // Beside a failed model the others are not held back at its position.
    let both = shop.ask("{ users { totalCount } orders { totalCount } }", json!({})).await;
    assert_eq!(told(&both).len(), 1, "{both:#}");

    // Operators see it everywhere, and what to do.
    let models = shop.query(MODELS, json!({})).await["readModels"].take();
    let of = |name: &str| models.as_array().unwrap().iter().find(|model| model["name"] == name).unwrap();
    assert_eq!((&of("users")["state"], &of("users")["position"]), (&json!("FAILED"), &json!("2")));
    let error = of("users")["error"].as_str().unwrap();
    assert!(error.contains("position 3") && error.contains(reason), "{error}");
    for name in ["products", "orders", "sales"] {
        assert_eq!((&of(name)["state"], &of(name)["error"]), (&json!("LIVE"), &Value::Null), "{name}");
    }
    let (status, details) = readiness(&shop).await;
    assert_eq!(status, 503);
    let failed: Vec<_> = states(&details).into_iter().filter(|(_, state)| state != "LIVE").collect();
    assert_eq!(failed, [("users".to_owned(), "FAILED".to_owned())]);
    let status = run(home, &["status"]).await.output;
    let stopped = format!("users (revision {}, generation 1) STOPPED at position 2", Users::REVISION);
    assert!(status.contains(&stopped), "{status}");
    assert!(status.contains("run: hindsight rebuild users"), "{status}");

    let shop = rebuild(home, shop).await;
    let all = shop.see(USERS, json!({})).await;
    assert_eq!(all["users"]["totalCount"], 2);
    let nested = shop.see("{ orders { nodes { user { name } } } }", json!({})).await;
    assert_eq!(nested["orders"]["nodes"], json!([{ "user": { "name": "Ada" } }]));
    assert_eq!(readiness(&shop).await.0, 200);
    shop.close().await;
}

/// On PostgreSQL beside the shop that is served; on SQLite, where one process at a time writes, in its place.
async fn rebuild(home: &Home, shop: Shop) -> Shop {
    if !home.is_sqlite() {
        let rebuilt = run(home, &["rebuild", "users"]).await;
        assert!(rebuilt.well, "{}", rebuilt.errors);
        let mut shown = shop.app.engine.read_models.watch("users").unwrap();
        let serves = shown.wait_for(|shown| shown.generation == 2);
        tokio::time::timeout(std::time::Duration::from_secs(20), serves).await.unwrap().unwrap();
        return shop;
    }
    shop.close().await;
    let rebuilt = run(home, &["rebuild", "users"]).await;
    assert!(rebuilt.well, "{}", rebuilt.errors);
    Shop::open(home).await
}

/// The code and path of each error.
fn told(answer: &Value) -> Vec<(&str, Vec<Value>)> {
    let errors = answer["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let told = errors.iter().map(|error| {
        (error["extensions"]["code"].as_str().unwrap(), error["path"].as_array().unwrap().clone())
    });
    told.collect()
}

async fn readiness(shop: &Shop) -> (u16, Value) {
    let response = reqwest::get(format!("http://{}/readyz", shop.address)).await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn states(details: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let models = details["readModels"].as_array().unwrap().iter();
    models.map(|model| (text(&model["name"]), text(&model["state"]))).collect()
}

async fn execute(home: &Home, sql: &str) {
    let store = Store::open(&home.read_models(), Purpose::ReadModels, 1).await.unwrap();
    store.writer().execute_unprepared(sql).await.unwrap();
    store.close().await;
}
