//! `public.users`, which belongs to the host, and contexts that refer to it.

use planwright::diagram::Diagram;
use planwright::migrate::{Ending, Progress, State};
use planwright::verify::Source;
use planwright::verify::{Catalog, Drift, Finding, Inventory, ObjectKind, ObjectName, Rollout};

use super::*;
use crate::support::is_of_host;

const USERS: &str = "2026-11-20-190000_core_users";
const NEEDS: &str = "needs = [\"20261120190000\"]\n";
const DIARY: &str = "2026-11-21-000110_meal_planning_diary";
const NOTES: &str = "2026-11-21-000210_meal_planning_notes";

impl Folder {
    /// A context that refers to users, and what comes after its baseline.
    pub(super) fn with_diary(self) -> Self {
        self.with(
            DIARY,
            &format!("{BASELINE}{NEEDS}"),
            "CREATE TABLE diary (user_id uuid
                 CONSTRAINT diary_user_id_fk REFERENCES users (id) ON DELETE RESTRICT);",
            "DROP TABLE diary;",
        )
        .with(
            NOTES,
            EXPAND,
            "ALTER TABLE diary ADD COLUMN notes text;",
            "ALTER TABLE diary DROP COLUMN notes;",
        )
    }

    /// The same and one that does not.
    fn both() -> Self {
        Self::new().with_diary()
    }
}

impl Database {
    pub(super) fn meals(&self, folder: &Folder) -> Migrator<'_> {
        Migrator::new(&self.store).contexts([Context::MealPlanning]).migrations(folder.set())
    }

    fn all_of(&self, folder: &Folder) -> Migrator<'_> {
        let contexts = [Context::Modelling, Context::MealPlanning];
        Migrator::new(&self.store).contexts(contexts).migrations(folder.set())
    }

    fn has(&self, relation: &str) -> bool {
        self.number(&format!("(to_regclass('{relation}') IS NOT NULL)::int")) == 1
    }

    /// The history, less what of core is installed with every choice.
    fn recorded(&self) -> Vec<String> {
        let names = self.texts("SELECT name FROM planwright.migrations ORDER BY seq");
        names.into_iter().filter(|name| is_mine(name)).collect()
    }

    /// All of the table of the host's, its rows among it.
    fn users(&self) -> (Vec<String>, Vec<String>) {
        let catalog = self.catalog();
        let objects = catalog.iter().filter(|(name, _)| is_of_host(name));
        let objects = objects.map(|(name, said)| format!("{name} {said:?}")).collect();
        (objects, self.texts("SELECT (u.xmin, u)::text FROM public.users u ORDER BY 1"))
    }

    /// Whether the server lets a table refer to users.
    fn may_be_referred_to(&self) -> bool {
        let sql = "BEGIN; CREATE TABLE refers (u uuid REFERENCES public.users (id)); ROLLBACK";
        self.connection().batch_execute(sql).is_ok()
    }
}

fn is_mine(name: &str) -> bool {
    name == USERS || !name.contains("_core_")
}

fn up(migrator: &Migrator<'_>) -> Vec<String> {
    let applied = migrator.up().unwrap().into_iter().map(|one| one.name);
    applied.filter(|name| is_mine(name)).collect()
}

fn down(migrator: &Migrator<'_>, steps: usize) -> Vec<String> {
    migrator.down_steps(steps).unwrap().into_iter().map(|one| one.name).collect()
}

#[test]
fn users_are_made_for_a_context_that_needs_them_and_go_with_it() {
    let database = Database::new();
    let folder = Folder::both();
    let before = database.objects();
    assert_eq!(up(&database.meals(&folder)), [USERS, DIARY, NOTES]);
    assert_eq!(database.meals(&folder).status().unwrap().state, State::Current);
    let (objects, _) = database.users();
    assert_eq!(objects.len(), 3, "{objects:?}");
    let comment = "count(*) FROM pg_description WHERE objoid = 'users'::regclass
                   AND (objsubid = 1 OR description LIKE 'Made by planwright:%')";
    assert_eq!(database.number(comment), 2);

    let reverted = down(&database.meals(&folder), 99);
    assert_eq!(reverted[..3], [NOTES, DIARY, USERS]);
    assert_eq!(database.objects(), before);
    assert_eq!(up(&database.meals(&folder)), [USERS, DIARY, NOTES]);
}

