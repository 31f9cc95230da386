//! What a run does, and what it says of it.

use std::fs;
use std::ops::RangeInclusive;

use planwright::batch::{self, Outcome, Phase};
use planwright::local_server::LocalServer;
use planwright::migrate::Migrator;
use planwright::{Store, StoreOptions};

use super::*;
use crate::support::text;

#[test]
fn every_row_is_done_once_and_the_progress_adds_up() {
    let database = database(1_234);
    let told = Told::default();
    let runner = told.listen(Runner::new(database.store()).first_size(10));
    let outcome = runner.run(&mut Count::new()).unwrap();
    let Outcome::Finished(status) = &outcome else { panic!("{outcome:?}") };
    assert_eq!((status.phase, status.rows_done, status.pass), (Phase::Finished, 1_234, 1));
    assert_eq!(status.rows_estimated, Some(1_234));
    assert!(status.finished_at.is_some() && status.cursor.is_none() && status.error.is_none());
    assert_eq!(outcome.to_string(), "[x] trial.count: finished, 1234 rows of about 1234, pass 1");
    assert_eq!(counted(database.store(), 1), 1_234);

    let batches = told.batches();
    assert_eq!(batches.iter().sum::<u64>(), 1_234);
    assert_eq!(batches[0], 10);
    assert!(batches.windows(2).all(|two| two[1] <= 2 * two[0]), "{batches:?}");
    assert_eq!(told.others(), ["started", "pass_ended", "verifying", "finished"]);
    let mut so_far = 0;
    for event in told.events() {
        if let Progress::BatchDone { rows, rows_done, duration, .. } = event {
            so_far += rows;
            assert_eq!(rows_done, so_far);
            assert!(!duration.is_zero());
        }
    }
    let Some(stored) = batch::status(database.store(), NAME).unwrap() else { panic!("no row") };
    assert_eq!(&stored, status);
    assert_eq!(batch::list(database.store()).unwrap(), [stored]);
}

#[test]
fn a_job_of_no_rows_finishes() {
    let database = database(0);
    let told = Told::default();
    let outcome = told.listen(Runner::new(database.store())).run(&mut Count::new()).unwrap();
    assert!(matches!(&outcome, Outcome::Finished(status) if status.rows_done == 0), "{outcome:?}");
    assert_eq!(told.batches(), [0]);
}

#[test]
fn a_finished_job_is_not_run_again_unless_it_is_asked_for_anew() {
    let database = database(30);
    let first = even(database.store(), 10).run(&mut Count::new()).unwrap();
    let told = Told::default();
    let mut never = Count::new().with(|_, _, _| panic!("a batch of a finished job"));
    let outcome = told.listen(Runner::new(database.store())).run(&mut never).unwrap();
    assert!(matches!(outcome, Outcome::FinishedBefore(_)), "{outcome:?}");
    assert!(outcome.is_finished());
    assert_eq!(outcome.status(), first.status());
    assert_eq!(told.events(), []);
    assert!(outcome.to_string().ends_with("pass 1 (before this run)"), "{outcome}");

    let again = even(database.store(), 10).anew(true).run(&mut Count::new()).unwrap();
    assert!(matches!(&again, Outcome::Finished(status) if status.rows_done == 30), "{again:?}");
    assert!(again.status().started_at > first.status().started_at);
    assert_eq!(counted(database.store(), 2), 30);
}

#[test]
fn rows_that_writers_add_behind_the_cursor_are_done_in_another_pass() {
    let database = database(30);
    let told = Told::default();
    let runner = even(database.store(), 10).on_progress(|event| {
        told.0.borrow_mut().push(event.clone());
        if matches!(event, Progress::BatchDone { rows_done: 20, .. }) {
            execute(&database, "INSERT INTO work VALUES (-1), (0)");
        }
    });
    let outcome = runner.run(&mut Count::new().once()).unwrap();
    let status = outcome.status();
    assert_eq!((status.phase, status.pass, status.rows_done), (Phase::Finished, 2, 32));
    assert_eq!(counted(database.store(), 1), 32);
    assert_eq!(told.batches(), [10, 10, 10, 0, 2]);
    let passes = ["started", "pass_ended", "verifying", "another_pass", "pass_ended", "verifying"];
    assert_eq!(told.others()[..6], passes);
}

