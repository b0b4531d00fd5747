//! Which sales are asked for, and the selects that find their sums.
//!
//! Filters name columns of the primary keys alone, and selects over spans and days come added up by product: a sum of
//! sums is the same whether the database adds over now and then apart or together.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, Select};

use super::table::{SPAN, day, product, span};

/// Whole days since 1970, the end not included; without a bound where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub from: Option<i32>,
    pub until: Option<i32>,
}

/// Which sales.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    pub days: Days,
    /// The day of the moment asked about: nothing was sold later. Said to the database, which otherwise looks for what
    /// each later sum was before.
    pub newest: i32,
    pub currency: Option<&'static str>,
}

/// Integers in the column of a select, from and until as in [`Days`], and none after the newest.
fn within<C: ColumnTrait>(column: C, Days { from, until }: Days, newest: i32) -> Condition {
    let end = newest.saturating_add(1);
    Condition::all()
        .add_option(from.map(|from| column.gte(from)))
        .add(column.lt(until.map_or(end, |until| Ord::min(until, end))))
}

/// The columns of a row added up, cast back to what the row has: PostgreSQL makes wider numbers of them.
fn added_up<E: EntityTrait>(mut select: Select<E>) -> Select<E> {
    for column in ["orders", "units", "revenue_high", "revenue_low"] {
        let sum = Expr::cust(format!("CAST(SUM(\"{column}\") AS bigint)"));
        select = select.expr_as(sum, column);
    }
    select
}

impl Wanted {
    /// The sums of each day.
    pub fn by_day(&self) -> Select<day::Entity> {
        let currency = self.currency.map(|currency| day::Column::Currency.eq(currency));
        let condition = within(day::Column::Day, self.days, self.newest).add_option(currency);
        day::Entity::find().filter(condition)
    }

    /// The sums of each product on each of these days.
    pub fn by_day_and_product(&self, days: Days) -> Select<product::Entity> {
        self.products(within(product::Column::Day, days, self.newest))
    }

    fn products(&self, days: Condition) -> Select<product::Entity> {
        let currency = self.currency.map(|currency| product::Column::Currency.eq(currency));
        product::Entity::find().filter(days).filter(Condition::all().add_option(currency))
    }

    /// The sums of each product over the whole spans in the range.
    pub fn by_product_in_spans(&self) -> Option<Select<span::Entity>> {
        let spans = self.days.whole_spans()?;
        let currency = self.currency.map(|currency| span::Column::Currency.eq(currency));
        let select = span::Entity::find()
            .select_only()
            .column(span::Column::ProductId)
            .column(span::Column::Currency)
            .column_as(span::Column::Span.min(), "span")
            .filter(within(span::Column::Span, spans, self.newest.div_euclid(SPAN)).add_option(currency))
            .group_by(span::Column::ProductId)
            .group_by(span::Column::Currency);
        Some(added_up(select))
    }

    /// The sums of each product over the days in the range that are in no whole span of it.
    pub fn by_product_beside_spans(&self) -> Option<Select<product::Entity>> {
        let beside = self.days.beside_spans();
        if beside.is_empty() {
            return None;
        }
        let days = beside
            .into_iter()
            .fold(Condition::any(), |any, days| any.add(within(product::Column::Day, days, self.newest)));
        let select = self
            .products(days)
            .select_only()
            .column(product::Column::ProductId)
            .column(product::Column::Currency)
            .column_as(product::Column::Day.min(), "day")
            .group_by(product::Column::ProductId)
            .group_by(product::Column::Currency);
        Some(added_up(select))
    }
}

impl Days {
    /// The spans that lie in the range as a whole; `None` when there are none.
    fn whole_spans(self) -> Option<Self> {
        let from = self.from.map(|day| day.div_euclid(SPAN) + i32::from(day.rem_euclid(SPAN) != 0));
        let until = self.until.map(|day| day.div_euclid(SPAN));
        match (from, until) {
            (Some(from), Some(until)) if from >= until => None,
            _ => Some(Self { from, until }),
        }
    }

    /// The days in the range that are in no whole span of it: at most two short ranges.
    fn beside_spans(self) -> Vec<Self> {
        let Some(spans) = self.whole_spans() else { return vec![self] };
        let first = |span: i32| span.saturating_mul(SPAN);
        let before = Self { from: self.from, until: spans.from.map(first) };
        let after = Self { from: spans.until.map(first), until: self.until };
        [(self.from, before), (self.until, after)]
            .into_iter()
            .filter(|(bound, days)| bound.is_some() && days.from != days.until)
            .map(|(_, days)| days)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(days: Days, day: i32) -> bool {
        days.from.is_none_or(|from| from <= day) && days.until.is_none_or(|until| day < until)
    }

    #[test]
    fn whole_spans_and_the_days_beside_them_make_up_a_range_each_day_once() {
        let bounds = || std::iter::once(None).chain((-70..70).map(Some));
        for (from, until) in bounds().flat_map(|from| bounds().map(move |until| (from, until))) {
            let range = Days { from, until };
            for day in -140_i32..140 {
                let in_span = range.whole_spans().is_some_and(|spans| holds(spans, day.div_euclid(SPAN)));
                let beside = range.beside_spans().into_iter().filter(|days| holds(*days, day)).count();
                let times = beside + usize::from(in_span);
                assert_eq!(times, usize::from(holds(range, day)), "{day} in {from:?} to {until:?}");
            }
        }
    }
}
