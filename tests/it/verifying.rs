//! What `hindsight verify` finds beyond the log itself: a tail cut off with its head, and rows that the log does not make.

use std::time::Duration;

use hindsight::app;
use hindsight::engine::log::Log;
use hindsight::engine::read_model::catalogue::read_models;
use hindsight::engine::read_model::proof::{Difference, Proven, Sampling, prove};
use hindsight::engine::store::{Purpose, Store};
use sea_orm::{ConnectionTrait, EntityTrait};
use serde_json::{Value, json};

use crate::support::binary::run;
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    a_sound_log_is_verified_with_all_that_is_derived_from_it_beside_a_running_node,
    a_tail_cut_off_together_with_its_head_is_shown_by_a_checkpoint_and_by_an_anchor,
    whatever_row_is_taken_from_a_read_model_is_named,
    a_row_of_a_read_model_that_was_altered_is_named_with_its_column_and_moment,
    some_moments_are_chosen_and_the_same_ones_with_the_same_seed,
);

/// A shop with a little past: every table of the read models has rows of now, and most of them rows of before.
async fn past(home: &Home) -> Shop {
    let shop = Shop::open(home).await;
    let address = json!({ "line1": "Unter den Linden 1", "city": "Berlin", "country": "DE" });
    let user = json!({ "name": "Ada", "email": "ada@example.org", "address": address });
    let ada = id(&shop.does("createUser", user).await);
    let price = json!({ "amount": "18", "currency": "EUR" });
    let tea = json!({ "sku": "TEA-01", "name": "Tea", "price": price, "initialStock": 10 });
    let tea = id(&shop.does("createProduct", tea).await);
    shop.does("renameUser", json!({ "userId": ada, "name": "Ada King" })).await;
    for _ in 0..2 {
        let lines = json!([{ "productId": tea, "quantity": 2 }]);
        let order = id(&shop.does("placeOrder", json!({ "userId": ada, "lines": lines })).await);
        shop.does("payOrder", json!({ "orderId": order, "paymentReference": "pay-1" })).await;
        shop.does("cancelOrder", json!({ "orderId": order })).await;
    }
    assert_eq!(shop.app.caught_up(Duration::from_secs(20)).await.expect("the head"), [""; 0]);
    shop
}

fn id(payload: &Value) -> String {
    payload["events"][0]["streamId"].as_str().expect("an id").to_owned()
}

async fn a_sound_log_is_verified_with_all_that_is_derived_from_it_beside_a_running_node(home: &Home) {
    let shop = past(home).await;
    let plain = run(home, &["verify"]).await;
    assert!(plain.well, "{}", plain.errors);
    assert!(plain.output.contains("sound up to position 13, "), "{}", plain.output);
    assert!(plain.output.contains("2 claims and the checkpoints of "), "{}", plain.output);
    let proven = run(home, &["verify", "--read-models", "--seed", "7"]).await;
    assert!(proven.well, "{}", proven.errors);
    for model in ["users", "products", "orders", "sales"] {
        assert!(proven.output.contains(&format!("Read model {model}: ")), "{}", proven.output);
    }
    assert!(proven.output.contains("(seed 7) are as the log makes them"), "{}", proven.output);
    shop.close().await;
}

