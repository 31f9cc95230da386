//! Runs that end in the middle, and the ones that finish them.

use std::thread;

use planwright::migrate::Progress;
use planwright::testing::FaultProxy;
use planwright::verify::Catalog;

use super::locking::{busy_writer, wait_for_blocked_index};
use super::*;

/// What a database has, but for when and by whom it got it.
fn state(database: &Database) -> (Catalog, Vec<String>) {
    let history = database.texts(
        "SELECT concat_ws(' ', version, kind, name, checksum, installs)
         FROM planwright.migrations ORDER BY seq",
    );
    (database.catalog(), history)
}

/// Shows the difference alone.
fn assert_is(database: &Database, expected: &(Catalog, Vec<String>)) {
    let (catalog, history) = state(database);
    let delta = expected.0.delta_to(&catalog);
    assert!(delta.is_empty(), "{delta:?}");
    assert_eq!(history, expected.1);
}

/// Has the session of a runner be ended by itself, in the middle of the nth statement of a run
/// that changes the schema.
fn end_runs(database: &Database) {
    database.execute(
        "CREATE SCHEMA testing;
         CREATE SEQUENCE testing.left;
         CREATE FUNCTION testing.end_it() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('testing.left') = 1000 THEN
                 PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(10);
             END IF;
         END $$;
         CREATE EVENT TRIGGER ends ON ddl_command_end
             WHEN TAG IN ('CREATE SCHEMA', 'CREATE TABLE', 'CREATE TYPE', 'CREATE INDEX',
                          'CREATE VIEW', 'CREATE FUNCTION', 'ALTER TABLE')
             EXECUTE FUNCTION testing.end_it();",
    );
}

#[test]
fn a_run_that_is_ended_within_any_statement_is_finished_by_the_next_ones() {
    let whole = Database::new();
    let all: Vec<String> =
        whole.modelling().up().unwrap().into_iter().map(|applied| applied.name).collect();
    let expected = state(&whole);

    let database = Database::new();
    end_runs(&database);
    let (mut nth, mut ends, mut done) = (1, Vec::new(), 0);
    loop {
        database.execute(&format!("SELECT setval('testing.left', 1000 - {nth})"));
        let run = database.modelling().up();
        if let Ok(applied) = run {
            assert_eq!(every(&applied), all[done..]);
            break;
        }
        let (what, _) = told(run);
        let before =
            std::mem::replace(&mut done, database.modelling().status().unwrap().applied.len());
        // What was under way is named, and the next run begins with it.
        assert!(what.starts_with(&all[done]), "{what}");
        ends.push(done);
        // The first statement of the next migration was this one.
        nth = if done > before { 2 } else { nth + 1 };
        assert!(ends.len() < 100, "{ends:?}");
    }
    assert!(ends.len() > all.len(), "{ends:?}");
    ends.dedup();
    assert_eq!(ends, (0..all.len()).collect::<Vec<_>>(), "each was under way once");
    database.execute(
        "SET client_min_messages = warning; DROP EVENT TRIGGER ends; DROP SCHEMA testing CASCADE",
    );
    assert_is(&database, &expected);
}

#[test]
fn a_run_that_is_ended_between_any_two_migrations_is_finished_by_the_next_ones() {
    let whole = Database::new();
    let all: Vec<String> =
        whole.modelling().up().unwrap().into_iter().map(|applied| applied.name).collect();
    let expected = state(&whole);

    let database = Database::new();
    for (i, last) in all.iter().enumerate() {
        let kill = |event: &Progress| {
            if matches!(event, Progress::Started { name, .. } if name == last) {
                kill_runner(&database);
            }
        };
        assert!(database.modelling().on_progress(kill).up().is_err());
        assert_eq!(database.modelling().status().unwrap().applied.len(), i);
    }
    assert_eq!(every(&database.modelling().up().unwrap()), all[all.len() - 1..]);
    assert_is(&database, &expected);
}

#[test]
fn an_index_whose_runner_is_gone_is_finished_by_the_server_and_recognised() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    let folder = Folder::with_index();
    let proxy = FaultProxy::in_front_of(&database.url).unwrap();
    let url = proxy.url_for(&database.url).unwrap();
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    let mut writer = busy_writer(&database);
    let mut events = Vec::new();
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            Migrator::new(&store).contexts([Context::Modelling]).migrations(folder.set()).up()
        });
        wait_for_blocked_index(&database);
        proxy.cut_all();
        let (what, _) = told(first.join().unwrap());
        assert!(what.starts_with(INDEX), "{what}");
        // As long as the index waits, the server does not notice.
        let second = database.migrator(&folder).on_progress(|event| {
            if matches!(event, Progress::WaitingForLock { .. }) {
                writer.batch_execute("COMMIT").unwrap();
            }
            events.push(event.clone());
        });
        assert_eq!(second.up().unwrap().names(), [INDEX]);
    });
    assert!(matches!(events[0], Progress::WaitingForLock { .. }), "{events:?}");
    let dropped = |event: &Progress| matches!(event, Progress::DroppedInvalidIndex { .. });
    assert!(!events.iter().any(dropped), "{events:?}");
    assert_eq!(
        database
            .number("count(*) FROM pg_index WHERE indisvalid AND indexrelid = 't_a_ix'::regclass"),
        1
    );
}
