//! Puts the root fields of mutations and subscriptions into the form the executor handles as the specification
//! says: it runs a field that is selected twice twice, and overlooks a subscription's field inside a fragment.

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
        SelectionSet,
    },
};

use crate::api::errors::Code;

/// Rewrites the chosen operation. What is not valid is left as it stands, for validation to tell.
pub fn normalise(
    document: &mut ExecutableDocument,
    name: Option<&str>,
    root: &Name,
) -> Result<(), ServerError> {
    match chosen(document, name).map(|operation| operation.ty) {
        Some(OperationType::Mutation) => merge_repeated(document, name),
        Some(OperationType::Subscription) => unwrap_fragments(document, name, root),
        _ => Ok(()),
    }
}

fn chosen<'a>(
    document: &'a mut ExecutableDocument,
    name: Option<&str>,
) -> Option<&'a mut OperationDefinition> {
    match (&mut document.operations, name) {
        (DocumentOperations::Single(operation), _) => Some(&mut operation.node),
        (DocumentOperations::Multiple(named), Some(name)) => named.get_mut(name).map(|o| &mut o.node),
        (DocumentOperations::Multiple(named), None) => named.values_mut().next().map(|o| &mut o.node),
    }
}

/// A command selected twice under one key is one command.
fn merge_repeated(document: &mut ExecutableDocument, name: Option<&str>) -> Result<(), ServerError> {
    let Some(operation) = chosen(document, name) else { return Ok(()) };
    let mut merged: Vec<Positioned<Selection>> = Vec::new();
    for selection in std::mem::take(&mut operation.selection_set.node.items) {
        match selection.node {
            Selection::Field(field) => {
                match merged.iter_mut().find_map(|kept| same_key(&mut kept.node, &field)) {
                    Some(kept) if mergeable(&kept.node, &field.node) => {
                        kept.node.selection_set.node.items.extend(field.node.selection_set.node.items);
                    }
                    _ => merged.push(Positioned::new(Selection::Field(field), selection.pos)),
                }
            }
            other => merged.push(Positioned::new(other, selection.pos)),
        }
    }
    operation.selection_set.node.items = merged;
    let set = &operation.selection_set.node.clone();
    let mut keys = Vec::new();
    collect_keys(document, set, &mut keys);
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair.first() == pair.last()).and_then(|pair| pair.first()) {
        Some(key) => Err(Code::ValidationFailed.error(format!(
            "The mutation selects `{key}` twice in a way that cannot be told apart; select it once, or give each an alias."
        ))),
        None => Ok(()),
    }
}

fn same_key<'a>(kept: &'a mut Selection, field: &Positioned<Field>) -> Option<&'a mut Positioned<Field>> {
    match kept {
        Selection::Field(kept) if kept.node.response_key().node == field.node.response_key().node => {
            Some(kept)
        }
        _ => None,
    }
}

fn mergeable(kept: &Field, field: &Field) -> bool {
    let arguments = |field: &Field| -> Vec<_> {
        field.arguments.iter().map(|(name, value)| (name.node.clone(), value.node.clone())).collect()
    };
    kept.name.node == field.name.node
        && kept.directives.is_empty()
        && field.directives.is_empty()
        && arguments(kept) == arguments(field)
}

fn collect_keys<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet, keys: &mut Vec<&'a str>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => keys.push(field.node.response_key().node.as_str()),
            Selection::InlineFragment(inline) => {
                collect_keys(document, &inline.node.selection_set.node, keys);
            }
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect_keys(document, &fragment.node.selection_set.node, keys);
                }
            }
        }
    }
}

/// Replaces the fragment around a subscription's root field by the field.
fn unwrap_fragments(
    document: &mut ExecutableDocument,
    name: Option<&str>,
    root: &Name,
) -> Result<(), ServerError> {
    loop {
        let Some(operation) = chosen(document, name) else { return Ok(()) };
        let Some(selection) = operation.selection_set.node.items.first() else { return Ok(()) };
        if !matches!(selection.node, Selection::Field(_)) && !selection.node.directives().is_empty() {
            return Err(Code::ValidationFailed.error(
                "A fragment around a subscription's root field takes no directives; put them on the field.",
            ));
        }
        match selection.node.clone() {
            Selection::Field(_) => return Ok(()),
            Selection::InlineFragment(inline) => {
                if inline.node.type_condition.is_some_and(|on| on.node.on.node != *root) {
                    return Ok(());
                }
                operation.selection_set = inline.node.selection_set;
            }
            Selection::FragmentSpread(spread) => {
                let fragment = spread.node.fragment_name.node;
                let Some(definition) = document.fragments.get(&fragment) else { return Ok(()) };
                if definition.node.type_condition.node.on.node != *root {
                    return Ok(());
                }
                let set = definition.node.selection_set.clone();
                if let Some(operation) = chosen(document, name) {
                    operation.selection_set = set;
                }
                // Validation refuses fragments that nothing spreads any more.
                if !is_spread(document, &fragment) {
                    document.fragments.remove(&fragment);
                }
            }
        }
    }
}

fn is_spread(document: &ExecutableDocument, name: &Name) -> bool {
    fn within(set: &SelectionSet, name: &Name) -> bool {
        set.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => within(&field.node.selection_set.node, name),
            Selection::InlineFragment(inline) => within(&inline.node.selection_set.node, name),
            Selection::FragmentSpread(spread) => spread.node.fragment_name.node == *name,
        })
    }
    document.operations.iter().any(|(_, operation)| within(&operation.node.selection_set.node, name))
        || document.fragments.values().any(|fragment| within(&fragment.node.selection_set.node, name))
}
