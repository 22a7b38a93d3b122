//! Shapes: what an output must look like, as authors write it and as JSON Schema.
//!
//! [`Shape`] reads the shorthand of a pipeline file, [`schema_of`] also schema files; either way a JSON Schema comes
//! out, the one form that a plan keeps. [`Schema`] checks values against it and says what is wrong in words an agent
//! can act on, [`sample`] makes a value up, [`Type`] is what lint knows of a value from its schema.

mod keywords;
mod lattice;
mod message;
mod parse;
mod raw;
mod resolve;
mod sample;
mod schema;
#[cfg(test)]
mod tests;
mod word;

pub use keywords::check_schema;
pub use lattice::{Field, Lookup, Seg, Type};
pub use parse::{Shape, schema_of};
pub use raw::{Raw, RawKind};
pub use sample::sample;
pub use schema::Schema;
