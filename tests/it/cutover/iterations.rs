//! Iterations, once they are linked.

use planwright::cutover::{
    Iteration, IterationFilter, IterationId, IterationTypeCode, IterationUpdate, MasterPlanId,
    MigrationId, NewIteration, Sides, Status, factory,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{ConstraintKind, Error, Page, Result, Store, StoreOptions};

use super::Move;
use super::link::{cutover, date, linked, rehearsal};
use crate::support::{execute, number};

fn set(store: &Store, id: IterationId, steps: &[Status]) {
    for two in steps.windows(2) {
        store.write(|uow| uow.iterations().set_status(id, two[0], two[1])).unwrap();
    }
}

fn relink(store: &Store, id: IterationId, plan: MasterPlanId) -> Result<Iteration> {
    store.write(|uow| uow.iterations().relink(id, plan))
}

fn all(store: &Store, filter: &IterationFilter) -> Vec<IterationId> {
    let listed = store.read(|uow| uow.iterations().list(filter, Page::first(1_000))).unwrap();
    listed.items.into_iter().map(|one| one.ite_id).collect()
}

#[test]
fn what_is_not_there_is_none_or_an_error_that_names_it() {
    let of = Move::new();
    let store = of.store();
    let id = IterationId::new();
    let update = IterationUpdate::from(&linked(store, &rehearsal(&of, "DR 1")));
    assert_eq!(store.read(|uow| uow.iterations().find(id)).unwrap(), None);
    let (planning, begun) = (Status::Planning, Status::InProgress);
    for error in [
        store.read(|uow| uow.iterations().get(id)).map(drop),
        store.write(|uow| uow.iterations().update(id, &update)).map(drop),
        store.write(|uow| uow.iterations().set_status(id, planning, begun)).map(drop),
        store.write(|uow| uow.iterations().unlink(id)),
        relink(store, id, of.plans[0]).map(drop),
    ] {
        let error = error.unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(error.to_string(), format!("cutover::Iteration {id} was not found"));
    }
}

#[test]
fn while_it_is_planned_an_iteration_comes_to_another_plan() {
    let of = Move::new();
    let store = of.store();
    let [a, b] = of.plans;
    let made = linked(store, &rehearsal(&of, "DR 1"));
    let unit = store.transaction().actor("bo");
    let moved = unit.run(|uow| uow.iterations().relink(made.ite_id, b)).unwrap();
    assert_eq!(moved.plm_id, b);
    assert_eq!(moved.updated_by.as_deref(), Some("bo"));
    assert!(moved.updated_at > made.updated_at);
    assert_eq!(store.read(|uow| uow.iterations().get(made.ite_id)).unwrap(), moved);
    // The same again, however far it is.
    assert_eq!(relink(store, made.ite_id, b).unwrap(), moved);
    set(store, made.ite_id, &[Status::Planning, Status::InProgress]);
    let begun = store.read(|uow| uow.iterations().get(made.ite_id)).unwrap();
    assert_eq!(relink(store, made.ite_id, b).unwrap(), begun);

    for status in [Status::InProgress, Status::Completed] {
        let error = relink(store, made.ite_id, a).unwrap_err();
        let Error::InvalidTransition { entity, from, to, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, from.as_str()), ("cutover::Iteration", status.label()));
        assert_eq!(*to, format!("master plan {a}"));
        if status == Status::InProgress {
            set(store, made.ite_id, &[status, Status::Completed]);
        }
    }
    let other = linked(store, &rehearsal(&of, "DR 2"));
    let error = relink(store, other.ite_id, MasterPlanId::new()).unwrap_err();
    assert!(matches!(error, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
    assert!(error.to_string().starts_with("an iteration's master plan exists"), "{error}");
    set(store, other.ite_id, &[Status::Planning, Status::Cancelled]);
    let error = relink(store, other.ite_id, b).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cutover::Iteration {} cannot go from CANCELLED to master plan {b}", other.ite_id)
    );
}

#[test]
fn an_update_changes_what_people_write_and_nothing_else() {
    let of = Move::new();
    let store = of.store();
    let unit = || store.transaction().actor("amy");
    let made = unit().run(|uow| uow.iterations().link(&cutover(&of, "In May"))).unwrap();
    let made = made.into_iteration();
    set(store, made.ite_id, &[Status::Planning, Status::InProgress, Status::Completed]);
    let update = IterationUpdate {
        ite_name: "In June".into(),
        ite_description: Some("put off".into()),
        ite_static_cutover_date: Some(date("2026-06-01T00:00:00Z")),
        ite_dynamic_cutover_date: None,
    };
    let unit = store.transaction().actor("bo");
    let changed = unit.run(|uow| uow.iterations().update(made.ite_id, &update)).unwrap();
    assert_eq!(IterationUpdate::from(&changed), update);
    assert_eq!(changed.created_by.as_deref(), Some("amy"));
    assert_eq!(changed.updated_by.as_deref(), Some("bo"));
    let expected = Iteration {
        ite_name: made.ite_name.clone(),
        ite_description: None,
        ite_static_cutover_date: None,
        ite_status: Status::Planning,
        updated_by: made.updated_by.clone(),
        updated_at: made.updated_at,
        ..changed.clone()
    };
    assert_eq!(expected, made);
    assert_eq!(store.read(|uow| uow.iterations().get(made.ite_id)).unwrap(), changed);

    let other = linked(store, &rehearsal(&of, "DR 1"));
    let error = store.write(|uow| uow.iterations().update(other.ite_id, &update)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "cutover::Iteration {}: iteration {} of its migration is named \"In June\" already",
            other.ite_id, made.ite_id
        )
    );
    assert!(error.is_conflict());
    let same = IterationUpdate::from(&other);
    store.write(|uow| uow.iterations().update(other.ite_id, &same)).unwrap();

    for (field, bad) in [
        ("ite_name", IterationUpdate { ite_name: " ".into(), ..update.clone() }),
        (
            "ite_description",
            IterationUpdate { ite_description: Some("\0".into()), ..update.clone() },
        ),
        (
            "ite_static_cutover_date",
            IterationUpdate {
                ite_static_cutover_date: Some(chrono::DateTime::<chrono::Utc>::MIN_UTC),
                ..update.clone()
            },
        ),
        (
            "ite_dynamic_cutover_date",
            IterationUpdate {
                ite_dynamic_cutover_date: Some(chrono::DateTime::<chrono::Utc>::MAX_UTC),
                ..update
            },
        ),
    ] {
        let error = store.write(|uow| uow.iterations().update(made.ite_id, &bad)).unwrap_err();
        let Error::Invalid { entity, field: refused, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, refused.as_str()), ("cutover::IterationUpdate", field));
    }
}

