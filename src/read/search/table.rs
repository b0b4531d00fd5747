//! One row a user, product or order: what it is found by.

use sea_orm::entity::prelude::*;

use super::word::{composed, words};
use crate::engine::read_model::Table;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    #[sea_orm(string_value = "user")]
    User,
    #[sea_orm(string_value = "product")]
    Product,
    #[sea_orm(string_value = "order")]
    Order,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_entries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: Kind,
    /// µs.
    pub created_at: i64,
    /// How many words the title has, at most [`LARGEST`].
    pub title_size: i32,
    /// How many words it has in all, at most [`LARGEST`].
    pub size: i32,
    /// The words of the first [`TITLES`] fields, as in `words`.
    #[sea_orm(column_type = "Text")]
    pub title: String,
    /// The words of all fields: a space before, after and between them, two between fields so that no phrase spans them.
    #[sea_orm(column_type = "Text")]
    pub words: String,
    /// The fields as they were given, a line each.
    #[sea_orm(column_type = "Text")]
    pub shown: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// How many fields name an entity: name and e-mail address, name and SKU, payment reference and tracking number.
pub const TITLES: usize = 2;

/// Texts of more words than this are equally long when hits are ranked.
pub const LARGEST: i32 = 999;

/// The most bytes of words a row is found by, far more than an order of 100 products has: beyond a megabyte PostgreSQL
/// would refuse the row, and the read model with it.
const MOST_BYTES: usize = 256 * 1024;

/// The table; the index of its words is the only one it needs.
pub fn table() -> Table {
    Table::of::<Entity>().words(Column::Words)
}

impl Model {
    /// The row of an entity with these fields, those that name it first.
    pub fn new<'a>(
        (id, kind, created_at): (Uuid, Kind, i64),
        fields: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let fields: Vec<String> = fields.into_iter().map(line).collect();
        let (title, title_size) = joined(fields.iter().take(TITLES));
        let (words, size) = joined(fields.iter());
        Self { id, kind, created_at, title_size, size, title, words, shown: fields.join("\n") }
    }

    /// The row with other text in some of its fields.
    #[must_use]
    pub fn with(&self, changes: &[(usize, &str)]) -> Self {
        let mut fields: Vec<&str> = self.fields().collect();
        for (place, text) in changes {
            if let Some(field) = fields.get_mut(*place) {
                *field = text;
            }
        }
        Self::new((self.id, self.kind, self.created_at), fields)
    }

    /// The fields as they are shown.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.shown.split('\n')
    }
}

/// A field on one line: whatever an event holds, no control character tells fields or matches apart but ours.
fn line(text: &str) -> String {
    composed(text).replace(char::is_control, " ")
}

/// The words of fields, and how many there are.
fn joined<'a>(fields: impl Iterator<Item = &'a String>) -> (String, i32) {
    let (mut all, mut size) = (String::new(), 0);
    for field in fields {
        for (place, word) in words(field).into_iter().enumerate() {
            if all.len() + word.folded.len() > MOST_BYTES {
                return (all, size);
            }
            all.push_str(if place == 0 { " " } else { "" });
            all.push_str(&word.folded);
            all.push(' ');
            size = LARGEST.min(size + 1);
        }
    }
    (all, size)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(fields: [&str; 3]) -> Model {
        Model::new((Uuid::nil(), Kind::User, 1), fields)
    }

    #[test]
    fn a_row_holds_the_words_of_its_fields_with_a_gap_between_them() {
        let row = user(["Ada King", "", "Köln, DE"]);
        assert_eq!((row.title.as_str(), row.title_size), (" ada king ", 2));
        assert_eq!((row.words.as_str(), row.size), (" ada king  koln de ", 4));
        assert_eq!(row.shown, "Ada King\n\nKöln, DE");
    }

    #[test]
    fn a_field_that_changes_leaves_the_others() {
        let row = user(["Ada", "ada@example.org", ""]).with(&[(0, "Ada King")]);
        assert_eq!(row, user(["Ada King", "ada@example.org", ""]));
    }

    #[test]
    fn no_field_can_end_itself_or_forge_a_mark() {
        let row = user(["Ada\n\u{2}King\u{3}", "", ""]);
        assert_eq!(row.fields().collect::<Vec<_>>(), ["Ada  King ", "", ""]);
    }

    #[test]
    fn what_a_row_is_found_by_is_bounded() {
        let fields = vec!["\u{fdfa}".repeat(200); 300];
        let row = Model::new((Uuid::nil(), Kind::Order, 1), fields.iter().map(String::as_str));
        assert!(row.words.len() < MOST_BYTES + 1_000 && row.words.len() > MOST_BYTES / 2);
        assert_eq!(row.size, LARGEST);
    }
}
