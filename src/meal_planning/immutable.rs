//! The tables whose rows are never changed.

use crate::verify::{Event, ImmutableTable, Refusal};

const INGREDIENTS: &str = "20261120190200";
const VERSIONS: &str = "20261120190300";

const UPDATE: Refusal = Refusal::of(Event::Update, "planwright.refuse_change");
const DELETE: Refusal = Refusal::of(Event::Delete, "planwright.refuse_change");
const TRUNCATE: Refusal = Refusal::of(Event::Truncate, "planwright.refuse_change");
const DELETE_OF_VERSION: Refusal =
    Refusal::of(Event::Delete, "planwright.meal_planning_refuse_delete").but("pruning");

/// A row for a version that is committed. A replica gets those rows late.
const fn late(attempt: &'static str) -> Refusal {
    Refusal::of(Event::Insert, "planwright.meal_planning_refuse_late_rows")
        .but("the transaction that commits the version")
        .but_for_replicas()
        .tried_by(attempt)
}

const fn table(name: &'static str, refusals: &'static [Refusal]) -> ImmutableTable {
    ImmutableTable { schema: "public", name, since: VERSIONS, refusals }
}

/// The tables of which the database refuses changes.
///
/// Ingredients can be deleted: those that a plan has are kept by its foreign keys.
pub const IMMUTABLE: &[ImmutableTable] = &[
    ImmutableTable {
        schema: "public",
        name: "ingredients",
        since: INGREDIENTS,
        refusals: &[Refusal::of(Event::Update, "planwright.meal_planning_refuse_new_values")
            .but("what names the row that supersedes another")
            .tried_by(
                "UPDATE public.ingredients SET energy_kcal = 1000 - energy_kcal
                  WHERE ctid = (SELECT ctid FROM public.ingredients LIMIT 1)",
            )],
    },
    table("plans", &[UPDATE, DELETE, TRUNCATE]),
    table("plan_versions", &[UPDATE, DELETE_OF_VERSION, TRUNCATE]),
    table(
        "meals_in_plan_versions",
        &[
            UPDATE,
            DELETE_OF_VERSION,
            TRUNCATE,
            late(
                "INSERT INTO public.meals_in_plan_versions
                        (plan_version_id, meal_id, day, name, meal_time, position)
                 SELECT plan_version_id, gen_random_uuid(), 2147483647, name, meal_time, 0
                   FROM public.meals_in_plan_versions LIMIT 1",
            ),
        ],
    ),
    table(
        "meal_section_versions",
        &[
            UPDATE,
            DELETE_OF_VERSION,
            TRUNCATE,
            late(
                "INSERT INTO public.meal_section_versions
                        (plan_version_id, section_id, meal_id, position)
                 SELECT plan_version_id, gen_random_uuid(), meal_id, 2147483647
                   FROM public.meal_section_versions LIMIT 1",
            ),
        ],
    ),
    table(
        "ingredient_versions",
        &[
            UPDATE,
            DELETE_OF_VERSION,
            TRUNCATE,
            late(
                "INSERT INTO public.ingredient_versions
                        (plan_version_id, line_id, section_id, ingredient_id, quantity_g, position)
                 SELECT plan_version_id, gen_random_uuid(), section_id, ingredient_id, 0, 2147483647
                   FROM public.ingredient_versions LIMIT 1",
            ),
        ],
    ),
    table("plan_activations", &[UPDATE, DELETE, TRUNCATE]),
    table("plan_prunings", &[UPDATE, DELETE, TRUNCATE]),
];
