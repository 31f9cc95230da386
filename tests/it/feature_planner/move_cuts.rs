//! The connection is cut at every message of the move.

use std::time::Duration;

use planwright::feature_planner;
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

/// The move, in one try, with nobody else to look at it.
type Move = fn(&Store) -> Result<()>;

fn run(store: &Store) -> Result<()> {
    let slow = Duration::from_secs(5);
    feature_planner::relocator(store).lock_timeout(slow, slow).run().map(drop)
}

fn contract(store: &Store) -> Result<()> {
    let slow = Duration::from_secs(5);
    let migrator = Migrator::new(store).contexts([Context::FeaturePlanner]);
    migrator.lock_timeout(slow, slow).contract(MOVE).map(drop)
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

    /// Cuts before and behind each message, until there is none. Each time `again`, which says
    /// whether it has done anything, finishes it. Returns how many messages there are, and how often
    /// what was cut had moved everything.
    fn everywhere(
        &self,
        one: Move,
        again: impl Fn(&Installation) -> bool,
        back: impl Fn(&Installation),
    ) -> (u64, usize) {
        let installation = &self.installation;
        let mut moved_anyway = 0;
        for k in 0.. {
            let at = At::Request(k);
            for point in [Point::Before(at), Point::Reply(at)] {
                self.proxy.set(Fault::CutAt(point));
                let answer = one(&self.through);
                let was_cut = self.proxy.fired();
                // It waits for the session that was cut, and whatever that was in.
                let moved = !again(installation);
                match answer {
                    Ok(()) => assert!(moved, "{point:?}: the lock was given back"),
                    Err(Error::Unavailable { .. }) => assert!(!moved, "{point:?}"),
                    Err(Error::CommitUnknown { .. } | Error::Migration { .. }) => {}
                    Err(other) => panic!("{point:?}: {other:?}"),
                }
                assert_eq!(objects(installation, "feature_planner"), self.before, "{point:?}");
                assert!(!again(installation), "{point:?}");
                back(installation);
                assert_eq!(objects(installation, "public"), self.before, "{point:?}");
                if !was_cut {
                    return (k, moved_anyway);
                }
                moved_anyway += usize::from(moved);
            }
        }
        unreachable!("it ends")
    }
}

#[test]
fn a_run_that_is_cut_at_any_message_is_whole_or_not_at_all_and_runs_again() {
    let again = |installation: &Installation| {
        let receipt = installation.relocator().run().unwrap();
        assert!(matches!(receipt.moved.len(), 0 | 19), "{receipt}");
        !receipt.nothing_done()
    };
    let back = |installation: &Installation| {
        let receipt = installation.relocator().reverse().unwrap();
        assert!(receipt.moved.len() == 19 && receipt.dropped_schema, "{receipt}");
    };
    let (messages, moved) = Bench::new().everywhere(run, again, back);
    println!("{messages} messages, {moved} cuts behind COMMIT");
    assert!(messages > 20 && moved > 0 && (moved as u64) < messages / 2, "{messages}, {moved}");
}

#[test]
fn a_contract_that_is_cut_at_any_message_is_whole_or_not_at_all_and_runs_again() {
    let again = |installation: &Installation| {
        let done = installation.migrator().contract(MOVE).unwrap();
        // The history says what is.
        assert!(installation.has_moved());
        done.is_some()
    };
    let back = |installation: &Installation| {
        assert_eq!(installation.migrator().down().unwrap().len(), 1);
        assert!(!installation.has_moved());
    };
    let (messages, moved) = Bench::new().everywhere(contract, again, back);
    println!("{messages} messages, {moved} cuts behind COMMIT");
    assert!(messages > 20 && moved > 0 && (moved as u64) < messages / 2, "{messages}, {moved}");
}
