//! A value made up from a schema, always the same one: what an agent could have answered, for rehearsals.

use super::Schema;
use super::resolve::{is_null, reference, required};
use crate::limits::SCHEMA_VISITS;
use crate::value::Value;

/// Items and characters that are made up at most because a schema asks for them.
const MADE_UP: usize = 1_000;
/// Texts to try where a pattern must be matched.
const TRIES: [&str; 16] =
    ["a", "A", "1", "0", "abc", "ABC", "a-b", "a_b", "1.0.0", "v1.0.0", "2026-01-01", "12:00", "a.md", "a/b", "#000000", "1a"];

/// A readable value that the schema accepts: the first choice, the lower bound, a text named after its field, lists
/// of one item, optional fields present, booleans true. A schema that asks for more than types, bounds, choices and
/// patterns of a simple kind may get a value that it refuses.
pub fn sample(schema: &Value) -> Value {
    let mut maker = Maker { root: schema, visits: SCHEMA_VISITS, inside: vec![] };
    maker.make(schema, "answer").unwrap_or_default()
}

struct Maker<'a> {
    root: &'a Value,
    visits: usize,
    /// References that are being followed: an optional part that comes back to itself is left out.
    inside: Vec<String>,
}

impl Maker<'_> {
    /// A value for a schema; `None` where there is no end to it.
    fn make(&mut self, schema: &Value, name: &str) -> Option<Value> {
        self.visits = self.visits.checked_sub(1)?;
        if schema.has("const") {
            return Some(schema.get("const"));
        }
        if let Some(choices) = schema.get("enum").items() {
            let choices: Vec<Value> = choices.collect();
            return choices.iter().find(|choice| !choice.is_null()).or(choices.first()).cloned();
        }
        for key in ["examples", "default"] {
            let given = schema.get(key);
            let given = if key == "examples" { given.items().and_then(|mut items| items.next()) } else { Some(given) };
            if let Some(given) = given.filter(|given| !given.is_null() && self.accepts(schema, given)) {
                return Some(given);
            }
        }
        if let Some(target) = schema.get("$ref").as_str().map(str::to_owned) {
            return self.follow(&target, name);
        }
        if schema.has("allOf") {
            return self.merged(schema, name);
        }
        let types = schema.get("type");
        if types.is_null() && !schema.has("properties") {
            for key in ["anyOf", "oneOf"] {
                let members: Vec<Value> = schema.get(key).items().into_iter().flatten().collect();
                let (null, real): (Vec<Value>, Vec<Value>) = members.into_iter().partition(is_null);
                if let Some(value) = real.iter().find_map(|member| self.make(member, name)) {
                    return Some(value);
                }
                if !null.is_empty() {
                    return Some(Value::NULL);
                }
            }
        }
        let kind = types.items().map_or_else(|| Some(types.clone()), |mut types| types.find(|one| one.as_str() != Some("null")));
        match kind.as_ref().and_then(Value::as_str) {
            Some("string") => Some(Value::text(&text(schema, name))),
            Some(kind @ ("integer" | "number")) => Some(Value::float(number(schema, kind == "integer"))),
            Some("boolean") => Some(true.into()),
            Some("array") => self.list(schema, name),
            Some("null") => Some(Value::NULL),
            None if schema.has("items") => self.list(schema, name),
            _ => self.table(schema),
        }
    }

    /// Whether a value that the author gives as an example is one. References to other parts count as refusal.
    fn accepts(&self, schema: &Value, value: &Value) -> bool {
        let mut whole = schema.clone();
        for key in ["$defs", "definitions"] {
            if !whole.has(key) && self.root.has(key) {
                whole.set(key, self.root.get(key));
            }
        }
        Schema::compile(&whole).is_ok_and(|schema| schema.check(value.clone()).is_ok())
    }

    fn follow(&mut self, target: &str, name: &str) -> Option<Value> {
        if self.inside.iter().any(|inside| inside == target) {
            return None;
        }
        let schema = reference(self.root, target)?;
        self.inside.push(target.to_owned());
        let value = self.make(&schema, name);
        self.inside.pop();
        value
    }

    /// Tables that must fit several schemas get the fields of all.
    fn merged(&mut self, schema: &Value, name: &str) -> Option<Value> {
        let mut own = Value::table(schema.entries()?.filter(|(key, _)| *key != "allOf"));
        if ["type", "properties", "anyOf", "oneOf"].iter().all(|key| !own.has(key)) {
            own = Value::NULL;
        }
        let parts: Vec<Value> = schema.get("allOf").items()?.chain(Some(own).filter(|own| !own.is_null())).collect();
        let mut all = Value::NULL;
        for part in parts {
            let value = self.make(&part, name)?;
            if value.entries().is_some() {
                value.entries().into_iter().flatten().for_each(|(key, value)| all.set(key, value));
            } else if all.is_null() {
                all = value;
            }
        }
        Some(all)
    }

    fn list(&mut self, schema: &Value, name: &str) -> Option<Value> {
        let count = |key: &str| schema.get(key).as_f64().map(whole);
        let least = count("minItems").unwrap_or(0).min(MADE_UP);
        let first: Vec<Value> = schema.get("prefixItems").items().into_iter().flatten().collect();
        let wanted = least.max(first.len()).max(1).min(count("maxItems").unwrap_or(usize::MAX));
        let mut items = vec![];
        for at in 0..wanted {
            let item = first.get(at).cloned().unwrap_or_else(|| schema.get("items"));
            let name = if at == 0 { name.to_owned() } else { format!("{name} {}", at + 1) };
            let made = if item.as_bool() == Some(false) { None } else { self.make(&item, &name) };
            match made {
                Some(value) => items.push(value),
                None if at >= least => break,
                None => return None,
            }
        }
        Some(Value::list(items))
    }

    fn table(&mut self, schema: &Value) -> Option<Value> {
        let must = required(schema);
        let mut fields = vec![];
        for (name, field) in schema.get("properties").entries().into_iter().flatten() {
            match self.make(&field, name) {
                Some(value) => fields.push((name.to_owned(), value)),
                None if must.iter().any(|must| must == name) => return None,
                None => {}
            }
        }
        let rest = schema.get("additionalProperties");
        for name in must {
            if !fields.iter().any(|(known, _)| *known == name) {
                let value = if rest.entries().is_some() { self.make(&rest, &name)? } else { Value::text(&format!("({name})")) };
                fields.push((name, value));
            }
        }
        Some(Value::table(fields))
    }
}

