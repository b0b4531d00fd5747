//! What can be asked about orders, and the select that answers it.
//!
//! A filter has two readings, in SQL for lists and in Rust for what changes: [`Wanted::query`] and [`Wanted::fits`]
//! stand side by side and mean the same, which a test holds them to.

use async_graphql::{Enum, ID, InputObject};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, Iterable, QueryFilter, QueryTrait, Select};
use uuid::Uuid;

use super::table::{Column, Entity, Model, Status, line};
use crate::engine::read_model::Query;
use crate::engine::time::Instant;
use crate::graphql::paging::{Sorting, ended_by, has_come_to};
use crate::graphql::scalars::{CurrencyCode, Decimal};
use crate::graphql::{At, Failure, Result, SortDirection, amount_to_minor, parse_id};

/// PLACED -> PAID -> SHIPPED -> DELIVERED -> RETURNED; PLACED or PAID -> CANCELLED.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "Status")]
pub enum OrderStatus {
    /// Its stock is reserved, nothing is paid yet.
    Placed,
    /// Paid, not given to a carrier yet.
    Paid,
    /// On its way to the user.
    Shipped,
    /// The user has it.
    Delivered,
    /// It came back, its stock is free again.
    Returned,
    /// It will not be shipped, its stock is free again.
    Cancelled,
}

/// Which orders; every field given must fit. `minTotal` and `maxTotal` need `currency`.
#[derive(InputObject, Clone, Debug, Default)]
pub struct OrderFilter {
    /// Only orders of one of these statuses.
    pub status: Option<Vec<OrderStatus>>,
    /// Only orders of this user.
    pub user_id: Option<ID>,
    /// Only orders with this product in them.
    pub product_id: Option<ID>,
    /// Only orders placed at or after this instant.
    pub placed_from: Option<Instant>,
    /// Only orders placed before this instant.
    pub placed_until: Option<Instant>,
    /// Only orders that cost at least this, inclusive; needs `currency`.
    pub min_total: Option<Decimal>,
    /// Only orders that cost at most this, inclusive; needs `currency`.
    pub max_total: Option<Decimal>,
    /// Only orders in this currency.
    pub currency: Option<CurrencyCode>,
}

/// A filter with its values checked and as the columns have them.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    statuses: Option<Vec<Status>>,
    user_id: Option<Uuid>,
    product_id: Option<Uuid>,
    placed_from: Option<i64>,
    placed_until: Option<i64>,
    min_total: Option<i64>,
    max_total: Option<i64>,
    currency: Option<&'static str>,
}

impl OrderFilter {
    /// The filter, checked for what its types do not say.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` that names the field.
    pub fn wanted(&self) -> Result<Wanted> {
        // Each at most once, however often it is named; all of them are no filter.
        let named = |names: &Vec<OrderStatus>| -> Vec<Status> {
            Status::iter().filter(|one| names.contains(&(*one).into())).collect()
        };
        let is_filter = |statuses: &Vec<Status>| statuses.len() < Status::iter().count();
        Ok(Wanted {
            statuses: self.status.as_ref().map(named).filter(is_filter),
            user_id: self.user_id.as_ref().map(parse_id).transpose()?,
            product_id: self.product_id.as_ref().map(parse_id).transpose()?,
            placed_from: self.placed_from.map(Instant::micros),
            placed_until: self.placed_until.map(Instant::micros),
            min_total: self.minor("minTotal", self.min_total)?,
            max_total: self.minor("maxTotal", self.max_total)?,
            currency: self.currency.map(|currency| currency.0.code()),
        })
    }

    fn minor(&self, name: &str, amount: Option<Decimal>) -> Result<Option<i64>> {
        match (amount, self.currency) {
            (None, _) => Ok(None),
            (Some(amount), Some(currency)) => amount_to_minor(amount, currency)
                .map(Some)
                .map_err(|problem| Failure::bad_user_input(format!("filter.{name}: {problem}"))),
            (Some(amount), None) => Err(Failure::bad_user_input(format!(
                "expected filter.{name} together with filter.currency; got {amount} of no currency"
            ))),
        }
    }
}

