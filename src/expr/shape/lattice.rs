//! What is known of a value from its schema alone. Whatever is not understood is [`Type::Any`], so that a rule which
//! asks stays silent: a type here never promises more than the schema does.

use super::resolve::{reference, required};
use crate::limits::SCHEMA_VISITS;
use crate::value::Value;
use indexmap::IndexMap;

/// A set of values.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// Not known.
    Any,
    /// Null.
    Null,
    /// True or false.
    Bool,
    /// A number, between the bounds that are known (inclusive).
    Number {
        /// Whether it is whole.
        whole: bool,
        /// Lower bound.
        min: Option<f64>,
        /// Upper bound.
        max: Option<f64>,
    },
    /// A text.
    Text {
        /// The texts it may be, when they are known.
        choices: Option<Vec<String>>,
    },
    /// A list of one type.
    List(Box<Self>),
    /// A table.
    Table {
        /// Declared fields.
        fields: IndexMap<String, Field>,
        /// Whether there may be others.
        open: bool,
    },
    /// One of several, never `Any` nor another union.
    Union(Vec<Self>),
}

/// A declared field.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// What it holds when it is there; without null when it is optional.
    pub ty: Type,
    /// Whether it may be left out, or be null.
    pub optional: bool,
}

/// A step from a value into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seg<'a> {
    /// A field.
    Key(&'a str),
    /// An item of a list by its number.
    Index,
    /// Every item.
    Each,
    /// Something that is computed.
    Unknown,
}

/// What stands at the end of a path.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    /// A value of this type (without null); whether it may be null, itself or anything on the way to it.
    Found(Type, bool),
    /// Step number `at` is a field that cannot be there; `candidates` can.
    Unknown {
        /// Which step, from 0.
        at: usize,
        /// The fields there are.
        candidates: Vec<String>,
    },
    /// Step number `at` leads into what has no such parts: a field of a list or a text.
    Mismatch {
        /// Which step, from 0.
        at: usize,
        /// What it leads into.
        of: Type,
    },
    /// Nobody knows.
    Opaque,
}

impl Type {
    /// The type of all values that a JSON Schema accepts.
    pub fn of_schema(schema: &Value) -> Self {
        let mut reader = Reader { root: schema, visits: SCHEMA_VISITS, inside: vec![] };
        reader.read(schema)
    }

    /// The type without null, and whether null was in it.
    pub fn split_null(self) -> (Self, bool) {
        match self {
            Self::Union(types) => {
                let before = types.len();
                let types: Vec<Self> = types.into_iter().filter(|ty| *ty != Self::Null).collect();
                let null = types.len() < before;
                (union(types), null)
            }
            Self::Null => (Self::Null, true),
            other => (other, false),
        }
    }

