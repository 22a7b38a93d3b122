//! Going to where something is declared, and finding all places that name it.

use super::file::{File, draft};
use super::mention::{Mention, What, at, mentions};
use super::position::{offset, range, uri_of};
use crate::project::Loaded;
use crate::text::Span;
use lsp_types::{Location, Position, Range};

/// Where the thing under the cursor is declared: a header, or the file itself.
pub(super) fn definition(file: &File, position: Position) -> Option<Location> {
    let loaded = file.checked.as_ref()?;
    let all = mentions(loaded, &draft(loaded));
    let here = at(&all, loaded.pipeline.file, offset(&file.text, position))?;
    if here.what == What::File {
        let path = file.beside(&here.name);
        return path.is_file().then(|| Some(Location { uri: uri_of(&path)?, range: Range::default() }))?;
    }
    let declared = all.iter().find(|one| one.declares && one.what == here.what && one.name == here.name)?;
    location(file, loaded, declared.span)
}

/// All places that name the thing under the cursor.
pub(super) fn references(file: &File, position: Position) -> Vec<Location> {
    let Some(loaded) = &file.checked else { return vec![] };
    let all = mentions(loaded, &draft(loaded));
    let Some(here) = at(&all, loaded.pipeline.file, offset(&file.text, position)) else { return vec![] };
    same(&all, here).filter_map(|one| location(file, loaded, one.span)).collect()
}

/// The mentions of the same thing.
pub(super) fn same<'a>(all: &'a [Mention], here: &'a Mention) -> impl Iterator<Item = &'a Mention> {
    all.iter().filter(|one| one.what == here.what && one.name == here.name)
}

fn location(file: &File, loaded: &Loaded, span: Span) -> Option<Location> {
    Some(Location { uri: file.uri(loaded, span.file)?, range: range(&loaded.sources, span) })
}
