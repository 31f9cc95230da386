use std::time::{Duration, Instant};

use diesel::prelude::*;
use planwright::local_server::LocalServer;
use planwright::testing::TestDatabase;
use planwright::{Error, Store, StoreOptions};

use crate::support::{number, text, whole};

#[test]
fn an_unreachable_database_is_known_at_once_and_no_password_is_told() {
    let database = TestDatabase::new([]).unwrap();
    let absent = format!("{}/no_such_database", database.url().rsplit_once('/').unwrap().0);
    for url in [
        "postgres://someone:s3cret@127.0.0.1:1/x",
        "postgres://someone:s3cret@127.0.0.1:notaport/x",
        "host=127.0.0.1 port=1 user=x password=s3cret",
        "postgres://someone:s3c%zzret@127.0.0.1:1/x",
        "host=/nowhere password=s3cret user=x",
        "not a url with s3cret",
        &absent,
    ] {
        let started = Instant::now();
        let error = Store::connect(url, &StoreOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(4), "{url}: {:?}", started.elapsed());
        if !url.contains("not a url") {
            assert!(!whole(&error).contains("s3c"), "{}", whole(&error));
        }
    }
}

#[test]
fn options_out_of_range_are_refused() {
    let options = StoreOptions::default;
    for (field, options) in [
        ("pool_size", options().pool_size(0)),
        ("acquire_timeout", options().acquire_timeout(Duration::ZERO)),
        ("statement_timeout", options().statement_timeout(Duration::MAX)),
        ("application_name", options().application_name("a\0b")),
    ] {
        let error = Store::connect("", &options).unwrap_err();
        assert!(matches!(&error, Error::Invalid { field: f, .. } if f == field), "{error:?}");
    }
}

#[test]
fn each_session_has_the_stores_settings() {
    let options = StoreOptions::default()
        .application_name("it's me")
        .statement_timeout(Duration::from_micros(1))
        .lock_timeout(Duration::ZERO);
    let database =
        TestDatabase::with_options([], &options.clone().statement_timeout(Duration::from_secs(9)))
            .unwrap();
    let seen = database.store().write(|uow| {
        text(
            uow,
            "SELECT concat_ws('|', current_setting('application_name'),
                 current_setting('statement_timeout'), current_setting('lock_timeout'),
                 current_setting('lc_messages'))",
        )
    });
    assert_eq!(seen.unwrap(), "it's me|9s|0|C");

    let joint = if database.url().contains('?') { '&' } else { '?' };
    let url = format!("{}{joint}options=-c%20work_mem%3D5MB&application_name=mine", database.url());
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    let seen = store.read(|uow| {
        text(uow, "SELECT current_setting('work_mem') || current_setting('application_name')")
    });
    assert_eq!(seen.unwrap(), "5MBmine");
}

#[test]
fn an_exhausted_pool_is_unavailable_within_the_limit() {
    let options = StoreOptions::default().pool_size(1).acquire_timeout(Duration::from_millis(50));
    let database = TestDatabase::with_options([], &options).unwrap();
    let store = database.store();
    store
        .write(|_| {
            let started = Instant::now();
            let error = std::thread::scope(|scope| {
                scope.spawn(|| store.read(|_| Ok(()))).join().unwrap().unwrap_err()
            });
            assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
            assert!(started.elapsed() < Duration::from_secs(4));
            Ok(())
        })
        .unwrap();
    store.read(|_| Ok(())).unwrap();
}

#[test]
fn a_pool_whose_backends_all_died_serves_the_next_units() {
    // A connection that was closed a moment ago may still have its backend: only ours count.
    let options = StoreOptions::default().pool_size(4).application_name("victim");
    let database = TestDatabase::new([]).unwrap();
    let store = &Store::connect(database.url(), &options).unwrap();
    for round in 0..5 {
        // All four connections are open, and have a statement in their caches.
        let open = &std::sync::Barrier::new(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    store
                        .write(|uow| {
                            diesel::select(1.into_sql::<diesel::sql_types::Integer>())
                                .get_result::<i32>(uow.connection())?;
                            open.wait();
                            Ok(())
                        })
                        .unwrap();
                });
            }
        });
        let killer = Store::connect(database.url(), &StoreOptions::default()).unwrap();
        let killed = number(
            &killer,
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name = 'victim'
                AND state = 'idle'",
        );
        assert_eq!(killed, 4, "round {round}");
        for _ in 0..20 {
            store
                .write(|uow| {
                    Ok(diesel::select(1.into_sql::<diesel::sql_types::Integer>())
                        .get_result::<i32>(uow.connection())?)
                })
                .unwrap();
        }
    }
}

#[test]
fn debug_shows_no_password() {
    let database = TestDatabase::new([]).unwrap();
    let url = database.url().replace("postgres@", "postgres:s3cret@");
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    assert!(!format!("{store:?}").contains("s3cret"));
}

#[test]
fn a_wrong_password_and_refused_tls_are_unavailable() {
    let server = LocalServer::builder().tcp(true).start().unwrap();
    let url = server.tcp_url(server.port(), "postgres").unwrap();
    Store::connect(&url, &StoreOptions::default()).unwrap();

    let (user, rest) = url.rsplit_once('@').unwrap();
    let (user, password) = user.rsplit_once(':').unwrap();
    for (url, why) in [
        (format!("{user}:s3cret@{rest}"), "password authentication failed"),
        (format!("{url}?sslmode=require"), "SSL"),
    ] {
        let error = Store::connect(&url, &StoreOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        let text = whole(&error);
        assert!(text.contains(why), "{text}");
        assert!(!text.contains("s3cret") && !text.contains(password), "{text}");
    }
}

#[test]
fn a_server_that_is_down_for_a_while_is_waited_for() {
    let server = LocalServer::start().unwrap();
    let options = StoreOptions::default().acquire_timeout(Duration::from_secs(20));
    let store = Store::connect(&server.url("postgres"), &options).unwrap();
    store.read(|_| Ok(())).unwrap();
    server.kill().unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.read(|_| Ok(())));
        server.restart().unwrap();
        waiting.join().unwrap().unwrap();
    });

    server.kill().unwrap();
    let brief = StoreOptions::default().acquire_timeout(Duration::from_millis(300));
    let error = Store::connect(&server.url("postgres"), &brief).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
}
