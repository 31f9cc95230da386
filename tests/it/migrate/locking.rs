//! Runners beside each other, and runners that die.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use planwright::migrate::{Progress, State};

use super::*;

/// Waits until the runner's index waits for the transaction of somebody else.
pub(super) fn wait_for_blocked_index(database: &Database) {
    let waits = "count(*) FROM pg_stat_activity WHERE datname = current_database()
                 AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'";
    let deadline = Instant::now() + Duration::from_secs(20);
    while database.number(waits) == 0 {
        assert!(Instant::now() < deadline, "the index does not wait");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A connection in a transaction that an index has to wait for. A failing test ends all the same.
pub(super) fn busy_writer(database: &Database) -> PgConnection {
    let mut writer = database.connection();
    let begin =
        "SET idle_in_transaction_session_timeout = '20s'; BEGIN; INSERT INTO t VALUES (1, 1)";
    writer.batch_execute(begin).unwrap();
    writer
}

#[test]
fn of_two_runners_one_works_and_the_other_waits_and_finds_nothing_to_do() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    let folder = Folder::with_index();
    let mut writer = busy_writer(&database);

    thread::scope(|scope| {
        let first = scope.spawn(|| database.migrator(&folder).up());
        wait_for_blocked_index(&database);
        let (waiting, is_waiting) = mpsc::channel();
        let tell = move |event: &Progress| waiting.send(event.clone()).unwrap();
        let second = {
            let (database, folder) = (&database, &folder);
            scope.spawn(move || database.migrator(folder).on_progress(tell).up())
        };
        let event = is_waiting.recv_timeout(Duration::from_secs(20)).unwrap();
        let Progress::WaitingForLock { holder: Some(holder) } = event else {
            panic!("{event:?}");
        };
        assert!(holder.contains("(the tests)"), "{holder}");
        // The second has asked for the lock and the first still waits: now it can finish.
        writer.batch_execute("COMMIT").unwrap();
        assert_eq!(first.join().unwrap().unwrap().names(), [INDEX]);
        assert_eq!(second.join().unwrap().unwrap(), []);
        assert!(is_waiting.recv().is_err(), "the waiting is told once, and nothing was run");
    });
    assert_eq!(database.number("count(*) FROM pg_index WHERE NOT indisvalid"), 0);
    assert_eq!(database.number(&format!("count(*) {SCHEMA_LOCK}")), 0);
}

#[test]
fn many_runners_of_an_empty_database_install_it_once() {
    let database = Database::new();
    let folder = Folder::with_index().with_held();
    let applied: Vec<_> = thread::scope(|scope| {
        let runners: Vec<_> =
            (0..6).map(|_| scope.spawn(|| database.migrator(&folder).up().unwrap())).collect();
        runners.into_iter().flat_map(|runner| runner.join().unwrap()).collect()
    });
    assert_eq!(applied.names(), [CORE, T, B, INDEX, DROP_B]);
}

#[test]
fn a_runner_that_waits_too_long_names_the_holder() {
    let database = Database::new();
    let folder = Folder::with_index();
    database.migrator(&Folder::new()).up().unwrap();
    let mut writer = busy_writer(&database);
    thread::scope(|scope| {
        let first = scope.spawn(|| database.migrator(&folder).up());
        wait_for_blocked_index(&database);
        let pid = database.number(&format!("pid {SCHEMA_LOCK}"));
        let error =
            database.migrator(&folder).lock_wait(Duration::from_millis(300)).up().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("process {pid} (the tests) is changing the schema; gave up after 0.3 s")
        );
        // What needs no lock does not wait.
        assert!(matches!(database.migrator(&folder).status().unwrap().state, State::Behind { .. }));
        assert_eq!(database.migrator(&Folder::new()).up().unwrap(), []);
        writer.batch_execute("COMMIT").unwrap();
        first.join().unwrap().unwrap();
    });
}

#[test]
fn an_index_waits_longer_than_the_limits_of_the_host() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    let options = StoreOptions::default()
        .statement_timeout(Duration::from_millis(100))
        .lock_timeout(Duration::from_millis(100));
    let store = Store::connect(&database.url, &options).unwrap();
    let folder = Folder::with_index();
    let mut writer = busy_writer(&database);
    thread::scope(|scope| {
        let runner = scope.spawn(|| {
            let contexts = [Context::Modelling];
            planwright::migrate::Migrator::new(&store)
                .contexts(contexts)
                .migrations(folder.set())
                .up()
        });
        wait_for_blocked_index(&database);
        thread::sleep(Duration::from_millis(300));
        writer.batch_execute("COMMIT").unwrap();
        assert_eq!(runner.join().unwrap().unwrap().names(), [INDEX]);
    });

    // In a transaction, where others queue behind it, the limit holds.
    let more = "2026-11-21-000500_modelling_c";
    let folder = folder.with(more, EXPAND, "ALTER TABLE t ADD c int", "ALTER TABLE t DROP c");
    writer.batch_execute("BEGIN; INSERT INTO t VALUES (1, 1)").unwrap();
    let migrator = planwright::migrate::Migrator::new(&store)
        .contexts([Context::Modelling])
        .migrations(folder.set())
        .lock_patience(Duration::from_millis(500));
    let (what, why) = told(migrator.up());
    assert!(what.starts_with(more) && why.contains("lock timeout"), "{what}: {why}");
    writer.batch_execute("COMMIT").unwrap();
    assert_eq!(migrator.up().unwrap().names(), [more]);
}

