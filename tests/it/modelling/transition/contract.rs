//! The held steps.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use planwright::ConstraintKind;
use planwright::modelling::transition::{
    CHECK_PLAN_ID, CLOSE_JOIN, DROP_JOIN, NO_READERS_LEFT, PLAN_ID_NOT_NULL, Prefer,
    VALIDATE_PLAN_ID, resolve_contradictions,
};

use super::*;
use crate::support::number;

#[derive(Debug, QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    text: String,
}

fn drop_join(store: &Store) -> Result<Option<planwright::migrate::Applied>> {
    migrator(store).confirm(NO_READERS_LEFT).contract(DROP_JOIN)
}

/// A legacy database whose links are moved and settled, and whose join is closed.
fn closed() -> TestDatabase {
    let database = legacy();
    let store = database.store();
    moved(store);
    store.write(|uow| resolve_contradictions(uow, Prefer::Both, 10)).unwrap();
    migrator(store).contract(CLOSE_JOIN).unwrap().unwrap();
    database
}

#[test]
fn closing_is_refused_while_links_are_not_moved() {
    let database = legacy();
    let store = database.store();
    let close = || migrator(store).contract(CLOSE_JOIN);
    let what = refusal(close());
    assert_eq!(
        what,
        format!(
            "{CLOSE_JOIN}: refused by its guard, which lists 2: 15 links to recommendations without \
             a plan_id, which the backfill moves; 1 links to recommendations of another plan, which \
             have to be resolved"
        )
    );
    moved(store);
    let what = refusal(close());
    assert!(what.contains("which lists 1: 1 links to recommendations of another plan"), "{what}");
    store.write(|uow| resolve_contradictions(uow, Prefer::PlanId, 10)).unwrap();
    assert_eq!(close().unwrap().unwrap().name, CLOSE_JOIN);

    // Nothing is added. What is there is read and deleted as before.
    let link = "INSERT INTO plan_recommendations VALUES (1, 103)";
    let refused = store.write(|uow| execute(uow, link)).unwrap_err();
    let Error::Constraint { constraint, kind, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!(
        (constraint.as_str(), *kind),
        ("plan_recommendations_closed_ck", ConstraintKind::Check)
    );
    assert!(store.read(joined).unwrap().lines().count() > 10);
    let gone = "DELETE FROM plan_recommendations WHERE plan_id = 1";
    assert_eq!(store.write(|uow| execute(uow, gone)).unwrap(), 3);
    migrator(store).down().unwrap();
    assert_eq!(store.write(|uow| execute(uow, link)).unwrap(), 1);
}

#[test]
fn the_join_is_dropped_only_when_nothing_stands_against_it() {
    let database = legacy();
    let store = database.store();
    let what = refusal(drop_join(store));
    assert_eq!(what, format!("{DROP_JOIN}: needs {CLOSE_JOIN}, which is not applied"));

    // Closed by hand over what is not moved yet, as if links had come in the last moment.
    moved(store);
    store.write(|uow| resolve_contradictions(uow, Prefer::Both, 10)).unwrap();
    migrator(store).contract(CLOSE_JOIN).unwrap();
    let unlink = |uow: &mut UnitOfWork<'_>| {
        execute(uow, "UPDATE recommendation SET plan_id = NULL WHERE id IN (11, 12, 101)")?;
        execute(uow, "UPDATE recommendation SET plan_id = 6 WHERE id = 21")
    };
    store.write(unlink).unwrap();
    let what = refusal(migrator(store).contract(DROP_JOIN));
    let asked =
        format!("{DROP_JOIN}: asks for the statement no_readers_left. The database shows: ");
    assert!(what.starts_with(&asked), "{what}");
    for shown in [
        "plan_recommendations was read ",
        " times in whole",
        " rows were inserted, ",
        "readers of plan_measure, replaces and the backfill are counted, too",
        ".confirm(\"no_readers_left\").contract(",
    ] {
        assert!(what.contains(shown), "{shown}: {what}");
    }
    // A year follows.
    assert!(what.contains("counted since 2") || what.contains("the server started at 2"), "{what}");

    store
        .write(|uow| {
            execute(uow, "CREATE SCHEMA host")?;
            for sql in [
                "CREATE VIEW host.selected AS SELECT plan_id FROM plan_recommendations",
                "CREATE MATERIALIZED VIEW kept AS SELECT * FROM host.selected
                   JOIN plan_recommendations USING (plan_id)",
                "CREATE FUNCTION host.count_all() RETURNS bigint LANGUAGE plpgsql AS
                 $$ BEGIN RETURN (SELECT count(*) FROM Plan_Recommendations); END $$",
                "CREATE FUNCTION atomic() RETURNS bigint LANGUAGE sql
                   BEGIN ATOMIC SELECT count(*) FROM plan_recommendations; END",
                // Something else of a similar name.
                "CREATE FUNCTION other() RETURNS text LANGUAGE sql AS
                 $$ SELECT 'my_plan_recommendations2' $$",
            ] {
                execute(uow, sql)?;
            }
            Ok(())
        })
        .unwrap();
    let what = refusal(drop_join(store));
    let listed = "refused by its guard, which lists 6: 3 links to recommendations without a \
                  plan_id, which the backfill moves; 1 links to recommendations of another plan, \
                  which have to be resolved; host.selected reads plan_recommendations; kept reads \
                  plan_recommendations; atomic() names plan_recommendations; …";
    assert_eq!(what, format!("{DROP_JOIN}: {listed}"));

    // A closed join takes no link to a copy: those go.
    moved(store);
    store.write(|uow| resolve_contradictions(uow, Prefer::Join, 10)).unwrap();
    let what = refusal(drop_join(store));
    assert!(what.contains("lists 4: host.selected reads"), "{what}");
    store
        .write(|uow| {
            execute(uow, "DROP MATERIALIZED VIEW kept")?;
            execute(uow, "DROP VIEW host.selected")?;
            execute(uow, "DROP FUNCTION atomic")?;
            execute(uow, "DROP FUNCTION host.count_all")
        })
        .unwrap();
    assert_eq!(drop_join(store).unwrap().unwrap().name, DROP_JOIN);
    assert!(!status(store).join_exists);
}

