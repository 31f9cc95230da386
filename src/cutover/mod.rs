//! Cutovers: moves of a data centre or an application, rehearsed and run in iterations.
//!
//! A [`Migration`] is a container. Each of its [`Iteration`]s runs one [`MasterPlan`]: a dress
//! rehearsal and the cutover itself may follow different ones.

#[cfg(feature = "testing")]
pub mod factory;
mod invariants;
mod iteration;
mod iteration_type;
mod master_plan;
mod master_plan_use;
mod migration;
mod migration_list;
mod new_master_plan;
mod new_migration;
#[allow(missing_debug_implementations, missing_docs, unreachable_pub, clippy::pedantic)]
// generated
mod schema;
mod status;

pub use invariants::INVARIANTS;
pub use iteration::{Iteration, IterationId, IterationRepository};
pub use iteration_type::{
    IterationType, IterationTypeCode, IterationTypeRepository, MAX_TYPE_CODE,
};
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
