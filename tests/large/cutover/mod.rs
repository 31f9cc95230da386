//! The big change on a live database: from a plan of migrations to plans of iterations, while an old
//! writer goes on inserting iterations and changing plans.

mod live;

use std::env;
use std::fmt::Display;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use planwright::batch::{Progress, Runner};
use planwright::cutover::transition::{self, Backfill};
use planwright::migrate::{Migrator, Progress as Step};
use planwright::testing::TestDatabase;
use planwright::verify::{Fingerprint, Mapping, Source};
use planwright::{Context, Page, Store, StoreOptions};

use self::live::{Acknowledged, ITERATIONS, Live, MIGRATIONS, Phase, Stops, WITHOUT, build};
use crate::support::{execute, number};

const BASELINE: &str = "20261120191000";

fn migrator(store: &Store) -> Migrator<'_> {
    Migrator::new(store).contexts([Context::Cutover]).on_progress(|step| {
        if matches!(step, Step::Retrying { .. }) {
            println!("    {step}");
        }
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
        .args(["--exact", "cutover::process", "--ignored", "--nocapture"])
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

/// The plans of the migrations that nobody changes, and everything that was there.
fn content() -> (Vec<Source>, Mapping) {
    const LINK: [&str; 2] = ["mig_id", "plm_id"];
    const ITERATION: [&str; 7] =
        ["ite_id", "mig_id", "itt_code", "ite_name", "ite_status", "updated_by", "updated_at"];
    let links = "SELECT mig_id, plm_id FROM migrations_mig WHERE mig_type = 'CALM'";
    let by_iterations = "SELECT DISTINCT i.mig_id, i.plm_id
                           FROM iterations_ite i JOIN migrations_mig m ON m.mig_id = i.mig_id
                          WHERE m.mig_type = 'CALM'";
    // A change of a migration's plan changes its iterations, so of the restless ones the keys.
    let calm = "SELECT i.* FROM iterations_ite i JOIN migrations_mig m ON m.mig_id = i.mig_id
                 WHERE i.created_by = 'old' AND m.mig_type = 'CALM'";
    let before = vec![
        Source::query("links", links).columns(LINK),
        Source::query("migrations", "SELECT * FROM migrations_mig WHERE created_by = 'old'")
            .columns(["mig_id", "mig_name", "mig_type", "mig_status", "created_at"]),
        Source::query("calm iterations", calm).columns(ITERATION),
        Source::query("iterations", "SELECT * FROM iterations_ite WHERE created_by = 'old'")
            .columns(["ite_id", "mig_id", "itt_code", "ite_name", "created_at"]),
        Source::table("plans_master_plm").columns(["plm_id", "plm_name", "updated_at"]),
    ];
    let by_iterations = Source::query("links by iterations", by_iterations).columns(LINK);
    (before, Mapping::new().source("links", by_iterations))
}

/// A live database on its way.
struct Story<'a> {
    url: &'a str,
    store: &'a Store,
    live: Live,
    began: Instant,
}

impl Story<'_> {
    fn say(&self, what: impl Display) {
        println!("{:.1} s: {what}", self.began.elapsed().as_secs_f64());
    }

    fn enter(&self, phase: Phase) {
        self.live.enter(phase);
        self.say(format!("{phase:?}"));
    }

    fn count(&self, sql: &str) -> u64 {
        number(self.store, sql).cast_unsigned()
    }

    fn backfill(&self) {
        self.enter(Phase::Backfill);
        for _ in 0..3 {
            let done = backfill_until_killed(self.url, ITERATIONS / 8);
            self.say(format!("killed after {done} rows"));
        }
        let (mut longest, mut batches) = (Duration::ZERO, 0);
        let outcome = Runner::new(self.store)
            .on_progress(|event| {
                if let Progress::BatchDone { duration, .. } = event {
                    longest = longest.max(*duration);
                    batches += 1;
                }
            })
            .run(&mut Backfill::new())
            .unwrap();
        self.say(format!(
            "{outcome}; of the last {batches} batches the longest took {longest:.0?}"
        ));
        assert!(outcome.is_finished());
        let status = self.store.read(transition::status).unwrap();
        print!("{status}");
        assert_eq!((status.by_migration, status.without_plan), (0, 0));
    }

    fn contract(&self, step: &str) {
        let stated = migrator(self.store).confirm(transition::NO_READERS_LEFT);
        let applied = stated.contract(step).unwrap().unwrap();
        self.say(applied);
    }

    fn finish(&self) {
        self.enter(Phase::Tighten);
        for step in [
            transition::NAME_KEY,
            transition::CHECK_PLAN,
            transition::VALIDATE_PLAN,
            transition::PLAN_NOT_NULL,
        ] {
            self.contract(step);
        }
        // No migrations without iterations any more, and one for those that came meanwhile.
        let refused = migrator(self.store).confirm(transition::NO_READERS_LEFT);
        let refused = refused.contract(transition::DROP_COLUMN).unwrap_err().to_string();
        assert!(refused.contains("is in none of its iterations"), "{refused}");
        self.live.makes.store(false, Ordering::SeqCst);
        self.live.two_more();
        let rest = Runner::new(self.store).anew(true).run(&mut Backfill::new()).unwrap();
        self.say(&rest);
        assert!(rest.is_finished());
        self.enter(Phase::Contract);
        self.contract(transition::DROP_COLUMN);
    }

    fn compare(&self, before: &Fingerprint, mapping: &Mapping) {
        let after = before.take_again(self.store, mapping).unwrap();
        let comparison = before.compare_with(&after, mapping);
        println!("{comparison}");
        comparison.require_equal().unwrap();
    }

    /// What the old writer was told is there, with the plans that it meant.
    fn the_writer_was_not_lied_to(&self, told: &Acknowledged) {
        // The column may be restored or not: its iterations say it.
        let values = |of: &mut dyn Iterator<Item = String>| of.collect::<Vec<_>>().join(", ");
        let changed = values(
            &mut told
                .plans
                .iter()
                .chain(&told.migrations)
                .map(|(m, p)| format!("(md5('migration {m}')::uuid, md5('plan {p}')::uuid)")),
        );
        let wrong = format!(
            "SELECT count(*) FROM (VALUES {changed}) v (mig_id, plm_id)
              WHERE 1 IS DISTINCT FROM (SELECT count(DISTINCT i.plm_id) FROM iterations_ite i
                                         WHERE i.mig_id = v.mig_id)
                 OR NOT EXISTS (SELECT FROM iterations_ite i
                                 WHERE (i.mig_id, i.plm_id) = (v.mig_id, v.plm_id))"
        );
        assert_eq!(self.count(&wrong), 0);
        let came = values(
            &mut told
                .iterations
                .iter()
                .map(|(name, m)| format!("('{name}', md5('migration {m}')::uuid)")),
        );
        let there = format!(
            "SELECT count(*) FROM (VALUES {came}) v (name, mig_id)
               JOIN iterations_ite i ON i.mig_id = v.mig_id AND i.ite_name = v.name"
        );
        assert_eq!(self.count(&there), told.iterations.len() as u64);
        let late = "SELECT count(*) FROM iterations_ite WHERE ite_name LIKE 'late %'";
        assert_eq!(self.count(late), told.iterations.len() as u64);
        // An iteration runs what all iterations of its migration run.
        let apart = "SELECT count(*) FROM (SELECT FROM iterations_ite GROUP BY mig_id
                                            HAVING count(DISTINCT plm_id) > 1) s";
        assert_eq!(self.count(apart), 0);
        self.say(format!(
            "the writer's {} iterations, {} migrations and the plans of {} others are as it was told",
            told.iterations.len(),
            told.migrations.len(),
            told.plans.len()
        ));
    }

    /// How many iterations the job has made.
    fn made(&self) -> u64 {
        let (mut page, mut made) = (Page::first(1_000), 0);
        loop {
            let listed = self.store.read(|uow| transition::backfilled(uow, page)).unwrap();
            made += listed.items.len() as u64;
            assert!(listed.items.iter().all(|one| one.ite_name == transition::RUN_NAME));
            let Some(last) = listed.next else { return made };
            page = Page::after(last, 1_000);
        }
    }
}

