//! Which read models a request may lead to, told by the fields it names: its present is no further than they are.

use std::collections::BTreeSet;

use async_graphql::parser::types::{ExecutableDocument, Field, Selection, SelectionSet};

use super::orders::fold::Orders;
use super::products::fold::Products;
use super::sales::fold::Sales;
use super::search::fold::Search;
use super::users::fold::Users;
use crate::engine::read_model::ReadModel as _;

/// Fields that hold entities, wherever in the schema they stand, with the read models behind them.
const FIELDS: &[(&str, &[&str])] = &[
    ("user", &[Users::NAME]),
    ("users", &[Users::NAME]),
    ("userByEmail", &[Users::NAME]),
    ("product", &[Products::NAME]),
    ("products", &[Products::NAME]),
    ("productBySku", &[Products::NAME]),
    ("order", &[Orders::NAME]),
    ("orders", &[Orders::NAME]),
    ("orderChanged", &[Orders::NAME]),
    ("salesReport", &[Sales::NAME]),
    ("search", &[Search::NAME, Users::NAME, Products::NAME, Orders::NAME]),
    ("node", ENTITIES),
    ("nodes", ENTITIES),
    ("subject", ENTITIES),
];

/// What a field of any entity may lead to.
const ENTITIES: &[&str] = &[Users::NAME, Products::NAME, Orders::NAME];

/// The read models that the fields named anywhere in a document may lead to; more than needed is right, fewer is not.
pub fn touched(document: &ExecutableDocument) -> Vec<&'static str> {
    let operations = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
    let fragments = document.fragments.values().map(|fragment| &fragment.node.selection_set.node);
    let mut waiting: Vec<&SelectionSet> = operations.chain(fragments).collect();
    let mut found = BTreeSet::new();
    while let Some(selections) = waiting.pop() {
        for selection in &selections.items {
            match &selection.node {
                Selection::Field(field) => {
                    found.extend(behind(&field.node));
                    waiting.push(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => waiting.push(&fragment.node.selection_set.node),
                // Its fields are among those of all fragments.
                Selection::FragmentSpread(_) => {}
            }
        }
    }
    found.into_iter().collect()
}

fn behind(field: &Field) -> impl Iterator<Item = &'static str> {
    let name = field.name.node.as_str();
    // The same name stands in every connection; asking for entities by their ids takes arguments, that does not.
    let in_connection = ["node", "nodes"].contains(&name) && field.arguments.is_empty();
    let listed = FIELDS.iter().filter(move |(listed, _)| *listed == name && !in_connection);
    let models: Vec<&'static str> = listed.flat_map(|(_, models)| models.iter().copied()).collect();
    models.into_iter()
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn of(query: &str) -> Vec<&'static str> {
        touched(&parse_query(query).unwrap())
    }

    #[test]
    fn a_field_leads_to_its_read_model_however_deep_it_stands_and_whatever_it_is_called() {
        assert_eq!(of("{ log { head } }"), [""; 0]);
        assert_eq!(of("{ mine: user(id: 1) { name } }"), ["users"]);
        assert_eq!(
            of("{ orders { edges { node { lines { product { name } } } } } }"),
            ["orders", "products"]
        );
        assert_eq!(of("mutation { placeOrder(input: {}) { order { id } } }"), ["orders"]);
        assert_eq!(of("{ salesReport { rows { nodes { product { name } } } } }"), ["products", "sales"]);
        assert_eq!(of("subscription { orderChanged { matches } }"), ["orders"]);
        let changes =
            "{ user(id: 1) { changes { nodes { event { type } fields { field before after } } } } }";
        assert_eq!(of(changes), ["users"], "an entity's changes come from its own read model");
        assert_eq!(of("{ search(text: \"\") { totalCount } }"), ["orders", "products", "search", "users"]);
    }

    #[test]
    fn fields_of_fragments_count_too() {
        assert_eq!(
            of(
                "{ order(id: 1) { ...f ... on Order { user { id } } } } fragment f on Order { lines { product { id } } }"
            ),
            ["orders", "products", "users"]
        );
    }

    #[test]
    fn what_holds_any_entity_leads_to_all_of_them_and_the_nodes_of_a_page_to_none() {
        for query in [
            "{ node(id: 1) { id } }",
            "{ nodes(ids: [1]) { id } }",
            "{ event(position: 1) { subject { id } } }",
        ] {
            assert_eq!(of(query), ["orders", "products", "users"], "{query}");
        }
        assert_eq!(of("{ users { nodes { name } edges { node { name } } } }"), ["users"]);
    }
}
