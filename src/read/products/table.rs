//! One row a product.

use sea_orm::entity::prelude::*;

use crate::engine::read_model::Table;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "products")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Events of the product's stream that this row reflects.
    pub version: i32,
    pub sku: String,
    /// Folded: what SKUs are matched and sorted by; unique at any moment.
    #[sea_orm(column_type = "Text")]
    pub sku_key: String,
    pub name: String,
    /// Folded: what names are matched and sorted by.
    #[sea_orm(column_type = "Text")]
    pub name_key: String,
    /// In minor units of the currency.
    pub price_minor: i64,
    pub currency: String,
    /// Units on hand that no open order has reserved.
    pub stock: i32,
    pub discontinued: bool,
    /// µs.
    pub created_at: i64,
    /// µs.
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// The table with an index for each order it is listed in, of all products and of those of a status, which holds what
/// lists are filtered by. None holds both SKU and name: folded, two long ones are more than an entry takes on PostgreSQL.
pub fn table() -> Table {
    use Column::{CreatedAt, Currency, Discontinued, NameKey, PriceMinor, SkuKey, Stock, UpdatedAt};
    let filtered = [Stock, NameKey];
    Table::of::<Entity>()
        .index_holding("created", &[CreatedAt], &[Stock, NameKey, Currency, PriceMinor])
        .index_holding("updated", &[UpdatedAt], &filtered)
        .index_holding("name", &[NameKey], &filtered)
        .index_holding("sku", &[SkuKey], &[Stock])
        .index_holding("stock", &[Stock], &filtered)
        .index_holding("price", &[Currency, PriceMinor], &filtered)
        .index_holding("status", &[Discontinued, CreatedAt], &filtered)
        .index_holding("status_updated", &[Discontinued, UpdatedAt], &filtered)
        .index_holding("status_name", &[Discontinued, NameKey], &filtered)
        .index_holding("status_sku", &[Discontinued, SkuKey], &[Stock])
        .index_holding("status_stock", &[Discontinued, Stock], &filtered)
        .index_holding("status_price", &[Discontinued, Currency, PriceMinor], &filtered)
}
