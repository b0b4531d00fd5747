//! A product as decisions see one.

use serde::{Deserialize, Serialize};

use super::event::{Money, Name, ProductEvent, STREAM_TYPE, Sku};
use crate::engine::decision::{Aggregate, Claim};
use crate::write::entity::Entity;

/// A product; nothing is known before the first event.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Product(Option<Listing>);

/// What decisions know of a product.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listing {
    pub sku: Sku,
    pub name: Name,
    pub price: Money,
    /// Units on hand that no open order has reserved.
    pub stock: i32,
    pub discontinued: bool,
}

impl Aggregate for Product {
    const TYPE: &'static str = STREAM_TYPE;
    const REVISION: i32 = 1;
    type Event = ProductEvent;

    fn evolve(&mut self, event: &ProductEvent) {
        match (&mut self.0, event) {
            (unknown @ None, ProductEvent::ProductCreated(created)) => {
                *unknown = Some(Listing {
                    sku: created.sku.clone(),
                    name: created.name.clone(),
                    price: created.price,
                    stock: created.initial_stock.get(),
                    discontinued: false,
                });
            }
            (Some(listing), event) => listing.evolve(event),
            (None, _) => {}
        }
    }

    /// A discontinued product keeps the SKU.
    fn claims(&self) -> Vec<Claim> {
        self.0.iter().map(|listing| listing.sku.claim()).collect()
    }
}

impl Listing {
    fn evolve(&mut self, event: &ProductEvent) {
        match event {
            ProductEvent::ProductCreated(_) => {}
            ProductEvent::ProductRenamed(renamed) => self.name = renamed.name.clone(),
            ProductEvent::PriceChanged(changed) => self.price = changed.price,
            ProductEvent::StockReceived(received) => self.move_stock(received.quantity.get()),
            ProductEvent::StockAdjusted(adjusted) => self.move_stock(adjusted.change.get()),
            ProductEvent::StockReserved(reserved) => {
                self.move_stock(reserved.quantity.get().saturating_neg())
            }
            ProductEvent::StockReleased(released) => self.move_stock(released.quantity.get()),
            ProductEvent::ProductDiscontinued(_) => self.discontinued = true,
        }
    }

    /// Saturating, for history is never refused; decisions keep stock from 0 to [`i32::MAX`].
    fn move_stock(&mut self, units: i32) {
        self.stock = self.stock.saturating_add(units);
    }
}

impl Entity for Product {
    type Known = Listing;
    const NOUN: &'static str = "product";
    const FIELD: &'static str = "productId";

    fn known(&self) -> Option<&Listing> {
        self.0.as_ref()
    }
}
