//! Batches that take too long, and jobs that make way for others.

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;

use planwright::batch::{self, Outcome, Pause, Phase, Stop};
use planwright::{StoreOptions, TimeoutKind};

use super::*;
use crate::support::{execute as execute_in, skipped};

/// A batch with more rows than this takes for ever.
fn slow_above(most: u32) -> impl FnMut(&mut UnitOfWork<'_>, Option<&i64>, u32) -> Result<()> {
    move |uow, _, limit| {
        if limit > most {
            execute_in(uow, "SELECT pg_sleep(60)")?;
        }
        Ok(())
    }
}

#[test]
fn a_batch_that_times_out_is_tried_again_at_half_the_size() {
    let database = database(40);
    let told = Told::default();
    let runner = told
        .listen(Runner::new(database.store()))
        .target(Duration::from_millis(10))
        .sizes(1..=40)
        .first_size(40);
    let outcome = runner.run(&mut Count::new().with(slow_above(10))).unwrap();
    assert_eq!(outcome.status().rows_done, 40);
    assert_eq!(counted(database.store(), 1), 40);
    let timed_out = |size, next_size| Progress::TimedOut { size, next_size };
    assert_eq!(told.events()[1..3], [timed_out(40, 20), timed_out(20, 10)]);
    assert_eq!(told.batches()[0], 10);
}

#[test]
fn a_batch_of_the_least_size_that_times_out_again_and_again_is_an_error() {
    let database = database(40);
    let told = Told::default();
    let runner = told
        .listen(even(database.store(), 10))
        .target(Duration::from_millis(10))
        .statement_timeout(Duration::from_millis(50));
    let error = runner.run(&mut Count::new().with(slow_above(0))).unwrap_err();
    assert!(matches!(error, Error::Timeout { what: TimeoutKind::Statement, .. }), "{error:?}");
    assert_eq!(told.others(), ["started", "timed_out", "timed_out"]);
    let status = batch::status(database.store(), NAME).unwrap().unwrap();
    assert_eq!((status.phase, status.rows_done), (Phase::Failed, 0));
    let why = status.error.unwrap();
    assert!(why.starts_with("statement_timeout was exceeded: "), "{why}");
    assert!(error.source().is_some());
    assert!(Runner::new(database.store()).run(&mut Count::new()).unwrap().is_finished());
    assert_eq!(counted(database.store(), 1), 40);
}

#[test]
fn the_verification_has_a_limit_of_its_own() {
    let database = database(5);
    let slow = |uow: &mut UnitOfWork<'_>| {
        execute_in(uow, "SELECT pg_sleep(0.15)")?;
        Ok(Verdict::Done)
    };
    let short = Duration::from_millis(50);
    let runner = || Runner::new(database.store()).statement_timeout(short);
    let error = runner().verify_timeout(short).run(&mut Count::new().verified(slow)).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(runner().run(&mut Count::new().verified(slow)).unwrap().is_finished());
}

/// It is meant for the host's own transactions, and ends the whole session.
#[test]
fn the_limit_that_the_host_has_for_its_transactions_does_not_end_a_job() {
    let database = database(5);
    if number(database.store(), "SELECT current_setting('server_version_num')::int") < 170_000 {
        return skipped("transaction_timeout needs PostgreSQL 17");
    }
    let name = database.name();
    execute(&database, &format!("ALTER DATABASE {name} SET transaction_timeout = '200ms'"));
    let store = Store::connect(database.url(), &StoreOptions::default()).unwrap();
    let sleep = |uow: &mut UnitOfWork<'_>| execute_in(uow, "SELECT pg_sleep(0.4)");
    assert!(store.write(sleep).is_err(), "others it does end");
    let mut slow = Count::new().with(|uow, _, _| sleep(uow).map(drop)).verified(|uow| {
        sleep(uow)?;
        Ok(Verdict::Done)
    });
    assert!(Runner::new(&store).run(&mut slow).unwrap().is_finished());
    assert_eq!(counted(&store, 1), 5);
}

/// Somebody waits for a lock, until the sender is dropped.
fn queue(database: &TestDatabase) -> (mpsc::Sender<()>, thread::JoinHandle<()>) {
    let (mut holder, mut waiter) = (connection(database), connection(database));
    execute(database, "CREATE TABLE elsewhere ()");
    holder.batch_execute("BEGIN; LOCK TABLE elsewhere").unwrap();
    let (free, freed) = mpsc::channel::<()>();
    let waits = thread::spawn(move || {
        let waiter =
            thread::spawn(move || waiter.batch_execute("BEGIN; LOCK TABLE elsewhere; COMMIT"));
        let _ = freed.recv();
        drop(holder);
        drop(waiter.join().unwrap());
    });
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation IS NOT NULL
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    while number(database.store(), waiting) == 0 {
        thread::sleep(Duration::from_millis(1));
    }
    (free, waits)
}

#[test]
fn a_job_pauses_while_others_wait_for_locks() {
    let database = database(30);
    let (free, waits) = queue(&database);
    let free = Cell::new(Some(free));
    let told = Told::default();
    let runner = even(database.store(), 10).max_waiting(0).on_progress(|event| {
        told.0.borrow_mut().push(event.clone());
        if matches!(event, Progress::Paused { .. }) {
            drop(free.take());
        }
    });
    assert!(runner.run(&mut Count::new()).unwrap().is_finished());
    waits.join().unwrap();
    let events = told.events();
    let Progress::Paused { reason: Pause::LocksQueue { sessions: 1 } } = events[1] else {
        panic!("{events:?}")
    };
    assert!(matches!(events[2], Progress::Continued { waited } if !waited.is_zero()), "{events:?}");
    assert_eq!(told.batches(), [10, 10, 10, 0]);
}

#[test]
fn a_pause_ends_when_it_is_too_long_or_the_run_is_told_to_stop() {
    let database = database(30);
    let (free, waits) = queue(&database);
    let runner = || even(database.store(), 10).max_waiting(0);
    let error = runner().max_pause(Duration::ZERO).run(&mut Count::new()).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(error.to_string(), "gave up after a pause of 0 s: 1 sessions wait for locks");

    let stop = Stop::default();
    let stops = runner().stop_with(&stop).on_progress(|event| {
        if matches!(event, Progress::Paused { .. }) {
            stop.stop();
        }
    });
    let outcome = stops.run(&mut Count::new()).unwrap();
    assert!(matches!(&outcome, Outcome::Stopped(status) if status.rows_done == 0), "{outcome:?}");
    // One that does not look goes on.
    assert!(runner().max_waiting(None).run(&mut Count::new()).unwrap().is_finished());
    drop(free);
    waits.join().unwrap();
}
