//! Connections that are cut and servers that die under a job.

use planwright::batch::{self, Outcome, Phase};
use planwright::local_server::LocalServer;
use planwright::migrate::Migrator;
use planwright::testing::{At, Fault, FaultProxy, Point};
use planwright::{Store, StoreOptions};

use super::*;
use crate::support::execute as execute_in;

/// Cuts the connection at each request of a run in turn. Whatever the run answers, the next one
/// ends with each row done once.
fn cut_everywhere(point: impl Fn(At) -> Point) {
    const ROWS: u32 = 8;
    let database = database(ROWS);
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let through = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let (mut survived, mut failed) = (0, 0);
    for k in 0.. {
        execute(&database, "TRUNCATE planwright.jobs; UPDATE work SET n = 0");
        proxy.set(Fault::CutAt(point(At::Request(k))));
        let answer = even(&through, 5).run(&mut Count::new());
        if !proxy.fired() {
            assert!(answer.unwrap().is_finished(), "nothing was cut");
            break;
        }
        match answer {
            Ok(outcome) => {
                assert!(matches!(outcome, Outcome::Finished(_)), "{k}: {outcome:?}");
                survived += 1;
            }
            Err(Error::Unavailable { .. }) => failed += 1,
            Err(other) => panic!("{k}: {other:?}"),
        }
        let outcome = even(database.store(), 5).run(&mut Count::new()).unwrap();
        assert_eq!(outcome.status().rows_done, u64::from(ROWS), "{k}");
        assert_eq!(counted(database.store(), 1), i64::from(ROWS), "{k}");
    }
    println!("{survived} runs did not mind, {failed} were resumed");
    assert!(survived > 4 && failed > 10, "{survived}, {failed}");
}

#[test]
fn a_connection_that_is_cut_before_any_request_loses_and_doubles_nothing() {
    cut_everywhere(Point::Before);
}

#[test]
fn a_connection_that_is_cut_before_any_answer_loses_and_doubles_nothing() {
    cut_everywhere(Point::Reply);
}

#[test]
fn a_job_goes_on_after_the_server_has_crashed() {
    let server = LocalServer::start().unwrap();
    let store = Store::connect(&server.url("postgres"), &StoreOptions::default()).unwrap();
    Migrator::new(&store).up().unwrap();
    store
        .write(|uow| {
            execute_in(uow, "CREATE TABLE work (id bigint PRIMARY KEY, n int NOT NULL DEFAULT 0)")?;
            execute_in(uow, "INSERT INTO work SELECT generate_series(1, 50)")
        })
        .unwrap();
    let mut crashed = false;
    let mut job = Count::new().with(|uow, after, _| {
        if after == Some(&20) && !crashed {
            crashed = true;
            execute_in(uow, "UPDATE work SET n = n + 100")?;
            server.kill().unwrap();
            server.restart().unwrap();
        }
        Ok(())
    });
    let error = even(&store, 10).run(&mut job).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    let status = batch::status(&store, NAME).unwrap().unwrap();
    assert_eq!((status.phase, status.rows_done), (Phase::Failed, 20));
    assert!(even(&store, 10).run(&mut job).unwrap().is_finished());
    drop(job);
    assert_eq!(counted(&store, 1), 50);
}