#[test]
fn a_run_gives_up_where_writers_outrun_it_and_the_next_one_looks_first() {
    let database = database(5);
    let told = Told::default();
    let never = |_: &mut UnitOfWork<'_>| Ok(Verdict::AnotherPass);
    let runner = told.listen(even(database.store(), 10).passes(3));
    let error = runner.run(&mut Count::new().verified(never)).unwrap_err();
    assert!(matches!(error, Error::Verification { .. }), "{error:?}");
    assert!(error.to_string().contains("gone over the data 3 times"), "{error}");
    assert_eq!(told.others().iter().filter(|name| *name == "another_pass").count(), 2);
    let status = batch::status(database.store(), NAME).unwrap().unwrap();
    assert_eq!((status.phase, status.pass), (Phase::Failed, 3));

    let told = Told::default();
    let outcome = told.listen(even(database.store(), 10)).run(&mut Count::new()).unwrap();
    assert!(outcome.is_finished());
    assert_eq!(told.others(), ["resumed", "verifying", "finished"]);
    assert!(told.batches().is_empty());
}

#[test]
fn sessions_and_statements_say_which_job_they_are_of() {
    let server = LocalServer::builder().setting("log_statement", "all").start().unwrap();
    let url = server.url("postgres");
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    Migrator::new(&store).up().unwrap();
    store
        .write(|uow| crate::support::execute(uow, "CREATE TABLE work (id bigint, n int)"))
        .unwrap();
    let seen = RefCell::new(Vec::new());
    let mut job = Count::new().with(|uow, _, _| {
        seen.borrow_mut().push(text(uow, "SELECT current_setting('application_name')")?);
        let others = "SELECT count(*) FROM pg_stat_activity
                      WHERE application_name = 'planwright job: trial.count'";
        seen.borrow_mut().push(text(uow, others)?);
        Ok(())
    });
    let outcome = Runner::new(&store).run(&mut job).unwrap();
    drop(job);
    assert!(outcome.is_finished());
    // The one that does the batch, and the one that holds the lock.
    assert_eq!(seen.into_inner(), ["planwright job: trial.count", "2"]);
    let after = store.read(|uow| text(uow, "SELECT current_setting('application_name')")).unwrap();
    assert_eq!(after, "planwright", "the pooled session has its own name again");
    let log = fs::read_to_string(server.log()).unwrap();
    let begin = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE /* planwright job: trial.count */";
    assert_eq!(log.matches(begin).count(), 3, "to begin, to do and to verify: {log}");
}

#[test]
fn names_and_options_out_of_range_are_refused() {
    struct Named(&'static str);
    impl Job for Named {
        type Cursor = i64;
        fn name(&self) -> &str {
            self.0
        }
        fn next_batch(
            &mut self,
            _: &mut UnitOfWork<'_>,
            _: Option<&i64>,
            _: u32,
        ) -> Result<Batch<i64>> {
            panic!("a batch of {}", self.0)
        }
        fn verify(&mut self, _: &mut UnitOfWork<'_>) -> Result<Verdict> {
            panic!("the verification of {}", self.0)
        }
    }
    let database = database(0);
    let new = || Runner::new(database.store());
    for name in ["", "A", "*/ DROP TABLE work; /*", "'; DROP TABLE work; --"] {
        let error = new().run(&mut Named(name)).unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "name"), "{error:?}");
    }
    for (expected, runner) in [
        ("target", new().target(Duration::ZERO)),
        ("target", new().target(Duration::MAX)),
        ("sizes", new().sizes(0..=1)),
        ("sizes", new().sizes(RangeInclusive::new(2, 1))),
        ("sizes", new().sizes(1..=u32::MAX)),
        ("passes", new().passes(0)),
        ("statement_timeout", new().statement_timeout(Duration::MAX)),
        ("verify_timeout", new().verify_timeout(Duration::MAX)),
    ] {
        let error = runner.run(&mut Count::new()).unwrap_err();
        assert!(matches!(&error, Error::Invalid { field, .. } if field == expected), "{error:?}");
    }
    assert_eq!(batch::list(database.store()).unwrap(), []);
}

#[test]
fn without_its_table_a_run_says_what_makes_it_and_no_job_has_begun() {
    let database = TestDatabase::new([]).unwrap();
    let error = Runner::new(database.store()).run(&mut Count::new()).unwrap_err();
    assert!(matches!(error, Error::Migration { .. }), "{error:?}");
    assert!(error.to_string().contains("run `Migrator::new(&store).up()`"), "{error}");
    assert_eq!(batch::status(database.store(), NAME).unwrap(), None);
    assert_eq!(batch::list(database.store()).unwrap(), []);
    assert!(!batch::is_finished(database.store(), NAME).unwrap());
}

#[test]
fn a_job_inside_a_unit_of_work_is_refused() {
    let database = database(1);
    let store = database.store();
    let error = store.write(|_| Runner::new(store).run(&mut Count::new()).map(drop)).unwrap_err();
    assert!(matches!(error, Error::Nested), "{error:?}");
}
