//! Whether each variable may stand where it stands: it must have the type of the place, or one that is never null
//! where the place takes null. The executor has this rule too, but its walk (async-graphql 8.0.0-rc.5) shows the rule
//! no value, so that a value that is missing would break a field in the middle of an operation.

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{
        BaseType, Directive, ExecutableDocument, Selection, SelectionSet, Type, VariableDefinition,
    },
};
use async_graphql_value::{ConstValue, Value};

use super::types::{Kind, Types};
use crate::api::errors::Code;

/// Refuses a document any of whose operations has a variable out of place; its shape must have been bounded. What the
/// schema does not have is left to validation.
pub fn check(types: &Types, document: &ExecutableDocument) -> Result<(), ServerError> {
    document.operations.iter().try_for_each(|(_, operation)| {
        let operation = &operation.node;
        match types.root(operation.ty) {
            Some(root) if !operation.variable_definitions.is_empty() => {
                let declared = operation.variable_definitions.as_slice();
                let usage = Usage { types, document, declared };
                usage.directives(&operation.directives)?;
                usage.selections(&operation.selection_set.node, root)
            }
            _ => Ok(()),
        }
    })
}

struct Usage<'a> {
    types: &'a Types,
    document: &'a ExecutableDocument,
    declared: &'a [Positioned<VariableDefinition>],
}

impl Usage<'_> {
    fn selections(&self, set: &SelectionSet, parent: &Name) -> Result<(), ServerError> {
        set.items.iter().try_for_each(|selection| {
            self.directives(selection.node.directives())?;
            match &selection.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let Some(output) = self.types.field(parent, &field.name.node) else { return Ok(()) };
                    for (name, value) in &field.arguments {
                        if let Some(argument) = output.arguments.get(&name.node) {
                            self.value(&value.node, value.pos, &argument.ty, argument.has_default)?;
                        }
                    }
                    self.selections(&field.selection_set.node, super::types::unwrapped(&output.ty).0)
                }
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref().map(|on| &on.node.on.node);
                    self.selections(&inline.node.selection_set.node, condition.unwrap_or(parent))
                }
                Selection::FragmentSpread(spread) => {
                    match self.document.fragments.get(&spread.node.fragment_name.node) {
                        Some(fragment) => {
                            let on = &fragment.node.type_condition.node.on.node;
                            self.selections(&fragment.node.selection_set.node, on)
                        }
                        None => Ok(()),
                    }
                }
            }
        })
    }

    /// `skip` and `include`: other directives of documents are not known here.
    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), ServerError> {
        let condition = Type { base: BaseType::Named(Name::new("Boolean")), nullable: false };
        let values = directives.iter().filter_map(|directive| directive.node.get_argument("if"));
        values.into_iter().try_for_each(|value| self.value(&value.node, value.pos, &condition, false))
    }

    fn value(&self, value: &Value, pos: Pos, place: &Type, has_default: bool) -> Result<(), ServerError> {
        match (&place.base, value) {
            (_, Value::Variable(name)) => self.variable(name, pos, place, has_default),
            (BaseType::List(item), Value::List(values)) => {
                values.iter().try_for_each(|value| self.value(value, pos, item, false))
            }
            // One value stands for a list of it.
            (BaseType::List(item), Value::Object(_)) => self.value(value, pos, item, false),
            (BaseType::Named(name), Value::Object(given)) => {
                let Some(Kind::Input { fields, one_of }) = self.types.get(name) else { return Ok(()) };
                given.iter().try_for_each(|(field, value)| match fields.get(field) {
                    Some(input) if *one_of => {
                        let never_null = Type { nullable: false, ..input.ty.clone() };
                        self.value(value, pos, &never_null, false)
                    }
                    Some(input) => self.value(value, pos, &input.ty, input.has_default),
                    None => Ok(()),
                })
            }
            _ => Ok(()),
        }
    }

    fn variable(&self, name: &Name, pos: Pos, place: &Type, has_default: bool) -> Result<(), ServerError> {
        let Some(definition) = self.declared.iter().find(|one| one.node.name.node == *name) else {
            return Ok(());
        };
        let declared = &definition.node.var_type.node;
        let default = definition.node.default_value.as_ref();
        let has_default = has_default || default.is_some_and(|value| value.node != ConstValue::Null);
        if fits_but_for_null(declared, place) && (takes_null_of(declared, place) || has_default) {
            return Ok(());
        }
        let mut error = Code::ValidationFailed.error(format!(
            "The variable ${name} is declared as {declared} and stands where {place} is expected; declare it as {place}."
        ));
        error.locations.extend([definition.pos, pos]);
        Err(error)
    }
}

