use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use planwright::local_server::LocalServer;
use planwright::testing::{TestDatabase, rolled_back};
use planwright::{ConstraintKind, Error, Result, Store, StoreOptions, TimeoutKind};

use crate::support::{execute, number, text};

/// A database with a table `t (id, n)` that has rows 1 and 2.
fn database() -> TestDatabase {
    let database = TestDatabase::new([]).expect("a test database");
    database
        .store()
        .write(|uow| {
            uow.connection().batch_execute(
                "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL CHECK (n < 100));
                 CREATE TABLE late (id int PRIMARY KEY,
                     t_id int REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED);
                 INSERT INTO t VALUES (1, 0), (2, 0)",
            )?;
            Ok(())
        })
        .expect("a table");
    database
}

fn rows(store: &Store) -> i64 {
    number(store, "SELECT count(*) FROM t")
}

#[test]
fn ok_means_committed_and_err_rolled_back() {
    let database = database();
    let store = database.store();
    store.write(|uow| execute(uow, "INSERT INTO t VALUES (3, 0)")).unwrap();
    assert_eq!(rows(store), 3);
    let error = store
        .write(|uow| {
            execute(uow, "INSERT INTO t VALUES (4, 0)")?;
            Err::<(), _>(Error::not_found("thing", 1))
        })
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(rows(store), 3);
}

#[test]
fn a_swallowed_error_is_aborted_and_nothing_is_stored() {
    let database = database();
    let store = database.store();
    let swallow: [fn(&mut planwright::UnitOfWork<'_>); 4] = [
        |uow| drop(execute(uow, "INSERT INTO t VALUES (1, 0)")),
        |uow| drop(execute(uow, "SELECT no_such_function()")),
        |uow| drop(uow.connection().batch_execute("SELECT 1/0")),
        // Noted by no instrumentation: an error that the prepare of a cached statement meets.
        |uow| {
            let query = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>("nothing"));
            drop(query.get_result::<i32>(uow.connection()));
        },
    ];
    for (case, swallow) in swallow.into_iter().enumerate() {
        let error = store
            .write(|uow| {
                execute(uow, "INSERT INTO t VALUES (10, 0)")?;
                swallow(uow);
                Ok(())
            })
            .unwrap_err();
        assert!(matches!(error, Error::Aborted { .. }), "case {case}: {error:?}");
        assert_eq!(rows(store), 2, "case {case}");
    }
}

#[test]
fn a_transaction_ended_by_hand_is_noticed() {
    let database = database();
    let store = database.store();
    for statement in ["COMMIT", "ROLLBACK", "COMMIT; BEGIN", "ROLLBACK; BEGIN", "COMMIT AND CHAIN"]
    {
        let error = store.write(|uow| Ok(uow.connection().batch_execute(statement)?)).unwrap_err();
        assert!(matches!(error, Error::ForeignTransaction), "{statement}: {error:?}");
        assert!(error.outcome_unknown());
        let error = store
            .write(|uow| {
                uow.connection().batch_execute(statement)?;
                Err::<(), _>(Error::not_found("thing", 1))
            })
            .unwrap_err();
        assert!(matches!(error, Error::ForeignTransaction), "{statement}: {error:?}");
    }
    // The statement behind it fails, so the closure does.
    let error = store
        .write(|uow| {
            execute(uow, "INSERT INTO t VALUES (3, 0)")?;
            Ok(uow.connection().batch_execute("COMMIT; SELECT 1/0")?)
        })
        .unwrap_err();
    assert!(matches!(error, Error::ForeignTransaction), "{error:?}");
    assert_eq!(rows(store), 3);
}

#[test]
fn a_deferred_check_speaks_at_commit() {
    let database = database();
    let error =
        database.store().write(|uow| execute(uow, "INSERT INTO late VALUES (1, 99)")).unwrap_err();
    let Error::Constraint { constraint, table, kind, .. } = &error else { panic!("{error:?}") };
    assert_eq!((constraint.as_str(), table.as_str()), ("late_t_id_fkey", "late"));
    assert_eq!(*kind, ConstraintKind::ForeignKey);
    assert_eq!(number(database.store(), "SELECT count(*) FROM late"), 0);
}