#[test]
fn every_step_is_compared_with_the_status_that_is_stored() {
    let of = Move::new();
    let store = of.store();
    for stored in Status::ALL {
        for from in Status::ALL {
            for to in Status::ALL {
                let name = format!("{stored} {from} {to}");
                let made = linked(store, &rehearsal(&of, &name));
                store
                    .write(|uow| {
                        execute(
                            uow,
                            &format!(
                                "UPDATE iterations_ite SET ite_status = '{stored}'
                                  WHERE ite_id = '{}'",
                                made.ite_id
                            ),
                        )
                    })
                    .unwrap();
                let unit = store.transaction().actor("bo");
                let done = unit.run(|uow| uow.iterations().set_status(made.ite_id, from, to));
                let now = store.read(|uow| uow.iterations().get(made.ite_id)).unwrap();
                match done {
                    Ok(changed) => {
                        assert!(from.may_become(to) && stored == from, "{name}");
                        assert_eq!((changed.ite_status, &changed), (to, &now));
                        assert_eq!(changed.updated_by.as_deref(), Some("bo"));
                        continue;
                    }
                    Err(Error::InvalidTransition { .. }) => assert!(!from.may_become(to), "{name}"),
                    Err(error) => {
                        assert!(from.may_become(to) && stored != from, "{name}: {error}");
                        let words = format!("is {stored} by now, and not {from}");
                        assert!(error.to_string().ends_with(&words), "{error}");
                        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
                    }
                }
                assert_eq!(now.ite_status, stored, "{name}");
            }
        }
    }
}

