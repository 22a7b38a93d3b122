//! From what an author wrote to a [`Shape`], and from that to JSON Schema.

use super::raw::{Raw, RawKind};
use super::{check_schema, word};
use crate::diag::{Diagnostic, code};
use crate::limits::SHAPE_NESTING;
use crate::text::{Span, Spanned};
use crate::value::Value;

/// What a value must look like.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    pub(super) kind: Kind,
    /// Whether null will do as well.
    pub(super) nullable: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Text { choices: Vec<String> },
    Number { whole: bool, min: Option<f64>, max: Option<f64> },
    Boolean,
    Json,
    List(Box<Shape>),
    Table { fields: Vec<Field>, rest: Option<Box<Shape>> },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    name: String,
    optional: bool,
    shape: Shape,
}

/// The JSON Schema of a shape, whether it is written out or names a file; `text` is the text of that file. `None` when
/// it names a file that there is no text of, which is told elsewhere.
///
/// # Errors
/// Everything that is wrong with it (D010), at its place; what is wrong in a schema file stands at the file's name.
pub fn schema_of(raw: &Raw, text: Option<&str>) -> Result<Option<Value>, Vec<Diagnostic>> {
    let RawKind::File(file) = &raw.kind else {
        return Shape::parse(raw).map(|shape| Some(shape.to_schema()));
    };
    let Some(text) = text else { return Ok(None) };
    let bad = |message: String| Diagnostic::new(code::D010, file.span, message);
    let schema = match Value::parse(text.as_bytes()) {
        Ok(schema) => schema,
        Err(error) => return Err(vec![bad(format!("`{}` is no JSON: {error}", file.value))]),
    };
    let found = check_schema(&schema);
    if found.is_empty() {
        return Ok(Some(schema));
    }
    Err(found.into_iter().map(|message| bad(format!("`{}`: {message}", file.value))).collect())
}

impl Shape {
    /// Reads a shape that is written out.
    ///
    /// # Errors
    /// Everything that is wrong with it (D010), at its place.
    pub fn parse(raw: &Raw) -> Result<Self, Vec<Diagnostic>> {
        let mut found = vec![];
        let shape = read(raw, 0, &mut found);
        match shape {
            Some(shape) if found.is_empty() => Ok(shape),
            _ => Err(found),
        }
    }

    /// The shape as JSON Schema (draft 2020-12).
    pub fn to_schema(&self) -> Value {
        let mut schema = Value::table::<&str>([]);
        let kind = match &self.kind {
            Kind::Json => return schema,
            Kind::Text { .. } => "string",
            Kind::Number { whole: true, .. } => "integer",
            Kind::Number { .. } => "number",
            Kind::Boolean => "boolean",
            Kind::List(_) => "array",
            Kind::Table { .. } => "object",
        };
        let types = Value::text(kind);
        schema.set("type", if self.nullable { Value::list([types, "null".into()]) } else { types });
        match &self.kind {
            Kind::Text { choices } if !choices.is_empty() => {
                let null = self.nullable.then_some(Value::NULL);
                schema.set("enum", Value::list(choices.iter().map(|choice| Value::text(choice)).chain(null)));
            }
            Kind::Number { min, max, .. } => {
                for (key, bound) in [("minimum", min), ("maximum", max)] {
                    bound.map(|bound| schema.set(key, Value::float(bound)));
                }
            }
            Kind::List(item) => schema.set("items", item.to_schema()),
            Kind::Table { fields, rest } => table_schema(&mut schema, fields, rest.as_deref()),
            _ => {}
        }
        schema
    }
}

fn table_schema(schema: &mut Value, fields: &[Field], rest: Option<&Shape>) {
    if !fields.is_empty() {
        schema.set("properties", Value::table(fields.iter().map(|field| (&field.name, field.shape.to_schema()))));
    }
    let required: Vec<Value> = fields.iter().filter(|field| !field.optional).map(|field| Value::text(&field.name)).collect();
    if !required.is_empty() {
        schema.set("required", Value::list(required));
    }
    schema.set("additionalProperties", rest.map_or_else(|| false.into(), Shape::to_schema));
}

/// Reads one level; what is wrong goes to `found`, and the rest is read all the same.
fn read(raw: &Raw, depth: usize, found: &mut Vec<Diagnostic>) -> Option<Shape> {
    if depth >= SHAPE_NESTING {
        found.push(too_deep(raw.span));
        return None;
    }
    match &raw.kind {
        RawKind::Text(text) => word::parse(text, depth).map_err(|wrong| found.push(*wrong)).ok(),
        RawKind::List(items) => list(raw.span, items, depth, found),
        RawKind::Table(entries) => table(raw.span, entries, depth, found),
        RawKind::File(file) => {
            let finding = Diagnostic::new(code::D010, file.span, "a schema file cannot be a part of a shape");
            found.push(finding.help("a schema file is the whole shape: `output = \"plan.schema.json\"`"));
            None
        }
    }
}

pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(code::D010, span, format!("shapes nest at most {SHAPE_NESTING} levels deep"))
}

fn list(span: Span, items: &[Raw], depth: usize, found: &mut Vec<Diagnostic>) -> Option<Shape> {
    let [item] = items else {
        let (span, message) = match items {
            [] => (span, "this list does not say what it is a list of".to_owned()),
            [_, second, ..] => (second.span, format!("a list of one shape, found {}", items.len())),
            [_] => unreachable!("matched above"),
        };
        let finding = Diagnostic::new(code::D010, span, message);
        found.push(finding.help("give the shape of all its items, once: `[\"string\"]`, `[{ name = \"string\" }]`"));
        return None;
    };
    let item = read(item, depth + 1, found)?;
    Some(Shape { kind: Kind::List(Box::new(item)), nullable: false })
}

fn table(span: Span, entries: &[(Spanned<String>, Raw)], depth: usize, found: &mut Vec<Diagnostic>) -> Option<Shape> {
    let before = found.len();
    if entries.is_empty() {
        let finding = Diagnostic::new(code::D010, span, "this table has no fields");
        found.push(finding.help("name its fields, or write `{ \"*\" = \"json\" }` for a table of anything"));
    }
    let (mut fields, mut rest): (Vec<Field>, _) = (vec![], None);
    let mut places: indexmap::IndexMap<&str, Span> = indexmap::IndexMap::new();
    for (key, raw) in entries {
        let shape = read(raw, depth + 1, found);
        let (name, marked) = key.value.strip_suffix('?').map_or((key.value.as_str(), false), |name| (name, true));
        let wrong = |message: String| Diagnostic::new(code::D010, key.span, message);
        if name.is_empty() {
            found
                .push(wrong("this field has no name".to_owned()).help("the `?` of an optional field follows its name: `notes?`"));
        } else if marked && name == "*" {
            found.push(wrong("`*` stands for all other fields, which may be left out anyway".to_owned()).help("write `\"*\"`"));
        } else if let Some(first) = places.insert(name, key.span) {
            found.push(wrong(format!("the field `{name}` is there twice")).related(first, "first here"));
        } else if let Some(shape) = shape {
            if name == "*" {
                rest = Some(Box::new(shape));
            } else {
                let optional = marked || shape.nullable;
                fields.push(Field { name: name.to_owned(), optional, shape: Shape { nullable: optional, ..shape } });
            }
        }
    }
    (found.len() == before).then_some(Shape { kind: Kind::Table { fields, rest }, nullable: false })
}
