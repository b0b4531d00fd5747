//! Bad input: ten thousand generated requests over every query and mutation, most of them wrong in one place.
//! None may be a fault of ours, and nothing may stop or grow the server.

use std::fmt::Write as _;

use futures_util::stream::{self, StreamExt};
use hindsight::fold::fold;
use serde_json::{Value, json};

use crate::support::binary::Served;
use crate::support::home::Home;
use crate::support::introspection::{INTROSPECTION, Root, Schema, bare, written};
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(
    ten_thousand_bad_inputs_are_answered_and_none_is_a_fault_of_ours,
    the_longest_texts_when_folded_have_room_in_every_index,
);

const REQUESTS: u64 = 10_000;
const AT_ONCE: usize = 16;
/// How much the process may grow from the first thousand requests to the last.
const MEBIBYTES_OF_GROWTH: u64 = 64;

async fn ten_thousand_bad_inputs_are_answered_and_none_is_a_fault_of_ours(home: &Home) {
    let served = Served::start(home).await;
    let schema = Schema(served.ask(INTROSPECTION, json!({})).await.expect("the schema"));
    let roots = schema.roots();
    assert!(roots.len() > 30, "{} root fields", roots.len());
    let seed = std::env::var("SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_123);
    println!("SEED={seed}");
    let mut early = 0;
    let mut refused = 0;
    for (part, first) in (0..REQUESTS).step_by(1_000).enumerate() {
        let requests = (first..first + 1_000).map(|number| {
            let root = &roots[(number % roots.len() as u64) as usize];
            schema.request(root, &mut Random(seed ^ (number << 20)))
        });
        let answers = stream::iter(requests)
            .map(|(query, variables)| async {
                let answer = served.ask(&query, variables.clone()).await;
                (query, variables, answer)
            })
            .buffer_unordered(AT_ONCE);
        let mut answers = std::pin::pin!(answers);
        while let Some((query, variables, answer)) = answers.next().await {
            let answer = answer.unwrap_or_else(|error| panic!("no answer: {error}\n{query}\n{variables}"));
            let text = answer.to_string();
            assert!(!text.contains("INTERNAL_SERVER_ERROR"), "{query}\n{variables}\n{answer:#}");
            assert!(!text.contains("TIMEOUT"), "{query}\n{variables}\n{answer:#}");
            refused += u64::from(text.contains("\"errors\":[{"));
        }
        if part == 0 {
            early = served.resident_mebibytes();
        }
    }
    assert!(refused > REQUESTS / 3, "only {refused} were refused: the inputs are not bad enough");
    assert!(refused < REQUESTS, "all were refused: nothing got as far as the rules");
    let grown = served.resident_mebibytes().saturating_sub(early);
    assert!(grown <= MEBIBYTES_OF_GROWTH, "the server grew by {grown} MiB");
    let head = served.ask("{ log { head } readModels { error } }", json!({})).await.expect("a live server");
    assert!(head.get("errors").is_none(), "{head:#}");
    for model in head["data"]["readModels"].as_array().expect("read models") {
        assert_eq!(model["error"], Value::Null);
    }
    assert!(served.terminate().await.success());
}

impl Schema {
    /// A request for a root field, with every argument as a variable of its own type.
    fn request(&self, root: &Root, random: &mut Random) -> (String, Value) {
        let (mut declared, mut passed, mut variables) = (String::new(), String::new(), json!({}));
        let arguments = root.field["args"].as_array().expect("arguments");
        let bad = random.below(arguments.len() as u64 + 1) as usize;
        for (place, argument) in arguments.iter().enumerate() {
            let name = argument["name"].as_str().expect("a name");
            let _ = write!(declared, "${name}: {} ", written(&argument["type"]));
            let _ = write!(passed, "{name}: ${name} ");
            let badness = if place == bad { 40 } else { 3 };
            if let Some(value) = self.value(&argument["type"], random, badness, 0) {
                variables[name] = value;
            }
        }
        let declared = if declared.is_empty() { declared } else { format!("({declared})") };
        let passed = if passed.is_empty() { passed } else { format!("({passed})") };
        let name = root.field["name"].as_str().expect("a name");
        let selection = self.selection(&root.field["type"], 0);
        (format!("{} {declared} {{ {name} {passed} {selection} }}", root.operation), variables)
    }

    /// Everything that can be selected without arguments, some levels deep.
    fn selection(&self, of: &Value, depth: u8) -> String {
        let kind = self.named(&bare(of)["name"]);
        let Some(fields) = kind["fields"].as_array() else { return String::new() };
        let fields = fields.iter().filter(|field| {
            let leaf = self.named(&bare(&field["type"])["name"])["fields"].is_null();
            field["args"].as_array().is_some_and(Vec::is_empty) && (leaf || depth < 2)
        });
        let fields: Vec<String> = fields
            .map(|field| {
                let name = field["name"].as_str().expect("a name");
                format!("{name} {}", self.selection(&field["type"], depth + 1))
            })
            .collect();
        format!("{{ __typename {} }}", fields.join(" "))
    }

    /// A value of a type, or with a chance of `badness` in a hundred anything at all; sometimes none.
    fn value(&self, of: &Value, random: &mut Random, badness: u64, depth: u8) -> Option<Value> {
        if random.below(100) < badness {
            return if random.below(8) == 0 { None } else { Some(anything(random)) };
        }
        match of["kind"].as_str().expect("a kind") {
            "NON_NULL" => self.value(&of["ofType"], random, badness, depth).or(Some(Value::Null)),
            _ if random.below(3) == 0 => None,
            "LIST" => {
                let items = random.below(4);
                Some((0..items).filter_map(|_| self.value(&of["ofType"], random, badness, depth)).collect())
            }
            "INPUT_OBJECT" if depth < 5 => {
                let fields = self.named(&of["name"])["inputFields"].as_array().expect("fields").iter();
                let mut object = json!({});
                for field in fields {
                    if let Some(value) = self.value(&field["type"], random, badness, depth + 1) {
                        object[field["name"].as_str().expect("a name")] = value;
                    }
                }
                Some(object)
            }
            "ENUM" => {
                let values = self.named(&of["name"])["enumValues"].as_array().expect("values");
                Some(values[random.below(values.len() as u64) as usize]["name"].clone())
            }
            _ => Some(scalar(of["name"].as_str().expect("a name"), random)),
        }
    }
}

/// A sound value of a scalar, from a small world, so that commands meet each other.
fn scalar(name: &str, random: &mut Random) -> Value {
    let one = random.below(12);
    match name {
        "ID" => uuid::Uuid::from_u128(u128::from(one)).to_string().into(),
        "Int" => (random.below(30) as i64 - 5).into(),
        "Boolean" => one.is_multiple_of(2).into(),
        "Decimal" => format!("{}.{:02}", random.below(50), random.below(100)).into(),
        "CurrencyCode" => ["EUR", "USD", "JPY"][(one % 3) as usize].into(),
        "CountryCode" => ["DE", "FR", "JP"][(one % 3) as usize].into(),
        "Position" => random.below(40).to_string().into(),
        "Moment" => ["-P1D", "-PT1S", "3", "0", "2020-01-01T00:00:00Z"][(one % 5) as usize].into(),
        "DateTime" => format!("20{:02}-01-01T00:00:00Z", 20 + one).into(),
        "Date" => format!("2026-01-{:02}", one + 1).into(),
        _ => ["Anna", "anna@example.org", "bob@example.org", "SKU-1", "a%b_c\\d", "ß Ω 漢字 👩‍👩‍👧"]
            [(one % 6) as usize]
            .into(),
    }
}

/// What no field expects, or hardly any.
fn anything(random: &mut Random) -> Value {
    match random.below(24) {
        0 => Value::Null,
        1 => json!({}),
        2 => json!([]),
        3 => json!([[[[]]]]),
        4 => json!({ "a": { "b": [1, null, "c"] } }),
        5 => json!(i64::MAX),
        6 => json!(i64::MIN),
        7 => json!(u64::MAX),
        8 => json!(1e308),
        9 => json!(-0.000_000_000_1),
        10 => json!(true),
        11 => "".into(),
        12 => "\0".into(),
        13 => "a\nb\u{7f}\u{85}\u{202e}".into(),
        14 => "x".repeat(201).into(),
        15 => "é".repeat(5_000).into(),
        16 => "'; DROP TABLE events; --".into(),
        17 => "-P9999999999999999999Y".into(),
        18 => "99999-99-99T99:99:99.999999999999Z".into(),
        19 => "9".repeat(400).into(),
        20 => "0.000000000000000000000000000000000001".into(),
        21 => "AAAA".into(),
        22 => "eyJsIjoieCIsInAiOjksImsiOltdLCJpIjoiMDAwIn0".into(),
        _ => "\u{10ffff}\u{feff}\u{0}".into(),
    }
}

/// SplitMix64: small, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}

/// An entry of an index takes 2,704 bytes on PostgreSQL, compressed, and two such texts may stand in one.
async fn the_longest_texts_when_folded_have_room_in_every_index(home: &Home) {
    // Characters that stand for whole words first, each of them once, so that nothing compresses.
    let mut texts: Vec<char> = ('\u{a0}'..='\u{1ffff}').filter(|c| fold(&c.to_string()).len() >= 9).collect();
    texts.extend(('\u{20000}'..'\u{2a000}').step_by(37));
    texts.truncate(200);
    let name: String = texts.iter().collect();
    let sku: String = texts.iter().rev().collect();
    assert!(fold(&name).len() > 1_200 && name.chars().count() == 200, "{} bytes", fold(&name).len());
    let labels = ["first", "second", "third"].map(|label| format!("{label}xkqzjvwpbfmgyhudxkqzjvwpbfmg"));
    let email = format!("{}@{}.example", "a9z8y7x6w5v4".repeat(5), labels.join("."));

    let shop = Shop::open(home).await;
    shop.create_user(&name, &email).await;
    let price = json!({ "amount": "1", "currency": "EUR" });
    shop.does("createProduct", json!({ "sku": sku, "name": name, "price": price, "initialStock": 1 })).await;
    let query = "{ users { nodes { name } } products { nodes { sku } } readModels { name state error } }";
    let seen = shop.see(query, json!({})).await;
    assert_eq!(
        (&seen["users"]["nodes"][0]["name"], &seen["products"]["nodes"][0]["sku"]),
        (&json!(name), &json!(sku))
    );
    let models = seen["readModels"].as_array().expect("read models");
    assert!(models.iter().all(|model| model["error"].is_null()), "{models:#?}");
    shop.close().await;
}