#[test]
fn an_iteration_is_unlinked_before_it_begins_or_once_it_is_cancelled() {
    let of = Move::new();
    let store = of.store();
    let unlink = |id| store.write(|uow| uow.iterations().unlink(id));
    for status in Status::ALL {
        let made = linked(store, &rehearsal(&of, status.label()));
        let sql = format!(
            "UPDATE iterations_ite SET ite_status = '{status}' WHERE ite_id = '{}'",
            made.ite_id
        );
        store.write(|uow| execute(uow, &sql)).unwrap();
        let left = || store.read(|uow| uow.iterations().find(made.ite_id)).unwrap();
        if matches!(status, Status::Planning | Status::Cancelled) {
            unlink(made.ite_id).unwrap();
            assert_eq!(left(), None);
            assert!(unlink(made.ite_id).unwrap_err().is_not_found());
            // The name is free again.
            linked(store, &rehearsal(&of, status.label()));
        } else {
            // A unit that goes on and is committed has not lost it.
            let error = store.write(|uow| Ok(uow.iterations().unlink(made.ite_id).unwrap_err()));
            let error = error.unwrap();
            assert!(matches!(error, Error::InvalidTransition { .. }), "{error:?}");
            let words = format!("cannot go from {status} to unlinked");
            assert!(error.to_string().ends_with(&words), "{error}");
            assert!(left().is_some());
        }
    }
}

#[test]
fn lists_are_filtered_and_paged_by_key() {
    let of = Move::new();
    let store = of.store();
    let [a, b] = of.plans;
    let south = store.write(|uow| factory::migration(uow, "South")).unwrap();
    let mut every = Vec::new();
    for nth in 0..12 {
        let new = NewIteration {
            mig_id: if nth % 2 == 0 { of.migration } else { south },
            plm_id: if nth % 3 == 0 { b } else { a },
            ..if nth < 4 {
                cutover(&of, &format!("{nth}"))
            } else {
                rehearsal(&of, &format!("{nth}"))
            }
        };
        let made = linked(store, &new);
        if nth > 9 {
            set(store, made.ite_id, &[Status::Planning, Status::Cancelled]);
        }
        every.push(made.ite_id);
    }
    let some = |take: fn(usize) -> bool| -> Vec<_> {
        every.iter().enumerate().filter(|(nth, _)| take(*nth)).map(|(_, id)| *id).collect()
    };
    let of_all = IterationFilter::all;
    assert_eq!(all(store, &of_all()), every);
    assert_eq!(all(store, &of_all().migration(south)), some(|nth| nth % 2 == 1));
    assert_eq!(all(store, &of_all().migration(MigrationId::new())), []);
    assert_eq!(all(store, &of_all().plan(b)), some(|nth| nth % 3 == 0));
    assert_eq!(all(store, &of_all().itt_code(&IterationTypeCode::cutover())), some(|nth| nth < 4));
    assert_eq!(all(store, &of_all().status(Status::Cancelled)), some(|nth| nth > 9));
    let narrow = of_all()
        .migration(of.migration)
        .plan(a)
        .itt_code(&IterationTypeCode::dress_rehearsal())
        .status(Status::Planning);
    assert_eq!(all(store, &narrow), some(|nth| nth == 4 || nth == 8));

    let (mut seen, mut page) = (Vec::new(), Page::first(5));
    loop {
        let listed = store.read(|uow| uow.iterations().list(&of_all(), page)).unwrap();
        seen.extend(listed.items.iter().map(|one| one.ite_id));
        let Some(next) = listed.next else { break };
        assert_eq!(listed.items.len(), 5);
        page = Page::after(next, 5);
    }
    assert_eq!(seen, every);
    let none = store.read(|uow| uow.iterations().list(&of_all(), Page::first(0))).unwrap_err();
    assert_eq!(none.to_string(), "Page.limit: must be from 1 to 1000");
}

