//! Words of a text: folded, and where each stands in the text itself. The index, queries and snippets all take them from
//! here, so that what is found can be shown.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::fold::fold;

/// The most characters by which words are told apart; what comes after them in a longer word makes no difference.
pub const LONGEST_WORD: usize = 64;

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Without case and accents, letters and digits alone.
    pub folded: String,
    /// Where it begins in the text, in bytes.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
}

/// The words of a text in [`composed`] form: what is neither letter nor digit stands between words.
pub fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Option<Word> = None;
    let mut characters = text.char_indices().peekable();
    while let Some((from, first)) = characters.next() {
        // A character is folded together with the marks on it.
        let mut to = from + first.len_utf8();
        while let Some((at, mark)) = characters.next_if(|(_, c)| is_combining_mark(*c)) {
            to = at + mark.len_utf8();
        }
        let folded = match first {
            // Most text by far.
            _ if to == from + 1 => String::from(first.to_ascii_lowercase()),
            _ => fold(text.get(from..to).unwrap_or_default()),
        };
        for c in folded.chars() {
            if !(c.is_alphanumeric() || is_combining_mark(c)) {
                words.extend(open.take());
                continue;
            }
            let word = open.get_or_insert_with(|| Word { folded: String::new(), from, to });
            word.folded.push(c);
            word.to = to;
        }
    }
    words.extend(open);
    words.retain(|word| word.folded.chars().any(char::is_alphanumeric));
    for word in &mut words {
        if let Some((end, _)) = word.folded.char_indices().nth(LONGEST_WORD) {
            word.folded.truncate(end);
        }
    }
    words
}

/// A text with letter and accent as one character wherever there is one for both: as texts are kept and shown.
pub fn composed(text: &str) -> String {
    text.nfc().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> Vec<String> {
        words(text).into_iter().map(|word| word.folded).collect()
    }

    #[test]
    fn words_are_letters_and_digits_without_case_and_accents() {
        for (text, expected) in [
            ("Ada King", vec!["ada", "king"]),
            ("  Hafenstraße 7, Köln", vec!["hafenstrasse", "7", "koln"]),
            ("customer1@Example.com", vec!["customer1", "example", "com"]),
            ("TEA-01/b", vec!["tea", "01", "b"]),
            ("O'Brien", vec!["o", "brien"]),
            ("E\u{301}cole", vec!["ecole"]),
            ("½ ﬁn", vec!["1", "2", "fin"]),
            ("हिन्दी", vec!["हिन्दी"]),
            ("東京", vec!["東京"]),
            ("☕️ \u{2}\0 --", vec![]),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_knows_where_it_stands() {
        let text = "in Köln, heute";
        let shown: Vec<&str> = words(text).iter().map(|word| &text[word.from..word.to]).collect();
        assert_eq!(shown, ["in", "Köln", "heute"]);
    }

    #[test]
    fn a_long_word_is_told_apart_by_its_beginning() {
        assert_eq!(folded(&"é".repeat(200)), ["e".repeat(LONGEST_WORD)]);
    }

    proptest! {
        #[test]
        fn words_stand_one_after_another_and_fold_to_themselves(text in any::<String>()) {
            let text = composed(&text);
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(end <= word.from || text.get(word.from..word.to).is_some());
                prop_assert!(word.from < word.to && text.get(word.from..word.to).is_some());
                prop_assert!(!word.folded.contains(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric()));
                prop_assert!(!word.folded.contains(|c: char| c.is_ascii_uppercase()));
                prop_assert_eq!(folded(&word.folded), [word.folded.clone()]);
                end = word.to;
            }
        }
    }
}
