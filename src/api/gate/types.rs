//! The schema as the gate needs it: what fields give and take, what inputs hold. Read once from the schema's SDL.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    Name, Positioned,
    parser::{
        parse_schema,
        types::{
            BaseType, FieldDefinition, InputValueDefinition, OperationType, Type, TypeKind,
            TypeSystemDefinition,
        },
    },
};

/// The types of a schema by name, and its roots.
pub struct Types {
    types: HashMap<Name, Kind>,
    query: Option<Name>,
    mutation: Option<Name>,
    subscription: Option<Name>,
}

/// What a named type is.
pub enum Kind {
    /// Built in or custom.
    Scalar,
    /// Its values.
    Enum(HashSet<Name>),
    /// Its fields, and whether exactly one must be given.
    Input { fields: HashMap<Name, Input>, one_of: bool },
    /// Fields of an object.
    Object(HashMap<Name, Output>),
    /// Fields of an interface; none for a union.
    Abstract(HashMap<Name, Output>),
}

/// A field of an object or interface.
pub struct Output {
    /// What it gives.
    pub ty: Type,
    /// What it takes.
    pub arguments: HashMap<Name, Input>,
}

/// An argument or a field of an input object.
pub struct Input {
    /// Its type.
    pub ty: Type,
    /// May be left out although its type is not nullable.
    pub has_default: bool,
}

impl Types {
    /// Reads the SDL that the schema exports. The error says where the text is wrong.
    pub fn parse(sdl: &str) -> Result<Self, async_graphql::parser::Error> {
        let mut read = Self { types: HashMap::new(), query: None, mutation: None, subscription: None };
        for definition in parse_schema(sdl)?.definitions {
            match definition {
                TypeSystemDefinition::Schema(schema) => {
                    read.query = schema.node.query.map(|name| name.node);
                    read.mutation = schema.node.mutation.map(|name| name.node);
                    read.subscription = schema.node.subscription.map(|name| name.node);
                }
                TypeSystemDefinition::Type(definition) => {
                    let one_of = definition.node.directives.iter().any(|d| d.node.name.node == "oneOf");
                    read.types.insert(definition.node.name.node, kind(definition.node.kind, one_of));
                }
                TypeSystemDefinition::Directive(_) => {}
            }
        }
        Ok(read)
    }

    /// The type of that name, unless it is built in or unknown.
    pub fn get(&self, name: &Name) -> Option<&Kind> {
        self.types.get(name)
    }

    /// The type that operations of this kind start from.
    pub fn root(&self, operation: OperationType) -> Option<&Name> {
        match operation {
            OperationType::Query => self.query.as_ref(),
            OperationType::Mutation => self.mutation.as_ref(),
            OperationType::Subscription => self.subscription.as_ref(),
        }
    }

    /// A field of an object or interface.
    pub fn field(&self, parent: &Name, field: &Name) -> Option<&Output> {
        match self.types.get(parent)? {
            Kind::Object(fields) | Kind::Abstract(fields) => fields.get(field),
            _ => None,
        }
    }

    /// Whether objects of this type have an identity: they carry an `id`, or it is only known later what they are.
    pub fn is_entity(&self, name: &Name) -> bool {
        match self.types.get(name) {
            Some(Kind::Object(fields)) => fields.contains_key("id"),
            Some(Kind::Abstract(_)) => true,
            _ => false,
        }
    }
}

/// The name inside all lists, and whether there is a list at all.
pub fn unwrapped(ty: &Type) -> (&Name, bool) {
    match &ty.base {
        BaseType::Named(name) => (name, false),
        BaseType::List(inner) => (unwrapped(inner).0, true),
    }
}

fn kind(kind: TypeKind, one_of: bool) -> Kind {
    match kind {
        TypeKind::Scalar => Kind::Scalar,
        TypeKind::Enum(values) => Kind::Enum(values.values.into_iter().map(|v| v.node.value.node).collect()),
        TypeKind::InputObject(object) => Kind::Input { fields: inputs(object.fields), one_of },
        TypeKind::Object(object) => Kind::Object(outputs(object.fields)),
        TypeKind::Interface(interface) => Kind::Abstract(outputs(interface.fields)),
        TypeKind::Union(_) => Kind::Abstract(HashMap::new()),
    }
}

fn outputs(fields: Vec<Positioned<FieldDefinition>>) -> HashMap<Name, Output> {
    fields
        .into_iter()
        .map(|field| {
            let output = Output { ty: field.node.ty.node, arguments: inputs(field.node.arguments) };
            (field.node.name.node, output)
        })
        .collect()
}

fn inputs(values: Vec<Positioned<InputValueDefinition>>) -> HashMap<Name, Input> {
    values
        .into_iter()
        .map(|value| {
            let input = Input { ty: value.node.ty.node, has_default: value.node.default_value.is_some() };
            (value.node.name.node, input)
        })
        .collect()
}
