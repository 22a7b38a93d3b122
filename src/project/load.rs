//! From a pipeline's name to its plan: reads the file and all it names, gathers every finding, freezes what is sound.

use super::text::{self, ReadError};
use super::{Project, builtin};
use crate::diag::{Diagnostic, Severity, code, nearest};
use crate::graph::{Draft, Facts, FileFact, references};
use crate::limits::{FINDINGS, PIPELINE_FILES};
use crate::lint::Levels;
use crate::model::{self, Pipeline};
use crate::plan::{self, Plan, Test};
use crate::text::{Embedded, FileId, Sources};
use std::path::{Component, Path, PathBuf};

/// A pipeline as it was found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The texts that findings point into; the pipeline's own is the first.
    pub sources: Sources,
    /// The pipeline as parsed, perhaps partial.
    pub pipeline: Pipeline,
    /// What it names outside itself.
    pub facts: Facts,
    /// Everything that is wrong with it, in the order of the files.
    pub findings: Vec<Diagnostic>,
    /// The plan, when no finding is an error.
    pub plan: Option<Plan>,
    /// Its own tests; none when there is no plan.
    pub tests: Vec<Test>,
    /// Whether it is one of the program's own.
    pub builtin: bool,
}

/// Why there is no pipeline to look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// Neither a file nor a built-in pipeline has that name.
    #[error("there is no pipeline `{name}`: {hint}")]
    NotFound {
        /// As it was given.
        name: String,
        /// What there is.
        hint: String,
    },
    /// The file is there and cannot be read.
    #[error("`{name}` cannot be read: {error}")]
    Unreadable {
        /// As it was given.
        name: String,
        /// Why.
        error: ReadError,
    },
}

/// Where the files that a pipeline names are read from.
enum Base<'a> {
    /// A folder, and the one that nothing may lead out of.
    Folder { project: &'a Project, folder: PathBuf, confine: PathBuf },
    /// The pipelines inside the program.
    Builtin,
}

impl Project {
    /// Loads a pipeline by its path (relative to the folder the project was opened in) or its built-in name.
    ///
    /// # Errors
    /// When there is no such pipeline, or its file is no text. What is wrong *in* it is told as findings.
    pub fn load(&self, name: &str) -> Result<Loaded, LoadError> {
        if !self.dir.join(name).is_file() {
            let file = format!("{name}.toml");
            if let Some(text) = builtin::text(&format!("pipelines/{file}")) {
                return Ok(check(
                    &format!("builtin:{file}"),
                    text,
                    &Base::Builtin,
                    &format!("builtin:{name}"),
                    &Levels::default(),
                ));
            }
        }
        self.text(name).map(|text| self.load_text(name, &text))
    }

    /// The text of a pipeline's file, by its path.
    ///
    /// # Errors
    /// When there is no such file, or it is no text.
    pub fn text(&self, name: &str) -> Result<String, LoadError> {
        let path = self.dir.join(name);
        if path.is_file() {
            return self.read(&path).map_err(|error| LoadError::Unreadable { name: name.to_owned(), error });
        }
        let builtin = builtin::text(&format!("pipelines/{name}.toml")).is_some();
        let hint = if builtin { "it is built into the program, and no file".to_owned() } else { self.hint(name) };
        Err(LoadError::NotFound { name: name.to_owned(), hint })
    }

    /// Whether [`Project::load`] would find a pipeline of this name.
    pub fn has(&self, name: &str) -> bool {
        self.dir.join(name).is_file() || builtin::text(&format!("pipelines/{name}.toml")).is_some()
    }

    /// Checks a text as if it stood in the file `name`, which need not be there (an editor's, or stdin).
    pub fn load_text(&self, name: &str, text: &str) -> Loaded {
        let path = self.dir.join(name);
        let path = path.canonicalize().unwrap_or(path);
        let folder = path.parent().unwrap_or(&self.dir).to_path_buf();
        let confine = if folder.starts_with(&self.root) { self.root.clone() } else { folder.clone() };
        let shown = path.strip_prefix(&self.root).map_or_else(|_| name.to_owned(), |path| path.to_string_lossy().into_owned());
        check(name, text, &Base::Folder { project: self, folder, confine }, &shown, &self.config.lint.levels(&shown))
    }

    /// What could have been meant by a name that is none.
    fn hint(&self, name: &str) -> String {
        let path = Path::new(name);
        if self.dir.join(path).is_dir() {
            let files = pipelines_in(&self.dir.join(path));
            let files: Vec<String> = files.iter().map(|file| path.join(file).display().to_string()).collect();
            return if files.is_empty() {
                "it is a folder without pipelines".to_owned()
            } else {
                format!("it is a folder: name one of {}", files.join(", "))
            };
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut there: Vec<String> = builtin::pipelines().map(str::to_owned).collect();
        for folder in [folder, Path::new("pipelines")] {
            there.extend(pipelines_in(&self.dir.join(folder)).iter().map(|file| folder.join(file).display().to_string()));
        }
        let stem = |file: &str| Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let same = there.iter().find(|file| stem(file) == stem(name));
        match same.map(String::as_str).or_else(|| nearest(name, there.iter().map(String::as_str))) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}, or give the path of a file", there.join(", ")),
        }
    }
}