#[test]
fn an_invalid_index_of_a_run_that_died_is_dropped_and_built_again() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    let folder = Folder::with_index();
    let mut writer = busy_writer(&database);
    thread::scope(|scope| {
        let first = scope.spawn(|| database.migrator(&folder).up());
        wait_for_blocked_index(&database);
        kill_runner(&database);
        let (what, why) = told(first.join().unwrap());
        assert!(what.starts_with(&format!("{INDEX}: statement 1 of 1 failed")), "{what}");
        assert!(what.contains("left index t_a_ix INVALID"), "{what}");
        assert!(why.contains("connection"), "{why}");
    });
    writer.batch_execute("COMMIT").unwrap();
    let invalid = "count(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(database.number(invalid), 1);
    let pending = vec![INDEX.to_owned()];
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Behind { pending });

    let mut events = Vec::new();
    let migrator = database.migrator(&folder).on_progress(|event| events.push(event.clone()));
    assert_eq!(migrator.up().unwrap().names(), [INDEX]);
    drop(migrator);
    let dropped =
        Progress::DroppedInvalidIndex { name: INDEX.to_owned(), index: "public.t_a_ix".to_owned() };
    assert!(events.contains(&dropped), "{events:?}");
    assert_eq!(database.number(invalid), 0);
    assert_eq!(database.number("count(*) FROM pg_index WHERE indexrelid = 't_a_ix'::regclass"), 1);
}

#[test]
fn an_index_that_fails_leaves_none_behind() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    database.execute("INSERT INTO t VALUES (1, 1), (1, 1)");
    let folder = Folder::new().with(
        INDEX,
        ALONE,
        "CREATE UNIQUE INDEX CONCURRENTLY \"T uq\" ON ONLY public.t (id);",
        "DROP INDEX CONCURRENTLY IF EXISTS \"T uq\";",
    );
    // ONLY is not a form that the runner can resume, and is refused when the folder is read.
    let error = Migrations::from_folder(&folder.root).unwrap_err();
    assert!(error.to_string().contains("can be resumed"), "{error}");

    let folder = folder.write(
        INDEX,
        "up.sql",
        "CREATE UNIQUE INDEX CONCURRENTLY \"T uq\" ON public.t (id);",
    );
    let (what, why) = told(database.migrator(&folder).up());
    assert!(
        what.starts_with(&format!("{INDEX}: statement 1 of 1 failed: CREATE UNIQUE")),
        "{what}"
    );
    assert!(why.contains("T uq"), "{why}");
    assert_eq!(database.number("count(*) FROM pg_index WHERE indrelid = 't'::regclass"), 0);
    database.execute("DELETE FROM t WHERE ctid = '(0,1)'");
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [INDEX]);
}

#[test]
fn an_index_that_was_built_but_not_recorded_is_recognised() {
    let database = Database::new();
    let folder = Folder::with_index();
    database.migrator(&folder).up().unwrap();
    let forget = "DELETE FROM planwright.migrations WHERE version = '20261121000300'";
    let oid = "'t_a_ix'::regclass::oid";
    let before = database.number(oid);
    database.execute(forget);
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [INDEX]);
    assert_eq!(database.number(oid), before);

    for other in ["INDEX t_a_ix ON t (a)", "UNIQUE INDEX t_a_ix ON t (a) WHERE a > 0"] {
        database.execute(&format!("{forget}; DROP INDEX t_a_ix; CREATE {other}"));
        let (what, _) = told(database.migrator(&folder).up());
        assert_eq!(
            what,
            format!(
                "{INDEX}: index public.t_a_ix exists with another definition: drop it or rename it"
            )
        );
    }
    database.execute("DROP INDEX t_a_ix");
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [INDEX]);
}

#[test]
fn a_down_that_died_after_its_statement_is_finished() {
    let database = Database::new();
    let folder = Folder::with_index();
    database.migrator(&folder).up().unwrap();
    database.execute("DROP INDEX t_a_ix");
    assert_eq!(database.migrator(&folder).down().unwrap().names(), [INDEX]);
}

