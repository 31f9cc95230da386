//! Sessions that want the same iterations at the same moment.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use planwright::cutover::{
    IterationUpdate, Linked, MasterPlanId, NewIteration, Status, factory, policy,
};
use planwright::{ConstraintKind, Error, Result, Store, UnitOfWork};

use super::Move;
use super::link::{cutover, link, linked, rehearsal};
use super::policy::beside_a_writer;
use crate::support::{execute, number};

const ROUNDS: usize = 40;

/// One where names are not unique yet, and one where they are.
fn both() -> [Move; 2] {
    let bare = Move::new();
    bare.store().write(|uow| execute(uow, "DROP INDEX iterations_ite_mig_id_ite_name_uq")).unwrap();
    [bare, Move::new()]
}

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

fn named(store: &Store, name: &str) -> i64 {
    number(store, &format!("SELECT count(*) FROM iterations_ite WHERE ite_name = '{name}'"))
}

#[test]
fn the_same_link_at_once_makes_one_iteration() {
    for of in both() {
        let store = of.store();
        for round in 0..ROUNDS {
            let new = rehearsal(&of, &format!("{round}"));
            let (done, again) = at_once(store, 3, |uow, _| uow.iterations().link(&new));
            let done: Vec<_> = done.into_iter().map(Result::unwrap).collect();
            let made = done.iter().filter(|one| matches!(one, Linked::Created(_))).count();
            assert_eq!((made, again), (1, 0), "{done:?}");
            assert!(done.iter().all(|one| one.iteration() == done[0].iteration()), "{done:?}");
            assert_eq!(named(store, &new.ite_name), 1);
        }
    }
}

#[test]
fn of_two_links_with_different_plans_one_wins_and_the_other_is_told_both() {
    for of in both() {
        let store = of.store();
        for round in 0..ROUNDS {
            let new = rehearsal(&of, &format!("{round}"));
            let (done, again) = at_once(store, 2, |uow, nth| {
                uow.iterations().link(&NewIteration { plm_id: of.plans[nth], ..new.clone() })
            });
            assert_eq!(again, 0);
            let winner = done.iter().position(Result::is_ok).expect("one that wins");
            let loser = done[1 - winner].as_ref().unwrap_err();
            assert!(matches!(loser, Error::Conflict { .. }), "{loser:?}");
            let both = ["Plan A", "Plan B"];
            let words = format!(
                "runs master plan {:?} ({}), not {:?} ({})",
                both[winner],
                of.plans[winner],
                both[1 - winner],
                of.plans[1 - winner]
            );
            assert!(loser.to_string().ends_with(&words), "{loser}");
            assert_eq!(named(store, &new.ite_name), 1);
        }
    }
}

#[test]
fn a_link_that_a_unit_of_one_moment_cannot_see_is_refused_by_the_rule_of_names() {
    let of = Move::new();
    let store = of.store();
    let new = rehearsal(&of, "DR 1");
    let unit = store.transaction().repeatable_read();
    let refused = unit.run(|uow| {
        execute(uow, "SELECT 1 FROM iterations_ite")?;
        thread::scope(|scope| scope.spawn(|| linked(store, &new)).join().unwrap());
        uow.iterations().link(&new)
    });
    let refused = refused.unwrap_err();
    assert_eq!(refused.to_string(), "the iterations of a migration have different names");
    assert!(refused.is_conflict());
}

#[test]
fn a_link_that_waits_for_an_old_writer_of_the_same_name_is_refused_and_finds_it_when_run_again() {
    let of = Move::new();
    let store = of.store();
    let new = rehearsal(&of, "DR 1");
    let write = format!(
        "INSERT INTO iterations_ite (mig_id, plm_id, itt_code, ite_name)
         VALUES ('{}', '{}', 'DR', 'DR 1')",
        of.migration, of.plans[0]
    );
    let waits = || {
        number(
            store,
            "SELECT count(*) FROM pg_stat_activity
              WHERE datname = current_database() AND query LIKE '-- planwright: link%'
                AND wait_event_type = 'Lock'",
        ) > 0
    };
    let refused = beside_a_writer(store, &write, || link(store, &new), waits).unwrap_err();
    assert_eq!(refused.to_string(), "the iterations of a migration have different names");
    assert!(matches!(link(store, &new), Ok(Linked::Found(_))));
}

