//! Migrations that meet others at work: how long these are held up, and who is named.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use planwright::migrate::{Blocked, Blocker, Progress, State};

use super::*;

const MORE: &str = "2026-11-21-000300_modelling_more";

/// The table `t`, installed, and a migration that alters it.
fn with_more(database: &Database) -> Folder {
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    folder.with(MORE, EXPAND, "ALTER TABLE t ADD more int", "ALTER TABLE t DROP more")
}

/// A session that has read `t` and forgot its transaction. It ends with a failing test.
fn forgetful(database: &Database) -> (PgConnection, i32) {
    let mut reader = database.connection();
    reader
        .batch_execute(
            "SET application_name = 'the report'; SET idle_in_transaction_session_timeout = '60s'",
        )
        .unwrap();
    reader.batch_execute("BEGIN; SELECT count(*)\n    FROM t").unwrap();
    let pid = "pid FROM pg_stat_activity WHERE application_name = 'the report' AND datname = current_database()";
    let pid = database.number(pid);
    (reader, i32::try_from(pid).unwrap())
}

fn is_the_report(blockers: &[Blocker], pid: i32) {
    // Others may be slow as well, on a busy machine.
    let report = blockers.iter().find(|blocker| blocker.pid == pid);
    let Some(blocker) = report else { panic!("{blockers:?}") };
    assert_eq!(blocker.application, "the report");
    assert_eq!(blocker.state, "idle in transaction");
    assert_eq!(blocker.statement, "BEGIN; SELECT count(*) FROM t");
    assert!(blocker.transaction_ms.is_some_and(|ms| ms < 20_000), "{blocker}");
}

/// Set when it goes, so that no thread goes on for ever where a test fails.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The longest that one of many statements takes until it is over.
fn slowest(database: &Database, statement: &str, over: &AtomicBool) -> Duration {
    let mut connection = database.connection();
    let mut slowest = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        let begin = Instant::now();
        connection.batch_execute(statement).unwrap();
        slowest = slowest.max(begin.elapsed());
        // Others want to work as well.
        thread::sleep(Duration::from_millis(1));
    }
    slowest
}

#[test]
fn behind_a_long_reader_others_wait_for_a_moment_and_the_reader_is_named() {
    let database = Database::new();
    let folder = with_more(&database);
    database.execute("CREATE TABLE elsewhere (id bigint)");
    let (mut reader, pid) = forgetful(&database);
    // Older than the first limit, so that it is worth a word.
    thread::sleep(Duration::from_millis(60));

    let (first, most) = (Duration::from_millis(50), Duration::from_millis(100));
    let (over, mut events) = (AtomicBool::new(false), Vec::new());
    let (reads, writes, noise) = thread::scope(|scope| {
        let spawn = |statement| {
            scope.spawn({
                let (database, over) = (&database, &over);
                move || slowest(database, statement, over)
            })
        };
        let reads = spawn("SELECT FROM t LIMIT 1");
        let writes = spawn("UPDATE t SET a = 1");
        let noise = spawn("UPDATE elsewhere SET id = 1");
        let end = Over(&over);
        let mut retries = 0;
        let listener = |event: &Progress| {
            events.push(event.clone());
            if matches!(event, Progress::Retrying { .. }) {
                retries += 1;
                if retries == 3 {
                    reader.batch_execute("COMMIT").unwrap();
                }
            }
        };
        let migrator = database.migrator(&folder).lock_timeout(first, most).on_progress(listener);
        let applied = migrator.up();
        drop(end);
        assert_eq!(applied.unwrap().names(), [MORE]);
        (reads.join().unwrap(), writes.join().unwrap(), noise.join().unwrap())
    });

    let [
        Progress::Started { .. },
        Progress::InTheWay { name, sessions },
        retries @ ..,
        Progress::Finished { .. },
    ] = &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(name, MORE);
    is_the_report(sessions, pid);
    let limits: Vec<_> = retries
        .iter()
        .map(|event| {
            let Progress::Retrying { name, why, lock_timeout, pause, blockers } = event else {
                panic!("{event:?}");
            };
            assert_eq!((&**name, *pause), (MORE, *lock_timeout * 4));
            assert!(why.contains("lock timeout"), "{why}");
            (*lock_timeout, blockers)
        })
        .collect();
    // When the report is gone a busy machine may still need another try.
    for (_, blockers) in &limits[..3] {
        is_the_report(blockers, pid);
    }
    assert_eq!((limits[0].0, limits[1].0, limits[2].0), (first, most, most));

    // What queues behind the migration waits for its limit, and for what this machine adds to any
    // statement meanwhile.
    let allowed = most + noise * 2 + Duration::from_millis(100);
    assert!(reads <= allowed && writes <= allowed, "{reads:?}, {writes:?}; noise {noise:?}");
    assert!(reads.max(writes) >= first / 2, "nobody has queued: {reads:?}, {writes:?}");
}

