//! The repositories in every state of the schema.

use planwright::modelling::{MeasureCounts, NewPlan, Outcome as Replace, factory};
use planwright::testing::TestDatabase;

use super::*;

/// Replaces and reads; in every state the same.
fn check(store: &Store, property: i64, state: &str) {
    let scenario = scenario(store);
    let plan = factory::plan(property, scenario);
    let replace = |count: usize| {
        store.write(|uow| uow.plans().replace(&plan, &factory::measures(count))).unwrap()
    };
    let first = replace(3);
    assert_eq!(first.outcome, Replace::Created, "{state}");
    assert_eq!(replace(3).outcome, Replace::Unchanged, "{state}");
    let second = replace(2);
    let counts = MeasureCounts { inserted: 2, deleted: 3, unchanged: 0 };
    assert_eq!((second.plan_id, second.measures), (first.plan_id, counts), "{state}");
    let many = [
        (plan.clone(), factory::measures(5)),
        (NewPlan { property_id: (property + 1).into(), ..plan.clone() }, factory::measures(1)),
    ];
    let replaced = store.write(|uow| uow.plans().replace_many(&many)).unwrap();
    let outcomes: Vec<_> = replaced.iter().map(|one| one.outcome).collect();
    assert_eq!(outcomes, [Replace::Replaced, Replace::Created], "{state}");
    let again = store.write(|uow| uow.plans().replace_many(&many)).unwrap();
    assert!(again.iter().all(|one| one.outcome == Replace::Unchanged), "{state}");
    let read = store.read(|uow| uow.plans().with_measures(&[first.plan_id])).unwrap();
    assert_eq!(read[0].measures.len(), 5, "{state}");
    assert_eq!(store.read(|uow| uow.plans().measures(first.plan_id)).unwrap().len(), 5);
    store.write(|uow| uow.plans().delete(replaced[1].plan_id)).unwrap();
}

#[test]
fn the_way_back_keeps_a_link_that_comes_meanwhile() {
    let database = TestDatabase::new([]).unwrap();
    let store = database.store();
    let scenario = {
        migrator(store).up_to("20261120000100").unwrap();
        migrator(store).up_to("20261120000300").unwrap();
        scenario(store)
    };
    let late = |uow: &mut UnitOfWork<'_>| {
        let plan =
            format!("INSERT INTO plan (id, property_id, scenario_id) VALUES (1, 1, {scenario})");
        execute(uow, &plan)?;
        let measure = "INSERT INTO recommendation (property_id, measure_type, description, plan_id)
                       VALUES (1, 'late', '', 1)";
        execute(uow, measure)
    };
    meeting(store, late, || migrator(store).down()).unwrap();
    assert_eq!(crate::support::number(store, "SELECT count(*) FROM plan_recommendations"), 1);
}

#[test]
fn replace_works_in_every_state_and_says_where_its_key_is_missing() {
    let database = TestDatabase::new([]).unwrap();
    let store = database.store();
    migrator(store).up_to("20261120000100").unwrap();
    migrator(store).up().unwrap();
    let plan = factory::plan(1, scenario(store));
    let what = refusal(store.write(|uow| uow.plans().replace(&plan, &factory::measures(1))));
    assert!(what.contains(&transition::PLAN_KEY.replace('-', "")), "{what}");
    assert!(what.contains("Migrator::contract"), "{what}");
    moved(store);

    let steps = [
        transition::PLAN_KEY,
        transition::CLOSE_JOIN,
        transition::DROP_JOIN,
        transition::CHECK_PLAN_ID,
        transition::VALIDATE_PLAN_ID,
        transition::PLAN_ID_NOT_NULL,
    ];
    // On the same connections, with what they have prepared in the state before.
    for (property, step) in (1..).zip(steps) {
        let migrator = migrator(store).confirm(transition::NO_READERS_LEFT);
        migrator.contract(step).unwrap().unwrap();
        check(store, 10 * property, step);
    }
    for (property, step) in (1..).zip(steps.iter().rev().take(5)) {
        migrator(store).down().unwrap();
        check(store, 10 * property + 5, &format!("without {step}"));
    }
}
