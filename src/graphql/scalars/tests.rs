//! Every scalar over made-up values: what is written is read as the same, and nothing makes one panic.

use std::fmt::Debug;

use async_graphql::{Name, Number, ScalarType};
use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;

/// Values near to and far from what a scalar takes.
fn any_value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>(),
        "-?P?[0-9.,YMWDTHS-]{0,24}",
        "[0-9]{0,4}-[0-9]{0,2}-[0-9]{0,2}[Tt ][0-9:.]{0,16}(Z|[+-][0-9:]{0,6})?",
        "[+-]?[0-9_]{0,70}\\.?[0-9]{0,40}([eE][+-]?[0-9]{0,12})?",
        "[A-Za-z]{2,3}",
    ];
    let leaf = prop_oneof![any_json_leaf(), text.prop_map(Value::from), Just(Value::Enum(Name::new("EUR")))];
    nested(leaf)
}

fn any_json() -> impl Strategy<Value = Value> {
    nested(prop_oneof![any_json_leaf(), any::<String>().prop_map(Value::from)])
}

fn any_json_leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter_map("finite", |n| Number::from_f64(n).map(Value::Number)),
    ]
}

/// The values, and lists and objects of them.
fn nested(leaf: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    leaf.prop_recursive(2, 8, 3, |inner| {
        let fields = prop::collection::vec(("[a-z]{1,3}", inner.clone()), 0..3);
        let object = fields.prop_map(|fields| {
            Value::Object(fields.into_iter().map(|(name, value)| (Name::new(name), value)).collect())
        });
        prop_oneof![prop::collection::vec(inner, 0..3).prop_map(Value::List), object]
    })
}

/// From the first microsecond of the year 0 to the last of the year 9999.
fn any_instant() -> impl Strategy<Value = Instant> {
    (-62_167_219_200_000_000_i64..253_402_300_800_000_000).prop_map(Instant::from_micros)
}

fn any_day() -> impl Strategy<Value = Date> {
    let days = |year| NaiveDate::from_ymd_opt(year, 1, 1).map(|day| day.to_epoch_days()).unwrap();
    (days(0)..days(10_000)).prop_map(|days| Date(NaiveDate::from_epoch_days(days).unwrap()))
}

fn any_position() -> impl Strategy<Value = Position> {
    (0..=i64::MAX).prop_map(Position::from_stored)
}

/// All that 96 bits and 28 decimals can say; there is one zero of each scale, and no negative one.
fn any_decimal() -> impl Strategy<Value = Decimal> {
    (any::<[u32; 3]>(), any::<bool>(), 0..=28_u32).prop_map(|([low, middle, high], negative, scale)| {
        let negative = negative && (low, middle, high) != (0, 0, 0);
        Decimal(rust_decimal::Decimal::from_parts(low, middle, high, negative, scale))
    })
}

fn any_ago() -> impl Strategy<Value = Ago> {
    ("(0|[1-9][0-9]{0,6})", "(0|[1-9][0-9]{0,6})", "(0|[1-9][0-9]{0,8})", "[0-9]{1,6}").prop_map(
        |(months, days, seconds, fraction)| {
            Ago::parse(&format!("-P{months}M{days}DT{seconds}.{fraction}S")).unwrap()
        },
    )
}

fn any_moment() -> impl Strategy<Value = Moment> {
    prop_oneof![
        any_instant().prop_map(Moment::At),
        any_position().prop_map(Moment::Position),
        any_ago().prop_map(Moment::Ago),
    ]
}

/// Reading what was written gives the same again, wherever it is read.
fn comes_back<T: ScalarType + Read + PartialEq + Debug>(value: &T) {
    let written = ScalarType::to_value(value);
    assert_eq!(T::read(&written).as_ref(), Ok(value), "written as {written}");
    assert!(<T as ScalarType>::is_valid(&written), "{written}");
}

/// Taken or refused everywhere alike, and what is taken can be written and read again.
fn holds<T: ScalarType + Read + PartialEq + Debug>(value: &Value) {
    let read = T::read(value);
    assert_eq!(<T as ScalarType>::is_valid(value), read.is_ok(), "{value}");
    assert_eq!(<T as ScalarType>::parse(value.clone()).is_ok(), read.is_ok(), "{value}");
    assert_eq!(check(&T::type_name(), value), read.as_ref().map(drop).map_err(Clone::clone), "{value}");
    if let Ok(read) = read {
        comes_back(&read);
    }
}

proptest! {
    #[test]
    fn no_value_makes_a_scalar_panic_and_what_is_read_can_be_written_and_read_again(value in any_value()) {
        holds::<Instant>(&value);
        holds::<Date>(&value);
        holds::<Decimal>(&value);
        holds::<CurrencyCode>(&value);
        holds::<CountryCode>(&value);
        holds::<Json>(&value);
        holds::<Position>(&value);
        holds::<Moment>(&value);
    }

    #[test]
    fn whatever_a_scalar_holds_is_read_as_it_was_written(
        instant in any_instant(),
        day in any_day(),
        decimal in any_decimal(),
        json in any_json(),
        position in any_position(),
        moment in any_moment(),
    ) {
        comes_back(&instant);
        comes_back(&day);
        comes_back(&decimal);
        comes_back(&Json(json));
        comes_back(&position);
        comes_back(&moment);
    }

    #[test]
    fn a_duration_is_read_as_it_was_written(ago in any_ago()) {
        prop_assert_eq!(Ago::parse(&ago.to_string()), Some(ago));
    }
}

#[test]
fn every_country_and_every_currency_is_read_as_it_was_written() {
    let letters = 'A'..='Z';
    let pairs = letters.clone().flat_map(|a| ('A'..='Z').map(move |b| format!("{a}{b}")));
    let countries: Vec<_> = pairs.clone().filter_map(|code| CountryCode::from_alpha2(&code)).collect();
    countries.iter().for_each(comes_back);
    let triples = pairs.flat_map(|pair| ('A'..='Z').map(move |c| Value::from(format!("{pair}{c}"))));
    let currencies: Vec<_> = triples.filter_map(|code| CurrencyCode::read(&code).ok()).collect();
    currencies.iter().for_each(comes_back);
    assert!(countries.len() > 200 && currencies.len() > 150, "{} {}", countries.len(), currencies.len());
}

#[test]
fn an_excerpt_ends_at_eighty_characters() {
    assert_eq!(excerpt("short"), "short");
    assert_eq!(excerpt(&"é".repeat(80)), "é".repeat(80));
    assert_eq!(excerpt(&"é".repeat(81)), format!("{}…", "é".repeat(80)));
}
