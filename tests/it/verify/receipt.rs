//! What a rollout tells of each of its stages, and what it leaves.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::migrate::{Migrations, Migrator, State};
use planwright::modelling::INVARIANTS;
use planwright::testing::TestDatabase;
use planwright::verify::{Invariant, Rollout, RolloutReport, Severity, Source, StageResult};
use planwright::{Context, Store};

use super::drift::release_with_downs as release;
use crate::support::{execute, number, of_modelling, text};

const LEGACY: &str = include_str!("../migrate/legacy.sql");
const BASE: &str = "20261120000100";

/// A release of a shop: its table, and the column that a rollout adds.
const SHOP: &[Step<'_>] = &[
    (
        "shop",
        "baseline",
        "CREATE TABLE item (id bigint PRIMARY KEY, price numeric(12, 2) NOT NULL)",
        "DROP TABLE item",
    ),
    ("note", "expand", "ALTER TABLE item ADD note text", "ALTER TABLE item DROP note"),
];
const ROWS: &str = "INSERT INTO item SELECT n, n * 10 FROM generate_series(1, 20) n";

type Step<'s> = (&'s str, &'s str, &'s str, &'s str);

/// A release that has one step more.
fn shop_and(name: &str, up: &str, down: &str) -> Migrations {
    release(&[SHOP, &[(name, "expand", up, down)]].concat())
}

fn migrator(store: &Store) -> Migrator<'_> {
    Migrator::new(store).contexts([Context::Modelling])
}

/// A database that is at the shop's first version, with rows.
fn shop() -> TestDatabase {
    let database = TestDatabase::new([]).unwrap();
    migrator(database.store()).migrations(release(SHOP)).up_to("20990101000000").unwrap();
    database.store().write(|uow| execute(uow, ROWS)).unwrap();
    database
}

fn legacy() -> TestDatabase {
    let database = TestDatabase::new([]).unwrap();
    PgConnection::establish(database.url()).unwrap().batch_execute(LEGACY).unwrap();
    database
}

fn roll(store: &Store, migrations: Migrations, back: bool) -> RolloutReport {
    let migrator = migrator(store).migrations(migrations);
    Rollout::new(&migrator).back_on_failure(back).run().unwrap()
}

/// The names of its stages, each with how it ended.
fn stages(report: &RolloutReport) -> Vec<String> {
    let mark = |result| match result {
        StageResult::Done => 'x',
        StageResult::Failed => '!',
        StageResult::Skipped => '-',
    };
    report.stages.iter().map(|stage| format!("{} {}", mark(stage.result), stage.name)).collect()
}

fn lines<'r>(report: &'r RolloutReport, name: &str) -> &'r [String] {
    let stage = report.stages.iter().find(|stage| stage.name == name);
    &stage.unwrap_or_else(|| panic!("no {name}: {report}")).lines
}

const PREFLIGHT: [&str; 5] = [
    "x status before",
    "x drift before",
    "- rules before",
    "x old transactions on the tables",
    "x fingerprint before",
];

/// The preflight went well, and then these.
fn then<'s>(rest: &[&'s str]) -> Vec<&'s str> {
    PREFLIGHT.iter().chain(rest).copied().collect()
}

/// Everything that a preflight must not have changed.
fn applied(store: &Store) -> Vec<String> {
    let status = migrator(store).status().unwrap();
    status.applied.into_iter().map(|row| row.name).collect()
}

#[test]
fn an_empty_database_gets_everything_and_every_one_the_same_receipt() {
    let rolled = || {
        let database = TestDatabase::new([]).unwrap();
        let migrator = migrator(database.store());
        let report = Rollout::new(&migrator).invariants(INVARIANTS).run().unwrap();
        assert!(report.succeeded(), "{report}");
        assert_eq!(migrator.status().unwrap().state, State::Current);
        report
    };
    let (one, other) = (rolled(), rolled());
    assert_eq!(one.to_string(), other.to_string());
    assert_eq!(lines(&one, "up").len(), of_modelling().len());
    assert_eq!(lines(&one, "rules after").len(), INVARIANTS.len());
    assert!(lines(&one, "rules after").iter().all(|line| line.starts_with("[x]")), "{one}");
    let json = serde_json::to_value(&one).unwrap();
    assert_eq!(json["stages"][0]["name"], "status before");
    assert_eq!(json["stages"][0]["result"], "done");
    assert!(json["duration_ms"].is_u64());
}

