//! Up, down, status.

use std::fs;

use diesel::migration::{Migration as _, MigrationSource};
use diesel::pg::Pg;
use diesel_migrations::FileBasedMigrations;
use planwright::local_server::LocalServer;
use planwright::migrate::{Kind, Migrations, Migrator, Progress, State};

use super::*;
use crate::support::of_modelling;

#[test]
fn a_fresh_installation_has_every_migration_and_comes_down_to_nothing() {
    let database = Database::new();
    let before = database.objects();
    let embedded = Migrations::embedded();
    let all = of_modelling();
    assert!(all.len() >= 8);
    assert!(embedded.as_slice().iter().any(|migration| migration.kind == Kind::Held));

    let pending = State::Behind { pending: all.clone() };
    assert_eq!(database.modelling().status().unwrap().state, pending);
    assert_eq!(every(&database.modelling().up().unwrap()), all);
    let status = database.modelling().status().unwrap();
    assert_eq!(status.state, State::Current);
    assert_eq!(status.applied.len(), all.len());
    assert!(status.held.is_empty() && status.waiting.is_empty());
    database.modelling().require_current().unwrap();
    let after = database.objects();

    // What core has remembered goes last.
    let (core, others): (Vec<&str>, Vec<&str>) =
        all.iter().map(String::as_str).partition(|name| name.contains("_core_"));
    for name in others.iter().rev().chain(core.iter().rev()) {
        let down = database.modelling().down().unwrap();
        assert_eq!(down.iter().map(|reverted| &*reverted.name).collect::<Vec<_>>(), [*name]);
    }
    assert_eq!(database.objects(), before);
    assert_eq!(database.modelling().down().unwrap(), []);

    assert_eq!(every(&database.modelling().up().unwrap()), all);
    assert_eq!(database.objects(), after);
}

