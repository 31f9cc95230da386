//! Rules that are asked of live data, by the library and by the script for psql.

use std::path::Path;
use std::process::{Command, Output};

use planwright::migrate::Migrator;
use planwright::modelling::INVARIANTS;
use planwright::testing::TestDatabase;
use planwright::verify::{self, Outcome, Severity};
use planwright::{Context, Error};

use crate::support::{execute, modelling, scenario, skipped, text};

/// Eleven plans without a letter for an EPC band.
fn broken(database: &TestDatabase) {
    let id = scenario(database.store());
    let write = |sql: String| database.store().write(|uow| execute(uow, &sql)).unwrap();
    write("ALTER TABLE plan DROP CONSTRAINT plan_post_epc_band_check".to_owned());
    write(format!(
        "INSERT INTO plan (id, property_id, scenario_id, post_epc_band)
         SELECT n, n, {}, 'H' FROM generate_series(1, 11) n",
        id.0
    ));
}

#[test]
fn many_violators_are_counted_and_ten_of_them_named() {
    let database = modelling();
    broken(&database);
    let sanity = database.store().read(|uow| verify::invariants(uow, INVARIANTS)).unwrap();
    let found: Vec<_> = sanity.broken().collect();
    assert_eq!(found.len(), 1, "{sanity}");
    let Outcome::Broken { count, sample } = &found[0].outcome else { panic!("{sanity}") };
    assert_eq!((*count, sample.len()), (11, 10));
    assert_eq!(sample[..3], ["plan 1", "plan 10", "plan 11"]);
    assert!(!sanity.is_sound());
    assert!(sanity.to_string().contains("error: 11 break it: plan 1, plan 10, "), "{sanity}");
    let json = serde_json::to_value(&sanity).unwrap();
    assert_eq!(json["checked"][2]["outcome"]["broken"]["count"], 11, "{json}");
}

#[test]
fn what_is_not_installed_yet_is_not_asked() {
    let database = TestDatabase::new([]).unwrap();
    let store = database.store();
    let migrator = || Migrator::new(store).contexts([Context::Modelling]);
    let missing = store.read(|uow| verify::invariants(uow, INVARIANTS)).unwrap_err();
    assert!(matches!(missing, Error::Database { .. }), "{missing:?}");

    migrator().up_to("20261120000100").unwrap();
    let sanity = store.read(|uow| verify::invariants(uow, INVARIANTS)).unwrap();
    let waits = |outcome: &Outcome| matches!(outcome, Outcome::Waits { .. });
    let waiting = sanity.checked.iter().filter(|one| waits(&one.outcome)).count();
    let holding = sanity.checked.iter().filter(|one| one.outcome == Outcome::Holds).count();
    assert!(waiting >= 4 && holding >= 6, "{sanity}");
    assert_eq!(waiting + holding, INVARIANTS.len());
    assert!(sanity.is_sound());

    migrator().up().unwrap();
    let sanity = store.read(|uow| verify::invariants(uow, INVARIANTS)).unwrap();
    assert!(sanity.checked.iter().all(|one| one.outcome == Outcome::Holds), "{sanity}");
}

#[test]
fn the_script_says_the_same_as_the_library() {
    let database = modelling();
    let folder = "(SELECT setting FROM pg_config WHERE name = 'BINDIR')";
    let folder = database.store().read(|uow| text(uow, folder)).unwrap();
    let psql = Path::new(&folder).join("psql");
    if !psql.exists() {
        return skipped(&format!("{} is not there to run the script", psql.display()));
    }
    let run = || -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/db_sanity.sql");
        Command::new(&psql)
            .args(["-X", "-f", script.to_str().unwrap(), database.url()])
            .output()
            .unwrap()
    };
    let asked = || database.store().read(|uow| verify::invariants(uow, INVARIANTS)).unwrap();

    let fine = run();
    let printed = String::from_utf8_lossy(&fine.stdout).into_owned();
    assert!(fine.status.success(), "{printed}{}", String::from_utf8_lossy(&fine.stderr));
    for line in asked().to_string().lines() {
        assert!(printed.lines().any(|printed| printed == line), "{line}\n---\n{printed}");
    }

    broken(&database);
    let wrong = run();
    let printed = String::from_utf8_lossy(&wrong.stdout).into_owned();
    assert_eq!(wrong.status.code(), Some(3), "{printed}");
    let line = "[ ] plan_post_epc_band_check: an EPC band is a letter from A to G";
    assert!(printed.contains(line) && asked().to_string().contains(line), "{printed}");
    assert!(printed.contains("error: 11 break it: plan 1, plan 10, plan 11"), "{printed}");

    // A warning alone is no failure.
    let repair = "DELETE FROM plan";
    database.store().write(|uow| execute(uow, repair)).unwrap();
    let id = scenario(database.store());
    database
        .store()
        .write(|uow| {
            let plan = planwright::modelling::factory::plan(1, id);
            let done = uow.plans().replace(&plan, &planwright::modelling::factory::measures(2))?;
            execute(
                uow,
                &format!(
                    "DELETE FROM recommendation WHERE plan_id = {} AND position = 0",
                    done.plan_id.0
                ),
            )
        })
        .unwrap();
    assert_eq!(asked().broken().next().unwrap().severity, Severity::Warning);
    let warned = run();
    let printed = String::from_utf8_lossy(&warned.stdout).into_owned();
    assert!(warned.status.success(), "{printed}");
    assert!(printed.contains("warning: 1 break it: plan "), "{printed}");
}
