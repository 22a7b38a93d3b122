//! Real processes under real guards, and recorded agents.

mod claude;
mod guard;
mod hand;
mod perform;
mod stage;
