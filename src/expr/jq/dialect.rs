//! The jq that pipelines speak: jaq's core and library without the outside world, counted step by step.
//!
//! [`Lent::lut`] is the hook: the interpreter asks for its table of terms once per term, and there the meter ticks.
//! That leans on how jaq-core is built, so its minor version is pinned and `tests/hostile.rs` beside this file watches.

use super::{native, regex, update};
use crate::value::{Value, meter};
use jaq_core::data::HasLut;
use jaq_core::native::Fun;
use jaq_core::{DataT, Lut};

/// A function that lists the paths of a pattern.
pub type Glob<'a> = dyn Fn(&str) -> Result<Vec<String>, String> + Sync + 'a;

/// The types that evaluation works on.
pub(super) struct Dialect;

impl DataT for Dialect {
    type V<'a> = Value;
    type Data<'a> = Lent<'a>;
}

/// What natives can reach while an evaluation runs.
#[derive(Clone, Copy)]
pub(super) struct Lent<'a> {
    pub(super) lut: &'a Lut<Dialect>,
    pub(super) glob: Option<&'a Glob<'a>>,
}

impl<'a> HasLut<'a, Dialect> for Lent<'a> {
    #[inline]
    fn lut(&self) -> &'a Lut<Dialect> {
        meter::step();
        self.lut
    }
}

/// Natives that look at the world, change it, or end the process: they do not exist here.
pub(super) const IMPURE: &[&str] = &[
    "env",
    "now",
    "input",
    "inputs",
    "debug",
    "debug_empty",
    "stderr",
    "stderr_empty",
    "halt",
    "halt_error",
    "localtime",
    "strflocaltime",
    "input_filename",
    "input_line_number",
    "get_search_list",
    "modulemeta",
    "$ENV",
    "$__prog_args",
];

/// Names that jaq's library uses inside and jq does not know: kept out of pipelines, so that a guard means the same to
/// jq.
pub(super) const INTERNAL: &[&str] = &[
    "!empty",
    "capture_of_match",
    "decode_base64",
    "decode_uri",
    "encode_base64",
    "encode_uri",
    "error_empty",
    "escape_html",
    "escape_sh",
    "isarray",
    "isboolean",
    "isfinite",
    "isnumber",
    "isobject",
    "isstring",
    "key_values",
    "matches",
    "max_by_or_empty",
    "min_by_or_empty",
    "path_value",
    "scan_",
    "split_",
    "split_matches",
    "tobytes",
    "todateiso8601_",
    "totype",
    "unescape_html",
];

/// Natives of our own: they stand in for jaq's natives and definitions of the same name.
pub(super) fn own_natives() -> impl Iterator<Item = Fun<Dialect>> {
    native::all().into_iter().chain(regex::all())
}

/// All natives: jaq's that are pure and not replaced, and ours.
pub(super) fn natives() -> impl Iterator<Item = Fun<Dialect>> {
    let ours: Vec<Fun<Dialect>> = own_natives().collect();
    let replaced: Vec<(&str, usize)> = ours.iter().map(|(name, args, _)| (*name, args.len())).collect();
    let theirs = jaq_core::funs::<Dialect>().chain(jaq_std::funs::<Dialect>());
    let kept = theirs.filter(move |(name, args, _)| !IMPURE.contains(name) && !replaced.contains(&(*name, args.len())));
    kept.map(update::updatable).chain(ours)
}
