//! The proof that the past is right: random histories, random questions at random moments, and a replay that knows better.
//!
//! `PROOF_SEED` brings a run back. What fails is shrunk: the history to the steps it takes, the question to one.

mod again;
mod fewer;
mod history;
mod lists;
mod meanwhile;
mod questions;
mod sales;
mod search;
mod walk;
mod world;

use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::stream::{self, TryStreamExt};
use hindsight::api::settings::Settings;
use hindsight::engine::read_model;
use proptest::prelude::{Strategy, any};
use proptest::test_runner::{
    Config, RngAlgorithm, TestCaseError, TestCaseResult, TestError, TestRng, TestRunner,
};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use self::history::{Known, Step, deliveries, histories};
use self::questions::{Asker, Question, fragments};
use self::world::Past;
use crate::read_models::replay::Dice;
use crate::support::home::Home;
use crate::support::node::{NOON, TestClock};
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(every_answer_at_every_moment_is_what_a_replay_of_the_events_tells);

/// Histories, and the most steps of each.
const HISTORIES: u32 = 10;
const STEPS: usize = 120;
/// So many positions count as near to the head: in each history most are not.
const NEAR: i64 = 20;
/// Deliveries in the midst of every other history: what was before lies in buckets of longer versions then.
const DELIVERIES: i64 = 1_200;
/// Questions to each history, half of them while it is half over.
const QUESTIONS: u64 = 700;
/// Answers that a whole run compares at least.
const COMPARISONS: u64 = 10_000;
/// Questions in one request, and requests under way.
const AT_ONCE: usize = 8;
const REQUESTS: usize = 4;

/// A run with its seed, which is printed.
fn runner(cases: u32) -> (TestRunner, u64) {
    let seed = match std::env::var("PROOF_SEED") {
        Ok(text) => text.parse().expect("PROOF_SEED is a number"),
        Err(_) => uuid::Uuid::new_v4().as_u64_pair().0,
    };
    println!("PROOF_SEED={seed}");
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 400,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    (TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes)), seed)
}

async fn every_answer_at_every_moment_is_what_a_replay_of_the_events_tells(home: &Home) {
    let began = Instant::now();
    let (mut runner, seed) = runner(HISTORIES);
    let proof = Proof::default();
    let cases = (histories(STEPS), any::<u64>().no_shrink());
    let outcome = block_in_place(|| {
        runner.run(&cases, |(steps, dice)| Handle::current().block_on(proof.hold(home, &steps, dice)))
    });
    let compared = proof.compared.into_inner();
    println!("{compared} answers compared in {:.1} s", began.elapsed().as_secs_f64());
    match outcome {
        Ok(()) => assert!(compared >= COMPARISONS, "only {compared} answers were compared"),
        Err(TestError::Fail(reason, (steps, _))) => {
            let steps: String = steps.iter().map(|step| format!("{step:?}\n")).collect();
            panic!("PROOF_SEED={seed}\n{reason}\n\nafter\n{steps}")
        }
        Err(error) => panic!("PROOF_SEED={seed}\n{error}"),
    }
}

/// What a run has come to.
#[derive(Default)]
struct Proof {
    compared: AtomicU64,
    /// The question that failed first: while its history is shrunk, no other is asked.
    failed: Mutex<Option<u64>>,
}

impl Proof {
    /// Lives through a history in a shop of its own, asking half way and at the end.
    async fn hold(&self, home: &Home, steps: &[Step], dice: u64) -> TestCaseResult {
        let home = home.another().await;
        let shop = open(&home, TestClock::at(NOON)).await;
        // Whatever comes of it, the shop is closed: a history that is shrunk opens hundreds.
        let outcome = AssertUnwindSafe(self.live_and_ask(&shop, steps, dice)).catch_unwind().await;
        shop.close().await;
        home.leave().await;
        match outcome {
            Ok(outcome) => outcome.map_err(TestCaseError::fail),
            Err(panic) => {
                let why = panic.downcast_ref::<String>().cloned();
                Err(TestCaseError::fail(why.unwrap_or_else(|| "it panicked, as told above".to_owned())))
            }
        }
    }

