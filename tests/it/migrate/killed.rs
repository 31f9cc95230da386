//! Runs that end in the middle, and the ones that finish them.

use planwright::migrate::Progress;
use planwright::verify::Catalog;

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
fn assert_is(database: &Database, expected: &(Catalog, Vec<String>), when: &str) {
    let (catalog, history) = state(database);
    let delta = expected.0.delta_to(&catalog);
    assert!(delta.is_empty(), "{when}: {delta:?}");
    assert_eq!(history, expected.1, "{when}");
}

/// Lets the session of the runner be ended by itself, in the middle of its nth statement that
/// changes the schema, counted over all of its tries.
fn end_within(database: &Database, nth: usize) {
    database.execute(&format!(
        "CREATE SCHEMA testing;
         CREATE SEQUENCE testing.count;
         CREATE FUNCTION testing.end_it() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
             IF nextval('testing.count') = {nth} THEN
                 PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(10);
             END IF;
         END $$;
         CREATE EVENT TRIGGER ends ON ddl_command_end
             WHEN TAG IN ('CREATE SCHEMA', 'CREATE TABLE', 'CREATE TYPE', 'CREATE INDEX',
                          'CREATE VIEW', 'ALTER TABLE')
             EXECUTE FUNCTION testing.end_it();"
    ));
}

fn no_longer(database: &Database) -> i64 {
    let counted = database.number("last_value FROM testing.count");
    database.execute(
        "SET client_min_messages = warning; DROP EVENT TRIGGER ends; DROP SCHEMA testing CASCADE",
    );
    counted
}

#[test]
fn a_run_that_is_ended_within_any_statement_is_finished_by_the_next() {
    let whole = Database::new();
    end_within(&whole, 0);
    let all: Vec<String> =
        whole.modelling().up().unwrap().into_iter().map(|applied| applied.name).collect();
    let statements = usize::try_from(no_longer(&whole)).unwrap();
    let expected = state(&whole);
    assert!(all.len() >= 9 && statements > all.len() && expected.0.len() > 60);

    let mut reached = Vec::new();
    for nth in 1..=statements {
        let database = Database::new();
        end_within(&database, nth);
        let (what, _) = told(database.modelling().up());
        let done = database.modelling().status().unwrap().applied.len();
        // The one that was under way is named, and the next run begins with it.
        assert!(what.starts_with(&all[done]), "{nth}: {what}");
        reached.push(done);
        let rest = database.modelling().up().unwrap();
        assert_eq!(rest.names(), all[done..], "{nth}");
        no_longer(&database);
        assert_is(&database, &expected, &format!("statement {nth}"));
    }
    reached.dedup();
    // Each of them was under way once, but for those that only validate or comment.
    assert!(reached.len() + 1 >= all.len(), "{reached:?}");
}

#[test]
fn a_run_that_is_ended_between_two_migrations_is_finished_by_the_next() {
    let whole = Database::new();
    let all: Vec<String> =
        whole.modelling().up().unwrap().into_iter().map(|applied| applied.name).collect();
    let expected = state(&whole);
    for (i, last) in all.iter().enumerate() {
        let database = Database::new();
        let kill = |event: &Progress| {
            if matches!(event, Progress::Started { name, .. } if name == last) {
                kill_runner(&database);
            }
        };
        assert!(database.modelling().on_progress(kill).up().is_err());
        assert_eq!(database.modelling().up().unwrap().names(), all[i..]);
        assert_is(&database, &expected, last);
    }
}
