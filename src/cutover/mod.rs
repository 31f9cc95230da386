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
mod migration;
#[allow(missing_debug_implementations, missing_docs, unreachable_pub, clippy::pedantic)]
// generated
mod schema;
mod status;
pub mod transition;

pub use invariants::INVARIANTS;
pub use iteration::{Iteration, IterationId, IterationRepository};
pub use iteration_type::{
    IterationType, IterationTypeCode, IterationTypeRepository, MAX_TYPE_CODE,
};
pub use master_plan::{MasterPlan, MasterPlanId, MasterPlanRepository};
pub use migration::{Migration, MigrationId, MigrationRepository};
pub use status::Status;

use crate::error::Error;
use crate::unit_of_work::UnitOfWork;

/// The server's answer, a violated rule with its words.
fn explained(uow: &UnitOfWork<'_>, error: impl Into<Error>) -> Error {
    uow.explain(error, invariants::sentence)
}
