//! Feature requests: refined by agents, looked up in the project, planned in steps, with a log of
//! every execution.
//!
//! A development tool beside a production application, so its tables and enums live in a schema of
//! their own, `feature_planner`: easy to see, to grant and to remove. Live installations have them in
//! `public`. The held migration `2026-11-20-192100_feature_planner_move` moves them as they are;
//! everything here works from that migration on. [`relocator`] plans and rehearses that, does it with a
//! receipt, and at the end takes everything down.
//!
//! # Tables
//!
//! | table | holds |
//! | --- | --- |
//! | `feature_plans` | requests, and what has become of each |
//! | `feature_refinements` | attempts to say precisely what a request asks for |
//! | `file_discovery_sessions` | attempts to find the files that it is about |
//! | `discovered_files` | those files, unique by discovery and path |
//! | `implementation_plan_generations` | attempts to plan how it is built |
//! | `plan_steps` | the steps of such a plan, unique by place and by number |
//! | `plan_step_templates` | steps to be used again |
//! | `plan_execution_logs` | what agents did for a plan, entries below entries |
//!
//! What a plan has selected is one of its own attempts: the database sees to it, and forgets the
//! choice when the attempt is deleted.
//!
//! # Example
//!
//! ```
//! use planwright::feature_planner::{FilePriority, PlanStatus};
//!
//! assert_eq!("discovering".parse::<PlanStatus>()?, PlanStatus::Discovering);
//! assert_eq!(PlanStatus::Discovering.to_string(), "discovering");
//! assert!(FilePriority::Critical < FilePriority::Low); // what matters most comes first
//! # Ok::<(), planwright::Error>(())
//! ```

mod invariants;
mod keys;
mod label;
mod labels;
mod moving;
#[allow(
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    clippy::module_inception,
    clippy::pedantic
)]
// generated
mod schema;

pub use invariants::INVARIANTS;
pub use keys::{
    DiscoveredFileId, DiscoveryId, ExecutionLogId, FeaturePlanId, GenerationId, PlanStepId,
    RefinementId, TemplateId,
};
pub use labels::{
    Complexity, ConfidenceLevel, EstimatedScope, ExecutionStep, FileDiscoveryStatus, FilePriority,
    ImplementationPlanStatus, PlanStatus, RefinementStatus, RiskLevel, TechnicalComplexity,
};
pub use moving::{MOVE_TABLES, RELOCATION, TIMES_ARE_UTC, relocator};
