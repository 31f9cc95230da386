//! The rules of the meal planning context.

use crate::verify::{Invariant, Severity};

const INGREDIENTS: &str = "20261120190200";
const VERSIONS: &str = "20261120190300";
const DRAFTS: &str = "20261120190400";
const DIGEST: &str = "20261120190500";

/// A rule that the database enforces: since when, the table and columns of the constraint, its kind,
/// the columns that name a violator, the sentence, and then
///
/// * of a check: the condition of the rows that break it;
/// * of a unique or primary key: the condition of the rows that it covers;
/// * of a foreign key: the condition of the rows c that need a parent, its table, and when a p is it.
macro_rules! rule {
    ($since:ident $table:literal $columns:literal ck $by:literal: $sentence:literal, $broken:literal) => {
        enforced(
            $since,
            concat!($table, "_", $columns, "_ck"),
            $sentence,
            concat!(
                "SELECT format('",
                $by,
                " %s', (",
                $by,
                ")::text) AS violator FROM ",
                $table,
                " WHERE ",
                $broken,
            ),
        )
    };
    ($since:ident $table:literal $columns:literal fk $by:literal: $sentence:literal, $covered:literal, $parent:literal, $is:literal) => {
        enforced(
            $since,
            concat!($table, "_", $columns, "_fk"),
            $sentence,
            concat!(
                "SELECT format('",
                $by,
                " %s', (",
                $by,
                ")::text) AS violator FROM ",
                $table,
                " c WHERE ",
                $covered,
                " AND NOT EXISTS (SELECT FROM ",
                $parent,
                " p WHERE ",
                $is,
                ")",
            ),
        )
    };
    ($since:ident $table:literal $columns:literal $kind:ident $by:literal: $sentence:literal, $covered:literal) => {
        enforced(
            $since,
            concat!($table, "_", $columns, "_", stringify!($kind)),
            $sentence,
            concat!(
                "SELECT format('",
                $by,
                " %s', (",
                $by,
                ")::text) AS violator FROM ",
                $table,
                " WHERE ",
                $covered,
                " GROUP BY ",
                $by,
                " HAVING count(*) > 1",
            ),
        )
    };
}

