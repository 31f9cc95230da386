//! PgBouncer in transaction mode.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use planwright::batch::{Batch, Job, Runner, Verdict};
use planwright::local_server::LocalServer;
use planwright::migrate::Migrator;
use planwright::{Context, Error, Result, Store, StoreOptions, TimeoutKind, UnitOfWork};

use crate::shared::pgbouncer::PgBouncer;
use crate::shared::version::{Version, assert_sound, stored_in};
use crate::support::{execute, number, scenario, text, whole};

/// A server with the modelling tables in its database `postgres`.
fn server() -> (LocalServer, Store) {
    let server = LocalServer::start().unwrap();
    let direct = Store::connect(&server.url("postgres"), &StoreOptions::default()).unwrap();
    Migrator::new(&direct).contexts([Context::Modelling]).up().unwrap();
    (server, direct)
}

/// On a unix socket, as the server's user.
fn pooler(server: &LocalServer, settings: &str) -> PgBouncer {
    let folder = server.socket_dir();
    let owner = fs::metadata(folder).unwrap();
    let mut runner = Command::new("env");
    runner.uid(owner.uid()).gid(owner.gid());
    PgBouncer::start(server, folder.to_str().unwrap(), settings, runner)
}

#[test]
fn a_pooler_that_nobody_spoke_of_is_refused() {
    let server = LocalServer::start().unwrap();
    // It refuses our startup options, or it swallows them.
    for settings in ["", "ignore_startup_parameters = options"] {
        let pooler = pooler(&server, settings);
        let url = pooler.url("postgres");
        let error = Store::connect(&url, &StoreOptions::default()).unwrap_err();
        let Error::Unavailable { what, .. } = &error else { panic!("{error:?}") };
        assert!(what.contains("StoreOptions::transaction_pooler(true)"), "{}", whole(&error));
        let told = StoreOptions::default().transaction_pooler(true);
        Store::connect(&url, &told).unwrap().read(|uow| execute(uow, "SELECT 1")).unwrap();
    }
}

#[test]
fn many_clients_on_two_connections_get_their_own_rows() {
    const UNITS: i64 = 60;
    let (server, direct) = server();
    let scenario = scenario(&direct);
    let pooler = pooler(&server, "");
    let options = StoreOptions::default().transaction_pooler(true).pool_size(16);
    let store = &Store::connect(&pooler.url("postgres"), &options).unwrap();
    let backends = &Mutex::new(BTreeSet::new());
    thread::scope(|scope| {
        for client in 1..=16 {
            scope.spawn(move || {
                for unit in 1..=UNITS {
                    let measures = usize::try_from((client + unit) % 8).unwrap();
                    let version = Version { number: 1_000 * client + unit, measures };
                    let backend = store.write(|uow| {
                        version.replace(uow, client, scenario)?;
                        // Texts that differ by client: with cached statements one client would
                        // run the other's.
                        let ours = diesel::dsl::sql::<BigInt>(&format!("{client} + "))
                            .bind::<BigInt, _>(unit);
                        let sum: i64 = diesel::select(ours).get_result(uow.connection())?;
                        assert_eq!(sum, client + unit);
                        text(uow, "SELECT pg_backend_pid()")
                    });
                    backends.lock().unwrap().insert(backend.unwrap());
                    let found = store.read(|uow| stored_in(uow, client, scenario)).unwrap();
                    assert_eq!(found, Some(version));
                }
                let many = Version { number: client, measures: 3 };
                store.write(|uow| many.replace_many(uow, 101..=110, scenario)).unwrap();
            });
        }
    });
    assert_eq!(backends.lock().unwrap().len(), 2, "the clients shared two connections");
    for client in 1..=16 {
        let found = direct.read(|uow| stored_in(uow, client, scenario)).unwrap();
        assert_eq!(found.map(|version| version.number), Some(1_000 * client + UNITS));
    }
    assert_sound(&direct);
}

#[test]
fn limits_and_actors_do_not_reach_the_next_client() {
    // On a session that never had an actor it is NULL, which concat_ws would leave out.
    const SETTINGS: &str = "SELECT concat_ws('|',
        coalesce(current_setting('planwright.actor', true), ''),
        coalesce(current_setting('planwright.reason', true), ''),
        current_setting('statement_timeout'),
        current_setting('lock_timeout'), current_setting('transaction_isolation'))";
    let (server, direct) = server();
    let pooler = pooler(&server, "");
    let url = &pooler.url("postgres");
    thread::scope(|scope| {
        for client in 1..=8_u64 {
            scope.spawn(move || {
                let options = StoreOptions::default()
                    .transaction_pooler(true)
                    .pool_size(1)
                    .statement_timeout(Duration::from_secs(100 + client));
                let store = Store::connect(url, &options).unwrap();
                let actor = format!("client {client}");
                for _ in 0..30 {
                    let unit = store.transaction().serializable().actor(&actor).reason("test");
                    let seen = unit.lock_timeout(Duration::from_secs(200 + client));
                    assert_eq!(
                        seen.run(|uow| text(uow, SETTINGS)).unwrap(),
                        format!("{actor}|test|{}s|{}s|serializable", 100 + client, 200 + client)
                    );
                    let seen = store.write(|uow| text(uow, SETTINGS)).unwrap();
                    assert_eq!(seen, format!("||{}s|5s|read committed", 100 + client));
                }
            });
        }
    });

    let options = StoreOptions::default().transaction_pooler(true);
    let store = Store::connect(url, &options).unwrap();
    let error = store
        .transaction()
        .statement_timeout(Duration::from_millis(20))
        .run(|uow| execute(uow, "SELECT pg_sleep(10)"))
        .unwrap_err();
    assert!(matches!(error, Error::Timeout { what: TimeoutKind::Statement, .. }), "{error:?}");
    // What was set by name and not by transaction would be seen here.
    let outside = "SELECT current_setting('statement_timeout')";
    assert_eq!(direct.read(|uow| text(uow, outside)).unwrap(), "30s");
}

#[test]
fn schema_changes_need_a_direct_connection() {
    let server = LocalServer::start().unwrap();
    let pooler = pooler(&server, "");
    let options = StoreOptions::default().transaction_pooler(true);
    let store = Store::connect(&pooler.url("postgres"), &options).unwrap();
    let error = Migrator::new(&store).contexts([Context::Modelling]).up().unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("connect directly"), "{error}");
    let tables = number(&store, "SELECT count(*) FROM pg_class WHERE relname = 'plan'");
    assert_eq!(tables, 0);
}

#[test]
fn jobs_need_a_direct_connection() {
    struct Never;
    impl Job for Never {
        type Cursor = i64;
        fn name(&self) -> &'static str {
            "never"
        }
        fn next_batch(
            &mut self,
            _: &mut UnitOfWork<'_>,
            _: Option<&i64>,
            _: u32,
        ) -> Result<Batch<i64>> {
            panic!("a batch without a lock")
        }
        fn verify(&mut self, _: &mut UnitOfWork<'_>) -> Result<Verdict> {
            panic!("a verification without a lock")
        }
    }
    let (server, _) = server();
    let pooler = pooler(&server, "");
    let options = StoreOptions::default().transaction_pooler(true);
    let store = Store::connect(&pooler.url("postgres"), &options).unwrap();
    let error = Runner::new(&store).run(&mut Never).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert!(error.to_string().contains("connect directly"), "{error}");
}