#[test]
fn on_a_current_database_there_is_nothing_to_do_and_the_same_content() {
    let database = TestDatabase::new([Context::Modelling]).unwrap();
    let store = database.store();
    store.write(|uow| execute(uow, PLAN)).unwrap();
    let migrator = migrator(store);
    let report = Rollout::new(&migrator).invariants(INVARIANTS).run().unwrap();
    assert!(report.succeeded(), "{report}");
    assert!(lines(&report, "up").is_empty());
    assert!(report.to_string().contains("\n[x] up: none\n"), "{report}");
    let same = lines(&report, "fingerprint after");
    assert_eq!(same[0], "[x] plan: the same 1 rows");
}

const PLAN: &str = "WITH s AS (INSERT INTO scenario (portfolio_id, name, goal)
                               VALUES (1, 'x', 'net_zero') RETURNING id)
                    INSERT INTO plan (property_id, scenario_id) SELECT 7, id FROM s";

#[test]
fn a_database_that_was_adopted_keeps_its_rows() {
    let database = legacy();
    let migrator = migrator(database.store());
    migrator.adopt(Context::Modelling, BASE).unwrap().unwrap();
    let report = Rollout::new(&migrator).invariants(INVARIANTS).run().unwrap();
    assert!(report.succeeded(), "{report}");
    let same = lines(&report, "fingerprint after");
    assert_eq!(
        same,
        [
            "[x] plan: the same 5 rows",
            "[x] plan_recommendations: the same 5 rows",
            "[x] recommendation: the same 5 rows",
            "[x] scenario: the same 1 rows",
        ]
    );
    let waiting = lines(&report, "rules before");
    assert!(waiting.iter().any(|line| line.contains("waits for migration")), "{report}");
    assert!(!lines(&report, "rules after").iter().any(|line| line.contains("waits for")));
}

#[test]
fn two_databases_with_the_same_rows_give_the_same_receipt() {
    let rolled = |database: TestDatabase| roll(database.store(), release(SHOP), true);
    let (copy, live) = (rolled(shop()), rolled(shop()));
    assert!(live.succeeded(), "{live}");
    assert_eq!(copy.to_string(), live.to_string());
    assert_eq!(lines(&live, "up"), ["2099-01-01-000100_modelling_note"]);

    let other = shop();
    other.store().write(|uow| execute(uow, "UPDATE item SET price = 1 WHERE id = 7")).unwrap();
    assert_ne!(rolled(other).to_string(), live.to_string());
}

#[test]
fn tables_that_are_there_and_were_not_adopted_stop_it() {
    let database = legacy();
    let report = roll(database.store(), Migrations::embedded(), true);
    assert!(!report.succeeded());
    let told = lines(&report, "drift before").last().unwrap();
    assert_eq!(told, "[ ] table public.plan is there already: adopt modelling first");
    assert!(applied(database.store()).is_empty(), "{report}");
}

#[test]
fn drift_stops_it_before_anything_is_touched_unless_it_is_accepted() {
    let database = shop();
    let store = database.store();
    store.write(|uow| execute(uow, "ALTER TABLE item ALTER price DROP NOT NULL")).unwrap();
    let before = applied(store);
    let report = roll(store, release(SHOP), true);
    assert_eq!(
        stages(&report),
        ["x status before", "! drift before", "- rules before", "x old transactions on the tables"]
    );
    assert_eq!(applied(store), before);

    let migrator = migrator(store).migrations(release(SHOP));
    let key = "column public.item.price: nullable";
    let report = Rollout::new(&migrator).accepting([key]).run().unwrap();
    assert!(report.succeeded(), "{report}");
    assert!(lines(&report, "drift after").iter().any(|line| line.starts_with("[x] accepted")));
}

#[test]
fn a_broken_rule_stops_it_and_one_that_cannot_be_asked_too() {
    let rule = |violators| Invariant {
        name: "item_price",
        sentence: "nothing is for free",
        enforced: false,
        severity: Severity::Error,
        since: "20990101000000",
        violators,
    };
    let database = shop();
    let store = database.store();
    let before = applied(store);
    for (violators, told) in [
        ("SELECT id FROM item WHERE price <= 10", "error: 1 break it: 1"),
        ("SELECT id FROM items", "relation \"items\" does not exist"),
    ] {
        // The column's name is what the query has to have.
        let rule = rule(violators.replace("SELECT id", "SELECT id AS violator").leak());
        let migrator = migrator(store).migrations(release(SHOP));
        let report = Rollout::new(&migrator).invariants(&[rule]).run().unwrap();
        assert!(!report.succeeded());
        assert!(lines(&report, "rules before").last().unwrap().ends_with(told), "{report}");
        assert_eq!(report.stages.len(), 4, "{report}");
        assert_eq!(applied(store), before);
    }
}

