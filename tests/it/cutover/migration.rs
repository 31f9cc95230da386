//! Migrations: what is stored of them, and how far they are.

use std::sync::Barrier;
use std::thread;

use planwright::cutover::{Migration, MigrationId, NewMigration, Status, factory};
use planwright::{Error, Store};

use super::rows::{STEPS, every_try, iteration, put_status};
use super::{Move, database};
use crate::support::{execute, number};

const ENTITY: &str = "cutover::Migration";

fn create(store: &Store, new: &NewMigration) -> Migration {
    store.write(|uow| uow.cutover_migrations().create(new)).unwrap()
}

fn new() -> NewMigration {
    NewMigration::new("Data centre north", "DATA_CENTRE")
}

/// With every field.
fn full(store: &Store) -> NewMigration {
    NewMigration {
        mig_description: Some("é 'x' \\ ; -- \n".into()),
        mig_start_date: "2027-03-01".parse().ok(),
        mig_end_date: "2027-03-01".parse().ok(),
        mig_business_cutover_date: "2026-12-31".parse().ok(),
        usr_id_owner: Some(store.write(factory::user).unwrap()),
        ..NewMigration::new("é".repeat(255), "x".repeat(50))
    }
}

/// What of a row was given.
fn given(row: &Migration) -> NewMigration {
    NewMigration {
        mig_name: row.mig_name.clone(),
        mig_description: row.mig_description.clone(),
        mig_type: row.mig_type.clone(),
        mig_start_date: row.mig_start_date,
        mig_end_date: row.mig_end_date,
        mig_business_cutover_date: row.mig_business_cutover_date,
        usr_id_owner: row.usr_id_owner,
    }
}