#[test]
fn a_host_gets_no_users_before_it_chooses_a_context_that_needs_them() {
    let database = Database::new();
    let folder = Folder::both();
    let modelling = database.migrator(&folder);
    assert_eq!(up(&modelling), [T, B]);
    assert_eq!(Migrator::new(&database.store).up().unwrap(), []);
    assert!(!database.has("users"));
    assert_eq!(modelling.status().unwrap().state, State::Current);

    let pending = [USERS, DIARY, NOTES].map(str::to_owned).to_vec();
    let meals = database.meals(&folder);
    assert_eq!(meals.status().unwrap().state, State::Behind { pending: pending.clone() });
    let planned: Vec<_> =
        meals.plan().unwrap().migrations.into_iter().map(|one| one.name).collect();
    assert_eq!(planned, pending);
    let rehearsal = meals.dry_run().unwrap();
    assert!(rehearsal.passed(), "{rehearsal}");
    assert!(!database.has("users"));
    assert_eq!(up(&database.all_of(&folder)), pending);
    for migrator in [modelling, meals, database.all_of(&folder), Migrator::new(&database.store)] {
        assert_eq!(migrator.status().unwrap().state, State::Current, "{migrator:?}");
        assert_eq!(migrator.up().unwrap(), []);
    }
}

#[test]
fn one_context_comes_down_beside_another_and_takes_its_users_along() {
    let database = Database::new();
    let folder = Folder::both();
    database.all_of(&folder).up().unwrap();
    // The last of modelling, though what was made for the other context is newer.
    assert_eq!(down(&database.migrator(&folder), 1), [B]);
    assert_eq!(up(&database.migrator(&folder)), [B]);

    assert_eq!(down(&database.meals(&folder), 2), [NOTES, DIARY]);
    assert!(database.has("users"));
    assert_eq!(down(&database.meals(&folder), 1), [USERS]);
    assert!(!database.has("users"));
    assert_eq!(up(&database.meals(&folder)), [USERS, DIARY, NOTES]);
    assert_eq!(down(&database.meals(&folder), 99), [NOTES, DIARY, USERS]);
    assert_eq!(database.recorded(), [T, B]);
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Current);
    assert!(!database.has("users"));

    // What is left of a context that is gone does not stay for ever.
    database.meals(&folder).up().unwrap();
    down(&database.meals(&folder), 2);
    assert_eq!(down(&database.migrator(&folder), 99)[..3], [USERS, B, T]);
    assert_eq!(database.objects(), Database::new().objects());
}

#[test]
fn down_to_ends_before_and_behind_users() {
    let database = Database::new();
    let folder = Folder::both();
    database.migrator(&folder).up().unwrap();
    let migrator = database.all_of(&folder);
    migrator.up().unwrap();
    let names = |reverted: Vec<Reverted>| -> Vec<String> {
        reverted.into_iter().map(|one| one.name).collect()
    };
    assert_eq!(names(migrator.down_to(USERS).unwrap()), [NOTES, DIARY]);
    assert_eq!(names(migrator.down_to(USERS).unwrap()), [""; 0]);
    assert_eq!(names(database.migrator(&folder).down_to(B).unwrap()), [USERS]);
    migrator.up().unwrap();
    // Another context needs it, which is not chosen: it stays whatever is asked.
    assert_eq!(names(database.migrator(&folder).down_to(USERS).unwrap()), [""; 0]);
    assert_eq!(names(database.migrator(&folder).down_to(T).unwrap()), [B]);
    assert_eq!(names(migrator.down_to(T).unwrap()), [NOTES, DIARY, USERS]);
    let (what, _) = told(database.migrator(&folder).down_to(USERS));
    assert!(what.contains("is not applied"), "{what}");
}

