//! The connection is cut at every message of a replace.

use diesel::connection::SimpleConnection;
use planwright::modelling::{Outcome, PortfolioOptions, ScenarioId};
use planwright::testing::{At, Fault, FaultProxy, Point, TestDatabase};
use planwright::{Error, Result, Store, StoreOptions, UnitOfWork};

use crate::shared::version::{Version, stored};
use crate::support::{modelling, scenario};

const OLD: Version = Version { number: 1, measures: 5 };
const NEW: Version = Version { number: 2, measures: 3 };
const PROPERTIES: std::ops::RangeInclusive<i64> = 1..=3;

type Replace = fn(&mut UnitOfWork<'_>, Version, ScenarioId) -> Result<()>;

fn one(uow: &mut UnitOfWork<'_>, version: Version, scenario: ScenarioId) -> Result<()> {
    version.replace(uow, 1, scenario).map(drop)
}

fn many(uow: &mut UnitOfWork<'_>, version: Version, scenario: ScenarioId) -> Result<()> {
    version.replace_many(uow, PROPERTIES, scenario).map(drop)
}

/// A database, by way of a proxy and directly.
struct Bench {
    database: TestDatabase,
    proxy: FaultProxy,
    scenario: ScenarioId,
}

impl Bench {
    fn new() -> Self {
        let database = modelling();
        let proxy = FaultProxy::in_front_of(database.url()).expect("a proxy");
        let scenario = scenario(database.store());
        Self { database, proxy, scenario }
    }

    fn through(&self) -> Store {
        let url = self.proxy.url_for(self.database.url()).unwrap();
        Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap()
    }

    /// What is stored, if it is the same for every plan that `replace` is about.
    fn state(&self, replace: Replace) -> Option<Version> {
        let count = if std::ptr::fn_addr_eq(replace, one as Replace) { 1 } else { 3 };
        let mut states =
            PROPERTIES.take(count).map(|p| stored(self.database.store(), p, self.scenario));
        let first = states.next().expect("one at least");
        assert!(states.all(|state| state == first), "of several plans some are replaced");
        first
    }

    fn reset(&self, replace: Replace, before: Option<Version>) {
        let store = self.database.store();
        match before {
            Some(version) => store.write(|uow| replace(uow, version, self.scenario)).unwrap(),
            None => store
                .write(|uow| crate::support::execute(uow, "DELETE FROM plan").map(drop))
                .unwrap(),
        }
        assert_eq!(self.state(replace), before);
    }

    fn run(&self, store: &Store, replace: Replace, resolve: bool) -> Result<()> {
        store.transaction().resolve_commit(resolve).run(|uow| replace(uow, NEW, self.scenario))
    }

    /// A store whose one connection has seen every statement.
    fn warm(&self, store: &Store, replace: Replace, resolve: bool) {
        self.reset(replace, None);
        store.write(|uow| replace(uow, OLD, self.scenario)).unwrap();
        self.run(store, replace, resolve).unwrap();
    }
}

/// Cuts at each request, and before, within and behind it. Returns how many requests there are.
fn cut_everywhere(replace: Replace, is_warm: bool) -> Vec<usize> {
    let bench = Bench::new();
    let mut counts = Vec::new();
    for (before, resolve) in [(None, false), (Some(OLD), false), (None, true), (Some(OLD), true)] {
        if resolve && !is_warm {
            continue;
        }
        let mut store = bench.through();
        let mut prepare = || {
            if is_warm {
                bench.warm(&store, replace, resolve);
            } else {
                store = bench.through();
            }
            bench.reset(replace, before);
            store.clone()
        };

        let whole = prepare();
        bench.proxy.set(Fault::None);
        bench.run(&whole, replace, resolve).unwrap();
        let trace: Vec<_> = bench.proxy.trace().into_iter().map(|request| request.sql).collect();
        let begin = trace.iter().position(|sql| sql.starts_with("BEGIN")).expect("a BEGIN");
        let commit = trace.len() - 1;
        assert!(trace[commit].ends_with("COMMIT"), "{trace:?}");
        counts.push(trace.len() - begin);

        // With `resolve` only the end differs: the transaction is noted, then comes COMMIT.
        let first = if resolve { commit - 1 } else { begin };
        for (k, sql) in trace.iter().enumerate().skip(first) {
            let at = At::Request(k as u64);
            for point in [Point::Before(at), Point::Within(at), Point::Reply(at)] {
                let what = format!("{point:?} ({sql}), {before:?}, resolve {resolve}");
                let store = prepare();
                bench.proxy.set(Fault::CutAt(point));
                let answer = bench.run(&store, replace, resolve);
                assert!(bench.proxy.fired(), "{what}");
                let is_stored = k == begin || (k == commit && matches!(point, Point::Reply(_)));
                assert_eq!(bench.state(replace) == Some(NEW), is_stored, "{what}");
                if !is_stored {
                    assert_eq!(bench.state(replace), before, "{what}");
                }
                match answer {
                    Ok(()) => assert!(k == begin || (resolve && is_stored), "{what}"),
                    Err(Error::Unavailable { .. }) => {
                        assert!(k != begin && !is_stored && (k != commit || resolve), "{what}");
                    }
                    Err(Error::CommitUnknown { .. }) => {
                        assert!(k == commit && !resolve, "{what}");
                    }
                    Err(other) => panic!("{what}: {other:?}"),
                }
                // The pool has healed.
                bench.run(&store, replace, resolve).unwrap();
                assert_eq!(bench.state(replace), Some(NEW), "{what}");
            }
        }
    }
    crate::shared::version::assert_sound(bench.database.store());
    counts
}

#[test]
fn a_replace_on_a_new_connection_is_whole_or_not_at_all() {
    // BEGIN, two statements that are prepared and run, COMMIT.
    assert_eq!(cut_everywhere(one, false), [6, 6]);
}

#[test]
fn a_replace_on_a_used_connection_is_whole_or_not_at_all() {
    // With `resolve` one more, which notes the transaction.
    assert_eq!(cut_everywhere(one, true), [4, 4, 5, 5]);
}

#[test]
fn a_replace_of_many_on_a_new_connection_is_whole_or_not_at_all() {
    assert_eq!(cut_everywhere(many, false), [6, 8]);
}

#[test]
fn a_replace_of_many_on_a_used_connection_is_whole_or_not_at_all() {
    // A plan that is new has no measures to delete.
    assert_eq!(cut_everywhere(many, true), [5, 6, 6, 7]);
}

/// As a rule sending fails here, of which Diesel names no kind.
#[test]
fn a_connection_that_is_lost_within_a_large_copy_is_unavailable() {
    let bench = Bench::new();
    let store = bench.through();
    let large = |uow: &mut UnitOfWork<'_>| {
        let version = Version { number: 1, measures: 200 };
        version.replace_many(uow, 1..=100, bench.scenario).map(drop)
    };
    bench.proxy.set(Fault::CutAt(Point::BytesToServer(1_000_000)));
    let error = store.write(large).unwrap_err();
    assert!(bench.proxy.fired());
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    assert_eq!(bench.state(many), None);
    store.write(large).unwrap();
}

