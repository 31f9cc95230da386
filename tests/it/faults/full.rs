//! A server that has no connection and no room left.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use planwright::local_server::LocalServer;
use planwright::migrate::Migrator;
use planwright::{Context, Error, Store, StoreOptions};

use crate::shared::version::{Version, assert_sound, stored};
use crate::support::{execute, number, scenario, skipped, whole};

#[test]
fn a_server_out_of_connections_is_unavailable_until_one_is_free() {
    let server = LocalServer::builder().setting("max_connections", "8").start().unwrap();
    let url = server.url("postgres");
    let options = StoreOptions::default().acquire_timeout(Duration::from_millis(500));
    let store = Store::connect(&url, &options).unwrap();
    let mut held = Vec::new();
    while let Ok(connection) = PgConnection::establish(&url) {
        held.push(connection);
        assert!(held.len() <= 8, "the server takes them all");
    }
    assert!(held.len() > 3);

    let begin = Instant::now();
    let connected = Store::connect(&url, &options).unwrap_err();
    let written = store.write(|uow| execute(uow, "SELECT 1")).unwrap_err();
    for error in [connected, written] {
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        assert!(whole(&error).contains("too many clients"), "{}", whole(&error));
    }
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());

    let mut watcher = held.pop().expect("one of them");
    drop(held);
    let backends = "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')";
    let count = |watcher: &mut PgConnection| {
        diesel::select(diesel::dsl::sql::<BigInt>(backends)).get_result::<i64>(watcher).unwrap()
    };
    // The pool may have got its connection by now.
    while count(&mut watcher) > 2 {
        assert!(begin.elapsed() < Duration::from_secs(20), "the backends do not end");
        std::thread::sleep(Duration::from_millis(5));
    }
    store.write(|uow| execute(uow, "SELECT 1")).unwrap();
}

/// A file system of its own, so small that it gets full.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// For a server's user. None, with a line that says so, where this process may not mount one.
    fn mount(server: &LocalServer) -> Option<Self> {
        let owner = fs::metadata(server.socket_dir()).unwrap();
        let folder = std::env::temp_dir().join(format!("planwright-disk-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let options = format!("size=64m,mode=0700,uid={},gid={}", owner.uid(), owner.gid());
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&folder)
            .output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(Self(folder)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
            Err(error) => error.to_string(),
        };
        fs::remove_dir(&folder).unwrap();
        skipped(&format!("no disk gets full here, for none can be mounted (as root?): {why}"));
        None
    }

    /// Leaves so much room.
    fn shrink(&self, used: i64, free: i64) {
        let size = format!("remount,size={}", used + free);
        let done = Command::new("mount").args(["-o", &size]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server has files of it open.
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
        drop(fs::remove_dir(&self.0));
    }
}

#[test]
fn a_full_disk_is_an_error_and_leaves_nothing_half_done() {
    let server = LocalServer::start().unwrap();
    let Some(disk) = SmallDisk::mount(&server) else { return };
    let mut admin = PgConnection::establish(&server.url("postgres")).unwrap();
    for statement in [
        format!("CREATE TABLESPACE small LOCATION '{}'", disk.0.display()),
        "CREATE DATABASE small TABLESPACE small STRATEGY file_copy".to_owned(),
    ] {
        admin.batch_execute(&statement).unwrap();
    }
    let store = Store::connect(&server.url("small"), &StoreOptions::default()).unwrap();
    Migrator::new(&store).contexts([Context::Modelling]).up().unwrap();
    let scenario = scenario(&store);
    // What is given free later.
    for name in ["first", "second"] {
        let filler = format!(
            "CREATE TABLE {name} AS SELECT repeat('x', 1000) FROM generate_series(1, 2000)"
        );
        store.write(|uow| execute(uow, &filler)).unwrap();
    }
    let mut give_free = |name| {
        store.write(|uow| execute(uow, &format!("DROP TABLE {name}"))).unwrap();
        admin.batch_execute("CHECKPOINT").unwrap();
    };

    disk.shrink(number(&store, "SELECT pg_tablespace_size('small')"), 3_000_000);

    // One plan after the other, and batches of them: the statement as well as the COPY get stuck.
    let mut stored_plans = 0;
    for many in [false, true] {
        let version = Version { number: 1 + i64::from(many), measures: 300 };
        let mut errors = 0;
        for batch in 0..100 {
            let first = 1 + 10 * batch;
            let answer = store.write(|uow| {
                if many {
                    version.replace_many(uow, first..first + 10, scenario).map(drop)
                } else {
                    version.replace(uow, first, scenario).map(drop)
                }
            });
            let Err(error) = answer else { continue };
            errors += 1;
            assert!(matches!(error, Error::Database { .. }), "{error:?}");
            assert!(whole(&error).contains("No space left on device"), "{}", whole(&error));
            assert!(!error.outcome_unknown());
            if errors == 3 {
                break;
            }
        }
        assert_eq!(errors, 3, "the disk does not get full");
        let plans = number(&store, "SELECT count(*) FROM plan");
        assert!(plans > stored_plans, "nothing was stored before");
        stored_plans = plans;
        for property in 1..=1_000 {
            stored(&store, property, scenario);
        }
        assert_sound(&store);
        if !many {
            give_free("first");
        }
    }
    // Where there is room, the same store goes on.
    give_free("second");
    let version = Version { number: 9, measures: 100 };
    store.write(|uow| version.replace(uow, 2, scenario)).unwrap();
    assert_eq!(stored(&store, 2, scenario), Some(version));
}
