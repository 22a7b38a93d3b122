//! Files that a pipeline names.

pub mod empty_file;
pub mod file_encoding;
pub mod missing_file;
