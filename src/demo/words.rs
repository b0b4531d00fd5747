//! What the made-up shop sells, where its users live, and why they change their minds. Nobody and nowhere of these is real.

use serde_json::{Value, json};

use super::chance::Chance;

const MATERIALS: [&str; 10] =
    ["Copper", "Linen", "Oak", "Glass", "Woollen", "Enamel", "Bamboo", "Slate", "Brass", "Cork"];
const THINGS: [&str; 6] = ["Teapot", "Lamp", "Basket", "Clock", "Tray", "Stool"];
const TOWNS: [(&str, &str); 8] = [
    ("Musterhausen", "DE"),
    ("Exempleville", "FR"),
    ("Sampleford", "GB"),
    ("Anytown", "US"),
    ("Esempio", "IT"),
    ("Voorbeelddam", "NL"),
    ("Ejemplar", "ES"),
    ("Vzorov", "CZ"),
];
const STREETS: [&str; 5] =
    ["Placeholder Street", "Example Lane", "Sample Square", "Specimen Road", "Model Row"];

pub const CARRIERS: [&str; 3] = ["Demo Parcel", "Sample Express", "Example Freight"];
pub const CANCELLED: [&str; 4] =
    ["ordered by mistake", "found it cheaper elsewhere", "takes too long", "wrong address"];
pub const RETURNED: [&str; 4] = ["arrived broken", "does not fit", "not as described", "changed my mind"];

/// The name of a product; no two of the first sixty are the same.
pub fn product(number: usize) -> String {
    let material = MATERIALS[number % MATERIALS.len()];
    let thing = THINGS[number / MATERIALS.len() % THINGS.len()];
    format!("{material} {thing}")
}

/// Somewhere to live.
pub fn address(chance: &mut Chance) -> Value {
    let (town, country) = chance.one_of(&TOWNS);
    let line1 = format!("{} {}", chance.between(1, 200), chance.one_of(&STREETS));
    let postal_code = format!("{:05}", chance.between(10_000, 99_999));
    json!({ "line1": line1, "city": town, "postalCode": postal_code, "country": country })
}
