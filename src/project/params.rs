//! Parameters of a start as given on the command line, and the files that some of them name.

use super::builtin;
use super::text::{self, ReadError};
use crate::diag::nearest;
use crate::name::Name;
use crate::plan::{self, FileParam, ParamError, Plan, Test};
use crate::run::{Digest, StartedFile};
use crate::value::Value;
use indexmap::IndexMap;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Checked parameters of a start.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// A table of all declared parameters; absent ones are null.
    pub values: Value,
    /// What file parameters name, by parameter.
    pub files: IndexMap<String, StartedFile>,
}

/// Checks options as given, reads the files that they name.
///
/// A flag without a value is given as `true`. Files are looked for in the declared folders, the first that has one wins;
/// front matter keys it lacks come from the file of the same name in later folders.
///
/// # Errors
/// All of them, one a parameter, each with what to type instead.
pub fn params(root: &Path, plan: &Plan, given: &[(String, String)]) -> Result<Params, Vec<ParamError>> {
    let values = read_options(plan, given)?;
    with_files(&Shelf::Disk(root), plan, &values)
}

/// Checks the parameters of a test, whose files are those that it lists and those inside the program.
///
/// # Errors
/// All of them, one a parameter.
pub fn params_of_test(plan: &Plan, test: &Test) -> Result<Params, Vec<ParamError>> {
    with_files(&Shelf::Listed(&test.files), plan, &test.params)
}

/// Options as typed values.
fn read_options(plan: &Plan, given: &[(String, String)]) -> Result<IndexMap<Name, Value>, Vec<ParamError>> {
    let mut errors = vec![];
    let mut values: IndexMap<Name, Value> = IndexMap::new();
    for (option, text) in given {
        let declared = Name::new(&option.replace('-', "_")).ok().and_then(|name| plan.params.get_key_value(&name));
        let Some((name, param)) = declared else {
            let near = nearest(option, plan.params.keys().map(Name::as_str));
            let near = near.map(|near| format!(": did you mean --{near}?")).unwrap_or_default();
            errors.push(ParamError::new(option, format!("`{}` has no parameter --{option}{near}", plan.name)));
            continue;
        };
        match param.read(text) {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(message) => errors.push(ParamError::new(option, format!("--{option}: {message}"))),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

fn with_files(shelf: &Shelf<'_>, plan: &Plan, given: &IndexMap<Name, Value>) -> Result<Params, Vec<ParamError>> {
    let values = plan::params(&plan.params, given)?;
    let mut errors = vec![];
    let mut files = IndexMap::new();
    for (name, param) in &plan.params {
        let (Some(file), value) = (&param.file, values.get(name.as_str())) else { continue };
        let Some(value) = value.as_str() else { continue };
        match find(shelf, file, value) {
            Ok(found) => drop(files.insert(name.to_string(), found)),
            Err(message) => errors.push(ParamError::new(name.as_str(), format!("--{name}: {message}"))),
        }
    }
    if errors.is_empty() { Ok(Params { values, files }) } else { Err(errors) }
}

/// The names that a file parameter may have: the files there are, sorted.
pub fn choices(root: &Path, file: &FileParam) -> Vec<String> {
    choices_on(&Shelf::Disk(root), file)
}

fn choices_on(shelf: &Shelf<'_>, file: &FileParam) -> Vec<String> {
    let mut names = BTreeSet::new();
    let ending = format!(".{}", file.extension);
    for dir in &file.dirs {
        match place(shelf, dir) {
            Place::Listed(files) => {
                let folder = format!("{}/", dir.trim_end_matches('/'));
                let inside = files.keys().filter_map(|path| path.strip_prefix(&folder)?.strip_suffix(&ending));
                names.extend(inside.filter(|name| !name.contains('/')).map(str::to_owned));
            }
            Place::Builtin(folder) => {
                names.extend(builtin::folder(&folder).filter_map(|(name, _)| Some(name.strip_suffix(&ending)?.to_owned())));
            }
            Place::Folder(folder) => {
                let Ok(entries) = std::fs::read_dir(folder) else { continue };
                let files = entries.flatten().filter(|entry| entry.path().is_file());
                names.extend(files.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(&ending)?.to_owned())));
            }
        }
    }
    names.into_iter().filter(|name| safe(name).is_ok()).collect()
}

/// Finds the file that a value names.
fn find(shelf: &Shelf<'_>, file: &FileParam, name: &str) -> Result<StartedFile, String> {
    safe(name)?;
    let mut found: Option<StartedFile> = None;
    for dir in &file.dirs {
        let Some((path, whole)) = read(shelf, dir, name, &file.extension)? else { continue };
        let (front, body) = front_matter(&whole);
        let front =
            front.map_or(Ok(Value::NULL), yaml).map_err(|error| format!("{path}: the front matter is not YAML: {error}"))?;
        match &mut found {
            None => {
                let meta = if front.entries().is_some() { front } else { Value::table::<&str>([]) };
                let (text, digest) = (body.to_owned(), Digest::of(whole.as_bytes()));
                found = Some(StartedFile { name: name.to_owned(), path, text, digest, meta });
            }
            Some(first) => {
                for (key, value) in front.entries().into_iter().flatten() {
                    if first.meta.get(key).is_null() {
                        first.meta.set(key, value);
                    }
                }
            }
        }
    }
    found.ok_or_else(|| {
        let there = choices_on(shelf, file);
        match nearest(name, there.iter().map(String::as_str)) {
            Some(near) => format!("there is no `{name}`: did you mean `{near}`?"),
            None if there.is_empty() => {
                format!("there is no `{name}`: no `.{}` file in {}", file.extension, file.dirs.join(", "))
            }
            None => format!("there is no `{name}`: it is one of {}", there.join(", ")),
        }
    })
}

/// Reads the file of a name in one folder; `None` when it has none.
fn read(shelf: &Shelf<'_>, dir: &str, name: &str, extension: &str) -> Result<Option<(String, String)>, String> {
    let file = format!("{name}.{extension}");
    let shown = format!("{}/{file}", dir.trim_end_matches('/'));
    let (whole, path) = match place(shelf, dir) {
        Place::Listed(files) => return Ok(files.get(&shown).map(|text| (shown, text.clone()))),
        Place::Builtin(folder) => {
            return Ok(builtin::text(&format!("{folder}/{file}")).map(|text| (shown, text.to_owned())));
        }
        Place::Folder(folder) if dir.starts_with("~/") => (text::read(&folder.join(&file)), shown),
        Place::Folder(folder) => (text::read_within(shelf.root(), &folder.join(&file)), shown),
    };
    match whole {
        Ok(whole) => Ok(Some((path, whole))),
        Err(ReadError::Missing) => Ok(None),
        Err(error) => Err(format!("{path}: {error}")),
    }
}

/// Where files are looked for.
enum Shelf<'a> {
    /// A project's folder.
    Disk(&'a Path),
    /// The files that a test lists, by path.
    Listed(&'a IndexMap<String, String>),
}

impl Shelf<'_> {
    fn root(&self) -> &Path {
        if let Self::Disk(root) = self { root } else { Path::new("") }
    }
}

enum Place<'a> {
    Folder(PathBuf),
    Listed(&'a IndexMap<String, String>),
    /// A folder inside the program.
    Builtin(String),
}

fn place<'a>(shelf: &Shelf<'a>, dir: &str) -> Place<'a> {
    if let Some(folder) = dir.strip_prefix("builtin:") {
        return Place::Builtin(folder.trim_end_matches('/').to_owned());
    }
    let root = match shelf {
        Shelf::Disk(root) => root,
        Shelf::Listed(files) => return Place::Listed(files),
    };
    match (dir.strip_prefix("~/"), std::env::home_dir()) {
        (Some(below), Some(home)) => Place::Folder(home.join(below)),
        _ => Place::Folder(root.join(dir)),
    }
}

