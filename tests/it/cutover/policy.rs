//! The policy of one open cutover.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use planwright::cutover::{
    IterationId, IterationTypeCode, Linked, MigrationId, NewIteration, Status, factory, policy,
};
use planwright::testing::TestDatabase;
use planwright::verify::{Drift, Severity};
use planwright::{ConstraintKind, Context, Error, Store, StoreOptions};

use super::Move;
use super::iteration_states::{expanded, migrator};
use super::link::{cutover, link, linked, rehearsal};
use crate::support::{execute, number};

const INDEX: &str = "iterations_ite_mig_id_open_cutover_uq";

/// How many indexes of the name there are, valid or not.
fn indexes(store: &Store) -> i64 {
    number(store, &format!("SELECT count(*) FROM pg_class WHERE relname = '{INDEX}'"))
}

fn set(store: &Store, id: IterationId, from: Status, to: Status) {
    store.write(|uow| uow.iterations().set_status(id, from, to)).unwrap();
}

#[test]
fn a_policy_is_off_until_it_is_turned_on_and_can_be_turned_off() {
    let of = Move::new();
    let store = of.store();
    let is_on = || policy::is_enabled(store).unwrap();
    linked(store, &cutover(&of, "In May"));
    let second = linked(store, &cutover(&of, "In June"));
    assert!(!is_on());
    policy::disable(store).unwrap();
    set(store, second.ite_id, Status::Planning, Status::Cancelled);

    for _ in 0..2 {
        policy::enable(store).unwrap();
        assert!(is_on());
    }
    let refused = link(store, &cutover(&of, "In July")).unwrap_err();
    assert!(matches!(refused, Error::Conflict { .. }), "{refused:?}");

    for _ in 0..2 {
        policy::disable(store).unwrap();
        assert!(!is_on());
        assert_eq!(indexes(store), 0);
    }
    linked(store, &cutover(&of, "In July"));
}

#[test]
fn a_second_open_cutover_is_refused_by_the_name_of_the_first() {
    let of = Move::new();
    let store = of.store();
    policy::enable(store).unwrap();
    let first = linked(store, &cutover(&of, "In May"));
    let refuse = || {
        let error = link(store, &cutover(&of, "In June")).unwrap_err();
        assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
        error.to_string()
    };
    let words = |status| {
        format!(
            "cutover::Iteration {}: \"In May\" is {status}, and a migration has at most one open \
             CUTOVER iteration: complete or cancel it first",
            first.ite_id
        )
    };
    assert_eq!(refuse(), words("PLANNING"));
    set(store, first.ite_id, Status::Planning, Status::InProgress);
    assert_eq!(refuse(), words("IN_PROGRESS"));
    // The same again is found all the same, and other types and migrations go on.
    assert!(matches!(link(store, &cutover(&of, "In May")), Ok(Linked::Found(_))));
    linked(store, &rehearsal(&of, "DR 1"));
    linked(store, &rehearsal(&of, "DR 2"));
    let south = store.write(|uow| factory::migration(uow, "South")).unwrap();
    linked(store, &NewIteration { mig_id: south, ..cutover(&of, "In May") });

    // No step and no relink opens another one.
    let by_hand = "UPDATE iterations_ite SET itt_code = 'CUTOVER' WHERE ite_name = 'DR 1'";
    let error = store
        .write(|uow| match execute(uow, by_hand) {
            Ok(_) => panic!("a second one"),
            Err(error) => Err::<(), _>(error),
        })
        .unwrap_err();
    let Error::Constraint { constraint, kind, .. } = &error else { panic!("{error:?}") };
    assert_eq!((constraint.as_str(), *kind), (INDEX, ConstraintKind::Unique));

    set(store, first.ite_id, Status::InProgress, Status::Completed);
    let second = linked(store, &cutover(&of, "In June"));
    store.write(|uow| uow.iterations().relink(second.ite_id, of.plans[1])).unwrap();
    set(store, second.ite_id, Status::Planning, Status::Cancelled);
    linked(store, &cutover(&of, "In July"));
}

#[test]
fn what_a_unit_cannot_see_is_refused_with_the_sentence_of_the_policy() {
    let of = Move::new();
    let store = of.store();
    policy::enable(store).unwrap();
    let unit = store.transaction().repeatable_read();
    let refused = unit.run(|uow| {
        execute(uow, "SELECT 1 FROM iterations_ite")?;
        thread::scope(|scope| {
            scope.spawn(|| linked(store, &cutover(&of, "In May"))).join().unwrap()
        });
        uow.iterations().link(&cutover(&of, "In June"))
    });
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "a migration has at most one open CUTOVER iteration: complete or cancel the other first"
    );
    assert!(refused.is_conflict());
}