#[test]
fn a_name_that_is_given_and_linked_at_once_is_there_once() {
    for of in both() {
        let store = of.store();
        for round in 0..ROUNDS {
            let other = linked(store, &rehearsal(&of, &format!("before {round}")));
            let name = format!("{round}");
            let update = IterationUpdate { ite_name: name.clone(), ..(&other).into() };
            let new = cutover(&of, &name);
            let (done, again) = at_once(store, 2, |uow, nth| match nth {
                0 => uow.iterations().update(other.ite_id, &update).map(drop),
                _ => uow.iterations().link(&new).map(drop),
            });
            assert_eq!(again, 0);
            let refused: Vec<_> = done.into_iter().filter_map(Result::err).collect();
            assert!(matches!(&refused[..], [Error::Conflict { .. }]), "{refused:?}");
            assert_eq!(named(store, &name), 1);
        }
    }
}

#[test]
fn of_two_steps_from_one_status_one_is_taken() {
    let of = Move::new();
    let store = of.store();
    let steps = [Status::InProgress, Status::Cancelled];
    for round in 0..ROUNDS {
        let id = linked(store, &rehearsal(&of, &format!("{round}"))).ite_id;
        let (done, again) = at_once(store, 2, |uow, nth| {
            uow.iterations().set_status(id, Status::Planning, steps[nth])
        });
        assert_eq!(again, 0);
        let winner = done.iter().position(Result::is_ok).expect("one that wins");
        let loser = done[1 - winner].as_ref().unwrap_err();
        assert!(matches!(loser, Error::Conflict { .. }), "{loser:?}");
        let words = format!("is {} by now, and not PLANNING", steps[winner]);
        assert!(loser.to_string().ends_with(&words), "{loser}");
        let stored = store.read(|uow| uow.iterations().get(id)).unwrap();
        assert_eq!(stored.ite_status, steps[winner]);
    }
}

#[test]
fn a_relink_beside_a_beginning_is_done_before_it_or_refused() {
    let of = Move::new();
    let store = of.store();
    let (mut done_before, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let id = linked(store, &rehearsal(&of, &format!("{round}"))).ite_id;
        let (mut done, again) = at_once(store, 2, |uow, nth| match nth {
            0 => uow.iterations().relink(id, of.plans[1]),
            _ => uow.iterations().set_status(id, Status::Planning, Status::InProgress),
        });
        assert_eq!(again, 0);
        let (begun, relinked) = (done.pop().unwrap().unwrap(), done.pop().unwrap());
        let stored = store.read(|uow| uow.iterations().get(id)).unwrap();
        assert_eq!(stored.ite_status, Status::InProgress);
        match relinked {
            Ok(relinked) => {
                done_before += 1;
                assert_eq!(relinked.ite_status, Status::Planning);
                assert_eq!([stored.plm_id, begun.plm_id], [of.plans[1]; 2]);
            }
            Err(error) => {
                refused += 1;
                assert!(matches!(error, Error::InvalidTransition { .. }), "{error:?}");
                assert_eq!([stored.plm_id, begun.plm_id], [of.plans[0]; 2]);
            }
        }
    }
    println!("{done_before} relinked before, {refused} refused");
}

