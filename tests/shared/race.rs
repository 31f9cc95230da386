//! Two sessions that want the same plans at the same moment.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use planwright::modelling::{Outcome, Replaced, ScenarioId};
use planwright::testing::TestDatabase;
use planwright::{ConstraintKind, Error, Result, Store, UnitOfWork};

use super::version::{Version, assert_sound, stored};
use crate::support::{modelling, number, scenario};

/// What was there before, one with more measures and one with fewer.
const BEFORE: Version = Version { number: 1, measures: 4 };
const MORE: Version = Version { number: 2, measures: 7 };
const FEWER: Version = Version { number: 3, measures: 2 };

struct Arena {
    database: TestDatabase,
    scenario: ScenarioId,
    /// How often closures were run.
    runs: AtomicUsize,
    races: usize,
}

impl Arena {
    fn new() -> Self {
        let database = modelling();
        let scenario = scenario(database.store());
        Self { database, scenario, runs: AtomicUsize::new(0), races: 0 }
    }

    fn store(&self) -> &Store {
        self.database.store()
    }

    /// Stores `before` under some properties, and nothing else.
    fn reset(&self, before: Option<Version>, properties: std::ops::RangeInclusive<i64>) {
        let reset = |uow: &mut UnitOfWork<'_>| {
            crate::support::execute(uow, "DELETE FROM plan")?;
            if let Some(before) = before {
                before.replace_many(uow, properties.clone(), self.scenario)?;
            }
            Ok(())
        };
        self.store().write(reset).unwrap();
    }

    fn stored(&self, property: i64) -> Option<Version> {
        stored(self.store(), property, self.scenario)
    }

    /// Two units whose transactions are open before either goes on.
    fn race<A: Send, B: Send>(
        &mut self,
        mut a: impl FnMut(&mut UnitOfWork<'_>, ScenarioId) -> Result<A> + Send,
        mut b: impl FnMut(&mut UnitOfWork<'_>, ScenarioId) -> Result<B> + Send,
    ) -> (Result<A>, Result<B>) {
        self.races += 1;
        let start = &Barrier::new(2);
        let (store, scenario, runs) = (self.store(), self.scenario, &self.runs);
        thread::scope(|scope| {
            let b = scope.spawn(move || enter(store, runs, start, |uow| b(uow, scenario)));
            let a = enter(store, runs, start, |uow| a(uow, scenario));
            (a, b.join().expect("no panic"))
        })
    }

    /// Everything is in order, and nothing was run twice.
    fn leave(self, what: &str) {
        assert_sound(self.store());
        let runs = self.runs.load(Ordering::Relaxed);
        println!("{what}: {} races, {} repeated units", self.races, runs - 2 * self.races);
        assert_eq!(runs, 2 * self.races, "a unit was rolled back and run again");
    }
}

fn enter<T>(
    store: &Store,
    runs: &AtomicUsize,
    start: &Barrier,
    mut work: impl FnMut(&mut UnitOfWork<'_>) -> Result<T>,
) -> Result<T> {
    let mut waited = false;
    store.write(|uow| {
        runs.fetch_add(1, Ordering::Relaxed);
        if !std::mem::replace(&mut waited, true) {
            start.wait();
        }
        work(uow)
    })
}

/// One of the two came last: its version stays, and it replaced the other's.
fn assert_followed(
    before: Option<Version>,
    last: Option<Version>,
    more: &Replaced,
    fewer: &Replaced,
) {
    let (first, second, between) = match last {
        Some(MORE) => (fewer, more, FEWER),
        Some(FEWER) => (more, fewer, MORE),
        other => panic!("{other:?} is stored"),
    };
    let outcome = if before.is_some() { Outcome::Replaced } else { Outcome::Created };
    assert_eq!((first.outcome, second.outcome), (outcome, Outcome::Replaced));
    assert_eq!(first.measures.deleted, before.map_or(0, |before| before.measures));
    assert_eq!(second.measures.deleted, between.measures);
    assert_eq!(first.plan_id, second.plan_id);
}

fn befores(rounds: usize) -> impl Iterator<Item = Option<Version>> {
    (0..rounds).map(|round| (round % 2 == 0).then_some(BEFORE))
}

pub(crate) fn one_key(rounds: usize) {
    let mut arena = Arena::new();
    for before in befores(rounds) {
        arena.reset(before, 1..=1);
        let (more, fewer) =
            arena.race(|uow, s| MORE.replace(uow, 1, s), |uow, s| FEWER.replace(uow, 1, s));
        assert_followed(before, arena.stored(1), &more.unwrap(), &fewer.unwrap());
        assert_eq!(number(arena.store(), "SELECT count(*) FROM plan"), 1);
    }
    arena.leave("replace against replace");
}

/// One of the two wants what is stored already.
pub(crate) fn unchanged(rounds: usize) {
    let mut arena = Arena::new();
    let mut unchanged = 0;
    for _ in 0..rounds {
        arena.reset(Some(BEFORE), 1..=1);
        let (same, other) =
            arena.race(|uow, s| BEFORE.replace(uow, 1, s), |uow, s| MORE.replace(uow, 1, s));
        assert_eq!(other.unwrap().outcome, Outcome::Replaced);
        match same.unwrap().outcome {
            Outcome::Unchanged => {
                unchanged += 1;
                assert_eq!(arena.stored(1), Some(MORE));
            }
            _ => assert_eq!(arena.stored(1), Some(BEFORE)),
        }
    }
    arena.leave(&format!("the same again against replace ({unchanged} unchanged)"));
}

pub(crate) fn one_against_many(rounds: usize) {
    let mut arena = Arena::new();
    for before in befores(rounds) {
        arena.reset(before, 1..=6);
        let (more, fewer) = arena.race(
            |uow, s| MORE.replace(uow, 4, s),
            |uow, s| FEWER.replace_many(uow, (1..=6).rev(), s),
        );
        let fewer = fewer.unwrap();
        assert_followed(before, arena.stored(4), &more.unwrap(), &fewer[2]);
        for property in [1, 2, 3, 5, 6] {
            assert_eq!(arena.stored(property), Some(FEWER));
        }
    }
    arena.leave("replace against replace_many");
}

pub(crate) fn many_against_many(rounds: usize) {
    let mut arena = Arena::new();
    for before in befores(rounds) {
        arena.reset(before, 1..=9);
        let (more, fewer) = arena.race(
            |uow, s| MORE.replace_many(uow, 1..=6, s),
            |uow, s| FEWER.replace_many(uow, (4..=9).rev(), s),
        );
        let (more, fewer) = (more.unwrap(), fewer.unwrap());
        let last = arena.stored(4);
        for (nth, property) in (4..=6).enumerate() {
            assert_eq!(arena.stored(property), last, "the keys they share are of one caller");
            assert_followed(before, last, &more[3 + nth], &fewer[5 - nth]);
        }
        for property in 1..=3 {
            assert_eq!(arena.stored(property), Some(MORE));
            assert_eq!(arena.stored(property + 6), Some(FEWER));
        }
    }
    arena.leave("replace_many against replace_many");
}

pub(crate) fn delete_of_the_plan(rounds: usize) {
    let mut arena = Arena::new();
    let mut survived = 0;
    for _ in 0..rounds {
        arena.reset(Some(BEFORE), 1..=1);
        let found = arena.store().read(|uow| uow.plans().find_by_key(1.into(), arena.scenario));
        let id = found.unwrap().expect("a plan").id;
        let (replaced, deleted) =
            arena.race(|uow, s| MORE.replace(uow, 1, s), |uow, _| uow.plans().delete(id));
        deleted.unwrap();
        match replaced.unwrap().outcome {
            Outcome::Created => {
                survived += 1;
                assert_eq!(arena.stored(1), Some(MORE));
            }
            outcome => {
                assert_eq!(outcome, Outcome::Replaced);
                assert_eq!(arena.stored(1), None);
                let left = number(arena.store(), "SELECT count(*) FROM recommendation");
                assert_eq!(left, 0);
            }
        }
    }
    arena.leave(&format!("replace against delete ({survived} stored again)"));
}

pub(crate) fn delete_of_the_scenario(rounds: usize) {
    let mut arena = Arena::new();
    let mut refused = 0;
    for before in befores(rounds) {
        arena.scenario = scenario(arena.store());
        arena.reset(before, 1..=1);
        let (replaced, deleted) =
            arena.race(|uow, s| MORE.replace(uow, 1, s), |uow, s| uow.scenarios().delete(s));
        deleted.unwrap();
        match replaced {
            Ok(_) => {}
            Err(Error::Constraint { kind: ConstraintKind::ForeignKey, .. }) => refused += 1,
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(number(arena.store(), "SELECT count(*) FROM plan"), 0);
        assert_eq!(number(arena.store(), "SELECT count(*) FROM recommendation"), 0);
    }
    arena.leave(&format!("replace against deletion of the scenario ({refused} refused)"));
}