#[test]
fn a_drop_waits_for_the_job() {
    let database = expanded();
    let store = database.store();
    migrator(store).contract(CLOSE_JOIN).unwrap();
    let what = refusal(drop_join(store));
    assert!(what.contains("modelling_backfill"), "{what}");
    moved(store);
    drop_join(store).unwrap().unwrap();
}

#[test]
fn prepared_readers_survive_the_drop_and_its_down_and_see_the_same() {
    let database = closed();
    let store = database.store();
    let mut session = PgConnection::establish(database.url()).unwrap();
    session
        .batch_execute(
            "PREPARE reader AS SELECT count(*) FROM plan_measure WHERE plan_id = 2;
             PREPARE checked AS SELECT 1 / (count(*) = 4)::int FROM plan_measure WHERE plan_id = 2",
        )
        .unwrap();
    // Enough of them for a plan that is kept.
    for _ in 0..7 {
        session.batch_execute("EXECUTE checked").unwrap();
    }
    let before = store.read(|uow| Ok((measures(uow)?, joined(uow)?))).unwrap();
    drop_join(store).unwrap().unwrap();
    session.batch_execute("EXECUTE checked; EXECUTE reader").unwrap();
    assert_eq!(store.read(measures).unwrap(), before.0);
    let linked = "SELECT count(*) FROM plan_measure WHERE NOT linked";
    assert_eq!(number(store, linked), 0);
    // A replace asks for such rows, and that must cost nothing.
    let plan: Vec<Line> = store
        .read(|uow| {
            let sql = format!("EXPLAIN {linked} AND plan_id = 1");
            Ok(diesel::sql_query(sql).load(uow.connection())?)
        })
        .unwrap();
    assert!(plan.iter().any(|line| line.text.contains("One-Time Filter: false")), "{plan:?}");

    migrator(store).down().unwrap();
    session.batch_execute("EXECUTE checked").unwrap();
    let (measures_after, joined_after) =
        store.read(|uow| Ok((measures(uow)?, joined(uow)?))).unwrap();
    assert_eq!(measures_after, before.0);
    // What was linked by the column alone has a link now, too.
    let added: Vec<_> =
        joined_after.lines().filter(|line| !before.1.lines().any(|old| old == *line)).collect();
    assert_eq!(added, ["4 4 odd of 4 and 5 ", "6 6 linked by the column "]);
    assert_eq!(joined_after.lines().count(), before.1.lines().count() + 2);
    assert_eq!(counts(store)[1..], [0, 0, 2, 0]);
}

