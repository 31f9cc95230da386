//! The big change on a live database: from the join to the column, while a legacy writer goes on
//! inserting and readers reading. One story, told of two sizes.

mod legacy;
mod live;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, RunQueryDsl as _};
use planwright::batch::{Progress, Runner};
use planwright::migrate::{Migrator, Progress as Step};
use planwright::modelling::transition::{self, Backfill, Prefer, TransitionStatus};
use planwright::testing::TestDatabase;
use planwright::verify::{Fingerprint, Mapping, Source};
use planwright::{Context, Store, StoreOptions};

use self::legacy::Legacy;
use self::live::{Acknowledged, LATE, Live, Longest, Phase, Stops, Times, Who};
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

/// What the old plans had selected is read from the join, and later from the column.
struct Content {
    before: Vec<Source>,
    mapping: Mapping,
}

impl Content {
    fn of(legacy: Legacy) -> Self {
        const MEASURE: [&str; 11] = [
            "property_id",
            "measure_type",
            "description",
            "estimated_cost",
            "already_installed",
            "sap_points",
            "co2_savings_tonnes",
            "energy_savings_kwh",
            "energy_bill_savings",
            "created_at",
            "reference",
        ];
        const PLAN: [&str; 9] = [
            "id",
            "property_id",
            "scenario_id",
            "is_default",
            "created_at",
            "post_sap_points",
            "post_epc_band",
            "cost_of_works",
            "contingency_cost",
        ];
        let columns = || ["plan_id"].into_iter().chain(MEASURE);
        let of_measure: Vec<_> = MEASURE.iter().map(|column| format!("r.{column}")).collect();
        let (of_measure, plans) = (of_measure.join(", "), legacy.plans());
        let (first, last) = (legacy.measures + 1, legacy.measures + legacy.orphans());
        let joined = format!(
            "SELECT l.plan_id, {of_measure} FROM plan_recommendations l
               JOIN recommendation r ON r.id = l.recommendation_id WHERE l.plan_id <= {plans}"
        );
        let linked = format!(
            "SELECT r.plan_id, {of_measure} FROM recommendation r WHERE r.plan_id <= {plans}"
        );
        let orphans = format!("SELECT * FROM recommendation WHERE id BETWEEN {first} AND {last}");
        let old = format!("SELECT * FROM plan WHERE id <= {plans}");
        Self {
            before: vec![
                Source::query("selected", joined).columns(columns()),
                Source::query("orphans", orphans).columns(["id"].into_iter().chain(MEASURE)),
                Source::query("plans", old).columns(PLAN),
            ],
            mapping: Mapping::new().source(
                "selected",
                Source::query("selected by recommendation.plan_id", linked).columns(columns()),
            ),
        }
    }
}

/// What the late plans have selected, by property.
fn late(store: &Store, links: &str) -> Acknowledged {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        property: i64,
        #[diesel(sql_type = BigInt)]
        plans: i64,
        #[diesel(sql_type = Text)]
        content: String,
    }

    let sql = format!(
        "SELECT p.property_id AS property, count(DISTINCT p.id) AS plans,
                coalesce(string_agg(l.description, ';' ORDER BY l.description COLLATE \"C\"), '')
                    AS content
           FROM plan p LEFT JOIN ({links}) l ON l.plan_id = p.id
          WHERE p.property_id >= {LATE}
          GROUP BY p.property_id"
    );
    let read = |uow: &mut planwright::UnitOfWork<'_>| {
        Ok(diesel::sql_query(&sql).load::<Row>(uow.connection())?)
    };
    let rows = store.transaction().read_only().statement_timeout(Duration::ZERO).run(read);
    let mut found = BTreeMap::new();
    for Row { property, plans, content } in rows.unwrap() {
        assert_eq!(plans, 1, "property {property}");
        let content = content.split_terminator(';').map(str::to_owned).collect();
        found.insert(property, content);
    }
    found
}

const BY_JOIN: &str = "SELECT l.plan_id, r.description FROM plan_recommendations l
                         JOIN recommendation r ON r.id = l.recommendation_id";
