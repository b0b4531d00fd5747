//! Cursors: opaque to clients, bound to the list they were taken from and to the position it was read at.
//!
//! A cursor is base64url over compact JSON, not signed: it can be forged, but names nothing that its bearer could not
//! ask for. So nothing in it is trusted, sizes are bounded and types are checked; whether its position lies within the
//! log is for the one who reads there.

use async_graphql::InputType;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::engine::event::Position;
use crate::graphql::errors::{Failure, Result};
use crate::graphql::scalars::excerpt;

/// Longer than any cursor given out, as long as sort keys are texts of at most some 1,000 characters.
const MOST_BYTES: usize = 8_192;

/// More sort keys than any list has.
const MOST_KEYS: usize = 8;

/// Bytes of the SHA-256 that a cursor carries: enough to tell lists apart, no protection against forgery.
const FINGERPRINT_BYTES: usize = 12;

/// The list a cursor belongs to: field, revision of the read model, and everything that decides on rows and order.
#[derive(Clone)]
pub struct Listing(Sha256);

impl Listing {
    /// The list of a field, as one revision of its read model answers it.
    pub fn new(field: &str, revision: i32) -> Self {
        let mut digest = Sha256::new();
        write(&mut digest, field.as_bytes());
        write(&mut digest, &revision.to_be_bytes());
        Self(digest)
    }

    /// Bound also to an argument: the filter, the order, `asOf` as it was asked. Absent and null are the same.
    #[must_use]
    pub fn with<T: InputType>(mut self, argument: &str, value: &T) -> Self {
        write(&mut self.0, argument.as_bytes());
        write(&mut self.0, value.to_value().to_string().as_bytes());
        self
    }

    /// Bound also to what the field belongs to, such as the user whose orders are listed.
    #[must_use]
    pub fn of(mut self, parent: Uuid) -> Self {
        write(&mut self.0, b"of");
        write(&mut self.0, parent.as_bytes());
        self
    }

    fn fingerprint(&self) -> String {
        let digest = self.0.clone().finalize();
        BASE64.encode(digest.iter().copied().take(FINGERPRINT_BYTES).collect::<Vec<u8>>())
    }

    /// The cursor of a place in this list, read at a position.
    pub fn encode(&self, position: Position, place: &Place) -> String {
        let wire = Wire {
            list: self.fingerprint(),
            position: position.get(),
            keys: place.keys.clone(),
            id: place.id,
        };
        // Text, integers and null are all there is, so there is always JSON for it.
        BASE64.encode(serde_json::to_vec(&wire).unwrap_or_default())
    }

    /// The place in this list that a client's cursor means.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it is none, or one of another list.
    pub fn decode(&self, cursor: &str) -> Result<Cursor> {
        let wire = read(cursor).ok_or_else(|| malformed(cursor))?;
        let position = Position::new(wire.position).ok_or_else(|| malformed(cursor))?;
        if wire.list != self.fingerprint() {
            return Err(Failure::bad_user_input(
                "expected a cursor of this list; got one that was taken from another field, filter, order or moment, \
                 or before the read model was revised: start again without a cursor",
            ));
        }
        Ok(Cursor { position, place: Place { keys: wire.keys, id: wire.id } })
    }
}

/// With its length, so that no two sequences of parts look alike.
fn write(digest: &mut Sha256, part: &[u8]) {
    digest.update((part.len() as u64).to_be_bytes());
    digest.update(part);
}

fn read(cursor: &str) -> Option<Wire> {
    if cursor.len() > MOST_BYTES {
        return None;
    }
    let json = BASE64.decode(cursor).ok()?;
    serde_json::from_slice::<Wire>(&json).ok().filter(|wire| wire.keys.len() <= MOST_KEYS)
}

fn malformed(cursor: &str) -> Failure {
    let came = excerpt(&format!("{cursor:?}"));
    Failure::bad_user_input(format!("expected a cursor as an earlier page answered it; got {came}"))
}