#[test]
fn users_stay_while_any_installed_context_needs_them() {
    let database = Database::new();
    let folder = Folder::both().write(T, "metadata.toml", &format!("{BASELINE}{NEEDS}"));
    database.all_of(&folder).up().unwrap();
    assert_eq!(down(&database.migrator(&folder), 99), [B, T]);
    assert_eq!(up(&database.migrator(&folder)), [T, B]);
    assert_eq!(down(&database.meals(&folder), 99), [NOTES, DIARY]);
    assert!(database.has("users"));
    assert_eq!(database.recorded(), [USERS, T, B]);
    assert_eq!(down(&database.migrator(&folder), 99)[..3], [B, T, USERS]);
    assert_eq!(database.objects(), Database::new().objects());
}

/// What a host may have, and a foreign key can refer to.
const GOOD: &[&str] = &[
    "CREATE TABLE users (id uuid PRIMARY KEY, email text NOT NULL);
     INSERT INTO users VALUES (gen_random_uuid(), 'a@b.c')",
    "CREATE TABLE users (n bigint PRIMARY KEY, id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE);
     INSERT INTO users VALUES (1), (2)",
    "CREATE TABLE users (id uuid CONSTRAINT who PRIMARY KEY);
     CREATE TABLE sessions (user_id uuid REFERENCES users)",
    // Only what is there can be referred to, so NULL does no harm.
    "CREATE TABLE users (id uuid); CREATE UNIQUE INDEX ON users (id);
     INSERT INTO users VALUES (NULL), (NULL)",
    "CREATE TABLE users (id uuid, name text); CREATE UNIQUE INDEX ON users (id) INCLUDE (name)",
    "CREATE TABLE users (id uuid PRIMARY KEY, n int) PARTITION BY HASH (id);
     CREATE TABLE users_0 PARTITION OF users FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    "CREATE TABLE users (id uuid, UNIQUE (id), x int, UNIQUE (x) DEFERRABLE);
     ALTER TABLE users DROP COLUMN x; COMMENT ON TABLE users IS 'Ours'",
];

#[test]
fn the_users_of_a_host_are_referred_to_and_left_as_they_are() {
    let folder = Folder::both().with_catalogs();
    for sql in GOOD {
        let database = Database::new();
        database.execute(sql);
        assert!(database.may_be_referred_to(), "{sql}");
        let before = database.users();
        let meals = database.meals(&folder);
        assert_eq!(meals.plan().unwrap().refused, None, "{sql}");
        assert_eq!(up(&meals), [USERS, DIARY, NOTES], "{sql}");
        assert_eq!(database.users(), before, "{sql}");
        let drift = || {
            let drift = Drift::new(&database.store).migrations(folder.set());
            drift.contexts([Context::MealPlanning]).run().unwrap()
        };
        assert_eq!(drift().differences, [], "{sql}");
        assert!(drift().is_clean(), "{sql}");
        let reverted = down(&meals, 99);
        assert!(reverted.contains(&USERS.to_owned()), "{sql}");
        assert_eq!(database.users(), before, "{sql}");
    }
}

/// What a host may have, and no foreign key can refer to; with what is said of it.
const BAD: &[(&str, &str)] = &[
    ("CREATE VIEW users AS SELECT gen_random_uuid() AS id", "public.users is no table"),
    (
        "CREATE MATERIALIZED VIEW users AS SELECT gen_random_uuid() AS id;
         CREATE UNIQUE INDEX ON users (id)",
        "public.users is no table",
    ),
    ("CREATE TYPE users AS (id uuid)", "public.users is no table"),
    ("CREATE SEQUENCE users", "public.users is no table"),
    ("CREATE TYPE users AS ENUM ('admin')", "public.users is a type"),
    ("CREATE TABLE users (user_id uuid PRIMARY KEY)", "public.users has no column id"),
    (
        "CREATE TABLE users (id uuid PRIMARY KEY, n int); ALTER TABLE users DROP COLUMN id",
        "public.users has no column id",
    ),
    (
        "CREATE TABLE users (id bigint PRIMARY KEY)",
        "public.users.id is of type bigint, and not uuid",
    ),
    (
        "CREATE TABLE users (id varchar(36) PRIMARY KEY)",
        "public.users.id is of type character varying(36), and not uuid",
    ),
    ("CREATE TABLE users (id uuid NOT NULL)", "public.users.id has no unique index"),
    ("CREATE TABLE users (id uuid); CREATE INDEX ON users (id)", "public.users.id has no unique"),
    (
        "CREATE TABLE users (id uuid, gone bool); CREATE UNIQUE INDEX ON users (id) WHERE NOT gone",
        "public.users.id has no unique index",
    ),
    (
        "CREATE TABLE users (id uuid, n int, PRIMARY KEY (id, n))",
        "public.users.id has no unique index",
    ),
    (
        "CREATE TABLE users (id uuid UNIQUE DEFERRABLE INITIALLY IMMEDIATE)",
        "public.users.id has no unique index",
    ),
    (
        "CREATE TABLE users (id uuid); CREATE UNIQUE INDEX ON users ((id::text))",
        "public.users.id has no unique index",
    ),
    (INVALID, "public.users.id has no unique index"),
    ("CREATE UNLOGGED TABLE users (id uuid PRIMARY KEY)", "public.users is unlogged"),
];

