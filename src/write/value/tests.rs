//! What values take and refuse, and that what is stored comes back.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::write::problems::Problems;
use crate::write::rejection::{Rejection, path};
use crate::write::samples::{email, money, quantity, sku};

fn refusal<T: fmt::Debug>(parsed: Result<T, Invalid>) -> String {
    parsed.unwrap_err().to_string()
}

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

#[test]
fn a_name_is_given_without_the_white_space_around_it() {
    assert_eq!(Name::parse("  Ada Lovelace\n").unwrap().as_str(), "Ada Lovelace");
}

#[test]
fn a_name_has_1_to_200_characters_whatever_their_bytes() {
    assert!(Name::parse("ä".repeat(200)).is_ok());
    assert_eq!(
        refusal(Name::parse("ä".repeat(201))),
        "expected a name of 1 to 200 characters; came 201 characters"
    );
    assert_eq!(refusal(Name::parse(" \t ")), "expected a name of 1 to 200 characters; came an empty text");
}

#[test]
fn a_control_character_is_refused_and_named() {
    assert_eq!(
        refusal(Name::parse("A\u{2}da")),
        r#"expected a name without control characters; came "A\u{2}da" with U+0002 in it"#
    );
    assert!(Name::parse("Ada\nLovelace").is_err());
}

#[test]
fn a_reason_may_have_lines_but_no_other_control_characters() {
    assert_eq!(Reason::parse("one\r\n\ttwo").unwrap().as_str(), "one\r\n\ttwo");
    assert!(Reason::parse("one\0two").is_err());
    assert!(Reason::parse("x".repeat(2000)).is_ok());
    assert!(Reason::parse("x".repeat(2001)).is_err());
}

#[test]
fn an_email_address_is_kept_as_given() {
    assert_eq!(email("Ada.Lovelace+shop@Example.COM").as_str(), "Ada.Lovelace+shop@Example.COM");
}

