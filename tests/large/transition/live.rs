//! The system that goes on around the change: a writer and a reader that know only the baseline, a
//! reader of this crate, and the same writer on a database where nothing changes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl as _};
use planwright::{Store, StoreOptions};

use super::legacy::{Legacy, content};

/// What goes on beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Alone,
    Adopt,
    Rehearse,
    Expand,
    Backfill,
    Contract,
    Down,
}

impl Phase {
    pub(super) const ALL: [Self; 7] = [
        Self::Alone,
        Self::Adopt,
        Self::Rehearse,
        Self::Expand,
        Self::Backfill,
        Self::Contract,
        Self::Down,
    ];
}

/// Whose time is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// The writer's new plans with their own measures.
    Writer,
    /// Those that select an old measure, too, and wait where it is being moved.
    Sharer,
    /// The same writer, at the same time, where nothing changes.
    Elsewhere,
    /// The reader of the join.
    Reader,
    /// The reader of this crate.
    NewReader,
}

impl Who {
    pub(super) const ALL: [Self; 5] =
        [Self::Writer, Self::Sharer, Self::Elsewhere, Self::Reader, Self::NewReader];
}

/// The longest that something took, and how often it was done.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Longest {
    pub(super) time: Duration,
    pub(super) count: u32,
}

/// By phase, and by whose time it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times([[Longest; 5]; 7]);

impl Times {
    pub(super) fn of(&self, phase: Phase, who: Who) -> Longest {
        self.0[phase as usize][who as usize]
    }

    /// The longest of some phases.
    pub(super) fn longest(&self, phases: &[Phase], who: Who) -> Duration {
        phases.iter().map(|phase| self.of(*phase, who).time).max().unwrap_or_default()
    }
}

/// The first property of the writer's.
pub(super) const LATE: i64 = 10_000_000;

/// The plans that a writer was told are stored: their measures by property.
pub(super) type Acknowledged = BTreeMap<i64, Vec<String>>;

/// The live system around the change.
pub(super) struct Live {
    pub(super) legacy: Legacy,
    going: AtomicBool,
    phase: AtomicU8,
    /// Whether the writer still links by the join. From then on it inserts plans alone.
    links: AtomicBool,
    /// Whether the join is still read.
    reads_join: AtomicBool,
    writes: AtomicU64,
    reads: AtomicU64,
    times: Mutex<Times>,
}

impl Live {
    pub(super) fn new(legacy: Legacy) -> Self {
        Self {
            legacy,
            going: AtomicBool::new(true),
            phase: AtomicU8::new(0),
            links: AtomicBool::new(true),
            reads_join: AtomicBool::new(true),
            writes: AtomicU64::new(0),
            reads: AtomicU64::new(0),
            times: Mutex::default(),
        }
    }

    /// Begins a phase, as soon as the one before has nobody waiting any more.
    pub(super) fn enter(&self, phase: Phase) {
        wait_for_two(&self.writes);
        wait_for_two(&self.reads);
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    pub(super) fn times(&self) -> Times {
        *self.times.lock().unwrap()
    }

    fn goes(&self) -> bool {
        self.going.load(Ordering::SeqCst)
    }

    /// What began in one phase and ended in another counts in both.
    fn timed<T>(&self, who: Who, work: impl FnOnce() -> T) -> T {
        let before = usize::from(self.phase.load(Ordering::SeqCst));
        let begin = Instant::now();
        let done = work();
        let took = begin.elapsed();
        let after = usize::from(self.phase.load(Ordering::SeqCst));
        let mut times = self.times.lock().unwrap();
        times.0[after][who as usize].count += 1;
        for phase in [before, after] {
            let longest = &mut times.0[phase][who as usize].time;
            *longest = took.max(*longest);
        }
        done
    }

    /// Inserts plans with three measures as a front end does that knows only the baseline. Each
    /// twentieth has selected an old measure, too. Returns what was acknowledged.
    pub(super) fn write(&self, url: &str, elsewhere: bool) -> Acknowledged {
        let mut connection = PgConnection::establish(url).unwrap();
        let mut acknowledged = Acknowledged::new();
        for property in LATE.. {
            if !self.goes() {
                break;
            }
            let links = self.links.load(Ordering::SeqCst);
            let old = (links && !elsewhere && property % 20 == 0)
                .then(|| 1 + property * 7_919 % (self.legacy.calm() * 10));
            let mut selected = Vec::new();
            let sql = if links {
                selected.extend((1..=3).map(|n| format!("late {property} {n}")));
                selected.extend(old.map(|id| format!("measure {id}")));
                let also = old.map(|id| format!("UNION ALL SELECT id, {id} FROM p"));
                format!(
                    "WITH p AS (INSERT INTO plan (property_id, scenario_id)
                                SELECT {property}, min(id) FROM scenario RETURNING id),
                          r AS (INSERT INTO recommendation
                                       (property_id, measure_type, description, estimated_cost)
                                SELECT {property}, 'late', 'late {property} ' || n, n
                                  FROM generate_series(1, 3) n
                                RETURNING id)
                     INSERT INTO plan_recommendations SELECT p.id, r.id FROM p, r {}",
                    also.unwrap_or_default()
                )
            } else {
                format!(
                    "INSERT INTO plan (property_id, scenario_id)
                     SELECT {property}, min(id) FROM scenario"
                )
            };
            let who = match (elsewhere, old) {
                (true, _) => Who::Elsewhere,
                (false, Some(_)) => Who::Sharer,
                (false, None) => Who::Writer,
            };
            self.timed(who, || connection.batch_execute(&sql)).unwrap();
            selected.sort();
            acknowledged.insert(property, selected);
            if !elsewhere {
                self.writes.fetch_add(1, Ordering::SeqCst);
            }
            thread::sleep(Duration::from_millis(4));
        }
        acknowledged
    }

