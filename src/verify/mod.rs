//! What must hold in a database, and whether it does.

mod drift;
mod drift_report;
mod fingerprint;
mod invariants;
mod inventory;
mod rollout;
mod rollout_report;
mod tables;

pub use drift::Drift;
pub use drift_report::{DriftReport, HeldStep};
pub use fingerprint::{Compared, Comparison, Content, Fingerprint, Mapping, Source, Verdict};
pub use invariants::{Checked, Invariant, Outcome, Sanity, invariants, sanity_script};
pub use inventory::{Inventory, InventoryColumn, InventoryRelation, inventory};
pub use rollout::Rollout;
pub use rollout_report::{RolloutReport, Stage, StageResult};

pub use crate::catalog::{
    Catalog, Delta, Difference, Finding, Object, ObjectKind, ObjectName, Privilege, Properties,
    Remedy, Scope, compare,
};
pub use crate::severity::Severity;
