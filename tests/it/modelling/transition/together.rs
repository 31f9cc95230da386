//! The job beside writers and readers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use planwright::ConstraintKind;
use planwright::batch::{Progress, Stop};
use planwright::modelling::transition::{Prefer, resolve_contradictions};
use planwright::modelling::{Outcome as Replace, factory};

use super::*;
use crate::support::number;

const PLANS: i64 = 60;

/// As a front end does it that knows only the baseline: a plan, its measures, their links. Some
/// measures that it finds in old plans are shared by the new one: those that it was built with,
/// moved or not, and those that replaces have stored. Returns what the new plan has.
fn insert_legacy(uow: &mut UnitOfWork<'_>, property: i64, shared: bool) -> Result<Vec<String>> {
    execute(
        uow,
        &format!(
            "WITH p AS (INSERT INTO plan (property_id, scenario_id)
                        SELECT {property}, min(id) FROM scenario RETURNING id),
                  r AS (INSERT INTO recommendation (property_id, measure_type, description)
                        SELECT {property}, 'late', n::text FROM generate_series(1, 3) n
                        RETURNING id)
             INSERT INTO plan_recommendations
             SELECT p.id, r.id FROM p, r
             UNION
             SELECT p.id, m.id
               FROM p, (SELECT id FROM recommendation
                         WHERE id IN ({property} % {PLANS} * 100 + 101, {property} % 3 * 100 + 3900)
                        UNION
                        SELECT max(id) FROM plan_measure
                         WHERE plan_id IN (39 + {property} % 3, 1 + {property} % 20)
                         GROUP BY plan_id) m
              WHERE {shared}"
        ),
    )?;
    let made = format!(
        "SELECT coalesce(max(l.plan_id), 0) || E'\\n'
                || string_agg({CONTENT}, E'\\n' ORDER BY {CONTENT} COLLATE \"C\")
           FROM plan_recommendations l
           JOIN recommendation r ON r.id = l.recommendation_id
           JOIN plan p ON p.id = l.plan_id
          WHERE p.property_id = {property}"
    );
    Ok(text(uow, &made)?.lines().map(str::to_owned).collect())
}

const CONTENT: &str =
    "concat_ws(' ', r.property_id, r.measure_type, r.description, r.estimated_cost)";

/// That everybody sees in these plans what the legacy writer has linked them to.
fn assert_kept(store: &Store, made: &BTreeMap<i64, Vec<String>>) {
    let sql = |from: &str| {
        format!(
            "SELECT coalesce(string_agg(concat_ws(E'\\t', r.plan_id, {CONTENT}), E'\\n'
                               ORDER BY r.plan_id, {CONTENT} COLLATE \"C\"), '')
               FROM ({from}) r WHERE r.plan_id > 100000"
        )
    };
    let joined = "SELECT l.plan_id, m.property_id, m.measure_type, m.description, m.estimated_cost
                    FROM plan_recommendations l JOIN recommendation m ON m.id = l.recommendation_id";
    for from in ["SELECT * FROM plan_measure", joined] {
        let found = store.read(|uow| text(uow, &sql(from))).unwrap();
        let mut seen: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
        for (plan, content) in found.lines().filter_map(|line| line.split_once('\t')) {
            seen.entry(plan.parse().unwrap()).or_default().push(content);
        }
        for (plan, content) in made {
            assert_eq!(seen.get(plan).map(Vec::as_slice).unwrap_or_default(), content, "{plan}");
        }
    }
}

/// What each legacy plan should have, by key: plans of three measures of their own, and of each
/// ten one that the next plan shares.
fn build(store: &Store) {
    let built = store.write(|uow| {
        let scenario = "(SELECT min(id) FROM scenario)";
        for sql in [
            format!(
                "INSERT INTO plan (id, property_id, scenario_id)
                 SELECT n, n, {scenario} FROM generate_series(1, {PLANS}) n"
            ),
            "SELECT setval('plan_id_seq', 100000)".to_owned(),
            format!(
                "INSERT INTO recommendation (id, property_id, measure_type, description)
                 SELECT p * 100 + n, p, 'own', n::text
                   FROM generate_series(1, {PLANS}) p, generate_series(0, 2) n"
            ),
            "SELECT setval('recommendation_id_seq', 100000)".to_owned(),
            "INSERT INTO plan_recommendations SELECT id / 100, id FROM recommendation
              UNION ALL SELECT id / 100 + 1, id FROM recommendation
                         WHERE id % 1000 = 1 AND id < 6000"
                .to_owned(),
        ] {
            execute(uow, &sql)?;
        }
        Ok(())
    });
    built.unwrap();
}

/// Runs the job, stopped and resumed on the way, until it is finished and `enough` was met.
fn run_and_stop(store: &Store, enough: impl Fn() -> bool) {
    let (mut batches, mut anew) = (0, false);
    loop {
        let stop = Stop::default();
        let told = stop.clone();
        let outcome = planwright::batch::Runner::new(store)
            .sizes(1..=8)
            .anew(anew)
            .stop_with(&stop)
            .on_progress(|event| {
                if matches!(event, Progress::BatchDone { .. }) {
                    batches += 1;
                    if batches % 5 == 0 {
                        told.stop();
                    }
                }
            })
            .run(&mut Backfill::new())
            .unwrap();
        anew = outcome.is_finished();
        if anew && enough() {
            break;
        }
        assert!(batches < 5_000, "{}", outcome);
    }
}

