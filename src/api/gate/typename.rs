//! Puts `__typename` into a form that is validated as the specification says: the executor (async-graphql 8.0.0-rc.5)
//! lets anything pass that hangs on it, and takes a variable that only its directives use for one that is not used.

use async_graphql::{
    Positioned, ServerError,
    parser::types::{DocumentOperations, ExecutableDocument, Field, InlineFragment, Selection, SelectionSet},
};

use crate::api::errors::Code;

/// Refuses arguments and selections, and has a fragment around it carry its directives.
pub fn normalise(document: &mut ExecutableDocument) -> Result<(), ServerError> {
    match &mut document.operations {
        DocumentOperations::Single(operation) => selections(&mut operation.node.selection_set.node)?,
        DocumentOperations::Multiple(named) => {
            named
                .values_mut()
                .try_for_each(|operation| selections(&mut operation.node.selection_set.node))?;
        }
    }
    document.fragments.values_mut().try_for_each(|fragment| selections(&mut fragment.node.selection_set.node))
}

fn selections(set: &mut SelectionSet) -> Result<(), ServerError> {
    for selection in &mut set.items {
        let pos = selection.pos;
        match &mut selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {
                if let Some(fragment) = carried(field)? {
                    selection.node = Selection::InlineFragment(Positioned::new(fragment, pos));
                }
            }
            Selection::Field(field) => selections(&mut field.node.selection_set.node)?,
            Selection::InlineFragment(inline) => selections(&mut inline.node.selection_set.node)?,
            Selection::FragmentSpread(_) => {}
        }
    }
    Ok(())
}

/// The fragment that stands in its place, if it has directives.
fn carried(field: &mut Positioned<Field>) -> Result<Option<InlineFragment>, ServerError> {
    if !field.node.arguments.is_empty() || !field.node.selection_set.node.items.is_empty() {
        let mut error = Code::ValidationFailed
            .error("`__typename` is a String! and takes neither arguments nor a selection.");
        error.locations.push(field.pos);
        return Err(error);
    }
    let directives = std::mem::take(&mut field.node.directives);
    if directives.is_empty() {
        return Ok(None);
    }
    let alone = SelectionSet { items: vec![Positioned::new(Selection::Field(field.clone()), field.pos)] };
    let selection_set = Positioned::new(alone, field.pos);
    Ok(Some(InlineFragment { type_condition: None, directives, selection_set }))
}
