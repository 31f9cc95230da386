//! Servers that die under load; in the large tests for many rounds.

use std::time::Duration;

use planwright::local_server::LocalServer;
use planwright::testing::{At, Fault, FaultProxy, Point};
use planwright::{Error, Store, StoreOptions};

use crate::shared::crash;
use crate::support::{execute, number, text};

#[test]
fn what_was_acknowledged_outlives_a_killed_server() {
    crash::killed_server(3);
}

#[test]
fn what_was_acknowledged_outlives_a_killed_backend() {
    crash::killed_backend(3);
}

#[test]
fn what_was_acknowledged_outlives_terminated_backends() {
    crash::terminated_backends(10);
}

/// A crash forgets the number of a transaction that had written nothing to the log yet, and the
/// next one is given the same.
#[test]
fn a_commit_lost_in_a_crash_is_not_taken_for_a_later_one() {
    // Nobody but a commit writes the log out.
    let server = LocalServer::builder().setting("wal_writer_delay", "10s").start().unwrap();
    let direct = Store::connect(&server.url("postgres"), &StoreOptions::default()).unwrap();
    direct.write(|uow| execute(uow, "CREATE TABLE t (n text)")).unwrap();
    let proxy = FaultProxy::in_front_of(&server.url("postgres")).unwrap();
    let url = proxy.url_for(&server.url("postgres")).unwrap();
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();

    proxy.set(Fault::BlackHoleAt(Point::Before(At::Commit)));
    let answer = std::thread::scope(|scope| {
        let unit = scope.spawn(|| {
            let mut number = None;
            let answer = store.transaction().resolve_commit(true).run(|uow| {
                execute(uow, "INSERT INTO t VALUES ('lost')")?;
                number = Some(text(uow, "SELECT pg_current_xact_id()")?);
                Ok(())
            });
            (answer, number)
        });
        assert!(proxy.wait_fired(Duration::from_secs(10)));
        server.kill().unwrap();
        server.restart().unwrap();
        let other = direct.write(|uow| {
            execute(uow, "INSERT INTO t VALUES ('other')")?;
            text(uow, "SELECT pg_current_xact_id()")
        });
        proxy.cut_all();
        let (answer, number) = unit.join().unwrap();
        assert_eq!(number, other.ok(), "the number was given again");
        answer
    });
    assert!(matches!(answer, Err(Error::CommitUnknown { .. })), "{answer:?}");
    assert_eq!(number(&direct, "SELECT count(*) FROM t WHERE n = 'lost'"), 0);
}
