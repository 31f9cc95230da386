//! Databases that have their objects before this crate comes.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use diesel::migration::Migration as _;
use planwright::migrate::{Adoption, Kind, State};
use planwright::modelling::factory;
use planwright::verify::{Catalog, Delta, Difference, Drift, Finding, Scope, Severity};

use super::*;
use crate::support::of_modelling;

const BASE: &str = "20261120000100";
const VIEW: &str = "20261120000600";
const KEY: &str = "20261120000700";

/// The database of a front end.
fn legacy() -> Database {
    let database = Database::new();
    database.execute(include_str!("legacy.sql"));
    database
}

impl Database {
    fn adopt(&self, version: &str) -> Result<Option<Adoption>, Error> {
        self.modelling().adopt(Context::Modelling, version)
    }

    fn adopt_accepting(&self, version: &str, keys: &[&str]) -> Result<Option<Adoption>, Error> {
        self.modelling().accepting(keys.iter().copied()).adopt(Context::Modelling, version)
    }

    fn adoption(&self, version: &str) -> Adoption {
        self.modelling().adoption(Context::Modelling, version).unwrap().unwrap()
    }

    /// The versions of the history and whether they were adopted, in their order.
    fn history(&self) -> Vec<String> {
        self.texts(
            "SELECT version || CASE WHEN adopted THEN ' adopted' ELSE '' END
               FROM planwright.migrations WHERE context <> 'core' ORDER BY seq",
        )
    }

    /// Everything that a refused adoption must not have changed.
    fn everything(&self) -> (Catalog, Vec<String>) {
        let catalog = self.store.read(|uow| Catalog::read(uow, &Scope::everything())).unwrap();
        let rows = "SELECT xmin || ' ' || version FROM __diesel_schema_migrations ORDER BY version";
        (catalog, self.texts(rows))
    }

    /// Brings it on by hand, as the documents that go with a release say.
    fn run_by_hand(&self, after: &str, through: &str) {
        let migrations = Migrations::embedded();
        let chosen = migrations.as_slice().iter().filter(|one| {
            one.context == Context::Modelling && (after..=through).contains(&&*one.version)
        });
        for one in chosen.filter(|one| one.version != after) {
            one.run(&mut self.connection()).unwrap();
        }
    }
}

fn keys(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(Difference::key).collect()
}

/// Of the modelling context: what `up` runs after the baseline, and what waits.
fn names_of(kind: Kind) -> Vec<String> {
    let all = Migrations::embedded();
    let chosen = |one: &&planwright::migrate::Migration| {
        one.context == Context::Modelling && one.kind == kind
    };
    all.as_slice().iter().filter(chosen).map(ToString::to_string).collect()
}

/// What a writer does that knows the baseline alone.
const WRITE: &str = "INSERT INTO scenario (portfolio_id, name, goal) VALUES (7, 'x', 'cost_limit');
    INSERT INTO plan (property_id, scenario_id) SELECT max(p.property_id) + 1, max(s.id)
        FROM plan p, scenario s;
    INSERT INTO recommendation (property_id, measure_type, description) VALUES (7, 'x', '');
    INSERT INTO plan_recommendations SELECT max(p.id), max(r.id) FROM plan p, recommendation r";

