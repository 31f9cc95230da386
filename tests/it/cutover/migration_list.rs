//! Lists of migrations, and the master plans that come with them.

use planwright::cutover::{
    MasterPlanId, Migration, MigrationFilter, MigrationId, MigrationWithPlans, NewMigration,
    Status, factory,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{Error, Listed, Page, Store, StoreOptions, UserId};

use super::database;
use super::rows::{iteration, put_status};
use crate::support::{execute, number};

/// Each page of two, of both lists, which must be the same.
fn pages(store: &Store, filter: &MigrationFilter) -> Vec<Migration> {
    let (mut seen, mut page) = (Vec::new(), Page::first(2));
    loop {
        let (plain, with) = store
            .read(|uow| {
                let mut migrations = uow.cutover_migrations();
                Ok((migrations.list(filter, page)?, migrations.list_with_plans(filter, page)?))
            })
            .unwrap();
        let rows: Vec<_> = with.items.into_iter().map(|one| one.migration).collect();
        assert_eq!((&rows, with.next), (&plain.items, plain.next));
        seen.extend(rows);
        let Some(next) = plain.next else { return seen };
        assert!(seen.len() < 50, "it comes to no end");
        assert_eq!((plain.items.len(), seen.last().unwrap().mig_id), (2, next));
        page = Page::after(next, 2);
    }
}

#[test]
fn pages_are_by_key_and_of_what_is_asked_for() {
    let database = database();
    let store = database.store();
    let owners: [UserId; 2] =
        store.write(|uow| Ok([factory::user(uow)?, factory::user(uow)?])).unwrap();
    let mut made = Vec::new();
    for n in 0..24 {
        let new = NewMigration {
            usr_id_owner: [None, Some(owners[0]), Some(owners[1])][n % 3],
            ..NewMigration::new(format!("{n}"), ["DATA_CENTRE", "APPLICATION"][n / 3 % 2])
        };
        let row = store.write(|uow| uow.cutover_migrations().create(&new)).unwrap();
        put_status(store, "migrations_mig", row.mig_id, Status::ALL[n / 6]);
        made.push(store.read(|uow| uow.cutover_migrations().get(row.mig_id)).unwrap());
    }
    // The lowest key that there is belongs to the list, too.
    let lowest = MigrationId(uuid::Uuid::nil());
    let sql = format!("UPDATE migrations_mig SET mig_id = '{lowest}' WHERE mig_name = '0'");
    store.write(|uow| execute(uow, &sql)).unwrap();
    made[0] = store.read(|uow| uow.cutover_migrations().get(lowest)).unwrap();
    let mut asked = 0;
    for status in [None, Some(Status::Planning), Some(Status::Cancelled)] {
        for mig_type in [None, Some("APPLICATION"), Some("application")] {
            for owner in [None, Some(owners[1]), Some(UserId::new())] {
                let mut filter = MigrationFilter::all();
                filter = status.map_or(filter.clone(), |status| filter.status(status));
                filter = mig_type.map_or(filter.clone(), |one| filter.mig_type(one));
                filter = owner.map_or(filter.clone(), |owner| filter.owner(owner));
                let expected: Vec<_> = made
                    .iter()
                    .filter(|row| status.is_none_or(|status| row.mig_status == status))
                    .filter(|row| mig_type.is_none_or(|one| row.mig_type == one))
                    .filter(|row| owner.is_none() || row.usr_id_owner == owner)
                    .cloned()
                    .collect();
                assert_eq!(pages(store, &filter), expected, "{filter:?}");
                asked += usize::from(!expected.is_empty());
            }
        }
    }
    assert_eq!(asked, 12);
}

#[test]
fn what_can_be_no_page_or_no_type_is_refused_before_anything_is_sent() {
    let database = database();
    let store = database.store();
    let all = MigrationFilter::all;
    let page = |limit| Page::<MigrationId>::first(limit);
    for (filter, page, text) in [
        (all(), page(0), "Page.limit: must be from 1 to 1000"),
        (all(), page(1_001), "Page.limit: must be from 1 to 1000"),
        (all().mig_type("a\0"), page(1), "cutover::MigrationFilter.mig_type: must not hold NUL"),
        (
            all().mig_type("x".repeat(51)),
            page(1),
            "cutover::MigrationFilter.mig_type: must be at most 50 characters",
        ),
    ] {
        let sent = store.write(|uow| {
            let mut migrations = uow.cutover_migrations();
            let refused = [
                migrations.list(&filter, page).map(drop),
                migrations.list_with_plans(&filter, page).map(drop),
            ];
            for refused in refused {
                let error = refused.unwrap_err();
                assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
                assert_eq!(error.to_string(), text);
            }
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1);
    }
}

#[test]
fn each_migration_brings_its_plans_once_and_the_count_of_its_iterations() {
    let database = database();
    let store = database.store();
    let (ids, plans) = store
        .write(|uow| {
            // Two of one name are two.
            let mut plans = Vec::new();
            for name in ["b", "a", "b", "unused"] {
                plans.push(factory::master_plan(uow, name)?);
            }
            let mut ids = Vec::new();
            for (n, used) in [&[][..], &[0], &[1, 1, 1], &[2, 1, 0, 2]].into_iter().enumerate() {
                let id = factory::migration(uow, &format!("{n}"))?;
                for (place, plan) in used.iter().enumerate() {
                    iteration(uow, id, plans[*plan], &format!("DR {place}"))?;
                }
                ids.push(id);
            }
            Ok((ids, plans))
        })
        .unwrap();
    put_status(store, "plans_master_plm", plans[1], Status::Completed);
    let list = || {
        let filter = MigrationFilter::all();
        store
            .read(|uow| uow.cutover_migrations().list_with_plans(&filter, Page::first(10)))
            .unwrap()
    };
    let found = list();
    assert_eq!(found.next, None);
    let told: Vec<_> = found.items.iter().map(|one| (one.iterations, keys(one))).collect();
    assert_eq!(
        told,
        [
            (0, vec![]),
            (1, vec![plans[0]]),
            (3, vec![plans[1]]),
            (4, vec![plans[1], plans[0], plans[2]])
        ]
    );
    let first = &found.items[3].plans[0];
    assert_eq!((first.plm_name.as_str(), first.plm_status), ("a", Status::Completed));
    for (id, one) in ids.iter().zip(&found.items) {
        let plans = store.read(|uow| uow.cutover_migrations().plans(*id)).unwrap();
        let plans: Vec<_> = plans.into_iter().map(|plan| plan.plm_id).collect();
        assert_eq!(plans, keys(one));
    }
}

fn keys(one: &MigrationWithPlans) -> Vec<MasterPlanId> {
    one.plans.iter().map(|plan| plan.plm_id).collect()
}

#[test]
fn a_list_of_a_thousand_with_plans_and_counts_is_one_statement_as_is_a_look_for_plans() {
    let database = database();
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let fill = |from: usize, to: usize| {
        database
            .store()
            .write(|uow| {
                execute(uow, "INSERT INTO plans_master_plm (plm_name) VALUES ('p'), ('q')")?;
                execute(
                    uow,
                    &format!(
                        "INSERT INTO migrations_mig (mig_name, mig_type)
                         SELECT n, 'APPLICATION' FROM generate_series({from}, {to}) n"
                    ),
                )?;
                execute(
                    uow,
                    "INSERT INTO iterations_ite (mig_id, plm_id, itt_code, ite_name)
                     SELECT mig_id, plm_id, 'RUN', plm_id || ' ' || n
                       FROM migrations_mig, plans_master_plm, generate_series(1, 2) n
                     ON CONFLICT (mig_id, ite_name) DO NOTHING",
                )
            })
            .unwrap();
    };
    // What is sent between BEGIN and COMMIT.
    let sent = |work: &dyn Fn()| {
        proxy.set(Fault::None);
        work();
        let trace = proxy.trace();
        let count = trace.len() - 2;
        assert!(trace[0].sql.contains("BEGIN") && trace[count + 1].sql.contains("COMMIT"));
        println!("{count} statements: {}", trace[1].sql.lines().next().unwrap());
        count
    };
    let filter = MigrationFilter::all();
    let list = || -> Listed<MigrationWithPlans, MigrationId> {
        let page = Page::first(1_000);
        store.read(|uow| uow.cutover_migrations().list_with_plans(&filter, page)).unwrap()
    };
    let plans = |id| store.read(|uow| uow.cutover_migrations().plans(id)).unwrap();
    fill(1, 1);
    let only = list().items[0].migration.mig_id;
    plans(only);
    // They are prepared on the connection by now.
    assert_eq!(sent(&|| assert_eq!(list().items.len(), 1)), 1);
    assert_eq!(sent(&|| assert_eq!(plans(only).len(), 2)), 1);
    fill(2, 1_001);
    let whole = || {
        let found = list();
        assert_eq!((found.items.len(), found.next.is_some()), (1_000, true));
        for one in &found.items {
            assert_eq!((one.plans.len(), one.iterations), (4, 8));
        }
    };
    assert_eq!(sent(&whole), 1);
    assert_eq!(sent(&|| assert_eq!(plans(only).len(), 4)), 1);
    assert_eq!(number(database.store(), "SELECT count(*) FROM iterations_ite"), 8_008);
}