const BY_COLUMN: &str = "SELECT plan_id, description FROM recommendation";

fn assert_same(found: &Acknowledged, acknowledged: &Acknowledged) {
    assert_eq!(found.len(), acknowledged.len());
    for (property, content) in acknowledged {
        assert_eq!(found.get(property), Some(content), "property {property}");
    }
}

/// Adopts, after what stands against it was mended in the way that the refusal tells.
fn adopt(store: &Store) {
    let (context, migrator) = (Context::Modelling, migrator(store));
    let refused = migrator.adopt(context, BASELINE).unwrap_err().to_string();
    println!("  adopt: {refused}");
    assert!(refused.contains("recommendation.sap_points"), "{refused}");
    assert!(refused.contains("numeric(6,2)") && refused.contains("numeric(5,2)"), "{refused}");
    let adoption = migrator.adoption(context, BASELINE).unwrap().unwrap();
    let [difference] = &*adoption.against else { panic!("{adoption}") };
    assert!(!difference.remedy.sql.is_empty(), "{adoption}");
    for statement in &difference.remedy.sql {
        store.write(|uow| execute(uow, statement)).unwrap();
    }
    let adoption = migrator.adopt(context, BASELINE).unwrap().unwrap();
    println!("  {adoption}");
    assert!(adoption.is_possible());
}

/// Some measures of the plans that the reader leaves alone are linked to another plan than the
/// join says, as by a release that was rolled out too early.
fn contradict(store: &Store, legacy: Legacy) -> u64 {
    let (plans, calm) = (legacy.plans(), legacy.calm());
    let sql = format!(
        "UPDATE recommendation SET plan_id = {plans}
          WHERE property_id > {calm} AND property_id < {plans} AND id % 100 = 2"
    );
    store.write(|uow| execute(uow, &sql)).unwrap() as u64
}

fn refusal(migrator: Migrator<'_>, name: &str) -> String {
    let refused = migrator.contract(name).unwrap_err().to_string();
    println!("  refused: {refused}");
    refused
}