#[test]
fn a_live_database_is_adopted_at_its_baseline_and_goes_on_from_there() {
    let database = legacy();
    let before = database.everything();
    let report = database.adoption(BASE);
    assert!(report.is_possible(), "{report}");
    assert_eq!(database.everything(), before, "a report changes nothing");
    assert_eq!(
        database.modelling().status().unwrap().state,
        State::Behind { pending: of_modelling() },
        "nor does the history know of it"
    );

    let adoption = database.adopt("2026-11-20-000100_modelling_baseline").unwrap().unwrap();
    assert_eq!(adoption, report);
    assert_eq!(adoption.migrations, names_of(Kind::Baseline));
    assert_eq!((adoption.held.len(), adoption.accepted.len()), (0, 0));
    assert_eq!(database.history(), ["20261120000100 adopted"]);
    let (catalog, rows) = database.everything();
    let made = before.0.delta_to(&catalog);
    assert!(made.gone.is_empty());
    assert!(made.made.iter().all(|object| object.name.to_string().contains("planwright")));
    assert_eq!(rows, before.1, "the host's own history is its own");

    let status = database.modelling().status().unwrap();
    assert!(status.to_string().contains("[x] 2026-11-20-000100_modelling_baseline (adopted)\n"));
    assert_eq!(status.state, State::Behind { pending: names_of(Kind::Expand) });
    assert_eq!(status.held, names_of(Kind::Held));
    let (what, _) = told(database.modelling().require_current());
    assert!(what.contains("behind by"), "{what}");

    // Every state on the way knows the legacy writer.
    database.execute(WRITE);
    for version in names_of(Kind::Expand) {
        let applied = database.modelling().up_to(&version).unwrap();
        assert_eq!(applied.iter().filter(|one| one.context != Context::Core).count(), 1);
        database.execute(WRITE);
    }
    assert_eq!(database.modelling().up().unwrap(), []);
    let status = database.modelling().status().unwrap();
    assert_eq!((status.state, status.held), (State::Current, names_of(Kind::Held)));
    database.execute(WRITE);
    database.modelling().contract(KEY).unwrap().unwrap();
    // At the baseline, after each step, and at the end.
    let written = i64::try_from(names_of(Kind::Expand).len()).unwrap() + 2;
    assert_eq!(database.number("count(*) FROM plan_measure"), 5 + written);

    // Back as far as it goes: what was adopted is the host's.
    let reverted = database.modelling().down_to(BASE).unwrap();
    assert_eq!(reverted.len(), names_of(Kind::Expand).len() + 1);
    let (what, _) = told(database.modelling().down());
    assert!(what.starts_with("2026-11-20-000100") && what.contains("was adopted"), "{what}");
    assert_eq!(database.number("count(*) FROM plan_recommendations"), 5 + written);
    assert_eq!(database.everything().1, before.1);
}

#[test]
fn what_the_host_has_beside_and_has_named_itself_is_noted() {
    let database = legacy();
    let adoption = database.adopt(BASE).unwrap().unwrap();
    let notes = keys(&adoption.notes);
    for note in [
        "column public.scenario.archived_by: extra",
        "index public.plan.IX_plan_property: extra",
        "constraint public.plan.plan_pkey: renamed",
        "constraint public.plan.plan_scenario_id_fkey: renamed",
        "constraint public.plan.plan_post_epc_band_check: renamed",
        "index public.scenario.scenario_portfolio_id_uq: renamed",
    ] {
        assert!(notes.contains(&note.to_owned()), "{note} of {notes:#?}");
    }
    assert_eq!(notes.len(), 13, "{notes:#?}");
    let names = database.texts(
        "SELECT table_name || ': ' || actual_name || ' = ' || expected_name
           FROM planwright.adopted_names WHERE schema_name = 'public' AND context = 'modelling'
          ORDER BY 1",
    );
    assert_eq!(names.len(), 11, "{names:#?}");
    assert!(names.contains(&"plan: FK_plan_scenario = plan_scenario_id_fkey".to_owned()));
    assert!(
        names.contains(&"scenario: one default scenario = scenario_portfolio_id_uq".to_owned())
    );
    assert!(!names.iter().any(|name| name.contains("IX_plan_property")));

    // What was noted is no news to a later comparison either.
    let drift = Drift::new(&database.store).contexts([Context::Modelling]).run().unwrap();
    assert!(drift.is_clean(), "{drift}");
    let noted = |one: &&Difference| matches!(one.finding, Finding::Renamed { .. });
    assert_eq!(drift.differences.iter().filter(noted).count(), 11, "{drift}");
    database.execute("DELETE FROM planwright.adopted_names WHERE actual_name = 'FK_plan_scenario'");
    let drift = Drift::new(&database.store).contexts([Context::Modelling]).run().unwrap();
    assert_eq!(drift.worst(), Some(Severity::Warning), "{drift}");
}

