//! Connections that go silent.
//!
//! The proxy acknowledges what it swallows, as some middleboxes do. Then no limit of TCP sees it,
//! libpq has none for reading, and the client waits until the connection is ended. What is bounded
//! is all around it: other units wait for a connection no longer than the acquire timeout, and the
//! server rolls back and gives its locks free after `idle_in_transaction_session_timeout`. A
//! network that drops packets is tried in the large tests.

use std::thread;
use std::time::{Duration, Instant};

use planwright::testing::{At, Fault, FaultProxy, Point};
use planwright::{Error, Store, StoreOptions};

use crate::shared::version::{Version, stored};
use crate::support::{modelling, scenario};

const LIMIT: Duration = Duration::from_secs(10);
const OLD: Version = Version { number: 1, measures: 5 };
const NEW: Version = Version { number: 2, measures: 3 };
const DIRECT: Version = Version { number: 3, measures: 2 };

#[test]
fn a_silent_connection_holds_up_only_its_own_unit() {
    let database = modelling();
    let direct = database.store();
    let scenario = scenario(direct);
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let store = |connections| {
        let options = StoreOptions::default()
            .pool_size(connections)
            .acquire_timeout(Duration::from_millis(200))
            .idle_in_transaction_timeout(Duration::from_millis(300));
        Store::connect(&url, &options).unwrap()
    };
    // On a used connection: BEGIN, the upsert, the measures, COMMIT.
    for (k, resolve) in [(0, false), (1, false), (2, false), (3, false), (4, true)] {
        let at = At::Request(k);
        for point in [Point::Before(at), Point::Within(at), Point::Reply(at)] {
            direct.write(|uow| OLD.replace(uow, 1, scenario)).unwrap();
            for connections in [1, 2] {
                let (store, has_another) = (&store(connections), connections == 2);
                store.write(|uow| DIRECT.replace(uow, 2, scenario)).unwrap();
                store.write(|uow| OLD.replace(uow, 2, scenario)).unwrap();
                proxy.set(Fault::BlackHoleAt(point));
                let answer = thread::scope(|scope| {
                    let unit = store.transaction().resolve_commit(resolve);
                    let hung = scope.spawn(|| unit.run(|uow| NEW.replace(uow, 1, scenario)));
                    assert!(proxy.wait_fired(LIMIT), "{point:?}");

                    let begin = Instant::now();
                    match store.read(|uow| uow.plans().find_by_key(2.into(), scenario)) {
                        Ok(found) => assert!(has_another && found.is_some(), "{point:?}"),
                        Err(Error::Unavailable { .. }) => assert!(!has_another, "{point:?}"),
                        Err(other) => panic!("{other:?}"),
                    }
                    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
                    // Its locks are free when the server has lost patience.
                    direct.write(|uow| DIRECT.replace(uow, 1, scenario)).unwrap();
                    assert!(!hung.is_finished(), "{point:?}: it waits for ever");
                    proxy.cut_all();
                    hung.join().expect("no panic")
                });
                let is_commit = k == 3 + u64::from(resolve);
                let was_stored = is_commit && matches!(point, Point::Reply(_));
                match answer {
                    // A BEGIN is repeated, if there is time left.
                    Ok(_) => assert!(k == 0 || (resolve && was_stored), "{point:?}"),
                    Err(Error::Unavailable { .. }) => {
                        assert!(!is_commit || (resolve && !was_stored), "{point:?}");
                    }
                    Err(Error::CommitUnknown { .. }) => {
                        assert!(is_commit && !resolve, "{point:?}");
                    }
                    Err(other) => panic!("{point:?}: {other:?}"),
                }
                if k > 0 {
                    assert_eq!(stored(direct, 1, scenario), Some(DIRECT), "{point:?}");
                }
                store.read(|uow| uow.plans().find_by_key(1.into(), scenario)).unwrap();
                direct.write(|uow| OLD.replace(uow, 1, scenario)).unwrap();
            }
        }
    }
}