/// A unique index that could not be built: its statement fails.
const INVALID: &str = "CREATE TABLE users (id uuid);
    INSERT INTO users SELECT '00000000-0000-0000-0000-000000000001' FROM generate_series(1, 2)";

#[test]
fn users_that_nothing_can_refer_to_are_refused_before_the_first_change() {
    let folder = Folder::both();
    for (sql, expected) in BAD {
        let database = Database::new();
        database.execute(sql);
        if *sql == INVALID {
            let index = "CREATE UNIQUE INDEX CONCURRENTLY users_id_uq ON users (id)";
            database.connection().batch_execute(index).unwrap_err();
            database.execute("DELETE FROM users");
            assert_eq!(database.number("count(*) FROM pg_index WHERE NOT indisvalid"), 1);
        }
        assert!(!database.may_be_referred_to(), "{sql}");
        let before = database.catalog();
        let migrator = database.all_of(&folder);
        let plan = migrator.plan().unwrap();
        let refused = plan.refused.clone().unwrap();
        let head = format!(
            "{USERS}: needed by meal_planning, so nothing is run: refused by its guard, which lists \
             1: {expected}"
        );
        assert!(refused.starts_with(&head), "{sql}: {refused}");
        assert!(plan.to_string().starts_with(&format!("[!] {refused}\n[ ] ")), "{plan}");

        let rehearsal = migrator.dry_run().unwrap();
        assert!(!rehearsal.passed());
        for one in &rehearsal.migrations {
            match (&one.ending, one.planned.name == USERS) {
                (Ending::Refused { why }, true) => assert!(why.contains(expected), "{why}"),
                (Ending::NotReached { .. }, false) => {}
                _ => panic!("{sql}: {rehearsal}"),
            }
        }
        assert_eq!(rehearsal.migrations.len(), plan.migrations.len());

        let error = migrator.up().unwrap_err();
        assert!(matches!(error, Error::Migration { .. }), "{error:?}");
        assert_eq!(error.to_string(), refused);
        assert_eq!(database.catalog(), before, "{sql}");
        // Who does not refer to it gets what was chosen.
        assert_eq!(up(&database.migrator(&folder)), [T, B]);
        assert_eq!(database.migrator(&folder).plan().unwrap().refused, None);
        assert_eq!(told(migrator.up()).0, refused);
        assert_eq!(database.recorded(), [T, B]);
    }
}

#[test]
fn what_is_wrong_is_mended_as_it_says() {
    for (sql, _) in BAD.iter().filter(|(sql, _)| sql.contains("NOT NULL)") || sql.contains("UNLOG"))
    {
        let database = Database::new();
        let folder = Folder::both();
        database.execute(sql);
        let (what, _) = told(database.meals(&folder).up());
        let (_, remedy) = what.rsplit_once(": ").unwrap();
        database.execute(remedy);
        assert_eq!(up(&database.meals(&folder)), [USERS, DIARY, NOTES]);
    }
}

