//! The examples of one rule page, tried: the files of a scene are written into a folder and checked there.

use crate::book::{Block, blocks};
use crate::lint::{Marks, expected, marks};
use flow::diag::{Code, concise};
use flow::lint::apply;
use flow::project::{Loaded, Project};
use std::collections::BTreeMap;
use std::path::Path;

/// Rounds of fixes until nothing changes any more.
const ROUNDS: usize = 16;

/// The name of the pipeline of a scene.
const PIPELINE: &str = "pipeline.toml";

/// Path → text.
type Files = BTreeMap<String, String>;

/// What a page shows.
pub(crate) struct Scene {
    code: Code,
    page: String,
    fails: String,
    passes: String,
    fixed: Option<String>,
    /// Files beside the pipeline, as they are and as the fixes leave them.
    files: Files,
    fixed_files: Files,
}

impl Scene {
    /// Reads the blocks of a page.
    pub(crate) fn read(code: Code, page: &Path) -> Result<Self, String> {
        let blocks = blocks(page);
        let page = page.display().to_string();
        let one = |info: &str| {
            let mut found = blocks.iter().filter(|block| block.info == info);
            match (found.next(), found.next()) {
                (found, None) => Ok(found.map(|block| block.text.clone())),
                (_, Some(second)) => Err(format!("{}: a second block `{info}`", second.place)),
            }
        };
        let need = |info: &str| one(info)?.ok_or(format!("{page}: there is no block `{info}`"));
        let named = |block: &Block, word: &str| {
            let (_, path) = block.info.split_once(&format!(",{word}="))?;
            let (path, times) = path.split_once(",times=").unwrap_or((path, "1"));
            Some((path.to_owned(), block.text.repeat(times.parse().expect("`times=` has a number"))))
        };
        let (fails, passes, fixed) = (need("toml,fails")?, need("toml,passes")?, one("toml,fixed")?);
        let files = blocks.iter().filter_map(|block| named(block, "file")).collect();
        let fixed_files = blocks.iter().filter_map(|block| named(block, "fixed")).collect();
        Ok(Self { code, page, fails, passes, fixed, files, fixed_files })
    }

    /// What is not as the page says.
    pub(crate) fn wrong(&self, fix: &str) -> Vec<String> {
        let mut wrong = vec![];
        let mut say = |what: String| wrong.push(format!("{}: {what}", self.page));
        let fails = Stage::new(&self.fails, &self.files);
        let loaded = fails.load();
        let all: Marks = fails.files().iter().flat_map(|(path, text)| expected(path, text)).collect();
        if all.is_empty() {
            say("no line of its failing example is marked".to_owned());
        }
        self.compare("Fails", &loaded, &all, &mut say);
        let offered = self.offered(&loaded);
        if offered != fix {
            say(format!("it says `fix: {fix}`, and its example offers `{offered}`"));
        }
        let passes = Stage::new(&self.passes, &self.files).load();
        self.compare("Passes", &passes, &Marks::new(), &mut say);
        if let Some(fixed) = &self.fixed {
            let mut expected = fails.files();
            expected.insert(PIPELINE.to_owned(), fixed.clone());
            expected.extend(self.fixed_files.clone());
            match fails.mend(self.code) {
                Ok(files) => {
                    for (path, text) in files.iter().filter(|(path, text)| expected[*path] != **text) {
                        say(format!("the fixes make this of `{path}`:\n{text}"));
                    }
                }
                Err(what) => say(what),
            }
            self.compare_fixed(&fails.load(), &mut say);
        }
        wrong
    }

    /// Findings that count, where they are and where they are expected.
    fn compare(&self, part: &str, loaded: &Loaded, expected: &Marks, say: &mut impl FnMut(String)) {
        let counting: Vec<_> = loaded.findings.iter().filter(|one| one.severity() >= self.code.severity).cloned().collect();
        let found = marks(&loaded.sources, &counting, expected);
        if found != *expected {
            let shown = concise(&counting, &loaded.sources);
            say(format!("{part}: expected {expected:?}\n  found {found:?}\n{shown}"));
        }
    }

    /// A fix leaves nothing behind but what the rule cannot fix.
    fn compare_fixed(&self, loaded: &Loaded, say: &mut impl FnMut(String)) {
        let worse = loaded.findings.iter().filter(|one| one.severity() >= self.code.severity && one.code != self.code);
        let worse: Vec<_> = worse.cloned().collect();
        if !worse.is_empty() {
            say(format!("Fixed: the fixes break something else:\n{}", concise(&worse, &loaded.sources)));
        }
    }

    /// The kinds of fixes that the findings of the rule offer, as the head of the page says them.
    fn offered(&self, loaded: &Loaded) -> &'static str {
        let fixes = || loaded.findings.iter().filter(|one| one.code == self.code).filter_map(|one| one.fix.as_ref());
        match (fixes().any(|fix| fix.safe), fixes().any(|fix| !fix.safe)) {
            (false, false) => "none",
            (true, false) => "safe",
            (false, true) => "unsafe",
            (true, true) => "safe or unsafe",
        }
    }
}

/// A folder with the files of a scene.
struct Stage(tempfile::TempDir, Vec<String>);

impl Stage {
    fn new(pipeline: &str, files: &Files) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut paths = vec![];
        for (path, text) in
            std::iter::once((PIPELINE, pipeline)).chain(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
        {
            let at = folder.path().join(path);
            std::fs::create_dir_all(at.parent().unwrap()).unwrap();
            std::fs::write(at, text).unwrap();
            paths.push(path.to_owned());
        }
        Self(folder, paths)
    }

    fn load(&self) -> Loaded {
        Project::open(self.0.path()).load(PIPELINE).unwrap()
    }

    fn files(&self) -> Files {
        let read = |path: &String| (path.clone(), std::fs::read_to_string(self.0.path().join(path)).unwrap());
        self.1.iter().map(read).collect()
    }

    /// Applies all fixes of a rule until nothing changes.
    fn mend(&self, code: Code) -> Result<Files, String> {
        for _ in 0..ROUNDS {
            let loaded = self.load();
            let fixes = loaded.findings.iter().filter(|one| one.code == code).filter_map(|one| one.fix.as_ref());
            let changed = apply(fixes, &loaded.sources);
            if changed.is_empty() {
                return Ok(self.files());
            }
            for (file, text) in changed {
                std::fs::write(self.0.path().join(&loaded.sources.get(file).path), text).unwrap();
            }
        }
        Err(format!("the fixes do not come to an end in {ROUNDS} rounds"))
    }
}