/// It fails where there are rows.
const REFUSES: &str = "DO $$ BEGIN IF EXISTS (SELECT FROM item) THEN
    RAISE EXCEPTION 'there are rows'; END IF; END $$";

#[test]
fn what_a_migration_that_fails_leaves_is_taken_back_if_that_is_wanted() {
    let database = shop();
    let store = database.store();
    let before = applied(store);
    let fails = || shop_and("fails", REFUSES, "SELECT 1");

    let report = roll(store, fails(), true);
    assert_eq!(stages(&report), then(&["! up", "x back", "x fingerprint back"]), "{report}");
    assert!(lines(&report, "up")[0].starts_with("2099-01-01-000200_modelling_fails: "), "{report}");
    assert!(lines(&report, "up")[0].ends_with(": there are rows"), "{report}");
    assert_eq!(lines(&report, "back"), ["2099-01-01-000100_modelling_note"]);
    assert_eq!(lines(&report, "fingerprint back"), ["[x] item: the same 20 rows"]);
    assert_eq!(applied(store), before);

    let report = roll(store, fails(), false);
    assert_eq!(stages(&report), then(&["! up"]), "{report}");
    assert_eq!(applied(store).len(), before.len() + 1);
}

#[test]
fn a_fresh_installation_that_fails_leaves_nothing() {
    let database = TestDatabase::new([]).unwrap();
    let fails = "DO $$ BEGIN IF EXISTS (SELECT FROM planwright.migrations
        WHERE name LIKE '%_note') THEN RAISE EXCEPTION 'no'; END IF; END $$";
    let report = roll(database.store(), shop_and("fails", fails, "SELECT 1"), true);
    assert_eq!(stages(&report), then(&["! up", "x back", "x fingerprint back"]), "{report}");
    let schema = "to_regnamespace('planwright') IS NULL";
    let gone = database.store().read(|uow| text(uow, schema)).unwrap();
    assert_eq!((gone.as_str(), applied(database.store()).len()), ("true", 0));
}

#[test]
fn content_that_a_migration_has_changed_is_noticed_and_taken_back() {
    let database = shop();
    let store = database.store();
    let dearer = |down| shop_and("dearer", "UPDATE item SET price = price + 1", down);
    let down = "UPDATE item SET price = price - 1";

    let report = roll(store, dearer(down), true);
    let noticed = ["x up", "x status after", "x drift after", "- rules after"];
    let noticed = [&noticed[..], &["! fingerprint after", "x back", "x fingerprint back"]].concat();
    assert_eq!(stages(&report), then(&noticed), "{report}");
    let told = lines(&report, "fingerprint after");
    assert_eq!(told, ["[ ] item: 20 rows, with other content"]);
    assert_eq!(number(store, "SELECT sum(price) FROM item"), 2_100);

    // A way back that is none is told, too.
    let report = roll(store, dearer("SELECT 1"), true);
    assert_eq!(stages(&report).last().unwrap(), "! fingerprint back", "{report}");
}

#[test]
fn beside_writers_nothing_is_compared() {
    let database = shop();
    let store = database.store();
    let migrations = shop_and("dearer", "UPDATE item SET price = price + 1", "SELECT 1");
    let migrator = migrator(store).migrations(migrations);
    let report = Rollout::new(&migrator).beside_writers(true).run().unwrap();
    assert!(report.succeeded(), "{report}");
    let skipped: Vec<_> = stages(&report).into_iter().filter(|of| of.starts_with('-')).collect();
    let compared = ["- fingerprint before", "- fingerprint after"];
    assert_eq!(skipped, ["- rules before", compared[0], "- rules after", compared[1]]);
}

#[test]
fn only_what_the_caller_names_is_compared() {
    let database = shop();
    let store = database.store();
    let migrations = shop_and("dearer", "UPDATE item SET price = price + 1", "SELECT 1");
    let migrator = migrator(store).migrations(migrations);
    let keys = Source::table("item").columns(["id"]);
    let report = Rollout::new(&migrator).fingerprint_of([keys]).run().unwrap();
    assert!(report.succeeded(), "{report}");
}

#[test]
fn what_nobody_knows_stops_it() {
    let database = shop();
    let store = database.store();
    let edit =
        "UPDATE planwright.migrations SET checksum = checksum || '\\x00' WHERE context <> 'core'";
    store.write(|uow| execute(uow, edit)).unwrap();
    let report = roll(store, release(SHOP), true);
    assert_eq!(stages(&report), ["! status before"], "{report}");
    assert_eq!(lines(&report, "status before")[0], "tampered: 20990101000000");
}
