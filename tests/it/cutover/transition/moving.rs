//! The job, alone.

use planwright::batch::{self, Phase, Stop};
use planwright::cutover::transition::{JOB, RUN_NAME};
use planwright::verify::Fingerprint;

use super::*;
use crate::support::number;

#[test]
fn status_counts_each_iteration_once() {
    let database = legacy();
    let store = database.store();
    assert_eq!(counts(store), [0, 7, 0, 2, 0, 0]);
    let found = status(store);
    assert!(found.column_exists && !found.is_moved());
    assert_eq!(
        found.to_string(),
        "[x] 0 iterations name their plan\n\
         [ ] 7 run their migration's: the backfill names it\n\
         [x] 0 have none at all\n\
         [ ] 2 migrations name a plan and have no iteration: the backfill makes one\n\
         [x] 0 name a plan that none of their iterations runs\n\
         [x] 0 have several plans\n\
         [ ] migrations_mig.plm_id is there\n"
    );
    assert_eq!(serde_json::to_value(found).unwrap()["without_iteration"], 2);

    // One of the two iterations of 13 with a plan of its own, both of 11's another one; 14's the
    // same as its migration's.
    for (iterations, plan) in [("= 105", 3), ("BETWEEN 101 AND 103", 2), ("= 107", 3)] {
        let plan = key(plan);
        let sql = format!(
            "UPDATE iterations_ite SET plm_id = {plan}
              WHERE right(ite_id::text, 3)::int {iterations}"
        );
        run(store, &sql).unwrap();
    }
    assert_eq!(counts(store), [5, 2, 0, 2, 1, 2]);
    assert!(status(store).to_string().contains("[-] 2 have several plans: no way back\n"));

    let fresh = crate::cutover::database();
    assert_eq!(counts(fresh.store()), [0; 6]);
    assert!(!status(fresh.store()).column_exists);
    assert!(status(fresh.store()).to_string().ends_with("[x] migrations_mig.plm_id is gone\n"));
}

#[test]
fn every_iteration_gets_the_plan_that_it_ran_and_every_migration_keeps_its_own() {
    let database = adopted();
    let store = database.store();
    let before = Fingerprint::take(store, &transition::sources()).unwrap();
    assert_eq!(before.contents.iter().map(|one| one.rows).collect::<Vec<_>>(), [6, 6, 7, 3]);
    migrator(store).up().unwrap();
    assert_eq!(plans(store), AT_FIRST);
    let outcome = backfill(store).unwrap();
    assert_eq!(outcome.status().phase, Phase::Finished);
    assert_eq!((outcome.status().rows_done, outcome.status().rows_estimated), (9, Some(9)));
    assert_eq!(plans(store), IN_THE_END);
    assert_eq!(counts(store), [9, 0, 0, 0, 0, 0]);
    assert!(status(store).is_moved());

    let compare = || {
        let mapping = transition::mapping();
        let after = before.take_again(store, &mapping).unwrap();
        let comparison = before.compare_with(&after, &mapping);
        comparison.require_equal().unwrap_or_else(|error| panic!("{error}: {comparison}"));
    };
    compare();
    assert_eq!(backfill(store).unwrap().status().rows_done, 0);
    for step in STEPS {
        contract(store, step).unwrap().unwrap();
    }
    compare();
    // After the contract there is nothing to do, and nothing that it could do wrong.
    let outcome = backfill(store).unwrap();
    assert_eq!((outcome.status().rows_done, outcome.status().rows_estimated), (0, Some(0)));
    assert_eq!(plans(store), IN_THE_END);
    compare();
    // That it can fail.
    run(store, &format!("DELETE FROM iterations_ite WHERE ite_id = {}", key(107))).unwrap();
    let after = before.take_again(store, &transition::mapping()).unwrap();
    assert!(!before.compare_with(&after, &transition::mapping()).is_equal());
}

#[test]
fn what_it_made_is_listed_by_whoever_asks() {
    let database = filled();
    let store = database.store();
    let listed = made(store);
    let named: Vec<_> = listed.iter().map(|one| (&*one.mig_name, &*one.ite_name)).collect();
    assert_eq!(named, [("Move 15", RUN_NAME), ("Move 16", RUN_NAME)]);
    assert_eq!(
        listed[0].to_string(),
        format!(
            "migration 00000000-0000-0000-0000-000000000015 (Move 15) has got iteration {} (Run 1)",
            listed[0].ite_id
        )
    );
    let first = store.read(|uow| transition::backfilled(uow, Page::first(1))).unwrap();
    assert_eq!((first.items.as_slice(), first.next), (&listed[..1], Some(listed[0].ite_id)));
    let next = Page::after(listed[0].ite_id, 1);
    let second = store.read(|uow| transition::backfilled(uow, next)).unwrap();
    assert_eq!((second.items.as_slice(), second.next), (&listed[1..], None));
    let none = store.read(|uow| transition::backfilled(uow, Page::first(0))).unwrap_err();
    assert!(matches!(none, Error::Invalid { .. }));

    let iteration = store.read(|uow| uow.iterations().get(listed[0].ite_id)).unwrap();
    assert_eq!(iteration.created_by.as_deref(), Some(JOB));
    assert_eq!(iteration.updated_by.as_deref(), Some(JOB));
    assert_eq!((iteration.itt_code.as_str(), iteration.ite_status.label()), ("RUN", "PLANNING"));
    // Whoever renames it, or claims to have made it, changes nothing of that.
    let sql = "UPDATE iterations_ite SET ite_name = 'First', created_by = 'me'
                WHERE created_by = 'cutover_backfill' AND mig_id = ";
    run(store, &format!("{sql}{}", key(15))).unwrap();
    assert_eq!(made(store)[0].ite_name, "First");
    assert_eq!(made(store).len(), 2);
}

