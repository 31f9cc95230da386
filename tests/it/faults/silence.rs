//! Connections that go silent.
//!
//! The proxy acknowledges what it swallows, as some middleboxes do. Then no limit of TCP sees it,
//! libpq has none for reading, and the client waits until the connection is ended. What is bounded
//! is all around it: other units wait for a connection no longer than the acquire timeout, and the
//! server rolls back and gives its locks free after `idle_in_transaction_session_timeout`. A
//! network that drops packets is tried in the large tests.

use std::thread;
use std::time::{Duration, Instant};

use planwright::modelling::{Replaced, ScenarioId};
use planwright::testing::{At, Fault, FaultProxy, Point, TestDatabase};
use planwright::{Error, Result, Store, StoreOptions};

use crate::shared::version::{Version, stored};
use crate::support::{modelling, scenario};

const LIMIT: Duration = Duration::from_secs(10);
const OLD: Version = Version { number: 1, measures: 5 };
const NEW: Version = Version { number: 2, measures: 3 };
const DIRECT: Version = Version { number: 3, measures: 2 };

/// A database, and a proxy before it.
struct Bench {
    database: TestDatabase,
    proxy: FaultProxy,
    scenario: ScenarioId,
}

impl Bench {
    fn new() -> Self {
        let database = modelling();
        let proxy = FaultProxy::in_front_of(database.url()).unwrap();
        let scenario = scenario(database.store());
        Self { database, proxy, scenario }
    }

    /// A store with a connection that has seen every statement of a replace.
    fn through(&self, options: &StoreOptions) -> Store {
        let url = self.proxy.url_for(self.database.url()).unwrap();
        let store = Store::connect(&url, options).unwrap();
        for version in [DIRECT, OLD] {
            store.write(|uow| version.replace(uow, 2, self.scenario)).unwrap();
        }
        store
    }

    fn reset(&self) {
        self.database.store().write(|uow| OLD.replace(uow, 1, self.scenario)).unwrap();
    }

    fn stored(&self) -> Option<Version> {
        stored(self.database.store(), 1, self.scenario)
    }

    /// A replace that hangs in a black hole until its connection is cut, after `meanwhile`.
    fn hang(
        &self,
        store: &Store,
        resolve: bool,
        point: Point,
        meanwhile: impl FnOnce(),
    ) -> Result<Replaced> {
        self.reset();
        self.proxy.set(Fault::BlackHoleAt(point));
        thread::scope(|scope| {
            let unit = store.transaction().resolve_commit(resolve);
            let hung = scope.spawn(|| unit.run(|uow| NEW.replace(uow, 1, self.scenario)));
            assert!(self.proxy.wait_fired(LIMIT), "{point:?}");
            meanwhile();
            assert!(!hung.is_finished(), "{point:?}: it waits for ever");
            self.proxy.cut_all();
            hung.join().expect("no panic")
        })
    }
}

#[test]
fn a_silent_connection_holds_up_only_its_own_unit() {
    let bench = Bench::new();
    let read = |store: &Store| store.read(|uow| uow.plans().find_by_key(2.into(), bench.scenario));
    // BEGIN, the upsert, the measures, COMMIT.
    for (k, resolve) in [(0, false), (1, false), (2, false), (3, false), (4, true)] {
        let at = At::Request(k);
        for point in [Point::Before(at), Point::Within(at), Point::Reply(at)] {
            for connections in [1, 2] {
                let options = StoreOptions::default()
                    .pool_size(connections)
                    .acquire_timeout(Duration::from_millis(100));
                let store = &bench.through(&options);
                let answer = bench.hang(store, resolve, point, || {
                    let begin = Instant::now();
                    match read(store) {
                        Ok(found) => assert!(connections == 2 && found.is_some(), "{point:?}"),
                        Err(Error::Unavailable { .. }) => assert_eq!(connections, 1, "{point:?}"),
                        Err(other) => panic!("{other:?}"),
                    }
                    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
                });
                let is_commit = k == 3 + u64::from(resolve);
                // A BEGIN is repeated if there is time left.
                let is_repeated = k == 0 && answer.is_ok();
                let is_stored = is_repeated || is_commit && matches!(point, Point::Reply(_));
                match answer {
                    Ok(_) => assert!(is_repeated || (resolve && is_stored), "{point:?}"),
                    Err(Error::Unavailable { .. }) => {
                        assert!(!is_commit || (resolve && !is_stored), "{point:?}");
                    }
                    Err(Error::CommitUnknown { .. }) => {
                        assert!(is_commit && !resolve, "{point:?}");
                    }
                    Err(other) => panic!("{point:?}: {other:?}"),
                }
                assert_eq!(bench.stored(), Some(if is_stored { NEW } else { OLD }), "{point:?}");
                read(store).unwrap();
            }
        }
    }
}

#[test]
fn the_server_frees_the_locks_of_a_silent_client() {
    let bench = Bench::new();
    let direct = bench.database.store();
    let patience = Duration::from_secs(1);
    let options = StoreOptions::default().pool_size(1).idle_in_transaction_timeout(patience);
    // After the upsert, which locks the plan.
    for point in [Point::Reply(At::Request(1)), Point::Before(At::Commit)] {
        let store = bench.through(&options);
        let answer = bench.hang(&store, false, point, || {
            let begin = Instant::now();
            direct.write(|uow| DIRECT.replace(uow, 1, bench.scenario)).unwrap();
            assert!(begin.elapsed() > patience / 2, "{:?}: nothing was locked", begin.elapsed());
        });
        assert!(answer.is_err(), "{answer:?}");
        assert_eq!(bench.stored(), Some(DIRECT));
    }
}
