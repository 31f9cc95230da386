//! From a plan of migrations to plans of iterations, on a database that lived before this crate.

mod contract;
mod interrupted;
mod moving;
mod together;
mod writers;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::batch::{Outcome, Runner};
use planwright::cutover::transition::{self, Backfill, TransitionStatus};
use planwright::migrate::{Kind, Migrations, Migrator};
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Page, Result, Store, UnitOfWork};

use crate::support::{execute, text};

const BASELINE: &str = "20261120191000";

/// The held steps in their order.
const STEPS: [&str; 5] = [
    transition::NAME_KEY,
    transition::CHECK_PLAN,
    transition::VALIDATE_PLAN,
    transition::PLAN_NOT_NULL,
    transition::DROP_COLUMN,
];

/// The legacy database, adopted and not expanded.
fn adopted() -> TestDatabase {
    let database = TestDatabase::new([]).unwrap();
    let mut connection = PgConnection::establish(database.url()).unwrap();
    connection.batch_execute(include_str!("legacy.sql")).unwrap();
    let adoption = migrator(database.store()).adopt(Context::Cutover, BASELINE).unwrap().unwrap();
    assert!(adoption.is_possible(), "{adoption}");
    database
}

/// The same, expanded.
fn legacy() -> TestDatabase {
    let database = adopted();
    migrator(database.store()).up().unwrap();
    database
}

/// The same, backfilled.
fn filled() -> TestDatabase {
    let database = legacy();
    assert!(backfill(database.store()).unwrap().is_finished());
    database
}

/// The same, with all held steps up to this one.
fn contracted(through: &str) -> TestDatabase {
    let database = filled();
    for step in STEPS {
        contract(database.store(), step).unwrap().unwrap();
        if step == through {
            break;
        }
    }
    database
}

fn migrator(store: &Store) -> Migrator<'_> {
    Migrator::new(store).contexts([Context::Cutover])
}

fn contract(store: &Store, step: &str) -> Result<Option<planwright::migrate::Applied>> {
    migrator(store).confirm(transition::NO_READERS_LEFT).contract(step)
}

fn backfill(store: &Store) -> Result<Outcome> {
    Runner::new(store).anew(true).run(&mut Backfill::new())
}

fn status(store: &Store) -> TransitionStatus {
    store.read(transition::status).unwrap()
}

/// named, by migration, without plan; without iteration, apart, several.
fn counts(store: &Store) -> [u64; 6] {
    let of = status(store);
    [of.named, of.by_migration, of.without_plan, of.without_iteration, of.apart, of.several]
}

fn run(store: &Store, sql: &str) -> Result<usize> {
    store.write(|uow| execute(uow, sql))
}

/// A key of the legacy data in SQL: its decimal digits.
fn key(n: u32) -> String {
    format!("'{n:032}'::uuid")
}

fn of(store: &Store, sql: &str) -> String {
    store.read(|uow| text(uow, &format!("SELECT coalesce(({sql})::text, '-')"))).unwrap()
}

/// What each iteration of the legacy data runs, as `101:1`; others by their name.
fn plans(store: &Store) -> String {
    of(store, PLANS)
}

const PLANS: &str = "SELECT string_agg(
            CASE WHEN ite_name LIKE 'Run 10%' THEN right(ite_id::text, 3)
                 ELSE right(mig_id::text, 2) || ' ' || ite_name END
            || ':' || coalesce(ltrim(right(plm_id::text, 2), '0'), 'none'),
            ' ' ORDER BY ite_name COLLATE \"C\", mig_id)
       FROM iteration_plans";

const AT_FIRST: &str = "101:1 102:1 103:1 104:1 105:2 106:2 107:3";
const IN_THE_END: &str = "15 Run 1:2 16 Run 1:1 101:1 102:1 103:1 104:1 105:2 106:2 107:3";

/// What the second of two does that meet: `first` is in the middle of its transaction, which
/// commits once somebody waits for it.
fn meeting<A, T>(
    store: &Store,
    first: impl Fn(&mut UnitOfWork<'_>) -> Result<A> + Sync,
    then: impl FnOnce() -> T,
) -> T {
    const WAITS: &str = "SELECT count(*) FROM pg_locks
                          WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))";
    let (done, waited) = (AtomicBool::new(false), AtomicBool::new(false));
    let (tell, told) = mpsc::channel();
    let given = thread::scope(|scope| {
        let (first, done, waited) = (&first, &done, &waited);
        scope.spawn(move || {
            let written = store.write(|uow| {
                first(uow)?;
                tell.send(()).unwrap();
                while !done.load(Ordering::Relaxed) && !waited.load(Ordering::Relaxed) {
                    waited.store(text(uow, WAITS)? != "0", Ordering::Relaxed);
                    thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            });
            written.unwrap();
        });
        told.recv().unwrap();
        let _ends = Ends(done);
        then()
    });
    assert!(waited.into_inner(), "it did not wait");
    given
}

/// Sets the flag when it goes, so that no thread goes on for ever where the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What `then` gives while the transaction of `first` is open: it does not wait for it.
fn beside<A, T>(
    store: &Store,
    first: impl Fn(&mut UnitOfWork<'_>) -> Result<A> + Sync,
    then: impl FnOnce() -> T,
) -> T {
    let (tell, told) = mpsc::channel();
    let (end, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let first = &first;
        scope.spawn(move || {
            let written = store.write(|uow| {
                first(uow)?;
                tell.send(()).unwrap();
                let _ = ended.recv_timeout(Duration::from_secs(60));
                Ok(())
            });
            written.unwrap();
        });
        told.recv().unwrap();
        let begin = Instant::now();
        let given = then();
        assert!(begin.elapsed() < Duration::from_secs(50), "it waited");
        drop(end);
        given
    })
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Migration { .. }), "{error:?}");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// All that the job has made.
fn made(store: &Store) -> Vec<transition::Backfilled> {
    store.read(|uow| transition::backfilled(uow, Page::first(1_000))).unwrap().items
}

#[test]
fn the_steps_are_held_migrations_of_this_crate() {
    let embedded = Migrations::embedded();
    let held: Vec<_> = embedded
        .as_slice()
        .iter()
        .filter(|one| one.kind == Kind::Held && one.context == Context::Cutover)
        .collect();
    let names: Vec<_> = held.iter().map(|one| &*one.name).collect();
    assert_eq!(names, STEPS);
    for one in held {
        let waits = [transition::CHECK_PLAN, transition::DROP_COLUMN].contains(&&*one.name);
        assert_eq!(one.after_job.as_deref(), waits.then_some(transition::JOB), "{one}");
        let asks = one.name == transition::DROP_COLUMN;
        assert_eq!(one.confirm.as_deref(), asks.then_some(transition::NO_READERS_LEFT), "{one}");
    }
}
