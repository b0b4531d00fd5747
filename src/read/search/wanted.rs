//! What a text asks for: pieces that an entity must have, all of them, and how well a row has them.
//!
//! No text is refused and none has a meaning but this: what stands in quotes, or together without white space, are words
//! one after another; the last word is the beginning of one, unless something follows it.

use super::table::{LARGEST, Model};
use super::word::{composed, words};

/// A text, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// In the order of the text, each once.
    pub pieces: Vec<Piece>,
}

/// Words one after another in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// At least one.
    pub words: Vec<String>,
    /// Whether the last word may go on.
    pub is_open: bool,
}

/// How much a step up in rank counts; more than any size.
pub const STEP: i64 = LARGEST as i64 + 1;

impl Wanted {
    /// Takes a text apart; without words in it nothing is wanted, and nothing found.
    pub fn parse(text: &str) -> Self {
        let text = composed(text);
        let parts: Vec<&str> = text.split(is_quote).collect();
        let mut pieces = Vec::new();
        for (number, part) in parts.iter().enumerate() {
            if number % 2 == 1 {
                pieces.extend(Piece::of(part));
            } else {
                pieces.extend(part.split(char::is_whitespace).filter_map(Piece::of));
            }
        }
        let end = parts.last().copied().unwrap_or_default();
        if let (Some(last), true) =
            (pieces.last_mut(), words(end).last().is_some_and(|word| word.to == end.len()))
        {
            last.is_open = true;
        }
        let mut once: Vec<Piece> = Vec::with_capacity(pieces.len());
        for piece in pieces {
            if !once.contains(&piece) {
                once.push(piece);
            }
        }
        Self { pieces: once }
    }

    /// How well a row that has all of it has it, best highest: by name before elsewhere, whole words before beginnings,
    /// short texts before long ones. It depends on the row and the text alone, so it is the same for ever. What
    /// [`super::query::rank`] computes in SQL.
    pub fn rank(&self, row: &Model) -> i64 {
        let has = |text: &str, whole| self.pieces.iter().all(|piece| text.contains(&piece.needle(whole)));
        let (steps, size) = if has(&row.title, true) {
            (4, row.title_size)
        } else if has(&row.title, false) {
            (3, row.title_size)
        } else if has(&row.words, true) {
            (2, row.size)
        } else {
            (1, row.size)
        };
        steps * STEP - i64::from(size)
    }
}

impl Piece {
    fn of(text: &str) -> Option<Self> {
        let words: Vec<String> = words(text).into_iter().map(|word| word.folded).collect();
        (!words.is_empty()).then_some(Self { words, is_open: false })
    }

    /// What a row's words hold when they hold the piece; `whole`: and its last word does not go on.
    pub fn needle(&self, whole: bool) -> String {
        let end = if whole || !self.is_open { " " } else { "" };
        format!(" {}{end}", self.words.join(" "))
    }

    /// Whether the piece stands at the beginning of these words.
    pub fn begins<'a>(&self, mut words: impl Iterator<Item = &'a str>) -> bool {
        let last = self.words.len() - 1;
        self.words.iter().enumerate().all(|(place, wanted)| {
            let word = words.next();
            word.is_some_and(|word| {
                if place == last && self.is_open { word.starts_with(wanted) } else { word == wanted }
            })
        })
    }
}

/// As typed, as printed, and in full width.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '＂')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::super::table::Kind;
    use super::*;

    /// `ada king~`: pieces with a bar between, one that may go on with a tilde at its end.
    fn parsed(text: &str) -> String {
        let shown = |piece: &Piece| piece.words.join(" ") + if piece.is_open { "~" } else { "" };
        Wanted::parse(text).pieces.iter().map(shown).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn the_last_word_may_go_on_unless_something_follows_it() {
        assert_eq!(parsed("Ada Ki"), "ada|ki~");
        assert_eq!(parsed("Ada Ki "), "ada|ki");
        assert_eq!(parsed("Ada Ki-"), "ada|ki");
        assert_eq!(parsed("caf\u{65}\u{301}"), "cafe~");
    }

    #[test]
    fn words_in_quotes_or_without_space_between_them_belong_together() {
        assert_eq!(parsed(r#"tea "am Hafen 7" köln"#), "tea|am hafen 7|koln~");
        assert_eq!(parsed("“am Hafen” TEA-1"), "am hafen|tea 1~");
        assert_eq!(parsed("customer1@example.com "), "customer1 example com");
    }

    #[test]
    fn a_quote_that_is_closed_ends_the_last_word_and_an_open_one_does_not() {
        assert_eq!(parsed(r#""am Haf""#), "am haf");
        assert_eq!(parsed(r#""am Haf"#), "am haf~");
    }

    #[test]
    fn text_without_words_wants_nothing() {
        for text in ["", "   ", "\"\"", "* & | ! ( ) : ^ - + ~", "\0\u{2}", "☕"] {
            assert_eq!(Wanted::parse(text), Wanted::default(), "{text:?}");
        }
    }

    #[test]
    fn what_looks_like_syntax_are_words() {
        assert_eq!(parsed("NEAR(a b) OR c* AND NOT d:e' "), "near a|b|or|c|and|not|d e");
    }

    #[test]
    fn hits_rank_by_name_then_whole_words_then_shortness() {
        let user = |name: &str, address: &str| Model::new((Uuid::nil(), Kind::User, 1), [name, "", address]);
        let best_first = [
            user("Ada", "Köln"),
            user("Ada King", "Köln"),
            user("Adam", "Köln"),
            user("Adam King", ""),
            user("Bob", "Ada 7"),
            user("Bob", "Adaweg 7"),
        ];
        let wanted = Wanted::parse("ada");
        let ranks: Vec<i64> = best_first.iter().map(|row| wanted.rank(row)).collect();
        assert_eq!(ranks, [3_999, 3_998, 2_999, 2_998, 1_997, 997]);
    }

    proptest! {
        #[test]
        fn any_text_can_be_taken_apart(text in any::<String>()) {
            for piece in Wanted::parse(&text).pieces {
                prop_assert!(!piece.words.is_empty());
                prop_assert!(piece.begins(piece.words.iter().map(String::as_str)));
            }
        }
    }
}
