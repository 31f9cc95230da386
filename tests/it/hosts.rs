//! How a service tests its own code with `planwright::testing`, from the easy to the hard. Nothing
//! here uses what a host would not have.
//!
//! In the host's `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! planwright = { version = "0.1", features = ["testing"] }
//! ```

use planwright::modelling::{
    Goal, NewScenario, Outcome, PlanFilter, PortfolioId, PropertyId, ScenarioId, factory,
};
use planwright::testing::{At, Fault, FaultProxy, Point, TestDatabase, rolled_back};
use planwright::{Context, Error, Page, Store, StoreOptions, UnitOfWork};

/// The code under test: what a host has written.
mod host {
    use super::{
        Error, Goal, NewScenario, PortfolioId, PropertyId, ScenarioId, Store, UnitOfWork, factory,
    };

    /// Makes a scenario, and it the portfolio's default, in the caller's unit of work.
    pub(super) fn open_portfolio(
        uow: &mut UnitOfWork<'_>,
        portfolio: PortfolioId,
    ) -> planwright::Result<ScenarioId> {
        let new = NewScenario::new(portfolio, "Net zero 2050", Goal::NetZero);
        let id = uow.scenarios().create(&new)?.id;
        uow.scenarios().set_default(id)?;
        Ok(id)
    }

    /// Computes a property's plan anew and stores it. Says what the user is to read.
    pub(super) fn recompute(store: &Store, property: PropertyId, of: ScenarioId) -> &'static str {
        let (plan, measures) = (factory::plan(property, of), factory::measures(3));
        match store.write(|uow| uow.plans().replace(&plan, &measures)) {
            Ok(_) => "saved",
            Err(error) if error.outcome_unknown() => "perhaps saved: reload",
            Err(Error::Unavailable { .. }) => "not saved: try again later",
            Err(_) => "not saved",
        }
    }
}

/// Each test has a database of its own, so tests run side by side and need no cleaning up.
#[test]
fn a_test_has_a_database_with_the_contexts_it_names() {
    let database = TestDatabase::new([Context::Modelling]).unwrap();
    let store = database.store();
    let id = store.write(|uow| host::open_portfolio(uow, 7.into())).unwrap();
    let scenario = store.read(|uow| uow.scenarios().get(id)).unwrap();
    assert!(scenario.is_default);
    assert_eq!(scenario.portfolio_id, PortfolioId(7));
}

/// Several cases on one database, each of which leaves nothing to the next.
#[test]
fn a_case_is_rolled_back() {
    let database = TestDatabase::new([Context::Modelling]).unwrap();
    for portfolio in [1, 2] {
        let listed = rolled_back(database.store(), |uow| {
            let id = host::open_portfolio(uow, portfolio.into())?;
            let plan = uow.plans().replace(&factory::plan(42, id), &factory::measures(2))?;
            assert_eq!(plan.outcome, Outcome::Created);
            uow.plans().list(PlanFilter::all(), Page::first(10))
        });
        assert_eq!(listed.unwrap().items.len(), 1, "the plan of the case before is gone");
    }
}

/// A refusal inside the unit of work leaves it whole: nothing of it is stored.
#[test]
fn a_failed_unit_stores_nothing() {
    let database = TestDatabase::new([Context::Modelling]).unwrap();
    let store = database.store();
    let failed = store.write(|uow| {
        host::open_portfolio(uow, 1.into())?;
        uow.plans().replace(&factory::plan(42, -1), &[]).map(drop)
    });
    assert!(matches!(failed.unwrap_err(), Error::Invalid { field, .. } if field == "scenario_id"));
    let scenarios = store.read(|uow| uow.scenarios().list(1.into(), Page::first(1))).unwrap();
    assert!(scenarios.items.is_empty());
}

/// What a user reads when the connection is lost, at each place where it matters.
#[test]
fn a_lost_connection_is_told_honestly() {
    let database = TestDatabase::new([Context::Modelling]).unwrap();
    let scenario = database.store().write(|uow| host::open_portfolio(uow, 1.into())).unwrap();
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    let is_stored = |property: i64| {
        let plan = |uow: &mut UnitOfWork<'_>| uow.plans().find_by_key(property.into(), scenario);
        // Past the proxy, as another process would look.
        database.store().read(plan).unwrap().is_some()
    };
    for (property, fault, told, stored) in [
        (1, Fault::None, "saved", true),
        // On an open connection BEGIN is the first request.
        (2, Fault::CutAt(Point::Before(At::Request(1))), "not saved: try again later", false),
        (3, Fault::CutAt(Point::Before(At::Commit)), "perhaps saved: reload", false),
        (4, Fault::CutAt(Point::Reply(At::Commit)), "perhaps saved: reload", true),
        (5, Fault::None, "saved", true),
    ] {
        proxy.set(fault);
        assert_eq!(host::recompute(&store, property.into(), scenario), told, "{fault:?}");
        assert_eq!(proxy.fired(), fault != Fault::None);
        assert_eq!(is_stored(property), stored, "{fault:?}");
    }
}