#[test]
fn who_is_in_the_way_for_too_long_stands_in_the_error_and_is_left_alone() {
    let database = Database::new();
    let folder = with_more(&database);
    let (mut reader, pid) = forgetful(&database);
    let hasty = || {
        database
            .migrator(&folder)
            .lock_timeout(Duration::from_millis(50), Duration::from_millis(50))
            .lock_patience(Duration::from_millis(400))
    };
    let refused = |result: Result<(), Error>, of: &str| {
        let error = result.unwrap_err();
        let text = error.to_string();
        for part in [
            &format!("{MORE}: statement 1 of 1{of} failed: ALTER TABLE t"),
            "; gave up after 2 tries in ",
            "with lock_timeout 50ms at last; in the way: process ",
            &format!("process {pid} (the report), idle in transaction, in its transaction for "),
        ] {
            assert!(text.contains(part), "{part:?} is missing in {text:?}");
        }
        let source = error.source().unwrap();
        assert!(source.to_string().contains("lock timeout"), "{source}");
        is_the_report(&source.downcast_ref::<Blocked>().unwrap().blockers, pid);
    };
    refused(hasty().up().map(drop), "");
    let pending = vec![MORE.to_owned()];
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Behind { pending });
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(hasty().up().unwrap().names(), [MORE]);

    reader.batch_execute("BEGIN; SELECT count(*) FROM t").unwrap();
    refused(hasty().down().map(drop), " of its down");
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Current);
    reader.batch_execute("COMMIT").unwrap();
    assert_eq!(hasty().down().unwrap().names(), [MORE]);
}

#[test]
fn without_patience_it_is_tried_once_and_never_longer_than_the_store_allows() {
    let database = Database::new();
    let folder = with_more(&database);
    let (_reader, _) = forgetful(&database);
    let options = StoreOptions::default().lock_timeout(Duration::from_millis(30));
    let store = Store::connect(&database.url, &options).unwrap();
    let migrator = Migrator::new(&store)
        .contexts([Context::Modelling])
        .migrations(folder.set())
        .lock_timeout(Duration::from_secs(50), Duration::from_secs(60))
        .lock_patience(Duration::ZERO);
    let (what, _) = told(migrator.up());
    assert!(what.contains("gave up after one try") && what.contains("lock_timeout 30ms"), "{what}");
    let absurd = migrator.lock_timeout(Duration::from_secs(1 << 40), Duration::ZERO).up();
    assert!(matches!(absurd, Err(Error::Invalid { .. })), "{absurd:?}");
}

#[test]
fn a_migration_that_was_ended_to_break_a_deadlock_is_tried_again() {
    let database = Database::new();
    let folder = with_more(&database);
    let name = database.texts("SELECT current_database()").remove(0);
    database.execute(&format!(
        "CREATE TABLE u (); ALTER DATABASE {name} SET deadlock_timeout = '20ms'"
    ));
    // It waits until the other waits for `t`, or is gone.
    let folder = folder.write(
        MORE,
        "up.sql",
        "LOCK TABLE t;
         DO $$ BEGIN
             LOOP
                 EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE relation = 't'::regclass AND NOT granted)
                     OR NOT EXISTS (SELECT FROM pg_locks WHERE relation = 'u'::regclass AND granted);
                 PERFORM pg_sleep(0.005);
             END LOOP;
         END $$;
         LOCK TABLE u;
         ALTER TABLE t ADD more int",
    );
    let mut other = database.connection();
    // Not the victim: it looks for deadlocks too late.
    other.batch_execute("SET deadlock_timeout = '60s'; BEGIN; LOCK TABLE u").unwrap();
    let mut events = Vec::new();
    thread::scope(|scope| {
        let migrator = database
            .migrator(&folder)
            .lock_timeout(Duration::from_millis(300), Duration::from_millis(300))
            .on_progress(|event| events.push(event.clone()));
        scope.spawn(move || {
            // It is behind the migration, whatever comes first: the migration waits for it.
            let locked = "SELECT FROM pg_locks WHERE relation = 't'::regclass AND granted";
            let wait = format!("DO $$ BEGIN WHILE NOT EXISTS ({locked}) LOOP PERFORM pg_sleep(0.005); END LOOP; END $$");
            other.batch_execute(&wait).unwrap();
            other.batch_execute("LOCK TABLE t; COMMIT").unwrap();
        });
        assert_eq!(migrator.up().unwrap().names(), [MORE]);
    });
    let whys: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Progress::Retrying { why, .. } => Some(&**why),
            _ => None,
        })
        .collect();
    assert_eq!(whys, ["deadlock detected"]);
}

