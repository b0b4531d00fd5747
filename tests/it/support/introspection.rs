//! The schema as introspection tells it, for tests that must hold for every field there is.

use serde_json::Value;

/// Asks for all of it.
pub const INTROSPECTION: &str = "{ __schema { queryType { name } mutationType { name } types { kind name
    fields { name args { name type { ...t } } type { ...t } } inputFields { name type { ...t } }
    enumValues { name } } } }
    fragment t on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }";

/// A root field: of a query or a mutation.
pub struct Root {
    pub operation: &'static str,
    pub field: Value,
}

/// The schema, from the whole response to [`INTROSPECTION`].
pub struct Schema(pub Value);

impl Schema {
    /// Every type.
    pub fn types(&self) -> &Vec<Value> {
        self.0["data"]["__schema"]["types"].as_array().expect("types")
    }

    /// The type of a name.
    pub fn named(&self, name: &Value) -> &Value {
        self.types().iter().find(|kind| kind["name"] == *name).expect("a type")
    }

    /// Every field of queries and mutations.
    pub fn roots(&self) -> Vec<Root> {
        let mut roots = Vec::new();
        for (operation, root) in [("query", "queryType"), ("mutation", "mutationType")] {
            let root = self.named(&self.0["data"]["__schema"][root]["name"]);
            roots.extend(fields(root).iter().map(|field| Root { operation, field: field.clone() }));
        }
        roots
    }
}

/// The fields of an object or interface; none of any other type.
pub fn fields(kind: &Value) -> &[Value] {
    kind["fields"].as_array().map_or(&[], Vec::as_slice)
}

/// The arguments of a field.
pub fn arguments(field: &Value) -> &[Value] {
    field["args"].as_array().expect("arguments")
}

/// A name.
pub fn name(of: &Value) -> &str {
    of["name"].as_str().expect("a name")
}

/// A type without its wrappers.
pub fn bare(of: &Value) -> &Value {
    if of["ofType"].is_null() { of } else { bare(&of["ofType"]) }
}

/// A type as a document writes it.
pub fn written(of: &Value) -> String {
    match of["kind"].as_str() {
        Some("NON_NULL") => format!("{}!", written(&of["ofType"])),
        Some("LIST") => format!("[{}]", written(&of["ofType"])),
        _ => name(of).to_owned(),
    }
}