#[test]
fn a_run_that_is_killed_after_any_step_is_finished_by_the_next() {
    let all = [CORE, T, B, INDEX, DROP_B];
    let folder = Folder::with_index().with_held();
    let whole = Database::new();
    whole.migrator(&folder).up().unwrap();
    for (i, last) in all.iter().enumerate() {
        let database = Database::new();
        let kill = |event: &Progress| {
            if matches!(event, Progress::Finished { name, .. } if name == last) {
                kill_runner(&database);
            }
        };
        // Where nothing was left to do, all of it is committed.
        let run = database.migrator(&folder).on_progress(kill).up();
        assert_eq!(run.is_ok(), i == all.len() - 1, "{run:?}");
        assert_eq!(database.migrator(&folder).up().unwrap().names(), all[i + 1..]);
        assert_eq!(database.objects(), whole.objects());
    }
}

/// The server keeps 63 bytes of it.
#[test]
fn an_index_with_a_long_name_is_recognised() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    let name = "t_".to_owned() + &"a".repeat(70);
    let folder = Folder::new().with(
        INDEX,
        ALONE,
        &format!("CREATE INDEX CONCURRENTLY {name} ON t (a)"),
        &format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"),
    );
    // A run that died before it could say so.
    database.execute(&format!("CREATE INDEX {name} ON t (a)"));
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [INDEX]);
}

/// Its own role hides what it builds, and a DROP INDEX would end it by a deadlock.
#[test]
fn an_index_that_another_role_is_building_is_left_to_it() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    let folder = Folder::with_index();
    database.execute(
        "CREATE ROLE migrating; GRANT migrating TO CURRENT_USER;
         GRANT USAGE, CREATE ON SCHEMA public TO migrating;
         ALTER TABLE t OWNER TO migrating; ALTER SCHEMA planwright OWNER TO migrating;
         GRANT ALL ON ALL TABLES IN SCHEMA planwright TO migrating",
    );
    let (mut writer, mut builder) = (busy_writer(&database), database.connection());
    thread::scope(|scope| {
        let building = scope.spawn(move || {
            builder.batch_execute("CREATE INDEX CONCURRENTLY t_a_ix ON t (a) WHERE a > 0")
        });
        wait_for_blocked_index(&database);
        let name = &database.texts("SELECT current_database()")[0];
        database.execute(&format!("ALTER DATABASE {name} SET role = migrating"));
        let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
        let migrator = Migrator::new(&store).contexts([Context::Modelling]);
        let migrator = migrator.migrations(folder.set());
        let (what, _) = told(migrator.up());
        assert!(what.contains("t_a_ix is being built by process"), "{what}");
        writer.batch_execute("COMMIT").unwrap();
        building.join().unwrap().unwrap();
        assert_eq!(migrator.up().unwrap().names(), [INDEX]);
    });
}

/// An owner of a schema and of its tables is allowed to build an index, and often nothing else.
#[test]
fn an_index_is_recognised_by_a_role_that_may_make_no_temporary_tables() {
    let database = Database::new();
    database.migrator(&Folder::new()).up().unwrap();
    let folder = Folder::with_index();
    let name = &database.texts("SELECT current_database()")[0];
    let role = format!("owner_{name}");
    database.execute(&format!(
        "CREATE ROLE {role}; GRANT {role} TO CURRENT_USER;
         REVOKE TEMPORARY ON DATABASE {name} FROM PUBLIC;
         GRANT USAGE, CREATE ON SCHEMA public TO {role};
         ALTER TABLE t OWNER TO {role}; ALTER SCHEMA planwright OWNER TO {role};
         GRANT ALL ON ALL TABLES IN SCHEMA planwright TO {role};
         CREATE INDEX t_a_ix ON t (a) WHERE a > 0;
         ALTER DATABASE {name} SET role = {role}"
    ));
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    let migrator = Migrator::new(&store).contexts([Context::Modelling]).migrations(folder.set());
    let as_before = |sql: &str| database.execute(&format!("SET ROLE NONE; {sql}"));

    as_before(&format!("REVOKE CREATE ON SCHEMA public FROM {role}"));
    let (what, why) = told(migrator.up());
    assert!(what.starts_with(&format!("{INDEX}: index t_a_ix is there already")), "{what}");
    assert!(what.ends_with("needs SELECT on t and CREATE on schema public"), "{what}");
    assert!(why.contains("permission denied"), "{why}");

    as_before(&format!("GRANT CREATE ON SCHEMA public TO {role}"));
    let tables = database.number("count(*) FROM pg_class");
    assert_eq!(migrator.up().unwrap().names(), [INDEX]);
    assert_eq!(database.number("count(*) FROM pg_class"), tables, "the copy is gone");
    as_before(&format!("DROP OWNED BY {role} CASCADE; DROP ROLE {role}"));
}
