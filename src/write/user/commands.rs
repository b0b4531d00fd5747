//! What can be asked of users. A deactivated user can only be reactivated.

use serde::Serialize;
use uuid::Uuid;

use super::aggregate::{Profile, User};
use super::event::{
    Address, AddressChanged, Email, EmailChanged, EmailVerified, Name, UserCreated, UserDeactivated,
    UserEvent, UserReactivated, UserRenamed,
};
use crate::engine::decision::{Command, Decision, Stop, StreamRef, Streams};
use crate::engine::time::Instant;
use crate::write::entity::{absent, find_at};
use crate::write::rejection::{Rejection, path};

/// Makes a new user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CreateUser {
    pub id: Uuid,
    pub name: Name,
    pub email: Email,
    pub address: Option<Address>,
}

impl Command for CreateUser {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        absent(streams, self.id)?;
        let Self { id, name, email, address } = self.clone();
        record(streams, id, UserEvent::UserCreated(UserCreated { name, email, address }))
    }
}

/// Gives a user a new name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RenameUser {
    pub user_id: Uuid,
    pub expected_version: Option<i32>,
    pub name: Name,
}

impl Command for RenameUser {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.user_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let user = active(streams, self.user_id, self.expected_version)?;
        if user.name == self.name {
            return Err(Rejection::NoChange { what: "name", path: path(["name"]) }.into());
        }
        record(streams, self.user_id, UserEvent::UserRenamed(UserRenamed { name: self.name.clone() }))
    }
}

/// Gives a user a new postal address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeAddress {
    pub user_id: Uuid,
    pub expected_version: Option<i32>,
    pub address: Address,
}

impl Command for ChangeAddress {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.user_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let user = active(streams, self.user_id, self.expected_version)?;
        if user.address.as_ref() == Some(&self.address) {
            return Err(Rejection::NoChange { what: "address", path: path(["address"]) }.into());
        }
        let address = self.address.clone();
        record(streams, self.user_id, UserEvent::AddressChanged(AddressChanged { address }))
    }
}

/// Gives a user a new e-mail address; written in other case it is another one, to be verified again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEmail {
    pub user_id: Uuid,
    pub expected_version: Option<i32>,
    pub email: Email,
}

impl Command for ChangeEmail {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.user_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let user = active(streams, self.user_id, self.expected_version)?;
        if user.email == self.email {
            return Err(Rejection::NoChange { what: "e-mail address", path: path(["email"]) }.into());
        }
        record(streams, self.user_id, UserEvent::EmailChanged(EmailChanged { email: self.email.clone() }))
    }
}

/// Notes that a user has shown control of an e-mail address, provided it is still the user's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyEmail {
    pub user_id: Uuid,
    pub expected_version: Option<i32>,
    pub email: Email,
}

impl Command for VerifyEmail {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.user_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let user_id = self.user_id;
        let user = active(streams, user_id, self.expected_version)?;
        // One mailbox however it is written: mail programs change the case of addresses.
        if user.email.key() != self.email.key() {
            return Err(Rejection::EmailNotCurrent { user_id, email: self.email.to_string() }.into());
        }
        if user.email_verified {
            return Err(Rejection::EmailAlreadyVerified { user_id, email: self.email.to_string() }.into());
        }
        let email = user.email.clone();
        record(streams, user_id, UserEvent::EmailVerified(EmailVerified { email }))
    }
}

/// Takes every possibility from a user but the one to be reactivated. Open orders go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeactivateUser {
    pub user_id: Uuid,
    pub expected_version: Option<i32>,
}

impl Command for DeactivateUser {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.user_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        active(streams, self.user_id, self.expected_version)?;
        record(streams, self.user_id, UserEvent::UserDeactivated(UserDeactivated {}))
    }
}

/// Makes a deactivated user active again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReactivateUser {
    pub user_id: Uuid,
    pub expected_version: Option<i32>,
}

impl Command for ReactivateUser {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        vec![StreamRef(self.user_id)]
    }

    fn decide(&self, streams: &mut Streams<'_>, _at: Instant) -> Decision<Rejection> {
        let user = find_at::<User>(streams, self.user_id, self.expected_version)?;
        if user.active {
            return Err(Rejection::InvalidTransition {
                noun: "user",
                id: self.user_id,
                from: "ACTIVE",
                to: "ACTIVE",
                sources: "DEACTIVATED",
                path: path(["userId"]),
            }
            .into());
        }
        record(streams, self.user_id, UserEvent::UserReactivated(UserReactivated {}))
    }
}

/// The user that a command changes, unless deactivated.
fn active<'s>(
    streams: &'s mut Streams<'_>,
    user_id: Uuid,
    expected: Option<i32>,
) -> Result<&'s Profile, Stop<Rejection>> {
    let user = find_at::<User>(streams, user_id, expected)?;
    if user.active { Ok(user) } else { Err(Rejection::UserDeactivated { user_id }.into()) }
}

fn record(streams: &mut Streams<'_>, user_id: Uuid, event: UserEvent) -> Decision<Rejection> {
    Ok(streams.record::<User>(user_id, event)?)
}
