//! The held steps, what they refuse, and every way back.

use planwright::ConstraintKind;
use planwright::cutover::transition::{
    CHECK_PLAN, DROP_COLUMN, NAME_KEY, PLAN_NOT_NULL, VALIDATE_PLAN,
};

use super::*;
use crate::support::number;

/// Which plan each migration names, such as `11:1`.
const NAMED: &str = "SELECT string_agg(right(mig_id::text, 2) || ':'
                               || coalesce(ltrim(right(plm_id::text, 2), '0'), 'none'),
                           ' ' ORDER BY mig_id)
                       FROM migrations_mig";

const AT_FIRST_NAMED: &str = "11:1 12:1 13:2 14:3 15:2 16:1";

fn set(store: &Store, iteration: u32, plan: u32) {
    let sql = format!(
        "UPDATE iterations_ite SET plm_id = {} WHERE ite_id = {}",
        key(plan),
        key(iteration)
    );
    assert_eq!(run(store, &sql).unwrap(), 1);
}

#[test]
fn names_that_are_there_twice_are_listed() {
    let database = adopted();
    let store = database.store();
    run(
        store,
        "UPDATE iterations_ite SET ite_name = 'It''s' WHERE right(ite_id::text, 3)::int <= 102",
    )
    .unwrap();
    run(
        store,
        "UPDATE iterations_ite SET ite_name = 'Same' WHERE ite_name IN ('Run 104', 'Run 105')",
    )
    .unwrap();
    migrator(store).up().unwrap();
    let refused = refusal(contract(store, NAME_KEY));
    let ids = [101, 102].map(|n: u32| format!("00000000-0000-0000-0000-{n:012}")).join(", ");
    let listed = format!(
        "refused by its guard, which lists 1: migration 00000000-0000-0000-0000-000000000011 has 2 \
         iterations named 'It''s': {ids}"
    );
    assert!(refused.contains(&listed), "{refused}");
    let rename = format!("UPDATE iterations_ite SET ite_name = 'Its' WHERE ite_id = {}", key(102));
    run(store, &rename).unwrap();
    contract(store, NAME_KEY).unwrap().unwrap();
    let double = "UPDATE iterations_ite SET ite_name = 'Its' WHERE ite_name LIKE 'It%'";
    let refused = run(store, double).unwrap_err();
    assert!(
        matches!(&refused, Error::Constraint { constraint, kind: ConstraintKind::Unique, .. }
                 if constraint == "iterations_ite_mig_id_ite_name_uq"),
        "{refused:?}"
    );
    migrator(store).down().unwrap();
    assert_eq!(run(store, double).unwrap(), 2);
}

#[test]
fn each_step_waits_for_what_comes_before_it() {
    let database = legacy();
    let store = database.store();
    for (step, why) in [
        (CHECK_PLAN, "cutover_backfill"),
        (VALIDATE_PLAN, CHECK_PLAN),
        (PLAN_NOT_NULL, VALIDATE_PLAN),
        (DROP_COLUMN, PLAN_NOT_NULL),
    ] {
        let refused = refusal(contract(store, step));
        assert!(refused.contains(why), "{refused}");
    }
    // Without an iteration to be given a plan the guard alone is asked, by a finished job.
    assert!(backfill(store).unwrap().is_finished());
    let unnamed = format!("UPDATE iterations_ite SET plm_id = NULL WHERE ite_id = {}", key(104));
    let by_hand = |uow: &mut UnitOfWork<'_>| {
        execute(uow, "SET LOCAL session_replication_role = replica")?;
        execute(uow, &unnamed)
    };
    store.write(by_hand).unwrap();
    let listed = "lists 1: iteration 00000000-0000-0000-0000-000000000104 (Run 104) names no master \
                  plan";
    assert!(refusal(contract(store, CHECK_PLAN)).contains(listed));
    assert!(backfill(store).unwrap().is_finished());
    contract(store, CHECK_PLAN).unwrap().unwrap();
    // As if one had come between the guard and the lock.
    store
        .write(|uow| {
            let check = "ALTER TABLE iterations_ite
                         ADD CONSTRAINT iterations_ite_plm_id_ck CHECK (plm_id IS NOT NULL) NOT VALID";
            execute(uow, "ALTER TABLE iterations_ite DROP CONSTRAINT iterations_ite_plm_id_ck")?;
            by_hand(uow)?;
            execute(uow, check)
        })
        .unwrap();
    assert!(refusal(contract(store, VALIDATE_PLAN)).contains(listed));
    assert!(backfill(store).unwrap().is_finished());
    contract(store, VALIDATE_PLAN).unwrap().unwrap();
    contract(store, PLAN_NOT_NULL).unwrap().unwrap();
    let refused = store.write(by_hand).unwrap_err();
    assert!(
        matches!(&refused, Error::Constraint { kind: ConstraintKind::NotNull, .. }),
        "{refused:?}"
    );
}

