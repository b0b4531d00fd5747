//! `JSON`: any JSON value, its keys in the order they were written in.

use async_graphql::{InputValueResult, Scalar, ScalarType, Value};

use super::{Read, parse, refused};

/// Any JSON value. Keys keep their order; numbers beyond 64 bits become the nearest double.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json(pub Value);

impl Json {
    /// From stored JSON text, keys in their stored order.
    ///
    /// # Errors
    /// When the text is not JSON, or nested deeper than 128 levels.
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }
}

/// Any JSON value.
#[Scalar(name = "JSON", specified_by_url = "https://www.rfc-editor.org/rfc/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        parse(&value)
    }

    fn is_valid(value: &Value) -> bool {
        Self::read(value).is_ok()
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

impl Read for Json {
    fn read(value: &Value) -> Result<Self, String> {
        if is_json(value) { Ok(Self(value.clone())) } else { refused("a JSON value", value) }
    }
}

/// Whether a value could have been JSON; a bare name in a document could not.
fn is_json(value: &Value) -> bool {
    match value {
        Value::Null | Value::Number(_) | Value::String(_) | Value::Boolean(_) => true,
        Value::List(items) => items.iter().all(is_json),
        Value::Object(fields) => fields.values().all(is_json),
        Value::Enum(_) | Value::Binary(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Name;

    use super::*;

    #[test]
    fn stored_text_is_answered_with_its_keys_in_order() {
        let text = r#"{"zebra":1,"apple":{"b":[1,"2",null,true],"a":"1.10"},"many":18446744073709551615}"#;
        let json = Json::from_text(text).unwrap();
        assert_eq!(serde_json::to_string(&ScalarType::to_value(&json)).unwrap(), text);
    }

    #[test]
    fn text_that_is_not_json_is_an_error() {
        for text in ["", "{", "{\"a\":}", "nul", &"[".repeat(200)] {
            assert!(Json::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bare_name_is_no_json() {
        let nested = Value::List(vec![Value::from(1), Value::Enum(Name::new("PLACED"))]);
        assert!(Json::read(&nested).is_err());
    }
}