#[test]
fn to_name_a_plan_is_no_change_and_to_give_another_is_one() {
    let database = legacy();
    let store = database.store();
    let stamps = |which: &str| {
        of(
            store,
            &format!(
                "SELECT string_agg(DISTINCT updated_by || ' ' || (updated_at < '2025-01-01'), ',')
                   FROM iterations_ite WHERE created_by = 'old' AND {which}"
            ),
        )
    };
    // Somebody gives 105 another plan than its migration's, and names that of 106 with a note.
    let write = |sql: &str| store.transaction().actor("amy").run(|uow| execute(uow, sql)).unwrap();
    let (odd, noted) = (format!("ite_id = {}", key(105)), format!("ite_id = {}", key(106)));
    write(&format!("UPDATE iterations_ite SET plm_id = {} WHERE {odd}", key(3)));
    write(&format!(
        "UPDATE iterations_ite SET plm_id = {}, ite_description = 'n' WHERE {noted}",
        key(2)
    ));
    assert_eq!((&*stamps(&odd), &*stamps(&noted)), ("amy false", "amy false"));
    assert!(backfill(store).unwrap().is_finished());
    let rest = format!("NOT {odd} AND NOT {noted}");
    assert_eq!(stamps(&rest), "older true", "the job");
    // Taken from the migration: they keep it, which is no change either.
    let database = legacy();
    let store = database.store();
    let take = format!("UPDATE migrations_mig SET plm_id = NULL WHERE mig_id = {}", key(11));
    assert_eq!(store.transaction().actor("amy").run(|uow| execute(uow, &take)).unwrap(), 1);
    let kept = "SELECT string_agg(DISTINCT updated_by || right(plm_id::text, 1), ',')
                  FROM iterations_ite WHERE right(mig_id::text, 2) = '11'";
    assert_eq!(of(store, kept), "older1");
}

#[test]
fn a_stopped_backfill_goes_on_where_it_was() {
    let database = legacy();
    let store = database.store();
    let mut runs = 0;
    loop {
        let stop = Stop::default();
        let told = stop.clone();
        let outcome = batch::Runner::new(store)
            .sizes(1..=1)
            .first_size(1)
            .stop_with(&stop)
            .on_progress(move |event| {
                if matches!(event, batch::Progress::BatchDone { .. }) {
                    told.stop();
                }
            })
            .run(&mut Backfill::new())
            .unwrap();
        runs += 1;
        // Halfway through, everybody sees everything.
        assert!(plans(store).ends_with(AT_FIRST), "after {runs} runs");
        assert!(runs < 20);
        if outcome.is_finished() {
            assert_eq!(outcome.status().rows_done, 9);
            break;
        }
    }
    assert!(runs > 5, "{runs}");
    assert_eq!(plans(store), IN_THE_END);
    assert_eq!(made(store).len(), 2, "of several runs");
}

#[test]
fn the_type_that_it_needs_may_be_switched_off_but_must_be_there() {
    let database = legacy();
    let store = database.store();
    run(store, "UPDATE iterations_ite SET itt_code = 'DR' WHERE itt_code = 'RUN'").unwrap();
    run(store, "DELETE FROM iteration_types_itt WHERE itt_code = 'RUN'").unwrap();
    let error = backfill(store).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "cutover::IterationType.itt_code: there is no type RUN, which cutover_backfill gives to \
         iterations: insert it"
    );
    let status = batch::status(store, JOB).unwrap().unwrap();
    assert_eq!(status.phase, Phase::Failed);
    let run_type = "INSERT INTO iteration_types_itt (itt_code, itt_name, active)
                    VALUES ('RUN', 'Mine', false)";
    run(store, run_type).unwrap();
    assert!(batch::Runner::new(store).run(&mut Backfill::new()).unwrap().is_finished());
    assert_eq!(plans(store), IN_THE_END);

    // A host whose migrations all have iterations never notices.
    let database = legacy();
    let store = database.store();
    for sql in [
        "UPDATE iterations_ite SET itt_code = 'DR' WHERE itt_code = 'RUN'",
        "DELETE FROM iteration_types_itt WHERE itt_code = 'RUN'",
        "DELETE FROM migrations_mig m
          WHERE NOT EXISTS (SELECT FROM iterations_ite i WHERE i.mig_id = m.mig_id)",
    ] {
        run(store, sql).unwrap();
    }
    assert!(backfill(store).unwrap().is_finished());
}

