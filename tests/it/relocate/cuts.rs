//! The connection is cut at every message of a move.

use std::time::Duration;

use planwright::relocate::Receipt;
use planwright::testing::{At, Fault, FaultProxy, Point};

use super::*;

/// A database, by way of a proxy and directly.
struct Bench {
    garden: Garden,
    proxy: FaultProxy,
    through: Store,
}

impl Bench {
    fn new() -> Self {
        let garden = Garden::new();
        let proxy = FaultProxy::in_front_of(garden.database.url()).unwrap();
        let url = proxy.url_for(garden.database.url()).unwrap();
        let options = StoreOptions::default().pool_size(1);
        let through = Store::connect(&url, &options).unwrap();
        Self { garden, proxy, through }
    }

    /// One try, and nobody else to look at it.
    fn run(&self) -> Result<Receipt> {
        let slow = Duration::from_secs(5);
        let relocator = Relocator::new(&self.through, MOVE).compatibility_views();
        relocator.lock_timeout(slow, slow).run()
    }

    /// What a run that was cut here was answered, and whether it has moved everything. It is run
    /// again, and taken back.
    fn cut(&self, point: Point) -> Option<(Result<Receipt>, bool)> {
        let garden = &self.garden;
        self.proxy.set(Fault::CutAt(point));
        let answer = self.run();
        if !self.proxy.fired() {
            answer.unwrap();
            return None;
        }
        // The server ends a session that was cut in a moment, and what it was in with it.
        let again = garden.relocator().compatibility_views().run().unwrap();
        let moved = again.nothing_done();
        assert!(moved || again.moved.len() == 5, "{point:?}: {again}");
        assert_eq!((garden.in_schema("public"), garden.in_schema("garden")), (0, 5), "{point:?}");
        let back = garden.relocator().reverse().unwrap();
        assert!(back.dropped_schema && garden.in_schema("public") == 5, "{point:?}: {back}");
        Some((answer, moved))
    }
}

#[test]
fn a_move_that_is_cut_is_whole_or_not_at_all_and_runs_again() {
    let bench = Bench::new();
    // What the server has done when a reply is lost is what the next message finds.
    let (mut cuts, mut unknown) = (0, 0);
    while let Some((answer, moved)) = bench.cut(Point::Reply(At::Request(cuts))) {
        match answer {
            Ok(_) => assert!(moved && unknown == 1, "{cuts}: the lock was given back"),
            Err(Error::CommitUnknown { .. }) => {
                assert!(moved, "{cuts}");
                unknown += 1;
            }
            Err(Error::Unavailable { .. }) => assert!(!moved && unknown == 0, "{cuts}"),
            Err(other) => panic!("{cuts}: {other:?}"),
        }
        cuts += 1;
    }
    assert!(cuts > 20 && unknown == 1, "{cuts}, {unknown}");
    bench.garden.relocator().reverse().unwrap();

    for point in [Point::Before(At::Commit), Point::Within(At::Commit)] {
        let (answer, moved) = bench.cut(point).unwrap();
        assert!(matches!(answer, Err(Error::CommitUnknown { .. })), "{point:?}: {answer:?}");
        assert!(!moved, "{point:?}");
    }
}