#[test]
fn where_migrations_have_several_it_stays_off_and_names_them() {
    let of = Move::new();
    let store = of.store();
    let south = store.write(|uow| factory::migration(uow, "South")).unwrap();
    for name in ["In May", "In June"] {
        linked(store, &cutover(&of, name));
        linked(store, &NewIteration { mig_id: south, ..cutover(&of, name) });
    }
    let refused = policy::enable(store).unwrap_err();
    let Error::Unfit { entity, problems, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!((*entity, problems.len()), ("cutover::policy", 2));
    let text = refused.to_string();
    for words in [
        &format!("migration {} (\"Data centre north\"): has 2 open CUTOVER", of.migration),
        &format!("migration {south} (\"South\"): has 2 open CUTOVER iterations: In May ("),
    ] {
        assert!(text.contains(words.as_str()), "{text}");
    }
    assert_eq!(indexes(store), 0);
    assert!(!policy::is_enabled(store).unwrap());
}

/// A writer in a transaction that the work has to wait for, until it is told to commit.
pub(super) fn beside_a_writer<T: Send>(
    store: &Store,
    write: &str,
    work: impl FnOnce() -> T + Send,
    until: impl Fn() -> bool,
) -> T {
    let (begun, is_begun) = mpsc::channel();
    let (tell, told) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let written = store.write(|uow| {
                execute(uow, write)?;
                begun.send(()).unwrap();
                let _ = told.recv();
                Ok(())
            });
            written.unwrap();
        });
        is_begun.recv().unwrap();
        let work = scope.spawn(work);
        let deadline = Instant::now() + Duration::from_secs(20);
        while !until() {
            assert!(Instant::now() < deadline && !work.is_finished(), "it does not wait");
            thread::yield_now();
        }
        drop(tell);
        work.join().unwrap()
    })
}

/// Whether the index is being built, and waits for a transaction.
fn waits(store: &Store) -> bool {
    number(
        store,
        "SELECT count(*) FROM pg_stat_activity
          WHERE datname = current_database() AND query LIKE 'CREATE UNIQUE INDEX CONCURRENTLY%'
            AND wait_event_type = 'Lock'",
    ) > 0
}

#[test]
fn a_second_one_that_is_opened_while_it_is_turned_on_keeps_it_off() {
    let of = Move::new();
    let store = of.store();
    linked(store, &cutover(&of, "In May"));
    let [plan, _] = of.plans;
    let write = format!(
        "INSERT INTO iterations_ite (mig_id, plm_id, itt_code, ite_name)
         VALUES ('{}', '{plan}', 'CUTOVER', 'In June')",
        of.migration
    );
    let enabled = beside_a_writer(store, &write, || policy::enable(store), || waits(store));
    let refused = enabled.unwrap_err();
    assert!(matches!(refused, Error::Unfit { .. }), "{refused:?}");
    assert_eq!(indexes(store), 0, "nothing is left");
    linked(store, &cutover(&of, "In July"));
}

#[test]
fn turned_on_by_two_at_once_it_is_on() {
    let of = Move::new();
    let store = of.store();
    let write = "UPDATE iterations_ite SET ite_description = 'busy'";
    let enable = || policy::enable(store);
    let both = || {
        thread::scope(|scope| {
            let two = [scope.spawn(enable), scope.spawn(enable)];
            two.map(|one| one.join().unwrap())
        })
    };
    for done in beside_a_writer(store, write, both, || waits(store)) {
        done.unwrap();
    }
    assert_eq!(indexes(store), 1);
    for _ in 0..5 {
        policy::disable(store).unwrap();
        let done: Vec<_> = thread::scope(|scope| {
            let all: Vec<_> = (0..3).map(|_| scope.spawn(|| policy::enable(store))).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect()
        });
        assert!(done.iter().all(Result::is_ok), "{done:?}");
        assert!(policy::is_enabled(store).unwrap());
        assert_eq!(indexes(store), 1);
    }
}

#[test]
fn what_a_died_attempt_has_left_is_mended() {
    let of = Move::new();
    let store = of.store();
    for name in ["In May", "In June"] {
        linked(store, &cutover(&of, name));
    }
    let mut connection = PgConnection::establish(of.database.url()).unwrap();
    let broken = |connection: &mut PgConnection| {
        connection.batch_execute(&format!(
            "CREATE UNIQUE INDEX CONCURRENTLY {INDEX} ON iterations_ite (mig_id)
              WHERE itt_code = 'CUTOVER' AND ite_status IN ('PLANNING', 'IN_PROGRESS')"
        ))
    };
    broken(&mut connection).unwrap_err();
    assert_eq!(indexes(store), 1);
    assert!(!policy::is_enabled(store).unwrap());
    let drift = || Drift::new(store).contexts([Context::Cutover]).run().unwrap();
    assert!(!drift().is_clean(), "an INVALID one is no policy");
    policy::disable(store).unwrap();
    assert_eq!(indexes(store), 0);

    broken(&mut connection).unwrap_err();
    let one = "UPDATE iterations_ite SET ite_status = 'CANCELLED' WHERE ite_name = 'In June'";
    store.write(|uow| execute(uow, one)).unwrap();
    policy::enable(store).unwrap();
    assert!(policy::is_enabled(store).unwrap());
    assert!(drift().is_clean());
}