#[test]
fn the_column_goes_only_when_every_plan_is_in_an_iteration() {
    let database = contracted(PLAN_NOT_NULL);
    let store = database.store();
    let refused = refusal(migrator(store).contract(DROP_COLUMN));
    assert!(refused.contains("asks for the statement no_readers_left"), "{refused}");
    for shown in ["migrations_mig was read ", " rows were inserted and "] {
        assert!(refused.contains(shown), "{refused}");
    }
    // What came after the job, and what is run by none.
    let new = format!(
        "INSERT INTO migrations_mig (mig_id, plm_id, mig_name, mig_type)
         VALUES ({}, {}, 'New', 'X')",
        key(17),
        key(3)
    );
    run(store, &new).unwrap();
    set(store, 107, 1);
    assert_eq!(counts(store), [9, 0, 0, 1, 1, 1]);
    let refused = refusal(contract(store, DROP_COLUMN));
    let line = |migration: u32, name: &str| {
        format!(
            "master plan 00000000-0000-0000-0000-000000000003 of migration \
             00000000-0000-0000-0000-0000000000{migration} ({name}) is in none of its iterations"
        )
    };
    let listed = format!("lists 2: {}; {}", line(14, "Move 14"), line(17, "New"));
    assert!(refused.contains(&listed), "{refused}");
    assert!(backfill(store).unwrap().is_finished());
    let forget = format!("UPDATE migrations_mig SET plm_id = NULL WHERE mig_id = {}", key(14));
    run(store, &forget).unwrap();
    contract(store, DROP_COLUMN).unwrap().unwrap();
    assert_eq!(migrator(store).status().unwrap().held, Vec::<String>::new());
    let (plans, made) = (plans(store), made(store).len());
    assert!(plans.contains("107:1") && plans.contains("17 Run 1:3"), "{plans}");
    assert_eq!(made, 3);
}

#[test]
fn what_of_the_host_hangs_on_the_column_is_listed_first() {
    let database = contracted(PLAN_NOT_NULL);
    let store = database.store();
    for sql in [
        "CREATE VIEW planned AS SELECT mig_name, plm_id FROM migrations_mig",
        "CREATE VIEW unplanned AS SELECT mig_name FROM migrations_mig",
        "CREATE INDEX by_plan_and_name ON migrations_mig (plm_id, mig_name)",
        "ALTER TABLE migrations_mig ADD CONSTRAINT once UNIQUE (mig_name, plm_id)",
        "CREATE FUNCTION plan_of(uuid) RETURNS uuid LANGUAGE sql
             AS 'SELECT plm_id FROM migrations_mig WHERE mig_id = $1'",
        "CREATE FUNCTION name_of(uuid) RETURNS text LANGUAGE sql
             AS 'SELECT mig_name FROM migrations_mig WHERE mig_id = $1'",
    ] {
        run(store, sql).unwrap();
    }
    let refused = refusal(contract(store, DROP_COLUMN));
    let listed = "lists 3: constraint once on table migrations_mig uses migrations_mig.plm_id; \
                  index by_plan_and_name uses migrations_mig.plm_id; \
                  rule _RETURN on view planned uses migrations_mig.plm_id";
    assert!(refused.contains(listed), "{refused}");
    for sql in [
        "DROP VIEW planned",
        "DROP INDEX by_plan_and_name",
        "ALTER TABLE migrations_mig DROP CONSTRAINT once",
    ] {
        run(store, sql).unwrap();
    }
    // The text of functions tells no more than where to look.
    let asked = refusal(migrator(store).contract(DROP_COLUMN));
    assert!(asked.contains("plan_of(uuid) names migrations_mig and plm_id"), "{asked}");
    assert!(!asked.contains("name_of") && !asked.contains("planwright.cutover"), "{asked}");
    contract(store, DROP_COLUMN).unwrap().unwrap();
}

#[test]
fn the_way_back_brings_every_plan_to_its_migration() {
    let database = contracted(DROP_COLUMN);
    let store = database.store();
    let stamps = "SELECT string_agg(DISTINCT updated_by || updated_at, ',') FROM migrations_mig";
    let before = (of(store, stamps), plans(store));
    migrator(store).down().unwrap();
    assert_eq!(of(store, NAMED), AT_FIRST_NAMED);
    assert_eq!((of(store, stamps), plans(store)), before, "to go back changes no migration");
    contract(store, DROP_COLUMN).unwrap().unwrap();
    migrator(store).down_to(BASELINE).unwrap();
    assert_eq!(of(store, NAMED), AT_FIRST_NAMED);
    assert_eq!(number(store, "SELECT count(*) FROM iterations_ite"), 9);
    let must = "INSERT INTO migrations_mig (mig_name, mig_type) VALUES ('None', 'X')";
    let refused = run(store, must).unwrap_err();
    assert!(matches!(refused, Error::Constraint { kind: ConstraintKind::NotNull, .. }));

    // And there again, with nothing that was made twice.
    migrator(store).up().unwrap();
    assert!(backfill(store).unwrap().is_finished());
    for step in STEPS {
        contract(store, step).unwrap().unwrap();
    }
    assert_eq!(plans(store), IN_THE_END);
}

