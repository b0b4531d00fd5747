//! What can be asked about users, and the select that answers it.

use async_graphql::{Enum, InputObject};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryTrait, Select};

use super::table::{Column, Entity, Model};
use crate::engine::read_model::Query;
use crate::engine::time::Instant;
use crate::fold::{fold, fold_case};
use crate::graphql::paging::{Sorting, containing, ended_by, has_come_to};
use crate::graphql::scalars::CountryCode;
use crate::graphql::{At, Result, SortDirection, text_argument};

/// Whether a user can do anything.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserStatus {
    /// Can order and be changed.
    Active,
    /// Can only be reactivated.
    Deactivated,
}

impl UserStatus {
    /// The status of a user as the row has it.
    pub fn of(row: &Model) -> Self {
        if row.active { Self::Active } else { Self::Deactivated }
    }
}

/// Which users; every field given must fit.
#[derive(InputObject, Clone, Debug, Default)]
pub struct UserFilter {
    /// Only users of this status.
    pub status: Option<UserStatus>,
    /// Only users who have, or have not, shown control of their e-mail address.
    pub email_verified: Option<bool>,
    /// Only users with an address in this country.
    pub country: Option<CountryCode>,
    /// Only users whose e-mail address holds this text, whatever its case.
    pub email_contains: Option<String>,
    /// Only users whose name holds this text, whatever its case and accents.
    pub name_contains: Option<String>,
    /// Only users created at or after this instant.
    pub created_from: Option<Instant>,
    /// Only users created before this instant.
    pub created_until: Option<Instant>,
}

impl UserFilter {
    /// Checks what its types do not say.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` that names the field.
    pub fn check(&self) -> Result<()> {
        self.email_contains.as_deref().map_or(Ok(()), |text| text_argument("filter.emailContains", text))?;
        self.name_contains.as_deref().map_or(Ok(()), |text| text_argument("filter.nameContains", text))
    }
}

/// What users can be sorted by.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserSortField {
    /// When they were created.
    #[default]
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// By name, whatever its case and accents.
    Name,
    /// By e-mail address, whatever its case.
    Email,
}

/// The order of a list of users; equal ones by id.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct UserSort {
    /// What to sort by.
    pub field: UserSortField,
    /// Which way.
    pub direction: SortDirection,
}

impl Default for UserSort {
    fn default() -> Self {
        Self { field: UserSortField::default(), direction: SortDirection::Desc }
    }
}

/// The users that fit at a moment, in no order yet.
pub fn matching(filter: &UserFilter, at: At) -> Query<Entity> {
    let from = |those: Select<Entity>, from: Instant| those.filter(has_come_to(from.micros(), at));
    let those = Query::of(Entity::find().apply_if(filter.created_from, from));
    let mut query = those.born_by(Column::CreatedAt, at.until.micros());
    if let Some(text) = &filter.email_contains {
        query = query.meeting(Column::EmailKey, Column::EmailKey.like(containing(&fold_case(text))));
    }
    if let Some(text) = &filter.name_contains {
        query = query.meeting(Column::NameKey, Column::NameKey.like(containing(&fold(text))));
    }
    if let Some(country) = &filter.country {
        query = query.one_of(Column::Country, [country.as_str()]);
    }
    if let Some(status) = filter.status {
        query = query.one_of(Column::Active, [status == UserStatus::Active]);
    }
    if let Some(verified) = filter.email_verified {
        query = query.one_of(Column::EmailVerified, [verified]);
    }
    if let Some(from) = filter.created_from {
        query = query.within(Column::CreatedAt, Column::CreatedAt.gte(from.micros()));
    }
    if let Some(until) = filter.created_until {
        query = query.within(
            Column::CreatedAt,
            ExprTrait::lt(Column::CreatedAt.into_expr(), ended_by(until.micros(), at)),
        );
    }
    query
}

impl UserSort {
    /// The order of rows as they stood, of those that fit.
    pub fn order(self, filter: &UserFilter, at: At) -> Sorting<Column> {
        let order = Sorting::new(Column::Id, self.direction);
        match self.field {
            UserSortField::CreatedAt => order.time(Column::CreatedAt, at),
            // Nobody was changed before being created.
            UserSortField::UpdatedAt => {
                order.time(Column::UpdatedAt, at).since(filter.created_from.map(Instant::micros))
            }
            UserSortField::Name => order.text(Column::NameKey),
            UserSortField::Email => order.text(Column::EmailKey),
        }
    }
}

/// The user with an e-mail address, whatever its case; one at most at any moment.
pub fn with_email(email: &str) -> Select<Entity> {
    Entity::find().filter(Column::EmailKey.eq(fold_case(email)))
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, QueryTrait};

    use super::*;
    use crate::engine::event::Position;
    use crate::graphql::paging::{Listing, PageArgs};

    #[test]
    fn users_created_since_a_day_are_walked_over_since_then_by_their_last_change() {
        let at = At::now(Position::from_stored(9), Instant::from_micros(90));
        let since = UserFilter { created_from: Some(Instant::from_micros(7)), ..UserFilter::default() };
        let page = PageArgs::default().page(&Listing::new("users", 1)).unwrap();
        for (field, is_limited) in [(UserSortField::UpdatedAt, true), (UserSortField::Name, false)] {
            let order = UserSort { field, ..UserSort::default() }.order(&since, at);
            let list = order.page(&page, matching(&since, at)).unwrap().into_select();
            let sql = list.build(DbBackend::Sqlite).to_string();
            assert_eq!(sql.contains(r#""users"."updated_at" >= 7"#), is_limited, "{sql}");
        }
    }
}
