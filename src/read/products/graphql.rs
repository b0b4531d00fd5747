//! Products in the API: the type, and the queries that lead to it.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use super::fold::Products;
use super::loader;
use super::query::{self, ProductFilter, ProductSort, ProductStatus};
use super::table::Model;
use crate::engine::event::{Position, Recorded};
use crate::engine::read_model::ReadModel;
use crate::engine::time::Instant;
use crate::graphql::paging::{Connection, Listed, Listing, PageArgs, Uncounted, listed};
use crate::graphql::scalars::Moment;
use crate::graphql::{At, Money, Result, Scope, parse_id, text_argument};
use crate::read::changes::graphql::{Change, changes};
use crate::read::events::graphql::{Event, history};
use crate::read::shown::kept_money;

/// A product as of a moment.
#[derive(Clone)]
pub struct Product {
    row: Model,
    at: At,
}

impl Product {
    /// From a row as it stood.
    pub fn new(row: Model, at: At) -> Self {
        Self { row, at }
    }

    /// The product as a dry run would leave it: its row at `on`, and `events` after it.
    ///
    /// # Errors
    /// `NOT_YET_VISIBLE`, or a fault of ours.
    pub async fn preview(
        context: &Context<'_>,
        id: Uuid,
        events: &[Arc<Recorded>],
        on: Position,
    ) -> Result<Option<Self>> {
        let (rows, at) = Scope::of(context)?.preview::<Products>(on, events).await?;
        Ok(rows.get::<Model>(id).map(|row| Self::new(row.clone(), at)))
    }
}

impl Listed for Product {
    const NAME: &'static str = "Product";
    const PAGE: &'static str = "A page of products.";
    const ENTRY: &'static str = "A product in a page.";
}

/// Something that is sold.
#[Object]
impl Product {
    /// The UUID of the product's stream, unique across types.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// The position this state was asked for; null for the present. With `id` it is the key for client caches.
    pub async fn as_of(&self) -> Option<Position> {
        self.at.as_of()
    }

    /// Number of events in this product's stream that this state reflects.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// The stock keeping unit, as it was given: what the shop calls the product by.
    async fn sku(&self) -> &str {
        &self.row.sku
    }

    /// What the product is called.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// What a unit costs.
    async fn price(&self) -> Result<Money> {
        kept_money(self.row.price_minor, &self.row.currency)
    }

    /// Units on hand that no open order has reserved.
    async fn stock(&self) -> i32 {
        self.row.stock
    }

    /// Whether the product can be ordered.
    async fn status(&self) -> ProductStatus {
        ProductStatus::of(&self.row)
    }

    /// When the product was created.
    async fn created_at(&self) -> Instant {
        Instant::from_micros(self.row.created_at)
    }

    /// When the product was last changed.
    async fn updated_at(&self) -> Instant {
        Instant::from_micros(self.row.updated_at)
    }

    /// Every event of this product up to the same moment, oldest first.
    async fn history(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when neither it nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Event, Uncounted>> {
        history(context, self.row.id, self.at, &PageArgs { first, after, last, before }).await
    }

    /// What each event changed of this product up to the same moment, oldest first. `version` and `updatedAt`, which every
    /// event changes, are left out.
    async fn changes(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Connection<Change, Uncounted>> {
        changes::<Self>(context, self.row.id, self.at, first, after).await
    }
}

/// The queries of products.
#[derive(Default)]
pub struct ProductQueries;

#[Object]
impl ProductQueries {
    /// One product, by id.
    async fn product(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: ID,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Option<Result<Product>> {
        find(context, id, as_of).await.transpose()
    }

    /// The product with a SKU, whatever its case and accents: at any moment there is one at most.
    async fn product_by_sku(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The whole SKU.")] sku: String,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Option<Result<Product>> {
        find_by_sku(context, sku, as_of).await.transpose()
    }

    /// The products that fit, newest first unless sorted otherwise.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn products(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only these; all when absent.")] filter: Option<ProductFilter>,
        #[graphql(desc = "The order; newest first when absent.")] sort_by: Option<ProductSort>,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when neither it nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
        #[graphql(desc = "So many from the end, 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "Before this cursor.")] before: Option<String>,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Result<Connection<Product>> {
        list(
            context,
            filter.unwrap_or_default(),
            sort_by.unwrap_or_default(),
            &PageArgs { first, after, last, before },
            as_of,
        )
        .await
    }
}

async fn find(context: &Context<'_>, id: ID, as_of: Option<Moment>) -> Result<Option<Product>> {
    let at = Scope::of(context)?.at(as_of, None).await?;
    loader::load(context, parse_id(&id)?, at).await
}

async fn find_by_sku(context: &Context<'_>, sku: String, as_of: Option<Moment>) -> Result<Option<Product>> {
    text_argument("sku", &sku)?;
    let scope = Scope::of(context)?;
    let at = scope.at(as_of, None).await?;
    let found = scope.rows::<Products, _>(at, query::with_sku(&sku)).await?;
    Ok(found.into_iter().next().map(|row| Product::new(row, at)))
}

async fn list(
    context: &Context<'_>,
    filter: ProductFilter,
    sort_by: ProductSort,
    page: &PageArgs,
    as_of: Option<Moment>,
) -> Result<Connection<Product>> {
    let listing = Listing::new("products", Products::REVISION)
        .with("filter", &filter)
        .with("sortBy", &sort_by)
        .with("asOf", &as_of);
    let page = page.page(&listing)?;
    filter.check()?;
    let scope = Scope::of(context)?;
    let at = scope.at(as_of, page.pinned()).await?;
    let found = (query::matching(&filter, at), sort_by.order(at));
    listed::<Products, _, _>(scope, found, at, (&listing, &page), Product::new).await
}
