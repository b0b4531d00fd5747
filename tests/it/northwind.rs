//! Real input: the orders of the Northwind sample, brought in, against a plain pass over the file.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use hindsight::import::{Import, LINES_AT_ONCE, Line, Summary};
use serde_json::{Value, json};

use crate::support::home::Home;
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(northwind_is_brought_in_without_a_refusal_and_answers_as_of_any_date);

/// Between the lines, none of which lies at half a second.
const DATES: [&str; 6] = [
    "1996-06-30T00:00:00.5Z",
    "1996-07-01T08:00:30.5Z",
    "1996-12-31T23:59:59.5Z",
    "1997-06-15T12:00:00.5Z",
    "1998-01-05T10:09:25.5Z",
    "1998-12-31T00:00:00.5Z",
];

/// A shop at one date: the status of each order, stock and price of each product.
#[derive(Debug, Default, PartialEq)]
struct Picture {
    orders: BTreeMap<String, &'static str>,
    stock: BTreeMap<String, i64>,
    prices: BTreeMap<String, String>,
}

impl Picture {
    /// A plain pass over the lines up to a date.
    fn drawn(lines: &[Line], until: DateTime<Utc>) -> Self {
        let mut drawn = Self::default();
        for Line { mutation, input, .. } in lines.iter().take_while(|line| line.at <= until) {
            let text = |field: &str| input[field].as_str().unwrap().to_owned();
            let price = || input["price"]["amount"].as_str().unwrap().to_owned();
            match mutation.as_str() {
                "createProduct" => {
                    drawn.stock.insert(text("id"), input["initialStock"].as_i64().unwrap());
                    drawn.prices.insert(text("id"), price());
                }
                "changePrice" => drop(drawn.prices.insert(text("productId"), price())),
                "placeOrder" => {
                    drawn.orders.insert(text("id"), "PLACED");
                    for line in input["lines"].as_array().unwrap() {
                        let product = line["productId"].as_str().unwrap();
                        *drawn.stock.get_mut(product).unwrap() -= line["quantity"].as_i64().unwrap();
                    }
                }
                "payOrder" => drop(drawn.orders.insert(text("orderId"), "PAID")),
                "shipOrder" => drop(drawn.orders.insert(text("orderId"), "SHIPPED")),
                "createUser" => {}
                other => panic!("the plain pass does not know {other}"),
            }
        }
        drawn
    }

    /// What the shop answers.
    async fn told(shop: &Shop, as_of: &str) -> Self {
        let mut told = Self::default();
        let products = "query($asOf: Moment) { products(first: 100, asOf: $asOf) { nodes { id stock price { amount } } } }";
        for product in
            shop.see(products, json!({ "asOf": as_of })).await["products"]["nodes"].as_array().unwrap()
        {
            let id = product["id"].as_str().unwrap().to_owned();
            told.stock.insert(id.clone(), product["stock"].as_i64().unwrap());
            told.prices.insert(id, product["price"]["amount"].as_str().unwrap().to_owned());
        }
        let orders = "query($asOf: Moment, $after: String) { orders(first: 100, after: $after, asOf: $asOf) {
            nodes { id status } pageInfo { hasNextPage endCursor } } }";
        let mut after = Value::Null;
        loop {
            let page = shop.see(orders, json!({ "asOf": as_of, "after": after })).await["orders"].take();
            for order in page["nodes"].as_array().unwrap() {
                let status = match order["status"].as_str().unwrap() {
                    "PLACED" => "PLACED",
                    "PAID" => "PAID",
                    "SHIPPED" => "SHIPPED",
                    other => panic!("{other}"),
                };
                told.orders.insert(order["id"].as_str().unwrap().to_owned(), status);
            }
            if page["pageInfo"]["hasNextPage"] != true {
                return told;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

/// The lines of the file that `NORTHWIND` names; `None`, and said so, without it.
fn northwind() -> Option<Vec<Line>> {
    let Ok(file) = std::env::var("NORTHWIND") else {
        println!("SKIPPED: Northwind (NORTHWIND does not name the file)");
        let nothing_may_be = std::env::var("NO_SKIPS").is_ok_and(|value| value == "1");
        assert!(
            !nothing_may_be,
            "nothing may be skipped here (NO_SKIPS=1): set NORTHWIND to the file's path"
        );
        return None;
    };
    let text = std::fs::read_to_string(Path::new(&file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    Some(text.lines().map(|line| Line::read(line.as_bytes()).unwrap().unwrap()).collect())
}

async fn bring(shop: &Shop, lines: &[Line]) -> Summary {
    let mut import = Import::into(&shop.app).await.unwrap();
    for some in lines.chunks(LINES_AT_ONCE) {
        import.take(some.iter().map(|line| Ok(Some(line.clone()))).collect()).await.unwrap();
    }
    import.finish().unwrap();
    assert_eq!(import.refusals(), []);
    import.summary()
}

async fn northwind_is_brought_in_without_a_refusal_and_answers_as_of_any_date(home: &Home) {
    let Some(lines) = northwind() else { return };
    let shop = Shop::open(home).await;
    let all = lines.len() as u64;
    assert_eq!(bring(&shop, &lines).await, Summary { carried_out: all, skipped: 0, refused: 0 });
    for date in DATES {
        let drawn = Picture::drawn(&lines, date.parse().unwrap());
        assert_eq!(Picture::told(&shop, date).await, drawn, "as of {date}");
    }
    assert_eq!(bring(&shop, &lines).await, Summary { carried_out: 0, skipped: all, refused: 0 });
    shop.close().await;
}
