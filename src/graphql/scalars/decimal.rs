//! `Decimal`: an exact decimal number.

use std::fmt;

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

use super::{Read, parse, refused};

const EXPECTED: &str = "a decimal number of at most 28 digits, such as \"12.50\"";

/// Longer than any number that fits; nothing above is parsed.
const MOST_BYTES: usize = 64;

/// No exponent above can lead to a number that fits, save for zero.
const LARGEST_EXPONENT: i32 = 99;

/// An exact decimal number of at most 28 digits (some of 29 fit as well).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(pub rust_decimal::Decimal);

/// An exact decimal number, answered as a string; a JSON string or number is accepted, a number by its shortest text,
/// never through binary floating point.
#[Scalar(name = "Decimal", specified_by_url = "docs/scalars.md#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_ok()
    }

    fn to_value(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl Read for Decimal {
    fn read(value: &Value) -> Result<Self, String> {
        let number = match value {
            Value::String(text) => decimal(text),
            Value::Number(number) => decimal(&number.to_string()),
            _ => None,
        };
        number.map_or_else(|| refused(EXPECTED, value), |number| Ok(Self(number)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A number as JSON writes them, leading zeros allowed; without rounding or not at all.
fn decimal(text: &str) -> Option<rust_decimal::Decimal> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, unsigned) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole)
        || !all_digits(fraction)
        || !(-LARGEST_EXPONENT..=LARGEST_EXPONENT).contains(&exponent)
    {
        return None;
    }
    let plain = if exponent == 0 { unsigned.to_owned() } else { shifted(whole, fraction, exponent) };
    let mut number = rust_decimal::Decimal::from_str_exact(&format!("{sign}{plain}")).ok()?;
    if number.is_zero() {
        number.set_sign_positive(true);
    }
    Some(number)
}

/// The digits with the decimal point moved, zeros at the end of the fraction left out.
fn shifted(whole: &str, fraction: &str, exponent: i32) -> String {
    let places = exponent.unsigned_abs() as usize;
    let (whole, fraction) = if exponent > 0 {
        let moved = format!("{fraction:0<places$}");
        let (into_whole, rest) = moved.split_at(places);
        (format!("{whole}{into_whole}"), rest.to_owned())
    } else {
        let moved = format!("{whole:0>places$}");
        let (rest, into_fraction) = moved.split_at(moved.len() - places);
        (format!("0{rest}"), format!("{into_fraction}{fraction}"))
    };
    match fraction.trim_end_matches('0') {
        "" => whole,
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Number;
    use proptest::prelude::*;

    use super::*;

    fn shown(value: impl Into<Value>) -> Option<String> {
        Decimal::read(&value.into()).ok().map(|number| number.to_string())
    }

    #[test]
    fn a_text_is_answered_with_its_own_decimals() {
        for (text, written) in [
            ("12.50", "12.50"),
            ("-0.01", "-0.01"),
            ("007", "7"),
            ("-0", "0"),
            ("-0.00", "0.00"),
            ("1e3", "1000"),
            ("1.25E-3", "0.00125"),
            ("12.5e1", "125"),
            ("1e28", "10000000000000000000000000000"),
            ("79228162514264337593543950335", "79228162514264337593543950335"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn a_number_is_read_by_its_shortest_text() {
        assert_eq!(shown(0.1).as_deref(), Some("0.1"));
        assert_eq!(shown(1.1).as_deref(), Some("1.1"));
        assert_eq!(shown(1e-7).as_deref(), Some("0.0000001"));
        assert_eq!(shown(1e21).as_deref(), Some("1000000000000000000000"));
        assert_eq!(shown(i64::MIN).as_deref(), Some("-9223372036854775808"));
        assert_eq!(shown(u64::MAX).as_deref(), Some("18446744073709551615"));
    }

    #[test]
    fn what_is_no_number_or_does_not_fit_is_refused() {
        for text in [
            "",
            "-",
            ".5",
            "5.",
            "+5",
            "1_000",
            "1,5",
            "1e",
            "1e99999999999",
            "1e29",
            "1e-29",
            "NaN",
            "Infinity",
            " 1",
            "٣",
            "79228162514264337593543950336",
            "0.00000000000000000000000000001",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
        assert_eq!(shown(1e300), None);
        assert_eq!(shown(true), None);
        assert_eq!(shown("1".repeat(65)), None);
    }

    proptest! {
        #[test]
        fn any_mantissa_and_scale_come_back_as_they_were(mantissa in any::<i64>(), scale in 0_u32..=28) {
            let number = Decimal(rust_decimal::Decimal::new(mantissa, scale));
            prop_assert_eq!(shown(number.to_string()), Some(number.to_string()));
        }

        #[test]
        fn a_number_and_its_text_are_the_same(number in any::<f64>()) {
            let Some(number) = Number::from_f64(number) else { return Ok(()) };
            prop_assert_eq!(shown(Value::Number(number.clone())), shown(number.to_string()));
        }
    }
}
