//! Finding rows by their words: an index over one text column of a table, on both twins.
//!
//! The column holds words with spaces between them, folded and split by whoever writes the row, so no tokenizer of a
//! database decides anything. The index tells which rows have all of some words; what they stand beside, and which
//! rows come first, is for the query's own filter and order.

use sea_orm::sea_query::{Alias, ColumnDef, ColumnType, Expr};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::definition::Table;

/// On SQLite, the number under which the index knows a row. Declared, since VACUUM renumbers rows that are not.
pub(super) const DOCUMENT: &str = "document";
/// On PostgreSQL, the words as the index takes them.
pub(super) const LEXEMES: &str = "lexemes";
/// What the stored name of the index ends in.
pub(super) const SUFFIX: &str = "words";

/// Words that a row must have to be found: all of them.
///
/// Folded words of letters and digits, each at most some hundred characters long, as the column has them. No row has a
/// word of anything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    whole: Vec<String>,
    begun: Vec<String>,
}

impl Words {
    /// Also this word.
    #[must_use]
    pub fn whole(mut self, word: impl Into<String>) -> Self {
        self.whole.push(word.into());
        self
    }

    /// Also a word that begins like this.
    #[must_use]
    pub fn begun(mut self, beginning: impl Into<String>) -> Self {
        self.begun.push(beginning.into());
        self
    }

    /// The query in the database's own language, quoted words and nothing else; `None` when no row can have them.
    fn query(&self, backend: DbBackend) -> Option<String> {
        let (quote, all, prefix) = match backend {
            DbBackend::Postgres => ('\'', " & ", ":*"),
            _ => ('"', " AND ", " *"),
        };
        let whole = self.whole.iter().map(|word| (word, ""));
        let begun = self.begun.iter().map(|word| (word, prefix));
        let term = |(word, end): (&String, &str)| is_word(word).then(|| format!("{quote}{word}{quote}{end}"));
        let terms = whole.chain(begun).map(term).collect::<Option<Vec<String>>>()?;
        (!terms.is_empty()).then(|| terms.join(all))
    }

    /// That a row of a stored table has these words. Without any word, no row does.
    pub(super) fn found(&self, backend: DbBackend, table: &Table, stored: &str) -> Expr {
        let Some(query) = self.query(backend) else { return Expr::cust("1 = 0") };
        let name = table.name;
        let condition = match backend {
            DbBackend::Postgres => format!("\"{name}\".\"{LEXEMES}\" @@ CAST($1 AS tsquery)"),
            _ => format!(
                "\"{name}\".\"{DOCUMENT}\" IN (SELECT rowid FROM \"{stored}_{SUFFIX}\" WHERE \"{stored}_{SUFFIX}\" MATCH ?)"
            ),
        };
        Expr::cust_with_values(condition, [query])
    }
}

/// What the tokenizer of SQLite takes for one word and leaves as it is; so nothing that would need escaping either.
fn is_word(text: &str) -> bool {
    let is_part = |c: char| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit();
    !text.is_empty() && text.chars().all(is_part)
}

/// The column that the index of a table needs.
///
/// On PostgreSQL what it is over, kept by the database itself: exact words without their places, since the parser behind
/// `to_tsvector` would cut words up by rules, and by a locale, of its own.
pub(super) fn own_column(backend: DbBackend, column: &str) -> ColumnDef {
    if backend == DbBackend::Sqlite {
        return ColumnDef::new(Alias::new(DOCUMENT)).integer().primary_key().to_owned();
    }
    let array = format!("array_remove(string_to_array(\"{column}\", ' '), '')");
    let mut lexemes = ColumnDef::new_with_type(Alias::new(LEXEMES), ColumnType::custom("tsvector"));
    lexemes.generated(Expr::cust(format!("array_to_tsvector({array})")), true);
    lexemes
}

/// Drops what the index of a stored table has of its own.
pub(super) async fn drop_index(
    connection: &impl ConnectionTrait,
    table: &Table,
    stored: &str,
) -> Result<(), DbErr> {
    if table.words.is_some() && connection.get_database_backend() == DbBackend::Sqlite {
        connection.execute_unprepared(&format!("DROP TABLE IF EXISTS \"{stored}_{SUFFIX}\"")).await?;
    }
    Ok(())
}

/// Makes the index of a stored table and fills it with what is there; from then on it is kept in step with every row.
pub(super) fn index_statements(backend: DbBackend, column: &str, stored: &str) -> Vec<String> {
    let index = format!("{stored}_{SUFFIX}");
    if backend == DbBackend::Postgres {
        return vec![format!(
            "CREATE INDEX IF NOT EXISTS \"{index}\" ON \"{stored}\" USING GIN (\"{LEXEMES}\")"
        )];
    }
    // Of the tokenizers, `ascii` alone leaves letters beyond ASCII as they are; a row's words stand in the row itself.
    let index_table = format!(
        "CREATE VIRTUAL TABLE IF NOT EXISTS \"{index}\" USING fts5(\"{column}\", content='{stored}', \
         content_rowid='{DOCUMENT}', tokenize='ascii', detail='none', columnsize=0, prefix='1')"
    );
    let put = format!(
        "INSERT INTO \"{index}\" (rowid, \"{column}\") VALUES (new.\"{DOCUMENT}\", new.\"{column}\");"
    );
    let take = format!(
        "INSERT INTO \"{index}\" (\"{index}\", rowid, \"{column}\") VALUES ('delete', old.\"{DOCUMENT}\", old.\"{column}\");"
    );
    let trigger = |name: &str, when: &str, body: &str| {
        format!("CREATE TRIGGER IF NOT EXISTS \"{index}_{name}\" AFTER {when} BEGIN {body} END")
    };
    vec![
        index_table,
        format!("INSERT INTO \"{index}\" (\"{index}\") VALUES ('rebuild')"),
        trigger("put", &format!("INSERT ON \"{stored}\""), &put),
        trigger("taken", &format!("DELETE ON \"{stored}\""), &take),
        trigger(
            "changed",
            &format!("UPDATE OF \"{column}\" ON \"{stored}\" WHEN old.\"{column}\" IS NOT new.\"{column}\""),
            &format!("{take} {put}"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_in_either_language() {
        let words = Words::default().whole("and").whole("é7").begun("near");
        assert_eq!(words.query(DbBackend::Sqlite).unwrap(), r#""and" AND "é7" AND "near" *"#);
        assert_eq!(words.query(DbBackend::Postgres).unwrap(), "'and' & 'é7' & 'near':*");
    }

    #[test]
    fn what_is_no_word_is_no_query_either() {
        assert_eq!(Words::default().query(DbBackend::Sqlite), None);
        for text in ["", "a b", "a'", "a\"", "\\", "A", "a*", "\0"] {
            assert_eq!(Words::default().whole("a").begun(text).query(DbBackend::Postgres), None, "{text:?}");
        }
    }
}
