//! What the cache of parsed documents saves, and what it takes: times with and without it, and bytes kept a document
//! against the bytes it is counted as.
//!
//!     cargo bench --bench documents

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use hindsight::api::gate::document::{Documents, weight};
use hindsight::api::gate::types::Types;
use hindsight::api::schema::sdl;
use hindsight::api::settings::Settings;

/// The system's allocator, counting the bytes that are out.
struct Counting;

static OUT: AtomicI64 = AtomicI64::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        OUT.fetch_add(layout.size() as i64, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        OUT.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUNDS: usize = 500;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let types = Types::parse(&sdl()).unwrap();
    println!("| document | bytes of text | tokens | kept bytes | counted as | parsed | from the cache |");
    println!("|---|---|---|---|---|---|---|");
    for (name, text) in documents() {
        let settings = Settings::default();
        let nothing = Documents::new(0);
        let cache = Documents::new(64 << 20);
        runtime.block_on(async {
            let before = OUT.load(Ordering::Relaxed);
            let parsed = nothing.parse(&text, &types, &settings).await.expect(name);
            let kept = OUT.load(Ordering::Relaxed) - before + text.len() as i64;
            let parsing = median(async || {
                black_box((*nothing.parse(&text, &types, &settings).await.unwrap()).clone());
            })
            .await;
            let hitting = median(async || {
                black_box((*cache.parse(&text, &types, &settings).await.unwrap()).clone());
            })
            .await;
            println!(
                "| {name} | {} | {} | {kept} | {} | {parsing:.1?} | {hitting:.1?} |",
                text.len(),
                hindsight::api::limits::tokens::count(&text),
                weight(&text),
            );
            assert!(kept <= weight(&text).into(), "{name} takes more than it is counted as");
            drop(parsed);
        });
    }
}

async fn median(work: impl AsyncFn()) -> Duration {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        work().await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// Those of a shop, and the worst there are within the bounds: as much of one kind of token as goes in.
fn documents() -> Vec<(&'static str, String)> {
    let many =
        |front: &str, part: &str, times: usize, end: &str| format!("{front}{}{end}", part.repeat(times));
    vec![
        ("one user", "query User($id: ID!) { user(id: $id) { id name email version asOf } }".into()),
        (
            "a page of orders",
            "query Orders($filter: OrderFilter, $after: String, $asOf: Moment) { orders(filter: $filter, first: 20, after: $after, asOf: $asOf, orderBy: { field: PLACED_AT, direction: DESC }) { totalCount pageInfo { hasNextPage endCursor } nodes { ...Row user { id name } lines { quantity product { id name stock } } } } } fragment Row on Order { id asOf version status placedAt updatedAt totalAmount { amount currency } }".into(),
        ),
        ("the introspection", include_str!("../src/api/tests/introspection.graphql").into()),
        ("fields", many("{a{", "a ", 1_995, "}}")),
        ("fields, just over what fits in their list", many("{a{", "a ", 1_025, "}}")),
        ("aliases and directives", many("{a{", "a:a@a ", 30, "}}")),
        ("directives on fields", many("{a{", "a@a ", 665, "}}")),
        ("numbers", many("{a(b:[", "1 ", 1_990, "])}")),
        ("objects", many("{a(b:[", "{c:1}", 397, "])}")),
        ("empty objects", many("{a(b:[", "{}", 995, "])}")),
        ("texts", many("{a(b:[", "\"x\"", 1_990, "])}")),
        ("arguments", many("{a(", "b:1 ", 665, ")}")),
        ("fields with an argument", many("{a{", "a(b:1)", 332, "}}")),
        ("variables", format!("query({}) {{ a }}", (0..390).map(|n| format!("$v{n}:A! ")).collect::<String>())),
        ("inline fragments", many("{a{", "...{a}", 498, "}}")),
        ("fragments", format!("{{a}} {}", (0..180).map(|n| format!("fragment f{n} on A {{ ...f{} }}", n + 1)).collect::<String>() + " fragment f180 on A {a}")),
        ("operations", (0..400).map(|n| format!("query q{n} {{a}}")).collect()),
    ]
}
