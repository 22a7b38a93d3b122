//! Real processes under real guards, and recorded agents.

mod guard;
mod hand;