#[test]
fn an_index_tells_for_whom_it_waits_even_on_another_table() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    database.execute("CREATE TABLE elsewhere (id bigint)");
    let mut old = database.connection();
    old.batch_execute(
        "SET application_name = 'the export'; SET idle_in_transaction_session_timeout = '20s';
         BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM elsewhere",
    )
    .unwrap();
    let folder = Folder::with_index();
    let mut told = Vec::new();
    let migrator = database.migrator(&folder).on_progress(|event| {
        if let Progress::InTheWay { name, sessions } = event {
            told.push((name.clone(), sessions[0].application.clone()));
            old.batch_execute("COMMIT").unwrap();
        }
    });
    assert_eq!(migrator.up().unwrap().names(), [INDEX]);
    drop(migrator);
    assert_eq!(told, [(INDEX.to_owned(), "the export".to_owned())]);
}

#[test]
fn a_prepared_transaction_is_recognised() {
    let server = LocalServer::builder().setting("max_prepared_transactions", "1").start().unwrap();
    let database = Database::on(&server);
    let folder = with_more(&database);
    database.execute("BEGIN; INSERT INTO t VALUES (1, 1); PREPARE TRANSACTION 'forgotten'");
    let migrator = database.migrator(&folder).lock_patience(Duration::ZERO);
    let (what, _) = told(migrator.up());
    assert!(what.ends_with("; in the way: a prepared transaction"), "{what}");
    database.execute("ROLLBACK PREPARED 'forgotten'");
    assert_eq!(migrator.up().unwrap().names(), [MORE]);
}

#[test]
fn what_does_not_wait_costs_one_query_for_each_migration_and_no_session() {
    let server = LocalServer::builder()
        .setting("log_statement", "all")
        .setting("log_connections", "on")
        .start()
        .unwrap();
    let database = Database::on(&server);
    let folder = with_more(&database);
    let before = fs::read_to_string(server.log()).unwrap().len();
    database
        .migrator(&folder)
        .lock_timeout(Duration::from_secs(5), Duration::from_secs(5))
        .up()
        .unwrap();
    let log = fs::read_to_string(server.log()).unwrap().split_off(before);
    assert_eq!(log.matches("connection authorized").count(), 1, "{log}");
    assert_eq!(log.matches("pg_catalog.pg_stat_activity").count(), 1, "{log}");
    assert_eq!(log.matches("pg_blocking_pids").count(), 0, "{log}");
}

#[test]
fn an_automatic_vacuum_gives_way_and_nobody_waits_for_that() {
    // It gives way to who has waited for `deadlock_timeout`, which no try does.
    let server = LocalServer::builder()
        .setting("autovacuum_naptime", "1s")
        .setting("deadlock_timeout", "400ms")
        .start()
        .unwrap();
    let database = Database::on(&server);
    let folder = with_more(&database);
    // It would take minutes.
    database.execute(
        "INSERT INTO t SELECT n, n FROM generate_series(1, 20000) n;
         ALTER TABLE t SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0,
                            autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
         DELETE FROM t WHERE id % 2 = 0",
    );
    let vacuum = "count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
                   WHERE relation = 't'::regclass AND mode = 'ShareUpdateExclusiveLock'
                     AND backend_type = 'autovacuum worker'";
    let begin = Instant::now();
    while database.number(vacuum) == 0 {
        assert!(begin.elapsed() < Duration::from_secs(60), "no automatic VACUUM");
        thread::sleep(Duration::from_millis(20));
    }
    let over = AtomicBool::new(false);
    let (retries, slowest) = thread::scope(|scope| {
        let ends = Over(&over);
        let write = "UPDATE t SET id = id WHERE id = 1";
        let writer = scope.spawn(|| slowest(&database, write, &over));
        let mut retries = 0;
        let limit = Duration::from_millis(50);
        let migrator = database.migrator(&folder).lock_timeout(limit, limit);
        let migrator = migrator.lock_patience(Duration::from_secs(20)).on_progress(|event| {
            retries += u32::from(matches!(event, Progress::Retrying { .. }));
        });
        assert_eq!(migrator.up().unwrap().names(), [MORE]);
        drop(migrator);
        drop(ends);
        (retries, writer.join().unwrap())
    });
    assert!(fs::read_to_string(server.log()).unwrap().contains("canceling autovacuum task"));
    assert!((1..=3).contains(&retries), "{retries}");
    assert!(slowest < Duration::from_millis(350), "{slowest:?}");
}
