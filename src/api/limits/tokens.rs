//! Counts tokens and nesting before the parser sees the text, so that neither its time nor its stack is the caller's.

use async_graphql::ServerError;

use crate::api::{errors::Code, settings::Limits};

/// Brackets and braces inside one another; the parser gives up a little later, but recurses to get there.
const MAX_NESTING: usize = 64;

/// Refuses a text with too many tokens or brackets inside one another. Text that is not GraphQL may pass; the
/// parser tells what is wrong with it.
pub fn check(text: &str, limits: &Limits) -> Result<(), ServerError> {
    let (tokens, nesting) = measure(text.as_bytes());
    if tokens > limits.max_tokens {
        return Err(Code::ParseFailed.error(format!(
            "The document has {tokens} tokens; at most {} are allowed (max-tokens).",
            limits.max_tokens
        )));
    }
    if nesting > MAX_NESTING {
        return Err(Code::ParseFailed.error(format!(
            "The document nests brackets {nesting} deep; at most {MAX_NESTING} levels are allowed."
        )));
    }
    Ok(())
}

/// How many tokens a text has.
pub fn count(text: &str) -> usize {
    measure(text.as_bytes()).0
}

/// Tokens, and the deepest nesting of `(`, `[` and `{`.
fn measure(text: &[u8]) -> (usize, usize) {
    let (mut at, mut tokens, mut open, mut deepest) = (0, 0, 0_usize, 0);
    while let Some(&byte) = text.get(at) {
        let length = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' | 0xEF | 0xBB | 0xBF => {
                at += 1;
                continue;
            }
            b'#' => {
                at += run(text, at, |b| b != b'\n' && b != b'\r');
                continue;
            }
            b'(' | b'[' | b'{' => {
                open += 1;
                deepest = deepest.max(open);
                1
            }
            b')' | b']' | b'}' => {
                open = open.saturating_sub(1);
                1
            }
            b'"' => string(text, at),
            b'.' => run(text, at, |b| b == b'.').min(3),
            b'-' | b'0'..=b'9' => run(text, at + 1, |b| word(b) || b == b'.') + 1,
            b if word(b) => run(text, at, word),
            _ => 1,
        };
        tokens += 1;
        at += length;
    }
    (tokens, deepest)
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn run(text: &[u8], from: usize, belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().skip(from).take_while(|byte| belongs(**byte)).count()
}

/// The length of the string that starts at `from`, quotes included; to the end of the text if it is not closed.
fn string(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let block = rest.starts_with(b"\"\"\"");
    let quote: &[u8] = if block { b"\"\"\"" } else { b"\"" };
    let escape: &[u8] = if block { b"\\\"\"\"" } else { b"\\" };
    let mut at = quote.len();
    while let Some(tail) = rest.get(at..).filter(|tail| !tail.is_empty()) {
        if tail.starts_with(escape) {
            at += if block { 4 } else { 2 };
        } else if tail.starts_with(quote) {
            return at + quote.len();
        } else {
            at += 1;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_as_the_specification_counts_them() {
        // {  a  (  b  :  -1.5e3  c  :  "x # {"  )  @  skip  ...  F  }   with a comment and a block string
        let text = "{ a(b: -1.5e3, c: \"x # {\") @skip ...F } # {{{{\n\"\"\" \\\"\"\" [[[ \"\"\"";
        assert_eq!(measure(text.as_bytes()), (16, 2));
    }

    #[test]
    fn an_unclosed_string_ends_with_the_text() {
        assert_eq!(measure(b"{ a(b: \"\\"), (6, 2));
    }

    #[test]
    fn deep_brackets_are_refused_before_the_parser_recurses() {
        let text = format!("{{ a(b: {}", "[".repeat(1900));
        let refused = check(&text, &Limits::default()).unwrap_err();
        assert!(refused.message.contains("1902 deep"), "{}", refused.message);
    }

    #[test]
    fn too_many_tokens_are_refused_with_the_count_the_bound_and_the_setting() {
        let refused = check(&"a ".repeat(2001), &Limits::default()).unwrap_err();
        assert_eq!(refused.message, "The document has 2001 tokens; at most 2000 are allowed (max-tokens).");
    }
}
