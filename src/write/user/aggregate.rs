//! A user as decisions see one.

use serde::{Deserialize, Serialize};

use super::event::{Address, Email, Name, STREAM_TYPE, UserEvent};
use crate::engine::decision::{Aggregate, Claim};
use crate::write::entity::Entity;

/// A user; nothing is known before the first event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct User(Option<Profile>);

/// What decisions know of a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    pub name: Name,
    pub email: Email,
    pub email_verified: bool,
    pub address: Option<Address>,
    pub active: bool,
}

impl Aggregate for User {
    const TYPE: &'static str = STREAM_TYPE;
    const REVISION: i32 = 1;
    type Event = UserEvent;

    fn evolve(&mut self, event: &UserEvent) {
        match (&mut self.0, event) {
            (unknown @ None, UserEvent::UserCreated(created)) => {
                *unknown = Some(Profile {
                    name: created.name.clone(),
                    email: created.email.clone(),
                    email_verified: false,
                    address: created.address.clone(),
                    active: true,
                });
            }
            (Some(profile), event) => profile.evolve(event),
            (None, _) => {}
        }
    }

    /// A deactivated user keeps the e-mail address.
    fn claims(&self) -> Vec<Claim> {
        self.0.iter().map(|profile| profile.email.claim()).collect()
    }
}

impl Profile {
    fn evolve(&mut self, event: &UserEvent) {
        match event {
            UserEvent::UserCreated(_) => {}
            UserEvent::UserRenamed(renamed) => self.name = renamed.name.clone(),
            UserEvent::AddressChanged(changed) => self.address = Some(changed.address.clone()),
            UserEvent::EmailChanged(changed) => {
                self.email = changed.email.clone();
                self.email_verified = false;
            }
            UserEvent::EmailVerified(_) => self.email_verified = true,
            UserEvent::UserDeactivated(_) => self.active = false,
            UserEvent::UserReactivated(_) => self.active = true,
        }
    }
}

impl Entity for User {
    type Known = Profile;
    const NOUN: &'static str = "user";
    const FIELD: &'static str = "userId";

    fn known(&self) -> Option<&Profile> {
        self.0.as_ref()
    }
}