#[test]
fn plan_id_becomes_not_null_when_every_recommendation_has_a_plan() {
    let database = closed();
    let store = database.store();
    let contract = |step: &str| migrator(store).contract(step);
    assert!(refusal(contract(CHECK_PLAN_ID)).contains("needs "));
    drop_join(store).unwrap();
    let what = refusal(contract(CHECK_PLAN_ID));
    let listed = "refused by its guard, which lists 1: 2 recommendations without a plan";
    assert_eq!(what, format!("{CHECK_PLAN_ID}: {listed}"));
    let orphans = "DELETE FROM recommendation WHERE plan_id IS NULL";
    store.write(|uow| execute(uow, orphans)).unwrap();
    contract(CHECK_PLAN_ID).unwrap().unwrap();

    let orphan = "INSERT INTO recommendation (property_id, measure_type, description)
                  VALUES (1, 'late', '')";
    let refused = store.write(|uow| execute(uow, orphan)).unwrap_err();
    assert!(matches!(&refused, Error::Constraint { constraint, .. }
                     if constraint == "recommendation_plan_id_ck"));
    assert!(refusal(contract(PLAN_ID_NOT_NULL)).contains("needs "));

    // As if one had come between the guard and the lock.
    migrator(store).down().unwrap();
    store.write(|uow| execute(uow, orphan)).unwrap();
    let unchecked = "ALTER TABLE recommendation ADD CONSTRAINT recommendation_plan_id_ck
                     CHECK (plan_id IS NOT NULL) NOT VALID";
    store.write(|uow| execute(uow, "DELETE FROM recommendation WHERE plan_id IS NULL")).unwrap();
    contract(CHECK_PLAN_ID).unwrap().unwrap();
    store
        .write(|uow| {
            execute(uow, "ALTER TABLE recommendation DROP CONSTRAINT recommendation_plan_id_ck")?;
            execute(uow, orphan)?;
            execute(uow, unchecked)
        })
        .unwrap();
    let what = refusal(contract(VALIDATE_PLAN_ID));
    assert!(what.contains("lists 1: 1 recommendations without a plan"), "{what}");
    store.write(|uow| execute(uow, orphans)).unwrap();
    contract(VALIDATE_PLAN_ID).unwrap().unwrap();
    contract(PLAN_ID_NOT_NULL).unwrap().unwrap();
    let refused = store.write(|uow| execute(uow, orphan)).unwrap_err();
    assert!(
        matches!(&refused, Error::Constraint { kind: ConstraintKind::NotNull, .. }),
        "{refused:?}"
    );
    assert_eq!(migrator(store).status().unwrap().held, Vec::<String>::new());
    // And all the way back.
    let taken = migrator(store).down_steps(5).unwrap();
    assert_eq!(taken.last().unwrap().name, CLOSE_JOIN);
    store.write(|uow| execute(uow, orphan)).unwrap();
}

#[test]
fn options_that_the_host_gave_the_view_survive_every_step() {
    let database = closed();
    let store = database.store();
    let options = "SELECT count(*) FROM pg_class WHERE oid = 'plan_measure'::regclass
                    AND reloptions = '{security_barrier=on,security_invoker=true}'";
    let set = "ALTER VIEW plan_measure SET (security_barrier = on, security_invoker = true)";
    store.write(|uow| execute(uow, set)).unwrap();
    drop_join(store).unwrap().unwrap();
    assert_eq!(number(store, options), 1, "dropped");
    let mut taken = migrator(store).down().unwrap();
    assert_eq!(number(store, options), 1, "{taken:?}");
    while !taken.iter().any(|step| step.name.ends_with("_plan_measure_columns")) {
        taken = migrator(store).down().unwrap();
    }
    assert_eq!(number(store, options), 1, "{taken:?}");
    migrator(store).up().unwrap();
    assert_eq!(number(store, options), 1, "up again");
}

#[test]
fn a_column_of_the_host_is_not_dropped_with_the_join() {
    let database = closed();
    let store = database.store();
    let alter = |what: &str| {
        let sql = format!("ALTER TABLE plan_recommendations {what}");
        store.write(|uow| execute(uow, &sql)).unwrap();
    };
    alter("ADD COLUMN \"Chosen by\" text");
    let what = refusal(drop_join(store));
    let listed = "lists 1: plan_recommendations has a column of the host, \"Chosen by\", whose \
                  content would be lost";
    assert!(what.contains(listed), "{what}");
    alter("DROP COLUMN \"Chosen by\"");
    drop_join(store).unwrap().unwrap();
}
