//! What is expected of a database is what its history says, whichever state that is.

use planwright::migrate::{Kind, State};
use planwright::testing::{Fault, FaultProxy};
use planwright::verify::{Finding, ObjectKind, ObjectName, Privilege};
use planwright::{Error, StoreOptions};

use super::*;
use crate::support::{contexts, everything};

fn drift(database: &TestDatabase) -> Drift<'_> {
    Drift::new(database.store()).contexts(Context::ALL.iter().copied())
}

fn migrator(database: &TestDatabase) -> Migrator<'_> {
    Migrator::new(database.store()).contexts(Context::ALL.iter().copied())
}

#[test]
fn a_fresh_installation_is_as_expected() {
    let database = everything();
    let report = drift(&database).owned_schemas(["public"]).run().unwrap();
    assert_eq!(report.differences, []);
    assert_eq!((&report.held[..], &report.not_installed[..]), (&[][..], &[][..]));
    assert!(report.is_clean());
    assert_eq!(report.status.state, State::Current);
    let expected = Migrations::embedded().catalog(Context::ALL, |_| true).unwrap();
    assert_eq!(report.as_expected.values().sum::<usize>(), expected.len());
    assert!(report.as_expected[&ObjectKind::Column] > 40, "{report}");
    assert!(report.to_string().starts_with("[x] 2 schemas, 13 types, "), "{report}");
}

/// Every prefix of the history: with all held steps that are older, and with none of them.
#[test]
fn a_database_at_any_version_is_as_its_history_says() {
    let embedded = Migrations::embedded();
    let mut held = 0;
    for migration in embedded.as_slice() {
        let database = TestDatabase::new([]).unwrap();
        migrator(&database).up_to(&migration.version).unwrap();
        let report = drift(&database).run().unwrap();
        assert_eq!(report.differences, [], "at {migration}");
        let next = embedded.as_slice().iter().find(|next| next.version > migration.version);
        if next.is_some_and(|next| next.kind == Kind::Held) {
            // A later release comes to an installed database: its held steps wait.
            migrator(&database).up().unwrap();
            let report = drift(&database).run().unwrap();
            assert_eq!(report.differences, [], "with what is not held, beyond {migration}");
            let waiting: Vec<_> = report.held.iter().map(|step| step.migration.clone()).collect();
            assert!(waiting.contains(&next.unwrap().to_string()), "{report}");
            assert!(report.is_clean());
            held += 1;
        }
    }
    assert!(held > 0);
}

#[test]
fn what_a_held_step_leaves_is_told_by_itself() {
    let steps = [
        ("shop", "baseline", SHOP),
        (
            "tighter",
            "held",
            "ALTER TABLE shop.customer ALTER COLUMN name SET NOT NULL;
             ALTER TABLE shop.customer ADD CONSTRAINT customer_size_check CHECK (size > 0);
             DROP RULE keep ON shop.customer;
             DROP TABLE shop.\"order\" CASCADE",
        ),
    ];
    let shop = Shop::new();
    let late = || shop.drift().migrations(release(&steps)).run().unwrap();
    let report = late();
    assert_eq!(report.differences, []);
    assert!(report.is_clean());
    let [step] = &report.held[..] else { panic!("{report}") };
    assert_eq!(step.migration, "2099-01-01-000100_modelling_tighter");
    let customer = |kind, name| ObjectName::new(kind, "shop", "customer", name);
    assert_eq!(step.makes, [customer(ObjectKind::Constraint, "customer_size_check")]);
    assert_eq!(step.changes, [customer(ObjectKind::Column, "name")]);
    assert_eq!(
        step.takes_away,
        [
            ObjectName::new(ObjectKind::Table, "shop", "", "order"),
            ObjectName::new(ObjectKind::View, "shop", "", "big"),
            customer(ObjectKind::Rule, "keep"),
        ]
    );
    let printed = report.to_string();
    assert!(printed.contains(
        "[-] held: 2099-01-01-000100_modelling_tighter has still to be asked for\n      \
         makes constraint shop.customer.customer_size_check\n"
    ));
    assert!(printed.contains("      takes away table shop.order\n"), "{printed}");

    // Somebody was faster than the migration.
    shop.execute("ALTER TABLE shop.customer ADD CONSTRAINT customer_size_check CHECK (size > 0)");
    let report = late();
    let [early] = &report.differences[..] else { panic!("{report}") };
    assert_eq!(
        early.remedy.advice.split_once('.').unwrap().0,
        "2099-01-01-000100_modelling_tighter, which is not applied, makes it"
    );
}