/// The JSON inside a cursor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "l")]
    list: String,
    #[serde(rename = "p")]
    position: i64,
    #[serde(rename = "k")]
    keys: Vec<Key>,
    #[serde(rename = "i")]
    id: Uuid,
}

/// Where a page goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The position the list was read at, and is to be read at again. Not trusted: it may lie beyond the head.
    pub position: Position,
    pub place: Place,
}

/// Where a row stands in the order of its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The values it is sorted by, in order.
    pub keys: Vec<Key>,
    /// The row's identity, which decides among equal keys; nil where keys are never equal.
    pub id: Uuid,
}

impl Place {
    /// The integer a list is sorted by in this place of its keys.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when the cursor holds something else, so is forged.
    pub fn integer(&self, index: usize) -> Result<i64> {
        match self.keys.get(index) {
            Some(Key::Integer(number)) => Ok(*number),
            _ => Err(forged()),
        }
    }

    /// The text a list is sorted by in this place of its keys.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when the cursor holds something else, so is forged.
    pub fn text(&self, index: usize) -> Result<&str> {
        match self.keys.get(index) {
            // No row has it, and PostgreSQL takes no text with it.
            Some(Key::Text(text)) if !text.contains('\0') => Ok(text),
            _ => Err(forged()),
        }
    }
}

fn forged() -> Failure {
    Failure::bad_user_input(
        "expected a cursor as an earlier page answered it; got one whose sort keys do not fit",
    )
}

/// A value that rows are sorted by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    /// No value.
    Null,
    /// Numbers, amounts in minor units, instants in microseconds.
    Integer(i64),
    /// Folded text.
    Text(String),
}

