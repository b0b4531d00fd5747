//! The rules of the house that no compiler knows: which way imports point, how files open, how long they get.
//!
//! Each rule is an entry in a table, with its reason; a breach names the file, the line and that reason.

use std::fs;
use std::path::Path;

mod names;
mod tests;

use names::names;

/// Files in which some names may not be used.
struct Arrow {
    /// Beginnings of paths; `*` is any one folder or file.
    files: &'static [&'static str],
    /// Names or parts of names; `*` is any one segment, `{slice}` the folder of the file's own slice.
    forbidden: &'static [&'static str],
    /// Names that are allowed all the same.
    except: &'static [&'static str],
    reason: &'static str,
}

/// `main → cli → app → api → {read, write} → graphql → engine`: who may not know whom.
const ARROWS: &[Arrow] = &[
    Arrow {
        files: &["src/engine"],
        forbidden: &[
            "crate::graphql",
            "crate::read",
            "crate::write",
            "crate::api",
            "crate::app",
            "crate::cli",
        ],
        except: &[],
        reason: "the engine knows no product: what a shop is registers with it",
    },
    Arrow {
        files: &["src/engine"],
        forbidden: &["crate::config", "async_graphql", "async_graphql_axum", "axum"],
        except: &[],
        reason: "the engine knows neither settings nor GraphQL nor HTTP",
    },
    Arrow {
        files: &["src/graphql"],
        forbidden: &["crate::read", "crate::write", "crate::api", "crate::app", "crate::cli"],
        except: &[],
        reason: "the vocabulary of resolvers knows no slice, and not who serves it",
    },
    Arrow {
        files: &["src/read", "src/write"],
        forbidden: &["crate::api", "crate::app", "crate::cli", "async_graphql_axum", "axum"],
        except: &[],
        reason: "a slice does not know how it is served",
    },
    Arrow {
        files: &["src/read"],
        forbidden: &["crate::write"],
        except: &["crate::write::*::event", "crate::write::value"],
        reason: "events are all that the query side knows of the command side (with the values they are made of)",
    },
    Arrow {
        files: &["src/read/*/*"],
        forbidden: &["crate::read::*"],
        except: &[
            "crate::read::{slice}",
            "crate::read::*::graphql",
            "crate::read::*::loader",
            // What all questions share: entities by id, values as they are shown, and events for tests.
            "crate::read::node",
            "crate::read::shown",
            "crate::read::samples",
        ],
        reason: "a question knows of another its GraphQL types and loaders alone",
    },
    Arrow {
        files: &["src/write"],
        forbidden: &["crate::read"],
        except: &["crate::read::*::graphql", "crate::read::*::loader"],
        reason: "decisions are made on streams, never on read models",
    },
    Arrow {
        files: &[
            "src/write/*/event.rs",
            "src/write/*/aggregate.rs",
            "src/write/*/commands",
            "src/write/*/commands.rs",
        ],
        forbidden: &["crate::read"],
        except: &[],
        reason: "only payloads, in graphql.rs, show what a read model holds",
    },
    Arrow {
        files: &["src/write/*/event.rs"],
        forbidden: &["crate::write", "crate::graphql"],
        except: &["crate::write::*::event", "crate::write::value", "crate::write::stored"],
        reason: "events are a published contract: they know values and how they are stored, nothing else",
    },
    Arrow {
        files: &["src/write/*/event.rs", "src/write/*/aggregate.rs", "src/read/*/fold.rs"],
        forbidden: &["sea_orm", "sqlx", "async_graphql", "tokio", "crate::graphql"],
        except: &[],
        reason: "events, states and folds are plain values and functions, the same whatever stores or serves them",
    },
    Arrow {
        files: &["src/write/*/commands", "src/write/*/commands.rs"],
        forbidden: &["sea_orm", "sqlx", "async_graphql", "tokio", "crate::graphql"],
        except: &[],
        reason: "decisions are pure: no database, no task, no protocol",
    },
    Arrow {
        files: &[
            "src/write/*/aggregate.rs",
            "src/write/*/commands",
            "src/write/*/commands.rs",
            "src/read/*/fold.rs",
        ],
        forbidden: &["Utc::now", "SystemTime", "time::Instant::now", "Uuid::new_v4", "Uuid::now_v7"],
        except: &[],
        reason: "time and new ids are facts that arrive with the command: deciding and folding again gives the same",
    },
    Arrow {
        files: &["src/api"],
        forbidden: &["crate::app", "crate::cli"],
        except: &[],
        reason: "the edge is put together by app.rs, not the other way round",
    },
    Arrow { files: &["src/app.rs"], forbidden: &["crate::cli"], except: &[], reason: "cli calls app" },
    Arrow {
        files: &["src/main.rs"],
        forbidden: &["crate::engine", "crate::graphql", "crate::read", "crate::write", "crate::api"],
        except: &[],
        reason: "main only hands over to cli",
    },
];

