//! A log on its way out and in again: the same events, the same answers, and nothing half done.

use std::path::{Path, PathBuf};

use hindsight::app;
use hindsight::engine::event::Recorded;
use hindsight::engine::log::transfer::{Examination, Header, Line};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

use crate::support::binary::{Ran, Served, run};
use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::{Shop, storage};

on_both_stores!(
    a_restored_log_is_the_same_log_and_gives_the_same_answers,
    a_file_with_a_changed_event_is_refused_and_nothing_of_it_restored,
    a_restore_cut_short_is_gone_on_with_and_nobody_decides_on_it_meanwhile,
);

const QUESTION: &str = "{ now: users { nodes { id name email createdAt } totalCount }
    then: users(asOf: \"3\") { nodes { id name } totalCount } events(first: 50) { nodes { position hash recordedAt data } } }";

/// A shop with a short past, exported into a file; with what it answers.
struct Copied {
    folder: TempDir,
    text: String,
    answer: Value,
}

impl Copied {
    async fn from_a_shop() -> Self {
        let home = Home::sqlite();
        let shop = Shop::open(&home).await;
        let ada = shop.create_user("Ada", "ada@example.com").await;
        for number in 0..5 {
            shop.does("renameUser", json!({ "userId": ada, "name": format!("Ada \"{number}\" é") })).await;
        }
        shop.create_user("Bea", "bea@example.com").await;
        let answer = shop.see(QUESTION, json!({})).await;
        shop.close().await;
        let exported = run(&home, &["export"]).await;
        assert!(exported.well, "{}", exported.errors);
        let folder = TempDir::new().unwrap();
        let copied = Self { folder, text: exported.output, answer };
        std::fs::write(copied.file(), &copied.text).unwrap();
        copied
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("log.ndjson")
    }

    fn events(&self) -> (Uuid, Vec<Recorded>) {
        let mut lines = self.text.lines();
        let header: Header = serde_json::from_str(lines.next().unwrap()).unwrap();
        let event = |line| serde_json::from_str::<Line>(line).unwrap().event().unwrap();
        (header.log_id, lines.map(event).collect())
    }
}

async fn restore(home: &Home, file: &Path) -> Ran {
    run(home, &["import", "--events", file.to_str().unwrap()]).await
}

/// What the shop on a home answers.
async fn ask(home: &Home, minimum: &str) -> Value {
    let served = Served::start(home).await;
    let body = json!({ "query": QUESTION, "extensions": { "minPosition": minimum } });
    let mut answer: Value =
        reqwest::Client::new().post(served.url()).json(&body).send().await.unwrap().json().await.unwrap();
    assert!(served.terminate().await.success());
    assert!(answer.get("errors").is_none(), "{answer:#}");
    answer["data"].take()
}

async fn a_restored_log_is_the_same_log_and_gives_the_same_answers(home: &Home) {
    let copied = Copied::from_a_shop().await;
    // The home was served while its log was empty, so that its read models know it by another identity.
    assert!(Served::start(home).await.terminate().await.success());
    let restored = restore(home, &copied.file()).await;
    assert!(restored.well, "{}", restored.errors);
    assert_eq!(run(home, &["export"]).await.output, copied.text);
    assert!(run(home, &["verify"]).await.well);
    assert_eq!(ask(home, "7").await, copied.answer);

    let again = restore(home, &copied.file()).await;
    assert!(!again.well && again.errors.contains("7 events"), "{}", again.errors);

    // Claims are there again, and the log goes on.
    let shop = Shop::open(home).await;
    assert_eq!(
        shop.refuses("createUser", json!({ "name": "x", "email": "ADA@example.com" })).await,
        ["EMAIL_TAKEN"]
    );
    let payload = shop.does("createUser", json!({ "name": "x", "email": "x@example.com" })).await;
    assert_eq!(payload["position"], "8");
    shop.close().await;
}

async fn a_file_with_a_changed_event_is_refused_and_nothing_of_it_restored(home: &Home) {
    let copied = Copied::from_a_shop().await;
    for (changed, reason) in [
        (copied.text.replace("bea@example.com", "eve@example.com"), "position 7"),
        (copied.text.replacen("\"format\":\"hindsight/1\"", "\"format\":\"hindsight/9\"", 1), "hindsight/9"),
        (format!("{}{{}}\n", copied.text), "line 9"),
        (String::new(), "empty"),
    ] {
        std::fs::write(copied.file(), changed).unwrap();
        let refused = restore(home, &copied.file()).await;
        assert!(!refused.well && refused.errors.contains(reason), "{}", refused.errors);
        assert!(refused.errors.contains("log.ndjson"), "{}", refused.errors);
    }
    std::fs::write(copied.file(), &copied.text).unwrap();
    let restored = restore(home, &copied.file()).await;
    assert!(restored.well, "the log is as empty as before: {}", restored.errors);
}

async fn a_restore_cut_short_is_gone_on_with_and_nobody_decides_on_it_meanwhile(home: &Home) {
    let copied = Copied::from_a_shop().await;
    let (id, events) = copied.events();
    let empty = app::open_empty(&storage(home)).await.unwrap();
    let mut examination = Examination::begin(empty.log.clone(), id).await.unwrap();
    events.iter().try_for_each(|event| examination.check(event)).unwrap();
    let mut restoring = examination.finish().await.unwrap();
    restoring.take(events[..4].to_vec()).await.unwrap();
    empty.log.store().close().await;
    drop((restoring, empty));

    let served = run(home, &["serve", "--listen", "127.0.0.1:0"]).await;
    assert!(!served.well && served.errors.contains("import --events"), "{}", served.errors);
    let other = Copied::from_a_shop().await;
    let refused = restore(home, &other.file()).await;
    assert!(!refused.well && refused.errors.contains("position 4"), "{}", refused.errors);

    let restored = restore(home, &copied.file()).await;
    assert!(restored.well, "{}", restored.errors);
    assert_eq!(run(home, &["export"]).await.output, copied.text);
    assert_eq!(ask(home, "7").await, copied.answer);
}
