//! What of a row shows why it was found: the fields with matches, as they were given, each match between two marks.

use super::table::Model;
use super::wanted::Wanted;
use super::word::words;

/// Before a match.
pub const BEGIN: char = '\u{2}';
/// After a match.
pub const END: char = '\u{3}';

/// The most fields a snippet shows.
const MOST_FIELDS: usize = 4;
/// What stands between them.
const BETWEEN: &str = " · ";
/// Fields of more bytes than this are cut around their first match.
const LONGEST: usize = 160;
/// How much is shown before the first match then, in bytes.
const BEFORE: usize = 40;

/// The snippet of a row: field by field what shows a piece of the text that no field before showed.
pub fn snippet(row: &Model, wanted: &Wanted) -> String {
    let mut shown = vec![false; wanted.pieces.len()];
    let mut parts = Vec::new();
    for field in row.fields() {
        let (matches, pieces) = matches(field, wanted);
        let adds = pieces.iter().zip(&shown).any(|(here, before)| *here && !before);
        if adds {
            parts.push(marked(field, &matches));
            shown.iter_mut().zip(pieces).for_each(|(shown, here)| *shown |= here);
        }
        if parts.len() == MOST_FIELDS || shown.iter().all(|shown| *shown) {
            break;
        }
    }
    parts.join(BETWEEN)
}

/// From where to where in a field; in order, none over another.
type Matches = Vec<(usize, usize)>;

/// The matches in a field, and which of the pieces are there.
fn matches(field: &str, wanted: &Wanted) -> (Matches, Vec<bool>) {
    let words = words(field);
    let mut matches: Matches = Vec::new();
    let mut there = vec![false; wanted.pieces.len()];
    for (place, first) in words.iter().enumerate() {
        for (piece, there) in wanted.pieces.iter().zip(&mut there) {
            let from_here = words.iter().skip(place);
            if !piece.begins(from_here.clone().map(|word| word.folded.as_str())) {
                continue;
            }
            *there = true;
            let to = from_here.take(piece.words.len()).next_back().map_or(first.to, |word| word.to);
            match matches.last_mut() {
                Some(last) if first.from < last.1 => last.1 = last.1.max(to),
                _ => matches.push((first.from, to)),
            }
        }
    }
    (matches, there)
}

/// A field, or what is around its first match, with every match marked.
fn marked(field: &str, matches: &[(usize, usize)]) -> String {
    let (from, to) = window(field, matches);
    let mut text = String::with_capacity(to - from + 16);
    text.push_str(if from > 0 { "…" } else { "" });
    let mut at = from;
    for (begin, end) in matches.iter().filter(|(begin, end)| from <= *begin && *end <= to) {
        text.push_str(field.get(at..*begin).unwrap_or_default());
        text.push(BEGIN);
        text.push_str(field.get(*begin..*end).unwrap_or_default());
        text.push(END);
        at = *end;
    }
    text.push_str(field.get(at..to).unwrap_or_default());
    text.push_str(if to < field.len() { "…" } else { "" });
    text
}

/// The part of a field that is shown: all of it, or whole words around the first match. No match is cut.
fn window(field: &str, matches: &[(usize, usize)]) -> (usize, usize) {
    let (first, end) = matches.first().copied().unwrap_or_default();
    if field.len() <= LONGEST {
        return (0, field.len());
    }
    let words = words(field);
    let mut from = words.iter().map(|word| word.from).find(|begin| begin + BEFORE >= first).unwrap_or(first);
    if first <= BEFORE {
        from = 0;
    }
    let fits = |to: &usize| *to <= from + LONGEST;
    let mut to = words.iter().map(|word| word.to).take_while(fits).last().unwrap_or(end).max(end);
    // A match that begins inside is shown to its end.
    if let Some((_, end)) = matches.iter().find(|(begin, end)| *begin < to && to < *end) {
        to = *end;
    }
    if words.last().is_some_and(|last| last.to <= to) {
        to = field.len();
    }
    (from, to)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::table::Kind;
    use super::*;

    fn shown(fields: &[&str], text: &str) -> String {
        let row = Model::new((Uuid::nil(), Kind::User, 1), fields.iter().copied());
        snippet(&row, &Wanted::parse(text)).replace(BEGIN, "[").replace(END, "]")
    }

    #[test]
    fn matches_are_marked_in_the_text_as_it_was_given() {
        assert_eq!(
            shown(&["Ada King", "ada@example.org", "Köln, DE"], "ADA koln"),
            "[Ada] King · [Köln], DE"
        );
        assert_eq!(shown(&["Tee", "TEA-01"], "tea-0"), "[TEA-01]");
        assert_eq!(shown(&["Am Hafen am Hafen 7"], "\"am hafen\""), "[Am Hafen] [am Hafen] 7");
        assert_eq!(shown(&["Straßenstraße"], "strassen"), "[Straßenstraße]");
        assert_eq!(shown(&["a b c"], "\"a b\" \"b c\""), "[a b c]");
    }

    #[test]
    fn a_long_field_is_cut_between_words_around_its_first_match() {
        let long = format!("{}needle and more {}", "hay ".repeat(50), "straw ".repeat(50));
        let cut = shown(&[&long], "needle");
        assert!(cut.starts_with("…hay hay") && cut.ends_with("straw…"), "{cut}");
        assert!(cut.contains("hay [needle] and more straw") && cut.len() < LONGEST + 20, "{cut}");
        let word = "n".repeat(300);
        assert_eq!(shown(&[&word], "nnn"), format!("[{word}]"));
    }

    proptest! {
        #[test]
        fn marks_come_in_pairs_and_without_them_it_is_the_text(field in "[a-e é\u{2}\u{3}]{0,250}", text in "[a-e ]{1,6}") {
            let row = Model::new((Uuid::nil(), Kind::User, 1), [field.as_str()]);
            let wanted = Wanted::parse(&text);
            let snippet = snippet(&row, &wanted);
            let marks: Vec<char> = snippet.chars().filter(|c| [BEGIN, END].contains(c)).collect();
            prop_assert!(marks.chunks(2).all(|pair| pair == [BEGIN, END]));
            let plain: String = snippet.chars().filter(|c| ![BEGIN, END, '…'].contains(c)).collect();
            prop_assert!(row.shown.contains(&plain));
            let has_all = !wanted.pieces.is_empty()
                && wanted.pieces.iter().all(|piece| row.words.contains(&piece.needle(false)));
            prop_assert!(!has_all || !marks.is_empty());
        }
    }
}
