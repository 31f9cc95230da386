// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "scenario_goal"))]
    pub struct ScenarioGoal;

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

    /// The result of a modelling run for one property under one scenario.
    plan (id) {
        /// The key. It survives every replace.
        id -> Int8,
        /// The property; kept by the host.
        property_id -> Int8,
        /// The scenario.
        scenario_id -> Int8,
        /// Whether the property shows this plan first.
        is_default -> Bool,
        /// When the row was made.
        created_at -> Timestamptz,
        /// SAP points of the property after the works.
        post_sap_points -> Nullable<Numeric>,
        /// EPC band of the property after the works, A to G.
        #[max_length = 1]
        post_epc_band -> Nullable<Bpchar>,
        /// CO2 emitted per year after the works, in tonnes.
        post_co2_tonnes -> Nullable<Numeric>,
        /// CO2 saved per year by the works, in tonnes.
        co2_savings_tonnes -> Nullable<Numeric>,
        /// Energy used per year after the works, in kWh.
        post_energy_kwh -> Nullable<Numeric>,
        /// Energy saved per year by the works, in kWh.
        energy_savings_kwh -> Nullable<Numeric>,
        /// Energy bill per year after the works, in the portfolio's currency. NULL until bills exist.
        post_energy_bill -> Nullable<Numeric>,
        /// Energy bill saved per year, in the portfolio's currency. NULL until bills exist.
        energy_bill_savings -> Nullable<Numeric>,
        /// Cost of the selected measures without contingency, in the portfolio's currency.
        cost_of_works -> Numeric,
        /// Sum of the measures' contingencies, in the portfolio's currency.
        contingency_cost -> Numeric,
        /// Version and hash of the content as it was last replaced, then the id of the transaction that wrote it. It speaks for the content only while the plan and each measure have that xmin. NULL where the plan was never replaced.
        content_digest -> Nullable<Bytea>,
        /// When the content was last replaced. NULL where it never was.
        updated_at -> Nullable<Timestamptz>,
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

diesel::table! {
    use diesel::sql_types::*;

    /// A retrofit measure: a candidate for a property, or one that a plan has selected.
    recommendation (id) {
        /// The key.
        id -> Int8,
        /// The property; kept by the host.
        property_id -> Int8,
        /// The kind of measure, such as loft_insulation.
        measure_type -> Text,
        /// What is done, for people.
        description -> Text,
        /// Cost without contingency, in the portfolio's currency.
        estimated_cost -> Nullable<Numeric>,
        /// Whether the property has it already.
        already_installed -> Bool,
        /// SAP points of the plan's gain that are credited to it.
        sap_points -> Nullable<Numeric>,
        /// CO2 per year of the plan's savings that is credited to it, in tonnes.
        co2_savings_tonnes -> Nullable<Numeric>,
        /// Energy per year of the plan's savings that is credited to it, in kWh.
        energy_savings_kwh -> Nullable<Numeric>,
        /// Energy bill per year of the plan's savings that is credited to it, in the portfolio's currency.
        energy_bill_savings -> Nullable<Numeric>,
        /// When the row was made.
        created_at -> Timestamptz,
        /// The plan that has selected this measure. NULL in older states of the schema: for a candidate, and for a measure that is reached through plan_recommendations.
        plan_id -> Nullable<Int8>,
        /// Place in the plan, from 0. NULL where the plan's order is not known.
        position -> Nullable<Int4>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::ScenarioGoal;

    /// The brief of a modelling run over a portfolio.
    scenario (id) {
        /// The key.
        id -> Int8,
        /// The portfolio; kept by the host.
        portfolio_id -> Int8,
        /// What people call it.
        name -> Text,
        /// What the run is asked to reach.
        goal -> ScenarioGoal,
        /// How much of the goal, in the goal's own unit.
        goal_value -> Nullable<Numeric>,
        /// The most that the works on one property may cost, in the portfolio's currency.
        budget -> Nullable<Numeric>,
        /// Whether this is the scenario that the portfolio shows first. At most one is.
        is_default -> Bool,
        /// When the row was made.
        created_at -> Timestamptz,
    }
}

diesel::joinable!(active_plans -> plans (plan_id));
diesel::joinable!(draft_plans -> plans (plan_id));
diesel::joinable!(meals_in_plan_versions -> plan_versions (plan_version_id));
diesel::joinable!(plan -> scenario (scenario_id));
diesel::joinable!(plan_activations -> plans (plan_id));
diesel::joinable!(plan_prunings -> plans (plan_id));
diesel::joinable!(plan_versions -> plans (plan_id));
diesel::joinable!(recommendation -> plan (plan_id));

diesel::allow_tables_to_appear_in_same_query!(
    active_plans,
    draft_plans,
    meals_in_plan_versions,
    plan,
    plan_activations,
    plan_prunings,
    plan_versions,
    plans,
    recommendation,
    scenario,
);
