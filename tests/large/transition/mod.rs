//! The big change on a live database: from the join to the column, while a legacy writer goes on
//! inserting and readers reading. One story, told of two sizes.

mod content;
mod legacy;
mod live;

use std::env;
use std::fmt::Display;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use planwright::batch::{Progress, Runner};
use planwright::migrate::{Migrator, Progress as Step};
use planwright::modelling::transition::{self, Backfill, Prefer, TransitionStatus};
use planwright::testing::TestDatabase;
use planwright::verify::{Fingerprint, Mapping};
use planwright::{Context, Store, StoreOptions};

use self::content::{BY_COLUMN, BY_JOIN, Content, assert_same, late};
use self::legacy::Legacy;
use self::live::{Acknowledged, Live, Longest, Phase, Stops, Times, Who};
use crate::support::{execute, number};

const BASELINE: &str = "20261120000100";

/// Times below say nothing of the size. A migration may make others wait for the `lock_timeout` of
/// its first try, 50 ms, on a table of any size; and a busy machine gives its processors to others
/// for some 20 ms.
const NOISE: Duration = Duration::from_millis(50);

/// What a batch is steered to last. A write that selects a measure which is being moved waits for
/// it.
const BATCH: Duration = Duration::from_millis(200);

fn migrator(store: &Store) -> Migrator<'_> {
    Migrator::new(store).contexts([Context::Modelling]).on_progress(|step| match step {
        Step::Retrying { .. } => println!("    {step}"),
        Step::InTheWay { sessions, .. } => {
            println!("    {step}");
            assert!(sessions.iter().all(|session| session.state != "idle"), "{step}");
        }
        _ => {}
    })
}

/// The process that is killed: it runs the job, and tells of each batch.
#[test]
#[ignore = "run by another test in a process of its own"]
fn process() {
    let url = env::var("PLANWRIGHT_TEST_URL").unwrap();
    let store = Store::connect(&url, &StoreOptions::default()).unwrap();
    let runner = Runner::new(&store).on_progress(|event| {
        if let Progress::BatchDone { rows_done, .. } = event {
            let mut out = std::io::stdout().lock();
            writeln!(out, "\ndone={rows_done}").unwrap();
            out.flush().unwrap();
        }
    });
    drop(runner.run(&mut Backfill::new()).unwrap());
}

/// Runs the job in a process until it has done so many rows more, and kills that.
fn backfill_until_killed(url: &str, rows: u64) -> u64 {
    let mut process = Command::new(env::current_exe().unwrap())
        .args(["--exact", "transition::process", "--ignored", "--nocapture"])
        .env("PLANWRIGHT_TEST_URL", url)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut told = lines.filter_map(|line| line.unwrap().strip_prefix("done=")?.parse().ok());
    let first: u64 = told.next().expect("a batch");
    let last = told.find(|done| done - first >= rows).expect("more batches");
    process.kill().unwrap();
    process.wait().unwrap();
    last
}

fn status(store: &Store) -> TransitionStatus {
    store
        .transaction()
        .read_only()
        .statement_timeout(Duration::ZERO)
        .run(transition::status)
        .unwrap()
}

/// A live database on its way.
struct Story<'a> {
    url: &'a str,
    store: &'a Store,
    legacy: Legacy,
    content: Content,
    live: Live,
    began: Instant,
}

