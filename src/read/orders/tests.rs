//! Events in, rows out; and a filter means the same in SQL and in Rust.

use async_graphql::ID;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, EntityTrait, IntoActiveModel,
    QueryTrait, Schema,
};
use uuid::Uuid;

use super::fold::Orders;
use super::query::{OrderFilter, OrderSort, OrderSortField, OrderStatus};
use super::table::{Entity, Model, Status, line as lines};
use crate::engine::event::Position;
use crate::engine::read_model::{Key, Rows};
use crate::engine::time::Instant;
use crate::graphql::paging::{Listing, PageArgs, Place};
use crate::graphql::scalars::{CurrencyCode, Decimal};
use crate::graphql::{At, ErrorCode, SortDirection};
use crate::read::samples::{
    ADA, CUP, ORDER, TEA, cancelled, delivered, folded, line, paid, placed, recorded, returned, shipped,
};
use crate::write::order::event::OrderEvent;

fn two_lines() -> OrderEvent {
    placed(ADA, vec![line(TEA, 2, "18.00 EUR"), line(CUP, 1, "7.50 EUR")], "43.50 EUR", 1)
}

/// The rows after these events of one order, one a command.
fn after(events: &[OrderEvent]) -> Rows {
    let events: Vec<_> =
        (1..).zip(events).map(|(position, event)| recorded(ORDER, position, event)).collect();
    folded(&Orders, &events)
}

fn order(rows: &Rows) -> Model {
    rows.get::<Model>(ORDER).cloned().unwrap()
}

#[test]
fn a_placed_order_has_a_row_and_one_more_for_each_of_its_products() {
    let rows = after(&[two_lines()]);
    let row = order(&rows);
    assert_eq!((row.version, row.status, row.user_id), (1, Status::Placed, ADA));
    assert_eq!((row.quantity, row.total_minor, row.currency.as_str()), (3, 4350, "EUR"));
    assert_eq!((row.placed_at, row.updated_at), (1, 1));
    assert_eq!(row.ordered().unwrap(), [line(TEA, 2, "18.00 EUR"), line(CUP, 1, "7.50 EUR")]);
    for product_id in [TEA, CUP] {
        let found = rows.get::<lines::Model>(Key::of(product_id).and(ORDER));
        assert_eq!(found, Some(&lines::Model { product_id, order_id: ORDER }));
    }
}

#[test]
fn an_order_on_its_way_keeps_what_each_step_said() {
    let row = order(&after(&[two_lines(), paid(), shipped(), delivered(), returned()]));
    assert_eq!((row.version, row.status, row.updated_at), (5, Status::Returned, 5));
    assert_eq!(row.payment_reference.as_deref(), Some("pay-1"));
    assert_eq!((row.carrier.as_deref(), row.tracking_number.as_deref()), (Some("Swift Post"), Some("SP-1")));
    assert_eq!(
        (row.paid_at, row.shipped_at, row.delivered_at, row.returned_at, row.cancelled_at),
        (Some(11), Some(12), Some(13), Some(14), None)
    );
}

#[test]
fn a_cancelled_order_keeps_the_reason_if_one_was_given() {
    for reason in [Some("Ordered by mistake"), None] {
        let row = order(&after(&[two_lines(), cancelled(reason)]));
        assert_eq!((row.status, row.cancelled_at), (Status::Cancelled, Some(15)));
        assert_eq!(row.cancellation_reason.as_deref(), reason);
    }
}

#[test]
fn an_event_of_an_order_that_was_never_placed_leaves_no_row() {
    assert_eq!(after(&[paid()]).get::<Model>(ORDER), None);
}

#[test]
fn a_total_without_a_currency_or_beyond_its_decimals_is_bad_user_input() {
    let amount = Some(Decimal("12.505".parse().unwrap()));
    let euro = Some(CurrencyCode(iso_currency::Currency::EUR));
    for (filter, reason) in [
        (OrderFilter { min_total: amount, ..OrderFilter::default() }, "filter.minTotal together with"),
        (OrderFilter { max_total: amount, ..OrderFilter::default() }, "filter.maxTotal together with"),
        (
            OrderFilter { max_total: amount, currency: euro, ..OrderFilter::default() },
            "filter.maxTotal: expected at most 2 decimals in EUR",
        ),
    ] {
        let failure = filter.wanted().unwrap_err();
        assert_eq!(failure.code(), ErrorCode::BadUserInput);
        assert!(failure.message().contains(reason), "{}", failure.message());
    }
}

/// Orders on both sides of every bound that [`filters`] sets.
fn orders() -> Rows {
    let (tea, cup) = (|| line(TEA, 1, "10.00 EUR"), || line(CUP, 1, "10.00 EUR"));
    let wayward = Uuid::from_u128(0xbad);
    let placed = [
        placed(ADA, vec![tea()], "9.99 EUR", 9),
        placed(ADA, vec![tea(), cup()], "10.00 EUR", 10),
        placed(ADA, vec![cup()], "20.00 EUR", 19),
        placed(wayward, vec![tea()], "20.01 EUR", 20),
        placed(wayward, vec![cup()], "1000 JPY", 11),
        placed(wayward, vec![line(wayward, 1, "10.00 EUR")], "15.00 EUR", 12),
    ];
    let ways: [&[OrderEvent]; 4] = [&[], &[paid()], &[paid(), shipped()], &[cancelled(None)]];
    let mut events = Vec::new();
    for (number, (placed, way)) in
        (1..).zip(placed.iter().flat_map(|placed| ways.iter().map(move |way| (placed, way))))
    {
        let id = Uuid::from_u128(number);
        events.push(recorded(id, 1, placed));
        events.extend(way.iter().map(|event| recorded(id, 2, event)));
    }
    folded(&Orders, &events)
}