#[test]
fn an_unlink_beside_a_beginning_is_done_before_it_or_refused() {
    let of = Move::new();
    let store = of.store();
    for round in 0..ROUNDS {
        let id = linked(store, &rehearsal(&of, &format!("{round}"))).ite_id;
        let (mut done, again) = at_once(store, 2, |uow, nth| {
            let mut iterations = uow.iterations();
            match nth {
                0 => iterations.unlink(id),
                _ => iterations.set_status(id, Status::Planning, Status::InProgress).map(drop),
            }
        });
        assert_eq!(again, 0);
        let (begun, gone) = (done.pop().unwrap(), done.pop().unwrap());
        let left = store.read(|uow| uow.iterations().find(id)).unwrap();
        match (gone, begun) {
            (Ok(()), Err(error)) => assert!(error.is_not_found() && left.is_none(), "{error:?}"),
            (Err(error), Ok(())) => {
                assert!(matches!(error, Error::InvalidTransition { .. }), "{error:?}");
                assert_eq!(left.unwrap().ite_status, Status::InProgress);
            }
            both => panic!("{both:?}"),
        }
    }
}

#[test]
fn a_link_beside_the_deletion_of_its_migration_or_plan_leaves_no_orphan() {
    let of = Move::new();
    let store = of.store();
    let (mut won, mut lost) = (0, 0);
    for round in 0..2 * ROUNDS {
        let of_plan = round % 2 == 0;
        let (mig_id, plm_id): (_, MasterPlanId) = store
            .write(|uow| Ok((factory::migration(uow, "M")?, factory::master_plan(uow, "P")?)))
            .unwrap();
        let new = NewIteration { mig_id, plm_id, ..rehearsal(&of, "DR 1") };
        let delete = if of_plan {
            format!("DELETE FROM plans_master_plm WHERE plm_id = '{plm_id}'")
        } else {
            format!("DELETE FROM migrations_mig WHERE mig_id = '{mig_id}'")
        };
        let (mut done, again) = at_once(store, 2, |uow, nth| match nth {
            0 => uow.iterations().link(&new).map(drop),
            _ => execute(uow, &delete).map(drop),
        });
        assert_eq!(again, 0);
        let is_foreign = |error: &Error| {
            matches!(error, Error::Constraint { kind: ConstraintKind::ForeignKey, .. })
        };
        match (done.pop().unwrap(), done.pop().unwrap()) {
            (Err(error), Ok(())) => {
                won += 1;
                assert!(is_foreign(&error), "{error:?}");
            }
            (Ok(()), Err(error)) if of_plan => {
                lost += 1;
                assert!(is_foreign(&error), "{error:?}");
                assert!(error.to_string().starts_with("an iteration's master plan"), "{error}");
            }
            (Ok(()), Err(error)) => {
                lost += 1;
                assert_eq!(error.to_string(), format!("cutover::Migration {mig_id} was not found"));
            }
            both => panic!("{both:?}"),
        }
    }
    println!("linked {won} times, deleted {lost} times");
}

#[test]
fn with_the_policy_of_two_open_cutovers_one_is_refused() {
    let of = Move::new();
    let store = of.store();
    policy::enable(store).unwrap();
    for round in 0..ROUNDS {
        let names = [0, 1].map(|nth| format!("{round} {nth}"));
        let (mut done, again) =
            at_once(store, 2, |uow, nth| uow.iterations().link(&cutover(&of, &names[nth])));
        assert_eq!(again, 0);
        let winner = done.iter().position(Result::is_ok).expect("one that wins");
        let loser = done.remove(1 - winner).unwrap_err();
        assert!(matches!(loser, Error::Conflict { .. }), "{loser:?}");
        assert!(loser.to_string().contains(&format!("{:?} is PLANNING", names[winner])), "{loser}");
        let open = done.remove(0).unwrap().into_iteration();
        store
            .write(|uow| {
                let mut iterations = uow.iterations();
                iterations.set_status(open.ite_id, Status::Planning, Status::Cancelled)
            })
            .unwrap();
    }
    assert_eq!(number(store, "SELECT count(*) FROM iterations_ite"), ROUNDS as i64);
}
