//! Whether changes of what never changes are refused, and what the look at that finds.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::local_server::LocalServer;
use planwright::meal_planning::{IMMUTABLE, PrunePolicy, PruneScope};
use planwright::migrate::Migrator;
use planwright::testing::FaultProxy;
use planwright::verify::{Event, Immutability, ImmutabilityFinding, ImmutabilityReport, Severity};
use planwright::{Context, Store, StoreOptions};

use super::by_hand::version_of;
use super::{Kitchen, database};
use crate::support::{execute, number, replica_of};

/// A row in every table: two versions, an activation, and a version that was pruned.
fn full() -> Kitchen {
    let kitchen = Kitchen::new();
    let (user, draft) = (kitchen.user, kitchen.draft.draft_id);
    let content = kitchen.content([2, 2, 1, 2]);
    kitchen
        .store()
        .write(|uow| {
            uow.meal_plan_drafts(user).put(draft, kitchen.draft.revision, &content)?;
            version_of(uow, draft)?;
            version_of(uow, draft)?;
            version_of(uow, draft)
        })
        .unwrap();
    let run = |sql: &str| kitchen.store().write(|uow| execute(uow, sql)).unwrap();
    run("INSERT INTO plan_activations (plan_id, plan_version_id, version_number, activated_at,
                                       activated_by, cause, reason)
         SELECT plan_id, plan_version_id, version_number, now(), author_id, 'commit', ''
           FROM plan_versions WHERE version_number = 3");
    kitchen
        .store()
        .write(|uow| {
            let policy = PrunePolicy::keep_last(2).active_within(0);
            uow.meal_plan_versions().prune(PruneScope::All, &policy, user, "Space")
        })
        .map(|report| assert_eq!(report.gone().count(), 1))
        .unwrap();
    kitchen
}

fn look(store: &Store) -> ImmutabilityReport {
    Immutability::of(IMMUTABLE).run(store).unwrap()
}

/// The errors, as they are printed.
fn errors(report: &ImmutabilityReport) -> Vec<String> {
    let errors = report.checks.iter().filter(|check| check.severity == Severity::Error);
    errors.map(|check| format!("{}: {} {}", check.table, check.event, check.finding)).collect()
}

fn rows(store: &Store) -> i64 {
    let counts: Vec<_> =
        IMMUTABLE.iter().map(|table| format!("(SELECT count(*) FROM {})", table.name)).collect();
    number(store, &counts.join(" + "))
}

#[test]
fn everything_is_refused_and_nothing_changes() {
    let kitchen = full();
    let before = rows(kitchen.store());
    let report = look(kitchen.store());
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.checks.len(), 25, "{report}");
    for check in &report.checks {
        let in_replica_mode = check.event != Event::Insert;
        assert_eq!(check.finding, ImmutabilityFinding::Refused { in_replica_mode }, "{report}");
    }
    assert_eq!(rows(kitchen.store()), before);
    let printed = report.to_string();
    let line = "[x] public.plan_versions: DELETE is refused, in replica mode too\n";
    assert!(printed.contains(line), "{printed}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["checks"][0]["finding"]["refused"]["in_replica_mode"], true, "{json}");
}

#[test]
fn without_rows_it_says_what_it_could_not_try() {
    let database = database();
    let report = look(database.store());
    assert!(report.is_sound(), "{report}");
    for check in &report.checks {
        let refused = matches!(check.finding, ImmutabilityFinding::Refused { .. });
        assert_eq!(refused, check.event == Event::Truncate, "{report}");
    }
    let printed = report.to_string();
    assert!(printed.contains("[-] public.plans: UPDATE not tried: no row\n"), "{printed}");
}

#[test]
fn what_is_not_installed_waits() {
    let database = planwright::testing::TestDatabase::new([planwright::Context::Core]).unwrap();
    let report = look(database.store());
    assert!(report.is_sound());
    assert_eq!(report.checks.len(), IMMUTABLE.len(), "{report}");
    let line = "[-] public.plans waits for migration 20261120190300\n";
    assert!(report.to_string().contains(line), "{report}");
}

