//! Files that a pipeline names.

pub mod file_encoding;
pub mod missing_file;
