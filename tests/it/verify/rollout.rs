//! A rollout: what it finds, and what it takes back.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::Context;
use planwright::migrate::{Migrations, Migrator, Progress};
use planwright::testing::TestDatabase;
use planwright::verify::{
    Invariant, Mapping, Rollout, RolloutReport, Severity, Stage, StageResult,
};

use super::drift::release_with_downs;
use crate::support::number;

const MADE: &str = "2099-01-01-000000_modelling_made";
const CALLED: &str = "2099-01-01-000100_modelling_called";

/// A table in a schema, whose column gets another name.
fn release() -> Migrations {
    release_with_downs(&[
        (
            "made",
            "baseline",
            "CREATE SCHEMA hall; CREATE TABLE hall.thing (id bigint PRIMARY KEY, a text)",
            "DROP TABLE hall.thing; DROP SCHEMA hall",
        ),
        (
            "called",
            "expand",
            "ALTER TABLE hall.thing RENAME a TO b",
            "ALTER TABLE hall.thing RENAME b TO a",
        ),
    ])
}

fn migrator<'s>(database: &'s TestDatabase, release: &Migrations) -> Migrator<'s> {
    Migrator::new(database.store()).contexts([Context::Modelling]).migrations(release.clone())
}

fn connection(database: &TestDatabase) -> PgConnection {
    PgConnection::establish(database.url()).unwrap()
}

fn stage<'r>(report: &'r RolloutReport, name: &str) -> &'r Stage {
    report.stages.iter().find(|stage| stage.name == name).unwrap_or_else(|| panic!("{report}"))
}

fn failed(report: &RolloutReport) -> Vec<&str> {
    let failed = report.stages.iter().filter(|stage| stage.result == StageResult::Failed);
    failed.map(|stage| stage.name).collect()
}

/// A rule that nothing keeps, once the table is there.
const BROKEN: Invariant = Invariant {
    name: "thing_rule",
    sentence: "nothing is right",
    enforced: false,
    severity: Severity::Error,
    since: "20990101000100",
    violators: "SELECT 'all of it' AS violator",
};

#[test]
fn content_that_cannot_be_read_again_is_a_finding_and_what_was_applied_is_taken_back() {
    let release = release();
    let database = TestDatabase::new([]).unwrap();
    let migrator = migrator(&database, &release);
    migrator.up_to("20990101000000").unwrap();
    connection(&database).batch_execute("INSERT INTO hall.thing VALUES (1, 'x')").unwrap();

    let report = Rollout::new(&migrator).back_on_failure(true).run().unwrap();
    assert_eq!(failed(&report), ["fingerprint after"], "{report}");
    let [why] = &stage(&report, "fingerprint after").lines[..] else { panic!("{report}") };
    assert!(why.contains("hall.thing.a"), "{why}");
    assert_eq!(stage(&report, "back").lines, [CALLED]);
    assert_eq!(stage(&report, "fingerprint back").result, StageResult::Done);
    assert_eq!(number(database.store(), "SELECT count(*) FROM hall.thing WHERE a = 'x'"), 1);

    let mapping = Mapping::new().column("hall.thing", "a", "b");
    let rollout = Rollout::new(&migrator).mapping(mapping);
    let report = rollout.run().unwrap();
    assert!(report.succeeded(), "{report}");
    assert_eq!(stage(&report, "up").lines, [CALLED]);
}

#[test]
fn only_what_the_rollout_has_applied_is_taken_back() {
    let release = release();
    let database = TestDatabase::new([]).unwrap();
    // The host runs jobs of its own, and has no context yet.
    Migrator::new(database.store()).up().unwrap();
    let migrator = migrator(&database, &release);
    let rollout = || Rollout::new(&migrator).back_on_failure(true);
    let before = migrator.status().unwrap().applied;
    let report = rollout().invariants(&[BROKEN]).run().unwrap();
    assert_eq!(failed(&report), ["rules after"], "{report}");
    assert_eq!(stage(&report, "back").lines, [CALLED, MADE]);
    assert_eq!(migrator.status().unwrap().applied, before);

    // On an empty database all of it is the rollout's own.
    let database = TestDatabase::new([]).unwrap();
    let migrator = self::migrator(&database, &release);
    let rollout = Rollout::new(&migrator).back_on_failure(true);
    let report = rollout.invariants(&[BROKEN]).run().unwrap();
    assert_eq!(stage(&report, "back").lines.len(), before.len() + 2, "{report}");
    assert_eq!(migrator.status().unwrap().applied, []);
}

/// What the release gets more of.
const MORE: &str = "2099-01-01-000200_modelling_more";

fn release_and_more() -> Migrations {
    release_with_downs(&[
        ("made", "baseline", "CREATE TABLE thing (id bigint PRIMARY KEY)", "DROP TABLE thing"),
        ("called", "expand", "ALTER TABLE thing ADD a text", "ALTER TABLE thing DROP a"),
        ("more", "expand", "ALTER TABLE thing ADD b text", "ALTER TABLE thing DROP b"),
    ])
}