/// From a text to findings, and to a plan where none of them is an error.
fn check(name: &str, text: &str, base: &Base<'_>, path: &str, levels: &Levels) -> Loaded {
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let (pipeline, mut findings) = model::parse(file, text);
    findings.extend(model::not_yet(&pipeline));
    let mut facts = gather(&pipeline, base, name, &mut sources);
    let unread = findings.iter().filter(|finding| finding.severity() == Severity::Error && finding.code != code::N001);
    facts.unread = unread.map(|finding| finding.span).collect();
    let (draft, found) = Draft::of(&pipeline, &facts);
    findings.extend(found);
    findings.extend(crate::lint::check(&draft));
    findings = crate::lint::ignore(&sources, !facts.unread.is_empty(), findings);
    levels.apply(&mut findings);
    findings.sort_by_key(|finding| (finding.span.file, finding.span.start, finding.span.end, finding.code));
    findings.dedup_by(|a, b| a.code == b.code && a.span == b.span);
    let (mut plan, mut tests) = (None, vec![]);
    if let Some(sound) = draft.admit(&findings) {
        plan = Some(Plan::freeze(&sound, &sources, path));
        tests = plan::tests(&sound, &sources);
    }
    cut(&mut findings);
    Loaded { sources, pipeline, facts, findings, plan, tests, builtin: matches!(base, Base::Builtin) }
}

/// Keeps the first [`FINDINGS`], errors before all others: whoever has that many mends a few and looks again.
fn cut(findings: &mut Vec<Diagnostic>) {
    if findings.len() > FINDINGS {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        findings.truncate(FINDINGS);
        findings.sort_by_key(|finding| (finding.span.file, finding.span.start, finding.span.end, finding.code));
    }
}

/// Whether a file means to be a pipeline: TOML that says its language version.
pub fn is_pipeline(path: &Path) -> bool {
    let is_toml = path.extension().is_some_and(|extension| extension == "toml");
    is_toml && std::fs::read_to_string(path).is_ok_and(|text| says_its_version(&text))
}

/// Whether a text of TOML says the version of the language: then it means to be a pipeline.
pub fn says_its_version(text: &str) -> bool {
    text.lines().any(|line| line.strip_prefix("flow").is_some_and(|rest| rest.trim_start().starts_with('=')))
}

/// Names of the pipelines in a folder, sorted.
fn pipelines_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        entries.filter(|entry| is_pipeline(&entry.path())).filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// Reads all that a pipeline names, and what those texts include, to the end.
fn gather(pipeline: &Pipeline, base: &Base<'_>, name: &str, sources: &mut Sources) -> Facts {
    let own = sources.get(pipeline.file).text.clone();
    let mut facts = Facts { own, builtin: ["instructions".to_owned()].into(), ..Facts::default() };
    for reference in references(pipeline) {
        read_once(&mut facts, base, &reference.name.value, name, sources);
    }
    let mut wanted = crate::graph::includes(pipeline, &facts);
    while let Some(include) = wanted.pop() {
        read_once(&mut facts, base, &include, name, sources);
        if let Some(text) = facts.text(&include)
            && !facts.includes.contains(&include)
        {
            wanted.extend(crate::graph::includes_of(text));
        }
        facts.includes.insert(include);
    }
    facts
}

fn read_once(facts: &mut Facts, base: &Base<'_>, file: &str, pipeline: &str, sources: &mut Sources) {
    if !facts.files.contains_key(file) && facts.files.len() < PIPELINE_FILES {
        facts.files.insert(file.to_owned(), base.read(file, pipeline, sources));
    }
}

impl Base<'_> {
    fn read(&self, name: &str, pipeline: &str, sources: &mut Sources) -> FileFact {
        let text = match self {
            Self::Folder { project, folder, confine } => {
                if Path::new(name).is_absolute() || name.starts_with('~') || !inside(folder, confine, name) {
                    return FileFact::Outside { root: confine.display().to_string() };
                }
                text::within(confine, &folder.join(name)).and_then(|path| project.read(&path))
            }
            Self::Builtin => match normal(name) {
                Some(path) => builtin::text(&format!("pipelines/{path}")).map(str::to_owned).ok_or(ReadError::Missing),
                None => Err(ReadError::Outside("the pipelines inside the program".to_owned())),
            },
        };
        match text {
            Ok(text) => {
                let beside = match pipeline.rsplit_once(['/', ':']) {
                    Some((folder, _)) => format!("{}{name}", &pipeline[..=folder.len()]),
                    None => name.to_owned(),
                };
                let file: FileId = sources.add(beside, text.as_str());
                FileFact::Text(Embedded::slice(&text, file, 0))
            }
            Err(ReadError::Missing) => FileFact::Missing { nearest: self.nearest(name) },
            Err(ReadError::Outside(root)) => FileFact::Outside { root },
            Err(error) => FileFact::Unreadable(error.to_string()),
        }
    }

    /// The file beside the missing one that has nearly its name.
    fn nearest(&self, name: &str) -> Option<String> {
        let (folder, file) = name.rsplit_once('/').map_or(("", name), |(folder, file)| (folder, file));
        let there: Vec<String> = match self {
            Self::Folder { folder: base, .. } => {
                let entries = std::fs::read_dir(base.join(folder)).into_iter().flatten().flatten();
                entries.filter(|entry| entry.path().is_file()).filter_map(|entry| entry.file_name().into_string().ok()).collect()
            }
            Self::Builtin => {
                builtin::folder(format!("pipelines/{folder}").trim_end_matches('/')).map(|(name, _)| name.to_owned()).collect()
            }
        };
        let near = nearest(file, there.iter().map(String::as_str))?;
        Some(if folder.is_empty() { near.to_owned() } else { format!("{folder}/{near}") })
    }
}

/// Whether a relative name stays in a folder when its dots are followed, links aside.
fn inside(folder: &Path, confine: &Path, name: &str) -> bool {
    let Ok(below) = folder.strip_prefix(confine) else { return false };
    normal(&below.join(name).to_string_lossy()).is_some()
}

/// A relative path without `.` and `..`; `None` when it leads out.
fn normal(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = vec![];
    for part in Path::new(path).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}