/// Diesel tells its instrumentation of a failed COPY without the reason.
#[test]
fn a_copy_that_the_server_wants_again_is_done_again() {
    let bench = Bench::new();
    let store = bench.database.store();
    let trigger = |uow: &mut UnitOfWork<'_>| {
        Ok(uow.connection().batch_execute(
            "CREATE SEQUENCE tries;
             CREATE FUNCTION refuse_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF nextval('tries') = 1 THEN RAISE serialization_failure; END IF;
                 RETURN NEW; END $$;
             CREATE TRIGGER refuse_first BEFORE INSERT ON recommendation FOR EACH ROW
                 EXECUTE FUNCTION refuse_first();",
        )?)
    };
    store.write(trigger).unwrap();
    let mut runs = 0;
    let replace = |uow: &mut UnitOfWork<'_>| {
        runs += 1;
        many(uow, NEW, bench.scenario)
    };
    store.write(replace).unwrap();
    assert_eq!(runs, 2);
    assert_eq!(bench.state(many), Some(NEW));
}

#[test]
fn a_connection_that_is_lost_while_it_is_made_is_made_again() {
    let bench = Bench::new();
    for point in [Point::Before, Point::Within, Point::Reply] {
        let store = bench.through();
        bench.reset(one, Some(OLD));
        bench.proxy.set(Fault::CutAt(point(At::Request(0))));
        bench.run(&store, one, false).unwrap();
        assert!(bench.proxy.fired());
        assert_eq!(bench.proxy.connections(), 2);
        assert_eq!(bench.state(one), Some(NEW));
    }
}

#[test]
fn a_portfolio_whose_batch_lost_its_reply_tells_the_truth() {
    let bench = Bench::new();
    let store = bench.through();
    let direct = bench.database.store();
    let replace = |version: Version, fault: Point| {
        let mut batches = 0;
        let plans = (1..=9).map(|property| version.plan(property, bench.scenario));
        let options = PortfolioOptions::default().batch_plans(3).on_progress(|_| {
            batches += 1;
            if batches == 1 {
                // The second batch of three.
                bench.proxy.set(Fault::CutAt(fault));
            }
            std::ops::ControlFlow::Continue(())
        });
        let result = store.replace_portfolio(plans, options);
        assert!(bench.proxy.fired());
        result
    };
    let summary = replace(OLD, Point::Reply(At::Commit)).unwrap();
    assert_eq!((summary.progress.created, summary.progress.batches), (9, 3));
    assert!(summary.plans.iter().all(|plan| plan.outcome == Outcome::Created));
    for property in 1..=9 {
        assert_eq!(stored(direct, property, bench.scenario), Some(OLD));
    }

    for point in [Point::Before(At::Commit), Point::Within(At::Commit)] {
        let version = Version { number: 10, measures: 4 };
        let error = replace(version, point).unwrap_err();
        assert!(matches!(error.source, Error::Unavailable { .. }), "{error:?}");
        assert_eq!(error.stored.progress.plans(), 3);
        for property in 1..=9 {
            let expected = if property <= 3 { version } else { OLD };
            assert_eq!(stored(direct, property, bench.scenario), Some(expected));
        }
    }
    crate::shared::version::assert_sound(direct);
}