#[test]
fn with_nothing_to_do_up_and_status_are_one_query() {
    let server = LocalServer::builder().setting("log_statement", "all").start().unwrap();
    let database = Database::on(&server);
    database.modelling().up().unwrap();
    let up = || drop(database.modelling().up().unwrap());
    let status = || drop(database.modelling().status().unwrap());
    // With users, too, of a context that refers to them.
    let folder = Folder::empty().with_diary();
    database.meals(&folder).up().unwrap();
    let up_meals = || drop(database.meals(&folder).up().unwrap());
    let status_of_meals = || drop(database.meals(&folder).status().unwrap());
    for work in [&up as &dyn Fn(), &status, &up_meals, &status_of_meals] {
        let before = fs::read_to_string(server.log()).unwrap().len();
        work();
        let log = fs::read_to_string(server.log()).unwrap().split_off(before);
        let statements: Vec<_> = log.lines().filter(|line| line.contains("LOG:")).collect();
        // The unit of work that it runs in begins and ends.
        let [_, query, _] = statements[..] else { panic!("{log}") };
        assert!(query.contains(r#"FROM "planwright"."migrations""#), "{query}");
    }
}

#[test]
fn a_host_gets_only_the_contexts_that_it_chose() {
    let database = Database::new();
    let core = Migrator::new(&database.store);
    assert_eq!(core.up().unwrap().names(), [CORE]);
    assert_eq!(core.status().unwrap().state, State::Current);
    assert!(database.objects().iter().all(|name| name.contains("planwright")));

    // The history stays while another context is in it, even for a runner that has not chosen it.
    let folder = Folder::new();
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [T, B]);
    assert_eq!(core.status().unwrap().names(), [CORE]);
    assert_eq!(core.down_steps(9).unwrap(), []);
    let (what, _) = told(core.contract("20261120000700"));
    assert!(what.contains("belongs to modelling, which is not chosen"), "{what}");
}

#[test]
fn up_to_and_down_to_end_where_they_are_told() {
    let database = Database::new();
    let folder = Folder::with_index().with_held();
    let migrator = database.migrator(&folder);
    assert_eq!(migrator.up_to("20261121000100").unwrap().names(), [CORE, T]);
    assert_eq!(migrator.up_to("2026-11-21-000200").unwrap().names(), [B]);
    // It ended before the held step, so that one is not part of the installation.
    assert_eq!(migrator.up().unwrap().names(), [INDEX]);
    assert_eq!(migrator.status().unwrap().held, [DROP_B]);

    assert_eq!(migrator.down_to(T).unwrap().names(), [INDEX, B]);
    assert_eq!(migrator.down_to(T).unwrap(), []);
    assert_eq!(migrator.up().unwrap().names(), [B, INDEX]);
    assert_eq!(migrator.down_steps(2).unwrap().names(), [INDEX, B]);
    let (what, _) = told(migrator.down_to(INDEX));
    assert!(what.contains("is not applied"), "{what}");
    let (what, _) = told(migrator.up_to("20250101000000"));
    assert!(what.contains("no such migration"), "{what}");
}

#[test]
fn what_was_applied_before_a_migration_of_core_stays_with_it() {
    let database = Database::new();
    let all = of_modelling();
    let jobs = "20261120000800";
    database.modelling().up().unwrap();
    let later = |name: &&str| name.replace('-', "").as_str() > jobs && !name.contains("_core_");
    let later: Vec<&str> = all.iter().map(String::as_str).rev().filter(later).collect();
    assert_eq!(database.modelling().down_to(jobs).unwrap().names(), later);
    // What of core is later stays, as long as what core has recorded does.
    assert_eq!(database.modelling().down_to(jobs).unwrap(), []);
    let core = Migrator::new(&database.store);
    assert_eq!(core.down_to(jobs).unwrap(), []);
    let applied = database.modelling().status().unwrap().applied;
    assert_eq!(applied.len() + later.len(), all.len());
}

#[test]
fn a_failing_statement_is_named_and_leaves_nothing() {
    let database = Database::new();
    let folder = Folder::new().with(
        INDEX,
        EXPAND,
        "CREATE TABLE u (id int);\n-- Not there.\nALTER TABLE nowhere\n  ADD COLUMN c int; SELECT 1;",
        "DROP TABLE u;",
    );
    let (what, why) = told(database.migrator(&folder).up());
    assert_eq!(
        what,
        format!("{INDEX}: statement 2 of 3 failed: ALTER TABLE nowhere ADD COLUMN c int")
    );
    assert!(why.contains("\"nowhere\" does not exist"), "{why}");
    assert!(!database.objects().contains(&"public.u".to_owned()));
    let status = database.migrator(&folder).status().unwrap();
    assert_eq!(status.state, State::Behind { pending: vec![INDEX.to_owned()] });

    let (what, _) = told(database.migrator(&folder).require_current());
    assert_eq!(
        what,
        format!(
            "the schema is behind by 1: {INDEX}. Run \
             `Migrator::new(&store).contexts([Context::Modelling]).up()`"
        )
    );
}

#[test]
fn a_constraint_that_is_checked_at_commit_is_told_as_such() {
    let database = Database::new();
    let folder = Folder::new().with(
        INDEX,
        EXPAND,
        "CREATE TABLE u (id int UNIQUE DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO u VALUES (1), (1);",
        "DROP TABLE u;",
    );
    let (what, why) = told(database.migrator(&folder).up());
    assert_eq!(what, format!("{INDEX}: COMMIT was refused: nothing of it is stored"));
    assert!(why.contains("u_id_key"), "{why}");
    assert!(!database.objects().contains(&"public.u".to_owned()));
    assert_eq!(database.migrator(&folder).status().unwrap().names(), [CORE, T, B]);
}

#[test]
fn an_edited_migration_is_tampered_but_its_comments_may_change() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();

    let folder = folder
        .write(B, "up.sql", "-- Why.\nalter TABLE t /* the */\n  add COLUMN b INT")
        .write(B, "down.sql", "ALTER TABLE t DROP COLUMN IF EXISTS b;");
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Current);

    let folder = folder.write(B, "up.sql", "ALTER TABLE t ADD COLUMN b bigint;");
    let tampered = State::Tampered { versions: vec!["20261121000200".to_owned()] };
    assert_eq!(database.migrator(&folder).status().unwrap().state, tampered);
    let migrator = database.migrator(&folder);
    for (what, _) in [
        told(migrator.up()),
        told(migrator.require_current()),
        told(migrator.down()),
        told(migrator.contract(B)),
    ] {
        assert!(what.contains("20261121000200") || what.contains("is expand, not held"), "{what}");
    }
}

#[test]
fn a_deleted_migration_is_tampered_and_a_newer_one_is_ahead() {
    let database = Database::new();
    let folder = Folder::with_index();
    database.migrator(&folder).up().unwrap();

    let folder = folder.without(B);
    let tampered = State::Tampered { versions: vec!["20261121000200".to_owned()] };
    assert_eq!(database.migrator(&folder).status().unwrap().state, tampered);

    let folder = Folder::new();
    let status = database.migrator(&folder).status().unwrap();
    assert_eq!(status.state, State::Ahead { unknown: vec![INDEX.to_owned()] });
    database.migrator(&folder).require_current().unwrap();
    assert_eq!(database.migrator(&folder).up().unwrap(), []);
    let (what, _) = told(database.migrator(&folder).down());
    assert!(what.contains("is of a later release"), "{what}");
}

