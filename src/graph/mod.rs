//! From a parsed pipeline to a checked graph: names resolved, phases in order, loops nested, who reads what.
//!
//! [`Draft::of`] never fails: it builds what can be built and tells the rest as findings; what hangs on a mistake is
//! unknown, and unknown is silent. [`Draft::admit`] is the only way to a [`Sound`], and so to a plan.

mod bits;
mod damage;
mod doc;
mod draft;
mod facts;
mod include;
mod look;
mod loops;
mod net;
mod reads;
mod resolve;
mod shapes;
mod site;
#[cfg(test)]
mod tests;
mod types;

pub use draft::{Draft, Sound};
pub use facts::{Facts, FileFact, Reference, ReferenceKind, references};
pub use include::{includes, includes_of};
pub use look::{Compound, Look, Problem};
pub use loops::{Crossing, Loops, Ring};
pub use net::Net;
pub use reads::{Expression, NullInOrder, Reading, Readings};
pub use resolve::without;
pub use shapes::{Shapes, closed};
pub use site::{Role, Site, sites};
