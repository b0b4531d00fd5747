//! Random sales reports, and the same sums from a plain pass over the orders of the replay.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::history::CURRENCIES;
use super::questions::{Asker, Question};
use super::walk::List;
use super::world::{World, decimals, integer, minor, money, text};

/// What is selected of a row.
pub const ROW: &str = "{ day productId orders units revenue { amount currency } product { name stock } }";

/// Which sales a report is about.
#[derive(Default)]
struct Wanted {
    from: Option<String>,
    until: Option<String>,
    currency: Option<&'static str>,
}

/// The rows of a report.
pub fn report(asker: &mut Asker) -> List {
    let (wanted, mut arguments) = wanted(asker);
    let grouping = *asker.dice.one_of(&[None, Some("DAY"), Some("PRODUCT"), Some("DAY_AND_PRODUCT")]);
    arguments.extend(grouping.map(|grouping| format!("groupBy: {grouping}")));
    arguments.extend(asker.moment.written.iter().map(|moment| format!("asOf: {moment}")));
    let grouping = grouping.unwrap_or("DAY");
    let rows = wanted.rows(asker.world(), grouping.contains("DAY"), grouping.contains("PRODUCT"));
    let open = match arguments.is_empty() {
        true => "salesReport { rows".to_owned(),
        false => format!("salesReport({}) {{ rows", arguments.join(", ")),
    };
    let selection = ROW.to_owned();
    List {
        open,
        close: "}",
        path: &["rows"],
        arguments: vec![],
        selection,
        counted: true,
        backward: false,
        rows,
    }
}

/// The totals of a report, beside its first rows.
pub fn totals(asker: &mut Asker) -> Question {
    let (wanted, mut arguments) = wanted(asker);
    arguments.push(format!("asOf: {}", asker.moment.written.as_deref().unwrap_or("null")));
    let totals = wanted.rows(asker.world(), false, false);
    let text =
        format!("salesReport({}) {{ rows(first: 0) {{ totalCount }} totals {ROW} }}", arguments.join(", "));
    let days = wanted.rows(asker.world(), true, false).len();
    Question::One { text, expected: json!({ "rows": { "totalCount": days }, "totals": totals }) }
}

/// The rows of a report about all sales.
pub fn all(world: &World, by_day: bool, by_product: bool) -> Vec<Value> {
    Wanted::default().rows(world, by_day, by_product)
}

fn wanted(asker: &mut Asker) -> (Wanted, Vec<String>) {
    let day = |asker: &mut Asker| (asker.dice.below(3) == 0).then(|| asker.instant()[..10].to_owned());
    let (from, until) = (day(asker), day(asker));
    let currency = (asker.dice.below(3) == 0).then(|| *asker.dice.one_of(CURRENCIES));
    let arguments = [
        from.as_ref().map(|day| format!("from: \"{day}\"")),
        until.as_ref().map(|day| format!("until: \"{day}\"")),
        currency.map(|code| format!("currency: \"{code}\"")),
    ];
    (Wanted { from, until, currency }, arguments.into_iter().flatten().collect())
}

/// Orders, units, and revenue in minor units.
type Sum = (i64, i64, i128);

impl Wanted {
    /// The rows in their order: by day, then revenue, largest first; equal ones by currency, then product.
    fn rows(&self, world: &World, by_day: bool, by_product: bool) -> Vec<Value> {
        let mut sums: BTreeMap<(Option<&str>, Option<&str>, &str), Sum> = BTreeMap::new();
        for order in world.orders.values() {
            let Some(day) = self.day_of(order) else { continue };
            let day = by_day.then_some(day);
            let mut parts: BTreeMap<(Option<&str>, &str), Sum> = BTreeMap::new();
            for line in order["lines"].as_array().expect("lines") {
                let product = by_product.then(|| text(&line["productId"]));
                let currency = text(&line["lineTotal"]["currency"]);
                let part = parts.entry((product, currency)).or_default();
                *part = (1, part.1 + integer(&line["quantity"]), part.2 + minor(&line["lineTotal"]));
            }
            for ((product, currency), part) in parts {
                let sum = sums.entry((day, product, currency)).or_default();
                *sum = (sum.0 + part.0, sum.1 + part.1, sum.2 + part.2);
            }
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|((day, product, currency), sum)| {
            let revenue = sum.2 * 10_i128.pow(3 - decimals(currency) as u32);
            (*day, Reverse(revenue), *currency, *product)
        });
        type Entry<'a> = ((Option<&'a str>, Option<&'a str>, &'a str), Sum);
        let row = |((day, product, currency), (orders, units, revenue)): Entry| {
            let shown = product.map(
                |id| json!({ "name": world.products[id]["name"], "stock": world.products[id]["stock"] }),
            );
            json!({ "day": day, "productId": product, "orders": orders, "units": units,
                    "revenue": money(revenue, currency), "product": shown })
        };
        sums.into_iter().map(row).collect()
    }

    /// The day an order counts for, if it does.
    fn day_of<'o>(&self, order: &'o Value) -> Option<&'o str> {
        let left = ["CANCELLED", "RETURNED"].contains(&text(&order["status"]));
        let day = order["paidAt"].as_str().filter(|_| !left)?.get(..10)?;
        let fits = self.from.as_deref().is_none_or(|from| day >= from)
            && self.until.as_deref().is_none_or(|until| day < until)
            && self.currency.is_none_or(|code| order["totalAmount"]["currency"] == code);
        fits.then_some(day)
    }
}
