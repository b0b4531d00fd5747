//! One row a user.

use sea_orm::entity::prelude::*;

use crate::engine::read_model::Table;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Events of the user's stream that this row reflects.
    pub version: i32,
    pub name: String,
    /// Folded: what names are matched and sorted by.
    #[sea_orm(column_type = "Text")]
    pub name_key: String,
    pub email: String,
    /// Without case: what e-mail addresses are matched and sorted by.
    #[sea_orm(column_type = "Text")]
    pub email_key: String,
    pub email_verified: bool,
    /// JSON text, as the event has it.
    #[sea_orm(column_type = "Text", nullable)]
    pub address: Option<String>,
    pub country: Option<String>,
    pub active: bool,
    /// µs.
    pub created_at: i64,
    /// µs.
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table with an index for each order it is listed in, of all users, those of a status and those of a country, which
/// holds what lists are filtered by; and one of those whose addresses are verified or not, of which there may be few. What
/// is of all users holds neither status nor country: lists of those have indexes of their own, which PostgreSQL would pass
/// over if it could find the rows in another.
pub fn table() -> Table {
    use Column::{Active, Country, CreatedAt, EmailKey, EmailVerified, NameKey, UpdatedAt};
    let filtered = [EmailVerified, CreatedAt, NameKey, EmailKey];
    let of_both = [EmailVerified, CreatedAt, NameKey, EmailKey, Active, Country];
    Table::of::<Entity>()
        .index_holding("created", &[CreatedAt], &filtered)
        .index_holding("updated", &[UpdatedAt], &filtered)
        .index_holding("name", &[NameKey], &filtered)
        .index_holding("email", &[EmailKey], &filtered)
        .index_holding("verified", &[EmailVerified, CreatedAt], &filtered)
        .index_holding("status", &[Active, CreatedAt], &of_both)
        .index_holding("status_updated", &[Active, UpdatedAt], &of_both)
        .index_holding("status_name", &[Active, NameKey], &of_both)
        .index_holding("status_email", &[Active, EmailKey], &of_both)
        .index_holding("country", &[Country, CreatedAt], &of_both)
        .index_holding("country_updated", &[Country, UpdatedAt], &of_both)
        .index_holding("country_name", &[Country, NameKey], &of_both)
        .index_holding("country_email", &[Country, EmailKey], &of_both)
}