#[test]
fn what_a_migration_has_taken_away_is_left_over() {
    let release = release(&[
        ("shop", "baseline", SHOP),
        ("join", "expand", "CREATE TABLE public.legacy_join (id bigint PRIMARY KEY)"),
        (
            "gone",
            "expand",
            "DROP TABLE public.legacy_join; ALTER TABLE shop.customer DROP COLUMN size CASCADE;
             DROP INDEX shop.order_customer_id_ix",
        ),
    ]);
    let database = TestDatabase::new([]).unwrap();
    migrator(&database).migrations(release.clone()).up().unwrap();
    let report = || drift(&database).migrations(release.clone()).run().unwrap();
    assert_eq!(report().differences, []);
    execute(
        database.url(),
        "CREATE TABLE public.legacy_join (id bigint PRIMARY KEY);
         ALTER TABLE shop.customer ADD COLUMN size smallint;
         CREATE INDEX order_customer_id_ix ON shop.\"order\" (customer_id);
         CREATE TABLE public.of_the_host (id bigint)",
    );
    let report = report();
    let lines: Vec<_> = report.differences.iter().map(line).collect();
    let left = "is left over: 2099-01-01-000200_modelling_gone has taken it away";
    assert_eq!(
        lines,
        [
            format!("warning: table public.legacy_join {left}"),
            format!("warning: column shop.customer.size {left}"),
            format!("warning: index shop.order.order_customer_id_ix {left}"),
        ]
    );
    assert!(!report.is_clean());
    assert!(report.differences.iter().all(|one| one.remedy.sql.is_empty()), "{report}");
}

#[test]
fn a_schema_that_the_host_shares_is_looked_at_where_our_tables_are() {
    let database = everything();
    execute(
        database.url(),
        "CREATE TABLE public.of_the_host (id bigint, plan_id bigint REFERENCES plan (id));
         CREATE TABLE planwright.stray (id bigint);
         ALTER TABLE plan ADD COLUMN colour text",
    );
    let found = |drift: Drift<'_>| -> Vec<String> {
        let report = drift.run().unwrap();
        assert!(report.is_clean(), "{report}");
        report.differences.iter().map(|one| one.object.to_string()).collect()
    };
    let ours = ["table planwright.stray", "column public.plan.colour"];
    assert_eq!(found(drift(&database)), ours);
    let all = ["table planwright.stray", "table public.of_the_host", "column public.plan.colour"];
    assert_eq!(found(drift(&database).owned_schemas(["public"])), all);
    let core = Drift::new(database.store()).owned_schemas(["public"]);
    assert_eq!(
        found(core),
        ["table planwright.stray", "table public.of_the_host"],
        "what another context has made is not extra"
    );
}

#[test]
fn known_differences_are_accepted_by_their_keys_and_a_stale_key_is_told() {
    let shop = Shop::new();
    shop.execute("ALTER TABLE shop.customer ALTER COLUMN note TYPE varchar(40)");
    shop.execute("DROP INDEX shop.order_customer_id_ix");
    let keys = ["column shop.customer.note: type", "view shop.big: missing"];
    let report = shop.drift().accepting(keys).run().unwrap();
    let left: Vec<_> = report.differences.iter().map(Difference::key).collect();
    assert_eq!(left, ["index shop.order.order_customer_id_ix: missing"]);
    assert_eq!(report.accepted[0].key(), keys[0]);
    assert_eq!(report.unneeded, [keys[1]]);
    assert!(!report.is_clean());
    let both = shop.drift().accepting(keys).accepting(left).run().unwrap();
    assert!(both.is_clean(), "{both}");
    let printed = both.to_string();
    let accepted =
        "[x] accepted: column shop.customer.note has type character varying(40) instead of text\n";
    assert!(printed.contains(accepted), "{printed}");
    assert!(
        printed.contains("[-] to be accepted, and not there: view shop.big: missing\n"),
        "{printed}"
    );
}

