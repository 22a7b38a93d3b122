//! Keys of the store.

pub mod bad_key;
pub mod key_collision;
pub mod reserved_key;
