//! The closed vocabularies of the language: one enum per key whose value is one of a few words.

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $word:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All words of this key, in the order of the book.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word as it is written.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What a word means.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl Word for $name {
            const WORDS: &'static [&'static str] = Self::WORDS;

            fn from_word(word: &str) -> Option<Self> {
                Self::from_word(word)
            }
        }
    )*};
}

/// A value that is one of a few words.
pub(crate) trait Word: Sized {
    /// All of them.
    const WORDS: &'static [&'static str];
    /// What a word means.
    fn from_word(word: &str) -> Option<Self>;
}

words! {
    /// `type` of a parameter.
    ParamType {
        /// Text.
        String "string",
        /// A whole number.
        Integer "integer",
        /// A number.
        Number "number",
        /// True or false.
        Boolean "boolean",
        /// Any JSON.
        Json "json",
    }
    /// `series.while_running`.
    WhileRunning {
        /// A second start is refused.
        Refuse "refuse",
        /// Both run.
        Allow "allow",
        /// The other is cancelled.
        Supersede "supersede",
    }
    /// `store.storage`.
    Storage {
        /// On disk.
        File "file",
        /// In memory.
        Memory "memory",
    }
    /// `use` of an agent.
    Backend {
        /// The first that is installed.
        Auto "auto",
        /// Claude Code.
        Claude "claude",
        /// Codex.
        Codex "codex",
        /// Gemini CLI.
        Gemini "gemini",
        /// opencode.
        Opencode "opencode",
        /// GitHub Copilot CLI.
        Copilot "copilot",
        /// Any agent that speaks the Agent Client Protocol.
        Acp "acp",
        /// A model's HTTP API.
        Api "api",
        /// Any program: prompt on stdin, reply on stdout.
        Command "command",
        /// No agent: answers come from stubs and shapes.
        Rehearse "rehearse",
    }
    /// `access` of an agent.
    Access {
        /// Look.
        Read "read",
        /// Change files.
        Write "write",
        /// Everything, unasked.
        Full "full",
    }
    /// `join` of a phase.
    Join {
        /// No need failed and at least one completed.
        Any "any",
        /// Every one completed.
        All "all",
        /// Whatever happened.
        Always "always",
    }
    /// `repeat.then`.
    Then {
        /// The next entry of the list, then on.
        Continue "continue",
        /// The phase fails.
        Fail "fail",
    }
    /// `for_each.on_error`.
    ItemError {
        /// The others run to their end, then the phase fails.
        Finish "finish",
        /// Null in place of a failure.
        Collect "collect",
        /// The rest is cancelled.
        Stop "stop",
    }
    /// `on_error` of a phase.
    OnError {
        /// The phase fails.
        Fail "fail",
        /// It counts as completed.
        Continue "continue",
    }
    /// `on_crash` of a phase.
    Crash {
        /// It runs again.
        Rerun "rerun",
        /// A person is asked.
        Ask "ask",
        /// The phase fails.
        Fail "fail",
        /// The phase is skipped.
        Skip "skip",
    }
    /// `session` of an agent phase.
    Session {
        /// Afresh in each round.
        New "new",
        /// On in the earlier session.
        Continue "continue",
    }
    /// `parse` of a process.
    Parse {
        /// stdout is JSON.
        Json "json",
        /// stdout as a list of its lines.
        Lines "lines",
        /// stdout as one text.
        Text "text",
    }
    /// `workspace` of a phase.
    Workspace {
        /// The project tree.
        Shared "shared",
        /// A git worktree and branch of its own.
        Worktree "worktree",
    }
    /// An error class that may stand in `retry.on`.
    RetryClass {
        /// Rate limit, overload, network, the agent crashed.
        Transient "transient",
        /// A usage window.
        Limit "limit",
        /// Too long or too silent.
        Timeout "timeout",
        /// Not of the shape.
        Invalid "invalid",
        /// Not accepted.
        Rejected "rejected",
        /// Exit code that is no result.
        Exit "exit",
    }
}
