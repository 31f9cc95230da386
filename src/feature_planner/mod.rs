//! Feature requests: refined by agents, looked up in the project, planned in steps, with a log of
//! every execution.
//!
//! A development tool beside a production application, so its tables and enums live in a schema of
//! their own, `feature_planner`: easy to see, to grant and to remove. Live installations have them in
//! `public`. The held migration `2026-11-20-192100_feature_planner_move` moves them as they are;
//! everything here works from that migration on. [`relocator`] plans and rehearses that, does it with a
//! receipt, and at the end takes everything down.
//!
//! # How a request goes
//!
//! A [`FeaturePlan`] goes from step to step: `draft`, `refining`, `discovering`, `planning`, `completed`.
//! In each step but the first and the last an agent makes an attempt: a [`Refinement`], of which up to
//! five agents make one each, a [`Discovery`] with its [`DiscoveredFile`]s, a [`Generation`] with its
//! [`PlanStep`]s. Attempts are `pending`, `processing` and then `completed` or `failed`, with what they
//! have used and why they failed; the ones that hang are [listed](FeaturePlanRepository::stale). The
//! plan goes on with the attempt that is selected, which is one of its own and completed: the database
//! sees to the first. An [`ExecutionLog`] keeps who called whom, and what that took.
//!
//! * **Owners.** Every repository is that of a user. What belongs to others is not found, but for
//!   templates that are public.
//! * **Turns.** A status is set by whoever saw the one before, and an attempt ends once. What changes a
//!   plan's attempts, files or steps locks the plan first, so changes of one plan take turns.
//! * **No revisions.** The tables are those of live installations. What people write about a step, a
//!   file, a template or a draft is what the last of them has written.
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
//! What a plan has selected is copied into it, for whoever reads the plan alone: the refined request,
//! the files, the implementation plan.
//!
//! # Example
//!
//! ```
//! use planwright::feature_planner::{NewFeaturePlan, NewRefinement, PlanStatus, RefinementResult};
//! # use planwright::feature_planner::factory;
//! # use planwright::{Context, testing::TestDatabase};
//! # let database = TestDatabase::new([Context::FeaturePlanner])?;
//! # let store = database.store();
//! # let user = store.write(factory::user)?;
//!
//! let new = NewFeaturePlan::new("Customers want to see their invoices.");
//! let plan = store.write(|uow| uow.feature_plans(user).create(&new))?.id;
//! store.write(|uow| {
//!     uow.feature_plans(user).set_status(plan, PlanStatus::Draft, PlanStatus::Refining)
//! })?;
//!
//! let agents = ["strict", "bold"].map(NewRefinement::new);
//! let begun = store.write(|uow| uow.feature_refinements(user).start(plan, &agents))?;
//! let result = RefinementResult::new("A page that lists a customer's invoices by date.");
//! let plan = store.write(|uow| {
//!     let mut refinements = uow.feature_refinements(user);
//!     refinements.finish(begun[0].id, &result)?;
//!     refinements.select(plan, begun[0].id)
//! })?;
//! assert_eq!(plan.refined_request, Some(result.refined_request));
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