#[test]
fn a_checksum_of_a_later_rule_is_not_judged() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    let set = "UPDATE planwright.migrations SET checksum =";
    database.execute(&format!("{set} '\\x02aa' WHERE context = 'modelling'"));
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Current);
    database.execute(&format!("{set} '' WHERE context = 'modelling'"));
    let state = database.migrator(&folder).status().unwrap().state;
    assert!(matches!(state, State::Tampered { versions } if versions.len() == 2));
}

#[test]
fn a_down_that_refuses_says_why_and_leaves_everything() {
    let database = Database::new();
    let folder =
        Folder::new().write(B, "down.sql", "SELECT 1; DO $$ BEGIN RAISE 'not this way'; END $$;");
    database.migrator(&folder).up().unwrap();
    let (what, why) = told(database.migrator(&folder).down());
    assert!(
        what.starts_with(&format!("{B}: statement 2 of 2 of its down failed: DO $$")),
        "{what}"
    );
    assert_eq!(why, "not this way");
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Current);
}

#[test]
fn what_was_adopted_belongs_to_the_host() {
    let database = Database::new();
    let folder = Folder::new();
    database.migrator(&folder).up().unwrap();
    database.execute(
        "UPDATE planwright.migrations SET adopted = true WHERE version = '20261121000100'",
    );
    let (what, _) = told(database.migrator(&folder).down_steps(2));
    assert!(what.starts_with(T) && what.contains("was adopted"), "{what}");
    // It was checked before anything was done.
    assert_eq!(database.migrator(&folder).status().unwrap().state, State::Current);
    assert_eq!(database.migrator(&folder).down().unwrap().names(), [B]);
}

#[test]
fn the_history_of_the_host_is_left_alone() {
    let database = Database::new();
    let folder = Folder::with_index();
    database.migrator(&folder).up().unwrap();
    assert_eq!(database.number("count(to_regclass('__diesel_schema_migrations'))"), 0);
    database.migrator(&folder).down_steps(9).unwrap();

    database.execute(
        "CREATE TABLE __diesel_schema_migrations (version varchar PRIMARY KEY, run_on timestamp);
         INSERT INTO __diesel_schema_migrations VALUES ('20261121000100', now()), ('1', now())",
    );
    let rows = "SELECT xmin || ' ' || version FROM __diesel_schema_migrations ORDER BY version";
    let before = database.texts(rows);
    assert_eq!(database.migrator(&folder).up().unwrap().names(), [CORE, T, B, INDEX]);
    database.migrator(&folder).down_steps(9).unwrap();
    assert_eq!(database.texts(rows), before);
}

#[test]
fn a_schema_that_was_given_beforehand_is_kept() {
    let database = Database::new();
    database.execute(
        "CREATE SCHEMA planwright;
         CREATE ROLE limited; GRANT limited TO CURRENT_USER; ALTER SCHEMA planwright OWNER TO limited;
         GRANT USAGE, CREATE ON SCHEMA public TO limited",
    );
    // This role may not create schemas.
    database.execute(&format!(
        "ALTER DATABASE {} SET role = 'limited'",
        database.texts("SELECT current_database()")[0]
    ));
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    let migrator = Migrator::new(&store);
    assert_eq!(migrator.up().unwrap().names(), [CORE]);
    assert_eq!(migrator.status().unwrap().applied[0].applied_by, "limited");
    assert_eq!(migrator.down_steps(9).unwrap().names(), [CORE]);
    assert_eq!(database.objects(), ["schema planwright"]);
}