/// Each is found: the statement that opens the door, and what is then said.
#[test]
fn every_open_door_is_found_and_nothing_goes_through_it() {
    let kitchen = full();
    let store = kitchen.store();
    let before = rows(store);
    for (door, found) in [
        (
            "ALTER TABLE plan_versions DISABLE TRIGGER plan_versions_immutable",
            &[
                "public.plan_versions: UPDATE trigger plan_versions_immutable is at DISABLE",
                "public.plan_versions: UPDATE is let through",
                "public.plan_versions: UPDATE is let through in replica mode",
            ][..],
        ),
        (
            "ALTER TABLE ingredient_versions ENABLE TRIGGER ingredient_versions_pruned",
            &[
                "public.ingredient_versions: DELETE trigger ingredient_versions_pruned is at ENABLE",
                "public.ingredient_versions: DELETE is let through in replica mode",
            ],
        ),
        (
            "DROP TRIGGER plan_prunings_immutable ON plan_prunings",
            &[
                "public.plan_prunings: UPDATE no trigger calls planwright.refuse_change",
                "public.plan_prunings: UPDATE is let through",
                "public.plan_prunings: UPDATE is let through in replica mode",
                "public.plan_prunings: DELETE no trigger calls planwright.refuse_change",
                "public.plan_prunings: DELETE is let through",
                "public.plan_prunings: DELETE is let through in replica mode",
            ],
        ),
        (
            "DROP TRIGGER plan_activations_whole ON plan_activations",
            &[
                "public.plan_activations: TRUNCATE no trigger calls planwright.refuse_change",
                "public.plan_activations: TRUNCATE is let through",
                "public.plan_activations: TRUNCATE is let through in replica mode",
            ],
        ),
        (
            "CREATE OR REPLACE FUNCTION planwright.meal_planning_refuse_new_values()
                 RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            &[
                "public.ingredients: UPDATE is let through",
                "public.ingredients: UPDATE is let through in replica mode",
            ],
        ),
        (
            "CREATE OR REPLACE FUNCTION planwright.meal_planning_refuse_late_rows()
                 RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            &[
                "public.meals_in_plan_versions: INSERT is let through",
                "public.meal_section_versions: INSERT is let through",
                "public.ingredient_versions: INSERT is let through",
            ],
        ),
        (
            "CREATE OR REPLACE TRIGGER plans_immutable BEFORE UPDATE OF name OR DELETE ON plans
                 FOR EACH ROW EXECUTE FUNCTION planwright.refuse_change()",
            // Nor is it at ALWAYS any more.
            &[
                "public.plans: UPDATE no trigger calls planwright.refuse_change",
                "public.plans: UPDATE is let through",
            ],
        ),
    ] {
        let mut other = PgConnection::establish(kitchen.database.url()).unwrap();
        let saved = definitions(&kitchen);
        other.batch_execute(door).unwrap_or_else(|error| panic!("{door}: {error}"));
        let report = look(store);
        assert!(!report.is_sound(), "{door}: {report}");
        let errors = errors(&report);
        assert!(errors.len() >= found.len(), "{door}: {errors:?}");
        for (found, error) in found.iter().zip(&errors) {
            assert!(error.starts_with(found), "{door}: {error} and not {found}");
        }
        assert_eq!(rows(store), before, "{door}");
        other.batch_execute(&saved).unwrap();
        let mended = look(store);
        assert!(mended.is_sound(), "{door}: {mended}");
    }
}

/// The statements that make every trigger and its function what they are now.
fn definitions(kitchen: &Kitchen) -> String {
    let sql = "(SELECT string_agg(d, E';\\n') FROM (
        SELECT DISTINCT pg_get_functiondef(p.oid) AS d FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
         WHERE NOT t.tgisinternal
        UNION ALL
        SELECT replace(pg_get_triggerdef(t.oid), 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER')
               || format(E';\\nALTER TABLE %s ENABLE %s TRIGGER %I', t.tgrelid::regclass,
                         CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' END, t.tgname)
          FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgconstraint = 0) s)";
    kitchen.store().read(|uow| crate::support::text(uow, sql)).unwrap()
}

#[test]
fn the_remedy_of_a_trigger_that_was_switched_off_mends_it() {
    let kitchen = full();
    let run = |sql: &str| kitchen.store().write(|uow| execute(uow, sql)).unwrap();
    run("ALTER TABLE plans DISABLE TRIGGER plans_whole");
    let report = look(kitchen.store());
    let check = report.checks.iter().find(|check| check.severity == Severity::Error).unwrap();
    let expected = "ALTER TABLE \"public\".\"plans\" ENABLE ALWAYS TRIGGER \"plans_whole\"";
    assert_eq!(check.remedy.sql, [expected]);
    // The cascade goes on to tables that refuse.
    assert!(
        errors(&report)[1].starts_with("public.plans: TRUNCATE is not refused by its trigger"),
        "{report}"
    );
    run(expected);
    assert!(look(kitchen.store()).is_sound());
}

