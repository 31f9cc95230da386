//! The move of a live database, there and back, under a writer and a reader that go on. One story,
//! told of two sizes.

mod live;

use std::cell::RefCell;
use std::fmt::Display;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::feature_planner;
use planwright::migrate::{Migrator, Progress as Step};
use planwright::relocate::{Progress, Relocator};
use planwright::testing::TestDatabase;
use planwright::verify::{Fingerprint, Mapping, Source};
use planwright::{Context, Store};

use self::live::{Live, Longest, OLD, Phase, Stops, Times, Who, build, tables};
use crate::support::number;

const BASELINE: &str = "20261120192000";
const MOVE: &str = "20261120192100";

/// The most that one try makes others wait.
const MOST: Duration = Duration::from_millis(800);

/// Times below say nothing of the size. A try may make others wait for 50 ms, its first limit, on a
/// table of any size, and a busy machine gives its processors to others for some 20 ms.
const NOISE: Duration = Duration::from_millis(50);

const ROUNDS: u32 = 5;

/// The rows that were there before, whoever writes others.
fn content(store: &Store) -> (Vec<Source>, Mapping) {
    let of = |name: &str, schema: &str, table: &str| {
        let whole = store.read(|uow| Source::whole(uow, table)).unwrap();
        Source::query(name, format!("SELECT * FROM {schema}.{table} WHERE {OLD}"))
            .columns(whole.column_names())
    };
    let before = tables().map(|table| of(table, "public", table)).collect();
    let mapping = tables().fold(Mapping::new(), |mapping, table| {
        mapping.source(table, of(&format!("moved {table}"), "feature_planner", table))
    });
    (before, mapping)
}

/// A live database on its way.
struct Story<'a> {
    url: &'a str,
    store: &'a Store,
    rows: u64,
    live: Live,
    began: Instant,
    /// Who was in the way of a try.
    named: RefCell<Vec<String>>,
}

impl Story<'_> {
    fn say(&self, what: impl Display) {
        println!("{} rows, {:.1} s: {what}", self.rows, self.began.elapsed().as_secs_f64());
    }

    fn enter(&self, phase: Phase) {
        self.live.enter(phase);
        self.say(format!("{phase:?}"));
    }

    fn relocator(&self) -> Relocator<'_> {
        feature_planner::relocator(self.store).on_progress(|event| {
            if let Progress::Retrying { blockers, .. } = event {
                println!("    {event}");
                let names = blockers.iter().map(|one| one.application.clone());
                self.named.borrow_mut().extend(names);
            }
        })
    }

    fn migrator(&self) -> Migrator<'_> {
        let migrator = Migrator::new(self.store).contexts([Context::FeaturePlanner]);
        migrator.on_progress(|event| {
            if let Step::Retrying { blockers, .. } = event {
                println!("    {event}");
                let names = blockers.iter().map(|one| one.application.clone());
                self.named.borrow_mut().extend(names);
            }
        })
    }

    fn there_and_back(&self) {
        self.enter(Phase::Relocator);
        for round in 0..ROUNDS {
            let receipt = self.relocator().run().unwrap();
            if round == 0 {
                println!("{receipt}");
            }
            let counts = &receipt.proof.counts;
            let counts = ["index", "check", "foreign key"].map(|kind| counts[kind]);
            assert_eq!((receipt.moved.len(), counts), (8 + 11, [43, 27, 9]), "{receipt}");
            let back = self.relocator().reverse().unwrap();
            assert!(back.moved.len() == 8 + 11 && back.dropped_schema, "{back}");
            let (there, back) = (receipt.locked, back.locked);
            self.say(format!("locked for {there:.1?} there, {back:.1?} back"));
        }
        self.enter(Phase::Migration);
        for _ in 0..ROUNDS {
            let applied = self.migrator().contract(MOVE).unwrap().unwrap();
            let [reverted] = &*self.migrator().down().unwrap() else { panic!("one step") };
            self.say(format!("{applied}; {reverted}"));
        }
    }

    /// Does it while a report reads the last table to be locked, in a transaction of two seconds.
    /// The report is named, and nobody ended.
    fn behind_a_report(&self, phase: Phase, moves: impl FnOnce()) {
        self.enter(phase);
        self.named.borrow_mut().clear();
        let mut report = PgConnection::establish(self.url).unwrap();
        report
            .batch_execute(
                "SET search_path = public, feature_planner; SET application_name = 'the report';
                 BEGIN; SELECT FROM plan_steps LIMIT 1; SELECT FROM plan_execution_logs LIMIT 1",
            )
            .unwrap();
        let began = Instant::now();
        thread::scope(|scope| {
            let report = scope.spawn(move || {
                report.batch_execute("SELECT pg_sleep(2); COMMIT").unwrap();
            });
            moves();
            report.join().unwrap();
        });
        self.say(format!("behind a report of 2 s it took {:.1?}", began.elapsed()));
        assert!(began.elapsed() >= Duration::from_secs(2));
        let named = self.named.borrow();
        assert!(named.iter().any(|name| name == "the report"), "{named:?}");
    }
}

