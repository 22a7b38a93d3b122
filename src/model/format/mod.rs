//! The one form of a pipeline file: tables and keys in the order of the language, one blank line between tables, long
//! lists a line each. It means the same as before, and has every comment.
//!
//! [`format`] reads the text as statements with what stands around them (`read.rs`), puts these into order (`order.rs`)
//! and writes them down (`write.rs`). Named things, variables, tests and all data keep the author's order: there it
//! means something.

mod literal;
mod order;
mod read;
mod statement;
#[cfg(test)]
mod tests;
mod whole;
mod write;

pub use whole::format;
