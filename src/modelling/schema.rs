// @generated automatically by Diesel CLI.

pub mod sql_types {
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "scenario_goal"))]
    pub struct ScenarioGoal;
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

diesel::joinable!(plan -> scenario (scenario_id));
diesel::joinable!(recommendation -> plan (plan_id));

diesel::allow_tables_to_appear_in_same_query!(plan, recommendation, scenario,);
