//! A legacy writer links a plan to a measure that was moved to another one.

use planwright::modelling::transition::{Prefer, delete_legacy_plan, resolve_contradictions};
use planwright::modelling::{MeasureCounts, Outcome as Replace, ScenarioId, factory};
use planwright::testing::rolled_back;

use super::*;
use crate::support::number;

/// What takes the measures of plan 4.
const WAYS: [&str; 6] =
    ["replace", "replace_many", "delete", "delete_many", "delete_duplicates", "scenario"];

fn take(uow: &mut UnitOfWork<'_>, way: &str) -> Result<()> {
    let scenario =
        ScenarioId(text(uow, "SELECT scenario_id FROM plan WHERE id = 4")?.parse().unwrap());
    let plan = factory::plan(4, scenario);
    match way {
        "replace" => uow.plans().replace(&plan, &factory::measures(3)).map(drop),
        "replace_many" => uow.plans().replace_many(&[(plan, factory::measures(3))]).map(drop),
        "delete" => uow.plans().delete(4.into()),
        "delete_many" => uow.plans().delete_many(&[4.into(), 6.into()]).map(drop),
        "delete_duplicates" => {
            let gone = uow.plans().delete_duplicates()?;
            assert_eq!(gone, [4.into()]);
            Ok(())
        }
        _ => uow.scenarios().delete(scenario),
    }
}

/// So that each way meets plan 4 and none other that shares with it.
fn prepare(uow: &mut UnitOfWork<'_>, way: &str) -> Result<()> {
    match way {
        "delete_duplicates" => {
            execute(uow, "DROP INDEX plan_property_id_scenario_id_uq")?;
            execute(uow, "UPDATE plan SET property_id = 4 WHERE id = 5")
        }
        "scenario" => execute(
            uow,
            "WITH s AS (INSERT INTO scenario (portfolio_id, name, goal)
                        VALUES (9, 'own', 'net_zero') RETURNING id)
             UPDATE plan SET scenario_id = s.id FROM s WHERE plan.id = 4",
        ),
        _ => Ok(0),
    }?;
    Ok(())
}

/// The measures of plan 5, as `plan_measure` and as the join tell them.
fn of_five(uow: &mut UnitOfWork<'_>) -> Result<[String; 2]> {
    let told = |from: &str| {
        format!(
            "SELECT coalesce(string_agg(r.description, ', ' ORDER BY r.description), '')
               FROM {from} AS l JOIN recommendation r ON r.id = l.recommendation_id
              WHERE l.plan_id = 5"
        )
    };
    let seen = "(SELECT plan_id, id AS recommendation_id FROM plan_measure)";
    Ok([text(uow, &told(seen))?, text(uow, &told("plan_recommendations"))?])
}

#[test]
fn both_plans_show_a_measure_that_is_moved_and_linked_anew() {
    let database = legacy();
    let store = database.store();
    moved(store);
    let place = "UPDATE recommendation SET position = 2 WHERE id = 41";
    store.write(|uow| execute(uow, place)).unwrap();
    let link = "INSERT INTO plan_recommendations VALUES (5, 41)";
    store.write(|uow| execute(uow, link)).unwrap();
    let found = store.read(|uow| uow.plans().with_measures(&[4.into(), 5.into()])).unwrap();
    let of: Vec<_> = found
        .iter()
        .map(|plan| plan.measures.iter().filter(|one| one.id.0 == 41).collect::<Vec<_>>())
        .collect();
    assert_eq!((of[0].len(), of[1].len()), (1, 1), "once in each");
    assert_eq!((of[0][0].plan_id, of[0][0].position), (4.into(), Some(2)));
    assert_eq!(
        (of[1][0].plan_id, of[1][0].position),
        (5.into(), None),
        "the place is of the other"
    );
    assert_eq!(counts(store)[4], 2);

    // Its own, when it is asked for.
    let seen = || store.read(|uow| Ok((measures(uow)?, joined(uow)?))).unwrap();
    let before = seen();
    store.write(|uow| resolve_contradictions(uow, Prefer::Both, 10)).unwrap();
    assert_eq!(seen(), before);
    assert_eq!(counts(store)[4], 0);
}

