//! The rules, a file each, in folders by what they look at.

pub mod data;
pub mod files;
pub mod graph;
pub mod jq;
pub mod keys;
pub mod running;
pub mod security;
pub mod style;
pub mod templates;
pub mod trial;
