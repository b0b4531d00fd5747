//! Bringing in a shop's past: in order, at its own times, once, and again without harm.

use hindsight::app::App;
use hindsight::engine::event::{Position, Recorded};
use hindsight::engine::time::Instant;
use hindsight::import::{Import, Line, Summary};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::home::Home;
use crate::support::node::NOON;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    lines_are_recorded_at_their_own_times_and_equal_ones_1_µs_apart,
    the_same_lines_again_are_all_skipped_with_and_without_ids,
    a_refused_line_is_refused_again_and_not_carried_out_late,
    a_malformed_line_stops_the_file_and_what_follows_it_is_not_carried_out,
    a_file_that_stopped_among_equal_times_goes_on_once_mended,
    a_line_before_the_one_before_it_or_after_now_stops_the_file,
    a_first_new_line_before_the_end_of_the_log_stops_the_file,
    a_known_line_is_skipped_before_its_time_is_looked_at,
    a_moment_that_was_answered_is_not_changed_by_a_past_brought_in_later,
    what_another_node_has_overtaken_is_not_recorded_at_a_wrong_time,
);

const DAY: i64 = 24 * 60 * 60 * 1_000_000;
const SECOND: i64 = 1_000_000;

fn line(at: i64, mutation: &str, input: Value) -> String {
    json!({ "at": Instant::from_micros(at).to_string(), "mutation": mutation, "input": input }).to_string()
}

fn new_user(at: i64, name: &str) -> String {
    line(at, "createUser", json!({ "name": name, "email": format!("{name}@example.com") }))
}

/// What came of a file.
struct Outcome {
    done: Summary,
    /// Line and reason of each refusal.
    refused: Vec<(u64, String)>,
    /// Why the file stopped.
    stopped: Option<String>,
}

fn done(carried_out: u64, skipped: u64, refused: u64) -> Summary {
    Summary { carried_out, skipped, refused }
}

async fn bring(app: &App, lines: &[String]) -> Outcome {
    let mut import = Import::into(app).await.unwrap();
    let lines = lines.iter().map(|line| Line::read(line.as_bytes())).collect();
    let mut outcome = import.take(lines).await;
    if outcome.is_ok() {
        outcome = import.finish();
    }
    let refused = import.refusals().into_iter().map(|refusal| (refusal.line, refusal.why)).collect();
    Outcome { done: import.summary(), refused, stopped: outcome.err().map(|error| error.to_string()) }
}

async fn events(app: &App) -> Vec<Recorded> {
    let head = app.engine.log.head().await.unwrap();
    app.engine.log.page(Position::ZERO, head.position, 1_000).await.unwrap()
}

async fn lines_are_recorded_at_their_own_times_and_equal_ones_1_µs_apart(home: &Home) {
    let shop = Shop::open(home).await;
    let then = NOON - 30 * DAY;
    let lines =
        [new_user(then, "a"), String::new(), new_user(then, "b"), new_user(then, "c"), new_user(NOON, "d")];
    let outcome = bring(&shop.app, &lines).await;
    assert_eq!((outcome.done, outcome.stopped), (done(4, 0, 0), None));
    let times: Vec<i64> = events(&shop.app).await.iter().map(|event| event.recorded_at.micros()).collect();
    assert_eq!(times, [then, then + 1, then + 2, NOON]);
    shop.close().await;
}

async fn the_same_lines_again_are_all_skipped_with_and_without_ids(home: &Home) {
    let shop = Shop::open(home).await;
    let id = Uuid::now_v7();
    let price = json!({ "amount": "1.00", "currency": "EUR" });
    let product = json!({ "id": id, "sku": "A", "name": "A", "price": price, "commandId": Uuid::now_v7() });
    let received = line(NOON - DAY, "receiveStock", json!({ "productId": id, "quantity": 5 }));
    let lines = [line(NOON - DAY, "createProduct", product), received.clone(), received];
    assert_eq!(bring(&shop.app, &lines).await.done, done(3, 0, 0), "the same line twice is two commands");
    let before = events(&shop.app).await;
    let again = bring(&shop.app, &lines).await;
    assert_eq!((again.done, again.stopped), (done(0, 3, 0), None));
    let mut more = lines.to_vec();
    more.push(new_user(NOON - DAY, "late"));
    assert_eq!(
        bring(&shop.app, &more).await.done,
        done(1, 3, 0),
        "a file that has grown goes on where it ended"
    );
    assert_eq!(events(&shop.app).await[..before.len()], before);
    shop.close().await;
}

