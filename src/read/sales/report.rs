//! The rows of a report at a moment: found as sums, put in order here.
//!
//! A report by day has some hundreds of rows and one by product some thousands, so they are read whole. By day and
//! product there may be a row for every pair: of those, only the days that a page lies on are read.

use std::collections::BTreeMap;

use super::fold::Sales;
use super::query::{Days, Wanted};
use super::row::Row;
use super::sum::Sum;
use super::table::{day, product};
use crate::graphql::paging::Page;
use crate::graphql::{At, Failure, Result, Scope};

/// Some rows of a report that stand next to each other, in order, and how many there are in all.
pub struct Part {
    pub rows: Vec<Row>,
    pub total: u64,
}

impl Part {
    fn whole(mut rows: Vec<Row>) -> Self {
        rows.sort_by_cached_key(Row::rank);
        Self { total: rows.len() as u64, rows }
    }

    /// The rows of a page, one more than it holds if there are more; its cursor names one of these rows.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` when it does not, so is forged.
    pub fn page(mut self, page: &Page) -> Result<Vec<Row>> {
        if let Some(cursor) = &page.cursor {
            let last = self.rows.iter().position(|row| row.place() == cursor.place);
            let last = last.ok_or_else(|| {
                Failure::bad_user_input("expected a cursor as an earlier page answered it; got one of no row")
            })?;
            self.rows.drain(..=last);
        }
        self.rows.truncate(page.limit + 1);
        Ok(self.rows)
    }
}

/// One row a day and currency.
///
/// # Errors
/// `NOT_YET_VISIBLE`, or a fault of ours; likewise below.
pub async fn by_day(scope: &Scope, at: At, wanted: &Wanted) -> Result<Part> {
    let found = scope.rows::<Sales, _>(at, wanted.by_day()).await?;
    let rows = found.iter().map(|row| Row::of(Some(row.day), None, &row.currency, row.sum()));
    Ok(Part::whole(kept(rows)?))
}

/// One row a product and currency.
pub async fn by_product(scope: &Scope, at: At, wanted: &Wanted) -> Result<Part> {
    let mut sums: BTreeMap<_, Sum> = BTreeMap::new();
    let mut add = |product, currency, sum| {
        let whole: &mut Sum = sums.entry((product, currency)).or_default();
        *whole = whole.plus(sum);
    };
    if let Some(select) = wanted.by_product_in_spans() {
        let found = scope.rows::<Sales, _>(at, select).await?;
        found.into_iter().for_each(|row| add(row.product_id, row.currency.clone(), row.sum()));
    }
    if let Some(select) = wanted.by_product_beside_spans() {
        let found = scope.rows::<Sales, _>(at, select).await?;
        found.into_iter().for_each(|row| add(row.product_id, row.currency.clone(), row.sum()));
    }
    let rows = sums.iter().map(|((product, currency), sum)| Row::of(None, Some(*product), currency, *sum));
    Ok(Part::whole(kept(rows)?))
}

/// One row a day, product and currency: those of the days that a page lies on.
pub async fn by_day_and_product(scope: &Scope, at: At, wanted: &Wanted, page: &Page) -> Result<Part> {
    let days = scope.rows::<Sales, _>(at, wanted.by_day()).await?;
    let products = |row: &day::Model| u64::try_from(row.products).unwrap_or_default();
    let total = days.iter().map(products).sum();
    let Some(days) = days_of_page(&days, page, products)? else { return Ok(Part { rows: vec![], total }) };
    let found = scope.rows::<Sales, _>(at, wanted.by_day_and_product(days)).await?;
    let rows = found
        .iter()
        .map(|row: &product::Model| Row::of(Some(row.day), Some(row.product_id), &row.currency, row.sum()));
    Ok(Part { total, ..Part::whole(kept(rows)?) })
}

/// From the day of the page's cursor as many days as it takes to fill the page, whatever the cursor's day has left.
fn days_of_page(
    days: &[day::Model],
    page: &Page,
    products: impl Fn(&day::Model) -> u64,
) -> Result<Option<Days>> {
    let cursor = page.cursor.as_ref().map(|cursor| cursor.place.integer(0)).transpose()?;
    let mut counts: BTreeMap<i32, u64> = BTreeMap::new();
    for row in days.iter().filter(|row| cursor.is_none_or(|cursor| i64::from(row.day) >= cursor)) {
        *counts.entry(row.day).or_default() += products(row);
    }
    let (Some(first), Some(newest)) = (counts.keys().next().copied(), counts.keys().last().copied()) else {
        return Ok(None);
    };
    let mut missing = page.fetch();
    let mut last = newest;
    for (day, count) in counts {
        // Of the cursor's own day there may be nothing left.
        if cursor != Some(day.into()) {
            missing = missing.saturating_sub(count);
        }
        if missing == 0 {
            last = day;
            break;
        }
    }
    Ok(Some(Days { from: Some(first), until: Some(last.saturating_add(1)) }))
}

/// One row a currency, over all that is wanted.
pub async fn totals(scope: &Scope, at: At, wanted: &Wanted) -> Result<Vec<Row>> {
    let found = scope.rows::<Sales, _>(at, wanted.by_day()).await?;
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for row in &found {
        let whole = sums.entry(&row.currency).or_default();
        *whole = whole.plus(row.sum());
    }
    let rows = sums.into_iter().map(|(currency, sum)| Row::of(None, None, currency, sum));
    Ok(Part::whole(kept(rows)?).rows)
}

/// The rows that there is something of.
fn kept(rows: impl Iterator<Item = Result<Option<Row>>>) -> Result<Vec<Row>> {
    rows.filter_map(Result::transpose).collect()
}
