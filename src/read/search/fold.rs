//! From the events of users, products and orders to what each is found by.

use super::table::{self, Kind, Model};
use crate::engine::event::{DecodeError, Recorded};
use crate::engine::read_model::{Keys, ReadModel, Rows, Table};
use crate::write::order::event::{self as order, Address, OrderEvent};
use crate::write::product::event::{self as product, ProductEvent};
use crate::write::user::event::{self as user, UserEvent};

/// What users, products and orders are and were found by.
pub struct Search;

/// What an event says about the text of its entity.
enum Change {
    /// It is there, with these fields.
    Begins(Kind, Vec<String>),
    /// Fields at these places read otherwise now.
    Says(Vec<(usize, String)>),
}

impl ReadModel for Search {
    const NAME: &'static str = "search";
    const REVISION: i32 = 3;

    fn tables() -> Vec<Table> {
        vec![table::table()]
    }

    fn keys(&self, event: &Recorded, _: &Rows) -> Result<Keys, DecodeError> {
        Ok(change(event)?.map_or_else(Keys::none, |_| Keys::one::<Model>(event.stream_id)))
    }

    fn fold(&self, rows: &mut Rows, event: &Recorded) -> Result<(), DecodeError> {
        let row = match change(event)? {
            None => None,
            Some(Change::Begins(kind, fields)) => {
                let entity = (event.stream_id, kind, event.recorded_at.micros());
                Some(Model::new(entity, fields.iter().map(String::as_str)))
            }
            Some(Change::Says(changes)) => {
                let changes: Vec<_> = changes.iter().map(|(place, text)| (*place, text.as_str())).collect();
                rows.get::<Model>(event.stream_id).map(|row| row.with(&changes))
            }
        };
        if let Some(row) = row {
            rows.put(row);
        }
        Ok(())
    }
}

fn change(event: &Recorded) -> Result<Option<Change>, DecodeError> {
    Ok(match event.stream_type.as_str() {
        user::STREAM_TYPE => of_user(&event.decode()?),
        product::STREAM_TYPE => of_product(&event.decode()?),
        order::STREAM_TYPE => of_order(&event.decode()?),
        _ => None,
    })
}

/// Name, e-mail address, address.
fn of_user(event: &UserEvent) -> Option<Change> {
    match event {
        UserEvent::UserCreated(created) => {
            let address = created.address.as_ref().map(one_line).unwrap_or_default();
            Some(begins(Kind::User, [created.name.to_string(), created.email.to_string(), address]))
        }
        UserEvent::UserRenamed(renamed) => Some(says([(0, renamed.name.to_string())])),
        UserEvent::EmailChanged(changed) => Some(says([(1, changed.email.to_string())])),
        UserEvent::AddressChanged(changed) => Some(says([(2, one_line(&changed.address))])),
        UserEvent::EmailVerified(_) | UserEvent::UserDeactivated(_) | UserEvent::UserReactivated(_) => None,
    }
}

/// Name, SKU.
fn of_product(event: &ProductEvent) -> Option<Change> {
    match event {
        ProductEvent::ProductCreated(created) => {
            Some(begins(Kind::Product, [created.name.to_string(), created.sku.to_string()]))
        }
        ProductEvent::ProductRenamed(renamed) => Some(says([(0, renamed.name.to_string())])),
        ProductEvent::PriceChanged(_)
        | ProductEvent::StockReceived(_)
        | ProductEvent::StockAdjusted(_)
        | ProductEvent::StockReserved(_)
        | ProductEvent::StockReleased(_)
        | ProductEvent::ProductDiscontinued(_) => None,
    }
}

/// Payment reference, tracking number, carrier, address, then name and SKU of each product as it was ordered.
fn of_order(event: &OrderEvent) -> Option<Change> {
    match event {
        OrderEvent::OrderPlaced(placed) => {
            let not_yet = [(); 3].map(|()| String::new());
            let lines = placed.lines.iter().flat_map(|line| [line.name.to_string(), line.sku.to_string()]);
            let fields = not_yet.into_iter().chain([one_line(&placed.shipping_address)]).chain(lines);
            Some(begins(Kind::Order, fields))
        }
        OrderEvent::OrderPaid(paid) => Some(says([(0, paid.payment_reference.to_string())])),
        OrderEvent::OrderShipped(shipped) => {
            Some(says([(1, shipped.tracking_number.to_string()), (2, shipped.carrier.to_string())]))
        }
        OrderEvent::OrderDelivered(_) | OrderEvent::OrderReturned(_) | OrderEvent::OrderCancelled(_) => None,
    }
}

fn begins(kind: Kind, fields: impl IntoIterator<Item = String>) -> Change {
    Change::Begins(kind, fields.into_iter().collect())
}

fn says(changes: impl IntoIterator<Item = (usize, String)>) -> Change {
    Change::Says(changes.into_iter().collect())
}

/// An address as it is written on one line.
fn one_line(address: &Address) -> String {
    let Address { line1, line2, city, region, postal_code, country } = address;
    let parts = [Some(line1), line2.as_ref(), postal_code.as_ref(), Some(city), region.as_ref()];
    let mut line = parts.into_iter().flatten().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    line.push_str(", ");
    line.push_str(&country.to_string());
    line
}
