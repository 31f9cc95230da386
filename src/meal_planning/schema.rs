// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "xid8", schema = "pg_catalog"))]
    pub struct Xid8;
}

diesel::table! {
    use diesel::sql_types::*;

    /// What changes about a plan: its name and which version is active. The row is the lock of its plan
    active_plans (plan_id) {
        /// The plan
        plan_id -> Int8,
        /// Whose it is
        user_id -> Uuid,
        /// What it is called now. Unique among the plans of the user that are not archived
        name -> Text,
        /// The active version. NULL until the first commit
        plan_version_id -> Nullable<Int8>,
        /// Since when that version is active. NULL until the first commit
        activated_at -> Nullable<Timestamptz>,
        /// When it was archived. NULL where it is not
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The ingredients of the sections of a draft
    draft_ingredients (draft_id, line_id) {
        /// The draft
        draft_id -> Int8,
        /// The line, the same in every draft and version of the plan
        line_id -> Uuid,
        /// Its section, in the same draft
        section_id -> Uuid,
        /// The ingredient
        ingredient_id -> Int8,
        /// How much of it, in g
        quantity_g -> Numeric,
        /// Its place in the section, from 0
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The sections of the meals of a draft
    draft_meal_sections (draft_id, section_id) {
        /// The draft
        draft_id -> Int8,
        /// The section, the same in every draft and version of the plan
        section_id -> Uuid,
        /// Its meal, in the same draft
        meal_id -> Uuid,
        /// What people call it, such as Sauce. NULL where it has no name
        name -> Nullable<Text>,
        /// Its place in the meal, from 0
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The meals of a draft
    draft_meals (draft_id, meal_id) {
        /// The draft
        draft_id -> Int8,
        /// The meal, the same in every draft and version of the plan
        meal_id -> Uuid,
        /// The day of the plan, from 0
        day -> Int4,
        /// What people call it, such as Lunch
        name -> Text,
        /// When it is eaten, of the day's local time
        meal_time -> Time,
        /// Its place in the day, from 0
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What a user is making of a plan: one draft each. A commit or cancel deletes it
    draft_plans (draft_id) {
        /// The key
        draft_id -> Int8,
        /// Whose draft it is
        user_id -> Uuid,
        /// The plan
        plan_id -> Int8,
        /// What the plan will be called
        name -> Text,
        /// The version that it was made from, or rebased onto. NULL where there was none
        base_version_id -> Nullable<Int8>,
        /// The highest number of the plan at that time: a commit is stale once there is a higher one. 0 where there was none
        seen_version_number -> Int4,
        /// Grows by 1 with each change
        revision -> Int8,
        /// When it was made
        created_at -> Timestamptz,
        /// When it was last changed
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The ingredients of the sections of a version. Rows are immutable
    ingredient_versions (plan_version_id, line_id) {
        /// The version
        plan_version_id -> Int8,
        /// The line, the same in every draft and version of the plan
        line_id -> Uuid,
        /// Its section, in the same version
        section_id -> Uuid,
        /// The ingredient
        ingredient_id -> Int8,
        /// How much of it, in g
        quantity_g -> Numeric,
        /// Its place in the section, from 0
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What meals are made of, with nutrients per 100 g of the edible part. Values are never changed: better ones make a new row
    ingredients (ingredient_id) {
        /// The key
        ingredient_id -> Int8,
        /// What people call it. Unique among the current rows
        name -> Text,
        /// Energy per 100 g, in kcal
        energy_kcal -> Numeric,
        /// Protein per 100 g, in g
        protein_g -> Numeric,
        /// Carbohydrate per 100 g, in g
        carbohydrate_g -> Numeric,
        /// Of the carbohydrate, sugars per 100 g, in g
        sugars_g -> Numeric,
        /// Fat per 100 g, in g
        fat_g -> Numeric,
        /// Of the fat, saturated fatty acids per 100 g, in g
        saturated_fat_g -> Numeric,
        /// Dietary fibre per 100 g, in g
        fibre_g -> Numeric,
        /// Salt per 100 g, in g: sodium times 2.5
        salt_g -> Numeric,
        /// Water per 100 g, in g
        water_g -> Numeric,
        /// The row with the better values. NULL in the current ones
        superseded_by -> Nullable<Int8>,
        /// When the row was made
        created_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The sections of the meals of a version. Rows are immutable
    meal_section_versions (plan_version_id, section_id) {
        /// The version
        plan_version_id -> Int8,
        /// The section, the same in every draft and version of the plan
        section_id -> Uuid,
        /// Its meal, in the same version
        meal_id -> Uuid,
        /// What people call it, such as Sauce. NULL where it has no name
        name -> Nullable<Text>,
        /// Its place in the meal, from 0
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The meals of a version. Rows are immutable
    meals_in_plan_versions (plan_version_id, meal_id) {
        /// The version
        plan_version_id -> Int8,
        /// The meal, the same in every draft and version of the plan
        meal_id -> Uuid,
        /// The day of the plan, from 0
        day -> Int4,
        /// What people call it, such as Lunch. Unique in its day
        name -> Text,
        /// When it is eaten, of the day's local time. Unique in its day
        meal_time -> Time,
        /// Its place in the day, from 0
        position -> Int4,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Which version of a plan became active when. It is so until the next row of the plan. Rows are immutable
    plan_activations (activation_id) {
        /// The key
        activation_id -> Int8,
        /// The plan
        plan_id -> Int8,
        /// The version, which may have been pruned since
        plan_version_id -> Int8,
        /// Its number
        version_number -> Int4,
        /// From when on. Later than any before it of the same plan
        activated_at -> Timestamptz,
        /// Who made it active. No foreign key: history keeps the key of a user who is gone
        activated_by -> Uuid,
        /// commit of a new version, or revert to an older one
        cause -> Text,
        /// The message of the commit, or why it was reverted
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Xid8;

    /// The versions that were deleted, and the permit to delete them: valid in the transaction that inserts it. Rows are immutable
    plan_prunings (plan_version_id) {
        /// The version
        plan_version_id -> Int8,
        /// Its plan. Filled by a trigger, whatever is given
        plan_id -> Int8,
        /// Its number. Filled by a trigger, whatever is given
        version_number -> Int4,
        /// The digest of its content. Filled by a trigger, whatever is given
        content_digest -> Bytea,
        /// Who pruned it. No foreign key: history keeps the key of a user who is gone
        pruned_by -> Uuid,
        /// When: the start of the transaction. Filled by a trigger
        pruned_at -> Timestamptz,
        /// Why
        reason -> Text,
        /// The transaction for which it is a permit. Filled by a trigger, whatever is given
        xid -> Xid8,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Xid8;

    /// What was committed of a plan, under numbers from 1. Rows are immutable
    plan_versions (plan_version_id) {
        /// The key
        plan_version_id -> Int8,
        /// The plan
        plan_id -> Int8,
        /// Its number in the plan: the highest before it plus 1
        version_number -> Int4,
        /// What the plan is called in it
        name -> Text,
        /// The version that it was drafted from, which may have been pruned since. NULL where there was none
        base_version_id -> Nullable<Int8>,
        /// The number of that version
        base_version_number -> Nullable<Int4>,
        /// Who committed it. No foreign key: history keeps the key of a user who is gone
        author_id -> Uuid,
        /// What the author says of it
        message -> Text,
        /// A name for it, unique in the plan. A labelled version is never pruned
        label -> Nullable<Text>,
        /// Equal for equal content: version_digest of it
        content_digest -> Bytea,
        /// When it was committed: the start of the transaction
        created_at -> Timestamptz,
        /// The transaction that committed it. Rows of its tree are taken from this one alone
        xid -> Xid8,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Meal plans. Rows are immutable: what changes about a plan is in active_plans
    plans (plan_id) {
        /// The key
        plan_id -> Int8,
        /// Who made it
        user_id -> Uuid,
        /// What it was called when it was made
        name -> Text,
        /// When it was made
        created_at -> Timestamptz,
    }
}

diesel::joinable!(active_plans -> plans (plan_id));
diesel::joinable!(draft_ingredients -> ingredients (ingredient_id));
diesel::joinable!(draft_meals -> draft_plans (draft_id));
diesel::joinable!(draft_plans -> plans (plan_id));
diesel::joinable!(ingredient_versions -> ingredients (ingredient_id));
diesel::joinable!(meals_in_plan_versions -> plan_versions (plan_version_id));
diesel::joinable!(plan_activations -> plans (plan_id));
diesel::joinable!(plan_prunings -> plans (plan_id));
diesel::joinable!(plan_versions -> plans (plan_id));

diesel::allow_tables_to_appear_in_same_query!(
    active_plans,
    draft_ingredients,
    draft_meal_sections,
    draft_meals,
    draft_plans,
    ingredient_versions,
    ingredients,
    meal_section_versions,
    meals_in_plan_versions,
    plan_activations,
    plan_prunings,
    plan_versions,
    plans,
);
