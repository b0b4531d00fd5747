//! Reads names out of a source: as much of Rust's syntax as formatted code needs, no more.

/// Every name in a source with its line: groups written out, `self` and `super` resolved, comments left out.
pub fn names(path: &str, text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let before = at;
        paths(&tokens, &mut at, "", &mut found);
        at = at.max(before + 1);
    }
    let inline = lines_of_inline_modules(text);
    for (line, name) in &mut found {
        *name = resolved(name, path, inline.contains(line));
    }
    found
}

/// The lines of a source that stand in `mod name { … }`, as formatted code has it.
fn lines_of_inline_modules(text: &str) -> Vec<usize> {
    let mut inside = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        inside |= line.ends_with('{') && (line.starts_with("mod ") || line.starts_with("pub mod "));
        inside &= line != "}";
        if inside {
            lines.push(number);
        }
    }
    lines
}

/// Identifiers, `::` and single signs, each with its line. What follows `//` is a comment, save in an address.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let comment = line.match_indices("//").map(|(at, _)| at).find(|at| !line[..*at].ends_with(':'));
        let mut rest = line[..comment.unwrap_or(line.len())].trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if first.is_alphanumeric() || first == '_' {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            } else if rest.starts_with("::") {
                2
            } else {
                first.len_utf8()
            };
            found.push((number, &rest[..length]));
            rest = rest[length..].trim_start();
        }
    }
    found
}

/// Reads the path or tree of paths that begins at a token, and moves on behind it.
fn paths(tokens: &[(usize, &str)], at: &mut usize, prefix: &str, found: &mut Vec<(usize, String)>) {
    let is_name = |token: &str| token.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    let mut name = prefix.to_owned();
    while let Some((line, token)) = tokens.get(*at).copied() {
        let ends = tokens.get(*at + 1).is_none_or(|(_, next)| *next != "::");
        if is_name(token) {
            *at += 1;
            name = if name.is_empty() { token.to_owned() } else { format!("{name}::{token}") };
            if ends {
                return found.push((line, name));
            }
            *at += 1;
        } else if token == "{" && !name.is_empty() {
            *at += 1;
            while tokens.get(*at).is_some_and(|(_, token)| *token != "}") {
                let before = *at;
                paths(tokens, at, &name, found);
                *at = (*at).max(before + 1);
            }
            *at += 1;
            return;
        } else {
            // `name::*`, `name::<T>`: what stands before it is the name.
            if name != prefix {
                found.push((line, name));
            }
            return;
        }
    }
}

/// A name from the root of the crate, where it is one of ours.
fn resolved(name: &str, path: &str, inline: bool) -> String {
    let Some(file) = path.strip_prefix("src/").and_then(|path| path.strip_suffix(".rs")) else {
        return name.to_owned();
    };
    let mut module: Vec<&str> = file.split('/').collect();
    if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
        module.pop();
    }
    if inline {
        module.push("inline");
    }
    let mut rest: Vec<&str> = name.split("::").collect();
    match rest.first() {
        Some(&("crate" | "hindsight")) if rest.len() > 1 => module.clear(),
        Some(&("self" | "super")) => {}
        _ => return name.to_owned(),
    }
    while let Some(&("crate" | "hindsight" | "self" | "super")) = rest.first() {
        if rest.remove(0) == "super" {
            module.pop();
        }
    }
    [vec!["crate"], module, rest].concat().join("::")
}
