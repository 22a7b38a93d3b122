//! What reads better otherwise, and means the same.

pub mod escaped_jq;
pub mod long_inline_prompt;
pub mod no_description;
pub mod phase_order;
pub mod redundant_default;
