//! The job, alone.

use planwright::batch::{self, Phase, Progress, Stop};
use planwright::modelling::{NewPlan, NewPlanMeasure, Outcome as Replace, factory};

use super::*;
use crate::support::{modelling, number};

#[test]
fn status_counts_each_recommendation_once() {
    let database = legacy();
    let store = database.store();
    assert_eq!(counts(store), [2, 10, 2, 2, 1]);
    assert_eq!(number(store, "SELECT count(*) FROM recommendation"), 17);
    let found = status(store);
    assert!(found.join_exists && !found.is_moved());
    assert_eq!(
        found.to_string(),
        "[x] 2 linked\n\
         [ ] 10 linked by the join only: the backfill links them\n\
         [ ] 2 shared by several plans: the backfill copies them\n\
         [ ] 1 contradictory: resolve_contradictions settles them\n\
         [ ] 2 orphaned: theirs is no plan, and plan_id stays nullable\n\
         [ ] plan_recommendations is there\n"
    );
    assert_eq!(serde_json::to_value(found).unwrap()["contradictory"], 1);

    let fresh = modelling();
    assert_eq!(counts(fresh.store()), [0; 5]);
    assert!(!status(fresh.store()).join_exists);
    assert!(status(fresh.store()).to_string().ends_with("[x] plan_recommendations is gone\n"));
}

#[test]
fn every_reader_sees_after_the_backfill_what_it_saw_before() {
    let database = legacy();
    let store = database.store();
    let see = || store.read(|uow| Ok((measures(uow)?, joined(uow)?))).unwrap();
    let before = see();
    assert_eq!(before.0.lines().count(), 10 + 5 + 3);
    let outcome = backfill(store).unwrap();
    assert_eq!(outcome.status().rows_done, 15, "links");
    assert_eq!(outcome.status().rows_estimated, Some(15));
    assert_eq!(outcome.status().phase, Phase::Finished);
    assert_eq!(see(), before);

    // Two were copied twice and once, and nothing else has changed its key.
    assert_eq!(counts(store), [2 + 10 + 5, 0, 0, 2, 1]);
    let of = |sql: &str| store.read(|uow| text(uow, sql)).unwrap();
    let shared = "SELECT string_agg(id || ' ' || plan_id, ', ' ORDER BY id) FROM recommendation
                   WHERE measure_type = 'shared' AND id < 200";
    assert_eq!(of(shared), "101 1, 102 2", "the oldest plan keeps the row");
    let copies = "SELECT string_agg(plan_id || ' ' || description, ', ' ORDER BY plan_id)
                    FROM recommendation WHERE id > 200";
    assert_eq!(of(copies), "2 by three, 3 by three, 5 by two");
    assert_eq!(number(store, "SELECT count(position) FROM recommendation"), 0);
    let untouched = "SELECT string_agg(format('%s %s', id, plan_id), ', ' ORDER BY id)
                       FROM recommendation WHERE id BETWEEN 103 AND 107";
    assert_eq!(of(untouched), "103 , 104 , 105 4, 106 6, 107 6");

    assert!(matches!(backfill(store).unwrap(), Outcome::FinishedBefore(_)));
    let again = batch::Runner::new(store).anew(true).run(&mut Backfill::new()).unwrap();
    assert_eq!(again.status().rows_done, 0);
    assert_eq!(see(), before);
}

#[test]
fn columns_of_the_host_are_copied_and_a_place_without_a_plan_means_nothing() {
    let database = legacy();
    let store = database.store();
    store
        .write(|uow| {
            execute(uow, "ALTER TABLE recommendation ADD COLUMN gone int, ADD COLUMN note text")?;
            execute(uow, "ALTER TABLE recommendation DROP COLUMN gone")?;
            execute(
                uow,
                "UPDATE recommendation SET note = 'of ' || id,
                     position = CASE WHEN plan_id IS NULL THEN 0 END",
            )
        })
        .unwrap();
    moved(store);
    let noted = "SELECT count(*) FROM recommendation WHERE id > 200 AND note LIKE 'of 10_'";
    assert_eq!(number(store, noted), 3);
    let placed = "SELECT count(*) FROM recommendation WHERE position = 0 AND plan_id < 4";
    assert_eq!(number(store, placed), 0);
}

#[test]
fn a_stopped_backfill_goes_on_where_it_was() {
    let database = legacy();
    let store = database.store();
    let before = store.read(measures).unwrap();
    let mut runs = 0;
    loop {
        let stop = Stop::default();
        let told = stop.clone();
        let outcome = batch::Runner::new(store)
            .sizes(1..=2)
            .first_size(1)
            .stop_with(&stop)
            .on_progress(move |event| {
                if matches!(event, Progress::BatchDone { .. }) {
                    told.stop();
                }
            })
            .run(&mut Backfill::new())
            .unwrap();
        runs += 1;
        // Halfway through, everybody sees everything.
        assert_eq!(store.read(measures).unwrap(), before, "after {runs} runs");
        assert!(runs < 20);
        if outcome.is_finished() {
            assert_eq!(outcome.status().rows_done, 15);
            break;
        }
    }
    assert!(runs > 5, "{runs}");
}

