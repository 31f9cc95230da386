//! A server that speaks German, to a role that may ask for English and to one that may not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use planwright::batch::{Batch, Job, Progress, Runner, Verdict};
use planwright::local_server::LocalServer;
use planwright::migrate::{Blocked, Migrator};
use planwright::modelling::factory;
use planwright::testing::{At, Fault, FaultProxy, Point};
use planwright::{
    ConstraintKind, Context, Error, Result, Store, StoreOptions, TimeoutKind, UnitOfWork,
};

use crate::support::{execute, number, scenario, skipped, text, whole};

diesel::table! {
    missing (id) {
        id -> Integer,
    }
}

/// A locale's folder, removed with this value.
struct Locales(PathBuf);

impl Drop for Locales {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

struct German {
    server: LocalServer,
    _locales: Locales,
}

impl German {
    /// None, with a line that says so, where this machine cannot make one.
    fn start() -> Option<Self> {
        let skipped = |what: String| {
            skipped(&format!("no server speaks German here: {what}"));
            None
        };
        let nth = {
            static COUNT: AtomicUsize = AtomicUsize::new(0);
            COUNT.fetch_add(1, Ordering::Relaxed)
        };
        let name = format!("planwright-locales-{}-{nth}", std::process::id());
        let locales = Locales(std::env::temp_dir().join(name));
        fs::create_dir(&locales.0).unwrap();
        // The server runs as another user where this one is root.
        fs::set_permissions(&locales.0, Permissions::from_mode(0o755)).unwrap();
        let made = Command::new("localedef")
            .args(["-i", "de_DE", "-f", "UTF-8"])
            .arg(locales.0.join("de_DE.UTF-8"))
            .output();
        match made {
            Err(error) => return skipped(format!("localedef: {error}")),
            Ok(output) if !output.status.success() => {
                let why = String::from_utf8_lossy(&output.stderr).into_owned();
                return skipped(format!("localedef, of the package locales: {why}"));
            }
            Ok(_) => {}
        }
        let server = LocalServer::builder()
            .environment("LOCPATH", Path::new(&locales.0).to_string_lossy())
            .setting("lc_messages", "de_DE.UTF-8")
            .start()
            .expect("a server with a German locale");
        let mut direct = PgConnection::establish(&server.url("postgres")).unwrap();
        let error = direct.batch_execute("SELECT 1/0").unwrap_err().to_string();
        if !error.contains("Division durch Null") {
            return skipped(format!(
                "PostgreSQL's message catalogs (postgres.mo): it said {error:?}"
            ));
        }
        direct
            .batch_execute(
                "CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL CHECK (n < 100));
                 INSERT INTO t VALUES (1, 0), (2, 0);
                 CREATE ROLE app LOGIN; GRANT ALL ON t TO app",
            )
            .unwrap();
        Some(Self { server, _locales: locales })
    }

    fn app_url(&self) -> String {
        self.server.url("postgres").replace("//postgres@", "//app@")
    }

    /// A role that may not set `lc_messages`.
    fn app(&self) -> Store {
        let store = Store::connect(&self.app_url(), &StoreOptions::default()).unwrap();
        let language = store.read(|uow| text(uow, "SELECT current_setting('lc_messages')"));
        assert_eq!(language.unwrap(), "de_DE.UTF-8");
        store
    }