fn takes_null_of(declared: &Type, place: &Type) -> bool {
    place.nullable || !declared.nullable
}

/// Whether every value of one type is one of the other, null itself aside.
fn fits_but_for_null(declared: &Type, place: &Type) -> bool {
    match (&declared.base, &place.base) {
        (BaseType::Named(declared), BaseType::Named(place)) => declared == place,
        (BaseType::List(declared), BaseType::List(place)) => {
            fits_but_for_null(declared, place) && takes_null_of(declared, place)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    const SDL: &str = "
        input Line { id: ID! count: Int! = 1 note: String }
        input Either @oneOf { id: ID name: String }
        type Order { id: ID! lines(first: Int): [String!]! }
        type Query {
            order(id: ID!): Order
            orders(ids: [ID!], first: Int, lines: [Line!]): [Order!]!
            page(size: Int! = 20): Order
            either(by: Either!): Order
        }
        schema { query: Query }";

    fn check(text: &str) -> Result<(), String> {
        let types = Types::parse(SDL).unwrap();
        super::check(&types, &parse_query(text).unwrap()).map_err(|error| error.message)
    }

    /// Declared so, the variable stands in this place: is it allowed?
    fn allowed(declaration: &str, place: &str) -> bool {
        check(&format!("query($v: {declaration}) {{ {place} {{ id }} }}")).is_ok()
    }

    #[test]
    fn a_variable_has_the_type_of_its_place_or_a_stricter_one() {
        for (declared, is_allowed) in [("Int", true), ("Int!", true), ("[Int]", false), ("Boolean", false)] {
            assert_eq!(allowed(declared, "orders(first: $v)"), is_allowed, "{declared}");
        }
        for (declared, is_allowed) in [("ID!", true), ("ID", false), ("String!", false)] {
            assert_eq!(allowed(declared, "order(id: $v)"), is_allowed, "{declared}");
        }
    }

    #[test]
    fn a_default_on_either_side_stands_in_for_a_missing_value() {
        assert!(allowed("ID = \"1\"", "order(id: $v)"));
        assert!(!allowed("ID = null", "order(id: $v)"));
        assert!(allowed("Int", "page(size: $v)"));
        assert!(allowed("Int", "orders(lines: { id: \"1\", count: $v })"));
        assert!(!allowed("Boolean", "page(size: $v)"));
    }

    #[test]
    fn lists_fit_by_their_items_and_no_item_stands_for_a_list() {
        let of_ids = [("[ID!]", true), ("[ID!]!", true), ("[ID]", false), ("ID", false), ("[[ID!]!]", false)];
        for (declared, is_allowed) in of_ids {
            assert_eq!(allowed(declared, "orders(ids: $v)"), is_allowed, "{declared}");
        }
        assert!(allowed("ID!", "orders(ids: [\"1\", $v])"));
        assert!(!allowed("ID", "orders(ids: [\"1\", $v])"));
    }

    #[test]
    fn fields_of_input_objects_are_places_too() {
        assert!(allowed("ID!", "orders(lines: { id: $v })"));
        assert!(allowed("ID!", "orders(lines: [{ id: $v }])"));
        assert!(!allowed("ID", "orders(lines: [{ id: $v }])"));
        assert!(allowed("String!", "either(by: { name: $v })"));
        assert!(!allowed("String", "either(by: { name: $v })"));
    }

    #[test]
    fn fragments_directives_and_operations_that_are_not_chosen_are_looked_at() {
        let fragment =
            "query A($n: Boolean) { order(id: \"1\") { ...F } } fragment F on Order { lines(first: $n) }";
        assert!(check(fragment).is_err());
        assert!(check("query($on: Boolean) { order(id: \"1\") { id @include(if: $on) } }").is_err());
        assert!(check("query($on: Boolean!) { order(id: \"1\") { ... @skip(if: $on) { id } } }").is_ok());
        assert!(check("query A { page { id } } query B($v: ID) { order(id: $v) { id } }").is_err());
    }

    #[test]
    fn what_is_out_of_place_is_told_with_both_types() {
        let refused = check("query($v: ID) { order(id: $v) { id } }").unwrap_err();
        assert_eq!(
            refused,
            "The variable $v is declared as ID and stands where ID! is expected; declare it as ID!."
        );
    }
}