#[test]
fn a_savepoint_loses_only_its_own_work() {
    let database = database();
    let store = database.store();
    store
        .write(|uow| {
            execute(uow, "INSERT INTO t VALUES (3, 0)")?;
            let failed = uow.savepoint(|uow| {
                execute(uow, "INSERT INTO t VALUES (4, 0)")?;
                execute(uow, "INSERT INTO t VALUES (1, 0)")
            });
            assert!(failed.unwrap_err().is_conflict());
            let swallowed: Result<()> = uow.savepoint(|uow| {
                execute(uow, "INSERT INTO t VALUES (5, 0)")?;
                drop(execute(uow, "INSERT INTO t VALUES (1, 0)"));
                Ok(())
            });
            assert!(matches!(swallowed.unwrap_err(), Error::Aborted { .. }));
            uow.savepoint(|uow| {
                let inner: Result<()> = uow.savepoint(|uow| {
                    execute(uow, "INSERT INTO t VALUES (6, 0)")?;
                    Err(Error::not_found("thing", 1))
                });
                assert!(inner.unwrap_err().is_not_found());
                execute(uow, "INSERT INTO t VALUES (7, 0)")
            })?;
            Ok(())
        })
        .unwrap();
    let left = store.read(|uow| text(uow, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM t"));
    assert_eq!(left.unwrap(), "1 2 3 7");
}

#[test]
fn a_panic_rolls_back_and_the_pool_goes_on() {
    let database = TestDatabase::with_options([], &StoreOptions::default().pool_size(1)).unwrap();
    let store = database.store();
    store.write(|uow| execute(uow, "CREATE TABLE t (id int)")).unwrap();
    for _ in 0..3 {
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            store.write(|uow| -> Result<()> {
                execute(uow, "INSERT INTO t VALUES (1)")?;
                panic!("on purpose")
            })
        }));
        assert!(panicked.is_err());
        assert_eq!(number(store, "SELECT count(*) FROM t"), 0);
    }
}

#[test]
fn what_was_set_for_a_unit_ends_with_it() {
    let database = TestDatabase::with_options([], &StoreOptions::default().pool_size(1)).unwrap();
    let store = database.store();
    let settings = "SELECT concat_ws('|', current_setting('planwright.actor', true),
        current_setting('planwright.reason', true), current_setting('statement_timeout'),
        current_setting('lock_timeout'), current_setting('transaction_isolation'),
        current_setting('idle_in_transaction_session_timeout'))";
    let seen = store
        .transaction()
        .serializable()
        .statement_timeout(Duration::from_millis(1_500))
        .lock_timeout(Duration::from_secs(2))
        .idle_in_transaction_timeout(Duration::ZERO)
        .actor("O'Brien \\ '; DROP TABLE t; --")
        .reason("Übung")
        .run(|uow| text(uow, settings));
    assert_eq!(seen.unwrap(), "O'Brien \\ '; DROP TABLE t; --|Übung|1500ms|2s|serializable|0");
    let after = store.write(|uow| text(uow, settings)).unwrap();
    assert_eq!(after, "||30s|5s|read committed|1min");
    let in_read = store.read(|uow| text(uow, settings)).unwrap();
    assert_eq!(in_read, "||30s|5s|repeatable read|1min");

    for (field, unit) in [
        ("actor", store.transaction().actor("a\0b")),
        ("reason", store.transaction().reason("\0")),
        ("attempts", store.transaction().attempts(0)),
        ("lock_timeout", store.transaction().lock_timeout(Duration::from_secs(1 << 40))),
    ] {
        let error = unit.run(|_| Ok(())).unwrap_err();
        assert!(matches!(&error, Error::Invalid { field: f, .. } if f == field), "{error:?}");
    }
}

#[test]
fn a_read_only_unit_writes_nothing() {
    let database = database();
    let error = database.store().read(|uow| execute(uow, "DELETE FROM t")).unwrap_err();
    assert!(matches!(error, Error::Database { .. }), "{error:?}");
    assert_eq!(rows(database.store()), 2);
}

#[test]
fn a_deadlock_is_run_again_and_both_units_commit() {
    let database = database();
    let store = database.store();
    let meet = Barrier::new(2);
    let attempts = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for (first, second) in [(1, 2), (2, 1)] {
            let (meet, attempts) = (&meet, &attempts);
            scope.spawn(move || {
                let mut waited = false;
                store
                    .write(|uow| {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        execute(uow, &format!("UPDATE t SET n = n + 1 WHERE id = {first}"))?;
                        if !std::mem::replace(&mut waited, true) {
                            meet.wait();
                        }
                        execute(uow, &format!("UPDATE t SET n = n + 1 WHERE id = {second}"))
                    })
                    .unwrap();
            });
        }
    });
    assert_eq!(attempts.load(Ordering::Relaxed), 3, "one of them was rolled back, and run again");
    assert_eq!(number(store, "SELECT sum(n) FROM t"), 4);
}