#[test]
fn what_the_host_sets_for_its_sessions_does_not_reach_a_migration() {
    let database = Database::new();
    database.execute(
        "DO $$ DECLARE one text; BEGIN
             FOREACH one IN ARRAY ARRAY['statement_timeout = 20000', 'transaction_timeout = 20000',
                 'idle_session_timeout = 20000', 'search_path = pg_catalog',
                 'default_transaction_isolation = serializable'] LOOP
                 IF current_setting(split_part(one, ' ', 1), true) IS NOT NULL THEN
                     EXECUTE format('ALTER DATABASE %I SET ', current_database()) || one;
                 END IF;
             END LOOP;
         END $$",
    );
    let folder = Folder::new().with(
        INDEX,
        EXPAND,
        "CREATE TABLE settings AS
         SELECT name, setting FROM pg_settings WHERE name LIKE '%\\_timeout'
         UNION ALL VALUES ('isolation', current_setting('transaction_isolation')),
                          ('path', current_setting('search_path'))",
        "DROP TABLE settings",
    );
    let store = Store::connect(&database.url, &StoreOptions::default()).unwrap();
    let migrator = Migrator::new(&store).contexts([Context::Modelling]).migrations(folder.set());
    migrator.up().unwrap();
    let limited = database.texts(
        "SELECT name || ' ' || setting FROM public.settings
         WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_session_timeout',
                        'isolation', 'path')
           AND setting NOT IN ('0', 'read committed', 'public')",
    );
    assert_eq!(limited, [""; 0]);
}

#[test]
fn the_history_is_what_the_embedded_migrations_say() {
    let database = Database::new();
    let folder = Folder::with_index();
    let mut events = Vec::new();
    let applied = database
        .migrator(&folder)
        .on_progress(|event: &Progress| events.push(event.clone()))
        .up()
        .unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| match event {
            Progress::Started { name, .. } => format!("started {name}"),
            Progress::Finished { name, .. } => format!("finished {name}"),
            other => format!("{other:?}"),
        })
        .collect();
    let expected: Vec<_> = applied
        .iter()
        .map(|applied| &applied.name)
        .flat_map(|name| [format!("started {name}"), format!("finished {name}")])
        .collect();
    assert_eq!(told, expected);

    let status = database.migrator(&folder).status().unwrap();
    assert_eq!(status.applied.len(), applied.len());
    for (row, applied) in status.applied.iter().zip(&applied) {
        assert_eq!((&row.name, &row.version), (&applied.name, &applied.version));
        assert_eq!(row.context, applied.context.name());
        assert_eq!(row.kind, applied.kind.name());
        assert_eq!(u128::try_from(row.duration_ms).unwrap(), applied.duration.as_millis());
        assert_eq!(row.applied_by, "postgres");
        assert!(!row.adopted);
    }
    let first = core().len();
    let json = serde_json::to_value(&applied[first]).unwrap();
    assert_eq!(json["name"], T);
    assert_eq!(json["context"], "modelling");
    assert_eq!(json["kind"], "baseline");
    assert!(json["duration_ms"].is_u64());
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["state"], "current");
    assert_eq!(json["applied"][first]["version"], "20261121000100");
    let core = core().join("\n[x] ");
    let expected = format!("current\n[x] {core}\n[x] {T}\n[x] {B}\n[x] {INDEX}\n");
    assert_eq!(status.to_string(), expected);
}

#[test]
fn every_table_and_column_of_core_is_commented() {
    let database = Database::new();
    Migrator::new(&database.store).up().unwrap();
    let looked_at = "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relnamespace = 'planwright'::regnamespace AND c.relkind = 'r' AND a.attnum > 0";
    assert_eq!(database.number(&format!("count(*) {looked_at}")), 11 + 13 + 5 + 5);
    let missing = format!(
        "SELECT a.attname {looked_at} AND (col_description(c.oid, a.attnum) IS NULL
                                           OR obj_description(c.oid, 'pg_class') IS NULL)"
    );
    assert_eq!(database.texts(&missing), Vec::<String>::new());
}

#[test]
fn the_embedded_values_are_what_diesel_reads() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let describe = |source: &dyn MigrationSource<Pg>| {
        let mut all: Vec<_> = source
            .migrations()
            .unwrap()
            .iter()
            .map(|migration| {
                let name = migration.name();
                let transaction = migration.metadata().run_in_transaction();
                (name.version().to_string(), name.to_string(), transaction)
            })
            .collect();
        all.sort();
        all
    };
    let embedded = describe(&Migrations::embedded());
    assert!(embedded.len() >= 8);
    assert_eq!(embedded, describe(&FileBasedMigrations::from_path(root).unwrap()));

    // And Diesel can run and revert them all, as on a development database.
    let database = Database::new();
    let mut connection = database.connection();
    let mut all = MigrationSource::<Pg>::migrations(&Migrations::embedded()).unwrap();
    for migration in &all {
        migration.run(&mut connection).unwrap();
    }
    all.reverse();
    for migration in &all {
        migration.revert(&mut connection).unwrap();
    }
}
