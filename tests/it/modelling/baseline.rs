//! What knows only the baseline, such as a writer that is older than this crate, works in every
//! state of the schema up to the held steps that end it, each for one table.

use planwright::batch::Runner;
use planwright::migrate::{Kind, Migration, Migrations, Migrator};
use planwright::modelling::transition::{self, Backfill};
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Result, Store, UnitOfWork};

use crate::support::{execute, number, text};

fn migrator(store: &Store) -> Migrator<'_> {
    Migrator::new(store).contexts([Context::Modelling]).confirm(transition::NO_READERS_LEFT)
}

/// Bring the database one state on.
fn apply(store: &Store, migration: &Migration) {
    let applied: Vec<_> = if migration.kind == Kind::Held {
        migrator(store).contract(&migration.name).unwrap().into_iter().collect()
    } else {
        migrator(store).up_to(&migration.version).unwrap()
    };
    assert_eq!(applied.last().unwrap().name, migration.name);
    let modelling = applied.iter().filter(|applied| applied.context == Context::Modelling);
    assert_eq!(modelling.count(), 1, "{}", migration.name);
}

/// Writes a scenario and a plan, all baseline columns named and no other. `nth` tells them apart.
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
    Ok(())
}

/// Two measures, the second of which leaves out what has a default or may be missing.
fn insert_measures(uow: &mut UnitOfWork<'_>, nth: usize) -> Result<usize> {
    let first = format!(
        "INSERT INTO recommendation (property_id, measure_type, description, estimated_cost,
                 already_installed, sap_points, co2_savings_tonnes, energy_savings_kwh,
                 energy_bill_savings, created_at)
             VALUES ({nth}, 'solar_pv', 'd', 7, true, 8, 9, 10, 11, now())"
    );
    let second = format!(
        "INSERT INTO recommendation (property_id, measure_type, description)
             VALUES ({nth}, 'candidate', '')"
    );
    Ok(execute(uow, &first)? + execute(uow, &second)?)
}

fn insert_links(uow: &mut UnitOfWork<'_>, nth: usize) -> Result<usize> {
    execute(
        uow,
        &format!(
            "INSERT INTO plan_recommendations (plan_id, recommendation_id)
                 SELECT p.id, r.id FROM plan p JOIN recommendation r USING (property_id)
                  WHERE property_id = {nth}"
        ),
    )
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

/// A legacy writer in a state in which it may do everything.
fn write_all(store: &Store, nth: usize, state: &str) {
    let first = "scenario net_zero 1.5 2.25 C 11.00 solar_pv,candidate 7.00";
    let changed = "renamed net_zero 1.5 2.25 D 11.00 solar_pv,candidate 8.00";
    let all = |nth| {
        store.write(|uow| {
            insert(uow, nth)?;
            Ok((insert_measures(uow, nth)?, insert_links(uow, nth)?))
        })
    };
    assert_eq!(all(nth).unwrap(), (2, 2), "{state}");
    assert_eq!(store.read(|uow| seen(uow, nth)).unwrap(), first, "{state}");

    let updated = store.write(|uow| {
        let plans = format!("UPDATE plan SET post_epc_band = 'D' WHERE property_id = {nth}");
        let measures = format!(
            "UPDATE recommendation SET estimated_cost = estimated_cost + 1
              WHERE property_id = {nth}"
        );
        let scenarios = format!("UPDATE scenario SET name = 'renamed' WHERE portfolio_id = {nth}");
        Ok([execute(uow, &plans)?, execute(uow, &measures)?, execute(uow, &scenarios)?])
    });
    assert_eq!(updated.unwrap(), [1, 2, 1], "{state}");
    // Rows of every earlier state too.
    for earlier in 0..=nth {
        assert_eq!(store.read(|uow| seen(uow, earlier)).unwrap(), changed, "{state}");
    }

    // One more, which goes again: a recommendation first, the rest by cascade.
    let extra = 1_000 + nth;
    all(extra).unwrap();
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

#[test]
fn a_writer_that_knows_only_the_baseline_works_until_a_held_step_refuses_it() {
    let database = TestDatabase::new([]).unwrap();
    let store = database.store();
    let migrations = Migrations::embedded();
    let states: Vec<_> =
        migrations.as_slice().iter().filter(|of| of.context == Context::Modelling).collect();
    assert_eq!(states[0].kind, Kind::Baseline);
    assert_eq!(states.len(), 14);
    for (nth, migration) in states.iter().enumerate() {
        let state = &*migration.name;
        if state == transition::CLOSE_JOIN {
            // What belongs to core is no state of these tables.
            Migrator::new(store).up().unwrap();
            assert!(Runner::new(store).run(&mut Backfill::new()).unwrap().is_finished());
        }
        if state == transition::CHECK_PLAN_ID {
            let orphans = "DELETE FROM recommendation WHERE plan_id IS NULL";
            assert_eq!(store.write(|uow| execute(uow, orphans)).unwrap(), 2 * 2, "of two states");
        }
        apply(store, migration);
        if state < transition::CLOSE_JOIN {
            write_all(store, nth, state);
            continue;
        }
        // Scenarios and plans, to the end.
        store.write(|uow| insert(uow, nth)).unwrap();
        let measures = store.write(|uow| insert_measures(uow, nth));
        let links = store.write(|uow| insert_links(uow, nth));
        if state < transition::CHECK_PLAN_ID {
            assert_eq!(measures.unwrap(), 2, "{state}");
        } else {
            let refused = measures.unwrap_err();
            let Error::Constraint { table, .. } = &refused else { panic!("{refused:?}") };
            assert_eq!(table, "recommendation", "{state}");
        }
        match links.unwrap_err() {
            Error::Constraint { table, .. } if state == transition::CLOSE_JOIN => {
                assert_eq!(table, "plan_recommendations");
            }
            Error::Database { source } if state > transition::CLOSE_JOIN => {
                assert!(source.to_string().contains("plan_recommendations"), "{source}");
            }
            other => panic!("{state}: {other:?}"),
        }
    }
    migrator(store).require_current().unwrap();
    assert_eq!(migrator(store).status().unwrap().held, Vec::<String>::new());
}