/// Words that no source holds, with the reason.
const WORDS: &[(&[&str], &str)] = &[
    (&["todo", "fixme", "xxx", "hack"], "what is not done is not here; what is here is done"),
    (&["helper", "helpers"], "a name says what a thing does"),
    (
        &["agent", "agents", "session", "sessions", "ticket", "tickets"],
        "the source speaks of the product, not of how it came about",
    ),
];

/// The most lines a file may have, unless [`LONG_FILES`] says why it has more.
const MOST_LINES: usize = 500;

/// Files over [`MOST_LINES`], each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// These files have to name what they forbid.
const THESE_FILES: &str = "tests/it/tidy";

#[test]
fn every_source_keeps_the_rules_of_the_house() {
    let sources = sources();
    assert!(sources.iter().any(|(path, _)| path.starts_with(THESE_FILES)), "the sources were not found");
    let breaches: Vec<String> = sources.iter().flat_map(|(path, text)| breaches(path, text)).collect();
    assert!(breaches.is_empty(), "{} breaches:\n{}", breaches.len(), breaches.join("\n"));
}

#[test]
fn every_file_that_is_excused_for_its_length_is_there_and_needs_it() {
    let sources = sources();
    for (excused, _) in LONG_FILES {
        let lines =
            sources.iter().find(|(path, _)| path == excused).map_or(0, |(_, text)| text.lines().count());
        assert!(lines > MOST_LINES, "{excused} has {lines} lines and needs no excuse");
    }
}

/// Every Rust source of the workspace: its path from the root with forward slashes, and its text.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut waiting: Vec<_> =
        ["src", "migration", "tests", "benches", "build.rs"].iter().map(|name| root.join(name)).collect();
    while let Some(path) = waiting.pop() {
        if path.is_dir() && !path.ends_with("target") {
            let entries = fs::read_dir(&path).unwrap();
            waiting.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.is_file() && path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

/// What is wrong with one source, each as `path:line: what; why`.
fn breaches(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut tell = |line: usize, what: &str| found.push(format!("{path}:{line}: {what}"));

    if !text.starts_with("//!") {
        tell(1, "does not open with `//!`; the first lines say what lives in a file");
    }
    let lines = text.lines().count();
    if lines > MOST_LINES && !LONG_FILES.iter().any(|(excused, _)| *excused == path) {
        tell(lines, &format!("{lines} lines where {MOST_LINES} are the most; one idea a file"));
    }
    for (line, name) in names(path, text) {
        for arrow in ARROWS.iter().filter(|arrow| arrow.files.iter().any(|files| begins(path, '/', files))) {
            let any = |patterns: &[&str]| patterns.iter().any(|pattern| holds(&name, pattern, path));
            if any(arrow.forbidden) && !any(arrow.except) {
                tell(line, &format!("names `{name}`; {}", arrow.reason));
            }
        }
    }
    if !path.starts_with(THESE_FILES) {
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim_start().starts_with("#[ignore") {
                tell(number, "ignores a test; what is skipped is said out loud by scripts/skip");
            }
            for (word, reason) in forbidden_words(line) {
                tell(number, &format!("says `{word}`; {reason}"));
            }
        }
    }
    found
}

/// The words of a line that no source may hold, each with the reason.
fn forbidden_words(line: &str) -> impl Iterator<Item = (&str, &'static str)> {
    let is_part_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.split(move |c| !is_part_of_word(c)).filter_map(|word| {
        let lower = word.to_lowercase();
        let rule = WORDS.iter().find(|(words, _)| words.contains(&lower.as_str()))?;
        Some((word, rule.1))
    })
}

/// Whether the first segments of a path are those of the pattern.
fn begins(path: &str, separator: char, pattern: &str) -> bool {
    let mut path = path.split(separator);
    pattern.split(separator).all(|part| path.next().is_some_and(|segment| part == "*" || part == segment))
}

/// Whether a pattern stands anywhere in a name, in whole segments.
fn holds(name: &str, pattern: &str, path: &str) -> bool {
    let slice = path.split('/').nth(2).unwrap_or_default();
    let pattern = pattern.replace("{slice}", slice).replace("::", ":");
    let segments: Vec<&str> = name.split("::").collect();
    (0..segments.len()).any(|start| begins(&segments[start..].join(":"), ':', &pattern))
}
