//! The checker on made-up sources: it finds what it should, and lets the rest be.

use super::*;

/// The line and the first words of each breach.
fn found(path: &str, body: &str) -> Vec<String> {
    let told = breaches(path, &format!("//! What lives here.\n{body}"));
    told.iter().map(|breach| breach[path.len() + 1..].split(';').next().unwrap().to_owned()).collect()
}

#[test]
fn finds_a_forbidden_import_with_its_line_and_reason() {
    let told = breaches("src/engine/feed.rs", "//! Feed.\n\nuse crate::graphql::Moment;\n");
    assert_eq!(
        told,
        ["src/engine/feed.rs:3: names `crate::graphql::Moment`; \
          the engine knows no product: what a shop is registers with it"]
    );
}

#[test]
fn finds_a_name_in_the_midst_of_code_and_of_a_macro() {
    assert_eq!(found("src/engine/a.rs", "fn f() -> axum::Router {}"), ["2: names `axum::Router`"]);
    assert_eq!(
        found("src/engine/a.rs", "vec![crate::read::orders::A]"),
        ["2: names `crate::read::orders::A`"]
    );
}

#[test]
fn finds_names_in_groups_over_several_lines() {
    let body = "use crate::{\n    engine::event::{Event, Recorded},\n\
                write::{order::{event, aggregate::Order}, value},\n};";
    assert_eq!(found("src/read/orders/fold.rs", body), ["4: names `crate::write::order::aggregate::Order`"]);
}

#[test]
fn follows_super_out_of_files_and_inline_modules() {
    assert_eq!(found("src/engine/a.rs", "use super::super::read::X;"), ["2: names `crate::read::X`"]);
    assert_eq!(
        found("src/read/a/mod.rs", "use super::b::table::X;"),
        ["2: names `crate::read::b::table::X`"]
    );
    let inline = "mod tests {\n    use super::super::query::X;\n    use super::super::super::b::query::Y;\n}";
    assert_eq!(found("src/read/a/fold.rs", inline), ["4: names `crate::read::b::query::Y`"]);
}

#[test]
fn takes_the_name_of_the_crate_for_its_root() {
    assert_eq!(found("src/main.rs", "hindsight::engine::run();"), ["2: names `crate::engine::run`"]);
    assert_eq!(found("src/main.rs", "hindsight::cli::run();"), [""; 0]);
}

#[test]
fn lets_comments_and_longer_words_be() {
    let body =
        "// tokio, crate::read::orders\n/// [`axum`]\nlet tokio_free = \"http://a\"; let x = axum_like::y;";
    assert_eq!(found("src/engine/a.rs", body), [""; 0]);
}

#[test]
fn allows_what_the_table_excepts() {
    assert_eq!(found("src/read/a/fold.rs", "use crate::write::order::event::OrderEvent;"), [""; 0]);
    assert_eq!(found("src/read/a/graphql.rs", "use crate::read::{a::query, b::graphql::B};"), [""; 0]);
    assert_eq!(found("src/write/order/graphql.rs", "use crate::read::orders::graphql::Order;"), [""; 0]);
    assert_eq!(found("src/engine/log.rs", "use tokio::sync::mpsc; use sea_orm::Value;"), [""; 0]);
}

#[test]
fn keeps_questions_apart_and_decisions_pure() {
    assert_eq!(
        found("src/read/a/query.rs", "use crate::read::b::query;"),
        ["2: names `crate::read::b::query`"]
    );
    assert_eq!(
        found("src/write/a/graphql.rs", "use crate::read::b::table;"),
        ["2: names `crate::read::b::table`"]
    );
    assert_eq!(found("src/write/a/commands/place.rs", "Uuid::now_v7()"), ["2: names `Uuid::now_v7`"]);
    assert_eq!(found("src/write/a/commands.rs", "chrono::Utc::now()"), ["2: names `chrono::Utc::now`"]);
    assert_eq!(found("src/write/a/event.rs", "use sea_orm::*;"), ["2: names `sea_orm`"]);
}

#[test]
fn finds_a_file_without_opening_lines() {
    assert!(breaches("src/a.rs", "use std::fs;\n")[0].starts_with("src/a.rs:1: does not open with `//!`"));
    assert!(breaches("src/a.rs", "")[0].starts_with("src/a.rs:1: does not open with `//!`"));
}

#[test]
fn finds_a_file_that_is_too_long() {
    assert_eq!(found("src/a.rs", &"\n".repeat(MOST_LINES - 1)), [""; 0]);
    assert_eq!(found("src/a.rs", &"\n".repeat(MOST_LINES)), ["501: 501 lines where 500 are the most"]);
}

#[test]
fn finds_forbidden_words_in_comments_and_ignored_tests() {
    assert_eq!(found("src/a.rs", "// TODO: later\n"), ["2: says `TODO`"]);
    assert_eq!(found("src/a.rs", "/// A helper.\nfn helper_of() {}"), ["2: says `helper`"]);
    assert_eq!(found("src/a.rs", "let h = \"user-agent\"; idle_session_timeout"), [""; 0]);
    assert_eq!(found("tests/it/a.rs", "    #[ignore = \"slow\"]"), ["2: ignores a test"]);
}
