//! Walks along a schema: references inside the file, and all schemas that say something about one value.

use crate::value::Value;

/// Schemas that are looked at for one value; a schema that joins more is not followed further.
const JOINED: usize = 32;

/// What a reference inside the schema leads to: `#`, `#/$defs/step`. `None` for all others.
pub(super) fn reference(root: &Value, name: &str) -> Option<Value> {
    let pointer = name.strip_prefix('#')?;
    let Some(path) = pointer.strip_prefix('/') else { return pointer.is_empty().then(|| root.clone()) };
    let mut at = root.clone();
    for token in path.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~").replace("%25", "%");
        at = match token.parse::<usize>() {
            Ok(index) if at.items().is_some() => at.items()?.nth(index)?,
            _ if at.has(&token) => at.get(&token),
            _ => return None,
        };
    }
    Some(at)
}

/// A schema, and those it says hold as well: where it refers to, `allOf`, and the one alternative to null.
pub(super) fn joined(root: &Value, schema: &Value) -> Vec<Value> {
    let mut all = vec![schema.clone()];
    let mut at = 0;
    while at < all.len() && all.len() < JOINED {
        let schema = all[at].clone();
        at += 1;
        all.extend(schema.get("$ref").as_str().and_then(|name| reference(root, name)));
        all.extend(schema.get("allOf").items().into_iter().flatten());
        for key in ["anyOf", "oneOf"] {
            let mut real: Vec<Value> = schema.get(key).items().into_iter().flatten().filter(|one| !is_null(one)).collect();
            if real.len() == 1 {
                all.append(&mut real);
            }
        }
    }
    all
}

/// Whether a schema allows null and nothing else.
pub(super) fn is_null(schema: &Value) -> bool {
    schema.get("type").as_str() == Some("null") || (schema.has("const") && schema.get("const").is_null())
}

/// The fields that a schema requires.
pub(super) fn required(schema: &Value) -> Vec<String> {
    schema.get("required").items().into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}