    fn superuser(&self) -> Store {
        Store::connect(&self.server.url("postgres"), &StoreOptions::default()).unwrap()
    }
}

/// What a statement, a lock and an idle transaction get that take too long.
fn timeouts(store: &Store) -> [Error; 3] {
    let short = Duration::from_millis(20);
    let statement = store.transaction().statement_timeout(short);
    let statement = statement.run(|uow| execute(uow, "SELECT pg_sleep(10)")).unwrap_err();
    let (locked, tried) = (&Barrier::new(2), &Barrier::new(2));
    let lock = thread::scope(|scope| {
        scope.spawn(|| {
            store
                .write(|uow| {
                    execute(uow, "SELECT * FROM t WHERE id = 1 FOR UPDATE")?;
                    locked.wait();
                    tried.wait();
                    Ok(())
                })
                .unwrap();
        });
        locked.wait();
        let unit = store.transaction().lock_timeout(short);
        let error = unit.run(|uow| execute(uow, "UPDATE t SET n = 1 WHERE id = 1")).unwrap_err();
        tried.wait();
        error
    });
    let idle = store.transaction().idle_in_transaction_timeout(short);
    let idle = idle
        .run(|uow| {
            // The server speaks of it only when the session is used again.
            thread::sleep(Duration::from_millis(200));
            execute(uow, "SELECT 1")
        })
        .unwrap_err();
    [statement, lock, idle]
}

fn assert_timeouts_are_typed(store: &Store) {
    let kinds = [TimeoutKind::Statement, TimeoutKind::Lock, TimeoutKind::IdleInTransaction];
    for (error, kind) in timeouts(store).into_iter().zip(kinds) {
        assert!(matches!(&error, Error::Timeout { what, .. } if *what == kind), "{error:?}");
    }
}

#[test]
fn english_is_asked_for_where_the_role_may() {
    let Some(german) = German::start() else { return };
    assert_timeouts_are_typed(&german.superuser());

    // Of the two that the role has by itself the timeouts are not told from other failures; a
    // connection that the server ended is known to be lost all the same.
    let [statement, lock, idle] = timeouts(&german.app());
    for error in [statement, lock] {
        assert!(matches!(error, Error::Database { .. }), "{error:?}");
        assert!(whole(&error).contains("Anfrage"), "{error:?}");
    }
    assert!(matches!(idle, Error::Unavailable { .. }), "{idle:?}");

    german
        .superuser()
        .write(|uow| execute(uow, "GRANT SET ON PARAMETER lc_messages TO app"))
        .unwrap();
    let allowed = Store::connect(&german.app_url(), &StoreOptions::default()).unwrap();
    assert_timeouts_are_typed(&allowed);
}

#[test]
fn what_decides_about_a_unit_is_understood_in_german() {
    let Some(german) = German::start() else { return };
    let store = &german.app();

    // A deadlock is run again, and typed where it is not.
    let deadlock = |attempts: usize| {
        let meet = &Barrier::new(2);
        let runs = &AtomicUsize::new(0);
        let results: Vec<Result<usize>> = thread::scope(|scope| {
            let units = [(1, 2), (2, 1)].map(|(first, second)| {
                scope.spawn(move || {
                    let mut waited = false;
                    store.transaction().attempts(attempts).run(|uow| {
                        runs.fetch_add(1, Ordering::Relaxed);
                        execute(uow, &format!("UPDATE t SET n = n + 1 WHERE id = {first}"))?;
                        if !std::mem::replace(&mut waited, true) {
                            meet.wait();
                        }
                        execute(uow, &format!("UPDATE t SET n = n + 1 WHERE id = {second}"))
                    })
                })
            });
            units.into_iter().map(|unit| unit.join().unwrap()).collect()
        });
        (results, runs.load(Ordering::Relaxed))
    };
    let (results, runs) = deadlock(3);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(runs, 3);
    let (results, _) = deadlock(1);
    let errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(matches!(errors.as_slice(), [Error::Deadlock { .. }]), "{errors:?}");
    assert!(whole(&errors[0]).contains("Verklemmung"), "{errors:?}");

    let swallow: [fn(&mut planwright::UnitOfWork<'_>); 3] = [
        |uow| drop(execute(uow, "SELECT no_such_function()")),
        |uow| drop(uow.connection().batch_execute("SELECT 1/0")),
        // One that the prepare of a cached statement meets.
        |uow| drop(missing::table.select(missing::id).load::<i32>(uow.connection())),
    ];
    for (case, swallow) in swallow.into_iter().enumerate() {
        for resolve in [false, true] {
            let unit = store.transaction().resolve_commit(resolve);
            let error = unit
                .run(|uow| {
                    execute(uow, "INSERT INTO t VALUES (10, 0)")?;
                    swallow(uow);
                    Ok(())
                })
                .unwrap_err();
            assert!(matches!(error, Error::Aborted { .. }), "case {case}, {resolve}: {error:?}");
        }
        let error = store
            .write(|uow| {
                uow.savepoint(|uow| {
                    swallow(uow);
                    Ok::<_, Error>(())
                })
            })
            .unwrap_err();
        assert!(matches!(error, Error::Aborted { .. }), "savepoint, case {case}: {error:?}");
    }
    for statement in ["COMMIT", "ROLLBACK", "COMMIT; BEGIN"] {
        let error = store.write(|uow| Ok(uow.connection().batch_execute(statement)?)).unwrap_err();
        assert!(matches!(error, Error::ForeignTransaction), "{statement}: {error:?}");
    }
    let error = store.write(|uow| execute(uow, "INSERT INTO t VALUES (1, 0)")).unwrap_err();
    let Error::Constraint { constraint, kind, .. } = &error else { panic!("{error:?}") };
    assert_eq!((constraint.as_str(), *kind), ("t_pkey", ConstraintKind::Unique));
    let terminate = "SELECT pg_terminate_backend(pg_backend_pid())";
    let error = store.write(|uow| execute(uow, terminate)).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(number(store, "SELECT count(*) FROM t"), 2);

    let proxy = FaultProxy::in_front_of(&german.app_url()).unwrap();
    let url = proxy.url_for(&german.app_url()).unwrap();
    let through = Store::connect(&url, &StoreOptions::default()).unwrap();
    for (resolve, id) in [(false, 20), (true, 21)] {
        proxy.set(Fault::CutAt(Point::Reply(At::Commit)));
        let insert = format!("INSERT INTO t VALUES ({id}, 0)");
        let answer = through.transaction().resolve_commit(resolve).run(|uow| execute(uow, &insert));
        match answer {
            Ok(_) => assert!(resolve),
            Err(error) => assert!(matches!(error, Error::CommitUnknown { .. }) && !resolve),
        }
    }
    assert_eq!(number(store, "SELECT count(*) FROM t WHERE id >= 20"), 2);
}

#[test]
fn a_missing_unique_key_is_named_in_german_too() {
    let Some(german) = German::start() else { return };
    let owner = german.superuser();
    Migrator::new(&owner).contexts([Context::Modelling]).up().unwrap();
    let scenario = scenario(&owner);
    owner
        .write(|uow| {
            Ok(uow.connection().batch_execute(
                "DROP INDEX plan_property_id_scenario_id_uq;
                 GRANT ALL ON ALL TABLES IN SCHEMA public TO app",
            )?)
        })
        .unwrap();
    let plan = factory::plan(7, scenario);
    let error = german.app().write(|uow| uow.plans().replace(&plan, &[])).unwrap_err();
    let Error::Migration { version, .. } = &error else { panic!("{error:?}") };
    assert_eq!(version, "20261120000700_modelling_plan_property_id_scenario_id_key");
    assert!(whole(&error).contains("passt"), "{}", whole(&error));
}

/// One batch, which takes for ever with more than ten rows.
struct Slow;

impl Job for Slow {
    type Cursor = i64;

    fn name(&self) -> &'static str {
        "slow"
    }

    fn next_batch(
        &mut self,
        uow: &mut UnitOfWork<'_>,
        _: Option<&i64>,
        limit: u32,
    ) -> Result<Batch<i64>> {
        if limit > 10 {
            execute(uow, "SELECT pg_sleep(60)")?;
        }
        let rows = execute(uow, "UPDATE t SET n = n + 1")?;
        Ok(Batch { rows: rows as u64, next: None })
    }

    fn verify(&mut self, _: &mut UnitOfWork<'_>) -> Result<Verdict> {
        Ok(Verdict::Done)
    }
}

/// The role has no rights beyond those on the tables.
#[test]
fn a_batch_that_times_out_in_german_is_known_by_its_time() {
    let Some(german) = German::start() else { return };
    let owner = german.superuser();
    Migrator::new(&owner).up().unwrap();
    owner
        .write(|uow| {
            execute(uow, "GRANT USAGE ON SCHEMA planwright TO app")?;
            execute(uow, "GRANT SELECT, INSERT, UPDATE ON planwright.jobs TO app")
        })
        .unwrap();
    let mut timed_out = 0;
    let (app, short) = (german.app(), Duration::from_millis(10));
    let runner = Runner::new(&app).target(short).first_size(40).on_progress(|event| {
        timed_out += usize::from(matches!(event, Progress::TimedOut { .. }));
    });
    assert!(runner.run(&mut Slow).unwrap().is_finished());
    drop(runner);
    assert_eq!(timed_out, 2);
    assert_eq!(number(&owner, "SELECT sum(n) FROM t"), 2);
}

#[test]
fn a_migration_knows_in_german_that_it_waited_for_too_long() {
    let Some(german) = German::start() else { return };
    let grant = "GRANT CREATE ON SCHEMA public TO app; GRANT CREATE ON DATABASE postgres TO app";
    let mut reader = PgConnection::establish(&german.server.url("postgres")).unwrap();
    reader.batch_execute(grant).unwrap();
    let options = StoreOptions::default().lock_timeout(Duration::from_millis(200));
    let store = Store::connect(&german.app_url(), &options).unwrap();
    let migrator = || Migrator::new(&store).contexts([Context::Modelling]);
    migrator().up_to("20261120000200").unwrap();
    reader.batch_execute("BEGIN; SELECT FROM plan").unwrap();

    let limit = Duration::from_millis(50);
    let hasty = migrator().lock_timeout(limit, limit).lock_patience(Duration::from_secs(1));
    let error = hasty.up().unwrap_err();
    let text = error.to_string();
    assert!(text.contains("gave up after ") && text.contains(" tries in "), "{text}");
    assert!(text.contains("in the way: process "), "{text}");
    // Another role's session shows no more than who it is.
    let source = std::error::Error::source(&error).unwrap();
    assert!(source.to_string().contains("Sperre"), "{source}");
    let [blocker] = &source.downcast_ref::<Blocked>().unwrap().blockers[..] else {
        panic!("{text}");
    };
    assert_eq!((blocker.transaction_ms, &*blocker.state), (None, ""));

    let rehearsal = hasty.dry_run().unwrap();
    assert!(!rehearsal.passed());
    assert!(rehearsal.to_string().contains("in the way: process "), "{rehearsal}");
    // What fails late for another reason is not tried again.
    reader
        .batch_execute(
            "COMMIT; CREATE TABLE plan_measure ();
             CREATE FUNCTION slow() RETURNS event_trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_sleep(0.1); END';
             CREATE EVENT TRIGGER slow ON ddl_command_start WHEN TAG IN ('CREATE VIEW')
                 EXECUTE FUNCTION slow()",
        )
        .unwrap();
    let error = hasty.up().unwrap_err();
    assert!(whole(&error).contains("existiert bereits"), "{error:?}");
    assert!(!error.to_string().contains("gave up"), "{error}");
    reader.batch_execute("DROP TABLE plan_measure").unwrap();
    hasty.up().unwrap();
}
