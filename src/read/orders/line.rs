//! The lines of an order in the API.

use async_graphql::{Context, ID, Object, Value};

use crate::graphql::{At, Failure, Money, Result};
use crate::read::products::graphql::Product;
use crate::read::products::loader as products;
use crate::read::shown::{json, money_json, object, shown_money};
use crate::write::order::event::OrderedLine;

/// A line of an order as of a moment.
#[derive(Clone)]
pub struct OrderLine {
    line: OrderedLine,
    at: At,
}

impl OrderLine {
    /// From a line as it was ordered, looked at from its order's moment.
    pub fn new(line: OrderedLine, at: At) -> Self {
        Self { line, at }
    }
}

/// A line as it stands in an answer, without what is nested in it.
pub fn line_json(line: &OrderedLine) -> Value {
    object([
        ("productId", json(&ID::from(line.product_id))),
        ("sku", Value::from(line.sku.as_str())),
        ("productName", Value::from(line.name.as_str())),
        ("quantity", Value::from(line.quantity.get())),
        ("unitPrice", money_json(shown_money(line.unit_price))),
        ("lineTotal", money_json(total(line))),
    ])
}

/// What all units of a line cost. Saturating, for history is never refused; decisions keep whole orders far below.
fn total(line: &OrderedLine) -> Money {
    let total = line.unit_price.minor().saturating_mul(line.quantity.get().into());
    Money::from_minor(total, line.unit_price.currency().iso())
}

/// One product of an order. `sku`, `productName` and `unitPrice` are as they were when the order was placed; `product`
/// is the product at the order's moment.
#[Object]
impl OrderLine {
    /// The product at the order's moment.
    async fn product(&self, context: &Context<'_>) -> Result<Product> {
        let (id, position) = (self.line.product_id, self.at.position);
        let found = products::load(context, id, self.at).await?;
        found.ok_or_else(|| Failure::internal(format!("product {id} of an order is not there at {position}")))
    }

    /// The product's id.
    async fn product_id(&self) -> ID {
        self.line.product_id.into()
    }

    /// The SKU of the product when the order was placed.
    async fn sku(&self) -> &str {
        self.line.sku.as_str()
    }

    /// The name of the product when the order was placed.
    async fn product_name(&self) -> &str {
        self.line.name.as_str()
    }

    /// How many units.
    async fn quantity(&self) -> i32 {
        self.line.quantity.get()
    }

    /// What a unit cost when the order was placed.
    async fn unit_price(&self) -> Money {
        shown_money(self.line.unit_price)
    }

    /// What all units of the line cost.
    async fn line_total(&self) -> Money {
        total(&self.line)
    }
}
