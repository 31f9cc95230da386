//! Many threads on few connections, at the same few plans.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use planwright::testing::TestDatabase;
use planwright::{Context, Result, Store, StoreOptions, UnitOfWork};

use super::version::{Version, assert_sound, stored, stored_in};
use super::watch;
use crate::support::{number, scenario};

/// The keys that everybody replaces.
const SHARED: std::ops::RangeInclusive<i64> = 1..=5;
/// No thread makes so many versions.
const VERSIONS: i64 = 1_000_000;

#[derive(Debug, Default)]
struct Counts {
    units: AtomicUsize,
    runs: AtomicUsize,
    reads: AtomicUsize,
    longest_ms: AtomicUsize,
}

impl Counts {
    fn write<T>(&self, store: &Store, mut work: impl FnMut(&mut UnitOfWork<'_>) -> Result<T>) -> T {
        self.units.fetch_add(1, Ordering::Relaxed);
        let begin = Instant::now();
        let done = store.write(|uow| {
            self.runs.fetch_add(1, Ordering::Relaxed);
            work(uow)
        });
        let took = usize::try_from(begin.elapsed().as_millis()).unwrap_or(usize::MAX);
        self.longest_ms.fetch_max(took, Ordering::Relaxed);
        done.expect("a unit that only had to wait")
    }
}

/// Returns how often a unit was run again.
pub(crate) fn crowd(threads: i64, connections: u32, time: Duration) -> usize {
    let options = StoreOptions::default().pool_size(connections);
    let database = TestDatabase::with_options([Context::Modelling], &options).unwrap();
    let store = database.store();
    let scenario = scenario(store);
    let counts = &Counts::default();
    let done = &AtomicBool::new(false);
    let waits = thread::scope(|scope| {
        for thread in 1..=threads {
            scope.spawn(move || {
                let mut last = None;
                for step in 1.. {
                    if done.load(Ordering::Relaxed) {
                        break;
                    }
                    let measures = usize::try_from((thread + step) % 30).unwrap_or_default();
                    let version = Version { number: thread * VERSIONS + step, measures };
                    let own = own_key(thread);
                    match (thread * 7 + step * 3) % 10 {
                        0..4 => drop(counts.write(store, |uow| version.replace(uow, 1, scenario))),
                        4..6 => {
                            counts.write(store, |uow| version.replace(uow, own, scenario));
                            last = Some(version);
                        }
                        6 => {
                            let mut keys: Vec<i64> = SHARED.collect();
                            keys.rotate_left(measures % 5);
                            counts.write(store, |uow| {
                                version.replace_many(uow, keys.clone(), scenario)
                            });
                        }
                        7..9 => {
                            store.read(|uow| stored_in(uow, 1, scenario)).expect("a read");
                            counts.reads.fetch_add(1, Ordering::Relaxed);
                        }
                        _ => assert_eq!(stored(store, own, scenario), last, "an update is lost"),
                    }
                }
                assert_eq!(stored(store, own_key(thread), scenario), last, "an update is lost");
            });
        }
        let end = Instant::now() + time;
        let waits = watch::locks(database.url(), || Instant::now() >= end);
        done.store(true, Ordering::Relaxed);
        waits
    });
    for property in SHARED {
        stored(store, property, scenario);
    }
    assert_sound(store);
    let deadlocks =
        number(store, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    let again = count(&counts.runs) - count(&counts.units);
    println!(
        "{threads} threads on {connections} connections, {time:?}: {} replaces, {} reads of the \
         shared plan, {} waits for a lock in {} samples, {deadlocks} deadlocks, {again} units run \
         again, longest unit {} ms",
        count(&counts.units),
        count(&counts.reads),
        waits.seen,
        waits.samples,
        count(&counts.longest_ms),
    );
    assert!(waits.seen > 0, "nobody waited for a lock");
    again
}

fn own_key(thread: i64) -> i64 {
    100 + thread
}