#[test]
fn the_plans_of_migrations_become_those_of_iterations_under_a_live_writer() {
    let database = TestDatabase::new([]).unwrap();
    build(database.url());
    let change = Story {
        url: database.url(),
        store: database.store(),
        live: Live::new(),
        began: Instant::now(),
    };
    let store = change.store;
    let (sources, mapping) = content();
    let (before, told) = thread::scope(|scope| {
        let _stops = Stops(&change.live);
        let writer = scope.spawn(|| change.live.write(database.url()));
        change.enter(Phase::Alone);
        thread::sleep(Duration::from_secs(2));
        change.enter(Phase::Adopt);
        let adoption = migrator(store).adopt(Context::Cutover, BASELINE).unwrap().unwrap();
        assert!(adoption.is_possible(), "{adoption}");
        let before = Fingerprint::take(store, &sources).unwrap();
        let rows: Vec<_> = before.contents.iter().map(|content| content.rows).collect();
        assert_eq!(rows[1], MIGRATIONS);
        assert_eq!(rows[3], ITERATIONS);
        assert_eq!(rows[0], MIGRATIONS - MIGRATIONS.div_ceil(3));
        change.enter(Phase::Expand);
        for applied in migrator(store).up().unwrap() {
            change.say(applied);
        }
        change.backfill();
        change.finish();
        (before, writer.join().unwrap())
    });
    change.say(format!("the old writer was refused: {}", told.end));
    assert!(told.end.contains("\"plm_id\""), "{}", told.end);
    change.compare(&before, &mapping);
    change.the_writer_was_not_lied_to(&told);
    let late = told.migrations.len() as u64;
    let made = change.made();
    change.say(format!("{made} iterations were made for migrations without one"));
    // Some of those without have got one by the writer first, or one of the new ones.
    let all = ITERATIONS + told.iterations.len() as u64 + made;
    assert_eq!(change.count("SELECT count(*) FROM iterations_ite"), all);
    assert!(made <= WITHOUT + late && made + told.iterations.len() as u64 >= WITHOUT + late);
    assert_eq!(change.count("SELECT count(*) FROM migrations_mig"), MIGRATIONS + late);

    // Back: every migration has the plan again that its iterations run.
    let [reverted] = &*migrator(store).down().unwrap() else { panic!("one step") };
    change.say(reverted);
    change.compare(&before, &Mapping::new());
    let pairs = "SELECT count(*) FROM (SELECT DISTINCT mig_id, plm_id FROM iterations_ite) i
                   FULL JOIN migrations_mig m ON (m.mig_id, m.plm_id) = (i.mig_id, i.plm_id)
                  WHERE m.mig_id IS NULL OR i.mig_id IS NULL";
    assert_eq!(change.count(pairs), 0);
    // And there again, where one migration gets a second plan.
    change.contract(transition::DROP_COLUMN);
    let another = "UPDATE iterations_ite SET plm_id = md5('plan 7')::uuid
                   WHERE ite_id = md5('1 1')::uuid";
    assert_eq!(store.write(|uow| execute(uow, another)).unwrap(), 1);
    let refused = migrator(store).down().unwrap_err();
    let refused = std::error::Error::source(&refused).unwrap().to_string();
    change.say(format!("refused: {refused}"));
    assert!(refused.contains("a migration can name one master plan only: migration "), "{refused}");
    assert!(refused.contains("(Move 1) uses ") && !refused.contains(';'), "{refused}");

    println!("\nthe longest that a write took, and how many there were");
    for phase in Phase::ALL {
        let (time, count) = change.live.longest(phase);
        println!("{:>10} {:>10.1} ms of {count}", format!("{phase:?}"), time.as_secs_f64() * 1e3);
    }
}
