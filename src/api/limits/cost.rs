//! Counts the entities a query could return at most and the values they could have, and checks page sizes and literals on
//! the way.
//!
//! An entity is an object with an `id`, an object of an interface or union, or one item of a page. A page counts as
//! `first` or `last`, or the default size; a list without pages as `plain_list_size`; everything below it as often.
//! The shape of the document is bounded before, so the walk expands fragments where they stand.

use async_graphql::{
    Name, ServerError, Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet},
};

use crate::api::{
    errors::Code,
    gate::{
        coerce::{self, ScalarCheck},
        document,
        types::{Output, Types, unwrapped},
    },
    settings::Limits,
};

/// What the walk needs to know of one request.
pub struct Asked<'a> {
    /// The schema.
    pub types: &'a Types,
    /// For the fragments.
    pub document: &'a ExecutableDocument,
    /// The operation to run.
    pub operation: &'a OperationDefinition,
    /// As given; defaults are the operation's.
    pub variables: &'a Variables,
    /// The bounds.
    pub limits: &'a Limits,
    /// Judges literals of custom scalars.
    pub scalar: ScalarCheck<'a>,
}

/// What an operation could return at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub entities: u64,
    /// Of all of them, and of what lies between; one that is selected twice counts twice.
    pub values: u64,
}

impl Cost {
    fn beside(self, other: Self) -> Self {
        Self {
            entities: self.entities.saturating_add(other.entities),
            values: self.values.saturating_add(other.values),
        }
    }
}

/// What the place means for the entities found there.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Objects count where they have an identity.
    Plain,
    /// The fields of one of so many pages: their items are counted already.
    Page { pages: u64 },
    /// The fields of an edge of a page: its node is counted already.
    Edge,
}

