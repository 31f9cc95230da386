//! What only people can decide.

use planwright::modelling::transition::{Prefer, delete_legacy_plan, resolve_contradictions};
use planwright::testing::rolled_back;

use super::*;

/// The measures of plans 4 and 5, and of the join those of 5, told by their description.
fn odd(uow: &mut UnitOfWork<'_>) -> Result<[String; 3]> {
    let of = |uow: &mut UnitOfWork<'_>, sql: &str| {
        let sql = format!("SELECT coalesce(string_agg(t, ',' ORDER BY t), '') FROM ({sql}) s(t)");
        text(uow, &sql)
    };
    let odd = "FROM plan_measure WHERE measure_type = 'odd' AND plan_id =";
    Ok([
        of(uow, &format!("SELECT description {odd} 4"))?,
        of(uow, &format!("SELECT description {odd} 5"))?,
        of(
            uow,
            "SELECT l.plan_id || ' ' || description FROM plan_recommendations l
               JOIN recommendation r ON r.id = l.recommendation_id WHERE measure_type = 'odd'",
        )?,
    ])
}

#[test]
fn a_contradiction_is_settled_as_the_caller_says() {
    let database = legacy();
    let both = "of 4 and 5";
    for (prefer, [moved, copied, unlinked], seen) in [
        (Prefer::PlanId, [0, 0, 1], [both, "", ""]),
        (Prefer::Join, [1, 0, 0], ["", both, "5 of 4 and 5"]),
        (Prefer::Both, [0, 1, 0], [both, both, "5 of 4 and 5"]),
    ] {
        rolled_back(database.store(), |uow| {
            let done = resolve_contradictions(uow, prefer, 10)?;
            assert_eq!(done.recommendations, 1, "{prefer:?}");
            assert_eq!([done.moved, done.copied, done.unlinked], [moved, copied, unlinked]);
            assert_eq!(odd(uow)?, seen, "{prefer:?}");
            assert_eq!(transition::status(uow)?.contradictory, 0);
            assert_eq!(resolve_contradictions(uow, prefer, 10)?.recommendations, 0);
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn contradictions_are_settled_some_at_a_time() {
    let database = legacy();
    let store = database.store();
    // All of the join's: those of one plan, of two and of three others.
    store
        .write(|uow| {
            execute(uow, "UPDATE recommendation SET plan_id = 6 WHERE measure_type <> 'orphan'")
        })
        .unwrap();
    let [.., contradictory] = counts(store);
    assert_eq!(contradictory, 13);
    let mut calls = Vec::new();
    while calls.last() != Some(&0) {
        let done = store.write(|uow| resolve_contradictions(uow, Prefer::Join, 5)).unwrap();
        calls.push(done.recommendations);
    }
    assert_eq!(calls, [5, 5, 3, 0]);
    assert_eq!(counts(store), [2 + 10 + 5 + 1, 0, 0, 2, 0]);
    let seen = |uow: &mut UnitOfWork<'_>| Ok((measures(uow)?, joined(uow)?));
    let (measures, joined) = store.read(seen).unwrap();
    let beside_the_join = "6 6 linked by the column ";
    let lines: Vec<_> = measures.lines().filter(|line| *line != beside_the_join).collect();
    assert_eq!(lines, joined.lines().collect::<Vec<_>>());
}

#[test]
fn a_legacy_plan_takes_along_what_is_only_its_own() {
    let database = legacy();
    let store = database.store();
    let delete = |id: i64| store.write(|uow| delete_legacy_plan(uow, id.into()));
    let told = |id| delete(id).map(|done| (done.removed, done.kept)).unwrap();
    assert_eq!(told(1), (2, 1), "the shared one stays for 2 and 3");
    assert_eq!(told(3), (2, 1), "and for 2");
    assert_eq!(told(2), (3, 1), "nobody else has it now, but 5 has the other");
    // Its measure by the column is linked to 5 by the join, so it stays for that one.
    assert_eq!(told(4), (2, 1));
    assert_eq!(counts(store), [2, 2 + 2, 0, 2, 0]);
    assert_eq!(told(5), (2 + 2, 0));
    assert_eq!(told(6), (2, 0));
    assert_eq!(counts(store), [0, 0, 0, 2, 0], "orphans are left alone");
    let gone = delete(1).unwrap_err();
    assert!(gone.is_not_found(), "{gone:?}");
}

#[test]
fn a_measure_of_another_plan_stays_with_it() {
    let database = legacy();
    rolled_back(database.store(), |uow| {
        // 5 reaches the one of 4 by the join.
        let done = delete_legacy_plan(uow, 5.into())?;
        assert_eq!((done.removed, done.kept), (2, 2));
        assert_eq!(odd(uow)?, ["of 4 and 5", "", ""]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn two_deletes_of_plans_that_share_leave_no_orphan() {
    let database = legacy();
    let store = database.store();
    for round in 0..20 {
        store
            .write(|uow| {
                execute(
                    uow,
                    &format!(
                        "INSERT INTO plan (id, property_id, scenario_id)
                         SELECT 1000 + n, 5000 + {round} * 10 + n, min(id)
                           FROM scenario, generate_series(1, 2) n GROUP BY n
                         ON CONFLICT (property_id, scenario_id) DO UPDATE SET id = excluded.id"
                    ),
                )?;
                execute(
                    uow,
                    "WITH r AS (INSERT INTO recommendation (property_id, measure_type, description)
                                VALUES (1, 'race', '') RETURNING id)
                     INSERT INTO plan_recommendations SELECT n, id FROM r, (VALUES (1001), (1002)) p(n)",
                )
            })
            .unwrap();
        let start = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for id in [1001_i64, 1002] {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    store.write(|uow| delete_legacy_plan(uow, id.into())).unwrap();
                });
            }
        });
        let left = "SELECT count(*) FROM recommendation WHERE measure_type = 'race'";
        assert_eq!(crate::support::number(store, left), 0, "round {round}");
    }
}

#[test]
fn a_contradiction_that_others_settle_meanwhile_hides_no_other() {
    let database = legacy();
    let store = database.store();
    let second = "UPDATE recommendation SET plan_id = 6 WHERE id = 21";
    store.write(|uow| execute(uow, second)).unwrap();
    assert_eq!(counts(store)[4], 2);
    let resolve = || store.write(|uow| resolve_contradictions(uow, Prefer::PlanId, 1));
    let settle = "UPDATE recommendation SET plan_id = 2 WHERE id = 21";
    let done = meeting(store, |uow| execute(uow, settle), resolve).unwrap();
    assert_eq!((done.recommendations, done.unlinked), (1, 0), "the limit: there may be more");
    assert_eq!((resolve().unwrap().recommendations, resolve().unwrap().recommendations), (1, 0));
    assert_eq!(counts(store)[4], 0);
}

#[test]
fn a_plan_that_goes_beside_one_that_shares_its_measure_leaves_no_orphan() {
    let database = legacy();
    let store = database.store();
    // 4 has one by its column, which the join links to 5.
    let five = |uow: &mut UnitOfWork<'_>| delete_legacy_plan(uow, 5.into());
    let four = || store.write(|uow| delete_legacy_plan(uow, 4.into()));
    let done = meeting(store, five, four).unwrap();
    assert_eq!((done.removed, done.kept), (2 + 1, 0));
    assert_eq!(counts(store)[3], 2, "the orphans of before");
}

#[test]
fn without_a_join_a_plan_takes_its_measures() {
    let database = crate::support::modelling();
    let store = database.store();
    let scenario = scenario(store);
    let plan = planwright::modelling::factory::plan(1, scenario);
    let measures = planwright::modelling::factory::measures(4);
    let id = store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap().plan_id;
    let done = store.write(|uow| delete_legacy_plan(uow, id)).unwrap();
    assert_eq!((done.removed, done.kept), (4, 0));
    let none = store.write(|uow| resolve_contradictions(uow, Prefer::Both, 1)).unwrap();
    assert_eq!(none.recommendations, 0);
}