#[test]
fn an_index_of_its_name_that_says_something_else_is_told_of() {
    let of = Move::new();
    let store = of.store();
    let other = format!("CREATE INDEX {INDEX} ON iterations_ite (created_at)");
    store.write(|uow| execute(uow, &other)).unwrap();
    assert!(!policy::is_enabled(store).unwrap());
    let error = policy::enable(store).unwrap_err();
    assert!(matches!(error, Error::Migration { .. }), "{error:?}");
    assert!(error.to_string().contains("exists with another definition"), "{error}");

    // A unique one of other rows or columns is not the policy either.
    store
        .write(|uow| {
            execute(uow, &format!("DROP INDEX {INDEX}"))?;
            let other = "ON iterations_ite (mig_id, ite_id) WHERE itt_code = 'RUN'";
            execute(uow, &format!("CREATE UNIQUE INDEX {INDEX} {other}"))
        })
        .unwrap();
    let error = policy::enable(store).unwrap_err();
    assert!(error.to_string().contains("exists with another definition"), "{error}");
    assert!(!policy::is_enabled(store).unwrap());
    let drift = Drift::new(store).contexts([Context::Cutover]).run().unwrap();
    assert!(!drift.is_clean(), "{drift}");
}

#[test]
fn without_a_session_of_its_own_it_is_refused() {
    let of = Move::new();
    let options = StoreOptions::default().transaction_pooler(true);
    let store = Store::connect(of.database.url(), &options).unwrap();
    for refused in [policy::enable(&store), policy::disable(&store)] {
        assert!(matches!(refused, Err(Error::Unavailable { .. })), "{refused:?}");
    }
    assert!(!policy::is_enabled(&store).unwrap());
}

#[test]
fn the_schema_tools_take_the_policy_for_no_difference() {
    let of = Move::new();
    let store = of.store();
    policy::enable(store).unwrap();
    let report = Drift::new(store).contexts(Context::ALL.iter().copied()).run();
    let report = report.unwrap();
    let own: Vec<_> = report.differences.iter().filter(|one| one.object.name == INDEX).collect();
    assert_eq!(own.len(), 1, "{report}");
    assert_eq!(own[0].severity, Severity::Note);
    assert!(report.to_string().contains("A policy that the host has turned on"), "{report}");
}

#[test]
fn a_database_with_the_policy_is_adopted_expanded_and_taken_back() {
    let database = TestDatabase::new([]).unwrap();
    let store = database.store();
    migrator(store).up_to("20261120191000").unwrap();
    policy::enable(store).unwrap();
    store
        .write(|uow| execute(uow, "DELETE FROM planwright.migrations WHERE context = 'cutover'"))
        .unwrap();
    let adoption = migrator(store).adopt(Context::Cutover, "20261120191000").unwrap().unwrap();
    assert!(adoption.to_string().contains(INDEX), "{adoption}");
    migrator(store).up().unwrap();
    let drift = || Drift::new(store).contexts([Context::Cutover]).run().unwrap();
    assert!(drift().is_clean(), "{}", drift());
    migrator(store).contract("20261120191250").unwrap();
    assert!(drift().is_clean(), "{}", drift());

    // Of a fresh installation every step goes back, and the tables take the index along.
    let database = super::database();
    let store = database.store();
    policy::enable(store).unwrap();
    let mut steps = 0;
    while number(store, "SELECT count(*) FROM planwright.migrations WHERE context = 'cutover'") > 0
    {
        migrator(store).down().unwrap();
        steps += 1;
    }
    assert_eq!(steps, 10);
    assert_eq!(indexes(store), 0);
    migrator(store).up().unwrap();
    assert!(!policy::is_enabled(store).unwrap());
}

#[test]
fn the_policy_holds_before_the_contract_too() {
    let (of, _) = expanded();
    let store = of.store();
    policy::enable(store).unwrap();
    linked(store, &cutover(&of, "In May"));
    let refused = link(store, &cutover(&of, "In June")).unwrap_err();
    assert!(refused.to_string().contains("\"In May\" is PLANNING"), "{refused}");
    let (none, code) = (MigrationId::new(), IterationTypeCode::cutover());
    assert_eq!(store.read(|uow| uow.iterations().latest(none, &code)).unwrap(), None);
}
