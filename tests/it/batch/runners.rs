//! Two runners of one job.

use std::sync::mpsc;
use std::thread;

use planwright::batch::{self, Outcome, Phase, Stop};

use super::*;

#[test]
fn a_second_runner_is_refused_or_waits_and_then_finds_nothing_to_do() {
    let database = database(30);
    let store = database.store();
    let (begun, has_begun) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let first = scope.spawn(move || {
            let mut job = Count::new().with(move |_, after, _| {
                if after.is_none() {
                    begun.send(()).unwrap();
                    may_go.recv_timeout(Duration::from_secs(20)).unwrap();
                }
                Ok(())
            });
            even(store, 10).run(&mut job).unwrap()
        });
        has_begun.recv_timeout(Duration::from_secs(20)).unwrap();

        let status = batch::status(store, NAME).unwrap().unwrap();
        assert_eq!(status.phase, Phase::Running);
        let runner = status.runner.unwrap();
        assert!(runner.ends_with(" (planwright job: trial.count)"), "{runner}");
        let error = even(store, 10)
            .lock_wait(Duration::from_millis(100))
            .anew(true)
            .run(&mut Count::new())
            .unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        let text = error.to_string();
        assert_eq!(text, format!("{runner} runs the job trial.count; gave up after 0.1 s"));

        let told = Told::default();
        let outcome = even(store, 10)
            .lock_wait(Duration::from_secs(20))
            .on_progress(|event| {
                told.0.borrow_mut().push(event.clone());
                go.send(()).unwrap();
            })
            .run(&mut Count::new())
            .unwrap();
        assert!(matches!(outcome, Outcome::FinishedBefore(_)), "{outcome:?}");
        assert_eq!(told.events(), [Progress::WaitingForRunner { holder: Some(runner) }]);
        assert!(matches!(first.join().unwrap(), Outcome::Finished(_)));
    });
    assert_eq!(counted(store, 1), 30);
    assert_eq!(batch::status(store, NAME).unwrap().unwrap().runner, None);
}

#[test]
fn a_runner_that_is_told_to_stop_while_another_has_the_job_has_done_nothing() {
    let database = database(30);
    let store = database.store();
    let (begun, has_begun) = mpsc::channel();
    let (go, may_go) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let first = scope.spawn(move || {
            // Its row is there from the first batch on, and not before.
            let mut job = Slow { begun, go: may_go };
            even(store, 10).run(&mut job).unwrap()
        });
        for (phase, row) in [("the estimate", false), ("a batch", true)] {
            assert_eq!(has_begun.recv_timeout(Duration::from_secs(20)).unwrap(), phase);
            let (stop, told) = (Stop::default(), Told::default());
            let runner = even(store, 10).stop_with(&stop).on_progress(|event| {
                told.0.borrow_mut().push(event.clone());
                stop.stop();
            });
            let outcome = runner.run(&mut Count::new()).unwrap();
            let Outcome::Stopped(status) = &outcome else { panic!("{outcome:?}") };
            assert_eq!((status.phase, status.rows_done), (Phase::Running, 0));
            assert_eq!(status.rows_estimated, row.then_some(30));
            let holder = status.runner.as_deref().unwrap();
            assert!(holder.ends_with(" (planwright job: trial.count)"), "{holder}");
            assert_eq!(told.others(), ["waiting_for_runner", "stopped"]);
            go.send(()).unwrap();
        }
        assert!(first.join().unwrap().is_finished());
    });
    assert_eq!(counted(store, 1), 30);
}

/// Says where it is, and waits there.
struct Slow {
    begun: mpsc::Sender<&'static str>,
    go: mpsc::Receiver<()>,
}

impl Slow {
    fn wait(&self, at: &'static str) {
        self.begun.send(at).unwrap();
        self.go.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}

impl Job for Slow {
    type Cursor = i64;

    fn name(&self) -> &'static str {
        NAME
    }