impl Story<'_> {
    fn say(&self, what: impl Display) {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        let after = self.began.elapsed().as_secs_f64();
        println!("{} measures, {after:.1} s, load {load}: {what}", self.legacy.measures);
    }

    fn enter(&self, phase: Phase) {
        self.live.enter(phase);
        self.say(format!("{phase:?}"));
    }

    /// Adopts, after what stands against it was mended in the way that the refusal tells.
    fn adopt(&self) {
        self.enter(Phase::Adopt);
        let (context, migrator) = (Context::Modelling, migrator(self.store));
        let refused = migrator.adopt(context, BASELINE).unwrap_err().to_string();
        println!("  refused: {refused}");
        for named in ["recommendation.sap_points", "numeric(5,2)", "numeric(6,2)"] {
            assert!(refused.contains(named), "{refused}");
        }
        let adoption = migrator.adoption(context, BASELINE).unwrap().unwrap();
        let [difference] = &*adoption.against else { panic!("{adoption}") };
        assert!(!difference.remedy.sql.is_empty(), "{adoption}");
        for statement in &difference.remedy.sql {
            self.store.write(|uow| execute(uow, statement)).unwrap();
        }
        let adoption = migrator.adopt(context, BASELINE).unwrap().unwrap();
        println!("  {adoption}");
        assert!(adoption.is_possible());
    }

    /// First as a rehearsal, which holds its locks to its end. Returns how many recommendations
    /// contradict themselves then.
    fn expand(&self) -> u64 {
        self.enter(Phase::Rehearse);
        let rehearsal = migrator(self.store).dry_run().unwrap();
        println!("{rehearsal}");
        assert!(rehearsal.passed());
        let lock = rehearsal.locks.iter().find(|lock| lock.relation.ends_with("recommendation"));
        assert!(lock.is_some_and(|lock| lock.held <= rehearsal.duration), "{rehearsal}");

        self.enter(Phase::Expand);
        for applied in migrator(self.store).up().unwrap() {
            println!("  {applied}");
        }
        migrator(self.store).contract(transition::PLAN_KEY).unwrap().unwrap();
        // In plans that the new reader leaves alone some measures are linked to another plan than
        // the join says, as by a release that was rolled out too early.
        let (plans, calm) = (self.legacy.plans(), self.legacy.calm());
        let sql = format!(
            "UPDATE recommendation SET plan_id = {plans}
              WHERE property_id > {calm} AND property_id < {plans} AND id % 100 = 2"
        );
        let contradictory = self.store.write(|uow| execute(uow, &sql)).unwrap();
        assert!(contradictory >= 90);
        let refused = self.refusal(transition::CLOSE_JOIN);
        assert!(refused.contains("links to recommendations without a plan_id"), "{refused}");
        u64::try_from(contradictory).unwrap()
    }

    fn backfill(&self) {
        self.enter(Phase::Backfill);
        for _ in 0..3 {
            let done = backfill_until_killed(self.url, self.legacy.measures.cast_unsigned() / 8);
            self.say(format!("killed after {done} links"));
        }
        let mut longest = Duration::ZERO;
        let outcome = Runner::new(self.store)
            .on_progress(|event| {
                if let Progress::BatchDone { duration, .. } = event {
                    longest = longest.max(*duration);
                }
            })
            .run(&mut Backfill::new())
            .unwrap();
        self.say(format!("{outcome}, the longest batch since the last kill {longest:.0?}"));
        assert!(outcome.is_finished());
    }

    fn refusal(&self, name: &str) -> String {
        let refused = migrator(self.store).contract(name).unwrap_err().to_string();
        println!("  refused: {refused}");
        refused
    }

    fn contract(&self, contradictory: u64) {
        self.enter(Phase::Contract);
        let found = status(self.store);
        println!("{found}");
        assert_eq!(found.orphaned, self.legacy.orphans().cast_unsigned());
        assert!(found.contradictory >= contradictory, "{found}");
        let refused = self.refusal(transition::CLOSE_JOIN);
        assert!(refused.contains("links to recommendations of another plan"), "{refused}");
        let refused = self.refusal(transition::DROP_JOIN);
        assert!(refused.contains(&format!("needs {}", transition::CLOSE_JOIN)), "{refused}");

        self.live.roll_the_old_writer_away();
        let prefer = Prefer::Join;
        let resolve = || {
            self.store.write(|uow| transition::resolve_contradictions(uow, prefer, 1_000)).unwrap()
        };
        while resolve().recommendations == 1_000 {}
        let rest = Runner::new(self.store).anew(true).run(&mut Backfill::new()).unwrap();
        self.say(&rest);
        assert!(rest.is_finished());
        migrator(self.store).contract(transition::CLOSE_JOIN).unwrap().unwrap();
        let refused = self.refusal(transition::DROP_JOIN);
        assert!(refused.contains("asks for the statement no_readers_left"), "{refused}");
        self.live.roll_the_old_reader_away();

        self.enter(Phase::Rehearse);
        let rehearsal = migrator(self.store).dry_run_contract(transition::DROP_JOIN).unwrap();
        println!("{rehearsal}");
        assert!(rehearsal.passed());
        self.enter(Phase::Contract);
        let stated = migrator(self.store).confirm(transition::NO_READERS_LEFT);
        let applied = stated.contract(transition::DROP_JOIN).unwrap().unwrap();
        println!("  {applied}");
        let found = status(self.store);
        let orphans = self.legacy.orphans().cast_unsigned();
        assert_eq!((found.join_exists, found.orphaned), (false, orphans));
    }

    fn compare(&self, before: &Fingerprint, mapping: &Mapping) {
        let after = before.take_again(self.store, mapping).unwrap();
        let comparison = before.compare_with(&after, mapping);
        println!("{comparison}");
        comparison.require_equal().unwrap();
    }

    /// Until the join is there again, with readers of its own.
    fn back(&self) {
        self.enter(Phase::Down);
        let [reverted] = &*migrator(self.store).down().unwrap() else { panic!("one step") };
        println!("  {reverted}");
        self.live.roll_the_old_reader_back();
    }

    /// Of what was there, and of what came.
    fn nothing_is_lost_or_doubled(&self, acknowledged: &Acknowledged) {
        let store = self.store;
        let came: usize = acknowledged.values().map(Vec::len).sum();
        let linked = self.legacy.measures + self.legacy.shared() + i64::try_from(came).unwrap();
        assert_eq!(status(store).linked.cast_signed(), linked);
        assert_same(&late(store, BY_COLUMN), acknowledged);
        assert_same(&late(store, BY_JOIN), acknowledged);
        let apart = "SELECT count(*) FROM plan_recommendations l
                       FULL JOIN (SELECT plan_id, id FROM recommendation
                                   WHERE plan_id IS NOT NULL) r
                         ON (l.plan_id, l.recommendation_id) = (r.plan_id, r.id)
                      WHERE l.plan_id IS NULL OR r.plan_id IS NULL";
        assert_eq!(number(store, apart), 0);
        let plans = acknowledged.len();
        self.say(format!("all {plans} plans and {came} links of the writer are there, no others"));
    }
}

