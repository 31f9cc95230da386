//! Jobs that end before they have finished, and go on.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, TimeZone, Utc};
use planwright::batch::{self, Outcome, Phase, Stop};
use planwright::migrate::Migrator;
use serde::{Deserialize, Serialize};

use super::*;

#[test]
fn a_job_that_is_told_to_stop_goes_on_where_it_was() {
    let database = database(95);
    let (stop, told) = (Stop::default(), Told::default());
    let runner = even(database.store(), 10).stop_with(&stop).on_progress(|event| {
        told.0.borrow_mut().push(event.clone());
        if matches!(event, Progress::BatchDone { rows_done: 20, .. }) {
            stop.stop();
        }
    });
    let outcome = runner.run(&mut Count::new()).unwrap();
    let Outcome::Stopped(status) = &outcome else { panic!("{outcome:?}") };
    assert!(!outcome.is_finished() && stop.is_stopped());
    assert_eq!((status.phase, status.rows_done), (Phase::Stopped, 20));
    assert_eq!(status.cursor, Some(20.into()));
    assert_eq!(status.batch_size, 10);
    assert_eq!(told.others(), ["started", "stopped"]);
    assert_eq!(outcome.to_string(), "[ ] trial.count: stopped, 20 rows of about 95, pass 1");
    assert!(!batch::is_finished(database.store(), NAME).unwrap());

    let rest = Told::default();
    let outcome = rest.listen(even(database.store(), 10)).run(&mut Count::new()).unwrap();
    assert!(matches!(outcome, Outcome::Finished(_)), "{outcome:?}");
    let resumed = Progress::Resumed { rows_done: 20, rows_estimated: Some(95), pass: 1 };
    assert_eq!(rest.events()[0], resumed);
    let all: u64 = told.batches().iter().chain(&rest.batches()).sum();
    assert_eq!((all, outcome.status().rows_done), (95, 95));
    assert_eq!(counted(database.store(), 1), 95);
    assert!(outcome.status().started_at == status.started_at);
}

#[test]
fn the_table_of_an_unfinished_job_is_not_dropped() {
    let database = database(20);
    let stop = Stop::default();
    stop.stop();
    let stopped = Runner::new(database.store()).stop_with(&stop).run(&mut Count::new()).unwrap();
    assert!(matches!(stopped, Outcome::Stopped(_)), "{stopped:?}");
    let migrator = Migrator::new(database.store());
    migrator.down_to("20261120000800").unwrap();
    let error = migrator.down().unwrap_err();
    let why = error.source().unwrap().to_string();
    assert!(why.starts_with("planwright.jobs records an unfinished job"), "{why}");

    assert!(Runner::new(database.store()).run(&mut Count::new()).unwrap().is_finished());
    assert_eq!(migrator.down().unwrap()[0].name, "2026-11-20-000800_core_jobs");
    assert_eq!(batch::status(database.store(), NAME).unwrap(), None);
    migrator.up().unwrap();
    assert_eq!(batch::status(database.store(), NAME).unwrap(), None);
}

#[test]
fn an_error_of_the_job_is_told_by_its_row_and_the_next_run_goes_on() {
    let database = database(50);
    let mut broken = Count::new().with(|uow, after, _| {
        crate::support::execute(uow, "UPDATE work SET n = n + 100 WHERE id > 20")?;
        match after {
            Some(20) => Err(Error::conflict("work", 21, "is broken")),
            _ => {
                crate::support::execute(uow, "UPDATE work SET n = n - 100 WHERE id > 20").map(drop)
            }
        }
    });
    let error = even(database.store(), 10).run(&mut broken).unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    let status = batch::status(database.store(), NAME).unwrap().unwrap();
    assert_eq!((status.phase, status.rows_done), (Phase::Failed, 20));
    assert_eq!(status.error.as_deref(), Some("work 21: is broken"));
    assert_eq!(status.cursor, Some(20.into()));
    assert!(status.to_string().ends_with("pass 1: work 21: is broken"), "{status}");

    let outcome = even(database.store(), 10).run(&mut Count::new()).unwrap();
    assert_eq!((outcome.status().rows_done, outcome.status().error.as_deref()), (50, None));
    assert_eq!(counted(database.store(), 1), 50);
}

#[test]
fn what_the_server_answered_is_in_the_row_without_its_detail() {
    let database = database(5);
    let mut broken = Count::new()
        .with(|uow, _, _| crate::support::execute(uow, "INSERT INTO work VALUES (5)").map(drop));
    let error = even(database.store(), 10).run(&mut broken).unwrap_err();
    assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
    let told = batch::status(database.store(), NAME).unwrap().unwrap().error.unwrap();
    assert!(told.contains("work_pkey") && !told.contains("(5)"), "{told}");
}