#[test]
fn the_column_does_not_come_back_where_a_migration_uses_several_plans() {
    let database = contracted(DROP_COLUMN);
    let store = database.store();
    set(store, 102, 3);
    set(store, 106, 1);
    let refused = refusal(migrator(store).down());
    let plan = |n: u32| format!("00000000-0000-0000-0000-{n:012}");
    let listed = format!(
        "a migration can name one master plan only: migration {} (Move 11) uses {}, {}; migration \
         {} (Move 13) uses {}, {}",
        plan(11),
        plan(1),
        plan(3),
        plan(13),
        plan(1),
        plan(2)
    );
    assert!(refused.contains(&listed), "{refused}");
    assert!(!status(store).column_exists);
    set(store, 102, 1);
    set(store, 106, 2);
    // A migration without a plan has none again.
    run(store, "INSERT INTO migrations_mig (mig_name, mig_type) VALUES ('None', 'X')").unwrap();
    migrator(store).down().unwrap();
    assert!(of(store, NAMED).ends_with(":none"), "{}", of(store, NAMED));
    assert!(of(store, NAMED).starts_with(AT_FIRST_NAMED), "{}", of(store, NAMED));
}

#[test]
fn the_expansion_is_not_taken_back_where_a_migration_would_lose_a_plan_or_have_none() {
    let database = legacy();
    let store = database.store();
    let down = || migrator(store).down_to(BASELINE);
    let plan = |n: u32| format!("00000000-0000-0000-0000-{n:012}");

    // Its iterations run two, or all of them another one than the migration names.
    set(store, 102, 3);
    set(store, 107, 1);
    let refused = refusal(down());
    for (migration, plans) in [(11, [1, 3]), (14, [1, 3])] {
        let listed = format!(
            "migration {} (Move {migration}) has the master plans {}, {}",
            plan(migration),
            plan(plans[0]),
            plan(plans[1])
        );
        assert!(refused.contains(&listed), "{refused}");
    }
    set(store, 102, 1);
    set(store, 107, 3);

    // None, and nothing to take one from.
    migrator(store).up().unwrap();
    let none = "INSERT INTO migrations_mig (mig_id, mig_name, mig_type) VALUES";
    run(store, &format!("{none} ({}, 'None', 'X')", key(17))).unwrap();
    let refused = refusal(down());
    let listed = format!("migration {} (None) has no master plan and no iteration", plan(17));
    assert!(refused.contains(&listed), "{refused}");

    // One that its iterations tell.
    migrator(store).up().unwrap();
    let told = format!(
        "INSERT INTO iterations_ite (mig_id, plm_id, itt_code, ite_name)
         VALUES ({}, {}, 'DR', 'Own')",
        key(17),
        key(2)
    );
    run(store, &told).unwrap();
    let before = of(store, "SELECT string_agg(updated_by, ',') FROM migrations_mig");
    down().unwrap();
    assert_eq!(of(store, NAMED), format!("{AT_FIRST_NAMED} 17:2"));
    assert_eq!(of(store, "SELECT string_agg(updated_by, ',') FROM migrations_mig"), before);
}

#[test]
fn every_step_is_taken_back_and_there_again() {
    let database = contracted(DROP_COLUMN);
    let store = database.store();
    for (nth, step) in STEPS.iter().enumerate().rev() {
        let [reverted] = &*migrator(store).down().unwrap() else { panic!("one step") };
        assert_eq!(reverted.name, *step);
        assert_eq!(plans(store), IN_THE_END, "without {step}");
        assert_eq!(number(store, "SELECT count(*) FROM iteration_plans"), 9);
        for again in &STEPS[nth..] {
            contract(store, again).unwrap().unwrap();
        }
        migrator(store).down_steps(STEPS.len() - nth).unwrap();
        // An old writer goes on in each of them.
        let insert = format!(
            "INSERT INTO iterations_ite (mig_id, itt_code, ite_name) VALUES ({}, 'DR', 'x')",
            key(13)
        );
        run(store, &insert).unwrap();
        assert!(plans(store).contains("13 x:2"), "without {step}: {}", plans(store));
        run(store, "DELETE FROM iterations_ite WHERE ite_name = 'x'").unwrap();
    }
}

#[test]
fn options_that_the_host_gave_the_view_survive_every_step() {
    let database = contracted(PLAN_NOT_NULL);
    let store = database.store();
    let options = "SELECT count(*) FROM pg_class WHERE oid = 'iteration_plans'::regclass
                    AND reloptions = '{security_barrier=on,security_invoker=true}'";
    let set = "ALTER VIEW iteration_plans SET (security_barrier = on, security_invoker = true)";
    run(store, set).unwrap();
    contract(store, DROP_COLUMN).unwrap().unwrap();
    assert_eq!(number(store, options), 1, "dropped");
    migrator(store).down().unwrap();
    assert_eq!(number(store, options), 1, "there again");
}