    fn estimate(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Option<u64>> {
        self.wait("the estimate");
        Count::new().estimate(uow)
    }

    fn next_batch(
        &mut self,
        uow: &mut UnitOfWork<'_>,
        after: Option<&i64>,
        limit: u32,
    ) -> Result<Batch<i64>> {
        if after.is_none() {
            self.wait("a batch");
        }
        Count::new().next_batch(uow, after, limit)
    }

    fn verify(&mut self, uow: &mut UnitOfWork<'_>) -> Result<Verdict> {
        none_left(uow)
    }
}

#[test]
fn jobs_of_other_names_run_beside_it() {
    struct Other;
    impl Job for Other {
        type Cursor = i64;
        fn name(&self) -> &'static str {
            "trial.other"
        }
        fn next_batch(
            &mut self,
            _: &mut UnitOfWork<'_>,
            _: Option<&i64>,
            _: u32,
        ) -> Result<Batch<i64>> {
            Ok(Batch { rows: 1, next: None })
        }
        fn verify(&mut self, _: &mut UnitOfWork<'_>) -> Result<Verdict> {
            Ok(Verdict::Done)
        }
    }
    let database = database(5);
    let store = database.store();
    let mut within = Count::new().with(|_, _, _| {
        thread::scope(|scope| {
            scope.spawn(|| Runner::new(store).run(&mut Other).map(drop)).join().unwrap()
        })
    });
    even(store, 10).run(&mut within).map(drop).unwrap();
    drop(within);
    let names: Vec<_> =
        batch::list(store).unwrap().into_iter().map(|status| (status.name, status.phase)).collect();
    let finished = |name: &str| (name.to_owned(), Phase::Finished);
    assert_eq!(names, [finished(NAME), finished("trial.other")]);
}

#[test]
fn a_runner_that_has_lost_its_lock_does_nothing_more() {
    let database = database(30);
    let store = database.store();
    let mut lost = false;
    let runner = even(store, 10).on_progress(|event| {
        if matches!(event, Progress::BatchDone { rows_done: 10, .. }) && !lost {
            lost = true;
            execute(&database, END);
            let outcome = even(store, 7).run(&mut Count::new()).unwrap();
            assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
        }
    });
    let error = runner.run(&mut Count::new()).unwrap_err();
    drop(runner);
    assert!(lost);
    // The second, where it has looked at the server again.
    let known = matches!(error, Error::Stale { .. } | Error::Unavailable { .. });
    assert!(known, "{error:?}");
    assert_eq!(counted(store, 1), 30);
    let status = batch::status(store, NAME).unwrap().unwrap();
    assert_eq!((status.phase, status.rows_done), (Phase::Finished, 30));
}

/// Ends the session that runs the job.
const END: &str = "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks
                   WHERE locktype = 'advisory' AND database =
                       (SELECT oid FROM pg_database WHERE datname = current_database())";

#[test]
fn a_runner_that_has_lost_its_lock_does_not_take_a_row_made_anew_for_its_own() {
    let database = database(30);
    let store = database.store();
    // Nobody looks at the server between the batches, and sees that the session is gone.
    let blind = || even(store, 10).max_waiting(None).max_replica_bytes(None).max_replica_lag(None);
    let mut lost = false;
    // Two changes behind the beginning.
    let runner = blind().on_progress(|event| {
        if matches!(event, Progress::BatchDone { rows_done: 20, .. }) {
            lost = true;
            execute(&database, END);
            execute(&database, "DELETE FROM planwright.jobs");
            // A batch and the stop are two as well.
            let stop = Stop::default();
            let other = blind().stop_with(&stop);
            let outcome = other
                .run(&mut Count::new().with(|_, _, _| {
                    stop.stop();
                    Ok(())
                }))
                .unwrap();
            assert!(matches!(outcome, Outcome::Stopped(_)), "{outcome:?}");
        }
    });
    let error = runner.run(&mut Count::new()).unwrap_err();
    drop(runner);
    assert!(lost);
    assert!(matches!(error, Error::Stale { .. }), "{error:?}");
    let status = batch::status(store, NAME).unwrap().unwrap();
    assert_eq!((status.phase, status.rows_done), (Phase::Stopped, 10));
    assert_eq!(counted(store, 0), 10, "the last batch is not done");
}
