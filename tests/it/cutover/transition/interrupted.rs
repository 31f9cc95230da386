//! The job, its connection cut and its session ended at each of its statements.

use planwright::batch;
use planwright::cutover::transition::JOB;
use planwright::testing::{At, Fault, FaultProxy, Point};
use planwright::{Store, StoreOptions};

use super::*;
use crate::support::number;

/// A migration to a batch.
fn runner(store: &Store) -> Runner<'_> {
    Runner::new(store).sizes(1..=1).first_size(1)
}

fn assert_whole(store: &Store, when: &str) {
    assert_eq!(plans(store), IN_THE_END, "{when}");
    assert_eq!(made(store).len(), 2, "{when}");
    assert_eq!(number(store, "SELECT count(*) FROM iterations_ite"), 9, "{when}");
    let status = batch::status(store, JOB).unwrap().unwrap();
    assert_eq!((status.phase, status.rows_done), (batch::Phase::Finished, 9), "{when}");
}

/// What the legacy database was before the job.
fn begin_again(store: &Store) {
    let back = |uow: &mut UnitOfWork<'_>| {
        execute(uow, "TRUNCATE planwright.jobs")?;
        execute(uow, "SET LOCAL session_replication_role = replica")?;
        execute(uow, "DELETE FROM iterations_ite WHERE created_by = 'cutover_backfill'")?;
        execute(uow, "UPDATE iterations_ite SET plm_id = NULL")
    };
    store.write(back).unwrap();
    assert_eq!(counts(store), [0, 7, 0, 2, 0, 0]);
}

fn cut_everywhere(point: impl Fn(At) -> Point) {
    let database = legacy();
    let store = database.store();
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let through = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let (mut survived, mut failed) = (0, 0);
    for k in 0.. {
        begin_again(store);
        proxy.set(Fault::CutAt(point(At::Request(k))));
        let answer = runner(&through).run(&mut Backfill::new());
        if !proxy.fired() {
            assert!(answer.unwrap().is_finished(), "nothing was cut");
            break;
        }
        match answer {
            Ok(outcome) => {
                assert!(outcome.is_finished(), "{k}: {outcome:?}");
                survived += 1;
            }
            Err(Error::Unavailable { .. }) => {
                failed += 1;
                assert!(plans(store).ends_with(AT_FIRST), "{k}");
            }
            Err(other) => panic!("{k}: {other:?}"),
        }
        let outcome = runner(store).run(&mut Backfill::new()).unwrap();
        assert!(outcome.is_finished(), "{k}");
        assert_whole(store, &k.to_string());
    }
    println!("{survived} runs did not mind, {failed} were resumed");
    assert!(survived > 6 && failed > 30, "{survived}, {failed}");
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
fn a_session_that_is_ended_after_any_batch_loses_and_doubles_nothing() {
    let database = legacy();
    let store = database.store();
    let worker = Store::connect(database.url(), &StoreOptions::default()).unwrap();
    let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name LIKE 'planwright job:%'";
    let batches = 6;
    for k in 0..batches {
        begin_again(store);
        let mut done = 0;
        let answer = runner(&worker)
            .on_progress(|event| {
                if matches!(event, batch::Progress::BatchDone { .. }) {
                    if done == k {
                        assert!(number(store, end) > 0);
                    }
                    done += 1;
                }
            })
            .run(&mut Backfill::new());
        assert!(done > k, "{k}: {done} batches");
        if let Err(error) = answer {
            assert!(matches!(error, Error::Unavailable { .. }), "{k}: {error:?}");
            assert!(plans(store).ends_with(AT_FIRST), "{k}");
        }
        assert!(runner(store).run(&mut Backfill::new()).unwrap().is_finished());
        assert_whole(store, &format!("after batch {k}"));
    }
}