#[test]
fn who_has_what_nobody_should_is_told_with_the_revoke() {
    let kitchen = full();
    let run = |sql: &str| kitchen.store().write(|uow| execute(uow, sql)).unwrap();
    run("GRANT UPDATE (name), DELETE ON plans TO PUBLIC");
    run("GRANT DELETE ON plan_versions TO pg_monitor");
    let report = look(kitchen.store());
    assert!(report.is_sound(), "triggers refuse it all the same: {report}");
    let printed = report.to_string();
    for line in [
        "[ ] warning: public.plans: UPDATE PUBLIC has UPDATE (name), which is of no use\n      \
         REVOKE UPDATE (name) ON \"public\".\"plans\" FROM PUBLIC;\n",
        "      REVOKE DELETE ON \"public\".\"plans\" FROM PUBLIC;\n",
        "[-] public.plan_versions: DELETE pg_monitor has DELETE: for pruning\n",
    ] {
        assert!(printed.contains(line), "{line}\nis not in\n{printed}");
    }
    let worse = report.checks.iter().filter(|check| check.severity == Severity::Warning);
    let statements: Vec<_> = worse.flat_map(|check| check.remedy.sql.clone()).collect();
    for sql in &statements {
        run(sql);
    }
    let warned = |report: &ImmutabilityReport| {
        report.checks.iter().filter(|check| check.severity == Severity::Warning).count()
    };
    assert_eq!((statements.len(), warned(&look(kitchen.store()))), (2, 0));
}

#[test]
fn a_table_in_use_is_not_truncated_and_that_is_told() {
    let kitchen = full();
    let mut reader = PgConnection::establish(kitchen.database.url()).unwrap();
    reader.batch_execute("BEGIN; SELECT FROM plan_activations").unwrap();
    let report = look(kitchen.store());
    assert!(report.is_sound(), "{report}");
    let busy = "[-] public.plan_activations: TRUNCATE not tried: busy";
    assert!(report.to_string().contains(busy), "{report}");
    let line = "[x] public.plan_activations: UPDATE is refused, in replica mode too";
    assert!(report.to_string().contains(line), "{report}");
    reader.batch_execute("ROLLBACK").unwrap();
    assert!(!look(kitchen.store()).to_string().contains("busy"));
}

/// The catalog is read, and nothing is tried.
fn only_read(report: &ImmutabilityReport, why: &str) {
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.checks.len(), 25, "{report}");
    for check in &report.checks {
        let finding = ImmutabilityFinding::NotTried { in_replica_mode: false, why: why.to_owned() };
        assert_eq!(check.finding, finding, "{report}");
    }
}

#[test]
fn a_session_that_is_to_write_nothing_tries_nothing() {
    let kitchen = full();
    let (name, url) = (kitchen.database.name(), kitchen.database.url());
    let run = |sql: &str| kitchen.store().write(|uow| execute(uow, sql)).unwrap();
    run(&format!("ALTER DATABASE \"{name}\" SET default_transaction_read_only = on"));
    let store = Store::connect(url, &StoreOptions::default()).unwrap();
    only_read(&look(&store), "default_transaction_read_only is on");
    run("ALTER TABLE plans DISABLE TRIGGER plans_whole");
    let switched = "public.plans: TRUNCATE trigger plans_whole is at DISABLE";
    assert_eq!(errors(&look(&store)), [switched]);
}

#[test]
fn a_replica_is_asked_for_its_catalog_alone() {
    let primary = LocalServer::start().unwrap();
    let store = Store::connect(&primary.url("postgres"), &StoreOptions::default()).unwrap();
    Migrator::new(&store).contexts([Context::MealPlanning]).up().unwrap();
    drop(store);
    let replica = replica_of(&primary);
    let store = Store::connect(&replica.url("postgres"), &StoreOptions::default()).unwrap();
    only_read(&look(&store), "a replica writes nothing");
}

#[test]
fn all_tries_take_a_few_round_trips() {
    let kitchen = full();
    let proxy = FaultProxy::in_front_of(kitchen.database.url()).unwrap();
    let url = proxy.url_for(kitchen.database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    store.read(|_| Ok(())).unwrap();
    let before = proxy.requests();
    assert_eq!(look(&store).checks.len(), 25);
    // Of each query, parsing and asking; BEGIN and COMMIT; the tries, what they are and their answers.
    let requests = proxy.requests() - before;
    assert!(requests <= 30, "{requests}");
}
