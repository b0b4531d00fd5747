//! Whether the answer to a query can never change: every question in it is asked of a moment that is written in it.

use async_graphql::{
    ScalarType, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};

use super::gate::document;
use crate::graphql::scalars::Moment;

/// The argument that says where in the log a query looks.
const AS_OF: &str = "asOf";

/// Whether a query looks at instants and positions alone. A duration counts from now, a cursor without `asOf` says its
/// moment where only the field reads it, and what takes no moment is of the present.
pub fn is_fixed(document: &ExecutableDocument, name: Option<&str>, variables: &Variables) -> bool {
    let operation = document::operation(document, name);
    operation.is_ok_and(|operation| {
        let operation = &operation.node;
        operation.ty == OperationType::Query
            && Asked { document, operation, variables }.all_fixed(&operation.selection_set.node)
    })
}

struct Asked<'a> {
    document: &'a ExecutableDocument,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
}

impl Asked<'_> {
    fn all_fixed(&self, set: &SelectionSet) -> bool {
        set.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => field.node.name.node == "__typename" || self.has_moment(&field.node),
            Selection::InlineFragment(inline) => self.all_fixed(&inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.is_some_and(|fragment| self.all_fixed(&fragment.node.selection_set.node))
            }
        })
    }

    fn has_moment(&self, field: &Field) -> bool {
        let asked = document::argument(self.operation, self.variables, field, AS_OF);
        matches!(asked.map(Moment::parse), Some(Ok(Moment::At(_) | Moment::Position(_))))
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    fn fixed(text: &str, variables: serde_json::Value) -> bool {
        is_fixed(&parse_query(text).unwrap(), None, &Variables::from_json(variables))
    }

    #[test]
    fn instants_and_positions_never_change_wherever_they_stand() {
        for (text, variables) in [
            ("{ user(id: 1, asOf: 7) { id } }", json!({})),
            ("{ users(asOf: \"2026-11-09T12:00:00Z\") { totalCount } __typename }", json!({})),
            ("query($m: Moment) { orders(asOf: $m) { totalCount } }", json!({ "m": "7" })),
            ("query($m: Moment = 7) { orders(asOf: $m) { totalCount } }", json!({})),
            (
                "{ ...F ... { orders(asOf: 7) { totalCount } } } fragment F on Query { users(asOf: 7) { totalCount } }",
                json!({}),
            ),
        ] {
            assert!(fixed(text, variables), "{text}");
        }
    }

    #[test]
    fn one_question_of_the_present_is_enough() {
        for (text, variables) in [
            ("{ user(id: 1) { id } }", json!({})),
            ("{ user(id: 1, asOf: null) { id } }", json!({})),
            ("{ user(id: 1, asOf: \"-P2W\") { id } }", json!({})),
            ("{ a: user(id: 1, asOf: 7) { id } b: user(id: 1) { id } }", json!({})),
            ("{ user(id: 1, asOf: 7) { id } log { head } }", json!({})),
            ("query($m: Moment) { orders(asOf: $m) { totalCount } }", json!({})),
            ("query($m: Moment = 7) { orders(asOf: $m) { totalCount } }", json!({ "m": null })),
            ("{ ...F } fragment F on Query { users { totalCount } }", json!({})),
            ("{ __schema { types { name } } }", json!({})),
            ("mutation { renameUser(asOf: 7) { position } }", json!({})),
        ] {
            assert!(!fixed(text, variables), "{text}");
        }
    }
}
