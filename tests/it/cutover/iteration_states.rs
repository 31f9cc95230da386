//! Iterations in the states of the schema that come before the contract.

use diesel::prelude::*;
use planwright::cutover::{
    Iteration, IterationFilter, IterationId, IterationTypeCode, IterationUpdate, Linked,
    NewIteration, Status, factory, policy,
};
use planwright::migrate::Migrator;
use planwright::testing::{TestDatabase, rolled_back};
use planwright::{Context, Error, Page, Result, Store, StoreOptions, UnitOfWork};

use super::Move;
use super::link::{cutover, link, linked, rehearsal};
use crate::support::{execute, number, text};

pub(super) fn migrator(store: &Store) -> Migrator<'_> {
    Migrator::new(store).contexts([Context::Cutover])
}

/// A database that lived before this crate, expanded: a migration that names plan A, and an iteration
/// of it that names none.
pub(super) fn expanded() -> (Move, IterationId) {
    let database = TestDatabase::new([]).expect("a test database");
    let store = database.store();
    migrator(store).up_to("20261120191000").expect("the baseline");
    let old = IterationId::new();
    let of = store.write(|uow| {
        let plans = [factory::master_plan(uow, "Plan A")?, factory::master_plan(uow, "Plan B")?];
        let migration = planwright::cutover::MigrationId::new();
        execute(
            uow,
            &format!(
                "INSERT INTO migrations_mig (mig_id, mig_name, mig_type, plm_id)
                 VALUES ('{migration}', 'Data centre north', 'APPLICATION', '{}')",
                plans[0]
            ),
        )?;
        execute(
            uow,
            &format!(
                "INSERT INTO iterations_ite (ite_id, mig_id, itt_code, ite_name, updated_by)
                 VALUES ('{old}', '{migration}', 'DR', 'Old', 'somebody')"
            ),
        )?;
        Ok((migration, plans))
    });
    let (migration, plans) = of.unwrap();
    migrator(store).up().expect("what expands it");
    let own = format!("SELECT count(plm_id) FROM iterations_ite WHERE ite_id = '{old}'");
    assert_eq!(number(store, &own), 0, "it names none");
    (Move { database, migration, plans }, old)
}

/// The same on a fresh installation.
fn contracted() -> (Move, IterationId) {
    let of = Move::new();
    let old = linked(of.store(), &rehearsal(&of, "Old")).ite_id;
    (of, old)
}

/// An expanded one with unique names.
fn with_names() -> (Move, IterationId) {
    let (of, old) = expanded();
    migrator(of.store()).contract("20261120191250").unwrap();
    (of, old)
}

fn xmin(store: &Store, id: IterationId) -> i64 {
    number(store, &format!("SELECT xmin::text::bigint FROM iterations_ite WHERE ite_id = '{id}'"))
}

#[test]
fn every_operation_does_the_same_in_every_state() {
    for (state, (of, old)) in
        [("expanded", expanded()), ("with names", with_names()), ("contracted", contracted())]
    {
        let store = of.store();
        let [a, b] = of.plans;
        let get = |id| store.read(|uow| uow.iterations().get(id)).unwrap();
        assert_eq!(get(old).plm_id, a, "{state}");

        // Found by its migration's plan; another one is a conflict.
        let before = xmin(store, old);
        let found = link(store, &rehearsal(&of, "Old")).unwrap();
        assert_eq!(found, Linked::Found(get(old)), "{state}");
        let other = NewIteration { plm_id: b, ..rehearsal(&of, "Old") };
        let refused = link(store, &other).unwrap_err().to_string();
        let words = format!("runs master plan \"Plan A\" ({a}), not \"Plan B\" ({b})");
        assert!(refused.ends_with(&words), "{state}: {refused}");
        let relinked = store.write(|uow| uow.iterations().relink(old, a)).unwrap();
        assert_eq!(relinked, get(old), "{state}");
        assert_eq!(xmin(store, old), before, "{state}: nothing was written");

        let new = linked(store, &NewIteration { plm_id: b, ..cutover(&of, "New") });
        let list = |filter: IterationFilter| {
            let listed = store.read(|uow| uow.iterations().list(&filter, Page::first(9))).unwrap();
            listed.items.into_iter().map(|one| one.ite_id).collect::<Vec<_>>()
        };
        assert_eq!(list(IterationFilter::all()), [old, new.ite_id], "{state}");
        assert_eq!(list(IterationFilter::all().plan(a)), [old], "{state}");
        assert_eq!(list(IterationFilter::all().plan(b)), [new.ite_id], "{state}");
        assert_eq!(list(IterationFilter::all().migration(of.migration).plan(a)), [old], "{state}");
        let rehearsals = IterationTypeCode::dress_rehearsal();
        let latest = store.read(|uow| uow.iterations().latest(of.migration, &rehearsals));
        assert_eq!(latest.unwrap(), Some(get(old)), "{state}");
        let compared = store.read(|uow| uow.iterations().compare(old, new.ite_id)).unwrap();
        assert_eq!(
            compared.to_string(),
            format!(
                "master plan: \"Plan A\" ({a}), then \"Plan B\" ({b})\ntype: DR, then CUTOVER\n"
            )
        );

        // What is changed keeps the plan that it has, and says who changed it.
        let update =
            IterationUpdate { ite_description: Some("again".into()), ..(&get(old)).into() };
        let unit = store.transaction().actor("amy");
        let updated = unit.run(|uow| uow.iterations().update(old, &update)).unwrap();
        assert_eq!((updated.plm_id, updated.updated_by.as_deref()), (a, Some("amy")), "{state}");
        let taken = IterationUpdate { ite_name: "New".into(), ..update };
        let refused = store.write(|uow| uow.iterations().update(old, &taken)).unwrap_err();
        assert!(matches!(&refused, Error::Conflict { .. }), "{state}: {refused:?}");

        let unit = store.transaction().actor("bo");
        let moved = unit.run(|uow| uow.iterations().relink(old, b)).unwrap();
        assert_eq!((moved.plm_id, moved.updated_by.as_deref()), (b, Some("bo")), "{state}");
        assert!(moved.updated_at > updated.updated_at, "{state}");
        assert_eq!(get(old), moved, "{state}");
        assert_eq!(list(IterationFilter::all().plan(a)), [], "{state}");
    }
}

