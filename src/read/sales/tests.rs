//! Events in, sums out.

use uuid::Uuid;

use super::fold::Sales;
use super::sum::Sum;
use super::table::{day, order, product, span};
use crate::engine::read_model::{Key, Rows};
use crate::read::samples::{
    ADA, CUP, ORDER, TEA, cancelled, delivered, folded, line, paid, placed, recorded, returned, shipped,
};
use crate::write::order::event::{OrderEvent, OrderedLine};

const OTHER: Uuid = Uuid::from_u128(0xdf);

fn two_lines() -> OrderEvent {
    of(vec![line(TEA, 2, "18.00 EUR"), line(CUP, 1, "7.50 EUR")])
}

fn of(lines: Vec<OrderedLine>) -> OrderEvent {
    placed(ADA, lines, "43.50 EUR", 1)
}

/// The rows after these events, one a command; `paid` is on the first day of 1970.
fn after(events: &[(Uuid, OrderEvent)]) -> Rows {
    let events: Vec<_> =
        (1..).zip(events).map(|(position, (order, event))| recorded(*order, position, event)).collect();
    folded(&Sales, &events)
}

fn after_all(events: &[OrderEvent]) -> Rows {
    after(&events.iter().map(|event| (ORDER, event.clone())).collect::<Vec<_>>())
}

/// Orders, units and revenue of the day.
fn day_sum(rows: &Rows) -> Option<(i64, i64, i128)> {
    rows.get::<day::Model>(Key::of(0).and("EUR")).map(|row| plain(row.sum()))
}

fn product_sum(rows: &Rows, id: Uuid) -> Option<(i64, i64, i128)> {
    let by_day = rows.get::<product::Model>(Key::of(0).and(id).and("EUR")).map(|row| plain(row.sum()));
    let by_span = rows.get::<span::Model>(Key::of(0).and(id).and("EUR")).map(|row| plain(row.sum()));
    assert_eq!(by_day, by_span, "there is but one day in the span");
    by_day
}

fn plain(sum: Sum) -> (i64, i64, i128) {
    (sum.orders, sum.units, sum.revenue)
}

fn products(rows: &Rows) -> i32 {
    rows.get::<day::Model>(Key::of(0).and("EUR")).unwrap().products
}

#[test]
fn an_order_counts_once_it_is_paid_and_not_before() {
    let rows = after_all(&[two_lines()]);
    assert_eq!((day_sum(&rows), product_sum(&rows, TEA)), (None, None));
    for on_its_way in [vec![], vec![shipped()], vec![shipped(), delivered()]] {
        let rows = after_all(&[vec![two_lines(), paid()], on_its_way].concat());
        assert_eq!(day_sum(&rows), Some((1, 3, 4350)));
        assert_eq!(product_sum(&rows, TEA), Some((1, 2, 3600)));
        assert_eq!(product_sum(&rows, CUP), Some((1, 1, 750)));
        assert_eq!(products(&rows), 2);
    }
}

#[test]
fn a_paid_order_that_is_cancelled_or_comes_back_leaves_its_day_again() {
    for end in [vec![cancelled(None)], vec![shipped(), delivered(), returned()]] {
        let rows = after_all(&[vec![two_lines(), paid()], end].concat());
        assert_eq!((day_sum(&rows), products(&rows)), (Some((0, 0, 0)), 0));
        assert_eq!(product_sum(&rows, TEA), Some((0, 0, 0)));
        assert_eq!(rows.get::<order::Model>(ORDER), None);
    }
}

#[test]
fn an_order_cancelled_before_it_is_paid_leaves_no_trace() {
    let rows = after_all(&[two_lines(), cancelled(None)]);
    assert_eq!((day_sum(&rows), product_sum(&rows, TEA)), (None, None));
    assert_eq!(rows.get::<order::Model>(ORDER), None);
}

#[test]
fn what_one_order_takes_away_another_leaves() {
    let tea = of(vec![line(TEA, 5, "18.00 EUR")]);
    let rows = after(&[
        (ORDER, two_lines()),
        (OTHER, tea),
        (OTHER, paid()),
        (ORDER, paid()),
        (ORDER, cancelled(None)),
    ]);
    assert_eq!(day_sum(&rows), Some((1, 5, 9000)));
    assert_eq!(product_sum(&rows, TEA), Some((1, 5, 9000)));
    assert_eq!((product_sum(&rows, CUP), products(&rows)), (Some((0, 0, 0)), 1));
}

#[test]
fn an_order_counts_once_however_many_lines_have_a_product_and_however_often_it_is_paid() {
    let twice = of(vec![line(TEA, 2, "18.00 EUR"), line(TEA, 1, "17.00 EUR")]);
    let rows = after_all(&[twice, paid(), paid()]);
    assert_eq!(product_sum(&rows, TEA), Some((1, 3, 5300)));
    assert_eq!((day_sum(&rows), products(&rows)), (Some((1, 3, 5300)), 1));
}

#[test]
fn events_of_an_order_that_was_never_placed_leave_no_row() {
    for event in [paid(), cancelled(None), returned()] {
        assert_eq!(day_sum(&after_all(&[event])), None);
    }
}

#[test]
fn revenue_beyond_64_bits_is_exact() {
    let most = || of(vec![line(TEA, 1_000_000, "1000000000000.00 EUR")]);
    let events: Vec<_> = (0..200)
        .map(Uuid::from_u128)
        .flat_map(|order| [(order, most()), (order, paid())])
        .chain([(ORDER, two_lines()), (ORDER, paid())])
        .collect();
    let expected = 200 * 1_000_000 * 100_000_000_000_000 + 4350;
    assert!(expected > i128::from(i64::MAX));
    assert_eq!(day_sum(&after(&events)), Some((201, 200_000_003, expected)));
}

#[test]
fn revenue_comes_back_from_its_parts_also_when_they_were_added_up() {
    for revenue in [0, 1, 999_999_999, 1_000_000_000, i128::from(i64::MAX) + 1, -1, -1_000_000_001] {
        let sum = Sum { orders: 1, units: 1, revenue };
        let (high, low) = sum.revenue_parts();
        assert!((0..1_000_000_000).contains(&low));
        assert_eq!(Sum::of(1, 1, (high, low)), sum);
        assert_eq!(Sum::of(2, 2, (high * 2, low * 2)), sum.plus(sum));
    }
}
