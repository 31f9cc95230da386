//! What must hold in a database, and whether it does.
//!
//! | question | answer |
//! | --- | --- |
//! | Is the schema what the history says it is? | [`Drift`]: the delta checklist, with remedies |
//! | Do the rows keep the rules? | [`invariants`], and [`sanity_script`] for psql |
//! | Does the database refuse to change what never changes? | [`Immutability`]: it tries |
//! | Is the content still the same? | [`Fingerprint`], before and after |
//! | Which tables are there, and which migrations made them? | [`inventory`] |
//! | All of it around a deployment? | [`Rollout`]: a receipt, and the way back |
//!
//! Every answer is a value that serialises, and prints as a checklist: `[x]` is as it should be,
//! `[ ]` is not, `[-]` is a note, or was not asked. [`Catalog`] and [`compare`] are what these are
//! made of.

mod attempt;
mod drift;
mod drift_report;
mod fingerprint;
mod grant;
mod immutability;
mod immutability_report;
mod immutable;
mod invariants;
mod inventory;
mod rollout;
mod rollout_report;
mod tables;

pub use drift::Drift;
pub use drift_report::{DriftReport, HeldStep};
pub use fingerprint::{Compared, Comparison, Content, Fingerprint, Mapping, Source, Verdict};
pub use grant::Grant;
pub use immutability::Immutability;
pub use immutability_report::{ImmutabilityCheck, ImmutabilityFinding, ImmutabilityReport};
pub use immutable::{Event, ImmutableTable, Refusal};
pub use invariants::{Checked, Invariant, Outcome, Sanity, invariants, sanity_script};
pub use inventory::{Inventory, InventoryColumn, InventoryRelation, inventory};
pub use rollout::Rollout;
pub use rollout_report::{RolloutReport, Stage, StageResult};

pub use crate::catalog::{
    Catalog, Delta, Difference, Finding, Object, ObjectKind, ObjectName, Privilege, Properties,
    Remedy, Scope, compare,
};
pub use crate::severity::Severity;