/// Takes a database of so many measures through all of it.
fn change(measures: i64) -> Times {
    let legacy = Legacy { measures };
    let [database, elsewhere] = [legacy, Legacy { measures: 1_000 }].map(|legacy| {
        let database = TestDatabase::new([]).unwrap();
        legacy.build(database.url());
        database
    });
    let story = Story {
        url: database.url(),
        store: database.store(),
        legacy,
        content: Content::of(legacy),
        live: Live::new(legacy),
        began: Instant::now(),
    };
    let live = &story.live;
    let acknowledged = thread::scope(|scope| {
        let stops = Stops(live);
        let writer = scope.spawn(|| live.write(database.url(), false));
        scope.spawn(|| live.write(elsewhere.url(), true));
        scope.spawn(|| live.read_join(database.url()));
        story.enter(Phase::Alone);
        thread::sleep(Duration::from_secs(3));

        story.adopt();
        let before = Fingerprint::take(story.store, &story.content.before).unwrap();
        assert_eq!(before.contents[0].rows.cast_signed(), measures + legacy.shared());
        let contradictory = story.expand();
        scope.spawn(|| live.read_plans(database.url()));
        story.backfill();
        story.contract(contradictory);
        story.compare(&before, &story.content.mapping);
        story.back();
        story.compare(&before, &Mapping::new());

        story.enter(Phase::Alone);
        thread::sleep(Duration::from_secs(3));
        drop(stops);
        writer.join().unwrap()
    });
    story.nothing_is_lost_or_doubled(&acknowledged);
    story.live.times()
}

/// Phases that may not take longer on a larger table. A rehearsal holds its locks to its end, and
/// the down fills the table while writers wait; both say so.
const BOUNDED: [Phase; 4] = [Phase::Adopt, Phase::Expand, Phase::Backfill, Phase::Contract];

#[test]
fn the_join_becomes_a_column_under_a_live_system_and_its_size_does_not_matter() {
    let sizes = [100_000, 1_000_000];
    let times = sizes.map(change);
    println!("\nthe longest that each of them took, in ms, and how many there were");
    for (size, times) in sizes.iter().zip(&times) {
        print!("{size:>9} measures");
        for who in Who::ALL {
            print!("{:>18}", format!("{who:?}"));
        }
        for phase in Phase::ALL {
            print!("\n{:>18}", format!("{phase:?}"));
            for who in Who::ALL {
                let Longest { time, count } = times.of(phase, who);
                print!("{:>18}", format!("{:.1} of {count}", time.as_secs_f64() * 1e3));
            }
        }
        let writer = |phases: &[Phase]| {
            times.longest(phases, Who::Writer).max(times.longest(phases, Who::Sharer))
        };
        println!(
            "\na rehearsal held the writer up for {:.1?}, the change itself for {:.1?}",
            writer(&[Phase::Rehearse]),
            writer(&BOUNDED)
        );
    }
    // What the machine does to the same writer at the same time, where nothing changes.
    let of_machine = times.map(|times| times.longest(&BOUNDED, Who::Elsewhere));
    let of_machine = of_machine.into_iter().max().unwrap_or_default();
    for (who, floor) in [(Who::Writer, NOISE), (Who::Sharer, BATCH)] {
        let floor = floor.max(of_machine);
        let [small, large] = times.map(|times| times.longest(&BOUNDED, who));
        let ratio = large.max(floor).as_secs_f64() / small.max(floor).as_secs_f64();
        println!(
            "{who:?}, longest beside the change: {small:.1?} and {large:.1?}; those up to \
             {floor:.1?} taken as that, ratio {ratio:.2}"
        );
        assert!(ratio <= 3.0, "{who:?}: {ratio:.2}");
    }
}
