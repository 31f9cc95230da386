//! From "a migration names one plan" to "each iteration names its plan", while both are in use.
//!
//! 1. **Expand**: [`Migrator::up`](crate::migrate::Migrator::up). It fills nothing. An iteration
//!    that names no plan runs its migration's; the view `iteration_plans`, and with it every read
//!    of this crate, knows the plan of each.
//! 2. **Name the plans**: the job [`Backfill`], beside writers and readers. [`status`] counts what
//!    is left, [`backfilled`] lists the iterations that it has made.
//! 3. **Tighten**: [`NAME_KEY`], which can come at any time; [`CHECK_PLAN`], [`VALIDATE_PLAN`],
//!    [`PLAN_NOT_NULL`].
//! 4. **Contract**: [`DROP_COLUMN`] drops `migrations_mig.plm_id`; it asks for
//!    [`NO_READERS_LEFT`]. Its down fills the column from the iterations, and refuses with a list
//!    where a migration uses several plans.
//!
//! The repositories work in every state between, and an installation on an empty database begins
//! at the end. [`sources`] and [`mapping`] are for a [`Fingerprint`](crate::verify::Fingerprint)
//! before and after: every link, and every row. The steps as plain SQL, for a team that runs its
//! own migrations, are in `docs/migrations/iteration-plans.md`.
//!
//! # What an old writer can still do
//!
//! It goes on as before until the contract; triggers look after what it does not know:
//!
//! * An iteration that it inserts without a plan gets its migration's. Where its migration has
//!   none, made by a new writer, that is refused by `iterations_ite_plm_id_ck`.
//! * Where it changes a migration's plan, all of its iterations that ran the old one follow; where
//!   it takes the plan away, they keep it. An iteration that it moves to another migration runs
//!   that one's plan, unless it had one of its own.
//! * To do so, a change of a plan waits for whoever is inserting iterations of that migration, and
//!   they for it. Nothing else waits more than before. Two transactions that each insert an iteration
//!   of one migration and then change its plan would wait for each other: the server ends one of
//!   them as a deadlock.
//!
//! Two things are its own to look after. A migration that it inserts with a plan and without
//! iterations stands against the contract until the job is run
//! [anew](crate::batch::Runner::anew). And under REPEATABLE READ, a change of a plan does not see
//! the iteration that another transaction has inserted since its snapshot: that one keeps the old
//! plan.
//!
//! # Example
//!
//! ```
//! use planwright::cutover::transition::{self, Backfill};
//! use planwright::migrate::Migrator;
//! use planwright::{Context, Page, batch};
//! # let database = planwright::testing::TestDatabase::new([Context::Cutover])?;
//! # let store = database.store();
//!
//! batch::Runner::new(&store).on_progress(|event| println!("{event}")).run(&mut Backfill::new())?;
//! println!("{}", store.read(transition::status)?);
//! for made in store.read(|uow| transition::backfilled(uow, Page::first(100)))?.items {
//!     println!("{made}");
//! }
//!
//! let migrator = || Migrator::new(&store).contexts([Context::Cutover]);
//! for step in [
//!     transition::NAME_KEY,
//!     transition::CHECK_PLAN,
//!     transition::VALIDATE_PLAN,
//!     transition::PLAN_NOT_NULL,
//! ] {
//!     migrator().contract(step)?;
//! }
//! migrator().confirm(transition::NO_READERS_LEFT).contract(transition::DROP_COLUMN)?;
//! # Ok::<(), planwright::Error>(())
//! ```

mod backfill;
mod backfilled;
mod proof;
mod status;

pub use backfill::{Backfill, JOB, RUN_NAME};
pub use backfilled::{Backfilled, backfilled};
pub use proof::{mapping, sources};
pub use status::{TransitionStatus, status};

use diesel::RunQueryDsl as _;
use diesel::sql_types::Bool;

use crate::error::Result;
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

/// The held step that makes a migration and a name the key of an iteration.
pub const NAME_KEY: &str = "2026-11-20-191250_cutover_iteration_name_key";

/// The held step from which on every new iteration names a plan.
pub const CHECK_PLAN: &str = "2026-11-20-191300_cutover_iteration_plan_check";

/// The held step that looks whether the old ones do, too.
pub const VALIDATE_PLAN: &str = "2026-11-20-191350_cutover_validate_iteration_plan_check";

/// The held step that makes `iterations_ite.plm_id` NOT NULL.
pub const PLAN_NOT_NULL: &str = "2026-11-20-191400_cutover_iteration_plan_not_null";

/// The held step that drops `migrations_mig.plm_id`.
pub const DROP_COLUMN: &str = "2026-11-20-191450_cutover_contract_migration_plan";

/// What [`DROP_COLUMN`] asks the caller to [state](crate::migrate::Migrator::confirm): nobody reads
/// or writes `migrations_mig.plm_id` any more.
pub const NO_READERS_LEFT: &str = "no_readers_left";

/// Whether migrations still name a plan.
fn column_exists(uow: &mut UnitOfWork<'_>) -> Result<bool> {
    let sql = "SELECT to_jsonb(jsonb_populate_record(NULL::migrations_mig, '{}')) ? 'plm_id'";
    Ok(Statement::<Bool>::new(sql).get_result(uow.connection())?)
}