#[test]
fn an_empty_database_is_not_clean_and_nothing_is_expected_of_it() {
    let database = TestDatabase::new([]).unwrap();
    let report = drift(&database).role("nobody", Privilege::ALL).run().unwrap();
    assert_eq!(report.not_installed, [&[Context::Core][..], &contexts()].concat());
    assert_eq!((report.differences.len(), report.as_expected.len(), report.held.len()), (0, 0, 0));
    assert!(matches!(report.status.state, State::Behind { .. }));
    assert!(!report.is_clean());
    let printed = report.to_string();
    assert!(
        printed.starts_with("[ ] core is not installed: nothing is expected of it\n"),
        "{printed}"
    );

    Migrator::new(database.store()).up().unwrap();
    let report = drift(&database).run().unwrap();
    assert_eq!(report.not_installed, contexts());
    assert!(Drift::new(database.store()).run().unwrap().is_clean());
}

#[test]
fn what_another_release_did_is_not_known_here() {
    let database = everything();
    execute(
        database.url(),
        "INSERT INTO planwright.migrations (version, context, kind, name, checksum, duration_ms)
         VALUES ('29991231000000', 'modelling', 'expand', 'later', '\\x01', 0);
         ALTER TABLE plan ADD COLUMN later text",
    );
    let report = drift(&database).run().unwrap();
    assert_eq!(report.unknown, ["later"]);
    assert!(matches!(&report.status.state, State::Ahead { unknown } if *unknown == ["later"]));
    assert_eq!(report.differences[0].finding, Finding::Extra);
    assert!(report.is_clean(), "as happens during a rolling deploy");
    let words = "[-] of a later release, whose changes look like differences here: later\n";
    assert!(report.to_string().contains(words), "{report}");

    execute(
        database.url(),
        "UPDATE planwright.migrations SET checksum = '\\x01' WHERE context = 'core'",
    );
    let report = drift(&database).run().unwrap();
    assert!(matches!(report.status.state, State::Tampered { .. }));
    assert!(report.unknown.contains(&"2026-11-20-000000_core_history".to_owned()), "{report}");
    assert!(!report.is_clean());
    assert!(report.to_string().contains("[ ] edited or deleted since they were applied"));
}

#[test]
fn a_migration_that_does_not_say_what_it_does_is_refused() {
    let database = TestDatabase::new([]).unwrap();
    let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(database.name());
    let folder = root.join("2099-01-01-000000_modelling_silent");
    fs::create_dir_all(&folder).unwrap();
    let metadata = "run_in_transaction = true\nkind = \"baseline\"\n";
    for (file, text) in
        [("up.sql", "SELECT 1"), ("down.sql", "SELECT 1"), ("metadata.toml", metadata)]
    {
        fs::write(folder.join(file), text).unwrap();
    }
    let set = Migrations::from_folder(&root).unwrap();
    fs::remove_dir_all(&root).unwrap();
    let refused = drift(&database).migrations(set).run().unwrap_err();
    let Error::Migration { version: ref name, .. } = refused else { panic!("{refused}") };
    assert_eq!(name, "2099-01-01-000000_modelling_silent");
}

#[test]
fn it_asks_the_server_fewer_than_fifteen_times_whatever_is_there() {
    let database = everything();
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let count = |contexts: &[Context]| {
        proxy.set(Fault::None);
        let drift = Drift::new(&store).contexts(contexts.iter().copied());
        drift.role("a", Privilege::ALL).role("b", Privilege::ALL).run().unwrap();
        proxy.requests()
    };
    // The first run prepares what the later ones use again.
    count(&[]);
    let (core, all) = (count(&[]), count(Context::ALL));
    // With BEGIN and COMMIT.
    assert_eq!((core, all), (14, 14));
}