impl From<i64> for Key {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<String> for Key {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<K: Into<Key>> From<Option<K>> for Key {
    fn from(key: Option<K>) -> Self {
        key.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::graphql::errors::ErrorCode;
    use crate::graphql::scalars::Moment;

    fn refusal(cursor: &str) -> Failure {
        Listing::new("users", 1).decode(cursor).unwrap_err()
    }

    fn place() -> Place {
        Place { keys: vec![Key::from(7)], id: Uuid::nil() }
    }

    #[test]
    fn a_cursor_of_another_list_is_refused_as_such() {
        let now: Option<Moment> = None;
        let text = Some("ada".to_owned());
        let base = || Listing::new("users", 1).with("nameContains", &text).with("asOf", &now);
        let cursor = base().encode(Position::ZERO, &place());
        assert!(base().decode(&cursor).is_ok());
        for other in [
            Listing::new("orders", 1).with("nameContains", &text).with("asOf", &now),
            Listing::new("users", 2).with("nameContains", &text).with("asOf", &now),
            Listing::new("users", 1).with("nameContains", &None::<String>).with("asOf", &now),
            Listing::new("users", 1).with("emailContains", &text).with("asOf", &now),
            Listing::new("users", 1)
                .with("nameContains", &text)
                .with("asOf", &Some(Moment::Position(Position::ZERO))),
            base().of(Uuid::nil()),
        ] {
            let failure = other.decode(&cursor).unwrap_err();
            assert_eq!(failure.code(), ErrorCode::BadUserInput);
            assert!(failure.message().contains("cursor of this list"), "{}", failure.message());
        }
    }

    #[test]
    fn a_malformed_cursor_is_refused_as_such() {
        let list = Listing::new("users", 1).fingerprint();
        let wires = [
            String::new(),
            "{}".to_owned(),
            format!(r#"{{"l":"{list}","p":-1,"k":[],"i":"{}"}}"#, Uuid::nil()),
            format!(r#"{{"l":"{list}","p":1,"k":[1.5],"i":"{}"}}"#, Uuid::nil()),
            format!(r#"{{"l":"{list}","p":1,"k":[[]],"i":"{}"}}"#, Uuid::nil()),
            format!(r#"{{"l":"{list}","p":1,"k":[],"i":"me"}}"#),
            format!(r#"{{"l":"{list}","p":1,"k":[],"i":"{}","x":1}}"#, Uuid::nil()),
            format!(r#"{{"l":"{list}","p":1,"k":[1,1,1,1,1,1,1,1,1],"i":"{}"}}"#, Uuid::nil()),
        ];
        let texts = ["not base64!".to_owned(), "A".repeat(MOST_BYTES + 1)];
        for cursor in wires.iter().map(|wire| BASE64.encode(wire)).chain(texts) {
            let failure = refusal(&cursor);
            assert_eq!(failure.code(), ErrorCode::BadUserInput);
            assert!(failure.message().contains("as an earlier page answered it"), "{}", failure.message());
        }
    }

    #[test]
    fn sort_keys_of_another_type_or_number_are_refused() {
        let place = Place { keys: vec![Key::from(7), Key::from("ada"), Key::Null], id: Uuid::nil() };
        assert_eq!(place.integer(0), Ok(7));
        assert_eq!(place.text(1), Ok("ada"));
        for failure in [place.text(0), place.text(2), place.text(3)].into_iter().map(Result::unwrap_err) {
            assert_eq!(failure.code(), ErrorCode::BadUserInput);
        }
        assert!(place.integer(1).is_err() && place.integer(3).is_err());
        let forged = Place { keys: vec![Key::from("a\0b")], id: Uuid::nil() };
        assert!(forged.text(0).is_err(), "no row has it");
    }

    fn any_key() -> impl Strategy<Value = Key> {
        prop_oneof![Just(Key::Null), any::<i64>().prop_map(Key::from), any::<String>().prop_map(Key::from)]
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_was_given_out(
            keys in prop::collection::vec(any_key(), 0..=3),
            id in any::<u128>(),
            position in 0..i64::MAX,
        ) {
            let listing = Listing::new("users", 1);
            let position = Position::from_stored(position);
            let place = Place { keys, id: Uuid::from_u128(id) };
            let text = listing.encode(position, &place);
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
            prop_assert_eq!(listing.decode(&text), Ok(Cursor { position, place }));
        }

        #[test]
        fn no_text_is_a_cursor(text in any::<String>(), json in "[\\[\\]{}\":,lpki0-9a-f-]{0,80}") {
            for text in [&text, &BASE64.encode(json)] {
                prop_assert_eq!(refusal(text).code(), ErrorCode::BadUserInput);
            }
        }

        // Not signed, so another place in the same list is all that a change can make of a cursor.
        #[test]
        fn a_cursor_with_a_character_changed_is_refused_or_a_place_in_the_same_list(
            keys in prop::collection::vec(any_key(), 0..=3),
            id in any::<u128>(),
            position in 0..i64::MAX,
            place in any::<prop::sample::Index>(),
            other in any::<char>(),
            within in any::<bool>(),
        ) {
            let listing = Listing::new("users", 1);
            let given = Place { keys, id: Uuid::from_u128(id) };
            let text = listing.encode(Position::from_stored(position), &given);
            let plain = if within { String::from_utf8(BASE64.decode(&text).unwrap()).unwrap() } else { text };
            let mut characters: Vec<char> = plain.chars().collect();
            let place = place.index(characters.len());
            characters[place] = other;
            let changed: String = characters.into_iter().collect();
            let changed = if within { BASE64.encode(changed) } else { changed };
            match listing.decode(&changed) {
                Err(failure) => prop_assert_eq!(failure.code(), ErrorCode::BadUserInput),
                Ok(Cursor { position, place }) => {
                    prop_assert_eq!(listing.decode(&listing.encode(position, &place)), Ok(Cursor { position, place }));
                    prop_assert!(Listing::new("orders", 1).decode(&changed).is_err());
                }
            }
        }
    }
}
