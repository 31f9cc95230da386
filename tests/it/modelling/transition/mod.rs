//! From the join to the column, on a database that lived before this crate.

mod contract;
mod moving;
mod settling;
mod states;
mod together;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use planwright::batch::{Outcome, Runner};
use planwright::migrate::{Kind, Migrations, Migrator};
use planwright::modelling::transition::{self, Backfill, TransitionStatus};
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Result, Store, UnitOfWork};

use crate::support::{execute, expanded, scenario, text};

/// Six plans of as many properties, with the keys 1 to 6. By the join alone: two measures of each
/// but the last, one that 1, 2 and 3 share, one that 2 and 5 share. Plan 6 is linked by the column:
/// one of its measures is in the join, too. Two orphans. One measure of plan 4 that the join links
/// to 5.
fn legacy() -> TestDatabase {
    let database = expanded();
    let scenario = scenario(database.store());
    let built = database.store().write(|uow| {
        for sql in [
            &format!(
                "INSERT INTO plan (id, property_id, scenario_id)
                 SELECT n, n, {scenario} FROM generate_series(1, 6) n"
            ),
            "SELECT setval('plan_id_seq', 100)",
            "INSERT INTO recommendation (id, property_id, measure_type, description, estimated_cost)
             SELECT 10 * p + n, p, 'own', 'measure ' || n || ' of ' || p, p + n
               FROM generate_series(1, 5) p, generate_series(1, 2) n",
            "INSERT INTO plan_recommendations SELECT id / 10, id FROM recommendation",
            "INSERT INTO recommendation (id, property_id, measure_type, description, plan_id)
             VALUES (101, 1, 'shared', 'by three', NULL), (102, 2, 'shared', 'by two', NULL),
                    (103, 0, 'orphan', 'first', NULL), (104, 0, 'orphan', 'second', NULL),
                    (105, 4, 'odd', 'of 4 and 5', 4),
                    (106, 6, 'linked', 'by the column', 6), (107, 6, 'linked', 'by both', 6)",
            "INSERT INTO plan_recommendations
             VALUES (3, 101), (1, 101), (2, 101), (5, 102), (2, 102), (5, 105), (6, 107)",
            "SELECT setval('recommendation_id_seq', 200)",
        ] {
            execute(uow, sql)?;
        }
        Ok(())
    });
    built.unwrap();
    database
}

fn status(store: &Store) -> TransitionStatus {
    store.read(transition::status).unwrap()
}

/// linked, by the join only, shared, orphaned, contradictory.
fn counts(store: &Store) -> [u64; 5] {
    let of = status(store);
    [of.linked, of.legacy_only, of.shared, of.orphaned, of.contradictory]
}

fn backfill(store: &Store) -> Result<Outcome> {
    Runner::new(store).run(&mut Backfill::new())
}

/// The job to its end.
fn moved(store: &Store) {
    let outcome = Runner::new(store).anew(true).run(&mut Backfill::new()).unwrap();
    assert!(outcome.is_finished());
}

fn migrator(store: &Store) -> Migrator<'_> {
    Migrator::new(store).contexts([Context::Modelling])
}

/// The measures of each plan, but for their keys and places.
fn measures(uow: &mut UnitOfWork<'_>) -> Result<String> {
    text(
        uow,
        "SELECT string_agg(format('%s %s %s %s %s', plan_id, property_id, measure_type, description,
                                  estimated_cost), E'\\n' ORDER BY plan_id, description, id)
           FROM plan_measure",
    )
}

/// The same as a reader sees it who knows only the join.
fn joined(uow: &mut UnitOfWork<'_>) -> Result<String> {
    text(
        uow,
        "SELECT string_agg(format('%s %s %s %s %s', l.plan_id, property_id, measure_type,
                                  description, estimated_cost), E'\\n'
                           ORDER BY l.plan_id, description)
           FROM plan_recommendations l JOIN recommendation r ON r.id = l.recommendation_id",
    )
}

/// What `then` gives, which meets the transaction of `first`: that one is committed once `then` waits
/// for it.
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
        let given = then();
        done.store(true, Ordering::Relaxed);
        given
    });
    assert!(waited.into_inner(), "it did not wait");
    given
}

fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Migration { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn the_steps_are_held_migrations_of_this_crate() {
    let migrations = Migrations::embedded();
    let held: Vec<_> = migrations
        .as_slice()
        .iter()
        .filter(|one| one.kind == Kind::Held && one.context == Context::Modelling)
        .collect();
    let names: Vec<_> = held.iter().map(|one| &*one.name).collect();
    assert_eq!(
        names,
        [
            transition::PLAN_KEY,
            transition::CLOSE_JOIN,
            transition::DROP_JOIN,
            transition::CHECK_PLAN_ID,
            transition::VALIDATE_PLAN_ID,
            transition::PLAN_ID_NOT_NULL
        ]
    );
    let drop = held.iter().find(|one| one.name == transition::DROP_JOIN).unwrap();
    assert_eq!(drop.after_job.as_deref(), Some(transition::JOB));
    assert_eq!(drop.confirm.as_deref(), Some(transition::NO_READERS_LEFT));
}
