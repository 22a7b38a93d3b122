//! The rules: what is wrong with a pipeline although each of its parts can be read.
//!
//! `table.rs` has one line a rule; a rule reads the facts of a [`Draft`] and nothing else. One mistake gives one
//! finding: what hangs on something unknown is silent, since the unknown was reported where it stands.

mod absent;
mod apply;
mod command;
mod ignore;
mod key;
mod layout;
mod level;
mod mark;
mod page;
mod read;
mod rules;
mod table;
mod used;

pub use apply::apply;
pub use ignore::{ignore, unknown_rule};
pub use level::{Level, Levels};
pub use mark::mark;
pub use page::{Page, readable};
pub use table::{RULES, Rule};

use crate::diag::Diagnostic;
use crate::graph::Draft;

/// All findings of all rules.
pub fn check(draft: &Draft<'_>) -> Vec<Diagnostic> {
    RULES.iter().flat_map(|rule| (rule.check)(draft)).collect()
}
