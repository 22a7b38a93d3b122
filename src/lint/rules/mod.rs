//! The rules, a file each, in folders by what they look at.

pub mod files;
pub mod keys;
pub mod security;