/// A name becomes part of a path: it must be one plain part of it.
fn safe(name: &str) -> Result<(), String> {
    let plain = !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', '\0', '\n']) && name.len() <= 200;
    if plain { Ok(()) } else { Err(format!("`{name}` is not the name of a file: give it without folders and extension")) }
}

/// Splits a file in its front matter, if it has one, and its text.
fn front_matter(whole: &str) -> (Option<&str>, &str) {
    let Some(rest) = whole.strip_prefix("---\n").or_else(|| whole.strip_prefix("---\r\n")) else { return (None, whole) };
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return (Some(&rest[..at]), rest[at + line.len()..].trim_start_matches(['\r', '\n']));
        }
        at += line.len();
    }
    (None, whole)
}

/// A YAML text as a value.
fn yaml(text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        return Ok(Value::NULL);
    }
    let json: serde_json::Value = serde_saphyr::from_str(text)
        .map_err(|error| error.to_string().lines().next().unwrap_or("it cannot be read").to_owned())?;
    Ok(Value::from_serialize(&json))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_param(dirs: &[&str]) -> FileParam {
        FileParam { dirs: dirs.iter().map(ToString::to_string).collect(), extension: "md".to_owned() }
    }

    #[test]
    fn front_matter_is_taken_off_and_lacking_keys_come_from_later_folders() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("own/write.md", "---\ndescription: Mine\nglobs:\nversion: 1.1\n---\n\n# Do it\n");
        write("base/write.md", "---\ndescription: Base\nspec: required\nglobs: [a]\n---\nBase");
        write("base/other.md", "no front matter\n---\nat all");
        let param = file_param(&["own", "base", "none"]);
        let found = find(&Shelf::Disk(dir.path()), &param, "write").unwrap();
        assert_eq!((found.path.as_str(), found.text.as_str()), ("own/write.md", "# Do it\n"));
        assert_eq!(found.meta.to_string(), r#"{"description":"Mine","globs":["a"],"version":1.1,"spec":"required"}"#);
        let other = find(&Shelf::Disk(dir.path()), &param, "other").unwrap();
        assert_eq!((other.text.as_str(), other.meta.to_string().as_str()), ("no front matter\n---\nat all", "{}"));
        assert_eq!(choices(dir.path(), &param), ["other", "write"]);
    }

    #[test]
    fn names_are_safe_and_unknown_ones_get_a_suggestion() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("in")).unwrap();
        std::fs::write(dir.path().join("in/create.md"), "---\na: [\n---\n").unwrap();
        std::fs::write(dir.path().join("out.md"), "x").unwrap();
        std::os::unix::fs::symlink(dir.path().join("out.md"), dir.path().join("in/link.md")).unwrap();
        let param = file_param(&["in"]);
        let root = dir.path().join("in");
        let failed = |root: &Path, name: &str| find(&Shelf::Disk(root), &param, name).unwrap_err();
        assert_eq!(failed(dir.path(), "craete"), "there is no `craete`: did you mean `create`?");
        assert!(
            failed(dir.path(), "create").starts_with("in/create.md: the front matter is not YAML"),
            "{}",
            failed(dir.path(), "create")
        );
        for bad in ["../out", "a/b", "", ".hidden", "a\\b"] {
            assert!(failed(dir.path(), bad).contains("is not the name of a file"), "{bad}");
        }
        let here = file_param(&["."]);
        assert!(find(&Shelf::Disk(&root), &here, "link").unwrap_err().contains("leads outside"));
    }
}
