//! From the events of products to their rows.

use super::table::{self, Model};
use crate::engine::event::{DecodeError, Recorded};
use crate::engine::read_model::{Keys, ReadModel, Rows, Table};
use crate::fold::fold;
use crate::write::product::event::{Money, ProductCreated, ProductEvent, STREAM_TYPE};

/// The products as they are and were.
pub struct Products;

impl ReadModel for Products {
    const NAME: &'static str = "products";
    const REVISION: i32 = 5;
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

/// The row after an event; `None` where there is no product the event could have happened to.
fn apply(before: Option<Model>, happened: ProductEvent, event: &Recorded) -> Option<Model> {
    let mut row = match happened {
        ProductEvent::ProductCreated(created) => return Some(new(created, event)),
        _ => before?,
    };
    match happened {
        ProductEvent::ProductCreated(_) => {}
        ProductEvent::ProductRenamed(renamed) => {
            row.name_key = fold(renamed.name.as_str());
            row.name = renamed.name.to_string();
        }
        ProductEvent::PriceChanged(changed) => row.set_price(changed.price),
        ProductEvent::StockReceived(received) => row.move_stock(received.quantity.get()),
        ProductEvent::StockAdjusted(adjusted) => row.move_stock(adjusted.change.get()),
        ProductEvent::StockReserved(reserved) => row.move_stock(reserved.quantity.get().saturating_neg()),
        ProductEvent::StockReleased(released) => row.move_stock(released.quantity.get()),
        ProductEvent::ProductDiscontinued(_) => row.discontinued = true,
    }
    row.version += 1;
    row.updated_at = event.recorded_at.micros();
    Some(row)
}

fn new(created: ProductCreated, event: &Recorded) -> Model {
    Model {
        id: event.stream_id,
        version: 1,
        sku_key: fold(created.sku.as_str()),
        sku: created.sku.to_string(),
        name_key: fold(created.name.as_str()),
        name: created.name.to_string(),
        price_minor: created.price.minor(),
        currency: created.price.currency().to_string(),
        stock: created.initial_stock.get(),
        discontinued: false,
        created_at: event.recorded_at.micros(),
        updated_at: event.recorded_at.micros(),
    }
}

impl Model {
    fn set_price(&mut self, price: Money) {
        self.price_minor = price.minor();
        self.currency = price.currency().to_string();
    }

    /// Saturating, for history is never refused; decisions keep stock from 0 to [`i32::MAX`].
    fn move_stock(&mut self, units: i32) {
        self.stock = self.stock.saturating_add(units);
    }
}
