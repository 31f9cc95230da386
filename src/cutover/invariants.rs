//! The rules of the cutover context.

use crate::verify::{Invariant, Severity};

const BASELINE: &str = "20261120191000";
const LINK: &str = "20261120191100";
const NAME: &str = "20261120191250";

/// The index by which a host turns on that a migration has one open cutover.
pub(super) const OPEN_CUTOVER: &str = "iterations_ite_mig_id_open_cutover_uq";

/// What must hold in the cutover tables.
pub const INVARIANTS: &[Invariant] = &[
    enforced(
        BASELINE,
        "plans_master_plm_pkey",
        "two master plans have different keys",
        "SELECT format('master plan %s', plm_id) AS violator FROM plans_master_plm
          GROUP BY plm_id HAVING count(*) > 1",
    ),
    enforced(
        BASELINE,
        "migrations_mig_pkey",
        "two migrations have different keys",
        "SELECT format('migration %s', mig_id) AS violator FROM migrations_mig
          GROUP BY mig_id HAVING count(*) > 1",
    ),
    enforced(
        BASELINE,
        "migrations_mig_check",
        "a migration does not end before it begins",
        "SELECT format('migration %s', mig_id) AS violator FROM migrations_mig
          WHERE mig_start_date > mig_end_date",
    ),
    enforced(
        BASELINE,
        "migrations_mig_usr_id_owner_fkey",
        "the user who owns a migration exists",
        "SELECT format('migration %s', m.mig_id) AS violator FROM migrations_mig m
          WHERE m.usr_id_owner IS NOT NULL
            AND NOT EXISTS (SELECT FROM public.users u WHERE u.id = m.usr_id_owner)",
    ),
    enforced(
        BASELINE,
        "iteration_types_itt_pkey",
        "two types of iterations have different codes",
        "SELECT format('type %s', itt_code) AS violator FROM iteration_types_itt
          GROUP BY itt_code HAVING count(*) > 1",
    ),
    enforced(
        BASELINE,
        "iterations_ite_pkey",
        "two iterations have different keys",
        "SELECT format('iteration %s', ite_id) AS violator FROM iterations_ite
          GROUP BY ite_id HAVING count(*) > 1",
    ),
    enforced(
        BASELINE,
        "iterations_ite_mig_id_fkey",
        "an iteration's migration exists, and stays while it has iterations",
        "SELECT format('iteration %s', i.ite_id) AS violator FROM iterations_ite i
          WHERE NOT EXISTS (SELECT FROM migrations_mig m WHERE m.mig_id = i.mig_id)",
    ),
    enforced(
        BASELINE,
        "iterations_ite_itt_code_fkey",
        "an iteration's type exists, and stays while iterations have it",
        "SELECT format('iteration %s', i.ite_id) AS violator FROM iterations_ite i
          WHERE NOT EXISTS (SELECT FROM iteration_types_itt t WHERE t.itt_code = i.itt_code)",
    ),
    enforced(
        LINK,
        "iterations_ite_plm_id_fk",
        "an iteration's master plan exists, and stays while iterations run it",
        "SELECT format('iteration %s', i.ite_id) AS violator FROM iterations_ite i
          WHERE i.plm_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM plans_master_plm p WHERE p.plm_id = i.plm_id)",
    ),
    enforced(
        NAME,
        "iterations_ite_mig_id_ite_name_uq",
        "the iterations of a migration have different names",
        "SELECT format('migration %s, name %L', mig_id, ite_name) AS violator FROM iterations_ite
          GROUP BY mig_id, ite_name HAVING count(*) > 1",
    ),
    kept(
        LINK,
        "iteration_plans_plm_id",
        "every iteration has a master plan, its own or its migration's",
        "SELECT format('iteration %s', ite_id) AS violator FROM iteration_plans
          WHERE plm_id IS NULL",
    ),
];

const fn enforced(
    since: &'static str,
    name: &'static str,
    sentence: &'static str,
    violators: &'static str,
) -> Invariant {
    Invariant { enforced: true, ..kept(since, name, sentence, violators) }
}

/// Kept by triggers.
const fn kept(
    since: &'static str,
    name: &'static str,
    sentence: &'static str,
    violators: &'static str,
) -> Invariant {
    Invariant { name, sentence, enforced: false, severity: Severity::Error, since, violators }
}

/// The words for a constraint: of an invariant, of a state before the contract, or of the policy.
pub(super) fn sentence(constraint: &str) -> Option<&'static str> {
    match constraint {
        "iterations_ite_plm_id_ck" => Some("an iteration has a master plan"),
        "migrations_mig_plm_id_fkey" => {
            Some("a migration's master plan exists, and stays while migrations name it")
        }
        OPEN_CUTOVER => Some(
            "a migration has at most one open CUTOVER iteration: complete or cancel the other first",
        ),
        _ => INVARIANTS.iter().find(|rule| rule.name == constraint).map(|rule| rule.sentence),
    }
}