async fn a_refused_line_is_refused_again_and_not_carried_out_late(home: &Home) {
    let shop = Shop::open(home).await;
    let (product, user) = (Uuid::now_v7(), Uuid::now_v7());
    let price = json!({ "amount": "1.00", "currency": "EUR" });
    let address = json!({ "line1": "1", "city": "X", "country": "DE" });
    let order = json!({ "userId": user, "lines": [{ "productId": product, "quantity": 5 }] });
    let lines = [
        line(NOON - 9 * DAY, "createUser", json!({ "name": "", "email": "none" })),
        line(
            NOON - 9 * DAY,
            "createUser",
            json!({ "id": user, "name": "A", "email": "a@example.com", "address": address }),
        ),
        line(
            NOON - 8 * DAY,
            "createProduct",
            json!({ "id": product, "sku": "A", "name": "A", "price": price }),
        ),
        line(NOON - 7 * DAY, "placeOrder", order),
        line(NOON - 6 * DAY, "receiveStock", json!({ "productId": product, "quantity": 5 })),
        line(NOON - 5 * DAY, "createUser", json!({ "name": "B", "email": "A@example.com" })),
    ];
    let first = bring(&shop.app, &lines).await;
    assert_eq!((first.done, first.stopped), (done(3, 0, 3), None));
    let told = |refused: &[(u64, String)], line: u64, code: &str| {
        refused.iter().any(|(number, why)| *number == line && why.starts_with(code))
    };
    assert!(told(&first.refused, 1, "INVALID_INPUT: "), "{:?}", first.refused);
    assert!(told(&first.refused, 4, "INSUFFICIENT_STOCK: "), "{:?}", first.refused);
    assert!(told(&first.refused, 6, "EMAIL_TAKEN: "), "{:?}", first.refused);
    let before = events(&shop.app).await;

    // Today there is enough stock; but when the order was placed there was not.
    let again = bring(&shop.app, &lines).await;
    assert_eq!((again.done, again.stopped), (done(0, 3, 3), None));
    assert!(told(&again.refused, 1, "INVALID_INPUT: ") && told(&again.refused, 4, ""), "{:?}", again.refused);
    assert!(told(&again.refused, 6, "EMAIL_TAKEN: "), "{:?}", again.refused);

    // The last line has no known one after it, and the log has gone on: the rules still refuse it.
    shop.create_user("C", "c@example.com").await;
    let much_later = bring(&shop.app, &lines).await;
    assert_eq!((much_later.done, much_later.stopped), (done(0, 3, 3), None));
    assert_eq!(events(&shop.app).await.len(), before.len() + 1);
    shop.close().await;
}

