//! Paging through a list while commands go on, which change the very keys it is sorted by: each row of the moment of the
//! first page is shown once.

use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use serde_json::{Value, json};

use super::history::{Known, Step, histories};
use super::lists::{ORDER_SORTS, PRODUCT_SORTS, Sort, USER_SORTS, in_order};
use super::world::{Entities, Past, World};
use super::{open, runner, sales};
use crate::read_models::replay::Dice;
use crate::support::home::Home;
use crate::support::node::{NOON, TestClock};
use crate::support::on_both_stores;
use crate::support::shop::Shop;

on_both_stores!(a_list_paged_through_while_commands_go_on_shows_each_row_of_its_first_moment_once);

/// Steps before the first page, and steps that are lived over and over from then on.
const BEFORE: usize = 500;
const MEANWHILE: usize = 400;

/// The rows of a list at the end of a command.
type Rows = Box<dyn Fn(&Past, i64) -> Vec<Value>>;

/// The entities of one kind in a world.
type Kind = fn(&World) -> &Entities;

/// A list without a moment of its own, and its rows in a world.
struct List {
    open: String,
    close: &'static str,
    path: &'static [&'static str],
    arguments: String,
    node: &'static str,
    rows: Rows,
}

/// What the pages of a list showed, and the position of the first.
struct Shown {
    list: List,
    size: usize,
    position: i64,
    pages: usize,
    rows: Vec<Value>,
}

async fn a_list_paged_through_while_commands_go_on_shows_each_row_of_its_first_moment_once(home: &Home) {
    let (mut runner, seed) = runner(1);
    let mut steps = |count| histories(count).new_tree(&mut runner).expect("a history").current();
    let (before, meanwhile) = (steps(BEFORE), steps(MEANWHILE));
    let shop = open(home, TestClock::at(NOON)).await;
    let mut known = Known::default();
    known.live(&shop, &before).await;
    let lists = lists(&Past::of(&shop).await);
    let shown = tokio::select! {
        shown = page_through(&shop, lists, Dice::of(seed)) => shown,
        () = live_on(&shop, &mut known, &meanwhile) => unreachable!("life goes on"),
    };
    let past = Past::of(&shop).await;
    let pages: usize = shown.iter().map(|shown| shown.pages).sum();
    println!("{} lists on {pages} pages, while the log grew to {}", shown.len(), past.head());
    assert!(2 * pages > 3 * shown.len(), "{pages} pages of {} lists are hardly any", shown.len());
    for Shown { list, size, position, rows, .. } in shown {
        let expected = (list.rows)(&past, position);
        let asked = format!("{}({}) of {size} a page at {position}", list.open, list.arguments);
        assert_eq!(rows, expected, "PROOF_SEED={seed} {asked}");
    }
    shop.close().await;
}

async fn live_on(shop: &Shop, known: &mut Known, steps: &[Step]) {
    loop {
        known.live(shop, steps).await;
    }
}

/// Pages through each list, from the first page to the last; between any two pages something is recorded.
async fn page_through(shop: &Shop, lists: Vec<List>, mut dice: Dice) -> Vec<Shown> {
    let mut all = vec![];
    for (number, list) in lists.into_iter().enumerate() {
        let size = 1 + (number + dice.below(3) as usize) % 7;
        let mut shown = Shown { list, size, position: 0, pages: 0, rows: vec![] };
        let mut cursor = Value::Null;
        loop {
            let page = page(shop, &mut shown, &cursor).await;
            if page["hasNextPage"] == json!(false) {
                break;
            }
            cursor = page["endCursor"].clone();
            let head = || shop.app.engine.feed.tail().position;
            let before = head();
            while head() == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        all.push(shown);
    }
    all
}

/// One page more; what it says about itself.
async fn page(shop: &Shop, shown: &mut Shown, cursor: &Value) -> Value {
    let List { open, close, arguments, node, path, .. } = &shown.list;
    let size = shown.size;
    let query = format!(
        "query($after: String) {{ q: {open}({arguments} first: {size}, after: $after) {{
            edges {{ node {node} }} pageInfo {{ hasNextPage endCursor }} }} {close} }}"
    );
    let response = shop.ask(&query, json!({ "after": cursor })).await;
    assert!(response.get("errors").is_none(), "{query}\n{response:#}");
    if cursor.is_null() {
        let position = response["extensions"]["log"]["position"].as_str();
        shown.position = position.expect("a position").parse().expect("a number");
    }
    let answer = path.iter().fold(&response["data"]["q"], |answer, field| &answer[*field]);
    let edges = answer["edges"].as_array().expect("edges");
    shown.rows.extend(edges.iter().map(|edge| edge["node"].clone()));
    shown.pages += 1;
    answer["pageInfo"].clone()
}

/// Every list in every order, and the lists that have but one.
fn lists(past: &Past) -> Vec<List> {
    let mut lists = vec![];
    let kinds: [(&str, &'static [Sort], Kind); 3] = [
        ("users", USER_SORTS, |world| &world.users),
        ("products", PRODUCT_SORTS, |world| &world.products),
        ("orders", ORDER_SORTS, |world| &world.orders),
    ];
    for (field, sorts, entities) in kinds {
        for (sort, direction) in sorts.iter().flat_map(|sort| [(sort, "ASC"), (sort, "DESC")]) {
            lists.push(List {
                open: field.to_owned(),
                close: "",
                path: &[],
                arguments: format!("sortBy: {{ field: {}, direction: {direction} }},", sort.0),
                node: "{ id version updatedAt }",
                rows: Box::new(move |past, position| {
                    entities_in_order(entities(past.world(position)).clone(), *sort, direction)
                }),
            });
        }
    }
    let world = past.world(past.head());
    let orders_of = |user: &str| world.orders.values().filter(|order| order["userId"] == user).count();
    let user = world.users.keys().max_by_key(|user| orders_of(user)).expect("a user").clone();
    lists.push(List {
        open: format!("user(id: \"{user}\") {{ orders"),
        close: "}",
        path: &["orders"],
        arguments: "sortBy: { field: UPDATED_AT, direction: ASC },".to_owned(),
        node: "{ id version updatedAt }",
        rows: Box::new(move |past, position| {
            let mut orders = past.world(position).orders.clone();
            orders.retain(|_, order| order["userId"] == user.as_str());
            entities_in_order(orders, ORDER_SORTS[1], "ASC")
        }),
    });
    lists.push(List {
        open: "events".to_owned(),
        close: "",
        path: &[],
        arguments: "filter: { streamTypes: [ORDER] },".to_owned(),
        node: "{ position hash }",
        rows: Box::new(|past, position| {
            let events = past.events.iter().take_while(|event| event.position <= position);
            let orders = events.filter(|event| event.shown["streamType"] == "ORDER");
            orders
                .map(|event| json!({ "position": event.shown["position"], "hash": event.shown["hash"] }))
                .collect()
        }),
    });
    lists.push(List {
        open: "salesReport(groupBy: DAY_AND_PRODUCT) { rows".to_owned(),
        close: "}",
        path: &["rows"],
        arguments: String::new(),
        node: sales::ROW,
        rows: Box::new(|past, position| sales::all(past.world(position), true, true)),
    });
    lists
}

fn entities_in_order(entities: Entities, sort: Sort, direction: &str) -> Vec<Value> {
    let rows = in_order(entities.into_values().collect(), sort, direction);
    let shown =
        |row: &Value| json!({ "id": row["id"], "version": row["version"], "updatedAt": row["updatedAt"] });
    rows.iter().map(|row| shown(row)).collect()
}
