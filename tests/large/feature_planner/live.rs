//! A database of before this crate, and the readers and writers that go on in it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// What stands for the rows of before: the writer's are of later.
pub(super) const OLD: &str = "created_at < '2026-01-01'";

/// Rows in realistic proportions: of a hundred so many are of each table.
const ROWS: [(&str, u64, &str); 8] = [
    (
        "feature_plans",
        10,
        "(id, user_id, original_request, refined_request, status, created_at)
         SELECT md5('plan ' || n)::uuid, md5('user ' || n % {users})::uuid,
                'Sort the list of orders by customer ' || n, 'Sort it, in SQL, by ' || n,
                (enum_range(NULL::plan_status))[1 + n % 7], timestamp '2025-01-01' + n * interval '1 s'",
    ),
    (
        "feature_refinements",
        15,
        "(plan_id, agent_id, input_request, refined_request, status, created_at)
         SELECT md5('plan ' || n % {plans})::uuid, 'agent ' || n % 5, 'Sort ' || n,
                'Sort by customer ' || n, 'completed', timestamp '2025-01-01' + n * interval '1 s'",
    ),
    (
        "file_discovery_sessions",
        10,
        "(id, plan_id, agent_id, refined_request, status, created_at)
         SELECT md5('session ' || n)::uuid, md5('plan ' || n % {plans})::uuid, 'agent ' || n % 3,
                'Sort by customer ' || n, 'completed', timestamp '2025-01-01' + n * interval '1 s'",
    ),
    (
        "discovered_files",
        35,
        "(discovery_session_id, file_path, priority, relevance_score, created_at)
         SELECT md5('session ' || n % {plans})::uuid, 'src/orders/file_' || n || '.rs',
                (enum_range(NULL::file_priority))[1 + n % 4], n % 101,
                timestamp '2025-01-01' + n * interval '1 s'",
    ),
    (
        "implementation_plan_generations",
        5,
        "(id, plan_id, agent_id, refined_request, status, created_at)
         SELECT md5('generation ' || n)::uuid, md5('plan ' || n % {plans})::uuid, 'planner',
                'Sort by customer ' || n, 'completed', timestamp '2025-01-01' + n * interval '1 s'",
    ),
    (
        "plan_steps",
        15,
        "(plan_generation_id, step_number, display_order, title, description, created_at)
         SELECT md5('generation ' || n / 3)::uuid, 1 + n % 3, n % 3, 'Step ' || n, 'Do ' || n,
                timestamp '2025-01-01' + n * interval '1 s'",
    ),
    (
        "plan_step_templates",
        1,
        "(user_id, name, title, category, description, content, created_at)
         SELECT md5('user ' || n % {users})::uuid, 'Template ' || n, 'T', 'test', 'd', 'c',
                timestamp '2025-01-01' + n * interval '1 s'",
    ),
    (
        "plan_execution_logs",
        9,
        "(plan_id, step, step_number, agent_type, start_time, created_at)
         SELECT md5('plan ' || n % {plans})::uuid, 'refinement', 1, 'agent',
                timestamp '2025-01-01' + n * interval '1 s', timestamp '2025-01-01' + n * interval '1 s'",
    ),
];

pub(super) fn tables() -> impl Iterator<Item = &'static str> {
    ROWS.into_iter().map(|(table, ..)| table)
}

pub(super) fn users(rows: u64) -> u64 {
    (rows / 1_000).max(5)
}

/// So many rows in the eight tables together.
pub(super) fn build(url: &str, rows: u64) {
    let mut connection = PgConnection::establish(url).unwrap();
    let users = users(rows);
    let of_users = format!(
        "SET session_replication_role = replica;
         INSERT INTO public.users (id) SELECT md5('user ' || n)::uuid FROM generate_series(0, {users} - 1) n"
    );
    connection.batch_execute(&of_users).unwrap();
    let plans = rows / 10;
    for (table, share, what) in ROWS {
        let what =
            what.replace("{users}", &users.to_string()).replace("{plans}", &plans.to_string());
        let count = rows / 100 * share;
        let sql = format!("INSERT INTO {table} {what} FROM generate_series(0, {count} - 1) n");
        connection.batch_execute(&sql).unwrap();
    }
    connection.batch_execute("VACUUM ANALYZE").unwrap();
}

/// What goes on beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Alone,
    /// Runs of the relocator, and reverses.
    Relocator,
    /// Contracts of the migration, and downs.
    Migration,
    /// A run behind a reader of two seconds.
    RunBehind,
    /// A contract behind one.
    ContractBehind,
}

impl Phase {
    pub(super) const ALL: [Self; 5] =
        [Self::Alone, Self::Relocator, Self::Migration, Self::RunBehind, Self::ContractBehind];
}

/// Whose time is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Writer,
    Reader,
    /// The same writer, at the same time, where nothing moves.
    Elsewhere,
}

