//! A read model that lags behind takes the entity from a payload, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use async_graphql::{Request, Variables, value};
use hindsight::api::schema;
use hindsight::engine::moment::Moments;
use hindsight::engine::read_model::{ReadModels, Settings};
use hindsight::engine::store::{Location, Purpose, Store};
use hindsight::graphql::{Batches, Engine, Scope};
use hindsight::read;
use migration::{CatalogueMigrator, MigratorTrait};
use serde_json::json;
use tempfile::TempDir;

use crate::support::home::Home;
use crate::support::node::NOON;
use crate::support::shop::Shop;

/// The shop's engine, but with read models that nobody moves on.
async fn with_idle_read_models(shop: &Shop, folder: &TempDir) -> Arc<Engine> {
    let location = Location::Sqlite(folder.path().join("idle.db"));
    let store = Store::open(&location, Purpose::ReadModels, 2).await.unwrap();
    CatalogueMigrator::up(store.writer(), None).await.unwrap();
    let (log, feed) = (shop.app.engine.log.clone(), shop.app.engine.feed.clone());
    let settings = Settings { patience: Duration::from_millis(1), ..Settings::default() };
    let builder = read::read_models(ReadModels::builder(store, log.clone()).settings(settings));
    let read_models = Arc::new(builder.open().await.unwrap());
    let moments = Moments::new(log.clone(), feed.clone(), Arc::new(shop.clock.clone()));
    Arc::new(Engine { log, feed, moments, read_models })
}

#[tokio::test]
async fn a_command_is_answered_even_when_its_entity_is_not_yet_visible() {
    let home = Home::sqlite();
    let shop = Shop::open(&home).await;
    let folder = TempDir::new().unwrap();
    let engine = with_idle_read_models(&shop, &folder).await;
    let schema = schema::builder().data(shop.app.writer.clone()).finish();

    let arrived = hindsight::engine::time::Instant::from_micros(NOON);
    let scope = Arc::new(Scope::new(engine, arrived, None, Vec::new()));
    let batches = Batches::default();
    let query = "mutation($input: CreateUserInput!) { createUser(input: $input) {
        position errors { code } events { type } user { name } } }";
    let input = json!({ "input": { "name": "Ada", "email": "ada@example.com" } });
    let mut request = Request::new(query).variables(Variables::from_json(input)).data(scope.clone());
    read::load(&mut request.data, &scope, &batches);
    let response = batches.drive(schema.execute(request)).await;

    let payload = value!({ "createUser": { "position": "1", "errors": [], "events": [{ "type": "UserCreated" }], "user": null } });
    assert_eq!(response.data, payload);
    let [error] = &response.errors[..] else { panic!("{:?}", response.errors) };
    assert_eq!(error.extensions.as_ref().and_then(|told| told.get("code")), Some(&value!("NOT_YET_VISIBLE")));
    assert_eq!(format!("{:?}", error.path), r#"[Field("createUser"), Field("user")]"#);
    shop.close().await;
}