#[test]
fn a_role_that_may_not_refer_to_users_is_told_what_it_needs() {
    let database = Database::new();
    let folder = Folder::both();
    let name = database.texts("SELECT current_database()").remove(0);
    database.execute(&format!(
        "CREATE TABLE users (id uuid PRIMARY KEY);
         CREATE ROLE \"deploys {name}\"; GRANT CREATE ON DATABASE {name} TO \"deploys {name}\";
         GRANT CREATE ON SCHEMA public TO \"deploys {name}\";
         ALTER DATABASE {name} SET role = 'deploys {name}'",
    ));
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    let migrator = || Migrator::new(&store).contexts([Context::MealPlanning]);
    let migrator = || migrator().migrations(folder.set());
    let (what, _) = told(migrator().up());
    let remedy = format!("GRANT REFERENCES (id) ON public.users TO \"deploys {name}\"");
    assert!(what.ends_with(&remedy), "{what}");
    assert!(!database.has("planwright.migrations"));
    database.execute(&format!("SET role = none; {remedy}"));
    assert_eq!(up(&migrator()), [USERS, DIARY, NOTES]);
    down(&migrator(), 99);
    assert!(database.has("users"));
}

#[test]
fn users_of_another_schema_are_none() {
    let database = Database::new();
    let folder = Folder::both();
    database.execute(
        "CREATE SCHEMA app; CREATE TABLE app.users (id bigint);
         DO $$ BEGIN
             EXECUTE format('ALTER DATABASE %I SET search_path = app, public', current_database());
         END $$",
    );
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    let migrator = Migrator::new(&store).contexts([Context::MealPlanning]);
    let migrator = migrator.migrations(folder.set());
    assert_eq!(migrator.plan().unwrap().refused, None);
    assert_eq!(up(&migrator), [USERS, DIARY, NOTES]);
    assert!(database.has("public.users"));
    down(&migrator, 99);
    assert!(database.has("app.users") && !database.has("public.users"));
}

#[test]
fn what_we_have_made_stays_once_the_host_uses_it() {
    for sql in [
        "INSERT INTO users VALUES (gen_random_uuid())",
        "ALTER TABLE users ADD COLUMN email text",
        "CREATE TABLE sessions (user_id uuid REFERENCES users)",
        "CREATE VIEW everybody AS SELECT id FROM users",
        "CREATE FUNCTION any_user() RETURNS users LANGUAGE sql AS 'SELECT NULL::users'",
        "CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER told AFTER INSERT ON users EXECUTE FUNCTION told()",
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY",
        "COMMENT ON TABLE users IS 'Who may log in'",
        "COMMENT ON TABLE users IS NULL",
    ] {
        let database = Database::new();
        let folder = Folder::both();
        let meals = database.meals(&folder);
        meals.up().unwrap();
        database.execute(sql);
        let before = database.users();
        assert_eq!(down(&meals, 99)[..3], [NOTES, DIARY, USERS], "{sql}");
        assert_eq!(database.users(), before, "{sql}");
        assert!(!database.has("planwright.migrations"));
        assert_eq!(up(&meals), [USERS, DIARY, NOTES], "{sql}");
        assert_eq!(database.users(), before, "{sql}");
    }
}

#[test]
fn users_that_change_after_they_were_recorded_are_looked_at_again() {
    let database = Database::new();
    let folder = Folder::both();
    database.meals(&folder).up().unwrap();
    down(&database.meals(&folder), 2);
    database.execute("DROP TABLE users; CREATE TABLE users (id bigint)");
    let rehearsal = database.meals(&folder).dry_run().unwrap();
    let [diary, notes] = &rehearsal.migrations[..] else { panic!("{rehearsal}") };
    assert!(matches!(diary.ending, Ending::Refused { .. }), "{rehearsal}");
    assert!(matches!(notes.ending, Ending::NotReached { .. }), "{rehearsal}");
    let (what, _) = told(database.meals(&folder).up());
    assert!(what.contains("nothing is run") && what.contains("of type bigint"), "{what}");

    // A run that ends there is refused as well.
    let database = Database::new();
    database.execute("CREATE TABLE users (id bigint)");
    let (what, _) = told(database.meals(&folder).up_to(USERS));
    assert!(what.starts_with(&format!("{USERS}: nothing is run: refused by its guard")), "{what}");
    assert!(!database.has("planwright.migrations"));
}

