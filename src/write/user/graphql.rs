//! The mutations of users, and the user in their payload.

use async_graphql::{Context, Object};
use uuid::Uuid;

use super::commands::{
    ChangeAddress, ChangeEmail, CreateUser, DeactivateUser, ReactivateUser, RenameUser, VerifyEmail,
};
use super::input::{
    ChangeAddressInput, ChangeEmailInput, CreateUserInput, RenameUserInput, UserCommandInput,
    VerifyEmailInput,
};
use crate::engine::event::{Events, Position};
use crate::graphql::{At, Result};
use crate::read::users::graphql::User;
use crate::read::users::loader;
use crate::write::payload::{After, Part, Payload, Shown};
use crate::write::submit::submit;

/// What a mutation of a user answers.
pub type UserPayload = Payload<UserAfter>;

/// The user in a payload.
pub struct UserAfter(After);

#[Object(name = "UserPayloadPart")]
impl UserAfter {
    /// The state right after the command; null when refused and unknown.
    async fn user(&self, context: &Context<'_>) -> Option<Result<User>> {
        self.0.show(context).await.transpose()
    }
}

impl From<After> for UserAfter {
    fn from(after: After) -> Self {
        Self(after)
    }
}

impl Part for UserAfter {
    const PAYLOAD: &'static str = "UserPayload";
    const DESCRIPTION: &'static str = "What came of a command for a user.";
}

impl Shown for User {
    async fn load(context: &Context<'_>, id: Uuid, at: At) -> Result<Option<Self>> {
        loader::load(context, id, at).await
    }

    async fn preview(context: &Context<'_>, id: Uuid, events: &Events, on: Position) -> Result<Option<Self>> {
        User::preview(context, id, events, on).await
    }
}

/// The mutations of users.
#[derive(Default)]
pub struct UserMutations;

#[Object]
impl UserMutations {
    /// Makes a new user, whose e-mail address is not verified.
    async fn create_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Who, and how to carry it out.")] input: CreateUserInput,
    ) -> Option<Result<UserPayload>> {
        Some(submit::<CreateUser, _>(context, input).await)
    }

    /// Gives a user a new name.
    async fn rename_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom, the name, and how to carry it out.")] input: RenameUserInput,
    ) -> Option<Result<UserPayload>> {
        Some(submit::<RenameUser, _>(context, input).await)
    }

    /// Gives a user a new postal address.
    async fn change_address(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom, the address, and how to carry it out.")] input: ChangeAddressInput,
    ) -> Option<Result<UserPayload>> {
        Some(submit::<ChangeAddress, _>(context, input).await)
    }

    /// Gives a user a new e-mail address, which is not verified.
    async fn change_email(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom, the e-mail address, and how to carry it out.")] input: ChangeEmailInput,
    ) -> Option<Result<UserPayload>> {
        Some(submit::<ChangeEmail, _>(context, input).await)
    }

    /// Notes that a user has shown control of an e-mail address.
    async fn verify_email(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom, the e-mail address, and how to carry it out.")] input: VerifyEmailInput,
    ) -> Option<Result<UserPayload>> {
        Some(submit::<VerifyEmail, _>(context, input).await)
    }

    /// Takes every possibility from a user but the one to be reactivated. Open orders go on; the e-mail address stays
    /// taken.
    async fn deactivate_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom, and how to carry it out.")] input: UserCommandInput,
    ) -> Option<Result<UserPayload>> {
        Some(submit::<DeactivateUser, _>(context, input).await)
    }

    /// Makes a deactivated user active again.
    async fn reactivate_user(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Whom, and how to carry it out.")] input: UserCommandInput,
    ) -> Option<Result<UserPayload>> {
        Some(submit::<ReactivateUser, _>(context, input).await)
    }
}
