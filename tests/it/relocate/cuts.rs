//! The connection is cut at every message of a move.

use std::time::Duration;

use planwright::testing::{At, Fault, FaultProxy, Point};

use super::*;

#[test]
fn a_move_that_is_cut_is_whole_or_not_at_all_and_runs_again() {
    let garden = Garden::new();
    let proxy = FaultProxy::in_front_of(garden.database.url()).unwrap();
    let url = proxy.url_for(garden.database.url()).unwrap();
    let options = StoreOptions::default().pool_size(1).lock_timeout(Duration::from_secs(5));
    let through = Store::connect(&url, &options).unwrap();
    let slow = Duration::from_secs(5);
    let run =
        || Relocator::new(&through, MOVE).compatibility_views().lock_timeout(slow, slow).run();
    let (mut unknown, mut cuts) = (0, 0);
    for point in [Point::Before as fn(At) -> Point, Point::Within, Point::Reply] {
        for k in 0.. {
            proxy.set(Fault::CutAt(point(At::Request(k))));
            let answer = run();
            if !proxy.fired() {
                assert!(answer.is_ok() && k > 20, "{k}: {answer:?}");
                garden.relocator().reverse().unwrap();
                break;
            }
            cuts += 1;
            // The server ends a session that was cut in a moment, and what it was in with it.
            let again = garden.relocator().compatibility_views().run().unwrap();
            let moved = again.nothing_done();
            assert!(moved || again.moved.len() == 5, "{k}: {again}");
            assert_eq!((garden.in_schema("public"), garden.in_schema("garden")), (0, 5), "{k}");
            match answer {
                Ok(_) => assert!(moved, "{k}"),
                Err(Error::CommitUnknown { .. }) => unknown += 1,
                Err(Error::Unavailable { .. }) => assert!(!moved, "{k}"),
                Err(other) => panic!("{k}: {other:?}"),
            }
            let back = garden.relocator().reverse().unwrap();
            assert!(back.dropped_schema && garden.in_schema("public") == 5, "{k}: {back}");
        }
    }
    assert!(cuts > 60, "{cuts}");
    assert_eq!(unknown, 3, "one COMMIT, before, within and behind it");
}
