//! The connection is cut at every message of the move.

use std::time::Duration;

use planwright::feature_planner;
use planwright::relocate::Receipt;
use planwright::testing::{At, Fault, FaultProxy, Point};
use planwright::{Result, StoreOptions};

use super::moving::objects;
use super::*;

/// An installation, by way of a proxy and directly.
struct Bench {
    installation: Installation,
    proxy: FaultProxy,
    through: Store,
    before: Vec<String>,
}

impl Bench {
    fn new() -> Self {
        let installation = Installation::new();
        let proxy = FaultProxy::in_front_of(installation.0.url()).unwrap();
        let url = proxy.url_for(installation.0.url()).unwrap();
        let through = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
        let before = objects(&installation, "public");
        Self { installation, proxy, through, before }
    }

    /// One try, and nobody else to look at it.
    fn run(&self) -> Result<Receipt> {
        let slow = Duration::from_secs(5);
        feature_planner::relocator(&self.through).lock_timeout(slow, slow).run()
    }

    fn contract(&self) -> Result<()> {
        let slow = Duration::from_secs(5);
        let migrator = Migrator::new(&self.through).contexts([Context::FeaturePlanner]);
        migrator.lock_timeout(slow, slow).contract(MOVE).map(drop)
    }

    /// The cuts, until one does not come to pass any more.
    fn points(&self, limit: u64) -> impl Iterator<Item = Point> {
        let of = |at| [Point::Before(at), Point::Within(at), Point::Reply(at)];
        (0..limit).flat_map(move |k| of(At::Request(k)))
    }

    /// How many messages it is when nothing is cut. Taken back.
    fn messages(&self, whole: impl Fn(&Self) -> Result<()>, back: impl Fn(&Self)) -> u64 {
        self.proxy.set(Fault::None);
        whole(self).unwrap();
        let messages = self.proxy.requests();
        back(self);
        messages
    }
}

#[test]
fn a_run_that_is_cut_at_any_message_is_whole_or_not_at_all_and_runs_again() {
    let bench = Bench::new();
    let reverse = |bench: &Bench| {
        let back = bench.installation.relocator().reverse().unwrap();
        assert!(back.dropped_schema, "{back}");
        assert_eq!(objects(&bench.installation, "public"), bench.before);
    };
    let messages = bench.messages(|bench| bench.run().map(drop), reverse);
    assert!(messages > 20, "{messages}");
    let (mut cuts, mut moved_anyway) = (0, 0);
    for point in bench.points(messages) {
        bench.proxy.set(Fault::CutAt(point));
        let answer = bench.run();
        assert!(bench.proxy.fired(), "{point:?}");
        // The server ends a session that was cut in a moment, and what it was in with it.
        let again = bench.installation.relocator().run().unwrap();
        let moved = again.nothing_done();
        assert!(moved || again.moved.len() == 8 + 11, "{point:?}: {again}");
        match answer {
            Ok(_) => assert!(moved, "{point:?}: the lock was given back"),
            Err(Error::CommitUnknown { .. }) => {}
            Err(Error::Unavailable { .. }) => assert!(!moved, "{point:?}"),
            Err(other) => panic!("{point:?}: {other:?}"),
        }
        assert_eq!(objects(&bench.installation, "feature_planner"), bench.before, "{point:?}");
        assert!(bench.installation.relocator().run().unwrap().nothing_done(), "{point:?}");
        reverse(&bench);
        (cuts, moved_anyway) = (cuts + 1, moved_anyway + usize::from(moved));
    }
    println!("{cuts} cuts at {messages} messages; behind {moved_anyway} of them it had moved");
    assert!(moved_anyway > 0 && moved_anyway < cuts / 2, "{moved_anyway} of {cuts}");
}

#[test]
fn a_contract_that_is_cut_at_any_message_is_whole_or_not_at_all_and_runs_again() {
    let bench = Bench::new();
    let back = |bench: &Bench| {
        assert_eq!(bench.installation.migrator().down().unwrap().len(), 1);
        assert_eq!(objects(&bench.installation, "public"), bench.before);
        assert!(!bench.installation.has_moved());
    };
    let messages = bench.messages(Bench::contract, back);
    assert!(messages > 20, "{messages}");
    let (mut cuts, mut moved_anyway) = (0, 0);
    for point in bench.points(messages) {
        bench.proxy.set(Fault::CutAt(point));
        let answer = bench.contract();
        assert!(bench.proxy.fired(), "{point:?}");
        let again = bench.installation.migrator().contract(MOVE).unwrap();
        let moved = again.is_none();
        match &answer {
            Ok(()) => assert!(moved, "{point:?}: the lock was given back"),
            Err(Error::Unavailable { .. }) => assert!(!moved, "{point:?} {answer:?} {:#?}", bench.proxy.trace()),
            Err(Error::Migration { .. }) => {}
            Err(other) => panic!("{point:?}: {other:?}"),
        }
        // The history says what is.
        assert!(bench.installation.has_moved(), "{point:?}");
        assert_eq!(objects(&bench.installation, "feature_planner"), bench.before, "{point:?}");
        assert!(bench.installation.migrator().contract(MOVE).unwrap().is_none(), "{point:?}");
        back(&bench);
        (cuts, moved_anyway) = (cuts + 1, moved_anyway + usize::from(moved));
    }
    println!("{cuts} cuts at {messages} messages; behind {moved_anyway} of them it had moved");
    assert!(moved_anyway > 0 && moved_anyway < cuts / 2, "{moved_anyway} of {cuts}");
}
