//! Every bound of the program in one place, each with its reason.
//!
//! Nothing here is a tuning knob: a value that an author may set lives in the language, and is bounded from here.

/// A name of a phase, parameter, agent or document, in bytes: fits a key token and a table column.
pub const NAME_BYTES: usize = 64;
/// A key of the store, in bytes: NATS subjects longer than this are slow to route.
pub const KEY_BYTES: usize = 256;
/// A file the program reads as text (pipeline, prompt, instruction), in bytes.
pub const FILE_BYTES: u64 = 4 << 20;
/// Phases of one pipeline: the graph algorithms are linear, the drawings are not readable beyond.
pub const PHASES: usize = 20_000;
/// Nesting of TOML and JSON that is accepted: the depth at which `serde_json` stops by itself.
pub const NESTING: usize = 128;
/// Syntax errors of one file that are reported: more than anybody mends before looking again.
pub const SYNTAX_ERRORS: usize = 20;
/// Findings of one file: enough to see what is wrong with a file that is no pipeline at all.
pub const FINDINGS: usize = 1_000;
/// A name or text that is quoted in a message, in bytes; the rest is cut.
pub const QUOTED_BYTES: usize = 80;
/// Extra rounds of one `repeat` entry: a loop that needs more is a bug in its guard.
pub const ROUNDS: u32 = 1_000;
/// Retries of one attempt.
pub const RETRIES: u32 = 100;
/// A jq expression or the text of a shape, in bytes: people do not write longer ones, and parsers recurse over them.
pub const EXPRESSION_BYTES: usize = 64 << 10;
/// Depth of the syntax tree of a jq expression: every walk over it recurses.
pub const EXPRESSION_DEPTH: usize = 1_000;
/// Interpreter steps of a guard: about 20 ms, far above any comparison.
pub const GUARD_STEPS: u64 = 200_000;
/// Interpreter steps of `set`, `view`, `over`, `vars` and `flow eval`: about half a second.
pub const VALUE_STEPS: u64 = 5_000_000;
/// Wall clock of one evaluation, in milliseconds.
pub const EVAL_MS: u64 = 900;
/// Bytes that the results of one evaluation may hold in strings, lists and tables (estimated).
pub const EVAL_BYTES: usize = 64 << 20;
/// Bytes of one text that an evaluation makes: as much as is read of an agent's output.
pub const EVAL_TEXT_BYTES: usize = 16 << 20;
/// Bytes that one evaluation may take in all, freed ones included. A growing list takes up to three times its size for a
/// moment, and even that stays under half a GiB.
pub const EVAL_TOTAL_BYTES: usize = 128 << 20;
/// Lists and tables that one evaluation may put around others that are not small: bounds the depth of a value.
pub const EVAL_NESTING: u32 = 100_000;
/// Depth of a value that an evaluation yields: well below `NESTING`, since it is stored inside an event.
pub const RESULT_NESTING: usize = 100;
/// Stack that an evaluation leaves for comparing, printing and dropping what it made.
pub const STACK_RESERVE_BYTES: usize = 160 << 20;
/// Results that one expression may yield.
pub const EVAL_RESULTS: usize = 100_000;
/// Stack of the evaluation thread: a nested value costs about 1 KiB a level when it is dropped.
pub const STACK_BYTES: usize = 256 << 20;
/// Fuel of a template: one per instruction and per 64 bytes written, so it bounds time and memory.
pub const TEMPLATE_FUEL: u64 = 2_000_000;
/// A rendered text, in bytes.
pub const RENDERED_BYTES: usize = 8 << 20;
/// An event larger than this is kept as a blob and the journal entry names it.
pub const INLINE_EVENT_BYTES: usize = 64 << 10;
/// A chunk of a blob: well under the 1 MiB payload of a NATS server.
pub const BLOB_CHUNK_BYTES: usize = 256 << 10;
/// A journal entry, in bytes: a wide group commit is split so that each fits one NATS message.
pub const ENTRY_BYTES: usize = 512 << 10;
/// Nesting of a stored event or entry: an output may use all of [`NESTING`], and stands a few levels down in its event.
pub const STORED_NESTING: usize = NESTING + 32;
/// Times a write is sent whose outcome is not known; each has waited as long as the store waits by itself.
pub const COMMIT_RESENDS: usize = 8;
/// How long a NATS server has for one answer, in milliseconds; a cluster without a leader takes some of these.
pub const NATS_ANSWER_MS: u64 = 5_000;
/// How long a read waits for a NATS server that is away, in milliseconds: three times the longest election that was seen.
pub const NATS_PATIENCE_MS: u64 = 45_000;
/// How long a store may leave a driver without an answer before that is said, in milliseconds: about what a cluster takes to
/// find another leader is not worth a word, and a person who wonders has not waited long yet.
pub const STORE_QUIET_MS: u64 = 4_000;
/// The longest pause before a store that is away or full is asked again, in milliseconds: nobody notices it, and hundreds of
/// drivers that wait are no load.
pub const STORE_PAUSE_MS: u64 = 2_000;
/// How long a driver waits for a store that is away or full unless somebody says otherwise, in milliseconds: restarting a
/// server takes less, and who comes back from lunch wants to know.
pub const STORE_TIMEOUT_MS: u64 = 600_000;
/// Keys that an export reads at once: each may have as many values as its bucket keeps.
pub const EXPORT_READS: usize = 16;
/// One line of an export that is taken back, in bytes: the longest output with room for its escapes.
pub const IMPORT_LINE_BYTES: usize = 64 << 20;
/// Bytes of an import that are held before they are written.
pub const IMPORT_WINDOW_BYTES: usize = 1 << 20;
/// Keys that an import writes at once: few are slow, and a server of a cluster stages each.
pub const IMPORT_WRITES: usize = 64;
/// Reads that are on their way to a NATS server at once.
pub const NATS_READS: usize = 64;
/// Bytes of a NATS message that its headers take at most.
pub const NATS_HEADERS: usize = 1 << 10;
/// A free text as one token of a key, in bytes: leaves room in [`KEY_BYTES`] for the rest of the key.
pub const KEY_TOKEN_BYTES: usize = 160;
/// Output of one attempt that is read, in bytes; what comes after is dropped with a note.
pub const OUTPUT_BYTES: usize = 16 << 20;
/// One line of an agent's stream, in bytes.
pub const LINE_BYTES: usize = 16 << 20;
/// Notes kept of one attempt.
pub const NOTES: usize = 1_000;
/// The tail of a process's output that goes into an error, in bytes.
pub const TAIL_BYTES: usize = 4 << 10;
/// How often the carrier of a run renews its lease, in milliseconds.
pub const BEAT_MS: u64 = 10_000;
/// How far the row of a run that goes on may be behind its journal where the store is elsewhere, in milliseconds: hardly
/// anybody who lists runs sees it, and a chain of quick phases writes little more than its entries.
pub const ROW_MS: u64 = 250;
/// A lease whose beat was not seen to move for this long may be taken over, in milliseconds.
pub const LEASE_MS: u64 = 45_000;
/// A driver whose beat was not acknowledged for this long stops its agents, in milliseconds.
pub const SELF_FENCE_MS: u64 = 30_000;
/// Attempts that one worker offers to others at once: each is watched.
pub const OFFERS: usize = 64;
/// How soon a worker looks again at a run that it could not take, in milliseconds: a driver that dies does not ring.
pub const POOL_SCAN_MS: u64 = 5_000;
/// When a worker looks again at what it could not take for a reason of its own, in milliseconds: an agent may have been
/// installed, a commit checked out.
pub const POOL_REFUSED_MS: u64 = 60_000;
/// What an agent gets between the request to stop and the kill, in milliseconds.
pub const GRACE_MS: u64 = 5_000;
/// What is left of an attempt after its program ended gets this long between the request to stop and the kill, in
/// milliseconds: it outlived its parent, so nobody waits for what it says.
pub const SWEEP_GRACE_MS: u64 = 1_000;
/// How long a sweep waits for killed processes to be gone, in milliseconds: only a process stuck in the kernel takes longer.
pub const SWEEP_MS: u64 = 10_000;
/// How long output is still read once the guard is gone, in milliseconds: whoever holds the pipe then is no part of the attempt.
pub const DRAIN_MS: u64 = 2_000;
/// What an agent gets to exit by itself after it gave its result, in milliseconds: some never do.
pub const LINGER_MS: u64 = 5_000;
/// A program that yields a secret may take this long, in milliseconds: it may have to ask a key agent.
pub const SECRET_MS: u64 = 30_000;
/// A secret shorter than this cannot be masked without mutilating ordinary text, in bytes.
pub const SECRET_BYTES: usize = 4;
/// `--version` of an agent may take this long, in milliseconds.
pub const DETECT_MS: u64 = 10_000;
/// One argument of a program, in bytes: Linux refuses 128 KiB and more.
pub const ARGUMENT_BYTES: usize = 120 << 10;
/// A prompt that is written out, in bytes: about 16,000 tokens. Every turn pays for all of it, and agents lose sight of
/// parts of instructions that are longer.
pub const PROMPT_BYTES: usize = 64 << 10;
/// Times that one question is put again to a person whose answers do not fit.
pub const ASK_AGAIN: u32 = 20;
/// Phases and items at once unless the pipeline says otherwise.
pub const PARALLEL: u32 = 4;
/// The most phases and items at once.
pub const PARALLEL_MAX: u32 = 1_024;
/// Values kept per key, at most (NATS allows no more).
pub const HISTORY_MAX: u32 = 64;
/// Rounds of questions that one attempt may ask.
pub const QUESTION_TURNS: u32 = 5;
/// Paths that one `glob` may find: a pattern that finds more was not meant.
pub const GLOB_PATHS: usize = 100_000;
/// Changed files that a run remembers of the project at its start.
pub const DIRTY_FILES: usize = 1_000;
/// How often an embedded store that is watched asks whether another process wrote, in milliseconds: soon for a person,
/// nothing for a machine (one question costs microseconds).
pub const STORE_POLL_MS: u64 = 75;
/// Batches that share one transaction of the embedded store: bounds how long the first of them waits for its answer.
pub const STORE_GROUP: usize = 256;
/// Files that one pipeline may name, directly and through includes.
pub const PIPELINE_FILES: usize = 2_000;
/// Nesting of a shape: each level takes two of its schema, which must stay under [`NESTING`] inside a plan.
pub const SHAPE_NESTING: usize = 40;
/// Violations of a shape that are told at once: an agent mends these first, and is told the rest then.
pub const SHAPE_MESSAGES: usize = 20;
/// One such text, in bytes.
pub const SHAPE_MESSAGE_BYTES: usize = 400;
/// Schemas that are visited to make up a value or a type: a small schema may refer to itself in every direction.
pub const SCHEMA_VISITS: usize = 20_000;
/// What a program of `accept` or `checks` gets when its phase has no timeout, in milliseconds: a check that hangs must
/// not hang the run.
pub const CHECK_MS: u64 = 600_000;
