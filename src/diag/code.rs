//! The table of rules: every code, its slug and its severity. A code is never reused; P009, G010, D012, K005 and K006 are
//! reserved (decision 30).

use super::Severity::{self, Error, Info, Warning};

/// A rule's identity: one letter for the group, three digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// `D003`.
    pub id: &'static str,
    /// `unknown-field`: reads well after "allow".
    pub slug: &'static str,
    /// How bad.
    pub severity: Severity,
}

macro_rules! codes {
    ($($id:ident $slug:literal $severity:ident;)*) => {
        $(#[doc = $slug] pub const $id: Code = Code { id: stringify!($id), slug: $slug, severity: $severity };)*
        /// All codes, in the order of the book.
        pub const ALL: &[Code] = &[$($id),*];
    };
}

codes! {
    P001 "toml-syntax" Error;
    P002 "unknown-key" Error;
    P003 "wrong-type" Error;
    P004 "missing-key" Error;
    P005 "bad-value" Error;
    P006 "exclusive-keys" Error;
    P007 "bad-name" Error;
    P008 "language-version" Error;
    P010 "empty-value" Warning;
    G001 "unknown-phase" Error;
    G002 "cycle" Error;
    G003 "repeat-target" Error;
    G004 "repeat-overlap" Error;
    G005 "never-runs" Warning;
    G006 "redundant-need" Info;
    G007 "duplicate-need" Warning;
    G008 "impossible-join" Error;
    G009 "unused-phase" Info;
    G011 "may-never-run" Warning;
    D001 "read-before-write" Error;
    D002 "maybe-skipped" Warning;
    D003 "unknown-field" Error;
    D004 "type-mismatch" Warning;
    D005 "value-outside-choices" Warning;
    D006 "unknown-param" Error;
    D007 "unused-param" Warning;
    D008 "unused-output" Info;
    D009 "unchecked-read" Info;
    D010 "bad-shape" Error;
    D011 "optional-as-required" Warning;
    D013 "null-in-order" Error;
    J001 "jq-syntax" Error;
    J002 "jq-undefined" Error;
    J003 "jq-impure" Error;
    J004 "jq-constant" Warning;
    J005 "jq-not-boolean" Warning;
    J006 "jq-not-one-answer" Warning;
    J007 "jq-assignment" Error;
    J008 "jq-alternative-true" Warning;
    J009 "jq-not-precedence" Warning;
    J010 "jq-unbounded" Warning;
    J011 "jq-bad-regex" Error;
    J012 "jq-alternative-precedence" Error;
    T001 "template-syntax" Error;
    T002 "undefined-variable" Error;
    T003 "unknown-filter" Error;
    T004 "missing-include" Error;
    T005 "object-in-text" Warning;
    T006 "foreign-placeholder" Warning;
    T007 "include-cycle" Error;
    T008 "prompt-too-long" Warning;
    S001 "template-in-shell" Error;
    S002 "agent-text-as-program" Error;
    S003 "literal-secret" Error;
    S004 "secret-in-text" Error;
    S005 "inherited-env" Warning;
    S006 "unpinned" Warning;
    S007 "full-access" Warning;
    S008 "path-escape" Error;
    S009 "unfenced-output" Info;
    S010 "parallel-writers" Warning;
    K001 "bad-key" Error;
    K002 "key-collision" Error;
    K003 "reserved-key" Error;
    K004 "history-range" Error;
    I001 "missing-file" Error;
    I002 "empty-file" Warning;
    I003 "file-encoding" Error;
    I004 "unknown-agent" Error;
    I005 "unused-agent" Warning;
    R001 "no-timeout" Info;
    R002 "timeout-nesting" Warning;
    R003 "retry-side-effect" Warning;
    R004 "ask-without-timeout" Info;
    R005 "no-accept" Info;
    X001 "untested-guard" Info;
    Y001 "escaped-jq" Info;
    Y002 "redundant-default" Info;
    Y003 "long-inline-prompt" Info;
    Y004 "phase-order" Info;
    Y005 "no-description" Info;
    M001 "ignore-without-reason" Warning;
    M002 "unknown-ignore" Warning;
    M003 "unused-ignore" Warning;
    N001 "not-yet" Error;
}

impl Code {
    /// The rule of a code or slug, as somebody typed it.
    pub fn find(name: &str) -> Option<Self> {
        ALL.iter().find(|code| code.id.eq_ignore_ascii_case(name) || code.slug == name).copied()
    }

    /// The code or slug that a name which is none stands for, if it is near enough to one.
    pub fn nearest(name: &str) -> Option<&'static str> {
        let upper = name.to_ascii_uppercase();
        let ids = ALL.iter().map(|code| code.id);
        super::nearest(name, ALL.iter().map(|code| code.slug)).or_else(|| super::nearest(&upper, ids))
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}