#[test]
fn what_another_runner_has_applied_before_it_stays() {
    let release = release_and_more();
    let database = TestDatabase::new([]).unwrap();
    migrator(&database, &release).up_to("20990101000000").unwrap();
    let (waiting, is_waiting) = mpsc::channel();
    let report = thread::scope(|scope| {
        let mut rollout = None;
        let other = migrator(&database, &release).on_progress(|event| {
            let Progress::Started { .. } = event else { return };
            // It has looked at the database, and wants to run two.
            let (waiting, database, release) = (waiting.clone(), &database, &release);
            rollout = Some(scope.spawn(move || {
                let migrator = migrator(database, release).on_progress(move |event| {
                    if matches!(event, Progress::WaitingForLock { .. }) {
                        waiting.send(()).unwrap();
                    }
                });
                let broken = Invariant { since: "20990101000200", ..BROKEN };
                let rollout = Rollout::new(&migrator).invariants(&[broken]);
                rollout.beside_writers(true).back_on_failure(true).run().unwrap()
            }));
            is_waiting.recv_timeout(Duration::from_secs(20)).unwrap();
        });
        other.up_to("20990101000100").unwrap();
        drop(other);
        rollout.unwrap().join().unwrap()
    });
    assert_eq!(failed(&report), ["rules after"], "{report}");
    assert_eq!(stage(&report, "up").lines, [MORE]);
    assert_eq!(stage(&report, "back").lines, [MORE]);
    let applied = migrator(&database, &release).status().unwrap().applied;
    assert_eq!(applied.last().unwrap().name, CALLED);
}

#[test]
fn nothing_is_taken_back_from_under_what_another_runner_has_applied() {
    let release = release_and_more();
    let database = TestDatabase::new([]).unwrap();
    migrator(&database, &release).up_to("20990101000000").unwrap();
    // Its rule is asked, and answers when the other one is done.
    let mut gate = connection(&database);
    gate.batch_execute("SELECT pg_advisory_lock(4711)").unwrap();
    let waits = Invariant {
        violators: "SELECT 'all of it' AS violator FROM pg_advisory_xact_lock(4711)",
        ..BROKEN
    };
    let only = release_with_downs(&[
        ("made", "baseline", "CREATE TABLE thing (id bigint PRIMARY KEY)", "DROP TABLE thing"),
        ("called", "expand", "ALTER TABLE thing ADD a text", "ALTER TABLE thing DROP a"),
    ]);
    let report = thread::scope(|scope| {
        let rollout = scope.spawn(|| {
            let migrator = migrator(&database, &only);
            let rollout = Rollout::new(&migrator).invariants(&[waits]).beside_writers(true);
            rollout.back_on_failure(true).run().unwrap()
        });
        let asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                        AND objid = 4711";
        let deadline = Instant::now() + Duration::from_secs(20);
        while number(database.store(), asked) == 0 {
            assert!(Instant::now() < deadline, "the rule was not asked");
            thread::yield_now();
        }
        let applied = migrator(&database, &release).up().unwrap();
        assert_eq!(applied.len(), 1, "{applied:?}");
        gate.batch_execute("SELECT pg_advisory_unlock(4711)").unwrap();
        rollout.join().unwrap()
    });
    assert_eq!(failed(&report), ["rules after", "back"], "{report}");
    let [why] = &stage(&report, "back").lines[..] else { panic!("{report}") };
    assert!(why.starts_with(&format!("{MORE}: was applied by another runner")), "{why}");
    let applied = migrator(&database, &release).status().unwrap().applied;
    assert_eq!(applied.last().unwrap().name, MORE);
}

#[test]
fn a_note_is_no_reason_against_another_context() {
    let release = release();
    let database = TestDatabase::new([]).unwrap();
    Migrator::new(database.store()).up().unwrap();
    connection(&database).batch_execute("CREATE TABLE planwright.of_the_host (id int)").unwrap();
    let migrator = migrator(&database, &release);
    let rollout = Rollout::new(&migrator);
    let report = rollout.run().unwrap();
    assert!(report.to_string().contains("note: table planwright.of_the_host"), "{report}");
    assert!(report.succeeded(), "{report}");
}

#[test]
fn an_open_transaction_is_named_whatever_the_schema() {
    let release = release();
    let database = TestDatabase::new([]).unwrap();
    let migrator = migrator(&database, &release);
    migrator.up().unwrap();
    let mut other = connection(&database);
    other.batch_execute("SET application_name = 'the other one'").unwrap();
    other.batch_execute("BEGIN; SELECT FROM hall.thing").unwrap();
    let rollout = Rollout::new(&migrator).old_transactions(Duration::ZERO);
    let report = rollout.run().unwrap();
    let [line] = &stage(&report, "old transactions on the tables").lines[..] else {
        panic!("{report}")
    };
    assert!(line.contains("(the other one)"), "{line}");
    assert!(report.succeeded(), "{report}");
}