impl Asked<'_> {
    /// Refuses what could return too much; tells how much it is.
    pub fn check(&self) -> Result<Cost, ServerError> {
        let Some(root) = self.types.root(self.operation.ty) else {
            return Ok(Cost::default());
        };
        let cost = self.selections(&self.operation.selection_set.node, root, 1, Place::Plain)?;
        for (count, what, bound, setting) in [
            (cost.entities, "entities", self.limits.max_cost, "max-cost"),
            (cost.values, "values", self.limits.max_values, "max-values"),
        ] {
            if count > bound as u64 {
                return Err(Code::CostLimit.error(format!(
                    "The operation could return {count} {what}; at most {bound} are allowed ({setting}). Ask for \
                     smaller pages with `first`, or for fewer lists inside lists."
                )));
            }
        }
        Ok(cost)
    }

    fn selections(
        &self,
        set: &SelectionSet,
        parent: &Name,
        times: u64,
        place: Place,
    ) -> Result<Cost, ServerError> {
        let mut cost = Cost::default();
        for selection in &set.items {
            let more = match &selection.node {
                Selection::Field(field) => self.field(&field.node, parent, times, place)?,
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|on| &on.node.on.node);
                    let set = &inline.node.selection_set.node;
                    self.selections(set, condition.unwrap_or(parent), times, place)?
                }
                Selection::FragmentSpread(spread) => {
                    match self.document.fragments.get(&spread.node.fragment_name.node) {
                        Some(fragment) => {
                            let on = &fragment.node.type_condition.node.on.node;
                            self.selections(&fragment.node.selection_set.node, on, times, place)?
                        }
                        None => Cost::default(),
                    }
                }
            };
            cost = cost.beside(more);
        }
        Ok(cost)
    }

    fn field(&self, field: &Field, parent: &Name, times: u64, place: Place) -> Result<Cost, ServerError> {
        // What the schema does not have, introspection included, is not counted.
        let Some(output) = self.types.field(parent, &field.name.node) else {
            return Ok(Cost::default());
        };
        self.literals(field, output)?;
        let (inner, is_list) = unwrapped(&output.ty);
        let name = field.name.node.as_str();
        let (own, times, below) = if output.arguments.contains_key("first") {
            // A page costs at least the statement that reads it, for each parent, however few rows it has.
            let rows = times.saturating_mul(self.page_size(field)?);
            (rows.max(times), rows, Place::Page { pages: times })
        } else if let Place::Page { pages } = place {
            match (is_list, name) {
                (true, "edges") => (0, times, Place::Edge),
                (true, _) => (0, times, Place::Plain),
                (false, "totalCount") => (pages, pages, Place::Plain),
                (false, _) => (0, pages, Place::Plain),
            }
        } else if place == Place::Edge && name == "node" {
            (0, times, Place::Plain)
        } else {
            let times = if is_list { times.saturating_mul(self.list_size(field)) } else { times };
            (if self.types.is_entity(inner) { times } else { 0 }, times, Place::Plain)
        };
        let values = if field.selection_set.node.items.is_empty() { times } else { 0 };
        let nested = self.selections(&field.selection_set.node, inner, times, below)?;
        Ok(Cost { entities: own, values }.beside(nested))
    }

    fn literals(&self, field: &Field, output: &Output) -> Result<(), ServerError> {
        for (name, value) in &field.arguments {
            let Some(argument) = output.arguments.get(&name.node) else { continue };
            if let Err(reason) = coerce::literal(self.types, self.scalar, &value.node, &argument.ty) {
                let mut error = Code::BadUserInput.error(format!("The argument `{}` {reason}.", name.node));
                error.locations.push(value.pos);
                return Err(error);
            }
        }
        Ok(())
    }

    /// `first` or `last`, whichever is larger when both are given (the field itself refuses both).
    fn page_size(&self, field: &Field) -> Result<u64, ServerError> {
        let mut size = None;
        for name in ["first", "last"] {
            let Some(Value::Number(number)) = self.argument(field, name) else { continue };
            let bound = self.limits.max_page_size as u64;
            let Some(asked) = number.as_u64().filter(|asked| *asked <= bound) else {
                return Err(Code::BadUserInput.error(format!(
                    "`{name}` of `{}` must be 0 to {bound}, not {number}.",
                    field.name.node
                )));
            };
            size = size.max(Some(asked));
        }
        Ok(size.unwrap_or(self.limits.default_page_size as u64))
    }

    /// As many as ids were given, or the flat assumption.
    fn list_size(&self, field: &Field) -> u64 {
        match self.argument(field, "ids") {
            Some(Value::List(ids)) => ids.len() as u64,
            _ => self.limits.plain_list_size as u64,
        }
    }

    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        document::argument(self.operation, self.variables, field, name)
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::{parse_query, types::DocumentOperations};
    use serde_json::json;

    use super::*;

    const SDL: &str = "
        scalar Moment
        interface Node { id: ID! }
        type Product implements Node { id: ID! name: String! }
        type Money { amount: String! }
        type Line { product: Product! price: Money! }
        type Order implements Node { id: ID! lines: [Line!]! total: Money! user: User! }
        type OrderEdge { cursor: String! node: Order! }
        type PageInfo { hasNextPage: Boolean! }
        type OrderConnection { edges: [OrderEdge!]! nodes: [Order!]! pageInfo: PageInfo! totalCount: Int! }
        interface Event { id: ID! subject: Node }
        type FieldChange { field: String! before: String after: String }
        type Change { event: Event! fields: [FieldChange!]! }
        type ChangeConnection { nodes: [Change!]! pageInfo: PageInfo! }
        type User implements Node {
            id: ID!
            orders(first: Int, last: Int): OrderConnection!
            changes(first: Int, after: String): ChangeConnection!
        }
        type Query {
            orders(first: Int, last: Int, asOf: Moment): OrderConnection!
            nodes(ids: [ID!]!): [Node]!
        }
        schema { query: Query }";

    fn cost(text: &str, variables: serde_json::Value) -> Result<u64, String> {
        counted(text, variables).map(|cost| cost.entities)
    }

    fn counted(text: &str, variables: serde_json::Value) -> Result<Cost, String> {
        let types = Types::parse(SDL).unwrap();
        let document = parse_query(text).unwrap();
        let operation = match &document.operations {
            DocumentOperations::Single(operation) => &operation.node,
            DocumentOperations::Multiple(named) => &named.values().next().unwrap().node,
        };
        let scalar = |_: &str, value: &Value| match value {
            Value::String(text) if text.ends_with('Z') => Ok(()),
            _ => Err(String::from("add a time and zone")),
        };
        Asked {
            types: &types,
            document: &document,
            operation,
            variables: &Variables::from_json(variables),
            limits: &Limits::default(),
            scalar: &scalar,
        }
        .check()
        .map_err(|error| error.message)
    }

    #[test]
    fn a_page_counts_its_size_whether_its_nodes_or_its_edges_are_selected() {
        assert_eq!(cost("{ orders(first: 7) { nodes { id } } }", json!({})), Ok(7));
        assert_eq!(cost("{ orders(last: 7) { edges { node { id } } totalCount } }", json!({})), Ok(8));
    }

    #[test]
    fn an_empty_page_and_a_count_cost_one_for_each_parent() {
        assert_eq!(cost("{ orders(first: 0) { totalCount } }", json!({})), Ok(2));
    }

    #[test]
    fn a_page_without_a_size_counts_twenty() {
        assert_eq!(cost("{ orders { nodes { id } } }", json!({})), Ok(20));
    }

    #[test]
    fn a_size_in_a_variable_counts_as_given_or_as_its_default() {
        let text = "query($n: Int = 3) { orders(first: $n) { nodes { id } } }";
        assert_eq!(cost(text, json!({ "n": 9 })), Ok(9));
        assert_eq!(cost(text, json!({})), Ok(3));
    }

    #[test]
    fn pages_and_lists_inside_pages_multiply() {
        // 5 orders, their 5 users, 5 × 4 orders of these, and a product for each of 10 lines of the 20.
        let text =
            "{ orders(first: 5) { nodes { total { amount } user { orders(first: 4) { nodes { ...F } } } } } }
                    fragment F on Order { lines { price { amount } product { name } } }";
        assert_eq!(cost(text, json!({})), Ok(5 + 5 + 20 + 200));
    }

    #[test]
    fn a_page_of_changes_counts_its_changes_their_events_and_what_those_lead_to() {
        let of_ten = |change: &str| {
            let text = format!(
                "{{ orders(first: 1) {{ nodes {{ user {{ changes(first: 10) {{ nodes {{ {change} }} }} }} }} }} }}"
            );
            cost(&text, json!({}))
        };
        assert_eq!(of_ten("fields { field before after }"), Ok(1 + 1 + 10));
        assert_eq!(of_ten("event { id }"), Ok(1 + 1 + 10 + 10));
        assert_eq!(of_ten("event { subject { id } }"), Ok(1 + 1 + 10 + 10 + 10));
    }

    #[test]
    fn nodes_count_as_many_as_ids_are_given() {
        assert_eq!(cost("{ nodes(ids: [\"a\", \"b\"]) { id } }", json!({})), Ok(2));
    }

    #[test]
    fn what_could_return_too_much_is_told_with_the_number() {
        let text = "{ orders(first: 100) { nodes { user { orders(first: 100) { nodes { id } } } } } }";
        let refused = cost(text, json!({})).unwrap_err();
        assert!(refused.starts_with("The operation could return 10200 entities; at most 5000"), "{refused}");
    }

    #[test]
    fn values_count_as_often_as_they_are_selected_and_their_entities_are_there() {
        let text = "{ orders(first: 5) { totalCount nodes { id again: id lines { price { amount } } user { id } } } }";
        assert_eq!(counted(text, json!({})).unwrap().values, 1 + 5 * 2 + 5 * 10 + 5);
        let aliased: String = (0..26).map(|n| format!("a{n}: id ")).collect();
        let text = format!(
            "{{ orders(first: 40) {{ nodes {{ user {{ orders(first: 49) {{ nodes {{ {aliased} }} }} }} }} }} }}"
        );
        let refused = counted(&text, json!({})).unwrap_err();
        assert!(refused.starts_with("The operation could return 50960 values; at most 50000"), "{refused}");
    }

    #[test]
    fn a_page_over_the_bound_is_refused_by_name() {
        let refused = cost("{ orders(first: 101) { totalCount } }", json!({})).unwrap_err();
        assert_eq!(refused, "`first` of `orders` must be 0 to 100, not 101.");
    }

    #[test]
    fn a_literal_that_its_scalar_refuses_is_told_with_the_reason() {
        let refused = cost("{ orders(asOf: \"2026-11-09\") { totalCount } }", json!({})).unwrap_err();
        assert_eq!(
            refused,
            "The argument `asOf` is not a valid Moment, \"2026-11-09\": add a time and zone."
        );
    }
}
