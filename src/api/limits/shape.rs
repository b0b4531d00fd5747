//! Measures the shape of a document without a schema: depth, aliases, root fields, directives, size once expanded.
//!
//! Every fragment is measured once and counted where it is spread, so that fragments that double one another cost
//! no time here, and a cycle is found before anything else walks into it.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{
        Directive, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};

use crate::api::{errors::Code, settings::Limits};

/// The lists of the introspection types. One inside itself multiplies the whole schema with itself.
const INTROSPECTION_LISTS: [&str; 8] =
    ["types", "fields", "args", "inputFields", "interfaces", "possibleTypes", "enumValues", "directives"];

/// Refuses a document any of whose operations is out of shape.
pub fn check(document: &ExecutableDocument, limits: &Limits, introspection: bool) -> Result<(), ServerError> {
    let mut measuring = Measuring { document, limits, introspection, fragments: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        measuring.directives(&operation.node.directives)?;
        for variable in &operation.node.variable_definitions {
            measuring.directives(&variable.node.directives)?;
        }
        let shape = measuring.selections(&operation.node.selection_set.node)?;
        within(&shape, &operation.node, limits)?;
    }
    // Fragments that nothing spreads are still walked by validation.
    for name in document.fragments.keys() {
        measuring.fragment(name)?;
    }
    Ok(())
}

fn within(shape: &Shape, operation: &OperationDefinition, limits: &Limits) -> Result<(), ServerError> {
    let mutation = operation.ty == OperationType::Mutation;
    let (max_roots, roots_setting) = match mutation {
        true => (limits.max_mutation_fields, "max-mutation-fields"),
        false => (limits.max_root_fields, "max-root-fields"),
    };
    if operation.ty == OperationType::Subscription && shape.roots != 1 {
        return Err(Code::ValidationFailed.error(format!(
            "A subscription has exactly one root field, also through fragments; this one has {}.",
            shape.roots
        )));
    }
    for (what, count, bound, setting) in [
        ("root fields", shape.roots, max_roots, roots_setting),
        ("levels of fields", shape.depth, limits.max_depth, "max-depth"),
        (
            "levels of introspection fields",
            shape.introspection_depth,
            limits.max_introspection_depth,
            "max-introspection-depth",
        ),
        ("aliases", shape.aliases, limits.max_aliases, "max-aliases"),
        ("fields once its fragments are expanded", shape.fields, limits.max_tokens, "max-tokens"),
    ] {
        if count > bound {
            return Err(Code::ValidationFailed.error(format!(
                "The operation has {count} {what}; at most {bound} are allowed ({setting})."
            )));
        }
    }
    Ok(())
}

#[derive(Clone, Copy, Default)]
struct Shape {
    depth: usize,
    introspection_depth: usize,
    aliases: usize,
    fields: usize,
    roots: usize,
    /// Which of `INTROSPECTION_LISTS` stand anywhere below, one bit each.
    lists: u8,
    /// One of them that stands below itself.
    repeated: Option<&'static str>,
}

impl Shape {
    fn beside(self, other: Self) -> Self {
        Self {
            depth: self.depth.max(other.depth),
            introspection_depth: self.introspection_depth.max(other.introspection_depth),
            aliases: self.aliases.saturating_add(other.aliases),
            fields: self.fields.saturating_add(other.fields),
            roots: self.roots.saturating_add(other.roots),
            lists: self.lists | other.lists,
            repeated: self.repeated.or(other.repeated),
        }
    }

    fn under(self, field: &str, aliased: bool) -> Self {
        let list = INTROSPECTION_LISTS.iter().position(|list| *list == field);
        let bit = list.map_or(0, |index| 1 << index);
        let repeated =
            list.filter(|_| self.lists & bit != 0).and_then(|i| INTROSPECTION_LISTS.get(i).copied());
        Self {
            depth: self.depth.saturating_add(1),
            aliases: self.aliases.saturating_add(usize::from(aliased)),
            fields: self.fields.saturating_add(1),
            roots: 1,
            lists: self.lists | bit,
            repeated: self.repeated.or(repeated),
            ..self
        }
    }
}

enum Fragment {
    Open,
    Measured(Shape),
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    introspection: bool,
    fragments: HashMap<&'a Name, Fragment>,
}

impl<'a> Measuring<'a> {
    fn selections(&mut self, set: &'a SelectionSet) -> Result<Shape, ServerError> {
        let mut total = Shape::default();
        for selection in &set.items {
            self.directives(selection.node.directives())?;
            let shape = match &selection.node {
                Selection::Field(field) => {
                    let below = self.selections(&field.node.selection_set.node)?;
                    self.field(below, field.node.name.node.as_str(), field.node.alias.is_some())?
                }
                Selection::InlineFragment(inline) => self.selections(&inline.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node)?,
            };
            total = total.beside(shape);
        }
        Ok(total)
    }

