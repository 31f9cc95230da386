//! Master plans: what is stored of them, how far they are, and where they are used.

use std::sync::Barrier;
use std::thread;

use planwright::cutover::{
    IterationId, MasterPlan, MasterPlanFilter, MasterPlanId, NewMasterPlan, Status, factory,
};
use planwright::{Error, Page, Store};

use super::rows::{STEPS, every_try, iteration, put_status};
use super::{Move, database};
use crate::support::{execute, number};

fn create(store: &Store, new: &NewMasterPlan) -> MasterPlan {
    store.write(|uow| uow.master_plans().create(new)).unwrap()
}

fn new() -> NewMasterPlan {
    NewMasterPlan::new("Weekend in three waves")
}

fn full() -> NewMasterPlan {
    let plm_description = Some("é 'x' \\ ; -- \n".into());
    NewMasterPlan { plm_description, ..NewMasterPlan::new("é".repeat(255)) }
}

/// What of a row was given.
fn given(row: &MasterPlan) -> NewMasterPlan {
    NewMasterPlan { plm_name: row.plm_name.clone(), plm_description: row.plm_description.clone() }
}

#[test]
fn what_is_created_is_found_as_it_was_given() {
    let database = database();
    let store = database.store();
    for new in [full(), new()] {
        let unit = store.transaction().actor("amy");
        let made = unit.run(|uow| uow.master_plans().create(&new)).unwrap();
        assert_eq!((given(&made), made.plm_status), (new, Status::Planning));
        assert_eq!(made.plm_id.0.get_version_num(), 7);
        let by = (made.created_by.as_deref(), made.updated_by.as_deref());
        assert_eq!(by, (Some("amy"), Some("amy")));
        assert_eq!(made.created_at, made.updated_at);
        let read = store.read(|uow| {
            let mut plans = uow.master_plans();
            Ok((plans.get(made.plm_id)?, plans.find(made.plm_id)?))
        });
        assert_eq!(read.unwrap(), (made.clone(), Some(made)));
    }
    let made = create(store, &new());
    assert_eq!((made.created_by, made.updated_by), (None, None));
}

#[test]
fn an_update_replaces_every_field_and_never_the_status() {
    let database = database();
    let store = database.store();
    let unit = store.transaction().actor("amy");
    let made = unit.run(|uow| uow.master_plans().create(&full())).unwrap();
    let other = create(store, &full());
    put_status(store, "plans_master_plm", made.plm_id, Status::Completed);
    for new in [new(), full()] {
        let unit = store.transaction().actor("bob");
        let changed = unit.run(|uow| uow.master_plans().update(made.plm_id, &new)).unwrap();
        assert_eq!((given(&changed), changed.plm_status), (new, Status::Completed));
        let by = (changed.created_by.as_deref(), changed.updated_by.as_deref());
        assert_eq!(by, (Some("amy"), Some("bob")));
        assert_eq!(changed.created_at, made.created_at);
        assert!(changed.updated_at > made.updated_at);
        assert_eq!(store.read(|uow| uow.master_plans().get(made.plm_id)).unwrap(), changed);
    }
    assert_eq!(store.read(|uow| uow.master_plans().get(other.plm_id)).unwrap(), other);
}

#[test]
fn what_is_not_there_is_none_or_an_error_that_names_it() {
    let setup = Move::new();
    let (store, id) = (setup.store(), MasterPlanId::new());
    assert_eq!(store.read(|uow| uow.master_plans().find(id)).unwrap(), None);
    let (from, to) = (Status::Planning, Status::InProgress);
    for error in [
        store.read(|uow| uow.master_plans().get(id)).map(drop),
        store.write(|uow| uow.master_plans().update(id, &new())).map(drop),
        store.write(|uow| uow.master_plans().set_status(id, from, to)).map(drop),
        store.write(|uow| uow.master_plans().delete(id)),
    ] {
        let error = error.unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(error.to_string(), format!("cutover::MasterPlan {id} was not found"));
    }
    assert_eq!(number(store, "SELECT count(*) FROM plans_master_plm"), 2);
}

