//! Expressions, as far as their text alone tells.

pub mod not_boolean;
pub mod not_one_answer;
