//! From the events of users to their rows.

use super::table::{self, Model};
use crate::engine::event::{DecodeError, Recorded};
use crate::engine::read_model::{Keys, ReadModel, Rows, Table};
use crate::fold::{fold, fold_case};
use crate::write::user::event::{Address, STREAM_TYPE, UserCreated, UserEvent};

/// The users as they are and were.
pub struct Users;

impl ReadModel for Users {
    const NAME: &'static str = "users";
    const REVISION: i32 = 6;
    const STREAM_TYPES: Option<&'static [&'static str]> = Some(&[STREAM_TYPE]);

    fn tables() -> Vec<Table> {
        vec![table::table()]
    }

    fn keys(&self, event: &Recorded, _: &Rows) -> Result<Keys, DecodeError> {
        Ok(if event.stream_type == STREAM_TYPE { Keys::one::<Model>(event.stream_id) } else { Keys::none() })
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        if event.stream_type != STREAM_TYPE {
            return Ok(());
        }
        let before = rows.get::<Model>(event.stream_id).cloned();
        if let Some(row) = apply(before, event.decode()?, event) {
            rows.put(row);
        }
        Ok(())
    }
}

/// The row after an event; `None` where there is no user the event could have happened to.
fn apply(before: Option<Model>, happened: UserEvent, event: &Recorded) -> Option<Model> {
    let mut row = match happened {
        UserEvent::UserCreated(created) => return Some(new(created, event)),
        _ => before?,
    };
    match happened {
        UserEvent::UserCreated(_) => {}
        UserEvent::UserRenamed(renamed) => {
            row.name_key = fold(renamed.name.as_str());
            row.name = renamed.name.to_string();
        }
        UserEvent::AddressChanged(changed) => {
            row.country = Some(changed.address.country.to_string());
            row.address = Some(json(&changed.address));
        }
        UserEvent::EmailChanged(changed) => {
            row.email_key = fold_case(changed.email.as_str());
            row.email = changed.email.to_string();
            row.email_verified = false;
        }
        UserEvent::EmailVerified(_) => row.email_verified = true,
        UserEvent::UserDeactivated(_) => row.active = false,
        UserEvent::UserReactivated(_) => row.active = true,
    }
    row.version += 1;
    row.updated_at = event.recorded_at.micros();
    Some(row)
}

fn new(created: UserCreated, event: &Recorded) -> Model {
    Model {
        id: event.stream_id,
        version: 1,
        name_key: fold(created.name.as_str()),
        name: created.name.to_string(),
        email_key: fold_case(created.email.as_str()),
        email: created.email.to_string(),
        email_verified: false,
        country: created.address.as_ref().map(|address| address.country.to_string()),
        address: created.address.as_ref().map(json),
        active: true,
        created_at: event.recorded_at.micros(),
        updated_at: event.recorded_at.micros(),
    }
}

/// An address is texts alone, so there is always JSON for it.
fn json(address: &Address) -> String {
    serde_json::to_string(address).unwrap_or_default()
}
