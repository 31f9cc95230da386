//! What must hold in a database, and whether it does.

mod fingerprint;
mod invariants;

pub use fingerprint::{Compared, Comparison, Content, Fingerprint, Mapping, Source, Verdict};
pub use invariants::{Invariant, Severity, Violation, invariants};
