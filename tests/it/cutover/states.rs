//! Migrations and master plans on a database that lived before this crate, and on one that is through.

use planwright::cutover::{
    IterationId, MasterPlanFilter, MasterPlanId, MigrationFilter, MigrationId, NewMasterPlan,
    NewMigration, Status,
};
use planwright::migrate::Migrator;
use planwright::testing::TestDatabase;
use planwright::{Context, Error, Page, Result, Store, UnitOfWork};
use serde_json::{Value, json};
use uuid::Uuid;

use super::database;
use crate::support::{execute, number};

const STAMPS: &str = "'2026-01-02 03:04:05Z', '2026-02-03 04:05:06Z'";

fn key(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn migration(n: u128) -> MigrationId {
    MigrationId(key(0x10 + n))
}

fn plan(n: u128) -> MasterPlanId {
    MasterPlanId(key(0x20 + n))
}

fn put_plans(uow: &mut UnitOfWork<'_>) -> Result<()> {
    for n in 1..=3 {
        let sql = format!(
            "INSERT INTO plans_master_plm (plm_id, plm_name, created_at, updated_at)
             VALUES ('{}', 'Plan {n}', {STAMPS})",
            plan(n)
        );
        execute(uow, &sql)?;
    }
    Ok(())
}

/// A migration, in a table that has the column where it is to name a plan.
fn put_migration(uow: &mut UnitOfWork<'_>, n: u128, named: Option<u128>) -> Result<()> {
    let (column, value) =
        named.map_or_else(Default::default, |n| (", plm_id", format!(", '{}'", plan(n))));
    let sql = format!(
        "INSERT INTO migrations_mig (mig_id, mig_name, mig_type, created_at, updated_at{column})
         VALUES ('{}', 'Migration {n}', 'APPLICATION', {STAMPS}{value})",
        migration(n)
    );
    execute(uow, &sql).map(drop)
}

fn put_iteration(uow: &mut UnitOfWork<'_>, n: u128, of: u128, own: Option<u128>) -> Result<()> {
    let (column, value) =
        own.map_or_else(Default::default, |n| (", plm_id", format!(", '{}'", plan(n))));
    let sql = format!(
        "INSERT INTO iterations_ite (ite_id, mig_id, itt_code, ite_name, created_at, updated_at{column})
         VALUES ('{}', '{}', 'DR', 'Iteration {n}', {STAMPS}{value})",
        key(0x30 + n),
        migration(of)
    );
    execute(uow, &sql).map(drop)
}

/// Three migrations of before, the third without an iteration; and what came after the expand.
fn expanded() -> TestDatabase {
    let database = TestDatabase::new([]).unwrap();
    let store = database.store();
    let migrator = || Migrator::new(store).contexts([Context::Cutover]);
    migrator().up_to("20261120191000").unwrap();
    let before = store.write(|uow| {
        put_plans(uow)?;
        for (n, of) in [(1, 1), (2, 2), (3, 1)] {
            put_migration(uow, n, Some(of))?;
        }
        for (n, of) in [(1, 1), (2, 1), (3, 2)] {
            put_iteration(uow, n, of, None)?;
        }
        Ok(())
    });
    before.unwrap();
    migrator().up().unwrap();
    let after = store.write(|uow| {
        put_migration(uow, 4, None)?;
        for (n, of) in [(4, 2), (5, 4)] {
            put_iteration(uow, n, of, Some(3))?;
        }
        Ok(())
    });
    after.unwrap();
    let unnamed = "SELECT count(*) FROM iterations_ite WHERE plm_id IS NULL";
    assert_eq!(number(store, unnamed), 3);
    database
}

/// The same after the contract.
fn contracted() -> TestDatabase {
    let database = database();
    let store = database.store();
    let filled = store.write(|uow| {
        put_plans(uow)?;
        for n in 1..=4 {
            put_migration(uow, n, None)?;
        }
        for (n, of, own) in [(1, 1, 1), (2, 1, 1), (3, 2, 2), (4, 2, 3), (5, 4, 3)] {
            put_iteration(uow, n, of, Some(own))?;
        }
        Ok(())
    });
    filled.unwrap();
    database
}

/// Every answer, in pages of `rows`.
fn answers(store: &Store, rows: u16) -> Value {
    let read = store.read(|uow| {
        let all = MigrationFilter::all();
        let mut of = Vec::new();
        let mut pages = Vec::new();
        let mut page = Page::first(rows);
        loop {
            let mut migrations = uow.cutover_migrations();
            let listed = migrations.list_with_plans(&all, page)?;
            pages.push(json!([listed, migrations.list(&all, page)?]));
            let Some(next) = listed.next else { break };
            assert!(pages.len() < 10, "it comes to no end");
            page = Page::after(next, rows);
        }
        for n in 1..=4 {
            of.push(json!(uow.cutover_migrations().plans(migration(n))?));
        }
        let mut uses = Vec::new();
        for n in 1..=3 {
            let mut page: Page<IterationId> = Page::first(rows);
            loop {
                let listed = uow.master_plans().used_by(plan(n), page)?;
                uses.push(json!(listed));
                let Some(next) = listed.next else { break };
                assert!(uses.len() < 10, "it comes to no end");
                page = Page::after(next, rows);
            }
        }
        let plans = uow.master_plans().list(&MasterPlanFilter::all(), Page::first(10))?;
        Ok(json!({"migrations": pages, "of": of, "uses": uses, "plans": plans}))
    });
    read.unwrap()
}

/// Without what differs from day to day.
fn timeless(mut answers: Value) -> Value {
    match &mut answers {
        Value::Object(fields) => {
            fields.retain(|name, _| name != "updated_at");
            fields.values_mut().for_each(|value| *value = timeless(value.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = timeless(item.take())),
        _ => {}
    }
    answers
}

#[test]
fn every_read_answers_alike_before_the_backfill_and_after_the_contract() {
    let (before, after) = (expanded(), contracted());
    let both = |rows| [answers(before.store(), rows), answers(after.store(), rows)];
    for rows in [1, 2, 10] {
        let [one, two] = both(rows);
        assert_eq!(one, two, "pages of {rows}");
    }
    let [one, _] = both(10);
    let names = |plans: &Value| -> Vec<String> {
        let plans = plans.as_array().unwrap();
        plans.iter().map(|plan| plan["plm_name"].as_str().unwrap().to_owned()).collect()
    };
    let of: Vec<_> = one["of"].as_array().unwrap().iter().map(names).collect();
    assert_eq!(of, [vec!["Plan 1"], vec!["Plan 2", "Plan 3"], vec![], vec!["Plan 3"]]);
    let uses: Vec<_> = one["uses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| of["items"].as_array().unwrap().len())
        .collect();
    assert_eq!(uses, [2, 1, 2]);
    let counts: Vec<_> = one["migrations"][0][0]["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (names(&entry["plans"]), entry["iterations"].as_i64().unwrap()))
        .collect();
    assert_eq!(counts, of.into_iter().zip([2, 2, 0, 1]).collect::<Vec<_>>());
}

#[test]
fn every_write_works_before_the_backfill_and_after_the_contract() {
    let both = [expanded(), contracted()].map(|database| {
        let store = database.store();
        let written = store.transaction().actor("amy").run(|uow| {
            let mut migrations = uow.cutover_migrations();
            let made = migrations.create(&NewMigration::new("New", "APPLICATION"))?;
            migrations.delete(made.mig_id)?;
            // One that names a plan, where there is a column for it, and has no iteration.
            migrations.delete(migration(3))?;
            migrations.update(migration(1), &NewMigration::new("Other", "DATA_CENTRE"))?;
            migrations.set_status(migration(2), Status::Planning, Status::InProgress)?;
            let mut plans = uow.master_plans();
            let made = plans.create(&NewMasterPlan::new("New"))?;
            plans.delete(made.plm_id)?;
            plans.update(plan(2), &NewMasterPlan::new("Other"))?;
            plans.set_status(plan(3), Status::Planning, Status::Cancelled)
        });
        written.unwrap();
        let refused = |error: Result<()>| {
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
            error.to_string()
        };
        let delete = |n| refused(store.write(|uow| uow.cutover_migrations().delete(migration(n))));
        let own = "an iteration's migration exists, and stays while it has iterations";
        assert_eq!([1, 2, 4].map(delete), [own; 3]);
        let plans =
            [1, 2, 3].map(|n| refused(store.write(|uow| uow.master_plans().delete(plan(n)))));
        let rows = store.read(|uow| {
            let all = MigrationFilter::all();
            let migrations = uow.cutover_migrations().list_with_plans(&all, Page::first(10))?;
            let plans = uow.master_plans().list(&MasterPlanFilter::all(), Page::first(10))?;
            Ok(timeless(json!([migrations, plans])))
        });
        (rows.unwrap(), plans)
    });
    let [(before, of_before), (after, of_after)] = both;
    assert_eq!(before, after);
    let run = "an iteration's master plan exists, and stays while iterations run it";
    let named = "a migration's master plan exists, and stays while migrations name it";
    assert_eq!(of_before, [named, named, run]);
    assert_eq!(of_after, [run; 3]);
}
