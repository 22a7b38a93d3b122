//! What reads better otherwise, and means the same.

pub mod no_description;