#[test]
fn the_retry_follows_the_server_and_not_the_callers_error() {
    #[derive(Debug)]
    struct Mine;
    impl From<Error> for Mine {
        fn from(_: Error) -> Self {
            Self
        }
    }
    let database = database();
    let store = database.store();
    let raise = "DO $$ BEGIN RAISE serialization_failure; END $$";

    let attempts = AtomicUsize::new(0);
    let result: Result<(), Mine> = store.transaction().attempts(4).run_with(|uow| {
        attempts.fetch_add(1, Ordering::Relaxed);
        execute(uow, raise).map(drop).map_err(Mine::from)
    });
    assert!(result.is_err());
    assert_eq!(attempts.swap(0, Ordering::Relaxed), 4);

    // Swallowed, so the commit is refused: still known to be rolled back.
    let error = store
        .write(|uow| {
            attempts.fetch_add(1, Ordering::Relaxed);
            drop(execute(uow, raise));
            drop(execute(uow, "SELECT 1"));
            Ok(())
        })
        .unwrap_err();
    assert!(matches!(error, Error::Aborted { .. }), "{error:?}");
    assert_eq!(attempts.swap(0, Ordering::Relaxed), 3);

    // Undone by a savepoint: the caller's own error is not run again.
    let error = store
        .write(|uow| -> Result<()> {
            attempts.fetch_add(1, Ordering::Relaxed);
            drop(uow.savepoint(|uow| execute(uow, raise)));
            Err(Error::not_found("thing", 1))
        })
        .unwrap_err();
    assert!(error.is_not_found());
    assert_eq!(attempts.swap(0, Ordering::Relaxed), 1);

    // Not because of concurrent work.
    for statement in [
        "SELECT 1/0",
        "INSERT INTO t VALUES (1, 0)",
        "SELECT pg_terminate_backend(pg_backend_pid())",
    ] {
        store
            .write(|uow| {
                attempts.fetch_add(1, Ordering::Relaxed);
                execute(uow, statement)
            })
            .unwrap_err();
        assert_eq!(attempts.swap(0, Ordering::Relaxed), 1, "{statement}");
    }
}

#[test]
fn write_skew_is_refused_under_serializable() {
    let database = database();
    let store = database.store();
    let meet = Barrier::new(2);
    std::thread::scope(|scope| {
        for id in [1, 2] {
            let meet = &meet;
            scope.spawn(move || {
                let mut waited = false;
                store
                    .transaction()
                    .serializable()
                    .run(|uow| {
                        let sum = text(uow, "SELECT sum(n) FROM t")?;
                        if !std::mem::replace(&mut waited, true) {
                            meet.wait();
                        }
                        if sum == "0" {
                            execute(uow, &format!("UPDATE t SET n = 1 WHERE id = {id}"))?;
                        }
                        Ok(())
                    })
                    .unwrap();
            });
        }
    });
    assert_eq!(number(store, "SELECT sum(n) FROM t"), 1);
}

#[test]
fn timeouts_are_typed_and_the_connection_is_used_again() {
    let options = StoreOptions::default().pool_size(1);
    let database = TestDatabase::with_options([], &options).unwrap();
    let store = database.store();
    let pid = |store: &Store| number(store, "SELECT pg_backend_pid()");
    let before = pid(store);

    let error = store
        .transaction()
        .statement_timeout(Duration::from_millis(20))
        .run(|uow| execute(uow, "SELECT pg_sleep(10)"))
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { what: TimeoutKind::Statement, .. }), "{error:?}");
    assert_eq!(pid(store), before);

    let other = Store::connect(database.url(), &options).unwrap();
    other.write(|uow| execute(uow, "CREATE TABLE t (id int)")).unwrap();
    other
        .write(|uow| {
            execute(uow, "LOCK TABLE t")?;
            let error = store
                .transaction()
                .lock_timeout(Duration::from_millis(20))
                .run(|uow| execute(uow, "SELECT * FROM t"))
                .unwrap_err();
            assert!(matches!(error, Error::Timeout { what: TimeoutKind::Lock, .. }), "{error:?}");
            Ok(())
        })
        .unwrap();
    assert_eq!(pid(store), before);

    let error = store
        .transaction()
        .idle_in_transaction_timeout(Duration::from_millis(20))
        .run(|uow| {
            // The server speaks of it only when the session is used again.
            std::thread::sleep(Duration::from_millis(200));
            execute(uow, "SELECT 1")
        })
        .unwrap_err();
    assert!(
        matches!(error, Error::Timeout { what: TimeoutKind::IdleInTransaction, .. }),
        "{error:?}"
    );
    assert_ne!(pid(store), before, "that connection is gone, another one takes its place");
}

