//! The README's example, carried out as it stands there: what it shows is what is answered.

use chrono::DateTime;
use serde_json::{Value, json};

use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(what_the_readme_shows_is_what_is_answered);

const README: &str = include_str!("../../README.md");

/// What the README tells in words alone: somebody wants more than there is.
const TOO_MANY: &str = r#"mutation { placeOrder(input: { userId: "0192f3c1-0000-7000-8000-000000000001",
    lines: [{ productId: "0192f3c1-0000-7000-8000-000000000002", quantity: 30 }] }) { errors { code path message } } }"#;

async fn what_the_readme_shows_is_what_is_answered(home: &Home) {
    let shop = Shop::open(home).await;
    let (mut answer, mut shown) = (Value::Null, 0);
    for (language, text) in blocks() {
        match language {
            "graphql" => answer = ask(&shop, text).await,
            "json" => {
                let example: Value =
                    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
                if example.get("code").is_some() {
                    answer = ask(&shop, TOO_MANY).await;
                }
                assert!(is_in(&answer, &example), "the README shows\n{text}\nthe answer is\n{answer:#}");
                shown += 1;
            }
            _ => {}
        }
    }
    assert_eq!(shown, 6, "examples were added or left out: count them anew");
    shop.close().await;
}

/// The whole response, as of all that was recorded before.
async fn ask(shop: &Shop, query: &str) -> Value {
    let head = shop.app.engine.log.head().await.unwrap().position.to_string();
    let response = shop.post(json!({ "query": query, "extensions": { "minPosition": head } })).await;
    assert!(response.get("errors").is_none(), "{query}\n{response:#}");
    response
}

/// The README's blocks of code, each with its language.
fn blocks() -> impl Iterator<Item = (&'static str, &'static str)> {
    README.split("\n```").skip(1).step_by(2).map(|block| block.split_once('\n').unwrap())
}

/// Whether an answer has the example somewhere.
fn is_in(answer: &Value, example: &Value) -> bool {
    is_shown(answer, example)
        || match answer {
            Value::Object(fields) => fields.values().any(|value| is_in(value, example)),
            Value::Array(items) => items.iter().any(|value| is_in(value, example)),
            _ => false,
        }
}

/// Whether the example shows this very value: all of its fields, of a list at least some, of an instant any, and of
/// a text what stands around an ellipsis.
fn is_shown(value: &Value, example: &Value) -> bool {
    match (value, example) {
        (Value::Object(fields), Value::Object(shown)) => {
            fields.len() == shown.len()
                && shown
                    .iter()
                    .all(|(name, example)| fields.get(name).is_some_and(|value| is_shown(value, example)))
        }
        (Value::Array(items), Value::Array(shown)) => {
            items.is_empty() == shown.is_empty()
                && shown.iter().all(|example| items.iter().any(|value| is_shown(value, example)))
        }
        (Value::String(text), Value::String(shown)) => match shown.split_once('…') {
            Some((start, end)) => text.starts_with(start) && text.ends_with(end),
            None => {
                text == shown || [text, shown].iter().all(|text| DateTime::parse_from_rfc3339(text).is_ok())
            }
        },
        _ => value == example,
    }
}
