//! What must hold in a database, and whether it does.

mod invariants;

pub use invariants::{Invariant, Severity, Violation, invariants};