async fn a_tail_cut_off_together_with_its_head_is_shown_by_a_checkpoint_and_by_an_anchor(home: &Home) {
    past(home).await.close().await;
    let sound = run(home, &["verify"]).await;
    let anchor = sound.output.split_whitespace().last().expect("an anchor").to_owned();
    assert!(run(home, &["verify", "--anchor", &anchor]).await.well);

    let store = Store::open(&home.log(), Purpose::Log, 2).await.expect("the database");
    let of = |column| format!("{column} = (SELECT {column} FROM events WHERE position = 3)");
    let cut = format!("UPDATE log_head SET {}", [of("position"), of("hash"), of("recorded_at")].join(", "));
    for statement in ["DELETE FROM events WHERE position > 3", &cut] {
        store.writer().execute_unprepared(statement).await.expect(statement);
    }
    let log = Log::open(store.clone()).await.expect("the log");
    log.verify(|_| {}).await.expect("readable").expect("it is sound in itself");
    store.close().await;

    let by_checkpoint = run(home, &["verify"]).await;
    assert!(!by_checkpoint.well, "{}", by_checkpoint.output);
    let told = "the checkpoint's position 13 is beyond the log's head";
    assert!(by_checkpoint.errors.contains(told), "{}", by_checkpoint.errors);
    let by_anchor = run(home, &["verify", "--anchor", &anchor]).await;
    assert!(!by_anchor.well && by_anchor.errors.contains("the log was cut"), "{}", by_anchor.errors);

    // Served on, the log grows past the checkpoint with other events.
    let shop = Shop::open(home).await;
    for number in 0..12 {
        let user = json!({ "name": "B", "email": format!("b{number}@example.org") });
        shop.does("createUser", user).await;
    }
    shop.close().await;
    let regrown = run(home, &["verify"]).await;
    let told = "the log holds another event at the checkpoint's position 13";
    assert!(!regrown.well && regrown.errors.contains(told), "{}", regrown.errors);
}

/// The read models of a home, to be altered and held against its log.
struct Kept {
    log: Log,
    store: Store,
    generations: Vec<read_models::Model>,
}

impl Kept {
    async fn open(home: &Home) -> Self {
        past(home).await.close().await;
        let store = Store::open(&home.log(), Purpose::Log, 2).await.expect("the log's database");
        let log = Log::open(store).await.expect("the log");
        let store = Store::open(&home.read_models(), Purpose::ReadModels, 2).await.expect("the read models'");
        let generations = read_models::Entity::find().all(store.reader()).await.expect("the catalogue");
        Self { log, store, generations }
    }

    /// The stored name of a table of a model.
    fn stored(&self, model: &str, table: &str) -> String {
        let of = self.generations.iter().find(|generation| generation.name == model).expect("a model");
        let (name, suffix) = table.strip_suffix("_history").map_or((table, ""), |name| (name, "_history"));
        format!("{name}_r{}_g{}{suffix}", of.revision, of.generation)
    }

    async fn proof(&self, sampling: Sampling) -> Result<Vec<Proven>, Difference> {
        let replay = app::open_replay(&self.store, &self.log).await.expect("a temporary folder");
        prove(replay.kept, replay.anew, sampling, |_, _| {}).await.expect("folded")
    }

    /// What is found at any moment after an alteration of a table, which is then taken back; `None` when it altered nothing.
    async fn found(&self, stored: &str, alteration: &str) -> Option<Difference> {
        let sql = async |text: &str| {
            self.store.writer().execute_unprepared(text).await.expect(text).rows_affected()
        };
        sql(&format!("CREATE TABLE aside AS SELECT * FROM {stored}")).await;
        let altered = sql(alteration).await;
        let found = match altered {
            0 => None,
            _ => Some(self.proof(Sampling { moments: 1_000, seed: 0 }).await.expect_err(alteration)),
        };
        sql(&format!("DELETE FROM {stored}")).await;
        sql(&format!("INSERT INTO {stored} SELECT * FROM aside")).await;
        sql("DROP TABLE aside").await;
        found
    }

    async fn close(self) {
        let sound = self.proof(Sampling { moments: 1_000, seed: 0 }).await.expect("as it was");
        assert!(sound.iter().all(|model| model.moments == 9 && model.rows > 0), "{sound:?}");
        self.log.store().close().await;
        self.store.close().await;
    }
}

/// A table of every kind, and where rows of before are kept, that too.
const TABLES: [(&str, &str); 12] = [
    ("users", "users"),
    ("users", "users_history"),
    ("products", "products"),
    ("products", "products_history"),
    ("orders", "orders"),
    ("orders", "orders_history"),
    ("orders", "order_lines"),
    ("sales", "sales_orders_history"),
    ("sales", "sales_days"),
    ("sales", "sales_days_history"),
    ("sales", "sales_products"),
    ("sales", "sales_spans"),
];

