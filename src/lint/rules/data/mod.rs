//! What expressions and templates read.

pub mod maybe_skipped;
pub mod null_in_order;
pub mod optional_as_required;
pub mod read_before_write;
pub mod unknown_field;
pub mod unknown_param;
pub mod unused_param;
