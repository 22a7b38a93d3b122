//! The three small languages inside a pipeline: jq decides, Jinja writes text, shapes say what an output must look like.
//!
//! Each is parsed and checked with exact places ([`Mistake`]), compiled once ([`Cache`]) and evaluated within limits:
//! nothing that an author writes can hang the program, exhaust its memory or end its process. Start reading with
//! [`jq::Jq`], [`template::Template`] and [`shape::Shape`].

mod cache;
pub mod jq;
mod mistake;
pub mod reply;
pub mod shape;
mod stack;
pub mod template;

pub use cache::Cache;
pub use mistake::Mistake;
pub use stack::{on_big_stack, on_new_stack};
