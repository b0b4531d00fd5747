//! What the mutations of users take, and the commands that sound inputs ask for.

use async_graphql::{ID, InputObject};
use uuid::Uuid;

use super::commands::{
    ChangeAddress, ChangeEmail, CreateUser, DeactivateUser, ReactivateUser, RenameUser, VerifyEmail,
};
use super::event::{Address, Email, Name};
use crate::graphql::AddressInput;
use crate::write::input::{ChangeTerms, CreateTerms, Given, Input, id, new_id};
use crate::write::mutation::Mutation;
use crate::write::problems::Problems;

/// A user to be.
#[derive(InputObject, Clone, Debug)]
pub struct CreateUserInput {
    /// The new user's id, a UUID; the server makes one when absent.
    pub id: Option<ID>,
    /// The full name, in 1 to 200 characters.
    pub name: String,
    /// The e-mail address, which no other user may have.
    pub email: String,
    /// The postal address.
    pub address: Option<AddressInput>,
    #[graphql(flatten)]
    pub terms: CreateTerms,
}

/// A new name for a user.
#[derive(InputObject, Clone, Debug)]
pub struct RenameUserInput {
    /// The user to rename.
    pub user_id: ID,
    /// The new full name, in 1 to 200 characters.
    pub name: String,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// A new postal address for a user.
#[derive(InputObject, Clone, Debug)]
pub struct ChangeAddressInput {
    /// The user who moved.
    pub user_id: ID,
    /// The new postal address.
    pub address: AddressInput,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// A new e-mail address for a user.
#[derive(InputObject, Clone, Debug)]
pub struct ChangeEmailInput {
    /// The user whose address it is.
    pub user_id: ID,
    /// The new e-mail address, which no other user may have; not verified until shown to be the user's.
    pub email: String,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// Called once the user has shown control of `email`; refused with EMAIL_NOT_CURRENT if the user has another address by
/// now.
#[derive(InputObject, Clone, Debug)]
pub struct VerifyEmailInput {
    /// The user whose address it is.
    pub user_id: ID,
    /// The e-mail address that the user has shown control of.
    pub email: String,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

/// Something to be done with a user that needs no more than its id.
#[derive(InputObject, Clone, Debug)]
pub struct UserCommandInput {
    /// The user it is done with.
    pub user_id: ID,
    #[graphql(flatten)]
    pub terms: ChangeTerms,
}

impl Input for CreateUserInput {
    fn given(&self) -> Given {
        self.terms.given(self.id.as_ref())
    }
}

impl Input for RenameUserInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for ChangeAddressInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for ChangeEmailInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for VerifyEmailInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Input for UserCommandInput {
    fn given(&self) -> Given {
        self.terms.given()
    }
}

impl Mutation for CreateUser {
    const NAME: &'static str = "createUser";
    type Input = CreateUserInput;

    fn parse(input: CreateUserInput, problems: &mut Problems) -> Option<Self> {
        let id = new_id(problems, input.id.as_ref());
        let name = problems.take("name", Name::parse(input.name));
        let email = problems.take("email", Email::parse(input.email));
        let address = problems
            .optional(input.address, |problems, given| Address::parse(problems, "address", given.into()));
        Some(Self { id: id?, name: name?, email: email?, address: address? })
    }

    fn entity(&self) -> Uuid {
        self.id
    }
}

impl Mutation for RenameUser {
    const NAME: &'static str = "renameUser";
    type Input = RenameUserInput;

    fn parse(input: RenameUserInput, problems: &mut Problems) -> Option<Self> {
        let user_id = id(problems, "userId", &input.user_id);
        let name = problems.take("name", Name::parse(input.name));
        Some(Self { user_id: user_id?, expected_version: input.terms.expected_version, name: name? })
    }

    fn entity(&self) -> Uuid {
        self.user_id
    }
}

impl Mutation for ChangeAddress {
    const NAME: &'static str = "changeAddress";
    type Input = ChangeAddressInput;

    fn parse(input: ChangeAddressInput, problems: &mut Problems) -> Option<Self> {
        let user_id = id(problems, "userId", &input.user_id);
        let address = Address::parse(problems, "address", input.address.into());
        Some(Self { user_id: user_id?, expected_version: input.terms.expected_version, address: address? })
    }

    fn entity(&self) -> Uuid {
        self.user_id
    }
}

impl Mutation for ChangeEmail {
    const NAME: &'static str = "changeEmail";
    type Input = ChangeEmailInput;

    fn parse(input: ChangeEmailInput, problems: &mut Problems) -> Option<Self> {
        let user_id = id(problems, "userId", &input.user_id);
        let email = problems.take("email", Email::parse(input.email));
        Some(Self { user_id: user_id?, expected_version: input.terms.expected_version, email: email? })
    }

    fn entity(&self) -> Uuid {
        self.user_id
    }
}

impl Mutation for VerifyEmail {
    const NAME: &'static str = "verifyEmail";
    type Input = VerifyEmailInput;

    fn parse(input: VerifyEmailInput, problems: &mut Problems) -> Option<Self> {
        let user_id = id(problems, "userId", &input.user_id);
        let email = problems.take("email", Email::parse(input.email));
        Some(Self { user_id: user_id?, expected_version: input.terms.expected_version, email: email? })
    }

    fn entity(&self) -> Uuid {
        self.user_id
    }
}

impl Mutation for DeactivateUser {
    const NAME: &'static str = "deactivateUser";
    type Input = UserCommandInput;

    fn parse(input: UserCommandInput, problems: &mut Problems) -> Option<Self> {
        let user_id = id(problems, "userId", &input.user_id)?;
        Some(Self { user_id, expected_version: input.terms.expected_version })
    }

    fn entity(&self) -> Uuid {
        self.user_id
    }
}

impl Mutation for ReactivateUser {
    const NAME: &'static str = "reactivateUser";
    type Input = UserCommandInput;

    fn parse(input: UserCommandInput, problems: &mut Problems) -> Option<Self> {
        let user_id = id(problems, "userId", &input.user_id)?;
        Some(Self { user_id, expected_version: input.terms.expected_version })
    }

    fn entity(&self) -> Uuid {
        self.user_id
    }
}