/// What must hold in the meal planning tables.
#[rustfmt::skip] // a rule on three lines
pub const INVARIANTS: &[Invariant] = &[
    rule!(INGREDIENTS "ingredients" "name" ck "ingredient_id":
          "an ingredient's name has from 1 to 200 characters",
          "char_length(name) NOT BETWEEN 1 AND 200"),
    rule!(INGREDIENTS "ingredients" "energy_kcal" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 1000 kcal",
          "energy_kcal NOT BETWEEN 0 AND 1000"),
    rule!(INGREDIENTS "ingredients" "protein_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of protein",
          "protein_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "carbohydrate_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of carbohydrate",
          "carbohydrate_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "sugars_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of sugars",
          "sugars_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "fat_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of fat",
          "fat_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "saturated_fat_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of saturated fat",
          "saturated_fat_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "fibre_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of fibre",
          "fibre_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "salt_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of salt",
          "salt_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "water_g" ck "ingredient_id":
          "100 g of an ingredient have from 0 to 100 g of water",
          "water_g NOT BETWEEN 0 AND 100"),
    rule!(INGREDIENTS "ingredients" "name" uq "name":
          "two current ingredients have different names",
          "superseded_by IS NULL"),
    rule!(INGREDIENTS "ingredients" "superseded_by_ingredient_id" ck "ingredient_id":
          "an ingredient is superseded by a newer one",
          "superseded_by <= ingredient_id"),
    rule!(INGREDIENTS "ingredients" "superseded_by" fk "ingredient_id":
          "the ingredient that supersedes another exists",
          "superseded_by IS NOT NULL", "ingredients", "p.ingredient_id = c.superseded_by"),
    rule!(VERSIONS "plans" "user_id" fk "plan_id":
          "the user who made a plan exists",
          "true", "users", "p.id = c.user_id"),
    rule!(VERSIONS "plans" "name" ck "plan_id":
          "a plan's name has from 1 to 100 characters",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(VERSIONS "plan_versions" "plan_id" fk "plan_version_id":
          "a version's plan exists",
          "true", "plans", "p.plan_id = c.plan_id"),
    rule!(VERSIONS "plan_versions" "version_number" ck "plan_version_id":
          "versions are numbered from 1",
          "version_number < 1"),
    rule!(VERSIONS "plan_versions" "name" ck "plan_version_id":
          "a plan's name in a version has from 1 to 100 characters",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(VERSIONS "plan_versions" "message" ck "plan_version_id":
          "the message of a commit has at most 2000 characters",
          "char_length(message) > 2000"),
    rule!(VERSIONS "plan_versions" "label" ck "plan_version_id":
          "a version's label has from 1 to 100 characters",
          "char_length(label) NOT BETWEEN 1 AND 100"),
    rule!(VERSIONS "plan_versions" "plan_id_version_number" uq "plan_id, version_number":
          "the versions of a plan have different numbers",
          "true"),
    rule!(VERSIONS "plan_versions" "plan_version_id_plan_id" uq "plan_version_id, plan_id":
          "a version is of one plan",
          "true"),
    rule!(VERSIONS "plan_versions" "plan_id_label" uq "plan_id, label":
          "the versions of a plan have different labels",
          "label IS NOT NULL"),
    rule!(VERSIONS "plan_versions" "base_version_id_base_version_number" ck "plan_version_id":
          "a version's base has a key and a number, or there is none",
          "(base_version_id IS NULL) <> (base_version_number IS NULL)"),
    rule!(VERSIONS "meals_in_plan_versions" "plan_version_id" fk "plan_version_id, meal_id":
          "a meal's version exists",
          "true", "plan_versions", "p.plan_version_id = c.plan_version_id"),
    rule!(VERSIONS "meals_in_plan_versions" "day" ck "plan_version_id, meal_id":
          "the days of a version count from 0",
          "day < 0"),
    rule!(VERSIONS "meals_in_plan_versions" "name" ck "plan_version_id, meal_id":
          "a meal's name in a version has from 1 to 100 characters",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(VERSIONS "meals_in_plan_versions" "meal_time" ck "plan_version_id, meal_id":
          "a meal of a version is eaten before 24:00",
          "meal_time >= '24:00'"),
    rule!(VERSIONS "meals_in_plan_versions" "position" ck "plan_version_id, meal_id":
          "the places of a day's meals in a version count from 0",
          "position < 0"),
    rule!(VERSIONS "meals_in_plan_versions" "plan_version_id_meal_id" pk "plan_version_id, meal_id":
          "a meal is in a version once",
          "true"),
    rule!(VERSIONS "meals_in_plan_versions" "plan_version_id_day_meal_time" uq "plan_version_id, day, meal_time":
          "the meals of a day have different times",
          "true"),
    rule!(VERSIONS "meals_in_plan_versions" "plan_version_id_day_name" uq "plan_version_id, day, name":
          "the meals of a day have different names",
          "true"),
    rule!(VERSIONS "meals_in_plan_versions" "plan_version_id_day_position" uq "plan_version_id, day, position":
          "the meals of a version's day have different places",
          "true"),
    rule!(VERSIONS "meal_section_versions" "plan_version_id_meal_id" fk "plan_version_id, section_id":
          "a section's meal is in the same version",
          "true", "meals_in_plan_versions", "p.plan_version_id = c.plan_version_id AND p.meal_id = c.meal_id"),
    rule!(VERSIONS "meal_section_versions" "name" ck "plan_version_id, section_id":
          "a section's name in a version has from 1 to 100 characters, or there is none",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(VERSIONS "meal_section_versions" "position" ck "plan_version_id, section_id":
          "the places of a meal's sections in a version count from 0",
          "position < 0"),
    rule!(VERSIONS "meal_section_versions" "plan_version_id_section_id" pk "plan_version_id, section_id":
          "a section is in a version once",
          "true"),
    rule!(VERSIONS "meal_section_versions" "plan_version_id_meal_id_position" uq "plan_version_id, meal_id, position":
          "the sections of a version's meal have different places",
          "true"),
    rule!(VERSIONS "ingredient_versions" "plan_version_id_section_id" fk "plan_version_id, line_id":
          "a line's section is in the same version",
          "true", "meal_section_versions", "p.plan_version_id = c.plan_version_id AND p.section_id = c.section_id"),
    rule!(VERSIONS "ingredient_versions" "ingredient_id" fk "plan_version_id, line_id":
          "the ingredient of a version's line exists",
          "true", "ingredients", "p.ingredient_id = c.ingredient_id"),
    rule!(VERSIONS "ingredient_versions" "quantity_g" ck "plan_version_id, line_id":
          "a quantity in a version is a number, and not negative",
          "quantity_g < 0 OR quantity_g = 'NaN'"),
    rule!(VERSIONS "ingredient_versions" "position" ck "plan_version_id, line_id":
          "the places of a section's lines in a version count from 0",
          "position < 0"),
    rule!(VERSIONS "ingredient_versions" "plan_version_id_line_id" pk "plan_version_id, line_id":
          "a line is in a version once",
          "true"),
    rule!(VERSIONS "ingredient_versions" "plan_version_id_section_id_position" uq "plan_version_id, section_id, position":
          "the lines of a version's section have different places",
          "true"),
    rule!(VERSIONS "active_plans" "plan_id" pk "plan_id":
          "a plan is active once",
          "true"),
    rule!(VERSIONS "active_plans" "plan_id" fk "plan_id":
          "what is active is a plan",
          "true", "plans", "p.plan_id = c.plan_id"),
    rule!(VERSIONS "active_plans" "user_id" fk "plan_id":
          "a plan's owner exists",
          "true", "users", "p.id = c.user_id"),
    rule!(VERSIONS "active_plans" "name" ck "plan_id":
          "a plan's current name has from 1 to 100 characters",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(VERSIONS "active_plans" "plan_version_id_plan_id" fk "plan_id":
          "the active version is one of the plan, so it is not pruned",
          "plan_version_id IS NOT NULL", "plan_versions", "p.plan_version_id = c.plan_version_id AND p.plan_id = c.plan_id"),
    rule!(VERSIONS "active_plans" "plan_version_id_activated_at" ck "plan_id":
          "a version is active since some time",
          "(plan_version_id IS NULL) <> (activated_at IS NULL)"),
    rule!(VERSIONS "active_plans" "user_id_name" uq "user_id, name":
          "a user's plans that are not archived have different names",
          "archived_at IS NULL"),
    rule!(VERSIONS "plan_activations" "plan_id" fk "activation_id":
          "the plan of an activation exists",
          "true", "plans", "p.plan_id = c.plan_id"),
    rule!(VERSIONS "plan_activations" "version_number" ck "activation_id":
          "activated versions are numbered from 1",
          "version_number < 1"),
    rule!(VERSIONS "plan_activations" "cause" ck "activation_id":
          "a version becomes active by a commit or a revert",
          "cause NOT IN ('commit', 'revert')"),
    rule!(VERSIONS "plan_activations" "reason" ck "activation_id":
          "the reason of an activation has at most 2000 characters",
          "char_length(reason) > 2000"),
    rule!(VERSIONS "plan_activations" "plan_id_activated_at" uq "plan_id, activated_at":
          "the versions of a plan become active at different times",
          "true"),
    rule!(VERSIONS "plan_prunings" "plan_version_id" pk "plan_version_id":
          "a version is pruned once",
          "true"),
    rule!(VERSIONS "plan_prunings" "plan_id" fk "plan_version_id":
          "the plan of a pruned version exists",
          "true", "plans", "p.plan_id = c.plan_id"),
    rule!(VERSIONS "plan_prunings" "reason" ck "plan_version_id":
          "the reason of a pruning has at most 2000 characters",
          "char_length(reason) > 2000"),
    rule!(VERSIONS "plan_prunings" "plan_id_version_number" uq "plan_id, version_number":
          "a number of a plan is pruned once",
          "true"),
    rule!(DRAFTS "draft_plans" "user_id" fk "draft_id":
          "the user of a draft exists",
          "true", "users", "p.id = c.user_id"),
    rule!(DRAFTS "draft_plans" "plan_id" fk "draft_id":
          "the plan of a draft exists",
          "true", "plans", "p.plan_id = c.plan_id"),
    rule!(DRAFTS "draft_plans" "name" ck "draft_id":
          "a plan's name in a draft has from 1 to 100 characters",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(DRAFTS "draft_plans" "seen_version_number" ck "draft_id":
          "a draft has seen versions from 0",
          "seen_version_number < 0"),
    rule!(DRAFTS "draft_plans" "user_id_plan_id" uq "user_id, plan_id":
          "a user has one draft of a plan",
          "true"),
    rule!(DRAFTS "draft_plans" "base_version_id_plan_id" fk "draft_id":
          "a draft's base is a version of its plan, so it is not pruned",
          "base_version_id IS NOT NULL", "plan_versions", "p.plan_version_id = c.base_version_id AND p.plan_id = c.plan_id"),
    rule!(DRAFTS "draft_meals" "draft_id" fk "draft_id, meal_id":
          "a meal's draft exists",
          "true", "draft_plans", "p.draft_id = c.draft_id"),
    rule!(DRAFTS "draft_meals" "day" ck "draft_id, meal_id":
          "the days of a draft count from 0",
          "day < 0"),
    rule!(DRAFTS "draft_meals" "name" ck "draft_id, meal_id":
          "a meal's name in a draft has from 1 to 100 characters",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(DRAFTS "draft_meals" "meal_time" ck "draft_id, meal_id":
          "a meal of a draft is eaten before 24:00",
          "meal_time >= '24:00'"),
    rule!(DRAFTS "draft_meals" "position" ck "draft_id, meal_id":
          "the places of a day's meals in a draft count from 0",
          "position < 0"),
    rule!(DRAFTS "draft_meals" "draft_id_meal_id" pk "draft_id, meal_id":
          "a meal is in a draft once",
          "true"),
    rule!(DRAFTS "draft_meals" "draft_id_day_position" uq "draft_id, day, position":
          "the meals of a draft's day have different places",
          "true"),
    rule!(DRAFTS "draft_meal_sections" "draft_id_meal_id" fk "draft_id, section_id":
          "a section's meal is in the same draft",
          "true", "draft_meals", "p.draft_id = c.draft_id AND p.meal_id = c.meal_id"),
    rule!(DRAFTS "draft_meal_sections" "name" ck "draft_id, section_id":
          "a section's name in a draft has from 1 to 100 characters, or there is none",
          "char_length(name) NOT BETWEEN 1 AND 100"),
    rule!(DRAFTS "draft_meal_sections" "position" ck "draft_id, section_id":
          "the places of a meal's sections in a draft count from 0",
          "position < 0"),
    rule!(DRAFTS "draft_meal_sections" "draft_id_section_id" pk "draft_id, section_id":
          "a section is in a draft once",
          "true"),
    rule!(DRAFTS "draft_meal_sections" "draft_id_meal_id_position" uq "draft_id, meal_id, position":
          "the sections of a draft's meal have different places",
          "true"),
    rule!(DRAFTS "draft_ingredients" "draft_id_section_id" fk "draft_id, line_id":
          "a line's section is in the same draft",
          "true", "draft_meal_sections", "p.draft_id = c.draft_id AND p.section_id = c.section_id"),
    rule!(DRAFTS "draft_ingredients" "ingredient_id" fk "draft_id, line_id":
          "the ingredient of a draft's line exists",
          "true", "ingredients", "p.ingredient_id = c.ingredient_id"),
    rule!(DRAFTS "draft_ingredients" "quantity_g" ck "draft_id, line_id":
          "a quantity in a draft is a number, and not negative",
          "quantity_g < 0 OR quantity_g = 'NaN'"),
    rule!(DRAFTS "draft_ingredients" "position" ck "draft_id, line_id":
          "the places of a section's lines in a draft count from 0",
          "position < 0"),
    rule!(DRAFTS "draft_ingredients" "draft_id_line_id" pk "draft_id, line_id":
          "a line is in a draft once",
          "true"),
    rule!(DRAFTS "draft_ingredients" "draft_id_section_id_position" uq "draft_id, section_id, position":
          "the lines of a draft's section have different places",
          "true"),
    kept(
        VERSIONS,
        "plan_prunings_version_number_ck",
        "the newest version of a plan stays",
        "SELECT format('version %s', p.plan_version_id) AS violator FROM plan_prunings p
          WHERE NOT EXISTS (SELECT FROM plan_versions v
                             WHERE v.plan_id = p.plan_id AND v.version_number > p.version_number)",
    ),
    kept(
        VERSIONS,
        "plan_prunings_gone",
        "a version that was pruned is gone",
        "SELECT format('version %s', p.plan_version_id) AS violator FROM plan_prunings p
          WHERE EXISTS (SELECT FROM plan_versions v WHERE v.plan_version_id = p.plan_version_id)",
    ),
    kept(
        VERSIONS,
        "plan_versions_version_number_dense",
        "each number of a plan up to the newest is of a version, or was pruned",
        "SELECT format('plan %s', plan_id) AS violator
           FROM (SELECT plan_id, version_number FROM plan_versions
                 UNION ALL SELECT plan_id, version_number FROM plan_prunings) v
          GROUP BY plan_id
         HAVING count(DISTINCT version_number) <> max(version_number)
             OR count(*) <> max(version_number)",
    ),
    kept(
        VERSIONS,
        "active_plans_last_activation",
        "the active version of a plan is the one that its log names last",
        "SELECT format('plan %s', a.plan_id) AS violator
           FROM active_plans a
           LEFT JOIN LATERAL (SELECT l.plan_version_id, l.activated_at FROM plan_activations l
                               WHERE l.plan_id = a.plan_id
                               ORDER BY l.activated_at DESC LIMIT 1) l ON true
          WHERE (a.plan_version_id, a.activated_at)
                IS DISTINCT FROM (l.plan_version_id, l.activated_at)",
    ),
    kept(
        VERSIONS,
        "plans_active_plan",
        "every plan has its row in active_plans",
        "SELECT format('plan %s', p.plan_id) AS violator FROM plans p
          WHERE NOT EXISTS (SELECT FROM active_plans a WHERE a.plan_id = p.plan_id)",
    ),
    kept(
        DIGEST,
        "plan_versions_content_digest",
        "a version's digest is that of its content",
        "SELECT format('version %s', plan_version_id) AS violator FROM plan_versions
          WHERE content_digest <> version_digest(plan_version_id)",
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

/// Kept by triggers and repositories.
const fn kept(
    since: &'static str,
    name: &'static str,
    sentence: &'static str,
    violators: &'static str,
) -> Invariant {
    Invariant { name, sentence, enforced: false, severity: Severity::Error, since, violators }
}

/// The words for a constraint.
pub(super) fn sentence(constraint: &str) -> Option<&'static str> {
    INVARIANTS.iter().find(|rule| rule.name == constraint).map(|rule| rule.sentence)
}