#[test]
fn users_that_a_host_makes_meanwhile_are_looked_at_in_the_transaction() {
    let database = Database::new();
    let folder = Folder::both().without(NOTES);
    let make = |event: &Progress| {
        if matches!(event, Progress::Started { name, .. } if name == USERS) {
            database.execute("CREATE TABLE users (id bigint)");
        }
    };
    let (what, _) = told(database.all_of(&folder).on_progress(make).up());
    assert!(what.starts_with(&format!("{USERS}: refused by its guard")), "{what}");
    assert_eq!(database.recorded(), [T, B]);
}

#[test]
fn a_legacy_database_is_adopted_with_the_users_that_it_has() {
    let folder = Folder::both().with_catalogs();
    let legacy = |sql: &str| {
        let database = Database::new();
        database.execute(sql);
        database
    };
    let database = legacy(
        "CREATE TABLE users (n bigint PRIMARY KEY, id uuid NOT NULL UNIQUE);
         CREATE TABLE diary (user_id uuid REFERENCES users (id) ON DELETE RESTRICT);
         INSERT INTO users VALUES (1, gen_random_uuid()); INSERT INTO diary SELECT id FROM users",
    );
    let before = database.users();
    let meals = database.meals(&folder);
    let adoption = meals.adoption(Context::MealPlanning, DIARY).unwrap().unwrap();
    assert!(adoption.is_possible(), "{adoption}");
    assert!(!database.has("planwright.migrations"));
    assert_eq!(meals.adopt(Context::MealPlanning, DIARY).unwrap().unwrap(), adoption);
    assert_eq!(database.recorded(), [USERS, DIARY]);
    assert_eq!(
        database.texts("SELECT name FROM planwright.migrations WHERE adopted"),
        [DIARY],
        "users are the host's in any case"
    );
    assert_eq!(up(&meals), [NOTES]);
    let drift = Drift::new(&database.store).contexts([Context::MealPlanning]);
    let report = drift.migrations(folder.set()).run().unwrap();
    assert!(report.differences.iter().all(|one| matches!(one.finding, Finding::Renamed { .. })));
    assert!(report.is_clean(), "{report}");
    assert_eq!(database.users(), before);

    let database = legacy("CREATE TABLE users (id bigint); CREATE TABLE diary (user_id uuid)");
    let meals = database.meals(&folder);
    let before = database.catalog();
    for (what, _) in [
        told(meals.adoption(Context::MealPlanning, DIARY)),
        told(meals.adopt(Context::MealPlanning, DIARY)),
    ] {
        assert!(
            what.starts_with(&format!("{USERS}: needed by meal_planning, so nothing is run")),
            "{what}"
        );
    }
    assert_eq!(database.catalog(), before);

    // One that refers to none is not asked.
    let database = legacy("CREATE TABLE users (id bigint); CREATE TABLE t (id bigint, a int)");
    database.migrator(&folder).adopt(Context::Modelling, T).unwrap().unwrap();
    assert_eq!(database.recorded(), [T]);
}