impl Wanted {
    /// The orders that fit at a moment, in no order yet: few, where those of one user or product are asked for.
    pub fn query(&self, at: At) -> Query<Entity> {
        let from = |those: Select<Entity>, from| those.filter(has_come_to(from, at));
        let those = Entity::find().apply_if(self.placed_from, from);
        let query = self.of(those, self.placed_until.map(|until| ended_by(until, at)));
        query.born_by(Column::PlacedAt, at.until.micros())
    }

    /// The orders that fit, without what is known about them.
    pub fn select(&self) -> Select<Entity> {
        self.of(Entity::find(), self.placed_until.map(Expr::val)).into_select()
    }

    fn of(&self, those: Select<Entity>, placed_until: Option<Expr>) -> Query<Entity> {
        let mut query = match self.user_id {
            Some(id) => Query::few(those.filter(Column::UserId.eq(id))),
            None => Query::of(those),
        };
        if let Some(id) = self.product_id {
            let lines = line::Entity::find().filter(line::Column::ProductId.eq(id));
            query = query.named(Column::Id, lines, line::Column::OrderId);
        }
        if let Some(statuses) = &self.statuses {
            query = query.one_of(Column::Status, statuses.iter().copied());
        }
        if let Some(currency) = self.currency {
            query = query.one_of(Column::Currency, [currency]);
        }
        let ranges = [
            (Column::PlacedAt, self.placed_from.map(|from| Column::PlacedAt.gte(from))),
            (Column::PlacedAt, placed_until.map(|until| ExprTrait::lt(Column::PlacedAt.into_expr(), until))),
            (Column::TotalMinor, self.min_total.map(|least| Column::TotalMinor.gte(least))),
            (Column::TotalMinor, self.max_total.map(|most| Column::TotalMinor.lte(most))),
        ];
        for (column, range) in ranges {
            if let Some(range) = range {
                query = query.within(column, range);
            }
        }
        query
    }

    /// Whether an order fits.
    ///
    /// # Errors
    /// A fault of ours when its lines are not what this program writes.
    pub fn fits(&self, order: &Model) -> Result<bool> {
        let with_product = |id: Uuid| -> Result<bool> {
            let lines = order.ordered().map_err(Failure::internal)?;
            Ok(lines.iter().any(|line| line.product_id == id))
        };
        Ok(self.statuses.as_ref().is_none_or(|statuses| statuses.contains(&order.status))
            && self.user_id.is_none_or(|id| order.user_id == id)
            && self.placed_from.is_none_or(|from| order.placed_at >= from)
            && self.placed_until.is_none_or(|until| order.placed_at < until)
            && self.min_total.is_none_or(|least| order.total_minor >= least)
            && self.max_total.is_none_or(|most| order.total_minor <= most)
            && self.currency.is_none_or(|currency| order.currency == currency)
            // Last, for it reads the lines.
            && self.product_id.map_or(Ok(true), with_product)?)
    }
}

/// What orders can be sorted by.
#[derive(Enum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrderSortField {
    /// When they were placed.
    #[default]
    PlacedAt,
    /// When they were last changed.
    UpdatedAt,
    /// By currency, then amount.
    TotalAmount,
}

/// The order of a list of orders; equal ones by id. TOTAL_AMOUNT sorts by currency, then amount.
#[derive(InputObject, Clone, Copy, Debug)]
pub struct OrderSort {
    /// What to sort by.
    pub field: OrderSortField,
    /// Which way.
    pub direction: SortDirection,
}

impl Default for OrderSort {
    fn default() -> Self {
        Self { field: OrderSortField::default(), direction: SortDirection::Desc }
    }
}

impl OrderSort {
    /// The order of rows as they stood, of those that are wanted.
    pub fn order(self, wanted: &Wanted, at: At) -> Sorting<Column> {
        let order = Sorting::new(Column::Id, self.direction);
        match self.field {
            OrderSortField::PlacedAt => order.time(Column::PlacedAt, at),
            // None was changed before being placed.
            OrderSortField::UpdatedAt => order.time(Column::UpdatedAt, at).since(wanted.placed_from),
            OrderSortField::TotalAmount => order.text(Column::Currency).integer(Column::TotalMinor),
        }
    }
}
