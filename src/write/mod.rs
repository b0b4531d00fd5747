//! The command side: one folder an aggregate; this list names them all.

/// How commands find what they change.
pub mod entity;
/// Mutations that come from a file.
pub mod import;
/// What the inputs of mutations share.
pub mod input;
/// From the input of a mutation to its outcome.
pub mod mutation;
/// What mutations answer.
pub mod payload;
/// All problems of one input, told at once.
pub mod problems;
/// Why a command is not carried out.
pub mod rejection;
/// Reading stored events.
pub mod stored;
/// The one resolver behind all mutations.
pub mod submit;
/// What commands carry and events keep.
pub mod value;

/// What is ordered, and how far it is.
pub mod order;
/// What is sold, for how much, and how many there are.
pub mod product;
/// Who buys.
pub mod user;

#[cfg(test)]
mod golden;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

pub use self::import::CarriedOut;
pub use self::mutation::Sender;
pub use self::payload::CommandPayload;

use async_graphql::MergedObject;

use self::import::import;
use self::mutation::Mutation as _;
use self::order::commands as orders;
use self::product::commands as products;
use self::user::commands as users;
use crate::engine::decision::Aggregates;
use crate::engine::time::Instant;
use crate::engine::writer::{WriteError, Writer};

/// Every kind of stream in the shop.
pub fn aggregates() -> Aggregates {
    Aggregates::new()
        .with::<user::aggregate::User>()
        .with::<product::aggregate::Product>()
        .with::<order::aggregate::Order>()
}

/// What can be asked to change. Mutations of one request are carried out one after another; one that fails for a technical
/// reason does not hide the outcome of the others.
#[derive(MergedObject, Default)]
#[graphql(name = "Mutation")]
pub struct MutationRoot(
    user::graphql::UserMutations,
    product::graphql::ProductMutations,
    order::graphql::OrderMutations,
);

/// Carries out one mutation that comes from a file, as if it had been sent at an instant: by its name, with its input as
/// the API takes it.
///
/// # Errors
/// When the writer has no outcome to tell; it is safe to carry out the mutation again if it has a `commandId`.
pub async fn carry_out(
    writer: &Writer,
    mutation: &str,
    input: serde_json::Value,
    at: Instant,
) -> Result<CarriedOut, WriteError> {
    match mutation {
        users::CreateUser::NAME => import::<users::CreateUser>(writer, input, at).await,
        users::RenameUser::NAME => import::<users::RenameUser>(writer, input, at).await,
        users::ChangeAddress::NAME => import::<users::ChangeAddress>(writer, input, at).await,
        users::ChangeEmail::NAME => import::<users::ChangeEmail>(writer, input, at).await,
        users::VerifyEmail::NAME => import::<users::VerifyEmail>(writer, input, at).await,
        users::DeactivateUser::NAME => import::<users::DeactivateUser>(writer, input, at).await,
        users::ReactivateUser::NAME => import::<users::ReactivateUser>(writer, input, at).await,
        products::CreateProduct::NAME => import::<products::CreateProduct>(writer, input, at).await,
        products::RenameProduct::NAME => import::<products::RenameProduct>(writer, input, at).await,
        products::ChangePrice::NAME => import::<products::ChangePrice>(writer, input, at).await,
        products::ReceiveStock::NAME => import::<products::ReceiveStock>(writer, input, at).await,
        products::AdjustStock::NAME => import::<products::AdjustStock>(writer, input, at).await,
        products::DiscontinueProduct::NAME => import::<products::DiscontinueProduct>(writer, input, at).await,
        orders::PlaceOrder::NAME => import::<orders::PlaceOrder>(writer, input, at).await,
        orders::PayOrder::NAME => import::<orders::PayOrder>(writer, input, at).await,
        orders::ShipOrder::NAME => import::<orders::ShipOrder>(writer, input, at).await,
        orders::DeliverOrder::NAME => import::<orders::DeliverOrder>(writer, input, at).await,
        orders::CancelOrder::NAME => import::<orders::CancelOrder>(writer, input, at).await,
        orders::ReturnOrder::NAME => import::<orders::ReturnOrder>(writer, input, at).await,
        unknown => Ok(CarriedOut::Malformed(format!("expected the name of a mutation; came {unknown:?}"))),
    }
}
