//! Checks values before anything runs: every variable against its type, every literal as far as the executor does not.
//! A moment that does not parse must not be found after the first of two mutations has committed.

use async_graphql::{
    Name, ServerError, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type},
};

use async_graphql_value::Value as Literal;

use super::types::{Input, Kind, Types};
use crate::api::errors::Code;

/// Says whether a custom scalar takes a value, or why not and what it wants instead.
pub type ScalarCheck<'a> = &'a dyn Fn(&str, &Value) -> Result<(), String>;

/// Checks the variables of an operation; every one that does not fit is told. Types the schema does not have are
/// left to validation.
pub fn variables(
    types: &Types,
    scalar: ScalarCheck<'_>,
    operation: &OperationDefinition,
    given: &Variables,
) -> Result<(), Vec<ServerError>> {
    let coercion = Coercion { types, scalar };
    let mut errors = Vec::new();
    for definition in &operation.variable_definitions {
        let (name, ty) = (&definition.node.name.node, &definition.node.var_type.node);
        let default = definition.node.default_value.as_ref().map(|default| &default.node);
        // A default must fit even where a value is given.
        let fits = default.map_or(Ok(()), |default| {
            coercion.value(default, ty, &mut Vec::new())?;
            coercion.literal(&default.clone().into_value(), ty)
        });
        let outcome = fits.and_then(|()| match given.get(name) {
            Some(value) => coercion.value(value, ty, &mut Vec::new()),
            None if default.is_some() || ty.nullable => Ok(()),
            None => Err(format!("is required ({ty}) and was not given")),
        });
        if let Err(reason) = outcome {
            let mut error = Code::BadUserInput.error(format!("The variable ${name} {reason}."));
            error.locations.push(definition.pos);
            errors.push(error);
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Checks an argument's literal as far as the executor does not: custom scalars, that an input object is one, and that
/// no text stands for a value of an enum.
pub fn literal(types: &Types, scalar: ScalarCheck<'_>, value: &Literal, ty: &Type) -> Result<(), String> {
    Coercion { types, scalar }.literal(value, ty)
}

struct Coercion<'a> {
    types: &'a Types,
    scalar: ScalarCheck<'a>,
}

impl Coercion<'_> {
    fn value(&self, value: &Value, ty: &Type, path: &mut Vec<String>) -> Result<(), String> {
        match (&ty.base, value) {
            (_, Value::Null) if ty.nullable => Ok(()),
            (_, Value::Null) => Err(wrong(path, ty, value)),
            (BaseType::List(item), Value::List(values)) => {
                for (index, value) in values.iter().enumerate() {
                    path.push(index.to_string());
                    self.value(value, item, path)?;
                    path.pop();
                }
                Ok(())
            }
            // One value stands for a list of it.
            (BaseType::List(item), _) => self.value(value, item, path),
            (BaseType::Named(name), _) => self.named(value, name, ty, path),
        }
    }

    fn named(&self, value: &Value, name: &Name, ty: &Type, path: &mut Vec<String>) -> Result<(), String> {
        if let Some(fits) = built_in(name, value) {
            return if fits { Ok(()) } else { Err(wrong(path, ty, value)) };
        }
        match (self.types.get(name), value) {
            (Some(Kind::Scalar), _) => (self.scalar)(name, value)
                .map_err(|reason| format!("{}{}", at(path), refused(name, value, &reason))),
            (Some(Kind::Enum(values)), Value::String(text)) if values.contains(text.as_str()) => Ok(()),
            (Some(Kind::Enum(values)), Value::Enum(text)) if values.contains(text) => Ok(()),
            (Some(Kind::Input { fields, one_of }), Value::Object(given)) => {
                if *one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
                    return Err(format!("{}must have exactly one field, not null, for {name}", at(path)));
                }
                if let Some(unknown) = given.keys().find(|key| !fields.contains_key(*key)) {
                    return Err(format!("{}has a field {unknown} that {name} does not have", at(path)));
                }
                fields.iter().try_for_each(|(field, input)| {
                    path.push(field.to_string());
                    self.input(given.get(field), input, path)?;
                    path.pop();
                    Ok(())
                })
            }
            (Some(Kind::Enum(_) | Kind::Input { .. }), _) => Err(wrong(path, ty, value)),
            // Not an input type: validation says so.
            _ => Ok(()),
        }
    }

    fn input(&self, value: Option<&Value>, input: &Input, path: &mut Vec<String>) -> Result<(), String> {
        match value {
            Some(value) => self.value(value, &input.ty, path),
            None if input.ty.nullable || input.has_default => Ok(()),
            None => Err(format!("{}is required ({}) and was not given", at(path), input.ty)),
        }
    }

    fn literal(&self, value: &Literal, ty: &Type) -> Result<(), String> {
        match (&ty.base, value) {
            (_, Literal::Null | Literal::Variable(_)) => Ok(()),
            (BaseType::List(item), Literal::List(values)) => {
                values.iter().try_for_each(|value| self.literal(value, item))
            }
            (BaseType::List(item), _) => self.literal(value, item),
            (BaseType::Named(name), _) => match (self.types.get(name), value) {
                (Some(Kind::Scalar), _) if built_in(name, &Value::Null).is_none() => {
                    // A scalar with variables inside, such as JSON, is checked where it is used.
                    let Some(value) = value.clone().into_const() else { return Ok(()) };
                    (self.scalar)(name, &value).map_err(|reason| refused(name, &value, &reason))
                }
                (Some(Kind::Input { fields, .. }), Literal::Object(given)) => given
                    .iter()
                    .filter_map(|(field, value)| Some((value, fields.get(field)?)))
                    .try_for_each(|(value, input)| self.literal(value, &input.ty)),
                (Some(Kind::Input { .. }), _) => Err(format!("must be {ty}, not {}", shortened(value))),
                (Some(Kind::Enum(_)), Literal::String(text)) => {
                    Err(format!("must be {ty}, which is written without quotes: {text}"))
                }
                _ => Ok(()),
            },
        }
    }
}