#[test]
fn a_batch_that_stores_something_else_is_rolled_back() {
    for (what, event) in [("named", "UPDATE"), ("made", "INSERT")] {
        let database = legacy();
        let store = database.store();
        let spoil = format!(
            "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
             $$ BEGIN NEW.plm_id = {}; RETURN NEW; END $$",
            key(3)
        );
        run(store, &spoil).unwrap();
        let trigger = format!(
            "CREATE TRIGGER z_spoil BEFORE {event} ON iterations_ite
             FOR EACH ROW EXECUTE FUNCTION spoil()"
        );
        run(store, &trigger).unwrap();
        let error = backfill(store).unwrap_err();
        assert!(matches!(error, Error::Verification { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(&format!("iterations were to be {what}")), "{text}");
        assert!(text.contains("with other plans"), "{text}");
        assert_eq!(plans(store), AT_FIRST, "{what}");
        run(store, "DROP TRIGGER z_spoil ON iterations_ite").unwrap();
        assert!(backfill(store).unwrap().is_finished());
        assert_eq!(plans(store), IN_THE_END);
    }
}

#[test]
fn an_iteration_without_any_plan_is_told_and_not_gone_over_for_ever() {
    let database = legacy();
    let store = database.store();
    let lost = format!(
        "WITH m AS (INSERT INTO migrations_mig (mig_id, mig_name, mig_type)
                    VALUES ({}, 'New', 'X') RETURNING mig_id)
         INSERT INTO iterations_ite (mig_id, itt_code, ite_name)
         SELECT mig_id, 'DR', 'lost' FROM m",
        key(99)
    );
    // As a copy from elsewhere is loaded.
    let load = |uow: &mut UnitOfWork<'_>| {
        execute(uow, "SET LOCAL session_replication_role = replica")?;
        execute(uow, &lost)
    };
    store.write(load).unwrap();
    assert_eq!(counts(store), [0, 7, 1, 2, 0, 0]);
    let error = backfill(store).unwrap_err();
    assert!(matches!(error, Error::Verification { .. }), "{error:?}");
    let told = "1 iterations name no master plan, and their migrations have none";
    assert!(error.to_string().contains(told), "{error}");
    let refused = refusal(contract(store, transition::CHECK_PLAN));
    assert!(refused.contains("cutover_backfill"), "{refused}");
    let give = format!("UPDATE iterations_ite SET plm_id = {} WHERE ite_name = 'lost'", key(1));
    run(store, &give).unwrap();
    assert!(backfill(store).unwrap().is_finished());
}

#[test]
fn who_has_made_a_migration_just_now_may_still_add_its_iterations() {
    let database = legacy();
    let store = database.store();
    let insert = |name: &str, at: &str| {
        let sql = format!(
            "INSERT INTO migrations_mig (plm_id, mig_name, mig_type, created_at)
             VALUES ({}, '{name}', 'X', {at})",
            key(1)
        );
        run(store, &sql).unwrap();
    };
    insert("Ahead", "'2126-01-01'");
    let late = AtomicBool::new(false);
    let outcome = batch::Runner::new(store)
        .sizes(1..=1)
        .first_size(1)
        .on_progress(|event| {
            let begun = matches!(event, batch::Progress::BatchDone { .. });
            if begun && !late.swap(true, Ordering::Relaxed) {
                insert("Late", "'2126-01-02'");
            }
        })
        .run(&mut Backfill::new())
        .unwrap();
    assert!(outcome.is_finished());
    let named: Vec<_> = made(store).into_iter().map(|one| one.mig_name).collect();
    assert_eq!(named.len(), 3, "{named:?}");
    assert!(!named.contains(&"Late".to_owned()), "{named:?}");
    assert_eq!(counts(store)[3], 1);
    assert!(backfill(store).unwrap().is_finished());
    assert_eq!((counts(store)[3], made(store).len()), (0, 4));
    // A time without end is one, too.
    insert("Infinite", "'infinity'");
    assert!(backfill(store).unwrap().is_finished());
    assert_eq!(made(store).len(), 5);
}

#[test]
fn what_is_done_already_is_not_locked_again() {
    let database = filled();
    let store = database.store();
    // A lock leaves its transaction there.
    let locks = "SELECT string_agg(format('%s %s', id, xmax), ', ' ORDER BY id)
                   FROM (SELECT mig_id AS id, xmax FROM migrations_mig
                         UNION ALL SELECT ite_id, xmax FROM iterations_ite) AS rows";
    let before = of(store, locks);
    assert!(backfill(store).unwrap().is_finished());
    assert_eq!(of(store, locks), before);
    assert_eq!(number(store, "SELECT count(*) FROM iterations_ite"), 9);
}