#[test]
fn what_is_no_bare_email_address_is_refused() {
    let long = format!("ada@{}com", format!("{}.", "x".repeat(60)).repeat(4));
    for text in [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@[127.0.0.1]",
        "Ada <ada@example.com>",
        " <ada@example.com>",
        "ada@example.com ",
        "a da@example.com",
        "\"a\u{7}\"@example.com",
        "a@b@example.com",
        &long,
    ] {
        assert!(Email::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn one_mailbox_is_one_claim_however_its_case_is_written() {
    assert_eq!(email("ADA@Example.com").claim(), email("ada@example.COM").claim());
    assert_ne!(email("josé@example.com").claim(), email("jose@example.com").claim());
    assert_eq!(email("jose\u{301}@example.com").claim(), email("josé@example.com").claim());
}

#[test]
fn one_sku_is_one_claim_whatever_its_case_and_accents() {
    assert_eq!(sku("Thé-01").claim(), sku("THE-01").claim());
}

#[test]
fn quantities_stay_in_their_bounds_also_when_added() {
    assert_eq!(refusal(Quantity::parse(0)), "expected a quantity from 1 to 1000000; came 0");
    assert!(Quantity::parse(1_000_001).is_err());
    assert_eq!(quantity(999_999).plus(quantity(1)), Ok(quantity(1_000_000)));
    assert!(quantity(1_000_000).plus(quantity(1)).is_err());
    assert!(InitialStock::parse(0).is_ok() && InitialStock::parse(-1).is_err());
    assert!(StockChange::parse(-1_000_000).is_ok() && StockChange::parse(i32::MIN).is_err());
}

#[test]
fn a_currency_is_known_by_its_code_and_has_minor_units() {
    for code in ["eur", "EURO", "", "ZZZ", "XAU", "XTS"] {
        assert!(Currency::parse(code).is_err(), "{code}");
    }
}

/// Minor units are stored in read models: a currency that changed its decimals would change what is in them.
#[test]
fn the_decimals_of_currencies_stay_as_they_are() {
    for (code, decimals) in
        [("EUR", 2), ("USD", 2), ("JPY", 0), ("ISK", 0), ("KWD", 3), ("CLF", 4), ("MGA", 2)]
    {
        assert_eq!(currency(code).decimals(), decimals, "{code}");
    }
}

#[test]
fn a_country_is_known_by_its_two_letters() {
    assert_eq!(Country::parse("DE").unwrap().as_str(), "DE");
    for code in ["de", "DEU", "ZZ", ""] {
        assert!(Country::parse(code).is_err(), "{code}");
    }
}

#[test]
fn an_amount_has_no_more_decimals_than_its_currency() {
    assert_eq!(Money::new(amount("18.5"), currency("EUR")).unwrap().minor(), 1850);
    assert_eq!(Money::new(amount("18.5000"), currency("EUR")).unwrap(), money("18.50 EUR"));
    assert_eq!(
        refusal(Money::new(amount("18.505"), currency("EUR"))),
        "expected an amount with at most 2 decimals, as EUR has; came 18.505"
    );
    assert!(Money::new(amount("18.5"), currency("JPY")).is_err());
}

#[test]
fn an_amount_ends_at_a_million_million_in_every_currency() {
    for code in ["JPY", "EUR", "KWD", "CLF"] {
        let largest = Money::new(Decimal::from(Money::LARGEST), currency(code)).unwrap();
        assert_eq!(largest.plus(Money::from_minor(1, currency(code))), None, "{code}");
        assert_eq!(largest.times(quantity(1_000_000)), None, "{code}");
        assert!(Money::new(Decimal::from(Money::LARGEST + 1), currency(code)).is_err(), "{code}");
        assert!(Money::new(Decimal::MAX, currency(code)).is_err(), "{code}");
    }
}

#[test]
fn a_price_is_not_negative_but_may_be_nothing() {
    assert!(Money::price(amount("0"), currency("EUR")).is_ok());
    assert_eq!(
        refusal(Money::price(amount("-0.01"), currency("EUR"))),
        "expected a price of 0 or more; came -0.01"
    );
}

#[test]
fn amounts_in_two_currencies_have_no_sum() {
    assert_eq!(money("1 EUR").plus(money("1 USD")), None);
}

#[test]
fn all_problems_of_an_address_are_told_at_once_each_with_its_path() {
    let mut problems = Problems::new();
    let given =
        AddressFields { line2: Some(String::new()), country: "ZZ".to_owned(), ..AddressFields::default() };
    let parsed = Address::parse(&mut problems, "address", given);
    let found = problems.finish(|| parsed).unwrap_err();
    let paths: Vec<_> = found.iter().map(Rejection::path).collect();
    assert_eq!(paths, ["line1", "line2", "city", "country"].map(|field| path(["address", field])));
}

#[test]
fn a_command_is_built_when_its_input_has_no_problem() {
    let mut problems = Problems::new();
    let name = problems.take("name", Name::parse("Ada"));
    let email = problems.optional(None::<&str>, |problems, text| problems.take("email", Email::parse(text)));
    let built = problems.finish(|| Some((name?, email?))).unwrap();
    assert_eq!(built, (Name::parse("Ada").unwrap(), None));
}

#[test]
fn an_id_is_a_uuid() {
    assert!(parse_id("01936f2e-6b5c-7cc3-98d4-0a1b2c3d4e5f").is_ok());
    assert!(refusal(parse_id("x".repeat(1000))).len() < 200);
}

proptest! {
    #[test]
    fn money_comes_back_from_the_log_as_it_went_in(minor in any::<i64>(), code in prop::sample::select(vec!["JPY", "EUR", "KWD", "CLF"])) {
        let money = Money::from_minor(minor, currency(code));
        let text = serde_json::to_string(&money).unwrap();
        prop_assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money);
    }

    #[test]
    fn no_text_and_no_amount_makes_a_parser_panic(text in any::<String>(), mantissa in any::<i64>(), scale in 0..=28_u32) {
        let _ = (Name::parse(&text), Sku::parse(&text), Reason::parse(&text), Email::parse(&text), parse_id(&text));
        let _ = (Currency::parse(&text), Country::parse(&text));
        let _ = Money::price(Decimal::new(mantissa, scale), currency("EUR"));
    }
}
