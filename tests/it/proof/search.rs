//! Random searches, and what a look at every word of every entity of the replay finds.

use hindsight::fold::fold;
use serde_json::{Value, json};
use unicode_normalization::char::is_combining_mark;

use super::history::{EMAILS, NAMES, SKUS};
use super::questions::Asker;
use super::walk::List;
use super::world::text;
use crate::read_models::replay::Dice;

/// What orders and addresses are known by, beside names.
const OTHERS: &[&str] =
    &["pay 1", "T-1", "Swift", "Kai 1", "3e étage, Ville", "ville de", "kai 1 \u{2}", "nowhere"];

/// Words that must stand one after another in one field.
struct Piece {
    words: Vec<String>,
    /// Whether the last of them may be the beginning of one.
    open: bool,
}

/// What an entity is found by: the words of each field, those that name it first.
struct Entry {
    kind: &'static str,
    created: String,
    fields: Vec<Vec<String>>,
    entity: Value,
}

/// How many fields name an entity.
const TITLES: usize = 2;

/// The hits of a search, best first.
pub fn search(asker: &mut Asker) -> List {
    let (written, pieces) = wanted(&mut asker.dice);
    let kinds = *asker.dice.one_of(&[None, None, Some("USER"), Some("PRODUCT"), Some("ORDER")]);
    let mut hits: Vec<_> = entries(asker)
        .into_iter()
        .filter(|entry| kinds.is_none_or(|kind| entry.kind == kind))
        .filter_map(|entry| rank(&entry, &pieces).map(|rank| (rank, entry)))
        .collect();
    let id = |entry: &Entry| text(&entry.entity["id"]).to_owned();
    hits.sort_by_cached_key(|(rank, entry)| (*rank, entry.created.clone(), id(entry)));
    hits.reverse();
    let mut arguments = vec![format!("text: {}", json!(written))];
    arguments.extend(kinds.map(|kind| format!("kinds: [{kind}]")));
    arguments.extend(asker.moment.written.iter().map(|moment| format!("asOf: {moment}")));
    let moment = if asker.moment.written.is_some() { "asOf" } else { "" };
    List {
        open: "search".to_owned(),
        close: "",
        path: &[],
        arguments,
        selection: format!(
            "{{ kind score subject {{ ... on Node {{ id {moment} }} ... on User {{ name }}
                ... on Product {{ stock }} ... on Order {{ status }} }} }}"
        ),
        counted: true,
        backward: false,
        rows: hits.iter().map(|(rank, entry)| hit(asker, *rank, entry)).collect(),
    }
}

fn hit(asker: &Asker, rank: i32, Entry { kind, entity, .. }: &Entry) -> Value {
    let shown = match *kind {
        "USER" => "name",
        "PRODUCT" => "stock",
        _ => "status",
    };
    let mut subject = json!({ "id": entity["id"], shown: entity[shown] });
    if asker.moment.written.is_some() {
        subject["asOf"] = asker.moment.end.to_string().into();
    }
    json!({ "kind": kind, "score": f64::from(rank) / 1_000.0, "subject": subject })
}

/// A text to look for, in which parts of what is known stand in any case, and what it asks for.
fn wanted(dice: &mut Dice) -> (String, Vec<Piece>) {
    let (mut written, mut pieces) = (String::new(), vec![]);
    let count = *dice.one_of(&[1, 1, 1, 2, 3]);
    for number in 0..count {
        let pool = *dice.one_of(&[NAMES, EMAILS, SKUS, OTHERS]);
        let mut part = dice.one_of(pool).replace('"', "");
        if dice.below(3) == 0 {
            let most = part.chars().count() as u64;
            part = part.chars().take(1 + dice.below(most) as usize).collect();
        }
        if dice.below(3) == 0 {
            part = part.to_uppercase();
        }
        if dice.below(4) == 0 {
            pieces.push(Piece { words: words(&part), open: false });
            part = format!("\"{part}\"");
        } else {
            let tokens = part.split(char::is_whitespace);
            pieces.extend(tokens.map(|token| Piece { words: words(token), open: false }));
        }
        written.push_str(&part);
        if number + 1 < count || dice.below(4) == 0 {
            written.push(' ');
        }
    }
    pieces.retain(|piece| !piece.words.is_empty());
    let goes_on = written.chars().last().is_some_and(is_in_word);
    if let Some(last) = pieces.last_mut() {
        last.open = goes_on;
    }
    (written, pieces)
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c)
}

fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    folded.split(|c| !is_in_word(c)).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}

/// How well an entry has all that is wanted; none when it does not. By what it is called before all else, with whole
/// words before beginnings, short before long.
fn rank(entry: &Entry, pieces: &[Piece]) -> Option<i32> {
    let has = |fields: &[Vec<String>], whole: bool| {
        let stands = |piece: &Piece| fields.iter().any(|field| stands_in(piece, field, whole));
        pieces.iter().all(stands)
    };
    let (names, all) = (&entry.fields[..TITLES], entry.fields.as_slice());
    let tiers = [(4, names, true), (3, names, false), (2, all, true), (1, all, false)];
    let (tier, fields, _) = tiers.into_iter().find(|(_, fields, whole)| has(fields, *whole))?;
    let length = fields.iter().map(Vec::len).sum::<usize>() as i32;
    (!pieces.is_empty()).then_some(tier * 1_000 - length)
}

fn stands_in(piece: &Piece, field: &[String], whole: bool) -> bool {
    let (last, before) = piece.words.split_last().expect("a word");
    field.windows(piece.words.len()).any(|words| {
        let (end, rest) = words.split_last().expect("as many");
        rest == before && (end == last || piece.open && !whole && end.starts_with(last.as_str()))
    })
}

/// Everything there is at the moment.
fn entries(asker: &Asker) -> Vec<Entry> {
    let world = asker.world();
    let entry = |kind, created: &str, entity: &Value, fields: Vec<Value>| {
        let fields = fields.iter().map(|field| words(field.as_str().unwrap_or_default())).collect();
        Entry { kind, created: text(&entity[created]).to_owned(), fields, entity: entity.clone() }
    };
    let users = world.users.values().map(|user| {
        let fields = ["name", "email"].map(|field| user[field].clone());
        entry("USER", "createdAt", user, [&fields[..], &[address(&user["address"])]].concat())
    });
    let products = world.products.values().map(|product| {
        let fields = ["name", "sku"].map(|field| product[field].clone());
        entry("PRODUCT", "createdAt", product, fields.to_vec())
    });
    let orders = world.orders.values().map(|order| {
        let mut fields =
            ["paymentReference", "trackingNumber", "carrier"].map(|field| order[field].clone()).to_vec();
        fields.push(address(&order["shippingAddress"]));
        for line in order["lines"].as_array().expect("lines") {
            fields.extend(["productName", "sku"].map(|field| line[field].clone()));
        }
        entry("ORDER", "placedAt", order, fields)
    });
    users.chain(products).chain(orders).collect()
}

/// An address on one line.
fn address(shown: &Value) -> Value {
    let parts = ["line1", "line2", "postalCode", "city", "region", "country"];
    parts.map(|part| shown[part].as_str().unwrap_or_default()).join(", ").into()
}