async fn a_malformed_line_stops_the_file_and_what_follows_it_is_not_carried_out(home: &Home) {
    let shop = Shop::open(home).await;
    for (round, (malformed, reason)) in [
        ("{".to_owned(), "expected {\"at\""),
        (line(NOON - DAY, "eatUser", json!({})), "eatUser"),
        (
            line(NOON - DAY, "createUser", json!({ "name": "x", "email": "x@example.com", "nick": "y" })),
            "nick",
        ),
        (
            line(NOON - DAY, "createUser", json!({ "name": "x", "email": "x@example.com", "dryRun": true })),
            "dry run",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let lines = [
            new_user(NOON - DAY + round as i64, &format!("before{round}")),
            malformed,
            new_user(NOON - DAY, &format!("after{round}")),
        ];
        let outcome = bring(&shop.app, &lines).await;
        let stopped = outcome.stopped.unwrap();
        assert!(stopped.starts_with("line 2: ") && stopped.contains(reason), "{stopped}");
        assert_eq!(outcome.done, done(1, 0, 0));
        assert_eq!(events(&shop.app).await.len(), round + 1, "{stopped}");
    }
    shop.close().await;
}

async fn a_file_that_stopped_among_equal_times_goes_on_once_mended(home: &Home) {
    let shop = Shop::open(home).await;
    let at = NOON - DAY;
    let mut lines =
        vec![new_user(at, "a"), new_user(at, "b"), new_user(at, "c"), "?".to_owned(), new_user(at, "e")];
    assert!(bring(&shop.app, &lines).await.stopped.unwrap().starts_with("line 4: "));
    lines[3] = new_user(at, "d");
    let outcome = bring(&shop.app, &lines).await;
    assert_eq!((outcome.stopped, outcome.done), (None, done(2, 3, 0)));
    let times: Vec<i64> =
        events(&shop.app).await.iter().map(|event| event.recorded_at.micros() - at).collect();
    assert_eq!(times, [0, 1, 2, 3, 4]);
    shop.close().await;
}

async fn a_line_before_the_one_before_it_or_after_now_stops_the_file(home: &Home) {
    let shop = Shop::open(home).await;
    let lines = [new_user(NOON - DAY, "a"), new_user(NOON - DAY - 1, "b"), new_user(NOON - DAY, "c")];
    let outcome = bring(&shop.app, &lines).await;
    let stopped = outcome.stopped.unwrap();
    assert!(stopped.starts_with("line 2: ") && stopped.contains("before"), "{stopped}");
    assert_eq!(outcome.done, done(1, 0, 0));

    let outcome = bring(&shop.app, &[new_user(NOON, "b"), new_user(NOON + 1, "c")]).await;
    let stopped = outcome.stopped.unwrap();
    assert!(stopped.starts_with("line 2: ") && stopped.contains("future"), "{stopped}");
    assert_eq!(events(&shop.app).await.len(), 2);
    shop.close().await;
}

async fn a_first_new_line_before_the_end_of_the_log_stops_the_file(home: &Home) {
    let shop = Shop::open(home).await;
    shop.create_user("A", "a@example.com").await;
    // That the rules would refuse it, too, is no excuse in a file of which nothing is known.
    for late in [new_user(NOON - 1, "b"), new_user(NOON - 1, "a")] {
        let outcome = bring(&shop.app, &[late, new_user(NOON, "c")]).await;
        let stopped = outcome.stopped.unwrap();
        assert!(stopped.starts_with("line 1: ") && stopped.contains("last command of the log"), "{stopped}");
    }
    assert_eq!(events(&shop.app).await.len(), 1);
    shop.close().await;
}

async fn a_known_line_is_skipped_before_its_time_is_looked_at(home: &Home) {
    let shop = Shop::open(home).await;
    let id = Uuid::now_v7();
    let create = json!({ "name": "A", "email": "a@example.com", "commandId": id });
    shop.does("createUser", create.clone()).await;
    let other = json!({ "name": "B", "email": "b@example.com", "commandId": Uuid::now_v7() });
    let lines = [
        line(NOON - DAY, "createUser", create.clone()),
        line(NOON + DAY, "createUser", create),
        line(NOON, "createUser", other.clone()),
        line(NOON - 2 * DAY, "createUser", other),
    ];
    let outcome = bring(&shop.app, &lines).await;
    assert_eq!(
        (outcome.done, outcome.stopped),
        (done(1, 3, 0), None),
        "also when it became known two lines above"
    );
    shop.close().await;
}

async fn a_moment_that_was_answered_is_not_changed_by_a_past_brought_in_later(home: &Home) {
    let shop = Shop::open(home).await;
    bring(&shop.app, &[new_user(NOON - 9 * DAY, "a")]).await;
    let count =
        json!({ "query": "{ users(asOf: \"-P2D\") { totalCount } }", "extensions": { "minPosition": "1" } });
    assert_eq!(shop.post(count.clone()).await["data"]["users"]["totalCount"], 1);
    let outcome = bring(&shop.app, &[new_user(NOON - 3 * DAY, "b")]).await;
    let stopped = outcome.stopped.unwrap();
    assert!(stopped.starts_with("line 1: ") && stopped.contains("asked about"), "{stopped}");
    assert_eq!(bring(&shop.app, &[new_user(NOON - DAY, "b")]).await.done, done(1, 0, 0));
    assert_eq!(shop.post(count).await["data"]["users"]["totalCount"], 1);
    shop.close().await;
}

async fn what_another_node_has_overtaken_is_not_recorded_at_a_wrong_time(home: &Home) {
    let shop = Shop::open(home).await;
    let mut import = Import::into(&shop.app).await.unwrap();
    let read = |text: String| vec![Line::read(text.as_bytes())];
    import.take(read(new_user(NOON - DAY, "a"))).await.unwrap();
    shop.create_user("B", "b@example.com").await;
    let late = import.take(read(new_user(NOON - DAY + SECOND, "c"))).await.unwrap_err().to_string();
    assert!(late.starts_with("line 2: it is too late"), "{late}");
    assert_eq!(events(&shop.app).await.len(), 2);
    shop.close().await;
}