#[test]
fn an_iteration_of_its_migrations_plan_takes_its_steps() {
    for (state, (of, old)) in [("expanded", expanded()), ("contracted", contracted())] {
        let store = of.store();
        let [a, b] = of.plans;
        let unit = store.transaction().actor("amy");
        let begun = unit
            .run(|uow| uow.iterations().set_status(old, Status::Planning, Status::InProgress))
            .unwrap();
        let expected: Iteration = store.read(|uow| uow.iterations().get(old)).unwrap();
        assert_eq!(begun, expected, "{state}");
        assert_eq!((begun.plm_id, begun.updated_by.as_deref()), (a, Some("amy")), "{state}");
        let refused = store.write(|uow| uow.iterations().relink(old, b)).unwrap_err();
        assert!(matches!(refused, Error::InvalidTransition { .. }), "{state}: {refused:?}");
        assert_eq!(store.write(|uow| uow.iterations().relink(old, a)).unwrap(), begun, "{state}");
        let refused = store.write(|uow| uow.iterations().unlink(old)).unwrap_err();
        assert!(matches!(refused, Error::InvalidTransition { .. }), "{state}: {refused:?}");
        store
            .write(|uow| uow.iterations().set_status(old, Status::InProgress, Status::Cancelled))
            .unwrap();
        store.write(|uow| uow.iterations().unlink(old)).unwrap();
        assert_eq!(store.read(|uow| uow.iterations().find(old)).unwrap(), None, "{state}");
    }
}

#[test]
fn of_doubles_that_live_data_has_the_one_that_is_asked_for_is_found() {
    let (of, old) = expanded();
    let store = of.store();
    let double = IterationId::new();
    let sql = format!(
        "INSERT INTO iterations_ite (ite_id, mig_id, itt_code, ite_name, plm_id)
         VALUES ('{double}', '{}', 'DR', 'Old', '{}')",
        of.migration, of.plans[1]
    );
    store.write(|uow| execute(uow, &sql)).unwrap();
    let find = |plan| {
        let new = NewIteration { plm_id: plan, ..rehearsal(&of, "Old") };
        link(store, &new).unwrap().into_iteration().ite_id
    };
    assert_eq!((find(of.plans[0]), find(of.plans[1])), (old, double));
    // One may be changed without being renamed, and be renamed.
    let double = store.read(|uow| uow.iterations().get(double)).unwrap();
    for name in ["Old", "Renamed"] {
        let update = IterationUpdate { ite_name: name.into(), ..(&double).into() };
        store.write(|uow| uow.iterations().update(double.ite_id, &update)).unwrap();
    }
}

/// With 18,000 iterations of 900 migrations and 302 plans. In an expanded one half of them name none.
fn filled(is_expanded: bool) -> (Move, IterationId) {
    let (of, old) = if is_expanded { expanded() } else { contracted() };
    let store = of.store();
    let many = |sql: &str| store.write(|uow| execute(uow, sql)).unwrap();
    many(
        "INSERT INTO plans_master_plm (plm_name)
         SELECT 'Plan ' || n FROM generate_series(1, 300) n",
    );
    let column = if is_expanded { ", plm_id" } else { "" };
    many(&format!(
        "INSERT INTO migrations_mig (mig_name, mig_type{column})
         SELECT 'M', 'M'{column} FROM plans_master_plm, generate_series(1, 3)"
    ));
    many("ALTER TABLE iterations_ite DISABLE TRIGGER USER");
    let (own, from) = if is_expanded {
        ("CASE WHEN n % 2 = 0 THEN m.plm_id END", "migrations_mig m")
    } else {
        (
            "p.plm_id",
            "(SELECT mig_id, row_number() OVER () AS nth FROM migrations_mig) m
              JOIN (SELECT plm_id, row_number() OVER () AS nth FROM plans_master_plm) p
                ON p.nth = 1 + m.nth % 300",
        )
    };
    many(&format!(
        "INSERT INTO iterations_ite (mig_id, itt_code, ite_name, plm_id)
         SELECT m.mig_id, 'DR', 'n ' || n, {own} FROM {from}, generate_series(1, 20) n"
    ));
    many("ALTER TABLE iterations_ite ENABLE TRIGGER USER");
    many("ANALYZE plans_master_plm, migrations_mig, iterations_ite");
    let rows = number(store, "SELECT count(*) FROM iterations_ite");
    assert!(rows > 15_000, "{rows}");
    (of, old)
}

