//! Stores a retrofit plan twice and reads it back: `cargo run --example quickstart`.
//!
//! On the database that `DATABASE_URL` names, else on a private server that is gone afterwards.

use planwright::local_server::Database;
use planwright::migrate::Migrator;
use planwright::modelling::{Goal, NewPlan, NewPlanMeasure, NewScenario};
use planwright::{Context, Store, StoreOptions};

fn main() -> planwright::Result<()> {
    let database = Database::from_env()?; // DATABASE_URL, or a private PostgreSQL
    let store = Store::connect(database.url(), &StoreOptions::default())?;
    Migrator::new(&store).contexts([Context::Modelling]).up()?;

    let brief = NewScenario::new(1.into(), "Net zero 2050", Goal::NetZero);
    let scenario = store.write(|uow| uow.scenarios().create(&brief))?;
    let plan = NewPlan { cost_of_works: 13_150.into(), ..NewPlan::new(42.into(), scenario.id) };
    let measures = ["loft_insulation", "air_source_heat_pump"].map(NewPlanMeasure::new);

    let first = store.write(|uow| uow.plans().replace(&plan, &measures))?;
    let again = store.write(|uow| uow.plans().replace(&plan, &measures))?;
    println!("{:?}, then {:?}", first.outcome, again.outcome); // Created, then Unchanged

    for stored in store.read(|uow| uow.plans().with_measures(&[first.plan_id]))? {
        println!("property {}: {}", stored.plan.property_id, stored.plan.total_cost());
        for measure in stored.measures {
            println!("  {}", measure.measure_type);
        }
    }
    Ok(())
}
