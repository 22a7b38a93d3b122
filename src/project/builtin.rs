//! Files inside the program: the folders `pipelines/` and `instructions/` and the pages of the rules, listed by the
//! build script.

/// Path below the source tree and text, sorted by path.
static FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The text of a file inside the program, such as `pipelines/NAME.toml`.
pub fn text(path: &str) -> Option<&'static str> {
    FILES.binary_search_by_key(&path, |(name, _)| name).ok().map(|at| FILES[at].1)
}

/// Files directly in a folder inside the program: name and text, sorted by name.
pub fn folder(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(move |(path, text)| {
        let name = path.strip_prefix(folder)?.strip_prefix('/')?;
        (!name.contains('/')).then_some((name, *text))
    })
}

/// All files below a folder inside the program: path below it and text, sorted.
pub fn below(folder: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().filter_map(move |(path, text)| Some((path.strip_prefix(folder)?.strip_prefix('/')?, *text)))
}

/// The page of a rule by its code, in Markdown.
pub fn rule_page(code: &str) -> Option<&'static str> {
    text(&format!("book/src/rules/{code}.md"))
}

/// Names of the pipelines inside the program.
pub fn pipelines() -> impl Iterator<Item = &'static str> {
    folder("pipelines").filter_map(|(name, _)| name.strip_suffix(".toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_two_folders_is_inside() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (path, text) in FILES {
            assert_eq!(std::fs::read_to_string(root.join(path)).expect(path), *text, "{path}");
        }
        for folder in ["pipelines", "instructions"] {
            let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
            for entry in entries.map(Result::unwrap).filter(|e| e.path().is_file()) {
                let name = entry.file_name().to_string_lossy().into_owned();
                assert!(name.starts_with('.') || text(&format!("{folder}/{name}")).is_some(), "{folder}/{name} is not built in");
            }
        }
    }
}