#[test]
fn drift_looks_at_the_id_of_users_alone() {
    let folder = Folder::both().with_catalogs();
    let id = ObjectName::new(ObjectKind::Column, "public", "users", "id");
    let expected: Catalog =
        folder.set().catalog(&[Context::MealPlanning, Context::Core], |_| true).unwrap();
    assert_eq!(expected.get(&id).unwrap().len(), 1);
    let database = Database::new();
    database.all_of(&folder).up().unwrap();
    let drift = |contexts: &[Context]| {
        let drift = Drift::new(&database.store).contexts(contexts.iter().copied());
        drift.migrations(folder.set()).owned_schemas(["public"]).run().unwrap()
    };
    let (meals, modelling) = ([Context::MealPlanning], [Context::Modelling]);
    database.execute(
        "ALTER TABLE users ADD COLUMN email text NOT NULL UNIQUE, ALTER COLUMN id
             SET DEFAULT gen_random_uuid(), ENABLE ROW LEVEL SECURITY;
         ALTER TABLE users RENAME CONSTRAINT users_id_pk TO pk; GRANT ALL ON users TO PUBLIC;
         CREATE INDEX ON users (lower(email)); COMMENT ON TABLE users IS 'Ours'",
    );
    for contexts in [&meals[..], &modelling] {
        assert_eq!(drift(contexts).differences, [], "{contexts:?}");
    }
    assert_eq!(drift(&meals).as_expected[&ObjectKind::Column] + 2, {
        let columns = drift(&[Context::MealPlanning, Context::Modelling]).as_expected;
        columns[&ObjectKind::Column] - 1
    });

    database.execute(
        "ALTER TABLE diary DROP CONSTRAINT diary_user_id_fk;
         ALTER TABLE users ALTER id DROP DEFAULT, ALTER id TYPE text",
    );
    let of_id = |finding: &Finding| {
        let report = drift(&meals);
        let told = report.differences.iter().find(|one| one.object == id);
        let told = told.unwrap_or_else(|| panic!("{report}"));
        assert_eq!(told.finding, *finding);
        assert!(
            told.remedy.sql.is_empty() && told.remedy.advice.contains("the host's"),
            "{report}"
        );
        assert_eq!(drift(&modelling).differences, []);
    };
    let (property, expected) = ("type".to_owned(), Some("uuid".to_owned()));
    of_id(&Finding::Differs { property, expected, actual: Some("text".to_owned()) });
    database.execute("ALTER TABLE users DROP COLUMN id");
    of_id(&Finding::Missing);
    database.execute("DROP TABLE users");
    of_id(&Finding::Missing);
}

#[test]
fn a_rollout_that_fails_takes_the_users_back_that_it_has_made() {
    let good = Folder::both().with_catalogs();
    let failing = "2026-11-21-000400_meal_planning_failing";
    let folder = Folder::both().with_catalogs().with(failing, EXPAND, "SELECT 1 / 0", "SELECT 1");
    let folder = folder.write(failing, "catalog.json", "{}");
    let database = Database::new();
    database.migrator(&good).up().unwrap();
    let before = database.objects();
    let migrator = database.all_of(&folder);
    let report = Rollout::new(&migrator).back_on_failure(true).run().unwrap();
    assert!(!report.succeeded(), "{report}");
    assert!(report.to_string().contains(USERS), "{report}");
    assert_eq!(database.objects(), before, "{report}");
    assert_eq!(database.recorded(), [T, B]);
}

#[test]
fn a_rollout_is_refused_before_it_begins() {
    let folder = Folder::both().with_catalogs();
    let database = Database::new();
    database.execute("CREATE TABLE users (id bigint)");
    let before = database.catalog();
    let migrator = database.all_of(&folder);
    let report = Rollout::new(&migrator).back_on_failure(true).run().unwrap();
    assert!(!report.succeeded(), "{report}");
    let named = |name: &str| report.stages.iter().find(|stage| stage.name == name);
    let drift = named("drift before").unwrap();
    assert!(drift.lines.iter().any(|line| line.contains("of type bigint")), "{report}");
    assert!(named("up").is_none(), "{report}");
    assert_eq!(database.catalog(), before);
}

#[test]
fn no_list_of_tables_has_the_users_of_the_host() {
    let folder = Folder::both().with_catalogs();
    let database = Database::new();
    let migrator = database.meals(&folder);
    migrator.up().unwrap();
    let tables = Source::tables_of(&migrator).unwrap();
    assert_eq!(tables.iter().map(Source::name).collect::<Vec<_>>(), ["diary"]);
    let contexts = [Context::Core, Context::MealPlanning];
    let inventory = Inventory::of(&folder.set(), contexts).unwrap();
    assert!(inventory.relations.iter().any(|one| one.name.name == "diary"), "{inventory}");
    assert!(!inventory.to_string().contains("users (core)"), "{inventory}");

    // A diagram has what the table refers to by its name.
    let names: Vec<_> = inventory.relations.into_iter().map(|one| one.name).collect();
    let diagram = Diagram::of(&database.catalog(), "meals", &names).unwrap().mermaid();
    assert!(diagram.contains("\"users\" |o--o{ \"diary\""), "{diagram}");
    assert!(!diagram.contains("uuid id"), "{diagram}");
}