#[test]
fn the_latest_is_the_newest_of_its_type() {
    let of = Move::new();
    let store = of.store();
    let latest = |code: &IterationTypeCode| {
        store.read(|uow| uow.iterations().latest(of.migration, code)).unwrap()
    };
    let rehearsals = IterationTypeCode::dress_rehearsal();
    assert_eq!(latest(&rehearsals), None);
    let first = linked(store, &rehearsal(&of, "DR 1"));
    let second = linked(store, &rehearsal(&of, "DR 2"));
    linked(store, &cutover(&of, "Cutover"));
    assert_eq!(latest(&rehearsals), Some(second.clone()));
    assert_eq!(latest(&IterationTypeCode::run()), None);
    let nowhere =
        store.read(|uow| uow.iterations().latest(MigrationId::new(), &rehearsals)).unwrap();
    assert_eq!(nowhere, None);

    // By time before key, and by key where the times are equal. The database keeps created_at, so
    // its trigger is put aside.
    let stamp = |id: IterationId, at: &str| {
        store
            .write(|uow| {
                execute(uow, "ALTER TABLE iterations_ite DISABLE TRIGGER USER")?;
                let sql =
                    format!("UPDATE iterations_ite SET created_at = '{at}' WHERE ite_id = '{id}'");
                execute(uow, &sql)?;
                execute(uow, "ALTER TABLE iterations_ite ENABLE TRIGGER USER")
            })
            .unwrap();
    };
    stamp(first.ite_id, "2030-01-01");
    assert_eq!(latest(&rehearsals).unwrap().ite_id, first.ite_id);
    stamp(second.ite_id, "2030-01-01");
    assert_eq!(latest(&rehearsals).unwrap().ite_id, second.ite_id);
}

#[test]
fn a_comparison_says_what_is_different_and_nothing_else() {
    let of = Move::new();
    let store = of.store();
    let [a, b] = of.plans;
    let compare = |a, b| store.read(|uow| uow.iterations().compare(a, b));
    let one = linked(store, &rehearsal(&of, "DR 1"));
    let twin = linked(
        store,
        &NewIteration { ite_description: Some("a twin".into()), ..rehearsal(&of, "DR 2") },
    );
    let same = compare(one.ite_id, twin.ite_id).unwrap();
    assert!(same.is_empty(), "{same}");
    assert_eq!(same.to_string(), "");
    assert!(compare(one.ite_id, one.ite_id).unwrap().is_empty());

    let final_run = linked(
        store,
        &NewIteration {
            plm_id: b,
            ite_static_cutover_date: Some(date("2026-11-21T22:00:00Z")),
            ite_dynamic_cutover_date: Some(date("2026-11-22T01:30:00Z")),
            ..cutover(&of, "Cutover")
        },
    );
    set(store, final_run.ite_id, &[Status::Planning, Status::InProgress]);
    let found = compare(one.ite_id, final_run.ite_id).unwrap();
    assert!(!found.is_empty());
    let plans = found.plan.clone().unwrap();
    assert_eq!([plans.a.plm_id, plans.b.plm_id], [a, b]);
    assert_eq!(found.ite_status, Some(Sides { a: Status::Planning, b: Status::InProgress }));
    assert_eq!(
        found.ite_static_cutover_date,
        Some(Sides { a: None, b: Some(date("2026-11-21T22:00:00Z")) })
    );
    assert_eq!(
        found.to_string(),
        format!(
            "master plan: \"Plan A\" ({a}), then \"Plan B\" ({b})\n\
             type: DR, then CUTOVER\n\
             status: PLANNING, then IN_PROGRESS\n\
             static cutover date: none, then 2026-11-21 22:00:00 UTC\n\
             dynamic cutover date: none, then 2026-11-22 01:30:00 UTC\n"
        )
    );
    let back = compare(final_run.ite_id, one.ite_id).unwrap();
    assert_eq!(back.ite_status, Some(Sides { a: Status::InProgress, b: Status::Planning }));

    // Each alone is a difference.
    let base = |name: &str| NewIteration::new(of.migration, a, IterationTypeCode::run(), name);
    let left = linked(store, &base("left"));
    let only: [(&str, NewIteration); 4] = [
        ("master plan: ", NewIteration { plm_id: b, ..base("p") }),
        ("type: ", NewIteration { itt_code: IterationTypeCode::cutover(), ..base("t") }),
        (
            "static cutover date: ",
            NewIteration {
                ite_static_cutover_date: Some(date("2026-01-01T00:00:00Z")),
                ..base("s")
            },
        ),
        (
            "dynamic cutover date: ",
            NewIteration {
                ite_dynamic_cutover_date: Some(date("2026-01-01T00:00:00Z")),
                ..base("d")
            },
        ),
    ];
    for (line, new) in only {
        let found = compare(left.ite_id, linked(store, &new).ite_id).unwrap();
        assert!(!found.is_empty());
        let text = found.to_string();
        assert!(text.starts_with(line) && text.lines().count() == 1, "{text}");
    }
    for (a, b, missing) in {
        let (none, nor) = (IterationId::new(), IterationId::new());
        [(none, one.ite_id, none), (one.ite_id, none, none), (none, nor, none)]
    } {
        let error = compare(a, b).unwrap_err();
        assert_eq!(error.to_string(), format!("cutover::Iteration {missing} was not found"));
    }
}