/// Takes a database of so many rows through all of it.
fn change(rows: u64) -> Times {
    let began = Instant::now();
    let [database, elsewhere] = [rows, 1_000].map(|rows| {
        let database = TestDatabase::new([]).unwrap();
        let migrator = || Migrator::new(database.store()).contexts([Context::FeaturePlanner]);
        migrator().up_to(BASELINE).unwrap();
        build(database.url(), rows);
        database
    });
    let url = database.url();
    let live = Live::new(rows);
    let story =
        Story { url, store: database.store(), rows, live, began, named: RefCell::default() };
    story.say("built");
    let (content, mapping) = content(story.store);
    let live = &story.live;
    let acknowledged = thread::scope(|scope| {
        let stops = Stops(live);
        let writer = scope.spawn(|| live.write(url, false));
        scope.spawn(|| live.write(elsewhere.url(), true));
        scope.spawn(|| live.read(url));
        // Rows that are there from the start on have equal hashes whoever writes others.
        let before = Fingerprint::take(story.store, &content).unwrap();
        let counted: u64 = before.contents.iter().map(|one| one.rows).sum();
        assert_eq!(counted, rows);
        story.enter(Phase::Alone);
        thread::sleep(Duration::from_secs(5));

        story.there_and_back();
        story.behind_a_report(Phase::RunBehind, || {
            let receipt = story.relocator().run().unwrap();
            assert!(receipt.tries > 1, "{receipt}");
            story.say(format!("{} tries, locked for {:.1?}", receipt.tries, receipt.locked));
        });
        story.relocator().reverse().unwrap();
        story.behind_a_report(Phase::ContractBehind, || {
            story.migrator().contract(MOVE).unwrap().unwrap();
        });
        story.enter(Phase::Alone);
        drop(stops);
        let after = before.take_again(story.store, &mapping).unwrap();
        let comparison = before.compare_with(&after, &mapping);
        println!("{comparison}");
        comparison.require_equal().unwrap();
        writer.join().unwrap()
    });
    let late = number(
        story.store,
        "SELECT count(*) FROM feature_planner.feature_plans p
           JOIN feature_planner.feature_refinements r
             ON r.plan_id = p.id AND r.input_request = p.original_request
           JOIN feature_planner.plan_execution_logs l ON l.plan_id = p.id AND l.agent_type = 'late'
          WHERE p.id = md5('late ' || p.version - 1)::uuid",
    );
    let all = "SELECT count(*) FROM feature_planner.feature_plans WHERE created_at >= '2026-01-01'";
    assert_eq!((late.cast_unsigned(), number(story.store, all)), (acknowledged, late));
    story.say(format!("all {acknowledged} plans of the writer are there, no others"));
    story.live.times()
}

#[test]
fn a_live_database_moves_and_comes_back_and_its_size_does_not_matter() {
    let sizes = [1_000, 1_000_000];
    let times = sizes.map(change);
    println!("\nthe longest that each of them took, in ms, and how many there were");
    for (size, times) in sizes.iter().zip(&times) {
        print!("{:>16}", format!("{size} rows"));
        for who in Who::ALL {
            print!("{:>18}", format!("{who:?}"));
        }
        for phase in Phase::ALL {
            print!("\n{:>16}", format!("{phase:?}"));
            for who in Who::ALL {
                let Longest { time, count } = times.of(phase, who);
                print!("{:>18}", format!("{:.1} of {count}", time.as_secs_f64() * 1e3));
            }
        }
        println!("\n");
    }
    // What the machine does to the same writer at the same time, where nothing moves.
    let of_machine =
        times.map(|times| times.longest(&Phase::ALL, Who::Elsewhere)).into_iter().max().unwrap();
    let floor = NOISE.max(of_machine);
    for phases in [&[Phase::Relocator][..], &[Phase::Migration]] {
        let [small, large] = times.map(|times| times.longest(phases, Who::Writer));
        let plain = large.as_secs_f64() / small.as_secs_f64();
        let ratio = large.max(floor).as_secs_f64() / small.max(floor).as_secs_f64();
        println!(
            "{phases:?}: {small:.1?} and {large:.1?}, ratio {plain:.2}; those up to {floor:.1?} taken \
             as that {ratio:.2}"
        );
        assert!(ratio <= 3.0, "{phases:?}: {ratio:.2}");
    }
    for (size, times) in sizes.iter().zip(&times) {
        for phase in [Phase::RunBehind, Phase::ContractBehind] {
            let [blocked, alone] =
                [phase, Phase::Alone].map(|phase| times.longest(&[phase], Who::Writer));
            let allowed = MOST + alone.max(floor);
            println!("{size} rows, {phase:?}: {blocked:.1?} of {allowed:.1?} allowed");
            assert!(blocked <= allowed, "{phase:?}");
        }
    }
}