/// Whether a built-in scalar takes the value; nothing for other types.
fn built_in(name: &str, value: &Value) -> Option<bool> {
    Some(match (name, value) {
        ("Int", Value::Number(number)) => number.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        ("Float", Value::Number(_)) => true,
        ("String", Value::String(_)) | ("Boolean", Value::Boolean(_)) | ("ID", Value::String(_)) => true,
        ("ID", Value::Number(number)) => number.is_i64() || number.is_u64(),
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
        _ => return None,
    })
}

fn at(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!("at `{}` ", path.join(".")) }
}

fn wrong(path: &[String], ty: &Type, value: &Value) -> String {
    format!("{}must be {ty}, not {}", at(path), shortened(value))
}

fn refused(name: &str, value: &Value, reason: &str) -> String {
    let reason = reason.trim_end_matches('.');
    format!("is not a valid {name}, {}: {reason}", shortened(value))
}

/// Enough of a value to recognise it.
fn shortened(value: &impl ToString) -> String {
    const MAX_CHARS: usize = 80;
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{parse_query, types::DocumentOperations};
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        enum Status { PLACED PAID }
        input Filter { status: Status }
        type Query { orders(filter: Filter, status: [Status!]): Int }
        schema { query: Query }";

    /// What is wrong with the variables of an operation, or with the literals of its first field.
    fn wrong(text: &str, given: serde_json::Value) -> Option<String> {
        let types = Types::parse(SDL).unwrap();
        let document = parse_query(text).unwrap();
        let DocumentOperations::Single(operation) = &document.operations else { panic!("{text} is one") };
        let scalar = |_: &str, _: &Value| Ok(());
        if let Err(errors) = variables(&types, &scalar, &operation.node, &Variables::from_json(given)) {
            return errors.into_iter().next().map(|error| error.message);
        }
        let root = types.root(operation.node.ty).unwrap();
        operation.node.selection_set.node.items.iter().find_map(|selection| {
            let async_graphql::parser::types::Selection::Field(field) = &selection.node else { return None };
            let output = types.field(root, &field.node.name.node)?;
            field.node.arguments.iter().find_map(|(name, value)| {
                literal(&types, &scalar, &value.node, &output.arguments.get(&name.node)?.ty).err()
            })
        })
    }

    #[test]
    fn a_default_must_fit_even_where_a_value_is_given() {
        let text = "query($f: Filter = 1) { orders(filter: $f) }";
        assert_eq!(wrong(text, json!({ "f": {} })).unwrap(), "The variable $f must be Filter, not 1.");
    }

    #[test]
    fn an_input_object_is_written_as_one() {
        assert_eq!(wrong("{ orders(filter: 1) }", json!({})).unwrap(), "must be Filter, not 1");
        assert_eq!(wrong("{ orders(filter: {}) }", json!({})), None);
    }

    #[test]
    fn an_enum_is_written_without_quotes_and_given_with_them() {
        let quoted = "must be Status!, which is written without quotes: PAID";
        assert_eq!(wrong("{ orders(status: [\"PAID\"]) }", json!({})).unwrap(), quoted);
        let default = "query($s: Status = \"PAID\") { orders(filter: { status: $s }) }";
        let refused = "The variable $s must be Status, which is written without quotes: PAID.";
        assert_eq!(wrong(default, json!({ "s": "PLACED" })).unwrap(), refused);
        assert_eq!(wrong("query($s: [Status!]) { orders(status: $s) }", json!({ "s": ["PAID"] })), None);
        assert_eq!(wrong("{ orders(status: PAID) }", json!({})), None);
    }
}
