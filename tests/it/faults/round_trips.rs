//! How often the server is waited for.

use planwright::modelling::Outcome;
use planwright::testing::{Fault, FaultProxy};
use planwright::{Store, StoreOptions};

use crate::shared::version::Version;
use crate::support::{execute, modelling, scenario};

/// The round trips of some work.
fn count<T>(proxy: &FaultProxy, work: impl FnOnce() -> T) -> u64 {
    proxy.set(Fault::None);
    work();
    proxy.requests()
}

#[test]
fn each_operation_has_its_fixed_number_of_round_trips() {
    let database = modelling();
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let scenario = scenario(&store);
    store.write(|uow| execute(uow, "CREATE TABLE t (n int)")).unwrap();
    let insert = |uow: &mut planwright::UnitOfWork<'_>| execute(uow, "INSERT INTO t VALUES (1)");
    assert_eq!(count(&proxy, || store.write(insert).unwrap()), 3);
    let with_everything = || {
        let unit = store.transaction().serializable().actor("alice").reason("a trial");
        unit.lock_timeout(std::time::Duration::from_secs(1)).run(insert).unwrap()
    };
    assert_eq!(count(&proxy, with_everything), 3);
    let resolving = || store.transaction().resolve_commit(true).run(insert).unwrap();
    assert_eq!(count(&proxy, resolving), 4);
    let select = |uow: &mut planwright::UnitOfWork<'_>| execute(uow, "SELECT * FROM t");
    assert_eq!(count(&proxy, || store.read(|_| Ok(())).unwrap()), 2);
    assert_eq!(count(&proxy, || store.read(select).unwrap()), 3);
    let twice = || store.read(|uow| select(uow).and_then(|_| select(uow))).unwrap();
    assert_eq!(count(&proxy, twice), 4);

    let replace = |number, measures| {
        let version = Version { number, measures };
        let replaced = store.write(|uow| version.replace(uow, 1, scenario)).unwrap();
        replaced.outcome
    };
    // Its statements are prepared once on a connection.
    assert_eq!(count(&proxy, || assert_eq!(replace(1, 1), Outcome::Created)), 6);
    for (number, measures) in [(2, 1), (3, 0), (4, 100), (5, 999)] {
        assert_eq!(count(&proxy, || assert_eq!(replace(number, measures), Outcome::Replaced)), 4);
        assert_eq!(count(&proxy, || assert_eq!(replace(number, measures), Outcome::Unchanged)), 3);
    }

    let delete = |id: i64| store.write(|uow| uow.plans().delete_many(&[id.into()])).unwrap();
    delete(0);
    // BEGIN, a look for the legacy join, the delete, COMMIT.
    assert_eq!(count(&proxy, || delete(0)), 4);

    let many = |number, plans: i64| {
        let version = Version { number, measures: 5 };
        store.write(|uow| version.replace_many(uow, 1..=plans, scenario)).unwrap();
    };
    many(10, 1);
    for (number, plans) in [(11, 1), (12, 10), (13, 1_000)] {
        many(number, plans);
        // BEGIN, upsert, delete, COPY, its data, COMMIT.
        assert_eq!(count(&proxy, || many(number + 100, plans)), 6, "{plans} plans");
        assert_eq!(count(&proxy, || many(number + 100, plans)), 3, "{plans} unchanged plans");
    }
}
