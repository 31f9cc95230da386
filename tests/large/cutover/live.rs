//! A database that knows nothing of this crate, and the old writer that goes on in it.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// The tables that live installations have.
const TABLES: &str = include_str!("../../../migrations/2026-11-20-191000_cutover_baseline/up.sql");

pub(super) const MIGRATIONS: u64 = 50_000;

/// Of ten migrations one has no iteration, two have five, the others two.
pub(super) const ITERATIONS: u64 = MIGRATIONS / 10 * (2 * 5 + 7 * 2);
pub(super) const WITHOUT: u64 = MIGRATIONS / 10;

const PLANS: u64 = 200;

/// The writer changes the plans of each third migration; the others are calm.
pub(super) fn build(url: &str) {
    let mut connection = PgConnection::establish(url).unwrap();
    for sql in [
        "CREATE TABLE users (id uuid PRIMARY KEY)",
        TABLES,
        "SET session_replication_role = replica",
        &format!(
            "INSERT INTO plans_master_plm (plm_id, plm_name)
             SELECT md5('plan ' || n)::uuid, 'Plan ' || n FROM generate_series(0, {PLANS} - 1) n"
        ),
        &format!(
            "INSERT INTO migrations_mig (mig_id, mig_name, mig_type, plm_id, created_by, updated_by,
                                         created_at, updated_at)
             SELECT md5('migration ' || n)::uuid, 'Move ' || n,
                    CASE WHEN n % 3 = 0 THEN 'RESTLESS' ELSE 'CALM' END,
                    md5('plan ' || n % {PLANS})::uuid, 'old', 'old', '2024-01-01', '2024-02-01'
               FROM generate_series(0, {MIGRATIONS} - 1) n"
        ),
        &format!(
            "INSERT INTO iterations_ite (ite_id, mig_id, itt_code, ite_name, created_by, updated_by,
                                         created_at, updated_at)
             SELECT md5(n || ' ' || k)::uuid, md5('migration ' || n)::uuid, 'DR', 'Rehearsal ' || k,
                    'old', 'old', '2024-01-01', '2024-02-01'
               FROM generate_series(0, {MIGRATIONS} - 1) n,
                    generate_series(1, CASE n % 10 WHEN 0 THEN 0 WHEN 1 THEN 5 WHEN 5 THEN 5
                                                   ELSE 2 END) k"
        ),
        "VACUUM ANALYZE",
    ] {
        connection.batch_execute(sql).unwrap();
    }
}

/// What goes on beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Alone,
    Adopt,
    Expand,
    Backfill,
    Tighten,
    Contract,
}

impl Phase {
    pub(super) const ALL: [Self; 6] =
        [Self::Alone, Self::Adopt, Self::Expand, Self::Backfill, Self::Tighten, Self::Contract];
}

/// What the writer was told is stored.
#[derive(Debug, Default, Clone)]
pub(super) struct Acknowledged {
    /// The last plan of each migration that it has changed, by number.
    pub(super) plans: BTreeMap<u64, u64>,
    /// The iterations that it has inserted, by name: the number of their migration.
    pub(super) iterations: BTreeMap<String, u64>,
    /// The migrations that it has made, with their plan.
    pub(super) migrations: BTreeMap<u64, u64>,
    /// How it learned of the contract.
    pub(super) end: String,
}

/// The writer's place in the story.
#[derive(Default)]
pub(super) struct Live {
    pub(super) going: AtomicBool,
    /// Whether it makes migrations without iterations.
    pub(super) makes: AtomicBool,
    phase: AtomicU8,
    writes: AtomicU64,
    longest: Mutex<[(Duration, u64); 6]>,
}

impl Live {
    pub(super) fn new() -> Self {
        let live = Self::default();
        live.going.store(true, Ordering::SeqCst);
        live.makes.store(true, Ordering::SeqCst);
        live
    }

    /// Begins a phase, when the writer does not wait for something of the one before.
    pub(super) fn enter(&self, phase: Phase) {
        self.two_more();
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    pub(super) fn two_more(&self) {
        let (begin, before) = (Instant::now(), self.writes.load(Ordering::SeqCst));
        while self.writes.load(Ordering::SeqCst) < before + 2 {
            assert!(begin.elapsed() < Duration::from_secs(60), "it stands still");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// The longest that a write took, and how many there were.
    pub(super) fn longest(&self, phase: Phase) -> (Duration, u64) {
        self.longest.lock().unwrap()[phase as usize]
    }

    /// What began in one phase and ended in another counts in both.
    fn timed<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = usize::from(self.phase.load(Ordering::SeqCst));
        let begin = Instant::now();
        let done = work();
        let took = begin.elapsed();
        let after = usize::from(self.phase.load(Ordering::SeqCst));
        let mut longest = self.longest.lock().unwrap();
        longest[after].1 += 1;
        for phase in [before, after] {
            longest[phase].0 = longest[phase].0.max(took);
        }
        done
    }

    /// Writes as an application does that knows only the baseline, until it is refused or told to
    /// end.
    pub(super) fn write(&self, url: &str) -> Acknowledged {
        let mut connection = PgConnection::establish(url).unwrap();
        let mut told = Acknowledged::default();
        for turn in 0.. {
            if !self.going.load(Ordering::SeqCst) {
                break;
            }
            let migration = turn * 7_919 % MIGRATIONS;
            let restless = migration / 3 * 3;
            let plan = turn % PLANS;
            let name = format!("late {turn}");
            let insert = format!(
                "INSERT INTO iterations_ite (mig_id, itt_code, ite_name)
                 VALUES (md5('migration {migration}')::uuid, 'RUN', '{name}')"
            );
            let change = |migration: u64| {
                format!(
                    "UPDATE migrations_mig SET plm_id = md5('plan {plan}')::uuid
                      WHERE mig_id = md5('migration {migration}')::uuid"
                )
            };
            // A migration that it made itself is numbered behind the old ones.
            let made = MIGRATIONS + turn;
            let kind = match turn % 4 {
                3 if !self.makes.load(Ordering::SeqCst) => 0,
                kind => kind,
            };
            let sql = match kind {
                0 => insert,
                1 => change(restless),
                2 => format!(
                    "BEGIN; {insert};
                     UPDATE migrations_mig SET mig_description = 'turn {turn}'
                      WHERE mig_id = md5('migration {restless}')::uuid;
                     COMMIT"
                ),
                _ => format!(
                    "INSERT INTO migrations_mig (mig_id, mig_name, mig_type, plm_id)
                     VALUES (md5('migration {made}')::uuid, 'Late {turn}', 'LATE',
                             md5('plan {plan}')::uuid)"
                ),
            };
            if let Err(error) = self.timed(|| connection.batch_execute(&sql)) {
                told.end = error.to_string();
                break;
            }
            match kind {
                1 => drop(told.plans.insert(restless, plan)),
                3 => drop(told.migrations.insert(made, plan)),
                _ => drop(told.iterations.insert(name, migration)),
            }
            self.writes.fetch_add(1, Ordering::SeqCst);
            thread::sleep(Duration::from_millis(2));
        }
        told
    }
}

/// Stops the writer where the story ends, however that is: its thread is waited for.
pub(super) struct Stops<'a>(pub(super) &'a Live);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.going.store(false, Ordering::SeqCst);
    }
}
