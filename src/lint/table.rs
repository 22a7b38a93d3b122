//! The table of rules.

use super::rules::{data, files, graph, jq, keys, running, security, style, templates, trial};
use crate::diag::{Code, Diagnostic, code};
use crate::graph::Draft;

/// A rule: what it is called, and what finds it.
pub struct Rule {
    /// The code of its findings.
    pub code: Code,
    /// Gives all its findings.
    pub check: fn(&Draft<'_>) -> Vec<Diagnostic>,
}

/// All rules that look at a draft, in the order of the book.
pub const RULES: &[Rule] = &[
    Rule { code: code::G001, check: graph::unknown_phase::check },
    Rule { code: code::G005, check: graph::never_runs::check },
    Rule { code: code::G006, check: graph::redundant_need::check },
    Rule { code: code::G008, check: graph::impossible_join::check },
    Rule { code: code::G009, check: graph::unused_phase::check },
    Rule { code: code::G011, check: graph::may_never_run::check },
    Rule { code: code::D001, check: data::read_before_write::check },
    Rule { code: code::D002, check: data::maybe_skipped::check },
    Rule { code: code::D003, check: data::unknown_field::check },
    Rule { code: code::D004, check: data::type_mismatch::check },
    Rule { code: code::D005, check: data::value_outside_choices::check },
    Rule { code: code::D006, check: data::unknown_param::check },
    Rule { code: code::D007, check: data::unused_param::check },
    Rule { code: code::D008, check: data::unused_output::check },
    Rule { code: code::D009, check: data::unchecked_read::check },
    Rule { code: code::D011, check: data::optional_as_required::check },
    Rule { code: code::D013, check: data::null_in_order::check },
    Rule { code: code::J004, check: jq::constant::check },
    Rule { code: code::J005, check: jq::not_boolean::check },
    Rule { code: code::J006, check: jq::not_one_answer::check },
    Rule { code: code::J008, check: jq::alternative_true::check },
    Rule { code: code::J009, check: jq::not_precedence::check },
    Rule { code: code::J010, check: jq::unbounded::check },
    Rule { code: code::T002, check: templates::undefined_variable::check },
    Rule { code: code::T005, check: templates::object_in_text::check },
    Rule { code: code::T006, check: templates::foreign_placeholder::check },
    Rule { code: code::T008, check: templates::prompt_too_long::check },
    Rule { code: code::S001, check: security::template_in_shell::check },
    Rule { code: code::S002, check: security::agent_text_as_program::check },
    Rule { code: code::S003, check: security::literal_secret::check },
    Rule { code: code::S004, check: security::secret_in_text::check },
    Rule { code: code::S005, check: security::inherited_env::check },
    Rule { code: code::S006, check: security::unpinned::check },
    Rule { code: code::S007, check: security::full_access::check },
    Rule { code: code::S008, check: security::path_escape::check },
    Rule { code: code::S009, check: security::unfenced_output::check },
    Rule { code: code::S010, check: security::parallel_writers::check },
    Rule { code: code::K001, check: keys::bad_key::check },
    Rule { code: code::K002, check: keys::key_collision::check },
    Rule { code: code::K003, check: keys::reserved_key::check },
    Rule { code: code::I001, check: files::missing_file::check },
    Rule { code: code::I002, check: files::empty_file::check },
    Rule { code: code::I003, check: files::file_encoding::check },
    Rule { code: code::R001, check: running::no_timeout::check },
    Rule { code: code::R002, check: running::timeout_nesting::check },
    Rule { code: code::R003, check: running::retry_side_effect::check },
    Rule { code: code::R004, check: running::ask_without_timeout::check },
    Rule { code: code::R005, check: running::no_accept::check },
    Rule { code: code::X001, check: trial::untested_guard::check },
    Rule { code: code::Y001, check: style::escaped_jq::check },
    Rule { code: code::Y002, check: style::redundant_default::check },
    Rule { code: code::Y003, check: style::long_inline_prompt::check },
    Rule { code: code::Y004, check: style::phase_order::check },
    Rule { code: code::Y005, check: style::no_description::check },
];
