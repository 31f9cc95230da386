//! What the goals about plans have in common.

use bigdecimal::BigDecimal;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Numeric, Text};
use planwright::migrate::Migrator;
use planwright::modelling::{
    Goal, NewPlan, NewPlanMeasure, NewScenario, PropertyId, ScenarioId, Tonnes, factory, transition,
};
use planwright::testing::TestDatabase;
use planwright::{Context, Store};

use crate::harness::{Figures, Outcome, Statement};

pub(crate) type Numbers = Array<Nullable<Numeric>>;

/// A plan and its measures, as callers give them.
pub(crate) type Input = (NewPlan, Vec<NewPlanMeasure>);

/// One that is expanded and still has the legacy join, which statements by hand must mind.
pub(crate) fn database(figures: &mut Figures) -> Outcome<(TestDatabase, ScenarioId)> {
    let database = TestDatabase::new([])?;
    let migrator = || Migrator::new(database.store()).contexts([Context::Modelling]);
    migrator().up_to("20261120000100")?;
    migrator().up()?;
    migrator().contract(transition::PLAN_KEY)?;
    let new = NewScenario::new(1.into(), "Net zero", Goal::NetZero);
    let scenario = database.store().write(|uow| uow.scenarios().create(&new))?.id;
    server_version(database.store(), figures)?;
    Ok((database, scenario))
}

pub(crate) fn server_version(store: &Store, figures: &mut Figures) -> Outcome {
    let sql = "SELECT split_part(current_setting('server_version'), ' ', 1)";
    let version: String = store
        .read(|uow| Ok(Statement::<Text>::new(sql).get_result::<String>(uow.connection())?))?;
    figures.version("PostgreSQL", &version);
    Ok(())
}

/// A plan whose every measure differs from that of another number.
pub(crate) fn input(
    property: impl Into<PropertyId>,
    scenario: ScenarioId,
    measures: usize,
    number: i64,
) -> Input {
    let plan = factory::plan(property, scenario);
    let cent = BigDecimal::new(number.into(), 2);
    let mut measures = factory::measures(measures);
    for measure in &mut measures {
        measure.estimated_cost = measure.estimated_cost.as_ref().map(|cost| cost + &cent);
    }
    (plan, measures)
}

/// One number of a query, such as a count.
pub(crate) fn number(store: &Store, sql: &'static str) -> Outcome<f64> {
    Ok(store.read(|uow| Ok(Statement::<Double>::new(sql).get_result(uow.connection())?))?)
}

pub(crate) fn execute(store: &Store, sql: &str) -> Outcome {
    use diesel::connection::SimpleConnection;
    Ok(store.write(|uow| Ok(uow.connection().batch_execute(sql)?))?)
}

pub(crate) fn contingency(measures: &[NewPlanMeasure]) -> BigDecimal {
    measures.iter().map(|measure| &measure.contingency).sum()
}

/// The arrays of the plans' columns, for the placeholders $1 to $13.
pub(crate) fn bind_plans<'a, ST: 'a>(
    statement: Statement<'a, ST>,
    inputs: &'a [Input],
) -> Statement<'a, ST> {
    let plans = || inputs.iter().map(|(plan, _)| plan);
    let numbers = |of: fn(&NewPlan) -> Option<&BigDecimal>| plans().map(of).collect::<Vec<_>>();
    let tonnes = |tonnes: &'a Option<Tonnes>| tonnes.as_ref().map(Tonnes::value);
    let bands: Vec<Option<String>> =
        plans().map(|plan| plan.post_epc_band.map(|band| format!("{band:?}"))).collect();
    statement
        .bind::<Array<BigInt>, _>(plans().map(|plan| plan.property_id).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(plans().map(|plan| plan.scenario_id).collect::<Vec<_>>())
        .bind::<Array<Bool>, _>(plans().map(|plan| plan.is_default).collect::<Vec<_>>())
        .bind::<Numbers, _>(numbers(|plan| plan.post_sap_points.as_ref()))
        .bind::<Array<Nullable<Text>>, _>(bands)
        .bind::<Numbers, _>(plans().map(|plan| tonnes(&plan.post_co2_tonnes)).collect::<Vec<_>>())
        .bind::<Numbers, _>(plans().map(|p| tonnes(&p.co2_savings_tonnes)).collect::<Vec<_>>())
        .bind::<Numbers, _>(numbers(|plan| plan.post_energy_kwh.as_ref()))
        .bind::<Numbers, _>(numbers(|plan| plan.energy_savings_kwh.as_ref()))
        .bind::<Numbers, _>(numbers(|plan| plan.post_energy_bill.as_ref()))
        .bind::<Numbers, _>(numbers(|plan| plan.energy_bill_savings.as_ref()))
        .bind::<Numbers, _>(numbers(|plan| Some(&plan.cost_of_works)))
        .bind::<Array<Numeric>, _>(
            inputs.iter().map(|(_, measures)| contingency(measures)).collect::<Vec<_>>(),
        )
}

/// The arrays of the measures' columns, for the next eight placeholders.
pub(crate) fn bind_measures<'a, ST: 'a>(
    statement: Statement<'a, ST>,
    measures: &'a [NewPlanMeasure],
) -> Statement<'a, ST> {
    let numbers = |of: fn(&NewPlanMeasure) -> Option<&BigDecimal>| -> Vec<Option<&BigDecimal>> {
        measures.iter().map(of).collect()
    };
    let texts = |of: fn(&NewPlanMeasure) -> &str| measures.iter().map(of).collect::<Vec<_>>();
    statement
        .bind::<Array<Text>, _>(texts(|m| &m.measure_type))
        .bind::<Array<Text>, _>(texts(|m| &m.description))
        .bind::<Numbers, _>(numbers(|m| m.estimated_cost.as_ref()))
        .bind::<Array<Bool>, _>(measures.iter().map(|m| m.already_installed).collect::<Vec<_>>())
        .bind::<Numbers, _>(numbers(|m| m.sap_points.as_ref()))
        .bind::<Numbers, _>(numbers(|m| m.co2_savings_tonnes.as_ref().map(Tonnes::value)))
        .bind::<Numbers, _>(numbers(|m| m.energy_savings_kwh.as_ref()))
        .bind::<Numbers, _>(numbers(|m| m.energy_bill_savings.as_ref()))
}
