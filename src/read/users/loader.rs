//! Users by id, each as of a position of its own.

use async_graphql::Context;
use uuid::Uuid;

use super::fold::Users;
use super::graphql::User;
use super::table::Entity;
use crate::graphql::{At, Result, RowLoader};

/// Loads users; one for each request, in its data.
pub type UserLoader = RowLoader<Users, Entity>;

/// The user as of a moment, if there was one.
///
/// # Errors
/// `NOT_YET_VISIBLE`, or a fault of ours.
pub async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<User>> {
    Ok(UserLoader::load(context, id, at).await?.map(|row| User::new(row, at)))
}
