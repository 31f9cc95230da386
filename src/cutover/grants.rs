//! What roles may do.

use crate::verify::{Grant, Privilege};

const fn table(name: &'static str, privileges: &'static [Privilege]) -> Grant {
    Grant::Table { schema: "public", name, privileges }
}

/// What the role of an application needs for every operation of the repositories, in every state of
/// the schema. The [`policy`](super::policy) and the [`transition`](super::transition) are for the
/// owner of the tables.
///
/// To link an iteration takes a right to UPDATE its migration, which is locked meanwhile. The view is
/// new to a database that is adopted: no role of the host may read it before it is granted.
pub const GRANTS: &[Grant] = &[
    Grant::Schema { name: "public" },
    table("migrations_mig", &Privilege::ALL),
    table("iterations_ite", &Privilege::ALL),
    table("plans_master_plm", &Privilege::ALL),
    table("iteration_types_itt", &Privilege::ALL),
    table("iteration_plans", &[Privilege::Select]),
];