#[test]
fn what_another_transaction_holds_is_waited_for_after_the_rest() {
    let database = legacy();
    let store = database.store();
    for held in [
        "SELECT FROM plan WHERE id = 2 FOR UPDATE",
        "SELECT FROM recommendation WHERE id = 11 FOR UPDATE",
        "DELETE FROM plan_recommendations WHERE recommendation_id = 12",
        // Its row is locked by the new link, for as long as that is not committed.
        "INSERT INTO plan_recommendations VALUES (4, 21)",
    ] {
        store.write(|uow| execute(uow, "UPDATE recommendation SET plan_id = NULL")).unwrap();
        let (held_now, release) = std::sync::mpsc::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let outcome = std::thread::scope(|scope| {
            scope.spawn(move || {
                store
                    .write(|uow| {
                        execute(uow, held)?;
                        tell.send(()).unwrap();
                        release.recv().unwrap();
                        Ok(())
                    })
                    .unwrap();
            });
            told.recv().unwrap();
            let mut left = Vec::new();
            let outcome = batch::Runner::new(store)
                .anew(true)
                .on_progress(|event| {
                    if matches!(event, Progress::AnotherPass { .. }) {
                        left.push(counts(store));
                        held_now.send(()).ok();
                    }
                })
                .run(&mut Backfill::new())
                .unwrap();
            // The rest was done by then.
            let [linked, legacy_only, shared, ..] = left[0];
            assert!(linked > 9 && legacy_only + shared > 0, "{held}: {left:?}");
            outcome
        });
        assert!(outcome.status().pass > 1, "{held}");
        let [_, legacy_only, shared, ..] = counts(store);
        assert_eq!((legacy_only, shared), (0, 0), "{held}");
    }
    // The link that was removed in between was not moved, and the one that was added was.
    let of = |sql: &str| store.read(|uow| text(uow, sql)).unwrap();
    assert_eq!(
        of("SELECT coalesce(plan_id::text, 'none') FROM recommendation WHERE id = 12"),
        "none"
    );
    let copies =
        "SELECT count(*) FROM plan_measure WHERE plan_id = 4 AND description = 'measure 1 of 2'";
    assert_eq!(number(store, copies), 1);
}

#[test]
fn a_replaced_plan_keeps_what_it_was_replaced_with() {
    let database = legacy();
    let store = database.store();
    let scenario = scenario_of(store);
    let replace = || {
        store.write(|uow| uow.plans().replace(&factory::plan(2, scenario), &factory::measures(3)))
    };
    assert_eq!(replace().unwrap().outcome, Replace::Replaced);
    moved(store);
    assert_eq!(replace().unwrap().outcome, Replace::Unchanged);
    // One that was not: the job wrote no digest.
    let plan = NewPlan::new(3.into(), scenario);
    let measures = [NewPlanMeasure::new("own")];
    let replaced = store.write(|uow| uow.plans().replace(&plan, &measures)).unwrap();
    assert_eq!((replaced.outcome, replaced.measures.deleted), (Replace::Replaced, 3));
    assert_eq!(number(store, "SELECT count(*) FROM plan_recommendations WHERE plan_id = 3"), 0);
}

#[test]
fn a_batch_that_stores_something_else_is_rolled_back() {
    let database = legacy();
    let store = database.store();
    // Of a host.
    store
        .write(|uow| {
            execute(
                uow,
                "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN NEW.estimated_cost = 0; RETURN NEW; END $$",
            )?;
            execute(
                uow,
                "CREATE TRIGGER spoil BEFORE INSERT ON recommendation FOR EACH ROW
                 EXECUTE FUNCTION spoil()",
            )
        })
        .unwrap();
    let before = store.read(measures).unwrap();
    let error = backfill(store).unwrap_err();
    assert!(matches!(error, Error::Verification { .. }), "{error:?}");
    assert!(error.to_string().contains("with another content"), "{error}");
    assert_eq!(store.read(measures).unwrap(), before);
    assert_eq!(batch::status(store, transition::JOB).unwrap().unwrap().phase, Phase::Failed);

    store.write(|uow| execute(uow, "DROP TRIGGER spoil ON recommendation")).unwrap();
    assert!(backfill(store).unwrap().is_finished());
    assert_eq!(store.read(measures).unwrap(), before);
}

#[test]
fn a_trigger_that_keeps_a_column_of_the_host_is_no_mistake() {
    let database = legacy();
    let store = database.store();
    store
        .write(|uow| {
            execute(uow, "ALTER TABLE recommendation ADD COLUMN changed_at timestamptz")?;
            execute(
                uow,
                "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN NEW.changed_at = now(); RETURN NEW; END $$",
            )?;
            execute(
                uow,
                "CREATE TRIGGER touch BEFORE INSERT OR UPDATE ON recommendation FOR EACH ROW
                 EXECUTE FUNCTION touch()",
            )
        })
        .unwrap();
    let before = store.read(measures).unwrap();
    moved(store);
    assert_eq!(store.read(measures).unwrap(), before);
    assert_eq!(number(store, "SELECT count(changed_at) FROM recommendation"), 10 + 5);
}

#[test]
fn what_is_moved_already_is_not_locked_again() {
    let database = legacy();
    let store = database.store();
    moved(store);
    // A lock leaves its transaction there.
    let locks =
        "SELECT string_agg(format('%s %s', tableoid::regclass, xmax), ', ' ORDER BY tableoid, id)
                   FROM (SELECT tableoid, id, xmax FROM plan
                         UNION ALL SELECT tableoid, id, xmax FROM recommendation) AS rows";
    let of = || store.read(|uow| text(uow, locks)).unwrap();
    let before = of();
    assert!(before.contains("plan "), "{before}");
    moved(store);
    assert_eq!(of(), before);
}

#[test]
fn without_a_join_there_is_nothing_to_do() {
    let database = modelling();
    assert_eq!(backfill(database.store()).unwrap().status().rows_done, 0);
}

fn scenario_of(store: &Store) -> planwright::modelling::ScenarioId {
    number(store, "SELECT min(id) FROM scenario").into()
}
