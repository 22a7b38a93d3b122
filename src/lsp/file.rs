//! A file that is open in the editor, and what is known of it.

use super::position::{path_of, uri_of};
use crate::graph::Draft;
use crate::project::{Loaded, Project, says_its_version};
use crate::text::FileId;
use lsp_types::Uri;
use std::path::PathBuf;

/// An open file.
#[derive(Debug)]
pub(super) struct File {
    /// Its URI.
    pub uri: Uri,
    /// Its text, as the editor has it.
    pub text: String,
    /// The editor's number of this text.
    pub version: i32,
    /// What is known of it; `None` when it does not mean to be a pipeline.
    pub checked: Option<Loaded>,
    /// Its folder.
    folder: PathBuf,
}

impl File {
    /// A file with its first text.
    pub(super) fn new(uri: Uri, text: String, version: i32) -> Self {
        let path = path_of(&uri).unwrap_or_default();
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        let mut file = Self { uri, text, version, checked: None, folder };
        file.check();
        file
    }

    /// Looks at the text again, and at the files that it names.
    pub(super) fn check(&mut self) {
        self.checked = says_its_version(&self.text).then(|| self.load(&self.text));
    }

    /// What would be known of another text in this place.
    pub(super) fn load(&self, text: &str) -> Loaded {
        Project::open(&self.folder).load_text(&self.name(), text)
    }

    /// Its name in its folder.
    fn name(&self) -> String {
        let path = path_of(&self.uri).unwrap_or_default();
        path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The URI of a file that its findings point into.
    pub(super) fn uri(&self, loaded: &Loaded, file: FileId) -> Option<Uri> {
        if file == loaded.pipeline.file {
            return Some(self.uri.clone());
        }
        uri_of(&self.beside(&loaded.sources.get(file).path))
    }

    /// The path of a file that is named relative to this one.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The graph of what was loaded, with what its expressions read.
pub(super) fn draft(loaded: &Loaded) -> Draft<'_> {
    Draft::of(&loaded.pipeline, &loaded.facts).0
}