    /// Reads old plans by the join: each time they have what they had.
    pub(super) fn read_join(&self, url: &str) {
        #[derive(QueryableByName)]
        struct Content {
            #[diesel(sql_type = BigInt)]
            count: i64,
            #[diesel(sql_type = BigInt)]
            cost: i64,
            #[diesel(sql_type = Text)]
            kinds: String,
        }

        let mut connection = PgConnection::establish(url).unwrap();
        for turn in 0.. {
            if !self.goes() {
                break;
            }
            if self.reads_join.load(Ordering::SeqCst) {
                let plan = 1 + turn * 7_919 % self.legacy.plans();
                let sql = format!(
                    "SELECT count(*), sum(r.estimated_cost)::bigint AS cost,
                            string_agg(DISTINCT r.measure_type, ',') AS kinds
                       FROM plan_recommendations l JOIN recommendation r
                         ON r.id = l.recommendation_id
                      WHERE l.plan_id = {plan}"
                );
                let read = || diesel::sql_query(sql).get_result::<Content>(&mut connection);
                let found = self.timed(Who::Reader, read).unwrap();
                assert_eq!((found.count, found.cost), content(plan), "plan {plan}");
                assert_eq!(found.kinds, "own");
            }
            self.reads.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(4));
        }
    }

    /// The same by the repository, of plans that nobody makes contradictory.
    pub(super) fn read_plans(&self, url: &str) {
        let store = Store::connect(url, &StoreOptions::default()).unwrap();
        for turn in 0.. {
            if !self.goes() {
                break;
            }
            let plan = 1 + turn * 7_919 % (self.legacy.calm() - 1);
            let read = || store.read(|uow| uow.plans().measures(plan.into()));
            let found = self.timed(Who::NewReader, read).unwrap();
            let costs = found.iter().flat_map(|one| &one.estimated_cost);
            let cost: i64 =
                costs.map(|cost| cost.with_scale(0).to_string().parse::<i64>().unwrap()).sum();
            assert_eq!((i64::try_from(found.len()).unwrap(), cost), content(plan), "plan {plan}");
            thread::sleep(Duration::from_millis(4));
        }
    }

    /// Stops the writer's links, and waits until the last of them is stored.
    pub(super) fn roll_the_old_writer_away(&self) {
        self.links.store(false, Ordering::SeqCst);
        wait_for_two(&self.writes);
    }

    /// Stops the reads of the join, and waits until the last of them is done.
    pub(super) fn roll_the_old_reader_away(&self) {
        self.reads_join.store(false, Ordering::SeqCst);
        wait_for_two(&self.reads);
    }

    pub(super) fn roll_the_old_reader_back(&self) {
        self.reads_join.store(true, Ordering::SeqCst);
        wait_for_two(&self.reads);
    }
}

/// Stops the system where the story ends, however that is: its threads are waited for.
pub(super) struct Stops<'a>(pub(super) &'a Live);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.going.store(false, Ordering::SeqCst);
    }
}

fn wait_for_two(counter: &AtomicU64) {
    let (begin, before) = (Instant::now(), counter.load(Ordering::SeqCst));
    while counter.load(Ordering::SeqCst) < before + 2 {
        assert!(begin.elapsed() < Duration::from_secs(60), "it stands still");
        thread::sleep(Duration::from_millis(1));
    }
}
