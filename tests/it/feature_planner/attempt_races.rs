//! Sessions that want the same attempts and steps at the same moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use planwright::feature_planner::{
    Failure, GenerationId, GenerationRepository, GenerationResult, ImplementationPlanStatus,
    NewGeneration, NewPlanStep, NewRefinement, PlanStatus, PlanStepId, RefinementResult,
    RefinementStatus, Usage,
};
use planwright::{Error, Result, Store, UnitOfWork};

use super::Office;
use super::generations::{one, titled, with};
use super::steps::{planned, steps, template, titles};
use crate::support::{execute, number};

const ROUNDS: usize = 40;

/// All of them at once: each unit is open before any goes on. And how often one was run again.
fn at_once<T: Send>(
    store: &Store,
    threads: usize,
    work: impl Fn(&mut UnitOfWork<'_>, usize) -> Result<T> + Sync,
) -> (Vec<Result<T>>, usize) {
    let (start, runs) = (&Barrier::new(threads), &AtomicUsize::new(0));
    let work = &work;
    let done = thread::scope(|scope| {
        let enter = |nth: usize| {
            move || {
                let mut entered = false;
                store.write(|uow| {
                    runs.fetch_add(1, Ordering::Relaxed);
                    execute(uow, "SELECT 1")?;
                    if !std::mem::replace(&mut entered, true) {
                        start.wait();
                    }
                    work(uow, nth)
                })
            }
        };
        let threads: Vec<_> = (0..threads).map(|nth| scope.spawn(enter(nth))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    (done, runs.load(Ordering::Relaxed) - threads)
}

/// What a reorder comes to that has begun, and waits, while somebody else has `first` done and not
/// committed.
fn reorder_behind(
    office: &Office,
    id: GenerationId,
    order: &[PlanStepId],
    first: impl Fn(&mut GenerationRepository<'_>) -> Result<()> + Send,
) -> Result<()> {
    let (begun, is_begun) = mpsc::channel();
    let (tell, told) = mpsc::channel::<()>();
    let store = office.store();
    let waits = "SELECT count(*) FROM pg_stat_activity
                  WHERE datname = current_database() AND query LIKE '-- planwright: reorder steps%'
                    AND wait_event_type = 'Lock'";
    thread::scope(|scope| {
        scope.spawn(move || {
            let done = store.write(|uow| {
                first(&mut uow.plan_generations(office.user))?;
                begun.send(()).unwrap();
                let _ = told.recv();
                Ok(())
            });
            done.unwrap();
        });
        is_begun.recv().unwrap();
        let behind = scope.spawn(|| with(office, |of| of.reorder(id, order)));
        let deadline = Instant::now() + Duration::from_secs(20);
        while number(store, waits) == 0 {
            assert!(Instant::now() < deadline && !behind.is_finished(), "it does not wait");
            thread::yield_now();
        }
        drop(tell);
        behind.join().unwrap()
    })
}

fn ids(office: &Office, id: GenerationId) -> Vec<PlanStepId> {
    steps(office, id).into_iter().map(|step| step.id).collect()
}

#[test]
fn of_two_generations_that_are_selected_at_once_one_is() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let made = [(); 3].map(|()| {
        let id = one(&office, plan, ImplementationPlanStatus::Processing).id;
        let result = GenerationResult::new(format!("# {id}"));
        with(&office, |of| of.finish(id, &result)).unwrap().id
    });
    let selected = "SELECT id::text FROM feature_planner.implementation_plan_generations
                     WHERE is_selected";
    for _ in 0..ROUNDS {
        let (done, again) = at_once(office.store(), 3, |uow, nth| {
            uow.plan_generations(office.user).select(plan, made[nth])
        });
        assert_eq!(again, 0);
        for (done, id) in done.into_iter().zip(made) {
            assert_eq!(done.unwrap().selected_plan_generation_id, Some(id));
        }
        let id = office.text(selected);
        let stored = office.store().read(|uow| uow.feature_plans(office.user).get(plan)).unwrap();
        assert_eq!(stored.selected_plan_generation_id.unwrap().to_string(), id);
        assert_eq!(stored.implementation_plan, Some(format!("# {id}")));
    }
}

#[test]
fn of_two_refinements_that_are_selected_at_once_one_is_and_its_request_is_the_plans() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let agents = ["a", "b"].map(NewRefinement::new);
    let made = office.store().write(|uow| {
        let mut of = uow.feature_refinements(office.user);
        let made = of.start(plan, &agents)?;
        for one in &made {
            of.finish(one.id, &RefinementResult::new(one.id.to_string()))?;
        }
        Ok(made)
    });
    let made = made.unwrap();
    for _ in 0..ROUNDS {
        let (done, again) = at_once(office.store(), 2, |uow, nth| {
            uow.feature_refinements(office.user).select(plan, made[nth].id)
        });
        assert!(done.iter().all(Result::is_ok) && again == 0, "{done:?}");
        let stored = office.store().read(|uow| uow.feature_plans(office.user).get(plan)).unwrap();
        let id = stored.selected_refinement_id.unwrap();
        assert_eq!(stored.refined_request, Some(id.to_string()));
    }
}

#[test]
fn of_a_result_a_failure_and_a_cancellation_at_once_one_is_kept_and_its_time_once() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let usage = Usage::new().execution_time_ms(1);
    let result = RefinementResult { usage, ..RefinementResult::new("R") };
    let failure = Failure { usage, ..Failure::new("no") };
    let ends = [RefinementStatus::Completed, RefinementStatus::Failed, RefinementStatus::Cancelled];
    let mut time = 0;
    for _ in 0..ROUNDS {
        let agent = [NewRefinement::new("a")];
        let started =
            office.store().write(|uow| uow.feature_refinements(office.user).start(plan, &agent));
        let id = started.unwrap()[0].id;
        let (done, again) = at_once(office.store(), 3, |uow, nth| {
            let mut of = uow.feature_refinements(office.user);
            match nth {
                0 => of.finish(id, &result),
                1 => of.fail(id, &failure),
                _ => of.cancel(id),
            }
        });
        assert_eq!(again, 0);
        let winner = done.iter().position(Result::is_ok).expect("one that wins");
        time += i32::from(winner != 2);
        for (nth, lost) in done.iter().enumerate().filter(|(nth, _)| *nth != winner) {
            let Err(Error::InvalidTransition { from, to, .. }) = lost else { panic!("{lost:?}") };
            assert_eq!((&**from, &**to), (ends[winner].label(), ends[nth].label()));
        }
        let (stored, plan) = office
            .store()
            .read(|uow| {
                let stored = uow.feature_refinements(office.user).get(id)?;
                Ok((stored, uow.feature_plans(office.user).get(plan)?))
            })
            .unwrap();
        assert_eq!((stored.status, plan.total_execution_time_ms), (ends[winner], time));
    }
}

#[test]
fn a_reorder_that_waits_for_another_comes_behind_it() {
    let (office, id) = planned(&["a", "b", "c"]);
    let [a, b, c] = <[PlanStepId; 3]>::try_from(ids(&office, id)).unwrap();
    // What the second has to move the first has not, and the other way about.
    let orders = [[b, a, c], [a, b, c], [c, a, b], [a, c, b], [b, c, a]];
    for first in orders {
        for second in orders {
            reorder_behind(&office, id, &second, |of| of.reorder(id, &first)).unwrap();
            assert_eq!(ids(&office, id), second);
            titles(&office, id);
        }
    }
}

#[test]
fn a_reorder_that_waits_for_a_step_that_is_added_is_refused_and_names_it() {
    let (office, id) = planned(&["a", "b"]);
    let mut order = ids(&office, id);
    order.reverse();
    let new = NewPlanStep::new("c", "");
    let refused =
        reorder_behind(&office, id, &order, |of| of.add_step(id, &new, Some(0)).map(drop));
    let added = ids(&office, id)[0];
    let words =
        format!("feature_planner::Generation {id}: has 3 steps, of which 2 are named: not {added}");
    assert_eq!(refused.unwrap_err().to_string(), words);
    assert_eq!(titles(&office, id), ["c", "a", "b"]);
}

#[test]
fn a_reorder_that_waits_for_a_step_that_is_deleted_is_refused_and_names_it() {
    let (office, id) = planned(&["a", "b", "c"]);
    let mut order = ids(&office, id);
    order.reverse();
    let gone = order[1];
    let refused = reorder_behind(&office, id, &order, |of| of.delete_step(gone));
    let words = format!("feature_planner::PlanStep {gone} was not found");
    assert_eq!(refused.unwrap_err().to_string(), words);
    assert_eq!(titles(&office, id), ["a", "c"]);
}

#[test]
fn a_reorder_that_waits_for_the_generation_to_be_deleted_does_not_find_it() {
    let (office, id) = planned(&["a", "b"]);
    let order = ids(&office, id);
    let refused = reorder_behind(&office, id, &order, |of| of.delete(id)).unwrap_err();
    let words = format!("feature_planner::Generation {id} was not found");
    assert_eq!(refused.to_string(), words);
}

#[test]
fn of_many_orders_at_once_the_last_ones_is_left() {
    let (office, id) = planned(&["a", "b", "c", "d", "e", "f", "g"]);
    let mut order = ids(&office, id);
    for round in 0..ROUNDS {
        order.rotate_left(round % 3 + 1);
        let mut other = order.clone();
        other.reverse();
        let mut third = other.clone();
        third.swap(1, 5);
        let orders = [order.clone(), other, third];
        let (done, again) = at_once(office.store(), 3, |uow, nth| {
            uow.plan_generations(office.user).reorder(id, &orders[nth])
        });
        assert_eq!(again, 0);
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert!(orders.contains(&ids(&office, id)), "it is one of the callers'");
        titles(&office, id);
    }
}

#[test]
fn steps_that_are_added_deleted_and_reordered_at_once_stay_dense() {
    let (office, id) = planned(&["a", "b", "c", "d"]);
    let (mut moved, mut refused) = (0, 0);
    for _ in 0..ROUNDS {
        let before = ids(&office, id);
        let mut order = before.clone();
        order.reverse();
        let new = NewPlanStep::new("new", "");
        let (mut done, again) = at_once(office.store(), 4, |uow, nth| {
            let mut of = uow.plan_generations(office.user);
            match nth {
                0 => of.reorder(id, &order),
                1 => of.add_step(id, &new, Some(1)).map(drop),
                2 => of.add_step(id, &new, None).map(drop),
                _ => of.delete_step(before[2]),
            }
        });
        assert_eq!(again, 0);
        match done.remove(0) {
            Ok(()) => moved += 1,
            Err(error) => {
                assert!(error.is_not_found() || error.is_conflict(), "{error:?}");
                assert!(!matches!(error, Error::Constraint { .. }), "{error:?}");
                refused += 1;
            }
        }
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert_eq!(titles(&office, id).len(), before.len() + 1);
    }
    println!("{moved} reordered, {refused} refused");
}

#[test]
fn a_template_that_is_used_by_many_at_once_counts_them_all() {
    let office = Office::new();
    let plans = [(); 4].map(|()| office.plan(PlanStatus::Planning));
    let made = plans.map(|plan| one(&office, plan, ImplementationPlanStatus::Completed).id);
    let public = template(&office, office.other, "public", true);
    for _ in 0..10 {
        let (done, again) = at_once(office.store(), 4, |uow, nth| {
            uow.plan_generations(office.user).add_step_from_template(made[nth], public, Some(0))
        });
        assert_eq!(again, 0);
        assert!(done.iter().all(Result::is_ok), "{done:?}");
    }
    let used = "SELECT usage_count FROM feature_planner.plan_step_templates";
    assert_eq!(number(office.store(), used), 41 + 40);
}

#[test]
fn a_generation_that_is_finished_and_failed_at_once_has_steps_if_it_is_completed() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let new = NewGeneration::new("a");
    let mut result = GenerationResult::new("# Plan");
    result.steps = titled(&["a", "b"]);
    let failure = Failure::new("no");
    for _ in 0..ROUNDS {
        let id = with(&office, |of| of.start(plan, &new)).unwrap().id;
        let (done, again) = at_once(office.store(), 2, |uow, nth| {
            let mut of = uow.plan_generations(office.user);
            if nth == 0 { of.finish(id, &result) } else { of.fail(id, &failure) }
        });
        assert_eq!(again, 0);
        let winner = done.iter().position(Result::is_ok).expect("one that wins");
        let lost = done[1 - winner].as_ref().unwrap_err();
        assert!(matches!(lost, Error::InvalidTransition { .. }), "{lost:?}");
        assert_eq!(titles(&office, id).len(), if winner == 0 { 2 } else { 0 });
    }
}
