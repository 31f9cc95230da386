//! What must be the same before and after.

use crate::verify::{Mapping, Source};

const MIGRATION: [&str; 13] = [
    "mig_id",
    "mig_name",
    "mig_description",
    "mig_status",
    "mig_type",
    "mig_start_date",
    "mig_end_date",
    "mig_business_cutover_date",
    "usr_id_owner",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
];

const PLAN: [&str; 8] = [
    "plm_id",
    "plm_name",
    "plm_description",
    "plm_status",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
];

const ITERATION: [&str; 12] = [
    "ite_id",
    "mig_id",
    "itt_code",
    "ite_name",
    "ite_description",
    "ite_status",
    "ite_static_cutover_date",
    "ite_dynamic_cutover_date",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
];

/// What a [`Fingerprint`](crate::verify::Fingerprint) reads *before* the transition: which plan
/// each migration has, the migrations, the iterations and the master plans with all that this
/// crate knows of them.
///
/// # Example
///
/// ```no_run
/// use planwright::cutover::transition;
/// use planwright::verify::Fingerprint;
///
/// # fn f(store: &planwright::Store) -> planwright::Result<()> {
/// let before = Fingerprint::take(store, &transition::sources())?;
/// // … the whole transition …
/// let after = before.take_again(store, &transition::mapping())?;
/// before.compare_with(&after, &transition::mapping()).require_equal()?;
/// # Ok(())
/// # }
/// ```
pub fn sources() -> Vec<Source> {
    let links = "SELECT mig_id, plm_id FROM migrations_mig WHERE plm_id IS NOT NULL";
    vec![
        Source::query("plans of migrations", links).columns(["mig_id", "plm_id"]),
        Source::table("migrations_mig").columns(MIGRATION),
        Source::table("iterations_ite").columns(ITERATION),
        Source::table("plans_master_plm").columns(PLAN),
    ]
}

/// Where the same is read *after* it: which plans a migration has, its iterations say; and the
/// iterations that [`Backfill`](super::Backfill) has made are left out.
pub fn mapping() -> Mapping {
    let links = "SELECT DISTINCT mig_id, plm_id FROM iterations_ite";
    let links = Source::query("plans of iterations", links).columns(["mig_id", "plm_id"]);
    let iterations = "SELECT * FROM iterations_ite WHERE created_by IS DISTINCT FROM \
                      'cutover_backfill'";
    let iterations = Source::query("iterations that were there", iterations).columns(ITERATION);
    Mapping::new().source("plans of migrations", links).source("iterations_ite", iterations)
}
