//! Why the shop does not carry out a command: for programs a code, for people a message, and where in the input.

use uuid::Uuid;

use super::value::{Currency, Email, Sku};
use crate::engine::decision::{self, Claim};

/// A business rule that refuses a command. Nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// A value of the input is not what it has to be.
    #[error("{problem}")]
    InvalidInput { problem: String, path: Vec<String> },
    /// There is no such entity; a stream of another type does not count.
    #[error("there is no {noun} with the id {id}")]
    NotFound { noun: &'static str, id: Uuid, path: Vec<String> },
    /// A create was given an id that any entity has, of whatever type.
    #[error("the id {id} is taken; leave it out to be given a new one")]
    AlreadyExists { id: Uuid },
    /// The entity has changed since the one who sent the command saw it.
    #[error("expected version {expected}, but the {noun} {id} is at version {actual}; look at it again")]
    VersionConflict { noun: &'static str, id: Uuid, expected: i32, actual: i64 },
    /// The command's id stands for a command with other content.
    #[error("the command id {command_id} was used for a command with other content; give each its own")]
    CommandIdReused { command_id: Uuid },
    /// Another user has the e-mail address; folded.
    #[error("another user has the e-mail address {email}")]
    EmailTaken { email: String },
    /// The user has another e-mail address by now.
    #[error("{email} is not the e-mail address of the user {user_id} now")]
    EmailNotCurrent { user_id: Uuid, email: String },
    /// Control of the e-mail address was shown before.
    #[error("the e-mail address {email} of the user {user_id} is verified already")]
    EmailAlreadyVerified { user_id: Uuid, email: String },
    /// Deactivated users can only be reactivated.
    #[error("the user {user_id} is deactivated; reactivate it first")]
    UserDeactivated { user_id: Uuid },
    /// Another product has the SKU; folded.
    #[error("another product has the SKU {sku}")]
    SkuTaken { sku: String },
    /// A discontinued product takes no orders, name or price.
    #[error("the product {product_id} is discontinued")]
    ProductDiscontinued { product_id: Uuid, path: Vec<String> },
    /// More units would go than there are.
    #[error("the product {product_id} has {available} units in stock, which is fewer than {wanted}")]
    InsufficientStock { product_id: Uuid, available: i32, wanted: i32, path: Vec<String> },
    /// An order, or a product over time, would have prices in two currencies.
    #[error("expected a price in {expected}; came one in {actual}")]
    CurrencyMismatch { expected: Currency, actual: Currency, path: Vec<String> },
    /// The entity is not in a state that leads to the one asked for.
    #[error("the {noun} {id} is {from}; only {sources} can become {to}")]
    InvalidTransition {
        noun: &'static str,
        id: Uuid,
        from: &'static str,
        to: &'static str,
        sources: &'static str,
        path: Vec<String>,
    },
    /// The command asks for what is so already.
    #[error("nothing would change: this is the {what} already")]
    NoChange { what: &'static str, path: Vec<String> },
}

/// The kinds of rejection, as the public API names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectionCode {
    InvalidInput,
    NotFound,
    AlreadyExists,
    VersionConflict,
    CommandIdReused,
    EmailTaken,
    EmailNotCurrent,
    EmailAlreadyVerified,
    UserDeactivated,
    SkuTaken,
    ProductDiscontinued,
    InsufficientStock,
    CurrencyMismatch,
    InvalidTransition,
    NoChange,
}

impl Rejection {
    /// Its kind.
    pub const fn code(&self) -> RejectionCode {
        use RejectionCode as Code;
        match self {
            Self::InvalidInput { .. } => Code::InvalidInput,
            Self::NotFound { .. } => Code::NotFound,
            Self::AlreadyExists { .. } => Code::AlreadyExists,
            Self::VersionConflict { .. } => Code::VersionConflict,
            Self::CommandIdReused { .. } => Code::CommandIdReused,
            Self::EmailTaken { .. } => Code::EmailTaken,
            Self::EmailNotCurrent { .. } => Code::EmailNotCurrent,
            Self::EmailAlreadyVerified { .. } => Code::EmailAlreadyVerified,
            Self::UserDeactivated { .. } => Code::UserDeactivated,
            Self::SkuTaken { .. } => Code::SkuTaken,
            Self::ProductDiscontinued { .. } => Code::ProductDiscontinued,
            Self::InsufficientStock { .. } => Code::InsufficientStock,
            Self::CurrencyMismatch { .. } => Code::CurrencyMismatch,
            Self::InvalidTransition { .. } => Code::InvalidTransition,
            Self::NoChange { .. } => Code::NoChange,
        }
    }

    /// What was expected, what came, and what to do, for the person who reads it.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// Where in the input, such as `["lines", "0", "quantity"]`.
    pub fn path(&self) -> Vec<String> {
        match self {
            Self::InvalidInput { path, .. }
            | Self::NotFound { path, .. }
            | Self::ProductDiscontinued { path, .. }
            | Self::InsufficientStock { path, .. }
            | Self::CurrencyMismatch { path, .. }
            | Self::InvalidTransition { path, .. }
            | Self::NoChange { path, .. } => path.clone(),
            Self::AlreadyExists { .. } => path(["id"]),
            Self::VersionConflict { .. } => path(["expectedVersion"]),
            Self::CommandIdReused { .. } => path(["commandId"]),
            Self::EmailTaken { .. } | Self::EmailNotCurrent { .. } | Self::EmailAlreadyVerified { .. } => {
                path(["email"])
            }
            Self::UserDeactivated { .. } => path(["userId"]),
            Self::SkuTaken { .. } => path(["sku"]),
        }
    }
}

/// A path into the input.
pub fn path<const N: usize>(segments: [&str; N]) -> Vec<String> {
    segments.map(str::to_owned).into()
}

impl decision::Rejection for Rejection {
    fn taken(claim: &Claim) -> Self {
        let key = claim.key.clone();
        match claim.scope {
            Email::SCOPE => Self::EmailTaken { email: key },
            Sku::SCOPE => Self::SkuTaken { sku: key },
            scope => {
                Self::InvalidInput { problem: format!("the {scope} {key} is taken"), path: path([scope]) }
            }
        }
    }

    fn command_id_reused(command_id: Uuid) -> Self {
        Self::CommandIdReused { command_id }
    }
}
