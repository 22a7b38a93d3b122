//! Tests of the jq side.

mod hostile;
mod meaning;
mod rules;
mod same;
