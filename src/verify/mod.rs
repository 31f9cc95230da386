//! What must hold in a database, and whether it does.

mod invariants;

pub use invariants::{Checked, Invariant, Outcome, Sanity, Severity, invariants, sanity_script};

pub use crate::catalog::{Catalog, Delta, Object, ObjectKind, ObjectName, Properties, Scope};
