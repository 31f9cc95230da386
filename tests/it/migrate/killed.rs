//! Runs that end in the middle, and the ones that finish them.

use planwright::migrate::Progress;

use super::*;

/// The catalog in words, so that databases can be compared.
fn catalog(database: &Database) -> Vec<String> {
    database.texts(
        "SELECT concat_ws(' ', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
                         a.attnotnull, col_description(c.oid, a.attnum))
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace IN ('public'::regnamespace, to_regnamespace('planwright'))
           AND NOT a.attisdropped
         UNION ALL
         SELECT concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid) FROM pg_index WHERE indexrelid >= 16384
         UNION ALL
         SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
         FROM pg_constraint WHERE oid >= 16384
         UNION ALL
         SELECT pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v' AND oid >= 16384
         UNION ALL
         SELECT concat_ws(' ', version, kind, name, checksum, installs)
         FROM planwright.migrations
         ORDER BY 1",
    )
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
    let expected = catalog(&whole);
    assert!(all.len() >= 9 && statements > all.len() && expected.len() > 60);

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
        assert_eq!(catalog(&database), expected, "{nth}");
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
    let expected = catalog(&whole);
    for (i, last) in all.iter().enumerate() {
        let database = Database::new();
        let kill = |event: &Progress| {
            if matches!(event, Progress::Started { name, .. } if name == last) {
                kill_runner(&database);
            }
        };
        assert!(database.modelling().on_progress(kill).up().is_err());
        assert_eq!(database.modelling().up().unwrap().names(), all[i..]);
        assert_eq!(catalog(&database), expected);
    }
}
