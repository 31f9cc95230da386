//! The job beside writers and readers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use planwright::batch::{Progress, Stop};
use planwright::modelling::{Outcome as Replace, factory};

use super::*;
use crate::support::number;

const PLANS: i64 = 60;

/// As a front end does it that knows only the baseline: a plan, its measures, their links; now and
/// then an old measure is shared by the new plan.
fn insert_legacy(uow: &mut UnitOfWork<'_>, property: i64, shared: bool) -> Result<usize> {
    let scenario = "(SELECT min(id) FROM scenario)";
    execute(
        uow,
        &format!(
            "WITH p AS (INSERT INTO plan (property_id, scenario_id)
                        VALUES ({property}, {scenario}) RETURNING id),
                  r AS (INSERT INTO recommendation (property_id, measure_type, description)
                        SELECT {property}, 'late', n::text FROM generate_series(1, 3) n
                        RETURNING id)
             INSERT INTO plan_recommendations
             SELECT p.id, r.id FROM p, r
             UNION ALL
             SELECT p.id, {property} % {PLANS} * 100 + 1 FROM p WHERE {shared}"
        ),
    )
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

#[test]
fn beside_writers_readers_and_replaces_nothing_is_lost() {
    let database = expanded();
    let store = database.store();
    let scenario = scenario(store);
    build(store);
    let (going, late, replaced, reads) =
        (AtomicBool::new(true), AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let contents: BTreeMap<i64, usize> = thread::scope(|scope| {
        scope.spawn(|| {
            for property in 1_000.. {
                if !going.load(Ordering::Relaxed) {
                    break;
                }
                store.write(|uow| insert_legacy(uow, property, false)).unwrap();
                late.fetch_add(1, Ordering::Relaxed);
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
                reads.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Until all of them have met it, stopped and resumed on the way.
        let enough =
            || [&late, &replaced, &reads].iter().all(|count| count.load(Ordering::Relaxed) >= 12);
        run_and_stop(store, enough);
        going.store(false, Ordering::Relaxed);
        replaces.join().unwrap()
    });
    moved(store);
    let found = status(store);
    assert!(found.is_moved(), "{found}");

    // Each legacy plan has its own three, each replaced one what it was replaced with.
    let late = late.into_inner() as i64;
    let count =
        |of: &str| number(store, &format!("SELECT count(*) FROM plan_measure m WHERE {of}"));
    assert_eq!(count("plan_id > 100000 AND measure_type = 'late'"), 3 * late);
    for (property, measures) in &contents {
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
    println!(
        "{late} legacy plans, {} replaces, {} reads",
        replaced.into_inner(),
        reads.into_inner()
    );
}