    async fn live_and_ask(&self, shop: &Shop, steps: &[Step], dice: u64) -> Result<(), String> {
        let mut known = Known::default();
        let (first, second) = steps.split_at(steps.len() / 2);
        for (leg, steps) in (0..).zip([first, second]) {
            let half = QUESTIONS / 2;
            let failed = *self.failed.lock().expect("a lock");
            let numbers =
                (leg * half..(leg + 1) * half).filter(|number| failed.is_none_or(|one| one == *number));
            let numbers: Vec<u64> = numbers.collect();
            known.live(shop, steps).await;
            if leg == 1 && dice.is_multiple_of(2) {
                deliveries(shop, DELIVERIES).await;
            }
            let past = Past::of(shop).await;
            stream::iter(numbers.chunks(AT_ONCE).map(Ok::<_, String>))
                .try_for_each_concurrent(REQUESTS, |numbers| async {
                    self.ask(shop, &past, numbers, dice).await.map(|_| ())
                })
                .await?;
            if leg == 0 && failed.is_some() && !numbers.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Asks some questions together until each is answered to its end; all that was said.
    async fn ask(
        &self,
        shop: &Shop,
        past: &Past,
        numbers: &[u64],
        dice: u64,
    ) -> Result<Vec<Exchange>, String> {
        let mut exchanges = vec![];
        let question = |number: &u64| {
            let dice = Dice::of(dice.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
            (*number, Asker::new(past, shop.clock.get(), dice).question())
        };
        let mut open: Vec<(u64, Question)> = numbers.iter().map(question).collect();
        while !open.is_empty() {
            let fields: Vec<String> = open.iter_mut().map(|(_, question)| question.ask()).collect();
            let answers = answers(shop, past.head(), &fields).await?;
            let mut going_on = vec![];
            for (((number, mut question), text), answer) in open.into_iter().zip(&fields).zip(&answers) {
                self.compared.fetch_add(1, Ordering::Relaxed);
                match question.check(answer) {
                    Ok(true) => going_on.push((number, question)),
                    Ok(false) => {}
                    Err(difference) => {
                        *self.failed.lock().expect("a lock") = Some(number);
                        return Err(format!("question {number}: {text}\n{difference}"));
                    }
                }
            }
            open = going_on;
            exchanges.push(Exchange { fields, answers });
        }
        Ok(exchanges)
    }
}

/// A request's root fields, and what each was answered.
struct Exchange {
    fields: Vec<String>,
    answers: Vec<Value>,
}

/// A shop that believes what is said of who acts.
async fn open(home: &Home, clock: TestClock) -> Shop {
    let settings = Settings { trust_actor_header: true, ..Settings::default() };
    let reading = read_model::Settings { near: NEAR, few: 1, ..read_model::Settings::default() };
    Shop::reading_with(home, clock, settings, reading).await
}

/// The answers to root fields, asked in one request that reflects at least a position.
async fn answers(shop: &Shop, head: i64, fields: &[String]) -> Result<Vec<Value>, String> {
    let mut query = "{".to_owned();
    for (number, field) in fields.iter().enumerate() {
        let _ = write!(query, " q{number}: {field}");
    }
    query.push_str(" }");
    let used = |name: &str| query.contains(&format!("...{name}"));
    let fragments: String =
        fragments().into_iter().filter(|(name, _)| used(name)).map(|(_, text)| text).collect();
    let body = json!({ "query": format!("{query} {fragments}"), "extensions": { "minPosition": head } });
    let mut response = shop.post(body).await;
    if response.get("errors").is_some() {
        return Err(format!("{query}\n{response:#}"));
    }
    Ok((0..fields.len()).map(|number| response["data"][format!("q{number}")].take()).collect())
}
