//! The sales report in the API.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use chrono::NaiveDate;

use super::fold::{Sales, day_of};
use super::query::{Days, Wanted};
use super::report;
use super::row::Row;
use crate::engine::read_model::ReadModel;
use crate::graphql::paging::{Connection, Edges, Listed, Listing, PageArgs};
use crate::graphql::scalars::{CurrencyCode, Date, Moment};
use crate::graphql::{At, Failure, Money, Result, Scope};
use crate::read::products::graphql::Product;
use crate::read::products::loader as products;

/// What sales are told apart by.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum SalesGrouping {
    /// A row a day.
    Day,
    /// A row a product.
    Product,
    /// A row a product and day.
    DayAndProduct,
}

/// A row of the report as of its moment.
pub struct SalesRow {
    row: Row,
    at: At,
}

impl Listed for SalesRow {
    const NAME: &'static str = "SalesRow";
    const PAGE: &'static str = "A page of a sales report.";
    const ENTRY: &'static str = "A row in a page.";
}

/// What was sold in one currency. `day` and `product` are set as far as the grouping has them.
#[Object]
impl SalesRow {
    /// The day (UTC) it was paid, when sales are grouped by day.
    async fn day(&self) -> Result<Option<Date>> {
        let Some(day) = self.row.day else { return Ok(None) };
        let date = NaiveDate::from_epoch_days(day);
        date.map(|date| Some(Date(date)))
            .ok_or_else(|| Failure::internal(format!("day {day} is in no calendar")))
    }

    /// The product's id, when sales are grouped by product.
    async fn product_id(&self) -> Option<ID> {
        self.row.product.map(ID::from)
    }

    /// The product at the report's moment, when sales are grouped by product.
    async fn product(&self, context: &Context<'_>) -> Option<Result<Product>> {
        match self.row.product {
            Some(id) => products::load(context, id, self.at).await.transpose(),
            None => None,
        }
    }

    /// Distinct orders; 2147483647 also stands for more.
    async fn orders(&self) -> i32 {
        i32::try_from(self.row.orders).unwrap_or(i32::MAX)
    }

    /// Units sold; 2147483647 also stands for more.
    async fn units(&self) -> i32 {
        i32::try_from(self.row.units).unwrap_or(i32::MAX)
    }

    /// What was paid for them.
    async fn revenue(&self) -> Money {
        self.row.revenue
    }
}

/// A report as it was asked for.
pub struct SalesReport {
    scope: Arc<Scope>,
    grouping: SalesGrouping,
    wanted: Wanted,
    at: At,
    /// For every argument but those of the page.
    listing: Listing,
}

/// Sales by the day (UTC) they were paid. An order cancelled after payment, or returned, leaves its own day again.
/// Rows are ordered by day, then revenue, largest first; `totals` has one row per currency.
#[Object]
impl SalesReport {
    /// The rows, a page at a time.
    async fn rows(
        &self,
        #[graphql(desc = "So many from the start, 0 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "After this cursor.")] after: Option<String>,
    ) -> Result<Connection<SalesRow>> {
        let page = PageArgs { first, after, ..PageArgs::default() }.page(&self.listing)?;
        // Asked for in the present, a cursor goes on at the moment it was taken.
        let position = page.pinned().map_or(self.at.position, |pinned| pinned.min(self.at.position));
        let at = At { position, ..self.at };
        let part = match self.grouping {
            SalesGrouping::Day => report::by_day(&self.scope, at, &self.wanted).await?,
            SalesGrouping::Product => report::by_product(&self.scope, at, &self.wanted).await?,
            SalesGrouping::DayAndProduct => {
                report::by_day_and_product(&self.scope, at, &self.wanted, &page).await?
            }
        };
        let total = part.total;
        let rows = part.page(&page)?;
        let edges = Edges::of(&page, &self.listing, position, rows, Row::place, |row| SalesRow { row, at });
        Ok(Connection::counted(edges, move || async move { Ok(total) }))
    }

    /// All rows added up, one for each currency, largest first.
    async fn totals(&self) -> Result<Vec<SalesRow>> {
        let rows = report::totals(&self.scope, self.at, &self.wanted).await?;
        Ok(rows.into_iter().map(|row| SalesRow { row, at: self.at }).collect())
    }
}

/// The queries of sales.
#[derive(Default)]
pub struct SalesQueries;

#[Object]
impl SalesQueries {
    /// What was sold, by the day (UTC) it was paid.
    async fn sales_report(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Only what was paid on or after this day.")] from: Option<Date>,
        #[graphql(desc = "Only what was paid before this day.")] until: Option<Date>,
        #[graphql(desc = "What a row is about; a day when null.", default_with = "Some(SalesGrouping::Day)")]
        group_by: Option<SalesGrouping>,
        #[graphql(desc = "Only sales in this currency.")] currency: Option<CurrencyCode>,
        #[graphql(desc = "The moment to look at; the present when absent.")] as_of: Option<Moment>,
    ) -> Result<SalesReport> {
        let grouping = group_by.unwrap_or(SalesGrouping::Day);
        let listing = Listing::new("salesReport", Sales::REVISION)
            .with("from", &from)
            .with("until", &until)
            .with("groupBy", &grouping)
            .with("currency", &currency)
            .with("asOf", &as_of);
        let day = |date: Date| date.0.to_epoch_days();
        let days = Days { from: from.map(day), until: until.map(day) };
        let scope = Scope::of(context)?.clone();
        let at = scope.at(as_of, None).await?;
        let currency = currency.map(|currency| currency.0.code());
        let wanted = Wanted { days, newest: day_of(at.until), currency };
        Ok(SalesReport { scope, grouping, wanted, at, listing })
    }
}
