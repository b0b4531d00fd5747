//! What is shown of a user, as plain values: what its changes are told by.

use async_graphql::Value;

use super::fold::Users;
use super::graphql::User;
use super::query::UserStatus;
use super::table::{Entity, Model};
use crate::engine::time::Instant;
use crate::graphql::{Address, Result};
use crate::read::changes::graphql::Changing;
use crate::read::shown::{Shown, address_json};

impl Changing for User {
    type Model = Users;
    type Table = Entity;
    const MODEL: Users = Users;

    fn version(row: &Model) -> i64 {
        row.version.into()
    }

    fn shown(row: &Model) -> Result<Shown> {
        let address = row.address.as_deref().map(Address::from_stored).transpose()?;
        Ok(Shown::default()
            .with("name", &row.name)
            .with("email", &row.email)
            .with("emailVerified", &row.email_verified)
            .and("address", address.as_ref().map_or(Value::Null, address_json))
            .with("status", &UserStatus::of(row))
            .with("createdAt", &Instant::from_micros(row.created_at)))
    }
}
