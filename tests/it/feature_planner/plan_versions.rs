//! Versions of a feature plan, also of live data that no rule has looked at.

use std::sync::{Barrier, mpsc};
use std::thread;

use planwright::feature_planner::{
    FeaturePlan, FeaturePlanId, NewFeaturePlan, PlanStatus, factory,
};
use planwright::{Error, Result, UnitOfWork};
use serde_json::json;

use super::Office;
use super::plans::{PLAN, REQUEST, not_found};
use crate::support::{execute, number};

impl Office {
    fn version(&self, id: FeaturePlanId) -> FeaturePlan {
        self.try_version(id).expect("a version")
    }

    fn try_version(&self, id: FeaturePlanId) -> Result<FeaturePlan> {
        self.store().write(|uow| uow.feature_plans(self.user).new_version(id, None))
    }

    /// Key, number and parent of each.
    fn family(&self, id: FeaturePlanId) -> Vec<(FeaturePlanId, i32, Option<FeaturePlanId>)> {
        let found = self.store().read(|uow| uow.feature_plans(self.user).versions(id));
        let found = found.expect("versions");
        found.into_iter().map(|plan| (plan.id, plan.version, plan.parent_plan_id)).collect()
    }

    /// As live data may be: below any plan, with any number, before a rule looks at it.
    fn put_below(&self, id: FeaturePlanId, parent: FeaturePlanId, version: i32) {
        self.run(&format!(
            "UPDATE feature_planner.feature_plans SET parent_plan_id = '{parent}', version = {version}
              WHERE id = '{id}'"
        ));
    }

    /// Before the rules of parents and numbers.
    fn bare() -> Self {
        let office = Self::new();
        office.run(
            "ALTER TABLE feature_planner.feature_plans DROP CONSTRAINT feature_plans_parent_plan_id_fk",
        );
        office.run("DROP INDEX feature_planner.feature_plans_parent_plan_id_version_uq");
        office
    }
}

#[test]
fn a_version_is_a_draft_below_the_first_with_what_the_named_one_said() {
    let office = Office::new();
    let new = NewFeaturePlan {
        refinement_settings: Some(json!({ "agents": 3 })),
        session_id: Some("s".into()),
        ..NewFeaturePlan::new(REQUEST)
    };
    let first = office.store().write(|uow| uow.feature_plans(office.user).create(&new)).unwrap();
    office.set(first.id, PlanStatus::Draft, PlanStatus::Cancelled).unwrap();
    let another = "Sort invoices by customer.";
    let second = office
        .store()
        .write(|uow| uow.feature_plans(office.user).new_version(first.id, Some(another)))
        .unwrap();
    assert_eq!((second.status, second.version, second.current_step), (PlanStatus::Draft, 2, 0));
    assert_eq!((second.parent_plan_id, second.user_id), (Some(first.id), office.user));
    assert_eq!(second.original_request, another);
    assert_eq!(second.refinement_settings, new.refinement_settings);
    assert_eq!((&second.session_id, &second.completed_at), (&new.session_id, &None));
    let third = office.version(second.id);
    assert_eq!((third.version, third.parent_plan_id), (3, Some(first.id)));
    assert_eq!(third.original_request, another);
    let fourth = office.version(first.id);
    assert_eq!((fourth.version, fourth.original_request.as_str()), (4, REQUEST));
    let family = [
        (first.id, 1, None),
        (second.id, 2, Some(first.id)),
        (third.id, 3, Some(first.id)),
        (fourth.id, 4, Some(first.id)),
    ];
    office.create(REQUEST);
    for plan in [first.id, third.id, fourth.id] {
        assert_eq!(office.family(plan), family);
    }
    assert_eq!(office.get(third.id), third);
}

