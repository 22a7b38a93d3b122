//! From a parsed pipeline to a checked graph: names resolved, phases in order, loops nested, who reads what.
//!
//! [`Draft::of`] never fails: it builds what can be built and tells the rest as findings; what hangs on a mistake is
//! unknown, and unknown is silent. [`Draft::admit`] is the only way to a [`Sound`], and so to a plan.

mod bits;
mod facts;
mod loops;
mod net;

pub use facts::{Facts, FileFact, Reference, ReferenceKind, references};
pub use loops::{Crossing, Loops, Ring};
pub use net::Net;
