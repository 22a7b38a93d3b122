//! Jinja, as far as pipelines write it: strict, without escaping, and within limits.
//!
//! [`Template::parse`] checks a text and what it includes, [`Template::reads`] says what it reads and where,
//! [`Template::render`] makes the text. Printing something undefined or null is an error; `default(…)` replaces both.

mod check;
mod filter;
mod reads;
mod render;

#[cfg(test)]
mod tests;

pub use check::examine;
pub use filter::filters;
pub use reads::{Read, Reads};
pub use render::{RenderError, Template};
