//! What can be asked of products. A discontinued one takes no name, price or order; its stock still moves.

mod listing;
mod stock;

pub use listing::{ChangePrice, CreateProduct, DiscontinueProduct, RenameProduct};
pub use stock::{AdjustStock, ReceiveStock, release, reserve};

use uuid::Uuid;

use super::aggregate::Product;
use super::event::ProductEvent;
use crate::engine::decision::{Decision, Streams};
use crate::write::rejection::Rejection;

fn record(streams: &mut Streams<'_>, product_id: Uuid, event: ProductEvent) -> Decision<Rejection> {
    Ok(streams.record::<Product>(product_id, event)?)
}