#[test]
fn what_takes_a_plans_measures_leaves_those_that_another_plan_has_by_the_join() {
    let database = legacy();
    let store = database.store();
    moved(store);
    for way in WAYS {
        rolled_back(store, |uow| {
            prepare(uow, way)?;
            execute(uow, "INSERT INTO plan_recommendations VALUES (5, 41)")?;
            let all = "by two, measure 1 of 4, measure 1 of 5, measure 2 of 5, of 4 and 5";
            assert_eq!(of_five(uow)?, [all, all], "{way}, before");
            take(uow, way)?;
            assert_eq!(of_five(uow)?, [all, all], "{way}");
            assert_eq!(transition::status(uow)?.contradictory, 0, "{way}");
            let left = "SELECT string_agg(format('%s %s', id, plan_id), ',' ORDER BY id)
                          FROM recommendation WHERE id IN (41, 42, 105)";
            assert_eq!(text(uow, left)?, "41 ,105 ", "{way}: what is its own has gone");
            Ok(())
        })
        .unwrap();
    }
    // Together nobody else has it.
    rolled_back(store, |uow| {
        assert_eq!(uow.plans().delete_many(&[5.into(), 4.into()])?, 2);
        assert_eq!(text(uow, "SELECT count(*) FROM recommendation WHERE id = 105")?, "0");
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_link_that_comes_while_its_measure_goes_is_kept() {
    for way in WAYS {
        let database = legacy();
        let store = database.store();
        moved(store);
        store.write(|uow| prepare(uow, way)).unwrap();
        let link = |uow: &mut UnitOfWork<'_>| {
            execute(uow, "INSERT INTO plan_recommendations VALUES (5, 42)")
        };
        meeting(store, link, || store.write(|uow| take(uow, way))).unwrap();
        let all = "by two, measure 1 of 5, measure 2 of 4, measure 2 of 5, of 4 and 5";
        assert_eq!(store.read(of_five).unwrap(), [all, all], "{way}");
        assert_eq!(number(store, "SELECT count(*) FROM recommendation WHERE id = 41"), 0, "{way}");
    }
}

#[test]
fn replaces_of_both_plans_leave_each_with_its_own() {
    let database = legacy();
    let store = database.store();
    let scenario = ScenarioId(number(store, "SELECT min(id) FROM scenario"));
    let replace = |property: i64, count: usize| {
        let plan = factory::plan(property, scenario);
        store.write(|uow| uow.plans().replace(&plan, &factory::measures(count))).unwrap()
    };
    replace(4, 3);
    replace(5, 2);
    let link = "INSERT INTO plan_recommendations
                SELECT 5, id FROM recommendation WHERE plan_id = 4 AND position < 2";
    assert_eq!(store.write(|uow| execute(uow, link)).unwrap(), 2);
    assert_eq!(replace(4, 3).outcome, Replace::Unchanged, "it has lost nothing");
    // The places of those that stay for the other are free.
    let again = replace(4, 4);
    let counted = MeasureCounts { inserted: 4, deleted: 1, unchanged: 0 };
    assert_eq!((again.outcome, again.measures), (Replace::Replaced, counted));
    let of = |plan: i64| store.read(|uow| uow.plans().measures(plan.into())).unwrap();
    assert_eq!((of(4).len(), of(5).len()), (4, 2 + 2));

    assert_eq!(replace(5, 2).outcome, Replace::Replaced, "somebody added to it");
    assert_eq!((of(4).len(), of(5).len()), (4, 2));
    assert_eq!(replace(5, 2).outcome, Replace::Unchanged);
    assert_eq!(number(store, "SELECT count(*) FROM plan_recommendations WHERE plan_id = 5"), 0);
}

#[test]
fn a_closed_join_keeps_the_links_of_a_plan_that_goes() {
    let database = legacy();
    let store = database.store();
    moved(store);
    store.write(|uow| resolve_contradictions(uow, Prefer::Both, 10)).unwrap();
    migrator(store).contract(transition::CLOSE_JOIN).unwrap();
    // As if a link had come between the guard and the lock.
    let other = "UPDATE recommendation SET plan_id = 6 WHERE id = 51";
    store.write(|uow| execute(uow, other)).unwrap();
    let before = store.read(of_five).unwrap();
    store.write(|uow| uow.plans().delete(6.into())).unwrap();
    assert_eq!(store.read(of_five).unwrap(), before);
    let drop_join =
        || migrator(store).confirm(transition::NO_READERS_LEFT).contract(transition::DROP_JOIN);
    assert!(refusal(drop_join()).contains("1 links to recommendations without a plan_id"));
    moved(store);
    drop_join().unwrap().unwrap();
    let plan = store.read(|uow| uow.plans().measures(5.into())).unwrap();
    assert_eq!(plan.len(), before[0].split(", ").count());
    store.write(|uow| delete_legacy_plan(uow, 5.into())).unwrap();
}
