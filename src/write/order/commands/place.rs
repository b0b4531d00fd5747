//! Placing an order: it holds the prices of the moment and reserves the stock of every line, all or nothing.

use serde::Serialize;
use uuid::Uuid;

use super::record;
use crate::engine::decision::{Command, Decision, Stop, StreamRef, Streams};
use crate::engine::time::Instant;
use crate::write::entity::{absent, find};
use crate::write::order::event::{Address, Money, OrderEvent, OrderPlaced, OrderedLine};
use crate::write::order::lines::{Line, Lines};
use crate::write::product::aggregate::Product;
use crate::write::product::commands::reserve;
use crate::write::rejection::{Rejection, path};
use crate::write::user::aggregate::User;
use crate::write::value::Invalid;

/// Orders products for a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder {
    pub id: Uuid,
    pub user_id: Uuid,
    pub lines: Lines,
    /// The user's own when absent.
    pub shipping_address: Option<Address>,
}

impl Command for PlaceOrder {
    type Rejection = Rejection;

    fn reads(&self) -> Vec<StreamRef> {
        let products = self.lines.iter().map(|line| line.product_id);
        [self.id, self.user_id].into_iter().chain(products).map(StreamRef).collect()
    }

    fn decide(&self, streams: &mut Streams<'_>, at: Instant) -> Decision<Rejection> {
        absent(streams, self.id)?;
        let shipping_address = self.address(streams)?;
        let mut lines: Vec<OrderedLine> = Vec::new();
        let mut total: Option<Money> = None;
        for line in self.lines.iter() {
            let ordered = at_present(streams, line)?;
            total = Some(sum(total, &ordered, line)?);
            lines.push(ordered);
        }
        let Some(total_amount) = total else {
            let problem = Invalid::new("at least one line", "none").to_string();
            return Err(Rejection::InvalidInput { problem, path: path(["lines"]) }.into());
        };
        let user_id = self.user_id;
        let placed = OrderPlaced { user_id, lines, total_amount, shipping_address, placed_at: at };
        record(streams, self.id, OrderEvent::OrderPlaced(placed))?;
        for line in self.lines.iter() {
            reserve(streams, line.product_id, self.id, line.quantity, || line.path("quantity"))?;
        }
        Ok(())
    }
}

impl PlaceOrder {
    /// Where the order goes, provided its user may order.
    fn address(&self, streams: &mut Streams<'_>) -> Result<Address, Stop<Rejection>> {
        let user_id = self.user_id;
        let user = find::<User>(streams, user_id, || path(["userId"]))?;
        if !user.active {
            return Err(Rejection::UserDeactivated { user_id }.into());
        }
        self.shipping_address.clone().or_else(|| user.address.clone()).ok_or_else(|| {
            let problem = Invalid::new("a shipping address, as the user has none", "none").to_string();
            Rejection::InvalidInput { problem, path: path(["shippingAddress"]) }.into()
        })
    }
}

/// The line at the present price and name of its product, provided it can be ordered.
fn at_present(streams: &mut Streams<'_>, line: &Line) -> Result<OrderedLine, Stop<Rejection>> {
    let product_id = line.product_id;
    let product = find::<Product>(streams, product_id, || line.path("productId"))?;
    if product.discontinued {
        return Err(Rejection::ProductDiscontinued { product_id, path: line.path("productId") }.into());
    }
    Ok(OrderedLine {
        product_id,
        sku: product.sku.clone(),
        name: product.name.clone(),
        quantity: line.quantity,
        unit_price: product.price,
    })
}

/// The total with one line more.
fn sum(total: Option<Money>, ordered: &OrderedLine, line: &Line) -> Result<Money, Rejection> {
    let price = ordered.unit_price;
    let expected = total.map_or(price.currency(), Money::currency);
    if price.currency() != expected {
        let path = line.path("productId");
        return Err(Rejection::CurrencyMismatch { expected, actual: price.currency(), path });
    }
    let sum = price.times(line.quantity).and_then(|cost| match total {
        Some(total) => total.plus(cost),
        None => Some(cost),
    });
    sum.ok_or_else(|| {
        let expected = format!("an order of at most {} {expected} in all", Money::LARGEST);
        let problem = Invalid::new(expected, format!("{} of {price} each", line.quantity)).to_string();
        Rejection::InvalidInput { problem, path: line.path("quantity") }
    })
}
