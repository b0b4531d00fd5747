//! What can be asked about products, and the select that answers it.

use async_graphql::{Enum, InputObject};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Select};

use super::table::{Column, Entity, Model};
use crate::engine::read_model::Query;
use crate::fold::fold;
use crate::graphql::paging::{Sorting, containing};
use crate::graphql::{At, Result, SortDirection, text_argument};

/// Whether a product can be ordered.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductStatus {
    /// Can be ordered, as far as there is stock.
    Available,
    /// Takes no new orders.
    Discontinued,
}

impl ProductStatus {
    /// The status of a product as the row has it.
    pub fn of(row: &Model) -> Self {
        if row.discontinued { Self::Discontinued } else { Self::Available }
    }
}

/// Which products; every field given must fit.
#[derive(InputObject, Clone, Debug, Default)]
pub struct ProductFilter {
    /// Only products of this status.
    pub status: Option<ProductStatus>,
    /// Only products whose SKU begins with this text, whatever its case and accents.
    pub sku_prefix: Option<String>,
    /// Only products whose name holds this text, whatever its case and accents.
    pub name_contains: Option<String>,
    /// Only products with at least one unit in stock, or only those without.
    pub in_stock: Option<bool>,
}

impl ProductFilter {
    /// Checks what its types do not say.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` that names the field.
    pub fn check(&self) -> Result<()> {
        self.sku_prefix.as_deref().map_or(Ok(()), |text| text_argument("filter.skuPrefix", text))?;
        self.name_contains.as_deref().map_or(Ok(()), |text| text_argument("filter.nameContains", text))
    }
}

/// What products can be sorted by.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProductSortField {
    /// When they were created.
    #[default]
    CreatedAt,
    /// When they were last changed.
    UpdatedAt,
    /// By name, whatever its case and accents.
    Name,
    /// By SKU, whatever its case and accents.
    Sku,
    /// By units in stock.
    Stock,
    /// By currency, then amount.
    Price,
}

/// The order of a list of products; equal ones by id. PRICE sorts by currency, then amount.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct ProductSort {
    /// What to sort by.
    pub field: ProductSortField,
    /// Which way.
    pub direction: SortDirection,
}

impl Default for ProductSort {
    fn default() -> Self {
        Self { field: ProductSortField::default(), direction: SortDirection::Desc }
    }
}

/// The products that fit at a moment, in no order yet.
pub fn matching(filter: &ProductFilter, at: At) -> Query<Entity> {
    let mut query = Query::of(Entity::find()).born_by(Column::CreatedAt, at.until.micros());
    if let Some(prefix) = &filter.sku_prefix {
        // A range: unlike a pattern, the index serves it on both databases.
        let prefix = fold(prefix);
        if let Some(end) = after_all_with(&prefix) {
            query = query.within(Column::SkuKey, Column::SkuKey.lt(end));
        }
        query = query.within(Column::SkuKey, Column::SkuKey.gte(prefix));
    }
    if let Some(text) = &filter.name_contains {
        query = query.meeting(Column::NameKey, Column::NameKey.like(containing(&fold(text))));
    }
    if let Some(status) = filter.status {
        query = query.one_of(Column::Discontinued, [status == ProductStatus::Discontinued]);
    }
    if let Some(wanted) = filter.in_stock {
        let condition = if wanted { Column::Stock.gt(0) } else { Column::Stock.lte(0) };
        query = query.within(Column::Stock, condition);
    }
    query
}

/// The first text after all that begin with `prefix`; `None` when there is none.
///
/// Both databases compare by bytes, so in the order of Unicode's numbers.
pub(super) fn after_all_with(prefix: &str) -> Option<String> {
    let mut rest = prefix.chars();
    while let Some(last) = rest.next_back() {
        // The numbers skip the surrogates, as a range of characters does.
        if let Some(next) = (last..=char::MAX).nth(1) {
            return Some(format!("{}{next}", rest.as_str()));
        }
    }
    None
}

impl ProductSort {
    /// The order of rows as they stood.
    pub fn order(self, at: At) -> Sorting<Column> {
        let order = Sorting::new(Column::Id, self.direction);
        match self.field {
            ProductSortField::CreatedAt => order.time(Column::CreatedAt, at),
            ProductSortField::UpdatedAt => order.time(Column::UpdatedAt, at),
            ProductSortField::Name => order.text(Column::NameKey),
            ProductSortField::Sku => order.text(Column::SkuKey),
            ProductSortField::Stock => order.integer(Column::Stock),
            ProductSortField::Price => order.text(Column::Currency).integer(Column::PriceMinor),
        }
    }
}

/// The product with a SKU, whatever its case and accents; one at most at any moment.
pub fn with_sku(sku: &str) -> Select<Entity> {
    Entity::find().filter(Column::SkuKey.eq(fold(sku)))
}
