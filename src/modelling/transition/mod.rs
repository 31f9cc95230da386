//! From the legacy join `plan_recommendations` to `recommendation.plan_id`, while both are in use.
//!
//! 1. **Expand**: [`Migrator::up`](crate::migrate::Migrator::up). It fills nothing. A plan's link
//!    moves when the plan is replaced; until then the view `plan_measure`, and with it every read
//!    of this crate, finds the measures through the join.
//! 2. **Move the rest**: the job [`Backfill`], beside writers and readers. [`status`] counts what
//!    is left. What contradicts itself is left alone until [`resolve_contradictions`] is told what
//!    to believe.
//! 3. **Contract**: held steps, one by one. [`CLOSE_JOIN`] refuses new links, and can be taken back
//!    in milliseconds. [`DROP_JOIN`] drops the table; it asks for [`NO_READERS_LEFT`].
//! 4. **Tighten**: [`CHECK_PLAN_ID`], [`VALIDATE_PLAN_ID`], [`PLAN_ID_NOT_NULL`]. They refuse while
//!    a recommendation has no plan. Nothing of this crate deletes those: they are the host's.
//!
//! The repositories work in every state between, and an installation on an empty database begins
//! at the end. The steps as plain SQL, for a team that runs its own migrations, are in
//! `docs/migrations/recommendation-plan-id.md`.
//!
//! # What a legacy writer can still do
//!
//! It goes on inserting plans, recommendations and links until the join is closed; the next pass of
//! the job, or [`Runner::anew`](crate::batch::Runner::anew), moves them.
//!
//! It may link a further plan to a recommendation that was *moved* to one already. `plan_measure`
//! shows it in both, and [`status`] counts it as contradictory, until [`resolve_contradictions`]
//! gives each plan its own ([`Prefer::Both`]). Where the repositories would delete the row with the
//! one plan, it stays for the other.
//!
//! Two things are its own to look after while such links are there. The removal of a link that was
//! moved, without its recommendation, is not seen through `plan_measure`. And its own `DELETE` of a
//! plan takes along what `plan_id` links to that one, by the foreign key, whoever else links to it:
//! settle contradictions before, or use
//! [`PlanRepository::delete`](crate::modelling::PlanRepository::delete).
//!
//! # Example
//!
//! ```
//! use planwright::migrate::Migrator;
//! use planwright::modelling::transition::{self, Backfill};
//! use planwright::{Context, batch};
//! # let database = planwright::testing::TestDatabase::new([Context::Modelling])?;
//! # let store = database.store();
//!
//! batch::Runner::new(&store).on_progress(|event| println!("{event}")).run(&mut Backfill::new())?;
//! println!("{}", store.read(transition::status)?);
//!
//! let migrator = || Migrator::new(&store).contexts([Context::Modelling]);
//! migrator().contract(transition::CLOSE_JOIN)?;
//! migrator().confirm(transition::NO_READERS_LEFT).contract(transition::DROP_JOIN)?;
//! # Ok::<(), planwright::Error>(())
//! ```

mod backfill;
mod delete;
mod links;
mod resolve;
mod status;

pub use backfill::{Backfill, JOB};
pub use delete::{DeletedLegacyPlan, delete_legacy_plan};
pub use resolve::{Prefer, Resolved, resolve_contradictions};
pub use status::{TransitionStatus, status};

/// The held step that makes property and scenario the key of a plan, which a replace works on.
pub const PLAN_KEY: &str = "2026-11-20-000700_modelling_plan_property_id_scenario_id_key";

/// The held step after which nothing is added to the join.
pub const CLOSE_JOIN: &str = "2026-11-20-000950_modelling_close_plan_recommendations";

/// The held step that drops the join.
pub const DROP_JOIN: &str = "2026-11-20-001000_modelling_contract_plan_recommendations";

/// The held step from which on every new recommendation has a plan.
pub const CHECK_PLAN_ID: &str = "2026-11-20-001100_modelling_recommendation_plan_id_check";

/// The held step that looks whether the old ones have one, too.
pub const VALIDATE_PLAN_ID: &str =
    "2026-11-20-001150_modelling_validate_recommendation_plan_id_check";

/// The held step that makes `recommendation.plan_id` NOT NULL.
pub const PLAN_ID_NOT_NULL: &str = "2026-11-20-001200_modelling_recommendation_plan_id_not_null";

/// What [`DROP_JOIN`] asks the caller to [state](crate::migrate::Migrator::confirm): nobody reads
/// `plan_recommendations` any more.
pub const NO_READERS_LEFT: &str = "no_readers_left";
