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

mod details;
mod discovered_file;
mod discovery;
mod execution_log;
#[cfg(feature = "testing")]
pub mod factory;
mod fields;
mod file_choice;
mod file_edit;
mod finish_discovery;
mod generation;
mod grants;
mod held_plan;
mod hold;
mod invariants;
mod keys;
mod label;
mod labels;
mod log_append;
mod log_totals;
mod log_tree;
mod moving;
mod new_execution_log;
mod new_file;
mod new_plan;
mod new_template;
mod plan;
mod plan_list;
mod plan_status;
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
mod search;
mod stale;
mod template;
mod usage;
mod version;

pub use details::{AttemptSums, FeaturePlanDetails};
pub use discovered_file::{DiscoveredFile, FileFilter, FilePlace};
pub use discovery::{Discovery, DiscoveryRepository, NewDiscovery};
pub use finish_discovery::{DiscoveryResult, MAX_FILES};
mod step;

pub use execution_log::{ExecutionLog, ExecutionLogRepository};
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
pub use log_append::{MAX_LOG_BYTES, MAX_LOG_ENTRIES};
pub use log_totals::{LogSums, LogTotals};
pub use log_tree::LogNode;
pub use new_execution_log::{MAX_AGENT_TYPE, NewExecutionLog};
pub use new_file::{FileUpdate, NewDiscoveredFile};
pub use new_plan::{FeaturePlanUpdate, MAX_REQUEST, MAX_SESSION, MIN_REQUEST, NewFeaturePlan};
pub use new_template::{NewTemplate, TemplateUpdate};
pub use plan::{FeaturePlan, FeaturePlanRepository};
pub use plan_list::FeaturePlanFilter;
pub use refinement::{
    DEFAULT_AGENT_MODEL, MAX_AGENTS, NewRefinement, Refinement, RefinementRepository,
    RefinementResult,
};
pub use search::{FeaturePlanMatch, MARK, MARK_END, MAX_FOUND, MAX_QUERY, MatchedRequest};
pub use stale::{Attempt, StaleAttempt, Unfinished};
pub use step::{
    MAX_CATEGORY, MAX_CONFIDENCE, MAX_STEP_TITLE, NewPlanStep, PlanStep, PlanStepUpdate,
};
pub use template::{Template, TemplateFilter, TemplatePlace, TemplateRepository};
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
pub use moving::{MOVE_TABLES, RELOCATION, TIMES_ARE_UTC, relocator};