fn sentence<T: std::fmt::Debug>(result: Result<T, Error>) -> (String, Option<&'static str>) {
    match result.unwrap_err() {
        Error::Constraint { constraint, sentence, .. } => (constraint, sentence),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_rule_that_the_host_has_named_has_its_words() {
    let database = legacy();
    database.adopt(BASE).unwrap();
    database.modelling().up().unwrap();
    database.modelling().contract(KEY).unwrap();
    let nowhere = |store: &Store| {
        store.write(|uow| uow.plans().replace(&factory::plan(99, 999_999), &factory::measures(1)))
    };
    // Connected before: it does not know.
    let fk = "FK_plan_scenario".to_owned();
    assert_eq!(sentence(nowhere(&database.store)), (fk.clone(), None));
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    assert_eq!(sentence(nowhere(&store)), (fk.clone(), Some("a plan's scenario exists")));
    let many = store.write(|uow| {
        uow.plans().replace_many(&[(factory::plan(99, 999_999), factory::measures(1))])
    });
    assert_eq!(sentence(many), (fk.clone(), Some("a plan's scenario exists")));

    // A role that may not read the names connects all the same.
    database.execute("CREATE ROLE adopt_reader; GRANT adopt_reader TO CURRENT_USER");
    database.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO adopt_reader");
    database.execute(&format!(
        "ALTER DATABASE {} SET role = 'adopt_reader'",
        database.texts("SELECT current_database()")[0]
    ));
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    assert_eq!(sentence(nowhere(&store)), (fk, None));
}

#[test]
fn everything_that_differs_is_told_at_once_and_nothing_is_changed() {
    let database = legacy();
    database.execute(
        "DROP VIEW plan_costs;
         ALTER TABLE plan DROP COLUMN post_energy_kwh, DROP CONSTRAINT \"CK_plan_contingency\";
         ALTER TABLE plan ALTER COLUMN cost_of_works TYPE float8,
             ALTER COLUMN property_id DROP NOT NULL, ALTER COLUMN is_default DROP DEFAULT;
         ALTER TABLE plan DROP CONSTRAINT \"FK_plan_scenario\",
             ADD CONSTRAINT \"FK_plan_scenario\" FOREIGN KEY (scenario_id) REFERENCES scenario;
         ALTER TABLE plan_recommendations DROP CONSTRAINT \"FK_link_recommendation\";
         ALTER TYPE scenario_goal RENAME VALUE 'cost_limit' TO 'budget';
         DROP INDEX \"one default scenario\";
         ALTER TABLE users ADD COLUMN plan_id int8",
    );
    let before = database.everything();
    let report = database.adoption(BASE);
    let against = keys(&report.against);
    for key in [
        "column public.plan.post_energy_kwh: missing",
        "column public.plan.cost_of_works: type",
        "column public.plan.property_id: nullable",
        "column public.plan.is_default: default",
        "constraint public.plan.plan_contingency_cost_check: missing",
        "constraint public.plan.plan_scenario_id_fkey: missing",
        "constraint public.plan_recommendations.plan_recommendations_recommendation_id_fkey: missing",
        "type public.scenario_goal: labels",
        "index public.scenario.scenario_portfolio_id_uq: missing",
    ] {
        assert!(against.contains(&key.to_owned()), "{key} of {against:#?}");
    }
    assert_eq!(against.len(), 9, "{against:#?}");

    let (what, _) = told(database.adopt(BASE));
    assert!(what.starts_with("2026-11-20-000100_modelling_baseline: this database"), "{what}");
    for difference in &report.against {
        assert!(what.contains(&difference.to_string()), "{difference} of {what}");
        assert!(what.contains(&format!("{:?}", difference.key())), "{what}");
    }
    assert_eq!(database.everything(), before);

    // As JSON too.
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["context"], "modelling");
    assert_eq!(json["against"].as_array().unwrap().len(), 9);
}

#[test]
fn a_database_whose_differences_are_mended_is_adopted() {
    let database = legacy();
    database.execute(
        "ALTER TABLE plan DROP COLUMN post_energy_kwh, DROP CONSTRAINT \"CK_plan_contingency\",
             ALTER COLUMN property_id DROP NOT NULL;
         ALTER TABLE plan_recommendations DROP CONSTRAINT \"FK_link_recommendation\";
         DROP INDEX \"one default scenario\"",
    );
    let report = database.adoption(BASE);
    assert_eq!(report.against.len(), 5, "{report}");
    for difference in &report.against {
        assert!(!difference.remedy.sql.is_empty(), "{difference}");
        for statement in &difference.remedy.sql {
            database.execute(statement);
        }
    }
    let adoption = database.adopt(BASE).unwrap().unwrap();
    assert_eq!(adoption.against, []);
    assert_eq!(database.number("count(*) FROM plan"), 5);
}

#[test]
fn only_the_differences_that_are_named_are_accepted() {
    let database = legacy();
    database.execute(
        "ALTER TABLE scenario ALTER COLUMN id DROP IDENTITY;
         CREATE SEQUENCE scenario_id_seq OWNED BY scenario.id;
         SELECT setval('scenario_id_seq', 10);
         ALTER TABLE scenario ALTER COLUMN id SET DEFAULT nextval('scenario_id_seq')",
    );
    let report = database.adoption(BASE);
    let against = keys(&report.against);
    let serial = against.iter().map(String::as_str).collect::<Vec<_>>();
    assert!(serial.iter().all(|key| key.starts_with("column public.scenario.id: ")), "{report}");
    assert!(!serial.is_empty());

    database.execute("ALTER TABLE plan ALTER COLUMN is_default DROP DEFAULT");
    let before = database.everything();
    let default = "column public.plan.is_default: default";
    let (what, _) = told(database.adopt_accepting(BASE, &serial));
    assert!(what.contains(default) && what.contains("1 against"), "{what}");
    let typo = [&serial[..], &["column public.plan.is_default: defaults"]].concat();
    let (what, _) = told(database.adopt_accepting(BASE, &typo));
    assert!(what.contains("is_default: defaults\" was to be accepted"), "{what}");
    let (what, _) = told(database.adopt_accepting(BASE, &[default]));
    assert!(what.contains(serial[0]), "{what}");
    assert_eq!(database.everything(), before);

    let all = [&serial[..], &[default]].concat();
    let adoption = database.adopt_accepting(BASE, &all).unwrap().unwrap();
    assert_eq!(adoption.accepted.len(), all.len());
    assert!(adoption.to_string().contains("[x] accepted: column public.plan.is_default"));
    database.modelling().up().unwrap();
}

#[test]
fn a_database_that_has_the_tables_is_not_installed_but_adopted() {
    let database = legacy();
    let before = database.everything();
    let (what, _) = told(database.modelling().up());
    assert!(what.contains("is there already, and the history does not know it"), "{what}");
    let call = "`Migrator::new(&store).contexts([Context::Modelling]).adopt(Context::Modelling, \
                \"20261120000100\")`";
    assert!(what.ends_with(call), "{what}");
    assert_eq!(database.everything().1, before.1);
}

#[test]
fn an_empty_database_is_not_adopted_but_installed() {
    let database = Database::new();
    let before = database.objects();
    let (what, _) = told(database.adopt(BASE));
    assert_eq!(
        what,
        "2026-11-20-000100_modelling_baseline: there is nothing to adopt: this database has no \
         table of modelling. Run `Migrator::new(&store).contexts([Context::Modelling]).up()`, \
         which makes them"
    );
    assert_eq!(database.objects(), before);
}

#[test]
fn what_is_recorded_is_not_adopted_again() {
    let database = legacy();
    assert!(database.adopt(BASE).unwrap().is_some());
    let history = database.history();
    assert_eq!(database.adopt(BASE).unwrap(), None);
    assert_eq!(database.modelling().adoption(Context::Modelling, BASE).unwrap(), None);
    database.modelling().up().unwrap();
    assert_eq!(database.adopt(VIEW).unwrap(), None);
    assert_eq!(database.history()[..1], history);

    let (what, _) = told(database.adopt("20261120000000"));
    assert!(what.contains("belongs to core, not to modelling"), "{what}");
    let (what, _) = told(database.modelling().adopt(Context::Core, "20261120000000"));
    assert!(what.contains("core is made by the runner"), "{what}");
    let (what, _) = told(database.adopt("20250101000000"));
    assert!(what.contains("no such migration"), "{what}");
    // Nor is what is not there, in a database that this crate has installed so far.
    let (what, _) = told(database.adopt(KEY));
    assert!(what.contains("plan_property_id_scenario_id_uq: missing"), "{what}");
}

#[test]
fn a_database_that_was_brought_on_by_hand_is_adopted_as_far_as_it_is() {
    let database = legacy();
    database.run_by_hand(BASE, VIEW);
    let (what, _) = told(database.adopt(BASE));
    assert!(what.contains("000300_modelling_recommendation_plan_id makes it"), "{what}");
    let (what, _) = told(database.adopt(KEY));
    assert!(what.contains("plan_property_id_scenario_id_uq: missing"), "{what}");

    let adoption = database.adopt(VIEW).unwrap().unwrap();
    let expected: Vec<_> = [names_of(Kind::Baseline), names_of(Kind::Expand)].concat();
    assert_eq!(adoption.migrations, expected[..adoption.migrations.len()]);
    assert!(adoption.migrations.len() >= 7);
    assert!(database.history().iter().all(|row| row.ends_with(" adopted")));
    let status = database.modelling().status().unwrap();
    assert_eq!(status.held, names_of(Kind::Held));

    // The host brings it further, and says so.
    database.run_by_hand(VIEW, KEY);
    let adoption = database.adopt(KEY).unwrap().unwrap();
    assert_eq!(
        adoption.migrations,
        ["2026-11-20-000700_modelling_plan_property_id_scenario_id_key"]
    );
    assert_eq!(database.modelling().contract(KEY).unwrap(), None);
    assert_eq!(database.number("count(*) FROM planwright.adopted_names"), 11);
}

#[test]
fn what_is_in_the_way_of_a_later_step_stands_against_it() {
    let database = legacy();
    // A table where a view comes, and an index that its migration takes for its own.
    database.execute(
        "CREATE TABLE plan_measure (id int);
         CREATE INDEX plan_scenario_id_id_ix ON plan (scenario_id, id)",
    );
    let report = database.adoption(BASE);
    assert_eq!(keys(&report.against), ["table public.plan_measure: extra"], "{report}");
    assert!(report.to_string().contains("000600_modelling_plan_measure_view makes it"), "{report}");

    database.execute(
        "DROP TABLE plan_measure; DROP INDEX plan_scenario_id_id_ix;
         CREATE INDEX plan_scenario_id_id_ix ON plan (scenario_id, property_id)",
    );
    let report = database.adoption(BASE);
    assert_eq!(keys(&report.against), ["index public.plan.plan_scenario_id_id_ix: extra"]);
    database.execute(
        "DROP INDEX plan_scenario_id_id_ix;
         CREATE INDEX plan_scenario_id_id_ix ON plan (scenario_id, id)",
    );
    database.adopt(BASE).unwrap().unwrap();
    database.modelling().up().unwrap();
}

#[test]
fn a_held_index_that_is_there_by_another_name_is_seen() {
    let database = legacy();
    database.run_by_hand(BASE, VIEW);
    database.execute("CREATE UNIQUE INDEX one_plan ON plan (property_id, scenario_id)");
    // Beyond the version it is the host's own affair.
    let adoption = database.adoption(VIEW);
    assert!(keys(&adoption.notes).contains(&"index public.plan.one_plan: extra".to_owned()));
    let adoption = database.adopt(KEY).unwrap().unwrap();
    let renamed = "index public.plan.plan_property_id_scenario_id_uq: renamed".to_owned();
    assert!(keys(&adoption.notes).contains(&renamed), "{adoption}");
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    store.write(|uow| uow.plans().replace(&factory::plan(99, 1), &[])).unwrap();
}

#[test]
fn two_runners_adopt_once() {
    let database = legacy();
    let barrier = Barrier::new(2);
    let adopt = || {
        barrier.wait();
        database.adopt(BASE).unwrap()
    };
    let results = thread::scope(|scope| {
        let both = [scope.spawn(adopt), scope.spawn(adopt)];
        both.map(|one| one.join().unwrap())
    });
    assert_eq!(results.iter().flatten().count(), 1, "{results:?}");
    assert_eq!(database.history(), ["20261120000100 adopted"]);
}

#[test]
fn a_change_of_a_table_that_is_under_way_is_waited_for_and_seen() {
    let database = legacy();
    let mut other = database.connection();
    // Locks what the comparison does not need, so that it gets as far as the tables.
    other
        .batch_execute("BEGIN; ALTER TABLE recommendation VALIDATE CONSTRAINT \"CK_cost\"")
        .unwrap();
    other
        .batch_execute("ALTER TABLE recommendation ALTER COLUMN sap_points SET STATISTICS 7")
        .unwrap();

    let options = StoreOptions::default().lock_timeout(Duration::from_millis(100));
    let impatient = Store::connect(&database.url, &options).unwrap();
    let migrator = Migrator::new(&impatient).lock_patience(Duration::ZERO);
    let (what, why) = told(migrator.adopt(Context::Modelling, BASE));
    assert!(what.contains("table public.recommendation could not be locked; gave up"), "{what}");
    assert!(what.contains("in the way: process"), "{what}");
    assert!(why.contains("lock timeout"), "{why}");
    assert_eq!(database.history(), [""; 0]);

    let waiting = "count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareUpdateExclusiveLock'
                      AND relation = 'recommendation'::regclass";
    let refused = thread::scope(|scope| {
        let adopting = scope.spawn(|| database.adopt(BASE));
        while database.number(waiting) == 0 && !adopting.is_finished() {
            thread::yield_now();
        }
        other.batch_execute("ALTER TABLE recommendation DROP COLUMN sap_points; COMMIT").unwrap();
        adopting.join().unwrap()
    });
    let (what, _) = told(refused);
    assert!(what.contains("column public.recommendation.sap_points: missing"), "{what}");
    assert_eq!(database.history(), [""; 0]);
}

#[test]
fn a_later_release_and_an_edited_migration_are_not_adopted_over() {
    let database = legacy();
    database.adopt(BASE).unwrap();
    let insert = "INSERT INTO planwright.migrations (version, context, kind, name, checksum, \
                  duration_ms) VALUES ('20990101000000', 'modelling', 'expand', 'later', '', 0)";
    database.execute(insert);
    let (what, _) = told(database.adopt(VIEW));
    assert!(what.contains("has later of a later release"), "{what}");
    database.execute("DELETE FROM planwright.migrations WHERE version = '20990101000000'");
    database.execute("UPDATE planwright.migrations SET checksum = '' WHERE context = 'modelling'");
    let (what, _) = told(database.adopt(VIEW));
    assert!(what.contains("since then edited or deleted"), "{what}");
}

impl Folder {
    /// Writes down what each migration does to the catalog.
    pub(super) fn with_catalogs(self) -> Self {
        let database = Database::new();
        let mut before = Catalog::default();
        for migration in self.set().as_slice() {
            migration.run(&mut database.connection()).unwrap();
            let after =
                database.store.read(|uow| Catalog::read(uow, &Scope::everything())).unwrap();
            let delta: Delta = before.delta_to(&after);
            let path = self.root.join(&*migration.name);
            if path.exists() {
                fs::write(path.join("catalog.json"), serde_json::to_string(&delta).unwrap())
                    .unwrap();
            }
            before = after;
        }
        self
    }

    /// A table whose column goes in one held step and whose rows change in another; what comes
    /// last needs the first.
    fn for_adoption() -> Self {
        const NEEDS: &str = "needs = [\"20261121000400\"]\n";
        Self::with_index()
            .with_held()
            .with(D, EXPAND, "ALTER TABLE t ADD COLUMN d int;", "ALTER TABLE t DROP COLUMN d;")
            .with("2026-11-21-000450_modelling_rows", HELD, "UPDATE t SET a = 0", "SELECT 1")
            .with(
                "2026-11-21-000500_modelling_c",
                &format!("{EXPAND}{NEEDS}"),
                "ALTER TABLE t ADD COLUMN c int;",
                "ALTER TABLE t DROP COLUMN c;",
            )
            .with_catalogs()
    }
}

const D: &str = "2026-11-21-000420_modelling_d";

const BEFORE: &str = "CREATE TABLE t (id bigint, a int); CREATE INDEX own ON t (a) WHERE a > 0;
    ALTER TABLE t ADD COLUMN d int;";

#[test]
fn a_held_step_counts_where_the_catalog_shows_it() {
    let folder = Folder::for_adoption();
    let adopt = |sql: &str, version: &str| {
        let database = Database::new();
        database.execute(&format!("{BEFORE}{sql}"));
        let adoption = database.migrator(&folder).adopt(Context::Modelling, version);
        let status = database.migrator(&folder).status().unwrap();
        (adoption.map(Option::unwrap), status)
    };
    let rows = "2026-11-21-000450_modelling_rows";
    let c = "2026-11-21-000500_modelling_c";

    // Not done: it waits, and with it what needs it.
    let (adoption, status) = adopt("ALTER TABLE t ADD COLUMN b int", D);
    let adoption = adoption.unwrap();
    assert_eq!((adoption.migrations, adoption.held), names([T, B, INDEX, D], [DROP_B]));
    assert_eq!((status.held, status.waiting), names([DROP_B, rows], [c]));

    // Done, as the column that is gone tells. Rows tell nothing.
    let (adoption, status) = adopt("", D);
    let adoption = adoption.unwrap();
    assert_eq!((adoption.migrations, adoption.held), names([T, B, INDEX, DROP_B, D], []));
    assert_eq!(status.state, State::Behind { pending: vec![c.to_owned()] });
    assert_eq!(status.held, [rows]);
    let (adoption, status) = adopt("ALTER TABLE t ADD COLUMN c int", c);
    let adoption = adoption.unwrap();
    assert_eq!((adoption.migrations, adoption.held), names([T, B, INDEX, DROP_B, D, c], [rows]));
    assert_eq!((status.state, status.held), (State::Current, vec![rows.to_owned()]));

    // Unless it is named.
    let (adoption, status) = adopt("", rows);
    assert_eq!(adoption.unwrap().migrations, [T, B, INDEX, DROP_B, D, rows]);
    assert_eq!((status.held, status.waiting), names([], []));

    // What needs it says that it is done.
    let (adoption, _) = adopt("ALTER TABLE t ADD COLUMN b int, ADD COLUMN c int", c);
    let (what, _) = told(adoption);
    assert!(what.contains("column public.t.b: leftover"), "{what}");
}

#[test]
fn a_held_step_does_not_count_while_one_that_it_needs_was_not_done() {
    let needs = format!("{HELD}needs = [\"20261121000400\"]\n");
    let folder = Folder::with_index()
        .with_held()
        .with(
            "2026-11-21-000500_modelling_a_not_null",
            &needs,
            "ALTER TABLE t ALTER COLUMN a SET NOT NULL;",
            "ALTER TABLE t ALTER COLUMN a DROP NOT NULL;",
        )
        .with("2026-11-21-000600_modelling_e", EXPAND, "ALTER TABLE t ADD e int;", "SELECT 1;")
        .with_catalogs();
    let adoption = |sql: &str| {
        let database = Database::new();
        database.execute(&format!("CREATE TABLE t (id bigint, a int, e int); {sql}"));
        database.execute("CREATE INDEX own ON t (a) WHERE a > 0");
        let migrator = database.migrator(&folder);
        migrator.adoption(Context::Modelling, "20261121000600").unwrap().unwrap()
    };
    let both = adoption("ALTER TABLE t ALTER COLUMN a SET NOT NULL");
    assert!(both.is_possible() && both.held.is_empty(), "{both}");
    let first = adoption("");
    assert_eq!(first.held, ["2026-11-21-000500_modelling_a_not_null"]);
    assert!(first.is_possible(), "{first}");
    // The host has been stricter, and has the column still.
    let other = adoption("ALTER TABLE t ALTER COLUMN a SET NOT NULL, ADD COLUMN b int");
    assert_eq!(keys(&other.against), ["column public.t.a: nullable"], "{other}");
    assert_eq!(other.held, [DROP_B, "2026-11-21-000500_modelling_a_not_null"]);
}

fn names<const N: usize, const M: usize>(
    one: [&str; N],
    other: [&str; M],
) -> (Vec<String>, Vec<String>) {
    (one.map(str::to_owned).into(), other.map(str::to_owned).into())
}

#[test]
fn a_name_that_a_later_migration_uses_stands_against_it() {
    const NAMED: &str = "2026-11-21-000200_modelling_named";
    let folder = Folder::empty()
        .with(
            T,
            BASELINE,
            "CREATE TABLE t (id bigint, a int);
             ALTER TABLE t ADD CONSTRAINT t_a_ck CHECK (a > 0) NOT VALID;",
            "DROP TABLE t;",
        )
        .with(NAMED, EXPAND, "ALTER TABLE t VALIDATE CONSTRAINT t_a_ck;", "SELECT 1;")
        .with_catalogs();
    let database = Database::new();
    database.execute("CREATE TABLE t (id bigint, a int CONSTRAINT own CHECK (a > 0))");
    let (what, _) = told(database.migrator(&folder).adopt(Context::Modelling, T));
    assert!(what.contains(&format!("{NAMED} calls it by its name")), "{what}");

    // Where that one is done too, nobody asks for the name.
    let adoption = database.migrator(&folder).adopt(Context::Modelling, NAMED).unwrap().unwrap();
    assert_eq!(adoption.migrations, [T, NAMED]);
    assert!(matches!(adoption.notes[0].finding, Finding::Renamed { .. }), "{adoption}");
}

#[test]
fn what_a_state_has_taken_away_must_be_gone() {
    let folder = Folder::for_adoption();
    let database = Database::new();
    database.execute(&format!("{BEFORE} ALTER TABLE t ADD COLUMN b int"));
    let (what, _) = told(database.migrator(&folder).adopt(Context::Modelling, DROP_B));
    assert!(what.contains("column public.t.b: leftover"), "{what}");
}