#[test]
fn each_operation_has_its_fixed_number_of_round_trips() {
    let of = Move::new();
    let proxy = FaultProxy::in_front_of(of.database.url()).unwrap();
    let url = proxy.url_for(of.database.url()).unwrap();
    let store = &Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let count = |work: &dyn Fn()| {
        // Statements are prepared once on a connection.
        work();
        proxy.set(Fault::None);
        work();
        // Without BEGIN and COMMIT.
        proxy.requests() - 2
    };
    let next = std::cell::Cell::new(0);
    let fresh = || {
        next.set(next.get() + 1);
        rehearsal(&of, &format!("{}", next.get()))
    };
    let new = fresh();
    let [a, b] = of.plans;
    let id = linked(store, &new).ite_id;
    let other = linked(store, &fresh()).ite_id;
    for many in [0, 500] {
        for _ in 0..many {
            store.write(|uow| uow.iterations().link(&fresh())).unwrap();
        }
        assert_eq!(count(&|| drop(linked(store, &fresh()))), 2);
        assert_eq!(count(&|| drop(super::link::link(store, &new).unwrap())), 2);
        let taken = NewIteration { plm_id: b, ..new.clone() };
        assert_eq!(count(&|| drop(super::link::link(store, &taken).unwrap_err())), 3);
        let plan = std::cell::Cell::new(a);
        let turn = || {
            plan.set(if plan.get() == a { b } else { a });
            drop(relink(store, id, plan.get()).unwrap());
        };
        assert_eq!(count(&turn), 1);
        relink(store, id, a).unwrap();
        assert_eq!(count(&|| drop(relink(store, id, a).unwrap())), 1);
        let update = IterationUpdate::from(&store.read(|uow| uow.iterations().get(id)).unwrap());
        let change = || drop(store.write(|uow| uow.iterations().update(id, &update)).unwrap());
        assert_eq!(count(&change), 2);
        let filter = IterationFilter::all().plan(a);
        let list =
            || drop(store.read(|uow| uow.iterations().list(&filter, Page::first(9))).unwrap());
        assert_eq!(count(&list), 1);
        let latest = || {
            drop(store.read(|uow| uow.iterations().latest(of.migration, &new.itt_code)).unwrap());
        };
        assert_eq!(count(&latest), 1);
        let compare = || drop(store.read(|uow| uow.iterations().compare(id, other)).unwrap());
        assert_eq!(count(&compare), 1);
    }
    let made: Vec<_> = (0..2).map(|_| linked(store, &fresh()).ite_id).collect();
    let nth = std::cell::Cell::new(0);
    let step = || {
        let id = made[nth.replace(nth.get() + 1) % 2];
        store
            .write(|uow| uow.iterations().set_status(id, Status::Planning, Status::Cancelled))
            .unwrap();
    };
    assert_eq!(count(&step), 1);
    let refused = || {
        let (planning, begun) = (Status::Planning, Status::InProgress);
        store.write(|uow| uow.iterations().set_status(made[0], planning, begun)).unwrap_err();
    };
    assert_eq!(count(&refused), 2);
    let unlink = || {
        let id = made[nth.replace(nth.get() + 1) % 2];
        store.write(|uow| uow.iterations().unlink(id)).unwrap();
    };
    assert_eq!(count(&unlink), 1);
    assert!(number(store, "SELECT count(*) FROM iterations_ite") > 500);
}