#[test]
fn what_is_created_is_found_as_it_was_given() {
    let database = database();
    let store = database.store();
    for new in [full(store), new()] {
        let unit = store.transaction().actor("amy");
        let made = unit.run(|uow| uow.cutover_migrations().create(&new)).unwrap();
        assert_eq!((given(&made), made.mig_status), (new, Status::Planning));
        assert_eq!(made.mig_id.0.get_version_num(), 7);
        let by = (made.created_by.as_deref(), made.updated_by.as_deref());
        assert_eq!(by, (Some("amy"), Some("amy")));
        assert_eq!(made.created_at, made.updated_at);
        let read = store.read(|uow| {
            let mut migrations = uow.cutover_migrations();
            Ok((migrations.get(made.mig_id)?, migrations.find(made.mig_id)?))
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
    let full = full(store);
    let unit = store.transaction().actor("amy");
    let made = unit.run(|uow| uow.cutover_migrations().create(&full)).unwrap();
    let other = create(store, &full);
    put_status(store, "migrations_mig", made.mig_id, Status::InProgress);
    for new in [new(), full] {
        let unit = store.transaction().actor("bob");
        let changed = unit.run(|uow| uow.cutover_migrations().update(made.mig_id, &new)).unwrap();
        assert_eq!((given(&changed), changed.mig_status), (new, Status::InProgress));
        let by = (changed.created_by.as_deref(), changed.updated_by.as_deref());
        assert_eq!(by, (Some("amy"), Some("bob")));
        assert_eq!(changed.created_at, made.created_at);
        assert!(changed.updated_at > made.updated_at);
        let stored = store.read(|uow| uow.cutover_migrations().get(made.mig_id));
        assert_eq!(stored.unwrap(), changed);
    }
    assert_eq!(store.read(|uow| uow.cutover_migrations().get(other.mig_id)).unwrap(), other);
}

#[test]
fn what_is_not_there_is_none_or_an_error_that_names_it() {
    let setup = Move::new();
    let (store, id) = (setup.store(), MigrationId::new());
    assert_eq!(store.read(|uow| uow.cutover_migrations().find(id)).unwrap(), None);
    let (from, to) = (Status::Planning, Status::InProgress);
    for error in [
        store.read(|uow| uow.cutover_migrations().get(id)).map(drop),
        store.read(|uow| uow.cutover_migrations().plans(id)).map(drop),
        store.write(|uow| uow.cutover_migrations().update(id, &new())).map(drop),
        store.write(|uow| uow.cutover_migrations().set_status(id, from, to)).map(drop),
        store.write(|uow| uow.cutover_migrations().delete(id)),
    ] {
        let error = error.unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
        assert_eq!(error.to_string(), format!("cutover::Migration {id} was not found"));
    }
    assert_eq!(number(store, "SELECT count(*) FROM migrations_mig"), 1);
}

#[test]
fn bad_input_is_refused_by_field_before_anything_is_sent() {
    let setup = Move::new();
    let store = setup.store();
    type Break = fn(&mut NewMigration);
    let cases: [(&str, Break); 14] = [
        ("mig_name", |new| new.mig_name = String::new()),
        ("mig_name", |new| new.mig_name = " \n\u{a0}".into()),
        ("mig_name", |new| new.mig_name = "a\0b".into()),
        ("mig_name", |new| new.mig_name = "é".repeat(256)),
        ("mig_description", |new| new.mig_description = Some("\0".into())),
        ("mig_description", |new| new.mig_description = Some("x".repeat(10_001))),
        ("mig_type", |new| new.mig_type = "\t".into()),
        ("mig_type", |new| new.mig_type = "a\0".into()),
        ("mig_type", |new| new.mig_type = "x".repeat(51)),
        ("mig_start_date", |new| new.mig_start_date = Some(chrono::NaiveDate::MIN)),
        ("mig_start_date", |new| new.mig_start_date = "0000-12-31".parse().ok()),
        ("mig_end_date", |new| new.mig_end_date = "+10000-01-01".parse().ok()),
        ("mig_business_cutover_date", |new| {
            new.mig_business_cutover_date = Some(chrono::NaiveDate::MAX);
        }),
        ("mig_end_date", |new| {
            new.mig_start_date = "2027-03-02".parse().ok();
            new.mig_end_date = "2027-03-01".parse().ok();
        }),
    ];
    for (place, (field, spoil)) in cases.into_iter().enumerate() {
        let mut bad = new();
        spoil(&mut bad);
        assert_ne!(bad, new(), "{place}");
        let sent = store.write(|uow| {
            let mut migrations = uow.cutover_migrations();
            for refused in [migrations.create(&bad), migrations.update(setup.migration, &bad)] {
                let Err(Error::Invalid { entity, field: refused, .. }) = refused else {
                    panic!("{place}: {refused:?}")
                };
                assert_eq!((entity, &*refused), ("cutover::NewMigration", field), "{place}");
            }
            // A statement that had failed would abort the unit.
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1, "{place}");
    }
    let widest = NewMigration {
        mig_description: Some("é".repeat(10_000)),
        mig_start_date: "0001-01-01".parse().ok(),
        mig_end_date: "9999-12-31".parse().ok(),
        ..new()
    };
    assert_eq!(given(&create(store, &widest)), widest);
    let blank = NewMigration { mig_description: Some(String::new()), ..new() };
    assert_eq!(given(&create(store, &blank)), blank);
    assert_eq!(number(store, "SELECT count(*) FROM migrations_mig"), 3);
}

#[test]
fn input_is_read_as_it_is_written_and_nothing_else() {
    let read = |text: &str| serde_json::from_str::<NewMigration>(text);
    let short = r#"{"mig_name": "Data centre north", "mig_type": "DATA_CENTRE"}"#;
    assert_eq!(read(short).unwrap(), new());
    let written = serde_json::to_string(&new()).unwrap();
    assert_eq!(read(&written).unwrap(), new());
    assert!(read(&short.replace("mig_type", "type")).is_err());
    assert!(read(&short.replace('}', r#", "mig_status": "COMPLETED"}"#)).is_err());
}

#[test]
fn the_database_refuses_an_end_before_the_start_too() {
    let setup = Move::new();
    let refused = setup.store().write(|uow| {
        execute(
            uow,
            "UPDATE migrations_mig SET mig_start_date = '2027-03-02', mig_end_date = '2027-03-01'",
        )
    });
    let Err(Error::Constraint { constraint, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(constraint, "migrations_mig_check");
}

#[test]
fn an_owner_who_is_not_there_is_refused_with_the_rule() {
    let setup = Move::new();
    let store = setup.store();
    let stray = NewMigration { usr_id_owner: Some(planwright::UserId::new()), ..new() };
    for refused in [
        store.write(|uow| uow.cutover_migrations().create(&stray)),
        store.write(|uow| uow.cutover_migrations().update(setup.migration, &stray)),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
        assert_eq!(error.to_string(), "the user who owns a migration exists");
    }
    assert_eq!(number(store, "SELECT count(*) FROM migrations_mig"), 1);
}

#[test]
fn every_pair_of_statuses_is_a_step_or_refused() {
    let setup = Move::new();
    let (store, id) = (setup.store(), setup.migration);
    let mut steps = 0;
    for (stored, from, to) in every_try() {
        put_status(store, "migrations_mig", id, stored);
        let before = store.read(|uow| uow.cutover_migrations().get(id)).unwrap();
        let unit = store.transaction().actor("amy");
        let set = unit.run(|uow| uow.cutover_migrations().set_status(id, from, to));
        let after = store.read(|uow| uow.cutover_migrations().get(id)).unwrap();
        match set {
            Ok(set) => {
                assert!(STEPS.contains(&(from, to)) && stored == from, "{stored} {from} {to}");
                assert_eq!((set.mig_status, set.updated_by.as_deref()), (to, Some("amy")));
                assert_eq!(set, after);
                steps += 1;
                continue;
            }
            Err(Error::InvalidTransition { entity, from: was, to: asked, .. }) => {
                assert!(!STEPS.contains(&(from, to)), "{from} {to}");
                assert_eq!((entity, was, asked), (ENTITY, from.to_string(), to.to_string()));
            }
            Err(error @ Error::Conflict { .. }) => {
                assert!(STEPS.contains(&(from, to)) && stored != from, "{stored} {from} {to}");
                let reason = format!("is {stored} by now, and not {from}");
                assert_eq!(error.to_string(), format!("cutover::Migration {id}: {reason}"));
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
    let ids: Vec<_> = (0..ROUNDS).map(|_| create(store, &new()).mig_id).collect();
    let barrier = Barrier::new(2);
    let session = |to| {
        let set = |id| {
            barrier.wait();
            store.write(|uow| uow.cutover_migrations().set_status(id, Status::Planning, to))
        };
        ids.iter().copied().map(set).collect::<Vec<_>>()
    };
    let (begun, cancelled) = thread::scope(|scope| {
        let begun = scope.spawn(|| session(Status::InProgress));
        let cancelled = session(Status::Cancelled);
        (begun.join().unwrap(), cancelled)
    });
    let mut won = [0, 0];
    for (id, both) in ids.iter().zip(begun.into_iter().zip(cancelled)) {
        let stored = store.read(|uow| uow.cutover_migrations().get(*id)).unwrap();
        // Whoever begins first could be followed by a cancellation, but not of what was seen.
        let (winner, loser, place) = match both {
            (Ok(winner), Err(loser)) => (winner, loser, 0),
            (Err(loser), Ok(winner)) => (winner, loser, 1),
            both => panic!("{both:?}"),
        };
        won[place] += 1;
        assert_eq!(winner, stored);
        assert!(matches!(loser, Error::Conflict { .. }), "{loser:?}");
        assert!(loser.to_string().contains(&format!("is {} by now", stored.mig_status)), "{loser}");
    }
    println!("begun {}, cancelled {}", won[0], won[1]);
}

#[test]
fn a_migration_is_deleted_once_it_has_no_iteration() {
    let setup = Move::new();
    let (store, id) = (setup.store(), setup.migration);
    store.write(|uow| iteration(uow, id, setup.plans[0], "DR 1")).unwrap();
    let error = store.write(|uow| uow.cutover_migrations().delete(id)).unwrap_err();
    assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
    let sentence = "an iteration's migration exists, and stays while it has iterations";
    assert_eq!(error.to_string(), sentence);
    let other = create(store, &new());
    store.write(|uow| execute(uow, "DELETE FROM iterations_ite")).unwrap();
    store.write(|uow| uow.cutover_migrations().delete(id)).unwrap();
    assert_eq!(store.read(|uow| uow.cutover_migrations().find(id)).unwrap(), None);
    assert_eq!(store.read(|uow| uow.cutover_migrations().get(other.mig_id)).unwrap(), other);
}

#[test]
fn its_plans_are_those_of_its_iterations_each_once_by_name() {
    let setup = Move::new();
    let (store, id, [a, b]) = (setup.store(), setup.migration, setup.plans);
    let plans = || {
        let plans = store.read(|uow| uow.cutover_migrations().plans(id)).unwrap();
        plans.into_iter().map(|plan| plan.plm_id).collect::<Vec<_>>()
    };
    assert_eq!(plans(), []);
    store.write(|uow| iteration(uow, id, b, "DR 1")).unwrap();
    assert_eq!(plans(), [b]);
    store
        .write(|uow| {
            for (name, plan) in [("DR 2", b), ("RUN 1", a), ("Cutover", b)] {
                iteration(uow, id, plan, name)?;
            }
            // Another migration's are no part of it.
            let other = factory::migration(uow, "Other")?;
            let plan = factory::master_plan(uow, "Plan 0")?;
            iteration(uow, other, plan, "DR 1")
        })
        .unwrap();
    assert_eq!(plans(), [a, b]);
    let rows =
        store.read(|uow| Ok((uow.cutover_migrations().plans(id)?, uow.master_plans().get(a)?)));
    let (plans, plan) = rows.unwrap();
    assert_eq!(plans[0], plan);
}