/// Clears the flag when it goes, so that no thread goes on for ever where the test fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

#[test]
fn beside_writers_readers_and_replaces_nothing_is_lost() {
    let database = expanded();
    let store = database.store();
    let scenario = scenario(store);
    build(store);
    let (going, late, replaced, reads) =
        (AtomicBool::new(true), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let made = Mutex::new(BTreeMap::new());
    let contents: BTreeMap<i64, usize> = thread::scope(|scope| {
        scope.spawn(|| {
            for property in 1_000.. {
                if !going.load(Ordering::Relaxed) {
                    break;
                }
                let shared = property % 2 == 0;
                match store.write(|uow| insert_legacy(uow, property, shared)) {
                    Ok(content) => {
                        let (plan, content) = content.split_first().unwrap();
                        assert_eq!(content.len() > 3, shared);
                        made.lock().unwrap().insert(plan.parse().unwrap(), content.to_vec());
                        late.fetch_add(1, Ordering::Relaxed);
                    }
                    // What it wanted to share has gone meanwhile, as it always may.
                    Err(Error::Constraint { kind: ConstraintKind::ForeignKey, .. }) if shared => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        let replaces = scope.spawn(|| {
            let mut contents = BTreeMap::new();
            for turn in 0_i64.. {
                if !going.load(Ordering::Relaxed) {
                    break;
                }
                // A few of them, alone and together.
                let property = 1 + (turn * 7) % 20;
                let count = usize::try_from(turn % 5).unwrap();
                let plan = |property| (factory::plan(property, scenario), factory::measures(count));
                let done = store.write(|uow| {
                    let (one, measures) = plan(property);
                    let first = uow.plans().replace(&one, &measures)?;
                    let more = uow.plans().replace_many(&[plan(41), plan(40), plan(39)])?;
                    Ok((first, more))
                });
                assert_ne!(done.unwrap().0.outcome, Replace::Created);
                contents.extend([property, 39, 40, 41].map(|property| (property, count)));
                replaced.fetch_add(1, Ordering::Relaxed);
            }
            contents
        });
        scope.spawn(|| {
            // Nobody replaces these, so each read of them finds the same.
            let ids: Vec<_> = (21..=38).chain(42..=PLANS).map(Into::into).collect();
            let mut before = None;
            while going.load(Ordering::Relaxed) {
                let found = store.read(|uow| uow.plans().with_measures(&ids)).unwrap();
                let mut seen: Vec<_> = found
                    .iter()
                    .flat_map(|one| &one.measures)
                    .map(|m| (m.plan_id, m.property_id, m.description.clone()))
                    .collect();
                seen.sort();
                assert_eq!(*before.get_or_insert_with(|| seen.clone()), seen);
                let so_far = made.lock().unwrap().clone();
                assert_kept(store, &so_far);
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Until all of them have met it, stopped and resumed on the way.
        let _ends = Ends(&going);
        let enough =
            || [&late, &replaced, &reads].iter().all(|count| count.load(Ordering::Relaxed) >= 12);
        run_and_stop(store, enough);
        going.store(false, Ordering::Relaxed);
        replaces.join().unwrap()
    });
    let (made, late) = (made.into_inner().unwrap(), late.into_inner());
    assert_eq!(made.len(), late);
    settles(store, &made, &contents);
    println!(
        "{late} legacy plans, {} replaces, {} reads",
        replaced.into_inner(),
        reads.into_inner()
    );
}

/// Brings the rest over, and finds everything that was made: measures by their plan, and how many
/// a replaced property has.
fn settles(store: &Store, made: &BTreeMap<i64, Vec<String>>, contents: &BTreeMap<i64, usize>) {
    assert_kept(store, made);
    moved(store);
    assert_kept(store, made);
    let found = status(store);
    assert_eq!((found.legacy_only, found.shared), (0, 0), "{found}");
    assert!(found.contradictory > 0, "{found}");
    store.write(|uow| resolve_contradictions(uow, Prefer::Both, 10_000)).unwrap();
    assert_kept(store, made);
    let found = status(store);
    assert!(found.is_moved(), "{found}");

    // Each legacy plan has its own three and what it shares, each replaced one what it was replaced
    // with.
    let count =
        |of: &str| number(store, &format!("SELECT count(*) FROM plan_measure m WHERE {of}"));
    let all: usize = made.values().map(Vec::len).sum();
    assert_eq!(count("plan_id > 100000"), all as i64);
    for (property, measures) in contents {
        let plan = format!("plan_id = {property}");
        assert_eq!(count(&plan), *measures as i64, "{plan}");
        assert_eq!(count(&format!("{plan} AND measure_type IN ('own', 'late')")), 0, "{plan}");
        let joined = format!("SELECT count(*) FROM plan_recommendations WHERE {plan}");
        assert_eq!(number(store, &joined), 0, "{plan}");
    }
    for property in (1..=PLANS).filter(|property| !contents.contains_key(property)) {
        let shared = i64::from((property - 1) % 10 == 0 && property > 1 && property < 61);
        assert_eq!(count(&format!("plan_id = {property}")), 3 + shared, "plan {property}");
    }
}
