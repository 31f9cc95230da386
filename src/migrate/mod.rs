//! The schema runner: which migrations a database has, and which it gets.
//!
//! A migration is a folder of `migrations/`, embedded in this crate. It has a *kind*:
//!
//! * **baseline**: what live installations have already. It is run on an empty database.
//! * **expand**: safe under old code, and never refused by live data.
//! * **held**: drops, renames, tightens. It runs only when it is asked for by name, and only if
//!   its guard, a SELECT that lists what stands against it, finds nothing.
//!
//! [`Migrator::up`] runs baseline and expand. Where it installs a context it goes on through the
//! held ones of this release, so a fresh installation has the final model. A held one of a later
//! release waits on every database.
//!
//! [`Migrator::plan`] tells what would run, and [`Migrator::dry_run`] executes it in a transaction
//! that is rolled back: with the locks that each statement takes, and for how long.
//!
//! A live database that has the objects of a context already is [adopted](Migrator::adopt): it is
//! compared with what the migrations make, and their names are written into the history.
//!
//! `public.users` belongs to the host. A migration of core makes a minimal one where there is none,
//! and only where a chosen context refers to it. Where the host has one that no foreign key can
//! refer to, such a run is refused before its first change; [`Migrator::plan`] tells it beforehand.
//! What is made is marked by its comment, and the down drops it only as it was made: where there
//! is a row, another column, a trigger, row security or anything that refers to it, it stays.
//!
//! The history is the table `planwright.migrations`. Each row is written in the transaction of its
//! migration and keeps a checksum of the SQL, so a released migration that was edited since is
//! noticed. `__diesel_schema_migrations` belongs to the host and is never touched.

mod adopt;
mod adoption;
mod alone;
mod checksum;
mod context;
mod embedded;
mod expected;
mod folder;
mod guard;
mod history;
mod host;
mod lint;
mod locked;
mod metadata;
mod migration;
mod own;
mod patience;
mod plan;
mod planned;
mod policies;
mod rehearsal;
mod rehearsed;
mod report;
mod runner;
mod stage;
mod standing;
mod target;

pub use adoption::Adoption;
pub use context::Context;
pub use embedded::Migrations;
pub use history::Recorded;
pub(crate) use history::{applied_versions, forget_context, recorded_of};
pub use lint::{Excepted, Finding, Lint, Rule};
pub use migration::{Kind, Migration};
pub(crate) use own::Own;
pub use planned::{PlanReport, Planned};
pub(crate) use policies::{is_policy, run_unrecorded, weigh_policy};
pub use rehearsed::{Effect, Ending, HeldLock, Rehearsal, Rehearsed, RelationLock, Rows};
pub use report::{Applied, Progress, Reverted, State, Status};
pub use runner::Migrator;
pub(crate) use standing::Standing;

// The build script has them beside these files.
use crate::{job_name, tokens};

pub use crate::catalog::activity::Blocker;
pub use crate::catalog::locks::LockMode;
pub use crate::patience::Blocked;
