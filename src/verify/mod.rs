//! What must hold in a database, and whether it does.

mod invariants;

pub use invariants::{Checked, Invariant, Outcome, Sanity, invariants, sanity_script};

pub use crate::catalog::{
    Catalog, Delta, Difference, Finding, Object, ObjectKind, ObjectName, Properties, Remedy, Scope,
    compare,
};
pub use crate::severity::Severity;
