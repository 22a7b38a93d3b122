//! Templates.

pub mod undefined_variable;
