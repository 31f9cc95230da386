//! The move into a schema of its own, and the end of that schema.

use crate::relocate::{Relocation, Relocator};
use crate::store::Store;

/// The held migration that moves what [`RELOCATION`] names.
pub const MOVE_TABLES: &str = "2026-11-20-192100_feature_planner_move";

/// What `2026-11-20-192230_feature_planner_timestamptz` asks for by
/// [`Migrator::confirm`](crate::migrate::Migrator::confirm): the times, which were kept without a time
/// zone, were all written as UTC.
pub const TIMES_ARE_UTC: &str = "times_are_utc";

/// The eight tables and eleven enum types that live installations have in `public`, and that belong
/// into `feature_planner`.
pub const RELOCATION: Relocation<'static> = Relocation::new("public", SCHEMA)
    .tables(&[
        "discovered_files",
        "feature_plans",
        "feature_refinements",
        "file_discovery_sessions",
        "implementation_plan_generations",
        "plan_execution_logs",
        "plan_step_templates",
        "plan_steps",
    ])
    .types(&[
        "complexity",
        "confidence_level",
        "estimated_scope",
        "execution_step",
        "file_discovery_status",
        "file_priority",
        "implementation_plan_status",
        "plan_status",
        "refinement_status",
        "risk_level",
        "technical_complexity",
    ]);

/// The schema, and the name of the context in the history of migrations.
const SCHEMA: &str = "feature_planner";

/// Moves [`RELOCATION`], and back, and takes the feature planner down.
///
/// # The move
///
/// The held migration [`MOVE_TABLES`] does it on a live database when it is
/// [contracted](crate::migrate::Migrator::contract), and every fresh one has it. A relocator does the
/// same with more to say in it: [`plan`](Relocator::plan) tells what refers to the tables from outside
/// and who is in the way, [`run`](Relocator::run) gives a receipt, and there are
/// [compatibility views](Relocator::compatibility_views), [grants](Relocator::grant) and
/// [lock limits](Relocator::lock_timeout). A rehearsal is `run` and `reverse` on a copy of the live
/// database.
///
/// * **First a relocator, then the migration**: it leaves alone what has moved, and is recorded. What
///   follows it needs it in the history, so contract it in any case.
/// * **First the migration, then a relocator**: there is nothing to do, but for views and grants that
///   are asked for.
/// * **Back**: with [`reverse`](Relocator::reverse) as long as the migration is not contracted. Then
///   with [`Migrator::down`](crate::migrate::Migrator::down), which drops compatibility views as well;
///   `reverse` would leave a history that says the opposite.
///
/// Functions whose text names a table or type are refused, by the plan and by the guard of the
/// migration, as the server looks the name up when they run. They are searched by word, and some of
/// the enums have the names of columns: `complexity`, `risk_level`, `estimated_scope`,
/// `technical_complexity`, `confidence_level`. Whoever has looked [accepts](Relocator::accept) such a
/// function, or gives it a `search_path` with `feature_planner`, which does no harm. The guard asks of
/// what is still in `public` alone, so what was accepted in a relocator is accepted.
///
/// # The end
///
/// [`teardown`](Relocator::teardown) drops the schema **with all data in it**, where it is given its
/// name, `feature_planner`; [`plan_teardown`](Relocator::plan_teardown) says first what goes. In the
/// same transaction the history of migrations forgets the context, so that
/// [`Migrator::status`](crate::migrate::Migrator::status) stays true, and a later `up` installs it anew.
/// What is outside and would go, too, such as a view, stands against it, and so does a table that has
/// not moved. `public.users` stays; it is locked while the keys to it are dropped.
///
/// # Example
///
/// ```
/// use planwright::migrate::{Migrator, State};
/// use planwright::testing::TestDatabase;
/// use planwright::{Context, feature_planner};
///
/// let database = TestDatabase::new([Context::FeaturePlanner])?;
/// let store = database.store();
/// // A fresh installation has moved.
/// assert!(feature_planner::relocator(store).plan()?.nothing_to_do());
///
/// let goes = feature_planner::relocator(store).plan_teardown()?;
/// println!("{goes}");
/// assert!(goes.problems.is_empty() && !goes.done);
/// assert!(feature_planner::relocator(store).teardown("yes").is_err());
/// assert!(feature_planner::relocator(store).teardown("feature_planner")?.done);
///
/// let migrator = Migrator::new(store).contexts([Context::FeaturePlanner]);
/// assert!(matches!(migrator.status()?.state, State::Behind { .. }));
/// migrator.up()?;
/// assert_eq!(migrator.status()?.state, State::Current);
/// # Ok::<(), planwright::Error>(())
/// ```
pub fn relocator(store: &Store) -> Relocator<'_> {
    Relocator::new(store, RELOCATION).history_of(SCHEMA)
}