impl Who {
    pub(super) const ALL: [Self; 3] = [Self::Writer, Self::Reader, Self::Elsewhere];
}

/// The longest that one took, and how often it was done.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Longest {
    pub(super) time: Duration,
    pub(super) count: u32,
}

/// By phase, and by whose time it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Times([[Longest; 3]; 5]);

impl Times {
    pub(super) fn of(&self, phase: Phase, who: Who) -> Longest {
        self.0[phase as usize][who as usize]
    }

    pub(super) fn longest(&self, phases: &[Phase], who: Who) -> Duration {
        phases.iter().map(|phase| self.of(*phase, who).time).max().unwrap_or_default()
    }
}

/// Those that go on.
pub(super) struct Live {
    rows: u64,
    going: AtomicBool,
    phase: AtomicU8,
    writes: AtomicU64,
    times: Mutex<Times>,
}

impl Live {
    pub(super) fn new(rows: u64) -> Self {
        let going = AtomicBool::new(true);
        let (phase, writes) = (AtomicU8::new(0), AtomicU64::new(0));
        Self { rows, going, phase, writes, times: Mutex::default() }
    }

    /// Begins a phase, as soon as nobody waits for something of the one before.
    pub(super) fn enter(&self, phase: Phase) {
        self.two_more();
        self.phase.store(phase as u8, Ordering::SeqCst);
    }

    fn two_more(&self) {
        let (begin, before) = (Instant::now(), self.writes.load(Ordering::SeqCst));
        while self.writes.load(Ordering::SeqCst) < before + 2 {
            assert!(begin.elapsed() < Duration::from_secs(60), "it stands still");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub(super) fn times(&self) -> Times {
        *self.times.lock().unwrap()
    }

    /// What began in one phase and ended in another counts in both.
    fn timed(&self, who: Who, work: impl FnOnce()) {
        let before = usize::from(self.phase.load(Ordering::SeqCst));
        let begin = Instant::now();
        work();
        let took = begin.elapsed();
        let after = usize::from(self.phase.load(Ordering::SeqCst));
        let mut times = self.times.lock().unwrap();
        times.0[after][who as usize].count += 1;
        for phase in [before, after] {
            let longest = &mut times.0[phase][who as usize].time;
            *longest = took.max(*longest);
        }
    }

    /// A session of an application that finds the tables in either schema.
    fn session(url: &str) -> PgConnection {
        let mut connection = PgConnection::establish(url).unwrap();
        connection.batch_execute("SET search_path = public, feature_planner").unwrap();
        connection
    }

    /// Makes a plan with a refinement and an entry of the log, in one transaction, and counts on.
    /// Returns how many plans were acknowledged, which are numbered from 0 on.
    pub(super) fn write(&self, url: &str, elsewhere: bool) -> u64 {
        let mut connection = Self::session(url);
        let who = if elsewhere { Who::Elsewhere } else { Who::Writer };
        for turn in 0.. {
            if !self.going.load(Ordering::SeqCst) {
                return turn;
            }
            let sql = format!(
                "INSERT INTO feature_plans (id, user_id, original_request, version)
                 VALUES (md5('late {turn}')::uuid, md5('user 1')::uuid, 'late {turn}', 1 + {turn});
                 INSERT INTO feature_refinements (plan_id, agent_id, input_request)
                 VALUES (md5('late {turn}')::uuid, 'late', 'late {turn}');
                 INSERT INTO plan_execution_logs (plan_id, step, step_number, agent_type, start_time)
                 VALUES (md5('late {turn}')::uuid, 'planning', 3, 'late', now())"
            );
            self.timed(who, || connection.batch_execute(&sql).unwrap());
            if !elsewhere {
                self.writes.fetch_add(1, Ordering::SeqCst);
            }
            thread::sleep(Duration::from_millis(4));
        }
        unreachable!("it is told to end")
    }

    /// Reads a user's newest plans, with their refinements.
    pub(super) fn read(&self, url: &str) {
        let mut connection = Self::session(url);
        for turn in 0.. {
            if !self.going.load(Ordering::SeqCst) {
                break;
            }
            let user = 2 + turn * 7_919 % (users(self.rows) - 2);
            let sql = format!(
                "DO $$ BEGIN
                     ASSERT (SELECT count(*) > 9 FROM (
                         SELECT p.id, r.id FROM feature_plans p
                           LEFT JOIN feature_refinements r ON r.plan_id = p.id
                          WHERE p.user_id = md5('user {user}')::uuid
                          ORDER BY p.created_at DESC LIMIT 10) AS newest);
                 END $$"
            );
            self.timed(Who::Reader, || connection.batch_execute(&sql).unwrap());
            thread::sleep(Duration::from_millis(4));
        }
    }
}

/// Stops them where the story ends, however that is: their threads are waited for.
pub(super) struct Stops<'a>(pub(super) &'a Live);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.going.store(false, Ordering::SeqCst);
    }
}
