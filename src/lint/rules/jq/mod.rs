//! Expressions, as far as their text alone tells.

pub mod alternative_true;
pub mod constant;
pub mod not_boolean;
pub mod not_one_answer;
pub mod not_precedence;
pub mod unbounded;

use crate::expr::jq::syntax::Node;

/// Visits all parts of an expression, from the outside in, as far as `visit` says to go on.
fn each<'n>(node: &'n Node, visit: &mut dyn FnMut(&'n Node) -> bool) {
    if visit(node) {
        for child in node.children() {
            each(child, visit);
        }
    }
}
