//! The events of users in the API: what each has beside the common fields.

use std::sync::Arc;

use async_graphql::{ID, SimpleObject};

use super::fact::{Fact, Payload};
use super::graphql::Event;
use crate::engine::event::{DecodeError, Recorded};
use crate::graphql::Address;
use crate::read::shown::shown_address;
use crate::write::user::event::UserEvent;

/// An event of a user as the API shows it.
///
/// # Errors
/// When it is none this program knows.
pub fn shown(recorded: Arc<Recorded>) -> Result<Event, DecodeError> {
    let user_id = ID::from(recorded.stream_id);
    Ok(match recorded.decode()? {
        UserEvent::UserCreated(event) => Fact::new(
            recorded,
            UserCreated {
                user_id,
                name: event.name.to_string(),
                email: event.email.to_string(),
                address: event.address.as_ref().map(shown_address),
            },
        )?
        .into(),
        UserEvent::UserRenamed(event) => {
            Fact::new(recorded, UserRenamed { user_id, name: event.name.to_string() })?.into()
        }
        UserEvent::AddressChanged(event) => {
            Fact::new(recorded, AddressChanged { user_id, address: shown_address(&event.address) })?.into()
        }
        UserEvent::EmailChanged(event) => {
            Fact::new(recorded, EmailChanged { user_id, email: event.email.to_string() })?.into()
        }
        UserEvent::EmailVerified(event) => {
            Fact::new(recorded, EmailVerified { user_id, email: event.email.to_string() })?.into()
        }
        UserEvent::UserDeactivated(_) => Fact::new(recorded, UserDeactivated { user_id })?.into(),
        UserEvent::UserReactivated(_) => Fact::new(recorded, UserReactivated { user_id })?.into(),
    })
}

/// Somebody became a user.
#[derive(SimpleObject)]
#[graphql(name = "UserCreatedPart")]
pub struct UserCreated {
    /// The user it happened to.
    user_id: ID,
    /// The full name.
    name: String,
    /// The e-mail address, not verified yet.
    email: String,
    /// The postal address, if one was given.
    address: Option<Address>,
}

impl Payload for UserCreated {
    const NAME: &'static str = "UserCreated";
    const DESCRIPTION: &'static str = "Somebody became a user.";
}

/// A user has a new name.
#[derive(SimpleObject)]
#[graphql(name = "UserRenamedPart")]
pub struct UserRenamed {
    /// The user it happened to.
    user_id: ID,
    /// The new name.
    name: String,
}

impl Payload for UserRenamed {
    const NAME: &'static str = "UserRenamed";
    const DESCRIPTION: &'static str = "A user has a new name.";
}

/// A user has a new postal address.
#[derive(SimpleObject)]
#[graphql(name = "AddressChangedPart")]
pub struct AddressChanged {
    /// The user it happened to.
    user_id: ID,
    /// The new address.
    address: Address,
}

impl Payload for AddressChanged {
    const NAME: &'static str = "AddressChanged";
    const DESCRIPTION: &'static str = "A user has a new postal address.";
}

/// A user has a new e-mail address, which is not verified.
#[derive(SimpleObject)]
#[graphql(name = "EmailChangedPart")]
pub struct EmailChanged {
    /// The user it happened to.
    user_id: ID,
    /// The new address.
    email: String,
}

impl Payload for EmailChanged {
    const NAME: &'static str = "EmailChanged";
    const DESCRIPTION: &'static str = "A user has a new e-mail address, which is not verified.";
}

/// A user has shown control of the e-mail address.
#[derive(SimpleObject)]
#[graphql(name = "EmailVerifiedPart")]
pub struct EmailVerified {
    /// The user it happened to.
    user_id: ID,
    /// The verified address.
    email: String,
}

impl Payload for EmailVerified {
    const NAME: &'static str = "EmailVerified";
    const DESCRIPTION: &'static str = "A user has shown control of the e-mail address.";
}

/// A user can do nothing any more but be reactivated.
#[derive(SimpleObject)]
#[graphql(name = "UserDeactivatedPart")]
pub struct UserDeactivated {
    /// The user it happened to.
    user_id: ID,
}

impl Payload for UserDeactivated {
    const NAME: &'static str = "UserDeactivated";
    const DESCRIPTION: &'static str = "A user can do nothing any more but be reactivated.";
}

/// A deactivated user is active again.
#[derive(SimpleObject)]
#[graphql(name = "UserReactivatedPart")]
pub struct UserReactivated {
    /// The user it happened to.
    user_id: ID,
}

impl Payload for UserReactivated {
    const NAME: &'static str = "UserReactivated";
    const DESCRIPTION: &'static str = "A deactivated user is active again.";
}