#[test]
fn a_unit_inside_another_is_refused() {
    let database = TestDatabase::with_options([], &StoreOptions::default().pool_size(1)).unwrap();
    let store = database.store();
    store
        .write(|_| {
            assert!(matches!(store.read(|_| Ok(())).unwrap_err(), Error::Nested));
            assert!(matches!(store.clone().write(|_| Ok(())).unwrap_err(), Error::Nested));
            Ok(())
        })
        .unwrap();
    store.write(|_| Ok(())).unwrap();
    // Another store, or another thread, is another matter.
    let other = Store::connect(database.url(), &StoreOptions::default()).unwrap();
    store.write(|_| other.write(|_| Ok(()))).unwrap();
}

#[test]
fn a_trigger_can_say_that_rows_are_immutable() {
    let database = database();
    let store = database.store();
    store
        .write(|uow| {
            Ok(uow.connection().batch_execute(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                     RAISE restrict_violation USING CONSTRAINT = 't_immutable', TABLE = 't',
                         MESSAGE = 'nein'; END $$;
                 CREATE TRIGGER t_immutable BEFORE UPDATE ON t FOR EACH ROW
                     EXECUTE FUNCTION refuse();",
            )?)
        })
        .unwrap();
    let error = store.write(|uow| execute(uow, "UPDATE t SET n = 1")).unwrap_err();
    assert!(matches!(&error, Error::Immutable { table, .. } if table == "t"), "{error:?}");
}

#[test]
fn a_rolled_back_unit_sees_its_work_and_leaves_none() {
    let database = database();
    let seen = rolled_back(database.store(), |uow| {
        execute(uow, "INSERT INTO t VALUES (3, 0)")?;
        text(uow, "SELECT count(*) FROM t")
    });
    assert_eq!(seen.unwrap(), "3");
    assert_eq!(rows(database.store()), 2);
    let error = rolled_back(database.store(), |uow| execute(uow, "INSERT INTO t VALUES (1, 0)"));
    assert!(error.unwrap_err().is_conflict());
}

#[test]
fn constraint_violations_name_the_constraint_and_not_the_values() {
    let database = database();
    let store = database.store();
    for (statement, constraint, kind) in [
        ("INSERT INTO t VALUES (1, 0)", "t_pkey", ConstraintKind::Unique),
        ("INSERT INTO t VALUES (9, 4711)", "t_n_check", ConstraintKind::Check),
        ("INSERT INTO t VALUES (9, NULL)", "", ConstraintKind::NotNull),
    ] {
        let error = store.write(|uow| execute(uow, statement)).unwrap_err();
        let Error::Constraint { constraint: name, kind: found, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((name.as_str(), *found), (constraint, kind));
        assert!(!crate::support::whole(&error).contains("4711"), "{error:?}");
    }
}

#[test]
fn units_share_their_entries_in_pg_stat_statements() {
    let server = LocalServer::builder()
        .setting("shared_preload_libraries", "pg_stat_statements")
        .setting("pg_stat_statements.track_utility", "on")
        .start();
    let server = match server {
        Err(error) if error.to_string().contains("could not access file") => {
            return crate::support::skipped("this PostgreSQL has no pg_stat_statements");
        }
        server => server.unwrap(),
    };
    let options = StoreOptions::default().pool_size(1);
    let store = Store::connect(&server.url("postgres"), &options).unwrap();
    store.write(|uow| execute(uow, "CREATE EXTENSION pg_stat_statements")).unwrap();
    let entries = || number(&store, "SELECT count(*) FROM pg_stat_statements");
    let unit = |nth: u32| {
        let (actor, reason) = (format!("client {nth}"), format!("trial {nth}"));
        let unit = store.transaction().actor(&actor).reason(&reason);
        unit.run(|uow| execute(uow, "SELECT 1")).unwrap();
        store.write(|_| -> Result<()> { Err(Error::not_found("thing", nth)) }).unwrap_err();
    };
    unit(0);
    entries();
    let before = entries();
    for nth in 1..=20 {
        unit(nth);
    }
    assert_eq!(entries(), before, "of the same statements with other values");
}