    fn field(&self, below: Shape, name: &str, aliased: bool) -> Result<Shape, ServerError> {
        let shape = below.under(name, aliased);
        if name != "__schema" && name != "__type" {
            return Ok(shape);
        }
        if !self.introspection {
            return Err(Code::ValidationFailed.error(format!(
                "{name} is not answered here: introspection is switched off (no-introspection)."
            )));
        }
        if let Some(list) = below.repeated {
            return Err(Code::ValidationFailed.error(format!(
                "The introspection list `{list}` stands inside itself; each may occur once on a path."
            )));
        }
        Ok(Shape { depth: 1, introspection_depth: shape.depth, lists: 0, repeated: None, ..shape })
    }

    fn fragment(&mut self, name: &Name) -> Result<Shape, ServerError> {
        // Not left to validation: as something without fields it could be spread without end before that.
        let Some((name, definition)) = self.document.fragments.get_key_value(name) else {
            return Err(
                Code::ValidationFailed.error(format!("There is no fragment named `{name}` in the document."))
            );
        };
        match self.fragments.get(name) {
            Some(Fragment::Measured(shape)) => return Ok(*shape),
            Some(Fragment::Open) => {
                return Err(Code::ValidationFailed
                    .error(format!("The fragment `{name}` spreads itself, directly or through others.")));
            }
            None => {}
        }
        self.fragments.insert(name, Fragment::Open);
        self.directives(&definition.node.directives)?;
        let shape = self.selections(&definition.node.selection_set.node)?;
        self.fragments.insert(name, Fragment::Measured(shape));
        Ok(shape)
    }

    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), ServerError> {
        let (count, bound) = (directives.len(), self.limits.max_directives);
        if count > bound {
            return Err(Code::ValidationFailed.error(format!(
                "One place has {count} directives; at most {bound} are allowed (max-directives)."
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refusal(text: &str) -> Option<String> {
        check(&parse_query(text).unwrap(), &Limits::default(), true).err().map(|error| error.message)
    }

    #[test]
    fn twelve_levels_pass_and_thirteen_do_not_also_through_a_fragment() {
        let levels = |n: usize| format!("{}a{}", "a{".repeat(n - 1), "}".repeat(n - 1));
        assert_eq!(refusal(&format!("{{ {} }}", levels(12))), None);
        let refused = refusal(&format!("{{ a {{ ...F }} }} fragment F on Q {{ {} }}", levels(12))).unwrap();
        assert_eq!(refused, "The operation has 13 levels of fields; at most 12 are allowed (max-depth).");
    }

    #[test]
    fn fragments_that_double_one_another_are_counted_without_being_walked() {
        let mut text = String::from("{ ...F0 }");
        for n in 0..60 {
            text += &format!(" fragment F{n} on Q {{ ...F{next} ...F{next} }}", next = n + 1);
        }
        let ends = |leaf: &str| refusal(&format!("{text} fragment F60 on Q {{ {leaf} }}")).unwrap();
        assert!(ends("a").contains("root fields"));
        assert_eq!(ends("...Missing"), "There is no fragment named `Missing` in the document.");
    }

    #[test]
    fn a_fragment_that_spreads_itself_is_named() {
        let refused = refusal("{ ...A } fragment A on Q { b { ...B } } fragment B on Q { ...A }").unwrap();
        assert!(refused.contains("spreads itself"), "{refused}");
    }

    #[test]
    fn aliases_are_counted_as_often_as_their_fragment_is_spread() {
        let spreads = "a { ...F } ".repeat(16);
        let refused = refusal(&format!("{{ {spreads} }} fragment F on Q {{ x: b y: b }}")).unwrap();
        assert!(refused.contains("32 aliases; at most 30"), "{refused}");
    }

    #[test]
    fn a_mutation_has_five_root_fields_and_a_subscription_one() {
        assert!(refusal("mutation { a b c d e f }").unwrap().contains("6 root fields; at most 5"));
        assert!(refusal("subscription { a ...F } fragment F on S { b }").unwrap().contains("this one has 2"));
    }

    #[test]
    fn the_standard_introspection_query_passes_and_a_list_inside_itself_does_not() {
        let standard = "{ __schema { types { fields { args { type { ofType { ofType { ofType { ofType { ofType \
                        { ofType { ofType { ofType { ofType { name } } } } } } } } } } } } } } }";
        assert_eq!(refusal(standard), None);
        let nested = "{ __schema { types { fields { type { fields { name } } } } } }";
        assert!(refusal(nested).unwrap().contains("`fields` stands inside itself"));
    }

    #[test]
    fn six_directives_at_one_field_are_refused() {
        assert!(refusal("{ a @a @b @c @d @e @f }").unwrap().contains("6 directives; at most 5"));
    }

    #[test]
    fn introspection_can_be_switched_off() {
        let document = parse_query("{ __type(name: \"X\") { name } __typename }").unwrap();
        let refused = check(&document, &Limits::default(), false).unwrap_err();
        assert!(refused.message.contains("switched off"));
    }
}
