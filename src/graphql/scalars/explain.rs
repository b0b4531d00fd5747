//! Why validation refused a value. async-graphql's validation asks a scalar only yes or no and says no more than
//! `expected type "Moment"`; the reason with its hint is found again from the place of the error in the document.

use async_graphql::parser::types::{Directive, ExecutableDocument, Selection, SelectionSet};
use async_graphql::{ErrorExtensionValues, Name, Pos, Positioned, ServerError, Value, Variables};

use super::{CountryCode, CurrencyCode, Date, Decimal, Json, Moment, Read};
use crate::engine::event::Position;
use crate::engine::time::Instant;
use crate::graphql::errors::ErrorCode;

/// How validation begins when an argument, or the default of a variable, has a value it cannot have.
const REFUSALS: [&str; 2] = ["Invalid value for argument ", "Invalid default value for argument: "];

/// Gives every error that validation raised over a value the code `BAD_USER_INPUT` and, where a scalar of ours refused
/// it, the reason. Other errors stay as they are. For the errors of a request that was not executed.
pub fn explain(errors: &mut [ServerError], document: &ExecutableDocument, variables: &Variables) {
    for error in errors {
        let Some(prefix) = REFUSALS.into_iter().find(|prefix| error.message.starts_with(prefix)) else {
            continue;
        };
        let code = ErrorCode::BadUserInput.as_str();
        error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
        let Some((path, scalar)) = refused_place(&error.message, prefix) else { continue };
        let reason = error
            .locations
            .first()
            .and_then(|place| value_at(document, variables, *place))
            .and_then(|value| reason(scalar, descend(&value, path)?));
        if let Some(reason) = reason {
            error.message = format!("{prefix}\"{path}\": {reason}");
        }
    }
}

/// The path and the scalar in `"filter.createdFrom", expected type "DateTime"`.
fn refused_place<'a>(message: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    let (path, scalar) = message.strip_prefix(prefix)?.split_once(", expected type ")?;
    let unquote = |text: &'a str| text.strip_prefix('"')?.strip_suffix('"');
    Some((unquote(path)?, unquote(scalar)?))
}

/// Why a scalar of ours refuses a value; `None` when it does not, or is not ours.
fn reason(scalar: &str, value: &Value) -> Option<String> {
    match scalar {
        "DateTime" => Instant::read(value).err(),
        "Date" => Date::read(value).err(),
        "Decimal" => Decimal::read(value).err(),
        "CurrencyCode" => CurrencyCode::read(value).err(),
        "CountryCode" => CountryCode::read(value).err(),
        "JSON" => Json::read(value).err(),
        "Position" => Position::read(value).err(),
        "Moment" => Moment::read(value).err(),
        _ => None,
    }
}

/// The value inside an argument's: the first segment of the path is the argument itself.
fn descend<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').skip(1).try_fold(value, |value, segment| match value {
        Value::Object(fields) => fields.get(segment),
        Value::List(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The value of the argument whose name stands at a place, or the default of the variable that is defined there.
fn value_at(document: &ExecutableDocument, variables: &Variables, place: Pos) -> Option<Value> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node);
    operations
        .clone()
        .flat_map(|operation| &operation.variable_definitions)
        .find(|definition| definition.pos == place)
        .and_then(|definition| definition.node.default_value.as_ref())
        .map(|default| default.node.clone())
        .or_else(|| {
            operations
                .map(|operation| (&operation.directives, &operation.selection_set.node))
                .chain(fragments.map(|fragment| (&fragment.directives, &fragment.selection_set.node)))
                .find_map(|(directives, selected)| {
                    in_directives(directives, variables, place).or_else(|| in_set(selected, variables, place))
                })
        })
}

fn in_set(selected: &SelectionSet, variables: &Variables, place: Pos) -> Option<Value> {
    selected.items.iter().find_map(|selection| match &selection.node {
        Selection::Field(field) => named_at(&field.node.arguments, place)
            .and_then(|value| value.clone().into_const_with(|name| filled(variables, &name)).ok())
            .or_else(|| in_directives(&field.node.directives, variables, place))
            .or_else(|| in_set(&field.node.selection_set.node, variables, place)),
        Selection::InlineFragment(fragment) => in_directives(&fragment.node.directives, variables, place)
            .or_else(|| in_set(&fragment.node.selection_set.node, variables, place)),
        Selection::FragmentSpread(spread) => in_directives(&spread.node.directives, variables, place),
    })
}

fn in_directives(directives: &[Positioned<Directive>], variables: &Variables, place: Pos) -> Option<Value> {
    directives.iter().find_map(|directive| {
        let value = named_at(&directive.node.arguments, place)?;
        value.clone().into_const_with(|name| filled(variables, &name)).ok()
    })
}

/// The value of the argument whose name stands at a place.
fn named_at<V>(arguments: &[(Positioned<Name>, Positioned<V>)], place: Pos) -> Option<&V> {
    arguments.iter().find(|(name, _)| name.pos == place).map(|(_, value)| &value.node)
}

fn filled(variables: &Variables, name: &Name) -> Result<Value, ()> {
    variables.get(name).cloned().ok_or(())
}
