//! What expressions and templates read.

pub mod maybe_skipped;
pub mod null_in_order;
pub mod optional_as_required;
pub mod read_before_write;
pub mod type_mismatch;
pub mod unchecked_read;
pub mod unknown_field;
pub mod unknown_param;
pub mod unused_output;
pub mod unused_param;
pub mod value_outside_choices;

use crate::expr::jq::Comparison;
use crate::graph::{Draft, Expression};

/// All comparisons of a pipeline, with the expression that each stands in.
fn sides<'d, 'a>(draft: &'d Draft<'a>) -> impl Iterator<Item = (&'d Expression<'a>, &'d Comparison)> {
    let expressions = draft.readings.expressions.iter();
    expressions.flat_map(|expression| expression.parsed.comparisons().iter().map(move |comparison| (expression, comparison)))
}
