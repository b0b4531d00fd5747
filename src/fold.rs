//! Text folded in Rust, so that it matches, sorts and is claimed the same on every database.
//!
//! Folding goes character by character: what is typed of a text folds to a beginning or a part of the folded text.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Without case and accents: for names and SKUs, and for every text they are searched or sorted by.
///
/// Letters that merely look alike, such as `ø` and `o`, stay apart; Unicode does not know them as accented.
pub fn fold(text: &str) -> String {
    text.nfkd()
        .filter(|c| !is_accent(*c))
        // Down, up and down again, for letters whose capitals are several (ß and ẞ) or shared (σ and ς).
        .flat_map(char::to_lowercase)
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        // Capitals such as that of ẖ come apart into letter and accent.
        .filter(|c| !is_accent(*c))
        .nfkc()
        .collect()
}

/// Without case, but with accents: for the claim on an e-mail address.
///
/// `josé@` and `jose@` are mailboxes of two people, so folding accents would let one keep the other out. Case tells
/// no two mailboxes apart that are in use; and é typed as one character or as two, or in full width, is one é.
pub fn fold_case(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// A mark put on a letter, not one that makes another letter of it, as a voicing mark or a vowel sign does.
fn is_accent(c: char) -> bool {
    // Combining classes: 1 overlays; 200 to 240 are attached to a letter or stand above, below or beside it.
    matches!(canonical_combining_class(c), 1 | 200..=240)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_make_no_difference() {
        for (one, other) in [
            ("Ångström", "angstrom"),
            ("STRASSE", "straße"),
            ("ẞ", "ss"),
            ("ΟΔΟΣ", "οδος"),
            ("İstanbul", "istanbul"),
            ("e\u{301}", "É"),
            ("ﬁn", "FIN"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn letters_of_their_own_stay_apart() {
        for (one, other) in [("か", "が"), ("की", "का"), ("o", "ø"), ("각", "가")] {
            assert_ne!(fold(one), fold(other), "{one} and {other}");
        }
    }

    #[test]
    fn what_is_folded_folds_to_itself() {
        // Beyond these planes no letter has case or accents.
        for c in ('\0'..='\u{2ffff}').map(String::from) {
            let once = fold(&c);
            assert_eq!(fold(&once), once, "{c:?}");
            let once = fold_case(&c);
            assert_eq!(fold_case(&once), once, "{c:?}");
        }
    }

    #[test]
    fn an_accent_tells_two_mailboxes_apart_and_case_does_not() {
        assert_ne!(fold_case("josé@example.com"), fold_case("jose@example.com"));
        assert_eq!(fold_case("JOSE\u{301}@Example.com"), fold_case("josé@example.com"));
    }
}