#[test]
fn a_verification_that_fails_is_asked_again_without_a_pass() {
    let database = database(10);
    let refuse =
        |_: &mut UnitOfWork<'_>| Err(Error::Verification { what: "row 7 is wrong".to_owned() });
    let mut job = Count::new().verified(refuse);
    let error = even(database.store(), 10).run(&mut job).unwrap_err();
    assert_eq!(error.to_string(), "row 7 is wrong");
    let status = batch::status(database.store(), NAME).unwrap().unwrap();
    assert_eq!((status.phase, status.error.as_deref()), (Phase::Failed, Some("row 7 is wrong")));
    let outcome = even(database.store(), 10).run(&mut Count::new()).unwrap();
    assert!(matches!(outcome, Outcome::Finished(_)));
    assert_eq!(counted(database.store(), 1), 10);
}

#[test]
fn a_panic_in_a_batch_frees_the_job() {
    let database = database(30);
    let mut panics = Count::new().with(|_, after, _| {
        assert!(after.is_none(), "as this test wants it");
        Ok(())
    });
    let run = || even(database.store(), 10).run(&mut panics).map(drop);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    let outcome = even(database.store(), 10).run(&mut Count::new()).unwrap();
    assert!(outcome.is_finished());
    assert_eq!(counted(database.store(), 1), 30);
}

#[test]
fn a_batch_that_the_server_rolls_back_is_done_again() {
    let database = database(30);
    let mut failures = 0;
    let mut job = Count::new().with(|uow, _, _| {
        failures += 1;
        if failures % 3 != 0 {
            let fail = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$";
            crate::support::execute(uow, fail)?;
        }
        Ok(())
    });
    let outcome = even(database.store(), 10).run(&mut job).unwrap();
    drop(job);
    assert!(outcome.is_finished());
    assert_eq!(failures, 12);
    assert_eq!(counted(database.store(), 1), 30);
}

/// A place in an order of several columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    at: DateTime<Utc>,
    id: i64,
    text: String,
    ratio: f64,
}

/// Goes through places, and stops by an error in front of each.
struct Places {
    places: Vec<Place>,
    seen: Vec<Option<Place>>,
}

impl Job for Places {
    type Cursor = Place;

    fn name(&self) -> &'static str {
        NAME
    }

    fn next_batch(
        &mut self,
        _: &mut UnitOfWork<'_>,
        after: Option<&Place>,
        _: u32,
    ) -> Result<Batch<Place>> {
        if self.seen.last() != Some(&after.cloned()) {
            self.seen.push(after.cloned());
            return Err(Error::conflict("Places", self.seen.len(), "is looked at in the next run"));
        }
        let next = self.places.get(self.seen.len() - 1).cloned();
        Ok(Batch { rows: 1, next })
    }

    fn verify(&mut self, _: &mut UnitOfWork<'_>) -> Result<Verdict> {
        Ok(Verdict::Done)
    }
}

#[test]
fn a_cursor_of_any_shape_comes_back_as_it_was() {
    let database = database(0);
    let place = |id, text: &str, ratio| {
        let at = Utc.timestamp_opt(1_800_000_000, 123_456_789).unwrap();
        Place { at, id, text: text.to_owned(), ratio }
    };
    let places = vec![
        place(i64::MIN, "", 0.1),
        place(i64::MAX, "'; DROP TABLE work; -- \\ \"", f64::MIN_POSITIVE),
        place(0, "äöü 🥕 e\u{301}", 1e300),
    ];
    let mut job = Places { places: places.clone(), seen: Vec::new() };
    let runs = (0..9).take_while(|_| Runner::new(database.store()).run(&mut job).is_err()).count();
    assert_eq!(runs, 4);
    let seen: Vec<_> = job.seen.into_iter().flatten().collect();
    assert_eq!(seen, places);
}

#[test]
fn a_cursor_that_this_release_cannot_read_is_kept() {
    let database = database(30);
    let mut places = Places { places: Vec::new(), seen: Vec::new() };
    assert!(even(database.store(), 10).run(&mut places).is_err());
    execute(&database, "UPDATE planwright.jobs SET cursor = '{\"later\": 1}'");
    let error = even(database.store(), 10).run(&mut Count::new()).unwrap_err();
    assert!(matches!(&error, Error::Invalid { field, .. } if field == "cursor"), "{error:?}");
    let status = batch::status(database.store(), NAME).unwrap().unwrap();
    assert_eq!(status.phase, Phase::Failed);
    assert_eq!(status.cursor, Some(serde_json::json!({"later": 1})));
}

#[test]
fn a_cursor_that_does_not_move_is_an_error_and_no_endless_loop() {
    struct Stuck;
    impl Job for Stuck {
        type Cursor = i64;
        fn name(&self) -> &'static str {
            NAME
        }
        fn next_batch(
            &mut self,
            _: &mut UnitOfWork<'_>,
            _: Option<&i64>,
            _: u32,
        ) -> Result<Batch<i64>> {
            Ok(Batch { rows: 0, next: Some(7) })
        }
        fn verify(&mut self, _: &mut UnitOfWork<'_>) -> Result<Verdict> {
            Ok(Verdict::Done)
        }
    }
    let database = database(0);
    let error = Runner::new(database.store()).run(&mut Stuck).unwrap_err();
    assert!(matches!(&error, Error::Invalid { field, .. } if field == "cursor"), "{error:?}");
}
