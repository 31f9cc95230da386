//! What knows only the baseline, such as a writer that is older than this crate, works in every
//! state of the schema.

use planwright::migrate::{Kind, Migration, Migrations, Migrator};
use planwright::testing::TestDatabase;
use planwright::{Context, Result, Store, UnitOfWork};

use crate::support::{execute, number, text};

/// Bring the database one state on.
fn apply(store: &Store, migration: &Migration) {
    let migrator = Migrator::new(store).contexts([Context::Modelling]);
    let applied: Vec<_> = if migration.kind == Kind::Held {
        migrator.contract(&migration.name).unwrap().into_iter().collect()
    } else {
        migrator.up_to(&migration.version).unwrap()
    };
    assert_eq!(applied.last().unwrap().name, migration.name);
    let modelling = applied.iter().filter(|applied| applied.context == Context::Modelling);
    assert_eq!(modelling.count(), 1, "{}", migration.name);
}

/// Writes a row into each table, all baseline columns named and no other. `nth` tells them apart.
fn insert(uow: &mut UnitOfWork<'_>, nth: usize) -> Result<()> {
    execute(
        uow,
        &format!(
            "INSERT INTO scenario (portfolio_id, name, goal, goal_value, budget, is_default, created_at)
                 VALUES ({nth}, 'scenario', 'net_zero', 1.5, 2.25, true, now())"
        ),
    )?;
    execute(
        uow,
        &format!(
            "INSERT INTO plan (property_id, scenario_id, is_default, created_at, post_sap_points,
                     post_epc_band, post_co2_tonnes, co2_savings_tonnes, post_energy_kwh,
                     energy_savings_kwh, post_energy_bill, energy_bill_savings, cost_of_works,
                     contingency_cost)
                 SELECT {nth}, max(id), false, now(), 70, 'C', 1.5, 0.5, 1, 2, 3, 4, 5, 6
                   FROM scenario"
        ),
    )?;
    execute(
        uow,
        &format!(
            "INSERT INTO recommendation (property_id, measure_type, description, estimated_cost,
                     already_installed, sap_points, co2_savings_tonnes, energy_savings_kwh,
                     energy_bill_savings, created_at)
                 VALUES ({nth}, 'solar_pv', 'd', 7, true, 8, 9, 10, 11, now())"
        ),
    )?;
    // A second one leaves out what has a default or may be missing.
    execute(
        uow,
        &format!(
            "INSERT INTO recommendation (property_id, measure_type, description)
                 VALUES ({nth}, 'candidate', '')"
        ),
    )?;
    execute(
        uow,
        &format!(
            "INSERT INTO plan_recommendations (plan_id, recommendation_id)
                 SELECT p.id, r.id FROM plan p JOIN recommendation r USING (property_id)
                  WHERE property_id = {nth}"
        ),
    )?;
    Ok(())
}

/// What a legacy reader sees of it.
fn seen(uow: &mut UnitOfWork<'_>, nth: usize) -> Result<String> {
    text(
        uow,
        &format!(
            "SELECT concat_ws(' ', s.name, s.goal, s.goal_value, s.budget, p.post_epc_band,
                        p.cost_of_works + p.contingency_cost,
                        string_agg(r.measure_type, ',' ORDER BY r.id), sum(r.estimated_cost))
               FROM scenario s
               JOIN plan p ON p.scenario_id = s.id
               JOIN plan_recommendations l ON l.plan_id = p.id
               JOIN recommendation r ON r.id = l.recommendation_id
              WHERE p.property_id = {nth}
              GROUP BY s.id, p.id"
        ),
    )
}

#[test]
fn a_writer_that_knows_only_the_baseline_works_in_every_state() {
    let database = TestDatabase::new([]).unwrap();
    let store = database.store();
    let migrations = Migrations::embedded();
    let states: Vec<_> =
        migrations.as_slice().iter().filter(|of| of.context == Context::Modelling).collect();
    assert_eq!(states[0].kind, Kind::Baseline);
    assert_eq!(states.len(), 9);
    let first = "scenario net_zero 1.5 2.25 C 11.00 solar_pv,candidate 7.00";
    let changed = "renamed net_zero 1.5 2.25 D 11.00 solar_pv,candidate 8.00";
    for (nth, migration) in states.iter().enumerate() {
        apply(store, migration);
        let state = &migration.name;
        store.write(|uow| insert(uow, nth)).unwrap();
        assert_eq!(store.read(|uow| seen(uow, nth)).unwrap(), first, "{state}");

        let updated = store.write(|uow| {
            let plans = format!("UPDATE plan SET post_epc_band = 'D' WHERE property_id = {nth}");
            let measures = format!(
                "UPDATE recommendation SET estimated_cost = estimated_cost + 1
                  WHERE property_id = {nth}"
            );
            let scenarios =
                format!("UPDATE scenario SET name = 'renamed' WHERE portfolio_id = {nth}");
            Ok([execute(uow, &plans)?, execute(uow, &measures)?, execute(uow, &scenarios)?])
        });
        assert_eq!(updated.unwrap(), [1, 2, 1], "{state}");
        // Rows of every earlier state too.
        for earlier in 0..=nth {
            assert_eq!(store.read(|uow| seen(uow, earlier)).unwrap(), changed, "{state}");
        }

        // One more, which goes again: a recommendation first, the rest by cascade.
        let extra = 1_000 + nth;
        store.write(|uow| insert(uow, extra)).unwrap();
        let deleted = store.write(|uow| {
            let measure = format!(
                "DELETE FROM recommendation WHERE property_id = {extra} AND measure_type = 'solar_pv'"
            );
            let scenario = format!("DELETE FROM scenario WHERE portfolio_id = {extra}");
            let rest = format!("DELETE FROM recommendation WHERE property_id = {extra}");
            Ok([execute(uow, &measure)?, execute(uow, &scenario)?, execute(uow, &rest)?])
        });
        assert_eq!(deleted.unwrap(), [1, 1, 1], "{state}");
        for (table, rows) in
            [("scenario", 1), ("plan", 1), ("recommendation", 2), ("plan_recommendations", 2)]
        {
            let count = number(store, &format!("SELECT count(*) FROM {table}"));
            assert_eq!(count, rows * (nth as i64 + 1), "{table}: {state}");
        }
    }
    let migrator = Migrator::new(store).contexts([Context::Modelling]);
    migrator.require_current().unwrap();
    assert_eq!(migrator.status().unwrap().held, Vec::<String>::new());
}
