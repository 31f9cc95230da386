//! Stores a retrofit plan twice and reads it back: `cargo run --example quickstart`.
//!
//! On the database that `DATABASE_URL` names, where a second run finds what the first has stored;
//! else on a private server that is gone afterwards.

use planwright::local_server::Database;
use planwright::migrate::Migrator;
use planwright::modelling::{Goal, NewPlan, NewPlanMeasure, NewScenario};
use planwright::{Context, Page, Store, StoreOptions};

fn main() -> planwright::Result<()> {
    let database = Database::from_env()?; // DATABASE_URL, or a private PostgreSQL
    let store = Store::connect(database.url(), &StoreOptions::default())?;
    Migrator::new(&store).contexts([Context::Modelling]).up()?;

    let brief = NewScenario::new(1.into(), "Quickstart", Goal::NetZero);
    let scenario = store.write(|uow| {
        let known = uow.scenarios().list(brief.portfolio_id, Page::first(100))?.items;
        let known = known.into_iter().find(|scenario| scenario.name == brief.name);
        known.map_or_else(|| uow.scenarios().create(&brief), Ok)
    })?;

    let plan = NewPlan { cost_of_works: 13_150.into(), ..NewPlan::new(42.into(), scenario.id) };
    let measures = [("loft_insulation", 1_250), ("air_source_heat_pump", 11_900)];
    let measures = measures.map(|(measure_type, cost)| NewPlanMeasure {
        estimated_cost: Some(cost.into()),
        contingency: (cost / 10).into(),
        ..NewPlanMeasure::new(measure_type)
    });
    let first = store.write(|uow| uow.plans().replace(&plan, &measures))?;
    let again = store.write(|uow| uow.plans().replace(&plan, &measures))?;
    println!("{:?}, then {:?}", first.outcome, again.outcome); // Created, then Unchanged

    let (plan, measures) = store
        .read(|uow| Ok((uow.plans().get(first.plan_id)?, uow.plans().measures(first.plan_id)?)))?;
    println!("Property {}: {} with contingency", plan.property_id, plan.total_cost());
    for measure in measures {
        println!("  {}: {}", measure.measure_type, measure.estimated_cost.unwrap_or_default());
    }
    Ok(())
}