#[test]
fn versions_at_once_have_different_numbers() {
    for office in [Office::bare(), Office::new()] {
        for _ in 0..20 {
            let first = office.create(REQUEST).id;
            let second = office.version(first).id;
            let start = &Barrier::new(4);
            let mut numbers: Vec<_> = thread::scope(|scope| {
                let made = [first, second, first, second].map(|id| {
                    let office = &office;
                    scope.spawn(move || {
                        let made = office.store().write(|uow| {
                            execute(uow, "SELECT 1")?;
                            start.wait();
                            uow.feature_plans(office.user).new_version(id, None)
                        });
                        made.expect("a version, at the first try").version
                    })
                });
                made.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            numbers.sort_unstable();
            assert_eq!(numbers, [3, 4, 5, 6]);
        }
    }
}

#[test]
fn a_version_that_a_unit_of_one_moment_cannot_see_has_its_number_already() {
    let office = Office::new();
    let first = office.create(REQUEST).id;
    let unit = office.store().transaction().repeatable_read();
    let refused = unit.run(|uow| {
        uow.feature_plans(office.user).get(first)?;
        thread::scope(|scope| scope.spawn(|| office.version(first)).join().unwrap());
        uow.feature_plans(office.user).new_version(first, None)
    });
    let refused = refused.unwrap_err();
    assert_eq!(refused.to_string(), "the versions of a plan have different numbers");
    assert!(refused.is_conflict());
}

#[test]
fn chains_of_live_data_are_one_family_below_the_top_of_it() {
    let office = Office::new();
    let [a, b, c] = [(); 3].map(|()| office.create(REQUEST).id);
    office.put_below(b, a, 2);
    office.put_below(c, b, 7);
    let made = office.version(c);
    assert_eq!((made.version, made.parent_plan_id), (8, Some(a)));
    let family = [(a, 1, None), (b, 2, Some(a)), (c, 7, Some(b)), (made.id, 8, Some(a))];
    for plan in [a, b, c, made.id] {
        assert_eq!(office.family(plan), family);
    }
}

#[test]
fn circles_of_live_data_hang_nothing_and_have_one_first_version() {
    let office = Office::bare();
    let [a, b, c, tail, own] = [(); 5].map(|()| office.create(REQUEST).id);
    office.put_below(a, c, 4);
    office.put_below(b, a, 2);
    office.put_below(c, b, 3);
    office.put_below(tail, b, 1);
    for (n, from) in [tail, a, b, c].into_iter().enumerate() {
        let made = office.version(from);
        assert_eq!((made.version, made.parent_plan_id), (5 + i32::try_from(n).unwrap(), Some(b)));
    }
    for from in [a, b, c, tail] {
        assert_eq!(office.family(from).len(), 8);
    }
    office.put_below(own, own, 1);
    let made = office.version(own);
    assert_eq!((made.version, made.parent_plan_id), (2, Some(own)));
    assert_eq!(office.family(made.id), [(own, 1, Some(own)), (made.id, 2, Some(own))]);
    for plan in [own, b, a, c, tail] {
        office.delete(plan).unwrap();
    }
    let dangling =
        "SELECT count(*) FROM feature_planner.feature_plans v WHERE parent_plan_id IS NOT NULL
        AND NOT EXISTS (SELECT FROM feature_planner.feature_plans p WHERE p.id = v.parent_plan_id)";
    assert_eq!(number(office.store(), dangling), 0);
}

#[test]
fn parents_of_others_or_of_nobody_end_a_family() {
    let office = Office::bare();
    let foreign =
        office.store().write(|uow| factory::plan(uow, office.other, PlanStatus::Draft)).unwrap();
    let (a, b) = (office.create(REQUEST).id, office.create(REQUEST).id);
    office.put_below(a, foreign, 2);
    office.put_below(b, FeaturePlanId::new(), 5);
    let (of_a, of_b) = (office.version(a), office.version(b));
    assert_eq!((of_a.version, of_a.parent_plan_id), (3, Some(a)));
    assert_eq!((of_b.version, of_b.parent_plan_id), (6, Some(b)));
    assert_eq!(office.family(a).len(), 2);
    let others = office.store().read(|uow| uow.feature_plans(office.other).versions(foreign));
    assert_eq!(others.unwrap().len(), 1);
    // What is below another's plan is no part of its family, and stays when that goes.
    office.store().write(|uow| uow.feature_plans(office.other).delete(foreign)).unwrap();
    assert_eq!(office.family(a), [(a, 2, None), (of_a.id, 3, Some(a))]);
}

#[test]
fn of_a_first_version_that_is_deleted_the_next_takes_the_place() {
    for office in [Office::bare(), Office::new()] {
        let first = office.create(REQUEST).id;
        let [second, third, fourth] = [(); 3].map(|()| office.version(first).id);
        let alone = office.create(REQUEST).id;
        office.delete(first).unwrap();
        not_found(office.delete(first), PLAN);
        let family = [(second, 2, None), (third, 3, Some(second)), (fourth, 4, Some(second))];
        assert_eq!(office.family(fourth), family);
        assert_eq!(office.version(third).version, 5);
        // Of another than the first one nothing changes.
        office.delete(third).unwrap();
        assert_eq!(office.family(second).len(), 3);
        assert_eq!(office.family(alone), [(alone, 1, None)]);
    }
}

#[test]
fn of_a_chain_that_loses_its_middle_the_rest_goes_up() {
    let office = Office::new();
    let [a, b, c, d] = [(); 4].map(|()| office.create(REQUEST).id);
    office.put_below(b, a, 2);
    office.put_below(c, b, 2);
    office.put_below(d, b, 3);
    office.put_below(c, b, 4);
    office.delete(b).unwrap();
    assert_eq!(office.family(a), [(a, 1, None), (d, 3, Some(a)), (c, 4, Some(a))]);
}

#[test]
fn a_number_that_the_new_parent_has_already_is_no_obstacle() {
    let office = Office::new();
    let [a, b, c, d] = [(); 4].map(|()| office.create(REQUEST).id);
    office.put_below(b, a, 2);
    office.put_below(c, b, 3);
    office.put_below(d, a, 3);
    office.delete(a).unwrap();
    assert_eq!(office.family(b), [(b, 2, None), (c, 3, Some(b))]);
    assert_eq!(office.family(d), [(d, 3, None)]);
}

#[test]
fn a_plan_goes_with_its_attempts_and_its_log() {
    let office = Office::new();
    let plan = office.create(REQUEST).id;
    office.run(&format!(
        "INSERT INTO feature_planner.feature_refinements (plan_id, agent_id, input_request)
         VALUES ('{plan}', 'a', 'x');
         ",
    ));
    office.run(&format!(
        "UPDATE feature_planner.feature_plans SET selected_refinement_id =
            (SELECT id FROM feature_planner.feature_refinements) WHERE id = '{plan}'"
    ));
    office.run(&format!(
        "INSERT INTO feature_planner.plan_execution_logs (plan_id, step, step_number, agent_type, start_time)
         VALUES ('{plan}', 'refinement', 1, 'a', now())"
    ));
    office.delete(plan).unwrap();
    let left = office.text(
        "SELECT (SELECT count(*) FROM feature_planner.feature_plans)
             + (SELECT count(*) FROM feature_planner.feature_refinements)
             + (SELECT count(*) FROM feature_planner.plan_execution_logs)",
    );
    assert_eq!(left, "0");
}

/// Runs `second` while a unit has done the work of `first`, and ends that when the second waits for
/// it.
fn overlapped<T: Send>(
    office: &Office,
    first: impl Fn(&mut UnitOfWork<'_>) -> Result<()> + Send,
    second: impl FnOnce() -> T + Send,
) -> T {
    let (begun, is_begun) = mpsc::channel();
    let (tell, told) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let done = office.store().write(|uow| {
                first(uow)?;
                begun.send(()).expect("somebody who waits");
                let _ = told.recv();
                Ok(())
            });
            done.expect("the first");
        });
        is_begun.recv().expect("the first");
        let second = scope.spawn(second);
        let waits = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
              AND query LIKE '-- planwright: lock%'";
        // What panics drops `tell`, and ends the first.
        let tell = tell;
        while number(office.store(), waits) == 0 {
            assert!(!second.is_finished(), "it does not wait");
            thread::yield_now();
        }
        drop(tell);
        second.join().expect("no panic")
    })
}

#[test]
fn a_version_that_waits_for_the_delete_of_the_first_one_is_told_so() {
    let office = Office::new();
    let first = office.create(REQUEST).id;
    let second = office.version(first).id;
    let delete = |uow: &mut UnitOfWork<'_>| uow.feature_plans(office.user).delete(first);
    let refused = overlapped(&office, delete, || office.try_version(second)).unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");
    assert_eq!(office.version(second).parent_plan_id, Some(second));
}

#[test]
fn a_delete_that_waits_for_a_version_hands_it_on() {
    for office in [Office::bare(), Office::new()] {
        let first = office.create(REQUEST).id;
        let second = office.version(first).id;
        let version = |uow: &mut UnitOfWork<'_>| {
            uow.feature_plans(office.user).new_version(first, None).map(drop)
        };
        overlapped(&office, version, || office.delete(first)).unwrap();
        let family = office.family(second);
        let [(_, 2, None), (_, 3, Some(parent))] = family[..] else { panic!("{family:?}") };
        assert_eq!(parent, second);
    }
}
