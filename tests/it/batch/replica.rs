//! A job beside a replica that lags.

use std::cell::Cell;
use std::thread;
use std::time::Instant;

use planwright::batch::Pause;
use planwright::local_server::LocalServer;
use planwright::migrate::Migrator;
use planwright::{Store, StoreOptions};

use super::*;
use crate::support::{execute as execute_in, replica_of};

#[test]
fn a_job_pauses_while_a_replica_is_behind() {
    let primary = LocalServer::start().unwrap();
    let replica = replica_of(&primary);
    let url = primary.url("postgres");
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    Migrator::new(&store).up().unwrap();
    let mut standby = PgConnection::establish(&replica.url("postgres")).unwrap();

    let behind = "SELECT coalesce(max(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)), -1)
                  FROM pg_stat_replication WHERE state = 'streaming'";
    let wait_until = |reached: &dyn Fn(i64) -> bool| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !reached(number(&store, behind)) {
            assert!(Instant::now() < deadline, "{} bytes", number(&store, behind));
            thread::sleep(Duration::from_millis(5));
        }
    };
    wait_until(&|bytes| bytes == 0);
    standby.batch_execute("SELECT pg_wal_replay_pause()").unwrap();
    store
        .write(|uow| {
            execute_in(uow, "CREATE TABLE work (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)")?;
            execute_in(uow, "INSERT INTO work SELECT generate_series(1, 5000)")
        })
        .unwrap();
    wait_until(&|bytes| bytes > 100_000);

    let told = Told::default();
    let resumed = Cell::new(false);
    let standby = RefCell::new(standby);
    let runner = Runner::new(&store).max_replica_bytes(100_000).on_progress(|event| {
        told.0.borrow_mut().push(event.clone());
        if matches!(event, Progress::Paused { .. }) && !resumed.replace(true) {
            standby.borrow_mut().batch_execute("SELECT pg_wal_replay_resume()").unwrap();
        }
    });
    assert!(runner.run(&mut Count::new()).unwrap().is_finished());
    let events = told.events();
    let Progress::Paused { reason: Pause::ReplicaBehind { bytes } } = events[1] else {
        panic!("{events:?}")
    };
    assert!(bytes > 100_000, "{bytes}");
    assert!(matches!(events[2], Progress::Continued { .. }), "{events:?}");
    assert_eq!(counted(&store, 1), 5_000);
}
