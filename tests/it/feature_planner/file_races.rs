//! Sessions that want the same files at the same moment.

use std::sync::Barrier;
use std::thread;

use planwright::feature_planner::{
    DiscoveryResult, Failure, FileDiscoveryStatus, FileFilter, FilePriority, NewDiscoveredFile,
    PlanStatus,
};
use planwright::{Error, Result, Store, UnitOfWork};
use serde_json::json;

use super::Office;
use super::discoveries::{file, found, four, started, store_plan, untrue};
use super::files::list;
use crate::support::{execute, number};

const ROUNDS: usize = 30;

/// Two units at once: both are open before either goes on.
fn at_once<T: Send>(
    store: &Store,
    work: impl Fn(&mut UnitOfWork<'_>, usize) -> Result<T> + Sync,
) -> [Result<T>; 2] {
    let (start, work) = (&Barrier::new(2), &work);
    let enter = |nth: usize| {
        move || {
            store.transaction().attempts(1).run(|uow| {
                execute(uow, "SELECT 1")?;
                start.wait();
                work(uow, nth)
            })
        }
    };
    thread::scope(|scope| {
        [scope.spawn(enter(0)), scope.spawn(enter(1))]
            .map(|thread| thread.join().expect("no panic"))
    })
}

#[test]
fn the_same_path_at_once_is_added_once_and_the_other_is_told() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, Vec::new()).id;
    let sql = "DROP INDEX feature_planner.discovered_files_discovery_session_id_file_path_uq";
    for unique in [true, false] {
        if !unique {
            store.write(|uow| execute(uow, sql)).unwrap();
        }
        for round in 0..ROUNDS {
            let new = NewDiscoveredFile::new(format!("{unique} {round}"), FilePriority::High);
            let added = at_once(store, |uow, _| uow.file_discoveries(user).add_file(done, &new));
            let winner = added.iter().position(Result::is_ok).expect("one that wins");
            let id = added[winner].as_ref().unwrap().id;
            let loser = added[1 - winner].as_ref().unwrap_err();
            assert!(matches!(loser, Error::Conflict { .. }), "{loser:?}");
            let words = format!("feature_planner::DiscoveredFile {id}: has the path");
            assert!(loser.to_string().starts_with(&words), "{loser}");
        }
    }
    let files = number(store, "SELECT count(*) FROM feature_planner.discovered_files");
    assert_eq!(files, 2 * i64::try_from(ROUNDS).unwrap());
    assert_eq!(untrue(store), 0);
}

#[test]
fn different_files_at_once_are_all_in_at_the_end() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four()).id;
    store.write(|uow| uow.file_discoveries(user).select(plan, done)).unwrap();
    let keys: Vec<_> = list(store, user, done, FileFilter::all()).iter().map(|f| f.id).collect();
    for round in 0..ROUNDS {
        let both = at_once(store, |uow, nth| {
            let keys = if nth == 0 { &keys[..2] } else { &keys[1..] };
            uow.file_discoveries(user).select_files(plan, keys)
        });
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        let selected = store_plan(store, user, plan).selected_files.unwrap();
        assert_eq!(selected.as_array().unwrap().len(), 4, "round {round}");
        assert_eq!(untrue(store), 0, "round {round}");
        let both = at_once(store, |uow, nth| {
            uow.file_discoveries(user).deselect_files(plan, &keys[2 * nth..2 * nth + 2])
        });
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        assert_eq!(store_plan(store, user, plan).selected_files, Some(json!([])), "round {round}");
    }
}

#[test]
fn files_that_are_added_and_chosen_at_once_leave_true_counts_lists_and_copies() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four()).id;
    store.write(|uow| uow.file_discoveries(user).select(plan, done)).unwrap();
    let keys: Vec<_> = list(store, user, done, FileFilter::all()).iter().map(|f| f.id).collect();
    for round in 0..ROUNDS {
        let new = file(&format!("{round}"), FilePriority::Medium, 1);
        let both = at_once(store, |uow, nth| {
            let mut discoveries = uow.file_discoveries(user);
            if nth == 0 {
                discoveries.add_file(done, &new).map(drop)
            } else if round % 2 == 0 {
                discoveries.select_files(plan, &keys).map(drop)
            } else {
                discoveries.deselect_files(plan, &keys).map(drop)
            }
        });
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        assert_eq!(untrue(store), 0, "round {round}");
    }
}

#[test]
fn of_a_result_and_a_failure_at_once_one_wins() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    for round in 0..ROUNDS {
        let id = started(store, user, plan).id;
        let both = at_once(store, |uow, nth| {
            let mut discoveries = uow.file_discoveries(user);
            if nth == 0 {
                discoveries.finish(id, &DiscoveryResult::new(four()))
            } else {
                discoveries.fail(id, &Failure::new("too late"))
            }
        });
        let stored = store.read(|uow| uow.file_discoveries(user).get(id)).unwrap();
        let winner = usize::from(stored.status == FileDiscoveryStatus::Failed);
        assert_eq!(both[winner].as_ref().unwrap(), &stored, "round {round}");
        let loser = both[1 - winner].as_ref().unwrap_err();
        assert!(matches!(loser, Error::InvalidTransition { .. }), "{loser:?}");
        let files = list(store, user, id, FileFilter::all()).len();
        assert_eq!(files, if winner == 0 { 4 } else { 0 }, "round {round}");
    }
}

#[test]
fn two_discoveries_at_once_are_not_both_selected() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let ids = [(); 2].map(|()| found(store, user, plan, four()).id);
    for round in 0..ROUNDS {
        let both = at_once(store, |uow, nth| uow.file_discoveries(user).select(plan, ids[nth]));
        assert!(both.iter().all(Result::is_ok), "{both:?}");
        let agree = "SELECT count(*) FROM feature_planner.file_discovery_sessions s
                       JOIN feature_planner.feature_plans p ON p.id = s.plan_id
                      WHERE s.is_selected = (p.selected_discovery_session_id = s.id)";
        assert_eq!(number(store, agree), 2, "round {round}");
    }
}
