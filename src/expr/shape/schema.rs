//! A compiled schema: checks a value, and fills in the fields that were left out.

use super::message;
use super::resolve::{joined, required};
use crate::value::Value;
use indexmap::IndexMap;
use jsonschema::PatternOptions;
use std::fmt;
use std::sync::Arc;

/// A JSON Schema, ready to check values. Cloning shares it.
#[derive(Clone)]
pub struct Schema(Arc<Compiled>);

struct Compiled {
    schema: Value,
    validator: jsonschema::Validator,
}

/// What is done with the optional fields of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Optional {
    /// Null is taken as left out: agents write it in place of nothing, whatever the schema says.
    Strip,
    /// Left out becomes null, so that nobody who reads the value meets a missing field.
    Fill,
}

impl Schema {
    /// Compiles a JSON Schema. Nothing is fetched: references lead inside the schema or nowhere.
    ///
    /// # Errors
    /// Why it is no schema, in words, with its place in the schema.
    pub fn compile(schema: &Value) -> Result<Self, String> {
        let options = jsonschema::options().should_validate_formats(true).with_pattern_options(PatternOptions::regex()).offline();
        let json = schema.to_json();
        match options.build(&json) {
            Ok(validator) => Ok(Self(Arc::new(Compiled { schema: schema.clone(), validator }))),
            Err(error) => Err(message::bad_schema(&error, &json)),
        }
    }

    /// The schema itself.
    pub fn schema(&self) -> &Value {
        &self.0.schema
    }

    /// Checks a value. What comes back has every declared field: those that were left out and may be are null.
    ///
    /// # Errors
    /// What is wrong, one text each, the place first in jq's notation: `.steps[1].title: expected a string, found 3`.
    /// At most [`crate::limits::SHAPE_MESSAGES`].
    pub fn check(&self, value: Value) -> Result<Value, Vec<String>> {
        let Compiled { schema, validator } = &*self.0;
        let value = walk(schema, std::slice::from_ref(schema), value, Optional::Strip);
        let json = value.to_json();
        if validator.is_valid(&json) {
            return Ok(walk(schema, std::slice::from_ref(schema), value, Optional::Fill));
        }
        Err(message::violations(validator.iter_errors(&json), &json, schema))
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({})", self.0.schema.to_json())
    }
}

/// Strips or fills the optional fields in a value and all it holds. Where alternatives are, nobody knows which holds,
/// and the value stays as it is.
fn walk(root: &Value, schemas: &[Value], value: Value, how: Optional) -> Value {
    if value.items().is_some() {
        let schemas: Vec<Value> = schemas.iter().flat_map(|schema| joined(root, schema)).collect();
        if schemas.iter().all(|schema| !schema.has("items") && !schema.has("prefixItems")) {
            return value;
        }
        let items = value.items().into_iter().flatten().enumerate();
        return Value::list(items.map(|(at, item)| walk(root, &item_schemas(&schemas, at), item, how)).collect::<Vec<_>>());
    }
    if value.entries().is_none() {
        return value;
    }
    let schemas: Vec<Value> = schemas.iter().flat_map(|schema| joined(root, schema)).collect();
    table(root, &schemas, &value, how)
}

fn item_schemas(schemas: &[Value], at: usize) -> Vec<Value> {
    let of = |schema: &Value| {
        let first = schema.get("prefixItems").items().and_then(|mut items| items.nth(at));
        first.unwrap_or_else(|| schema.get("items"))
    };
    schemas.iter().map(of).filter(|schema| schema.entries().is_some()).collect()
}

fn table(root: &Value, schemas: &[Value], value: &Value, how: Optional) -> Value {
    let mut fields: IndexMap<String, Vec<Value>> = IndexMap::new();
    let mut must: Vec<String> = vec![];
    let mut rest: Vec<Value> = vec![];
    for schema in schemas {
        must.append(&mut required(schema));
        for (name, field) in schema.get("properties").entries().into_iter().flatten() {
            fields.entry(name.to_owned()).or_default().push(field);
        }
        rest.extend(Some(schema.get("additionalProperties")).filter(|rest| rest.entries().is_some()));
    }
    let mut out: Vec<(String, Value)> = vec![];
    for (name, value) in value.entries().into_iter().flatten() {
        let optional = fields.contains_key(name) && !must.iter().any(|must| must == name);
        if how == Optional::Strip && optional && value.is_null() {
            continue;
        }
        out.push((name.to_owned(), walk(root, fields.get(name).unwrap_or(&rest), value, how)));
    }
    if how == Optional::Fill {
        let absent = fields.keys().filter(|name| !value.has(name)).map(|name| (name.clone(), Value::NULL));
        out.extend(absent);
    }
    Value::table(out)
}