#[test]
fn a_list_by_plan_reads_indexes_in_every_state() {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        line: String,
    }

    for is_expanded in [true, false] {
        let (of, _) = filled(is_expanded);
        for limit in [11, 1_001] {
            let sql = format!(
                "EXPLAIN (COSTS off)
                 SELECT * FROM iteration_plans WHERE plm_id = '{}' ORDER BY ite_id LIMIT {limit}",
                of.plans[1]
            );
            let lines: Vec<Line> =
                of.store().read(|uow| Ok(diesel::sql_query(&sql).load(uow.connection())?)).unwrap();
            let plan: Vec<_> = lines.iter().map(|line| line.line.as_str()).collect();
            let plan = plan.join("\n");
            println!("{limit}:\n{plan}\n");
            assert!(!plan.contains("Seq Scan"), "{plan}");
            assert!(plan.contains("iterations_ite_plm_id_ix"), "{plan}");
        }
    }
}

#[test]
fn no_operation_reads_a_whole_table_in_any_state() {
    type Work = Box<dyn Fn(&mut UnitOfWork<'_>) -> Result<()>>;

    const SCANS: &str = "SELECT string_agg(relname || ' ' || seq_scan, ', ')
                           FROM pg_stat_xact_user_tables
                          WHERE seq_scan > 0 AND relname IN ('iterations_ite', 'migrations_mig')";

    for is_expanded in [true, false] {
        let (of, old) = filled(is_expanded);
        let store = of.store();
        policy::enable(store).unwrap();
        let [a, b] = of.plans;
        let other = linked(store, &rehearsal(&of, "other")).ite_id;
        let stored = store.read(|uow| uow.iterations().get(old)).unwrap();
        let update = IterationUpdate { ite_name: "Renamed".into(), ..(&stored).into() };
        let [same, new] = [rehearsal(&of, "other"), cutover(&of, "new")]
            .map(|one| move |plm_id| NewIteration { plm_id, ..one.clone() });
        let migration = of.migration;
        let works: [(&str, Work); 11] = [
            ("link", Box::new(move |uow| uow.iterations().link(&new(a)).map(drop))),
            ("find", Box::new(move |uow| uow.iterations().link(&same(a)).map(drop))),
            ("relink", Box::new(move |uow| uow.iterations().relink(old, b).map(drop))),
            ("update", Box::new(move |uow| uow.iterations().update(old, &update).map(drop))),
            ("compare", Box::new(move |uow| uow.iterations().compare(old, other).map(drop))),
            (
                "latest",
                Box::new(move |uow| {
                    let code = IterationTypeCode::dress_rehearsal();
                    uow.iterations().latest(migration, &code).map(drop)
                }),
            ),
            (
                "set_status",
                Box::new(move |uow| {
                    let mut iterations = uow.iterations();
                    iterations.set_status(old, Status::Planning, Status::Cancelled).map(drop)
                }),
            ),
            ("unlink", Box::new(move |uow| uow.iterations().unlink(old))),
            (
                "list",
                Box::new(move |uow| {
                    let filter = IterationFilter::all().migration(migration);
                    uow.iterations().list(&filter, Page::first(9)).map(drop)
                }),
            ),
            (
                "list all",
                Box::new(move |uow| {
                    let page = Page::after(other, 9);
                    let filter = IterationFilter::all();
                    uow.iterations().list(&filter, Page::first(9))?;
                    uow.iterations().list(&filter, page).map(drop)
                }),
            ),
            (
                "list by type and status",
                Box::new(move |uow| {
                    let code = IterationTypeCode::dress_rehearsal();
                    let filter = IterationFilter::all().itt_code(&code).status(Status::Planning);
                    uow.iterations().list(&filter, Page::first(9)).map(drop)
                }),
            ),
        ];
        // The server keeps a plan of its own for a statement from its sixth time on.
        let one = StoreOptions::default().pool_size(1);
        let store = &Store::connect(of.database.url(), &one).unwrap();
        for (what, work) in works {
            for nth in 0..8 {
                let scans = rolled_back(store, |uow| {
                    work(uow)?;
                    text(uow, &format!("SELECT coalesce(({SCANS}), '')"))
                });
                assert_eq!(scans.unwrap(), "", "{what} {nth}, expanded: {is_expanded}");
            }
        }
    }
}
