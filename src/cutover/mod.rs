//! Cutovers: moves of a data centre or an application, rehearsed and run in iterations.
//!
//! A [`Migration`] is a container; schema migrations are another thing, see
//! [`migrate`](crate::migrate). Each of its [`Iteration`]s runs one [`MasterPlan`]: a dress rehearsal
//! and the cutover itself may follow different ones, and which plans a migration uses is what its
//! iterations say. [`IterationType`]s tell what an iteration is for; hosts add theirs.
//!
//! * [`link`](IterationRepository::link) makes an iteration, or finds it by its name: the same again
//!   changes nothing, another plan for that name is refused.
//! * A [`Status`] is set by whoever saw the one before. Of two who saw the same, the second gets an
//!   [`Error::Conflict`] and decides again.
//! * Lists bring along what people ask for next, in one statement:
//!   [`list_with_plans`](MigrationRepository::list_with_plans),
//!   [`used_by`](MasterPlanRepository::used_by).
//! * A host may turn on the [`policy`] that a migration has one open cutover.
//!
//! # Example
//!
//! ```
//! use planwright::cutover::{IterationTypeCode, NewIteration, NewMasterPlan, NewMigration, Status};
//! # use planwright::{Context, testing::TestDatabase};
//! # let database = TestDatabase::new([Context::Cutover])?;
//! # let store = database.store();
//!
//! let (migration, rehearsal) = store.transaction().actor("amy").run(|uow| {
//!     let new = NewMigration::new("Data centre north", "DATA_CENTRE");
//!     let migration = uow.cutover_migrations().create(&new)?;
//!     let plan = uow.master_plans().create(&NewMasterPlan::new("By the book"))?;
//!     let code = IterationTypeCode::dress_rehearsal();
//!     let new = NewIteration::new(migration.mig_id, plan.plm_id, code, "Rehearsal 1");
//!     Ok((migration, uow.iterations().link(&new)?.into_iteration()))
//! })?;
//! assert_eq!(rehearsal.created_by.as_deref(), Some("amy"));
//!
//! let (key, seen) = (rehearsal.ite_id, rehearsal.ite_status);
//! store.write(|uow| uow.iterations().set_status(key, seen, Status::InProgress))?;
//! let late = store.write(|uow| uow.iterations().set_status(key, seen, Status::Cancelled));
//! assert!(late.unwrap_err().is_conflict());
//!
//! let plans = store.read(|uow| uow.cutover_migrations().plans(migration.mig_id))?;
//! assert_eq!(plans[0].plm_name, "By the book");
//! # Ok::<(), planwright::Error>(())
//! ```
//!
//! # Tables
//!
//! | table | holds |
//! | --- | --- |
//! | `migrations_mig` | [`Migration`] |
//! | `iterations_ite` | [`Iteration`], unique by migration and name |
//! | `plans_master_plm` | [`MasterPlan`] |
//! | `iteration_types_itt` | [`IterationType`]: `RUN`, `DR` and `CUTOVER` from the start |
//! | `iteration_plans` | view: iterations with the plan that each runs, in every state of the [`transition`] |
//!
//! Every table ends in three letters, and its columns carry them: that is how the field names them.
//!
//! # Who and when
//!
//! `created_by` and `updated_by` are the [actor](crate::Transaction::actor) of the unit of work. They and
//! the times are written by triggers, so that no writer can forget them. A change without an actor keeps
//! the name of the one before, and has its own time.
//!
//! # What is left to the host
//!
//! Who may see and change what: [`GRANTS`] lets an application do all of it. Users are rows of its `public.users`; one who owns a migration cannot
//! be deleted. What a master plan consists of is not kept yet.

mod compare;
#[cfg(feature = "testing")]
pub mod factory;
mod grants;
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
pub use grants::GRANTS;
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
