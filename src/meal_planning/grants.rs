//! What roles may do.

use crate::verify::{Grant, Privilege};

use Privilege::{Delete, Insert, Select, Update};

const fn table(name: &'static str, privileges: &'static [Privilege]) -> Grant {
    Grant::Table { schema: "public", name, privileges }
}

const fn of_plan(name: &'static str) -> Grant {
    Grant::Function { schema: "public", name, arguments: "bigint" }
}

const fn of_digest(name: &'static str, arguments: &'static str) -> Grant {
    Grant::Function { schema: "planwright", name, arguments }
}

/// What the role of an application needs for everything but pruning.
///
/// It cannot change or delete what was committed, whatever becomes of the triggers that refuse it.
pub const GRANTS: &[Grant] = &[
    Grant::Schema { name: "public" },
    // The triggers and the digest call functions there.
    Grant::Schema { name: "planwright" },
    table("ingredients", &[Select, Insert]),
    Grant::Columns { schema: "public", table: "ingredients", columns: &["superseded_by"] },
    // A row that is superseded names its successor before that is inserted.
    Grant::Sequence { schema: "public", name: "ingredients_ingredient_id_seq" },
    table("plans", &[Select, Insert]),
    table("plan_versions", &[Select, Insert]),
    table("meals_in_plan_versions", &[Select, Insert]),
    table("meal_section_versions", &[Select, Insert]),
    table("ingredient_versions", &[Select, Insert]),
    table("active_plans", &[Select, Insert, Update]),
    table("plan_activations", &[Select, Insert]),
    table("plan_prunings", &[Select]),
    table("draft_plans", &Privilege::ALL),
    table("draft_meals", &Privilege::ALL),
    table("draft_meal_sections", &Privilege::ALL),
    table("draft_ingredients", &Privilege::ALL),
    table("draft_nutrients", &[Select]),
    table("version_nutrients", &[Select]),
    of_plan("draft_digest"),
    of_plan("version_digest"),
    of_plan("draft_nutrients"),
    of_plan("version_nutrients"),
    of_digest("meal_planning_meal", "uuid, integer, text, time, integer"),
    of_digest("meal_planning_section", "uuid, uuid, text, integer"),
    of_digest("meal_planning_line", "uuid, uuid, bigint, numeric, integer"),
    of_digest("meal_planning_digest", "text, text, text, text"),
];

/// What a role needs besides [`GRANTS`] to prune versions.
///
/// It is kept apart, since a role that has it can lose versions. Give it to the one of a job that
/// prunes; the owner of the tables has it anyway.
pub const PRUNING: &[Grant] = &[
    table("plan_prunings", &[Insert]),
    table("plan_versions", &[Delete]),
    table("meals_in_plan_versions", &[Delete]),
    table("meal_section_versions", &[Delete]),
    table("ingredient_versions", &[Delete]),
];
