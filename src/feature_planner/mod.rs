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

mod discovery;
#[cfg(feature = "testing")]
pub mod factory;
mod fields;
mod generation;
mod grants;
mod hold;
mod invariants;
mod keys;
mod label;
mod labels;
mod log;
mod moving;
mod plan;
mod progress;
mod refinement;
#[allow(
    missing_debug_implementations,
    missing_docs,
    unreachable_pub,
    clippy::module_inception,
    clippy::pedantic
)]
// generated
mod schema;
mod step;
mod template;
mod time;
mod usage;

pub use discovery::{
    DiscoveredFile, Discovery, DiscoveryRepository, DiscoveryResult, FileFilter, FilePlace,
    FileUpdate, MAX_FILES, NewDiscoveredFile, NewDiscovery,
};
pub use generation::{
    Generation, GenerationRepository, GenerationResult, MAX_STEPS, NewGeneration,
};
pub use grants::GRANTS;
pub use invariants::INVARIANTS;
pub use keys::{
    DiscoveredFileId, DiscoveryId, ExecutionLogId, FeaturePlanId, GenerationId, PlanStepId,
    RefinementId, TemplateId,
};
pub use labels::{
    Complexity, ConfidenceLevel, EstimatedScope, ExecutionStep, FileDiscoveryStatus, FilePriority,
    ImplementationPlanStatus, PlanStatus, RefinementStatus, RiskLevel, TechnicalComplexity,
};
pub use log::{
    ExecutionLog, ExecutionLogRepository, LogNode, LogSums, LogTotals, MAX_AGENT_TYPE,
    MAX_LOG_BYTES, MAX_LOG_ENTRIES, NewExecutionLog,
};
pub use moving::{MOVE_TABLES, RELOCATION, TIMES_ARE_UTC, relocator};
pub use plan::{
    Attempt, AttemptSums, FeaturePlan, FeaturePlanDetails, FeaturePlanFilter, FeaturePlanMatch,
    FeaturePlanRepository, FeaturePlanUpdate, MARK, MARK_END, MAX_FOUND, MAX_QUERY, MAX_REQUEST,
    MAX_SESSION, MIN_REQUEST, MatchedRequest, NewFeaturePlan, StaleAttempt, Unfinished,
};
pub use refinement::{
    DEFAULT_AGENT_MODEL, MAX_AGENTS, NewRefinement, Refinement, RefinementRepository,
    RefinementResult,
};
pub use step::{
    MAX_CATEGORY, MAX_CONFIDENCE, MAX_STEP_TITLE, NewPlanStep, PlanStep, PlanStepUpdate,
};
pub use template::{
    NewTemplate, Template, TemplateFilter, TemplatePlace, TemplateRepository, TemplateUpdate,
};
pub use usage::{
    Failure, MAX_AGENT, MAX_AGENT_MODEL, MAX_DOCUMENT, MAX_DURATION, MAX_JSON, MAX_MESSAGE,
    MAX_TEXT, Usage,
};

use crate::error::Error;
use crate::unit_of_work::UnitOfWork;

/// The server's answer, a violated rule with its words.
fn explained(uow: &UnitOfWork<'_>, error: impl Into<Error>) -> Error {
    uow.explain(error, invariants::sentence)
}
