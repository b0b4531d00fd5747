//! One row an order, and one more for each product in it.
//!
//! The lines of an order stand in its row as JSON text: they never change, no order is shown without them at hand, and
//! so a page of orders is one statement where a table of lines would make it two. What JSON is no good for is finding
//! the orders of a product; for that alone there is the narrow table [`line`], whose index holds all there is of it.

use sea_orm::entity::prelude::*;

use crate::engine::read_model::Table;

/// How far an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Status {
    #[sea_orm(string_value = "placed")]
    Placed,
    #[sea_orm(string_value = "paid")]
    Paid,
    #[sea_orm(string_value = "shipped")]
    Shipped,
    #[sea_orm(string_value = "delivered")]
    Delivered,
    #[sea_orm(string_value = "returned")]
    Returned,
    #[sea_orm(string_value = "cancelled")]
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Events of the order's stream that this row reflects.
    pub version: i32,
    pub status: Status,
    pub user_id: Uuid,
    /// JSON text, as the event has it.
    #[sea_orm(column_type = "Text")]
    pub lines: String,
    /// Units over all lines.
    pub quantity: i32,
    /// In minor units of the currency.
    pub total_minor: i64,
    pub currency: String,
    /// JSON text, as the event has it.
    #[sea_orm(column_type = "Text")]
    pub shipping_address: String,
    pub payment_reference: Option<String>,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub cancellation_reason: Option<String>,
    /// µs, as all of these.
    pub placed_at: i64,
    pub paid_at: Option<i64>,
    pub shipped_at: Option<i64>,
    pub delivered_at: Option<i64>,
    pub cancelled_at: Option<i64>,
    pub returned_at: Option<i64>,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Which orders hold a product.
pub mod line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "order_lines")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub product_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub order_id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The tables; orders with an index for each order they are listed in, which holds what such lists are filtered by,
/// and for each filter that leaves few.
pub fn tables() -> Vec<Table> {
    use Column::{Currency, PlacedAt, TotalMinor, UpdatedAt};
    let filtered = [PlacedAt, Currency, TotalMinor];
    let orders = Table::of::<Entity>()
        .index_holding("placed", &[PlacedAt], &filtered)
        .index_holding("updated", &[UpdatedAt], &filtered)
        .index_holding("total", &[Currency, TotalMinor], &filtered)
        .index_holding("status", &[Column::Status, PlacedAt], &filtered)
        .index_holding("status_updated", &[Column::Status, UpdatedAt], &filtered)
        .index_holding("status_total", &[Column::Status, Currency, TotalMinor], &filtered)
        .lookup("user", &[Column::UserId, Column::PlacedAt]);
    vec![orders, Table::of::<line::Entity>().lookup("product", &[line::Column::ProductId])]
}
