//! What the inputs of mutations share: the fields that each of them has, and ways from what is given to what is meant.

use async_graphql::{ID, InputObject, InputType};
use uuid::Uuid;

use super::problems::Problems;
use super::value::{AddressFields, Reason, parse_id};
use crate::graphql::AddressInput;

/// The input of a mutation.
pub trait Input: InputType {
    /// What it has in common with all others.
    fn given(&self) -> Given;
}

/// What a create is told beside its own fields.
#[derive(InputObject, Clone, Debug, Default)]
pub struct CreateTerms {
    /// The command's own id, a UUID; the server chooses one when absent. Once the command has recorded something, the
    /// same id with the same content answers the first outcome, and with other content it is refused.
    pub command_id: Option<ID>,
    /// Why, in 1 to 2000 characters; kept with the events.
    pub reason: Option<String>,
    /// Decide, answer the events and the entity as they would be, and record nothing.
    #[graphql(default_with = "Some(false)")]
    pub dry_run: Option<bool>,
}

/// What a change is told beside its own fields.
#[derive(InputObject, Clone, Debug, Default)]
pub struct ChangeTerms {
    /// The command's own id, a UUID; the server chooses one when absent. Once the command has recorded something, the
    /// same id with the same content answers the first outcome, and with other content it is refused.
    pub command_id: Option<ID>,
    /// Refuse unless the entity is at this version.
    pub expected_version: Option<i32>,
    /// Why, in 1 to 2000 characters; kept with the events.
    pub reason: Option<String>,
    /// Decide, answer the events and the entity as they would be, and record nothing.
    #[graphql(default_with = "Some(false)")]
    pub dry_run: Option<bool>,
}

impl CreateTerms {
    /// As given, with whether the entity was given an id.
    pub fn given(&self, id: Option<&ID>) -> Given {
        let Self { command_id, reason, dry_run } = self.clone();
        Given { command_id, reason, dry_run: dry_run.unwrap_or(false), makes_id: id.is_none() }
    }
}

impl ChangeTerms {
    /// As given.
    pub fn given(&self) -> Given {
        let Self { command_id, reason, dry_run, .. } = self.clone();
        Given { command_id, reason, dry_run: dry_run.unwrap_or(false), makes_id: false }
    }
}

/// What every input holds, nothing checked yet.
#[derive(Clone, Debug)]
pub struct Given {
    command_id: Option<ID>,
    reason: Option<String>,
    dry_run: bool,
    makes_id: bool,
}

/// What every input holds; what could not be parsed is noted among the problems, and absent here.
#[derive(Clone, Debug, Default)]
pub struct Terms {
    pub command_id: Option<Uuid>,
    pub reason: Option<Reason>,
    pub dry_run: bool,
    /// Whether the server made the new entity's id, which then is no part of the content.
    pub makes_id: bool,
}

impl Given {
    /// Parses what every input holds.
    pub fn parse(self, problems: &mut Problems) -> Terms {
        let Self { command_id, reason, dry_run, makes_id } = self;
        let command_id = command_id.and_then(|given| id(problems, "commandId", &given));
        let reason = reason.and_then(|given| problems.take("reason", Reason::parse(given)));
        Terms { command_id, reason, dry_run, makes_id }
    }
}

/// The id given in a field.
pub fn id(problems: &mut Problems, field: &str, given: &ID) -> Option<Uuid> {
    problems.take(field, parse_id(given.as_str()))
}

/// The id of an entity to be: the one given, else a new one, which sorts by time.
pub fn new_id(problems: &mut Problems, given: Option<&ID>) -> Option<Uuid> {
    given.map_or_else(|| Some(Uuid::now_v7()), |given| id(problems, "id", given))
}

impl From<AddressInput> for AddressFields {
    fn from(given: AddressInput) -> Self {
        let AddressInput { line1, line2, city, region, postal_code, country } = given;
        Self { line1, line2, city, region, postal_code, country: country.as_str().to_owned() }
    }
}
