//! What a run does while nobody looks: how long it may take, what happens twice, what is taken unchecked.

pub mod ask_without_timeout;
pub mod no_accept;
pub mod no_timeout;
pub mod retry_side_effect;
pub mod timeout_nesting;
