//! Templates.

pub mod foreign_placeholder;
pub mod object_in_text;
pub mod prompt_too_long;
pub mod undefined_variable;
