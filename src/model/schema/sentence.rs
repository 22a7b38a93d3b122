//! What the schema says of a key, for editors.

use super::whole::schema;
use serde_json::Value;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> = LazyLock::new(schema);

/// The sentence about a key by its path from the top, such as `["phases", "plan", "retry", "max"]`; none for names of the
/// author's.
pub fn sentence(path: &[&str]) -> Option<&'static str> {
    let (key, above) = path.split_last()?;
    let table = above.iter().try_fold(vec![&*SCHEMA], |kinds, name| {
        let below: Vec<_> = kinds.into_iter().flat_map(|kind| inside(kind, name)).collect();
        (!below.is_empty()).then_some(below)
    })?;
    table.into_iter().flat_map(tables).find_map(|kind| kind["properties"][*key]["description"].as_str())
}

/// What stands under a name in a kind.
fn inside(kind: &'static Value, name: &str) -> Vec<&'static Value> {
    let below = tables(kind).into_iter().filter_map(|kind| match kind["properties"].get(name) {
        None => kind.get("additionalProperties"),
        found => found,
    });
    below.filter(|kind| kind.is_object()).collect()
}

/// The kinds that a value may have, without lists around them.
fn tables(kind: &'static Value) -> Vec<&'static Value> {
    if let Some(name) = kind["$ref"].as_str() {
        return SCHEMA.pointer(name.trim_start_matches('#')).map(tables).unwrap_or_default();
    }
    let choices = kind["anyOf"].as_array().into_iter().flatten();
    let items = kind.get("items").filter(|_| kind["type"] == "array");
    let more = choices.chain(items).flat_map(tables);
    std::iter::once(kind).filter(|kind| kind["type"] == "object").chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::sentence;

    #[test]
    fn every_key_is_explained_where_it_stands() {
        for (path, part) in [
            (&["flow"][..], "version"),
            (&["phases", "plan", "needs"], "settled"),
            (&["phases", "plan", "retry", "max"], "tried again"),
            (&["phases", "plan", "accept", "files"], "must exist"),
            (&["phases", "plan", "repeat", "from"], "next round"),
            (&["phases", "plan", "run", "shell"], "script"),
            (&["phases", "plan", "env", "TOKEN", "secret"], "never stored"),
            (&["phases", "plan", "prompt", "file"], "relative"),
            (&["tests", "expect", "status"], "ends"),
        ] {
            assert!(sentence(path).is_some_and(|sentence| sentence.contains(part)), "{path:?}: {:?}", sentence(path));
        }
        for path in [&[][..], &["nothing"], &["phases", "plan"], &["vars", "x"], &["phases", "plan", "output", "type"]] {
            assert_eq!(sentence(path), None, "{path:?}");
        }
    }
}
