//! The tables of drafts while drafts come and go.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::{Store, StoreOptions};

use super::Kitchen;
use super::steps::drafted;
use crate::support::{execute, text};

/// A session keeps the plan for the check of a foreign key that it makes at the sixth row.
#[test]
fn behind_a_vacuum_of_emptied_tables_foreign_keys_are_checked_by_index() {
    let kitchen = Kitchen::new();
    let (user, plan) = (kitchen.user, kitchen.plan.plan_id);
    let many_sections = kitchen.content([7, 4, 40, 1]);
    kitchen.commit(&many_sections);
    let mut vacuum = PgConnection::establish(kitchen.database.url()).unwrap();
    for table in ["draft_plans", "draft_meals", "draft_meal_sections", "draft_ingredients"] {
        vacuum.batch_execute(&format!("VACUUM (ANALYZE) {table}")).unwrap();
    }

    let session = Store::connect(kitchen.database.url(), &StoreOptions::default().pool_size(1));
    let scans = session.unwrap().write(|uow| {
        drafted(uow, plan, user, &kitchen.content([1, 1, 1, 12]))?;
        execute(uow, "DELETE FROM draft_plans")?;
        drafted(uow, plan, user, &many_sections)?;
        text(
            uow,
            "SELECT seq_scan FROM pg_stat_xact_user_tables
                    WHERE relname = 'draft_meal_sections'",
        )
    });
    let scans: i64 = scans.unwrap().parse().unwrap();
    assert!(scans < 100, "draft_meal_sections was scanned {scans} times for 1,120 lines");
}
