//! What roles may do.

use crate::verify::{Grant, Privilege};

const fn table(name: &'static str) -> Grant {
    Grant::Table { schema: "feature_planner", name, privileges: &Privilege::ALL }
}

/// What the role of an application needs for every operation of the repositories, from the move on.
///
/// A role that has used the tables in `public` has it behind the move; a new one is granted it.
pub const GRANTS: &[Grant] = &[
    Grant::Schema { name: "feature_planner" },
    table("discovered_files"),
    table("feature_plans"),
    table("feature_refinements"),
    table("file_discovery_sessions"),
    table("implementation_plan_generations"),
    table("plan_execution_logs"),
    table("plan_step_templates"),
    table("plan_steps"),
];