/// Sets a field of a filter.
type Field = Box<dyn Fn(&mut OrderFilter)>;

/// Every mix of fields, each absent, at a bound, and fitting nothing.
fn filters() -> Vec<OrderFilter> {
    let mut mixes = vec![OrderFilter::default()];
    let mut also = |fields: Vec<Field>| {
        let with = |mix: &OrderFilter| {
            let fields = fields.iter().map(|field| {
                let mut mix = mix.clone();
                field(&mut mix);
                mix
            });
            fields.chain([mix.clone()]).collect::<Vec<_>>()
        };
        mixes = mixes.iter().flat_map(with).collect();
    };
    let status =
        |named: &'static [OrderStatus]| -> Field { Box::new(move |mix| mix.status = Some(named.to_vec())) };
    use OrderStatus::{Cancelled, Paid, Placed};
    also(vec![status(&[]), status(&[Placed]), status(&[Cancelled, Paid, Paid])]);
    also(vec![Box::new(|mix| mix.user_id = Some(ID::from(ADA)))]);
    also(vec![
        Box::new(|mix| mix.product_id = Some(ID::from(TEA))),
        Box::new(|mix| mix.product_id = Some(ID::from(ORDER))),
    ]);
    also(vec![Box::new(|mix| mix.placed_from = Some(Instant::from_micros(10)))]);
    also(vec![Box::new(|mix| mix.placed_until = Some(Instant::from_micros(20)))]);
    let euro = CurrencyCode(iso_currency::Currency::EUR);
    also(vec![Box::new(move |mix| mix.currency = Some(euro))]);
    let bound = |text: &str| Some(Decimal(text.parse().unwrap()));
    also(vec![Box::new(move |mix| (mix.currency, mix.min_total) = (Some(euro), bound("10")))]);
    also(vec![Box::new(move |mix| (mix.currency, mix.max_total) = (Some(euro), bound("20.00")))]);
    mixes
}

/// A database in memory with rows in it.
async fn database(orders: &[Model]) -> DatabaseConnection {
    let mut options = ConnectOptions::new("sqlite::memory:");
    options.max_connections(1).sqlx_logging(false);
    let database = Database::connect(options).await.unwrap();
    let schema = Schema::new(DbBackend::Sqlite);
    database.execute(&schema.create_table_from_entity(Entity)).await.unwrap();
    database.execute(&schema.create_table_from_entity(lines::Entity)).await.unwrap();
    for order in orders {
        Entity::insert(order.clone().into_active_model()).exec(&database).await.unwrap();
        for line in order.ordered().unwrap() {
            let line = lines::Model { product_id: line.product_id, order_id: order.id };
            lines::Entity::insert(line.into_active_model()).exec(&database).await.unwrap();
        }
    }
    database
}

#[tokio::test]
async fn a_filter_means_the_same_in_sql_and_in_rust() {
    let rows = orders();
    let orders: Vec<Model> =
        (1..=24).map(|number| rows.get::<Model>(Uuid::from_u128(number)).cloned().unwrap()).collect();
    let database = database(&orders).await;
    let mut sizes = std::collections::BTreeSet::new();
    for filter in filters() {
        let wanted = filter.wanted().unwrap();
        let mut by_sql: Vec<Uuid> =
            wanted.select().all(&database).await.unwrap().into_iter().map(|row| row.id).collect();
        by_sql.sort();
        let by_rust: Vec<Uuid> =
            orders.iter().filter(|order| wanted.fits(order).unwrap()).map(|order| order.id).collect();
        assert_eq!(by_sql, by_rust, "{filter:?}");
        sizes.insert(by_rust.len());
    }
    assert!(sizes.contains(&0) && sizes.contains(&24) && sizes.len() > 5, "the filters tell nothing apart");
}

#[test]
fn orders_placed_since_a_day_are_walked_over_since_then_by_their_last_change() {
    let at = At::now(Position::from_stored(9), Instant::from_micros(90));
    let since = OrderFilter { placed_from: Some(Instant::from_micros(7)), ..OrderFilter::default() };
    let since = since.wanted().unwrap();
    let listing = Listing::new("orders", 1);
    let place = Place { keys: vec![8.into()], id: ORDER };
    let behind = PageArgs { after: Some(listing.encode(at.position, &place)), ..PageArgs::default() };
    for (field, direction, args, limits) in [
        (OrderSortField::UpdatedAt, SortDirection::Asc, PageArgs::default(), [true, true]),
        (OrderSortField::UpdatedAt, SortDirection::Desc, PageArgs::default(), [true, true]),
        // It has begun at its cursor.
        (OrderSortField::UpdatedAt, SortDirection::Asc, behind.clone(), [false, true]),
        (OrderSortField::UpdatedAt, SortDirection::Desc, behind, [true, false]),
        (OrderSortField::PlacedAt, SortDirection::Asc, PageArgs::default(), [false, false]),
    ] {
        let order = OrderSort { field, direction }.order(&since, at);
        let list = order.page(&args.page(&listing).unwrap(), since.query(at)).unwrap().into_select();
        let sql = list.build(DbBackend::Sqlite).to_string();
        let told = [r#""updated_at" >= 7"#, r#""updated_at" <= 90"#].map(|limit| sql.contains(limit));
        assert_eq!(told, limits, "{sql}");
    }
}