/// Takes a database of so many measures through all of it.
fn change(measures: i64) -> Times {
    let legacy = Legacy { measures };
    let (database, elsewhere) = (TestDatabase::new([]).unwrap(), TestDatabase::new([]).unwrap());
    legacy.build(database.url());
    Legacy { measures: 1_000 }.build(elsewhere.url());
    let store = database.store();
    let content = Content::of(legacy);
    let live = Live::new(legacy);
    let began = Instant::now();
    let say = |what: &str| {
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().unwrap_or_default();
        println!(
            "{measures} measures, {:.1} s, load {load}: {what}",
            began.elapsed().as_secs_f64()
        );
    };

    let (acknowledged, before) = thread::scope(|scope| {
        let stops = Stops(&live);
        let writer = scope.spawn(|| live.write(database.url(), false));
        scope.spawn(|| live.write(elsewhere.url(), true));
        scope.spawn(|| live.read_join(database.url()));
        say("nothing changes");
        thread::sleep(Duration::from_secs(3));

        live.enter(Phase::Adopt);
        say("adopt");
        adopt(store);
        let before = Fingerprint::take(store, &content.before).unwrap();

        live.enter(Phase::Rehearse);
        say("rehearse");
        let rehearsal = migrator(store).dry_run().unwrap();
        println!("{rehearsal}");
        assert!(rehearsal.passed());
        assert!(rehearsal.locks.iter().any(|lock| lock.relation.contains("recommendation")));

        live.enter(Phase::Expand);
        say("expand");
        for applied in migrator(store).up().unwrap() {
            println!("  {applied}");
        }
        migrator(store).contract(transition::PLAN_KEY).unwrap().unwrap();
        scope.spawn(|| live.read_plans(database.url()));
        let contradictory = contradict(store, legacy);
        assert!(contradictory >= 90);
        let refused = refusal(migrator(store), transition::CLOSE_JOIN);
        assert!(refused.contains("links to recommendations without a plan_id"), "{refused}");

        live.enter(Phase::Backfill);
        say("backfill");
        for _ in 0..3 {
            let done = backfill_until_killed(database.url(), measures as u64 / 8);
            say(&format!("killed after {done} links"));
        }
        let mut longest = Duration::ZERO;
        let outcome = Runner::new(store)
            .on_progress(|event| {
                if let Progress::BatchDone { duration, .. } = event {
                    longest = longest.max(*duration);
                }
            })
            .run(&mut Backfill::new())
            .unwrap();
        say(&format!("{outcome}"));
        println!("  the longest batch: {longest:?}");
        assert!(outcome.is_finished());

        live.enter(Phase::Contract);
        say("contract");
        let found = status(store);
        println!("{found}");
        assert_eq!(found.orphaned, legacy.orphans() as u64);
        assert!(found.contradictory >= contradictory, "{found}");
        let refused = refusal(migrator(store), transition::CLOSE_JOIN);
        assert!(refused.contains("links to recommendations of another plan"), "{refused}");
        live.roll_the_old_writer_away();
        let resolve =
            || store.write(|uow| transition::resolve_contradictions(uow, Prefer::Join, 1_000));
        while resolve().unwrap().recommendations == 1_000 {}
        assert!(Runner::new(store).anew(true).run(&mut Backfill::new()).unwrap().is_finished());
        migrator(store).contract(transition::CLOSE_JOIN).unwrap().unwrap();
        let refused = refusal(migrator(store), transition::DROP_JOIN);
        assert!(refused.contains("asks for the statement no_readers_left"), "{refused}");
        live.roll_the_old_reader_away();
        let contract = || migrator(store).confirm(transition::NO_READERS_LEFT);
        contract().contract(transition::DROP_JOIN).unwrap().unwrap();
        say("contracted");
        let found = status(store);
        assert_eq!((found.join_exists, found.orphaned), (false, legacy.orphans() as u64));
        let after = before.take_again(store, &content.mapping).unwrap();
        let comparison = before.compare_with(&after, &content.mapping);
        println!("{comparison}");
        comparison.require_equal().unwrap();

        live.enter(Phase::Down);
        say("down");
        let [reverted] = &*migrator(store).down().unwrap() else { panic!("one step") };
        println!("  {reverted}");
        live.roll_the_old_reader_back();
        let comparison = before.compare(&before.take_again(store, &Mapping::new()).unwrap());
        println!("{comparison}");
        comparison.require_equal().unwrap();

        live.enter(Phase::Alone);
        say("nothing changes");
        thread::sleep(Duration::from_secs(3));
        drop(stops);
        (writer.join().unwrap(), before)
    });

    // Nothing is lost or doubled: neither of what was there, nor of what came.
    assert_eq!(before.contents[0].rows as i64, measures + legacy.shared());
    let came: usize = acknowledged.values().map(Vec::len).sum();
    let linked = status(store).linked as i64;
    assert_eq!(linked, measures + legacy.shared() + came as i64);
    assert_same(&late(store, BY_COLUMN), &acknowledged);
    assert_same(&late(store, BY_JOIN), &acknowledged);
    let apart = "SELECT count(*) FROM plan_recommendations l
                   FULL JOIN (SELECT plan_id, id FROM recommendation WHERE plan_id IS NOT NULL) r
                     ON (l.plan_id, l.recommendation_id) = (r.plan_id, r.id)
                  WHERE l.plan_id IS NULL OR r.plan_id IS NULL";
    assert_eq!(number(store, apart), 0);
    say(&format!(
        "all {} plans and {came} links of the writer are there, and nothing beside",
        acknowledged.len()
    ));
    live.times()
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
        Who::ALL.iter().for_each(|who| print!("{:>18}", format!("{who:?}")));
        for phase in Phase::ALL {
            print!("\n{:>18}", format!("{phase:?}"));
            for who in Who::ALL {
                let Longest { time, count } = times.of(phase, who);
                print!("{:>18}", format!("{:.1} of {count}", time.as_secs_f64() * 1e3));
            }
        }
        println!();
    }
    // What the machine does to the same writer at the same time, where nothing changes.
    let of_machine = times.map(|times| times.longest(&Phase::ALL, Who::Elsewhere));
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