/// `(title)` for the field `title`, as long as it must be and no longer than it may be.
fn text(schema: &Value, name: &str) -> String {
    let plain = format!("({name})");
    let known = match schema.get("format").as_str().unwrap_or_default() {
        "date" => "2026-01-01",
        "time" => "12:00:00Z",
        "date-time" => "2026-01-01T12:00:00Z",
        "duration" => "P1D",
        "email" | "idn-email" => "someone@example.org",
        "hostname" | "idn-hostname" => "example.org",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uri" | "uri-reference" | "iri" | "iri-reference" | "url" => "https://example.org/",
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "json-pointer" => "/a",
        "regex" => "a",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    if let Some(pattern) = schema.get("pattern").as_str().and_then(|pattern| regex::Regex::new(pattern).ok()) {
        let tries = [plain.as_str(), name].into_iter().chain(TRIES);
        if let Some(text) = tries.into_iter().find(|text| pattern.is_match(text)) {
            return text.to_owned();
        }
    }
    let length = |key: &str| schema.get(key).as_f64().map(whole);
    let mut text = plain;
    let missing = length("minLength").unwrap_or(0).min(MADE_UP).saturating_sub(text.chars().count());
    text.extend(std::iter::repeat_n('.', missing));
    text.chars().take(length("maxLength").unwrap_or(usize::MAX)).collect()
}

/// The lower bound, or 1, or 0 when 1 is too much; moved to where a multiple is.
fn number(schema: &Value, whole: bool) -> f64 {
    let bound = |key: &str| schema.get(key).as_f64();
    let (min, above) = (bound("minimum"), bound("exclusiveMinimum"));
    let (max, below) = (bound("maximum"), bound("exclusiveMaximum"));
    let fits = |n: f64| {
        min.is_none_or(|min| n >= min)
            && max.is_none_or(|max| n <= max)
            && above.is_none_or(|above| n > above)
            && below.is_none_or(|below| n < below)
    };
    let step = bound("multipleOf").filter(|step| *step > 0.0).unwrap_or(if whole { 1.0 } else { 0.0 });
    let align = |n: f64| if step > 0.0 { (n / step).ceil() * step } else { n };
    let between = above.zip(below.or(max)).map(|(low, high)| f64::midpoint(low, high));
    let tries = [min, above.map(|above| above + 1.0), between, Some(1.0), Some(0.0), max, below.map(|below| below - 1.0)];
    let candidates: Vec<f64> = tries.into_iter().flatten().flat_map(|n| [align(n), align(n) + step, align(n) - step]).collect();
    candidates.into_iter().find(|n| fits(*n)).unwrap_or(0.0)
}

/// A count that a schema gives.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before the cast")]
fn whole(n: f64) -> usize {
    n.clamp(0.0, 1e9) as usize
}