async fn whatever_row_is_taken_from_a_read_model_is_named(home: &Home) {
    let kept = Kept::open(home).await;
    for (model, table) in TABLES {
        let stored = kept.stored(model, table);
        let earliest = format!("(SELECT MIN(valid_from) FROM {stored})");
        let found = kept.found(&stored, &format!("DELETE FROM {stored} WHERE valid_from = {earliest}")).await;
        let found = found.expect("there were rows");
        assert_eq!(found.model, model, "{found}");
        assert_eq!(found.table, table.trim_end_matches("_history"), "{found}");
        assert_eq!(found.what, "the log makes this row, the table does not have it", "{found}");
    }
    kept.close().await;
}

async fn a_row_of_a_read_model_that_was_altered_is_named_with_its_column_and_moment(home: &Home) {
    let kept = Kept::open(home).await;
    for (model, table, alteration, moment, what) in [
        (
            "users",
            "users",
            "UPDATE {t} SET name = 'Eve'",
            3,
            "column name holds 'Eve', the log makes it 'Ada King'",
        ),
        (
            "users",
            "users_history",
            "UPDATE {t} SET name = 'Eve'",
            1,
            "column name holds 'Eve', the log makes it 'Ada'",
        ),
        (
            "orders",
            "orders_history",
            "UPDATE {t} SET status = 'shipped' WHERE version = 2",
            6,
            "column status holds 'shipped', the log makes it 'paid'",
        ),
        (
            "orders",
            "orders",
            "UPDATE {t} SET payment_reference = NULL",
            8,
            "column payment_reference holds NULL, the log makes it 'pay-1'",
        ),
        (
            "products",
            "products_history",
            "UPDATE {t} SET valid_to = valid_to + 1 WHERE version = 1",
            5,
            "the table answers two rows",
        ),
        (
            "orders",
            "orders_history",
            "UPDATE {t} SET bucket = 7 WHERE version = 2 AND valid_from = 6",
            13,
            "its version of positions 6 to 8 stands in bucket 7, it belongs in 0",
        ),
        (
            "orders",
            "order_lines",
            "INSERT INTO {t} (product_id, order_id, valid_from) SELECT order_id, product_id, 5 FROM {t}",
            5,
            "the table has this row, the log does not make it",
        ),
    ] {
        let stored = kept.stored(model, table);
        let found = kept.found(&stored, &alteration.replace("{t}", &stored)).await.expect("rows to alter");
        assert_eq!((found.model, found.moment.get()), (model, moment), "{alteration}: {found}");
        assert_eq!(found.what, what, "{alteration}");
    }
    let stored = kept.stored("users", "users");
    let alteration = format!("UPDATE {stored} SET name = 'Eve'");
    kept.store.writer().execute_unprepared(&alteration).await.expect("altered");
    let told = run(home, &["verify", "--read-models"]).await;
    assert!(!told.well && told.errors.contains("hindsight rebuild users"), "{}", told.errors);
    let undo = format!("UPDATE {stored} SET name = 'Ada King'");
    kept.store.writer().execute_unprepared(&undo).await.expect("undone");
    kept.close().await;
}

async fn some_moments_are_chosen_and_the_same_ones_with_the_same_seed(home: &Home) {
    let kept = Kept::open(home).await;
    for (moments, expected) in [(1, 1..=1), (2, 2..=2), (5, 2..=5), (1_000, 9..=9)] {
        let once = kept.proof(Sampling { moments, seed: 42 }).await.expect("sound");
        let again = kept.proof(Sampling { moments, seed: 42 }).await.expect("sound");
        assert_eq!(once, again);
        assert!(once.iter().all(|model| expected.contains(&model.moments)), "{moments}: {once:?}");
    }
    kept.close().await;
}
