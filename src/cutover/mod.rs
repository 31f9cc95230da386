//! Cutovers: moves of a data centre or an application, rehearsed and run in iterations.
//!
//! A [`Migration`] is a container. Each of its [`Iteration`]s runs one [`MasterPlan`]: a dress
//! rehearsal and the cutover itself may follow different ones.

mod compare;
#[cfg(feature = "testing")]
pub mod factory;
mod invariants;
mod iteration;
mod iteration_type;
mod iteration_update;
mod link;
mod master_plan;
mod master_plan_use;
mod migration;
mod migration_list;
mod new_master_plan;
mod new_migration;
pub mod policy;
mod relink;
#[allow(missing_debug_implementations, missing_docs, unreachable_pub, clippy::pedantic)]
// generated
mod schema;
mod status;
pub mod transition;

pub use compare::{Comparison, NamedPlan, Sides};
pub use invariants::INVARIANTS;
pub use iteration::{
    Iteration, IterationFilter, IterationId, IterationRepository, MAX_ITERATION_DESCRIPTION,
    MAX_ITERATION_NAME,
};
pub use iteration_type::{
    IterationType, IterationTypeCode, IterationTypeFilter, IterationTypeRepository,
    IterationTypeUpdate, MAX_TYPE_CODE, MAX_TYPE_DESCRIPTION, MAX_TYPE_NAME, NewIterationType,
};
pub use iteration_update::IterationUpdate;
pub use link::{Linked, NewIteration};
pub use master_plan::{MasterPlan, MasterPlanFilter, MasterPlanId, MasterPlanRepository};
pub use master_plan_use::MasterPlanUse;
pub use migration::{Migration, MigrationId, MigrationRepository};
pub use migration_list::{MigrationFilter, MigrationWithPlans, PlanOfMigration};
pub use new_master_plan::{MAX_MASTER_PLAN_DESCRIPTION, MAX_MASTER_PLAN_NAME, NewMasterPlan};
pub use new_migration::{
    MAX_MIGRATION_DESCRIPTION, MAX_MIGRATION_NAME, MAX_MIGRATION_TYPE, NewMigration,
};
pub use status::Status;

use crate::error::Error;
use crate::unit_of_work::UnitOfWork;

/// The server's answer, a violated rule with its words.
fn explained(uow: &UnitOfWork<'_>, error: impl Into<Error>) -> Error {
    uow.explain(error, invariants::sentence)
}