#[test]
fn bad_input_is_refused_by_field_before_anything_is_sent() {
    let setup = Move::new();
    let store = setup.store();
    let named = NewMasterPlan::new;
    let described = |text: String| NewMasterPlan { plm_description: Some(text), ..new() };
    let cases = [
        ("plm_name", named("")),
        ("plm_name", named(" \n\u{a0}")),
        ("plm_name", named("a\0b")),
        ("plm_name", named(&"é".repeat(256))),
        ("plm_description", described("\0".into())),
        ("plm_description", described("x".repeat(10_001))),
    ];
    for (place, (field, bad)) in cases.into_iter().enumerate() {
        let sent = store.write(|uow| {
            let mut plans = uow.master_plans();
            for refused in [plans.create(&bad), plans.update(setup.plans[0], &bad)] {
                let Err(Error::Invalid { entity, field: refused, .. }) = refused else {
                    panic!("{place}: {refused:?}")
                };
                assert_eq!((entity, &*refused), ("cutover::NewMasterPlan", field), "{place}");
            }
            // A statement that had failed would abort the unit.
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1, "{place}");
    }
    for widest in [described("é".repeat(10_000)), described(String::new())] {
        assert_eq!(given(&create(store, &widest)), widest);
    }
    assert_eq!(number(store, "SELECT count(*) FROM plans_master_plm"), 4);
}

#[test]
fn every_pair_of_statuses_is_a_step_or_refused() {
    let setup = Move::new();
    let (store, id) = (setup.store(), setup.plans[0]);
    let mut steps = 0;
    for (stored, from, to) in every_try() {
        put_status(store, "plans_master_plm", id, stored);
        let before = store.read(|uow| uow.master_plans().get(id)).unwrap();
        let unit = store.transaction().actor("amy");
        let set = unit.run(|uow| uow.master_plans().set_status(id, from, to));
        let after = store.read(|uow| uow.master_plans().get(id)).unwrap();
        match set {
            Ok(set) => {
                assert!(STEPS.contains(&(from, to)) && stored == from, "{stored} {from} {to}");
                assert_eq!((set.plm_status, set.updated_by.as_deref()), (to, Some("amy")));
                assert_eq!(set, after);
                steps += 1;
                continue;
            }
            Err(Error::InvalidTransition { entity, from: was, to: asked, .. }) => {
                assert!(!STEPS.contains(&(from, to)), "{from} {to}");
                assert_eq!(entity, "cutover::MasterPlan");
                assert_eq!((was, asked), (from.to_string(), to.to_string()));
            }
            Err(error @ Error::Conflict { .. }) => {
                assert!(STEPS.contains(&(from, to)) && stored != from, "{stored} {from} {to}");
                let reason = format!("is {stored} by now, and not {from}");
                assert_eq!(error.to_string(), format!("cutover::MasterPlan {id}: {reason}"));
            }
            Err(error) => panic!("{error:?}"),
        }
        assert_eq!(after, before);
    }
    assert_eq!(steps, STEPS.len());
}

#[test]
fn of_two_sessions_that_saw_the_same_status_one_wins() {
    const ROUNDS: usize = 100;
    let database = database();
    let store = database.store();
    let ids: Vec<_> = (0..ROUNDS).map(|_| create(store, &new()).plm_id).collect();
    let barrier = Barrier::new(2);
    let session = || {
        let set = |id| {
            barrier.wait();
            let (from, to) = (Status::Planning, Status::InProgress);
            store.write(|uow| uow.master_plans().set_status(id, from, to))
        };
        ids.iter().copied().map(set).collect::<Vec<_>>()
    };
    let (one, two) = thread::scope(|scope| {
        let one = scope.spawn(session);
        let two = session();
        (one.join().unwrap(), two)
    });
    for both in one.into_iter().zip(two) {
        let ((Ok(_), Err(loser)) | (Err(loser), Ok(_))) = both else { panic!("{both:?}") };
        assert!(matches!(loser, Error::Conflict { .. }), "{loser:?}");
    }
}

#[test]
fn a_plan_is_deleted_once_no_iteration_runs_it() {
    let setup = Move::new();
    let (store, [a, b]) = (setup.store(), setup.plans);
    store.write(|uow| iteration(uow, setup.migration, a, "DR 1")).unwrap();
    let error = store.write(|uow| uow.master_plans().delete(a)).unwrap_err();
    assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
    let sentence = "an iteration's master plan exists, and stays while iterations run it";
    assert_eq!(error.to_string(), sentence);
    store.write(|uow| execute(uow, "DELETE FROM iterations_ite")).unwrap();
    store.write(|uow| uow.master_plans().delete(a)).unwrap();
    assert_eq!(store.read(|uow| uow.master_plans().find(a)).unwrap(), None);
    assert!(store.read(|uow| uow.master_plans().find(b)).unwrap().is_some());
}

#[test]
fn pages_are_by_key_and_of_the_status_that_is_asked_for() {
    let database = database();
    let store = database.store();
    let made: Vec<_> = (0..7).map(|n| create(store, &NewMasterPlan::new(format!("{n}")))).collect();
    for plan in &made[..3] {
        put_status(store, "plans_master_plm", plan.plm_id, Status::Cancelled);
    }
    // The lowest key that there is belongs to the list, too.
    let lowest = MasterPlanId(uuid::Uuid::nil());
    let sql = format!("INSERT INTO plans_master_plm (plm_id, plm_name) VALUES ('{lowest}', 'x')");
    store.write(|uow| execute(uow, &sql)).unwrap();
    let pages = |filter: MasterPlanFilter| {
        let (mut seen, mut page) = (Vec::new(), Page::first(2));
        loop {
            let listed = store.read(|uow| uow.master_plans().list(&filter, page)).unwrap();
            seen.extend(listed.items.iter().map(|plan| plan.plm_id));
            let Some(next) = listed.next else { return seen };
            assert!(seen.len() < 50, "it comes to no end");
            assert_eq!((listed.items.len(), seen.last()), (2, Some(&next)));
            page = Page::after(next, 2);
        }
    };
    let keys: Vec<_> = made.iter().map(|plan| plan.plm_id).collect();
    let all = || MasterPlanFilter::all();
    assert_eq!(pages(all()), [&[lowest], &keys[..]].concat());
    assert_eq!(pages(all().status(Status::Cancelled)), keys[..3]);
    assert_eq!(pages(all().status(Status::Planning)), [&[lowest], &keys[3..]].concat());
    assert_eq!(pages(all().status(Status::Completed)), []);
    for limit in [0, 1_001] {
        let error = store.read(|uow| uow.master_plans().list(&all(), Page::first(limit)));
        assert_eq!(error.unwrap_err().to_string(), "Page.limit: must be from 1 to 1000");
    }
}

#[test]
fn its_uses_are_iterations_and_their_migrations_by_key() {
    let setup = Move::new();
    let (store, [a, b]) = (setup.store(), setup.plans);
    let (other, used) = store
        .write(|uow| {
            let other = factory::migration(uow, "Other")?;
            let mut used = Vec::new();
            for n in 0..5 {
                let migration = if n % 2 == 0 { setup.migration } else { other };
                used.push(iteration(uow, migration, a, &format!("DR {n}"))?);
                iteration(uow, migration, b, &format!("RUN {n}"))?;
            }
            let lowest = IterationId(uuid::Uuid::nil());
            execute(
                uow,
                &format!(
                    "UPDATE iterations_ite SET ite_id = '{lowest}' WHERE ite_id = '{}'",
                    used[0]
                ),
            )?;
            used[0] = lowest;
            Ok((other, used))
        })
        .unwrap();
    let uses = |plan, page| store.read(|uow| uow.master_plans().used_by(plan, page)).unwrap();
    let found = uses(a, Page::first(10));
    assert_eq!(found.next, None);
    let keys: Vec<_> = found.items.iter().map(|one| one.iteration.ite_id).collect();
    assert_eq!(keys, used);
    for (place, one) in found.items.iter().enumerate() {
        let migration = if place % 2 == 0 { setup.migration } else { other };
        let rows = store.read(|uow| {
            Ok((uow.iterations().get(used[place])?, uow.cutover_migrations().get(migration)?))
        });
        assert_eq!((one.iteration.clone(), one.migration.clone()), rows.unwrap());
    }
    let page = uses(a, Page::first(2));
    assert_eq!((page.items, page.next), (found.items[..2].to_vec(), Some(used[1])));
    let page = uses(a, Page::after(used[0], 2));
    assert_eq!((page.items, page.next), (found.items[1..3].to_vec(), Some(used[2])));
    let page = uses(a, Page::after(used[2], 2));
    assert_eq!((page.items, page.next), (found.items[3..].to_vec(), None));
    assert!(uses(a, Page::after(used[4], 2)).items.is_empty());
    assert!(uses(MasterPlanId::new(), Page::first(1)).items.is_empty());
    for limit in [0, 1_001] {
        let error = store.read(|uow| uow.master_plans().used_by(a, Page::first(limit)));
        assert_eq!(error.unwrap_err().to_string(), "Page.limit: must be from 1 to 1000");
    }
}
