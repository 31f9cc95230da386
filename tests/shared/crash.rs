//! Writers that live through the loss of their connections, and are held to what they were told.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, RunQueryDsl};
use planwright::local_server::LocalServer;
use planwright::migrate::Migrator;
use planwright::modelling::ScenarioId;
use planwright::{Context, Error, Result, Store, StoreOptions};

use super::version::{Version, assert_sound, stored, stored_in};
use crate::support::scenario;

const WRITERS: i64 = 8;
/// The keys that all writers replace.
const SHARED: std::ops::RangeInclusive<i64> = 101..=104;
/// No writer makes so many versions.
const VERSIONS: i64 = 1_000_000;

/// What a writer was told about one key.
#[derive(Debug, Default, Clone)]
struct Told {
    /// The newest version that is stored.
    stored: Option<i64>,
    /// Newer versions of which it is not known.
    unknown: BTreeSet<i64>,
}

impl Told {
    fn hear<T>(&mut self, number: i64, answer: &Result<T>, counts: &Counts) {
        match answer {
            Ok(_) => {
                self.stored = Some(number);
                self.unknown.clear();
                counts.stored.fetch_add(1, Ordering::Relaxed);
            }
            Err(Error::Unavailable { .. }) => drop(counts.lost.fetch_add(1, Ordering::Relaxed)),
            Err(Error::CommitUnknown { .. }) => {
                self.unknown.insert(number);
                counts.unknown.fetch_add(1, Ordering::Relaxed);
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    fn allows(&self, found: Option<i64>) -> bool {
        found == self.stored || found.is_some_and(|number| self.unknown.contains(&number))
    }
}

#[derive(Debug, Default)]
struct Counts {
    stored: AtomicUsize,
    lost: AtomicUsize,
    unknown: AtomicUsize,
    whole: AtomicUsize,
}

/// A writer has a key of its own, and remembers for each shared key too.
#[derive(Debug)]
struct Writer {
    nth: i64,
    made: i64,
    own: Told,
    shared: Vec<Told>,
}

impl Writer {
    fn new(nth: i64) -> Self {
        Self { nth, made: 0, own: Told::default(), shared: vec![Told::default(); SHARED.count()] }
    }

    fn next(&mut self) -> Version {
        self.made += 1;
        let measures = usize::try_from((self.made * 7 + self.nth) % 20).unwrap_or_default();
        Version { number: self.nth * VERSIONS + self.made, measures }
    }

    /// Replaces its own plan, and a shared one alone or all of them at once.
    fn step(&mut self, store: &Store, scenario: ScenarioId, counts: &Counts) {
        // Every second writer wants to know what became of a lost COMMIT.
        let resolve = self.nth % 2 == 0;
        let unit = || store.transaction().resolve_commit_within(Duration::from_secs(10));
        let unit = || if resolve { unit() } else { store.transaction() };

        let version = self.next();
        let answer = unit().run(|uow| version.replace(uow, self.nth, scenario));
        self.own.hear(version.number, &answer, counts);

        let version = self.next();
        let all = self.made % 3 == 0;
        let one = usize::try_from(self.made).unwrap_or_default() % SHARED.count();
        let one = if all { None } else { Some(one) };
        let keys: Vec<i64> = match one {
            Some(one) => SHARED.skip(one).take(1).collect(),
            None => SHARED.rev().collect(),
        };
        let answer = match one {
            Some(_) => unit().run(|uow| version.replace(uow, keys[0], scenario).map(drop)),
            None => unit().run(|uow| version.replace_many(uow, keys.clone(), scenario).map(drop)),
        };
        for (place, told) in self.shared.iter_mut().enumerate() {
            if one.is_none_or(|one| one == place) {
                told.hear(version.number, &answer, counts);
            }
        }

        let read = store.read(|uow| stored_in(uow, keys[0], scenario));
        match read {
            Ok(_) => drop(counts.whole.fetch_add(1, Ordering::Relaxed)),
            Err(Error::Unavailable { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// Holds every writer to what it was told.
fn judge(store: &Store, scenario: ScenarioId, writers: &[Writer]) {
    for writer in writers {
        let found = stored(store, writer.nth, scenario).map(|version| version.number);
        assert!(writer.own.allows(found), "{found:?} is stored: {writer:?}");
    }
    for (place, property) in SHARED.enumerate() {
        let told = |writer: &Writer| writer.shared[place].clone();
        match stored(store, property, scenario).map(|version| version.number) {
            None => assert!(writers.iter().all(|writer| told(writer).stored.is_none())),
            // Whoever it is of: not an older one than that writer knows to be stored.
            Some(found) => {
                let nth = found / VERSIONS;
                let writer = writers.iter().find(|writer| writer.nth == nth).expect("a writer");
                assert!(told(writer).allows(Some(found)), "{found} is stored: {writer:?}");
            }
        }
    }
    assert_sound(store);
}

/// Writers at work on a store, disturbed again and again. `disturb` tells how many backends it hit.
fn live_through(
    what: &str,
    server: &LocalServer,
    rounds: usize,
    mut disturb: impl FnMut(usize) -> usize,
) {
    let url = server.url("postgres");
    // As long as the server may take to come up again.
    let options = StoreOptions::default().pool_size(8).acquire_timeout(Duration::from_secs(2));
    let store = &Store::connect(&url, &options).unwrap();
    Migrator::new(store).contexts([Context::Modelling]).up().unwrap();
    let scenario = scenario(store);
    let counts = &Counts::default();
    let mut writers: Vec<Writer> = (1..=WRITERS).map(Writer::new).collect();
    let mut hit = 0;
    for round in 0..rounds {
        let done = &AtomicBool::new(false);
        let before = counts.stored.load(Ordering::Relaxed);
        thread::scope(|scope| {
            for writer in &mut writers {
                scope.spawn(move || {
                    while !done.load(Ordering::Relaxed) {
                        writer.step(store, scenario, counts);
                    }
                });
            }
            // They are at work, and are so again afterwards with the same store.
            wait_for(counts, before + 20 + round % 7);
            hit += disturb(round);
            let after = counts.stored.load(Ordering::Relaxed);
            wait_for(counts, after + 20);
            done.store(true, Ordering::Relaxed);
        });
        judge(store, scenario, &writers);
    }
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    println!(
        "{what}: {rounds} rounds, {hit} backends hit, {} replaces acknowledged, {} rolled back, \
         {} unknown, {} reads of whole plans",
        count(&counts.stored),
        count(&counts.lost),
        count(&counts.unknown),
        count(&counts.whole),
    );
    assert!(hit >= rounds, "nothing was disturbed");
    assert!(count(&counts.lost) > 0, "nobody noticed");
}

fn wait_for(counts: &Counts, stored: usize) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while counts.stored.load(Ordering::Relaxed) < stored {
        assert!(Instant::now() < deadline, "the writers do not get on: {counts:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// The whole server is killed with `kill -9` and started again.
pub(crate) fn killed_server(rounds: usize) {
    let server = LocalServer::start().unwrap();
    live_through("server killed with -9", &server, rounds, |_| {
        server.kill().unwrap();
        server.restart().unwrap();
        1
    });
}

/// Single backends are killed with `kill -9`: the server then ends all others, and recovers.
pub(crate) fn killed_backend(rounds: usize) {
    let server = LocalServer::start().unwrap();
    let log = || std::fs::read_to_string(server.log()).unwrap();
    let killed = || log().matches("was terminated by signal 9").count();
    live_through("a backend killed with -9", &server, rounds, |_| {
        let before = killed();
        let mut admin = PgConnection::establish(&server.url("postgres")).unwrap();
        let kill = "COPY (SELECT pid FROM pg_stat_activity WHERE application_name = 'planwright'
                     ORDER BY random() LIMIT 1) TO PROGRAM 'read pid && kill -9 $pid'";
        // May be answered before the server ends this connection too.
        drop(admin.batch_execute(kill));
        let deadline = Instant::now() + Duration::from_secs(10);
        while killed() == before {
            assert!(Instant::now() < deadline, "no backend was killed");
            thread::sleep(Duration::from_millis(1));
        }
        killed() - before
    });
}

/// Backends at random are told to end.
pub(crate) fn terminated_backends(rounds: usize) {
    let server = LocalServer::start().unwrap();
    live_through("backends terminated", &server, rounds, |round| {
        let mut admin = PgConnection::establish(&server.url("postgres")).unwrap();
        let terminate = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
              WHERE application_name = 'planwright' ORDER BY random() LIMIT {}",
            1 + round % 8
        );
        diesel::sql_query(terminate).execute(&mut admin).unwrap()
    });
}