    /// What a path leads to.
    pub fn lookup(&self, path: &[Seg<'_>]) -> Lookup {
        self.look(path, 0, false)
    }

    fn look(&self, path: &[Seg<'_>], at: usize, null: bool) -> Lookup {
        let Some(seg) = path.get(at) else {
            let (ty, own) = self.clone().split_null();
            return if ty == Self::Any { Lookup::Opaque } else { Lookup::Found(ty, null || own) };
        };
        match (self, seg) {
            (Self::Any, _) | (_, Seg::Unknown) | (Self::Table { .. }, Seg::Each) => Lookup::Opaque,
            (Self::Null, Seg::Key(_) | Seg::Index) => Self::Null.look(path, at + 1, true),
            (Self::List(item), Seg::Index | Seg::Each) => item.look(path, at + 1, null),
            (Self::Table { fields, open }, Seg::Key(key)) => match fields.get(*key) {
                Some(field) => field.ty.look(path, at + 1, null || field.optional),
                None if *open => Lookup::Opaque,
                None => Lookup::Unknown { at, candidates: fields.keys().cloned().collect() },
            },
            (Self::Union(types), _) => look_all(types, path, at, null),
            (other, _) => Lookup::Mismatch { at, of: other.clone() },
        }
    }
}

/// Looks into each type of a union. Only what holds for all of them (null aside) is sure.
fn look_all(types: &[Type], path: &[Seg<'_>], at: usize, null: bool) -> Lookup {
    let nullable = null || types.contains(&Type::Null);
    let mut ends = types.iter().filter(|ty| **ty != Type::Null).map(|ty| ty.look(path, at, nullable));
    let Some(mut all) = ends.next() else { return Lookup::Opaque };
    for end in ends {
        all = match (all, end) {
            (Lookup::Found(a, x), Lookup::Found(b, y)) => Lookup::Found(union(vec![a, b]), x || y),
            (Lookup::Unknown { at: a, mut candidates }, Lookup::Unknown { at: b, candidates: more }) if a == b => {
                candidates.extend(more.into_iter().filter(|name| !candidates.contains(name)).collect::<Vec<_>>());
                Lookup::Unknown { at: a, candidates }
            }
            _ => return Lookup::Opaque,
        };
    }
    all
}

/// One type for several; nothing at all is anything.
fn union(types: Vec<Type>) -> Type {
    let mut flat: Vec<Type> = vec![];
    for ty in types {
        match ty {
            Type::Any => return Type::Any,
            Type::Union(types) => flat.extend(types),
            other => flat.push(other),
        }
    }
    let mut all: Vec<Type> = vec![];
    for ty in flat {
        if !all.contains(&ty) {
            all.push(ty);
        }
    }
    match all.len() {
        0 => Type::Any,
        1 => all.remove(0),
        _ => Type::Union(all),
    }
}

struct Reader<'a> {
    root: &'a Value,
    /// Schemas that may still be visited.
    visits: usize,
    /// References that are being read: one that comes back to itself is not followed.
    inside: Vec<String>,
}

impl Reader<'_> {
    fn read(&mut self, schema: &Value) -> Type {
        // Keywords that may say more than those read here: what they allow or require is not known.
        const JOINING: [&str; 8] =
            ["allOf", "if", "dependentRequired", "dependentSchemas", "dependencies", "$dynamicRef", "$recursiveRef", "nullable"];
        if schema.entries().is_none() || self.visits == 0 || JOINING.iter().any(|key| schema.has(key)) {
            return Type::Any;
        }
        self.visits -= 1;
        let alternatives: Vec<&str> = ["anyOf", "oneOf"].into_iter().filter(|key| schema.has(key)).collect();
        let typed = ["type", "properties", "items", "enum", "const"].iter().any(|key| schema.has(key));
        match (schema.get("$ref").as_str(), alternatives.as_slice()) {
            (Some(name), []) if !typed => self.follow(name),
            (None, [key]) if !typed => {
                let members: Vec<Value> = schema.get(key).items().into_iter().flatten().collect();
                union(members.iter().map(|member| self.read(member)).collect())
            }
            (None, []) => self.plain(schema),
            _ => Type::Any,
        }
    }

    fn follow(&mut self, name: &str) -> Type {
        if self.inside.iter().any(|inside| inside == name) {
            return Type::Any;
        }
        let Some(target) = reference(self.root, name) else { return Type::Any };
        self.inside.push(name.to_owned());
        let ty = self.read(&target);
        self.inside.pop();
        ty
    }

    /// A schema that says by itself what it accepts.
    fn plain(&mut self, schema: &Value) -> Type {
        if schema.has("const") {
            return of_values(&[schema.get("const")]);
        }
        if let Some(choices) = schema.get("enum").items() {
            return of_values(&choices.collect::<Vec<_>>());
        }
        let types = schema.get("type");
        let names: Vec<Value> = types.items().map_or_else(|| vec![types.clone()], Iterator::collect);
        union(names.iter().map(|name| self.named(name.as_str().unwrap_or_default(), schema)).collect())
    }

    fn named(&mut self, name: &str, schema: &Value) -> Type {
        match name {
            "null" => Type::Null,
            "boolean" => Type::Bool,
            "string" => Type::Text { choices: None },
            "integer" | "number" => {
                let least = |key: &str| schema.get(key).as_f64();
                let (min, max) = (least("minimum").or(least("exclusiveMinimum")), least("maximum").or(least("exclusiveMaximum")));
                Type::Number { whole: name == "integer", min, max }
            }
            "array" => {
                let item = if schema.has("prefixItems") { Type::Any } else { self.read(&schema.get("items")) };
                Type::List(Box::new(item))
            }
            "object" => self.table(schema),
            _ => Type::Any,
        }
    }

    fn table(&mut self, schema: &Value) -> Type {
        let must = required(schema);
        let mut fields = IndexMap::new();
        for (name, field) in schema.get("properties").entries().into_iter().flatten() {
            let (ty, null) = self.read(&field).split_null();
            let optional = null || !must.iter().any(|must| must == name);
            fields.insert(name.to_owned(), Field { ty, optional });
        }
        let closed = schema.get("additionalProperties").as_bool() == Some(false) && !schema.has("patternProperties");
        Type::Table { fields, open: !closed }
    }
}

/// The type of a few values that are known.
fn of_values(values: &[Value]) -> Type {
    let mut texts: Vec<String> = vec![];
    let mut types = vec![];
    for value in values {
        if let Some(text) = value.as_str() {
            texts.push(text.to_owned());
        } else if value.is_null() {
            types.push(Type::Null);
        } else if value.as_bool().is_some() {
            types.push(Type::Bool);
        } else if value.as_f64().is_some() {
            types.push(Type::Number { whole: false, min: None, max: None });
        } else {
            return Type::Any;
        }
    }
    if !texts.is_empty() {
        types.insert(0, Type::Text { choices: Some(texts) });
    }
    union(types)
}
