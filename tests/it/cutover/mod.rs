//! The cutover context.

mod grants;
mod iteration_races;
mod iteration_states;
mod iteration_types;
mod iterations;
mod link;
mod master_plan;
mod migration;
mod migration_list;
mod policy;
mod rows;
mod states;
mod transition;

use planwright::cutover::{MasterPlanId, MigrationId, factory};
use planwright::testing::TestDatabase;
use planwright::{Context, Store};

pub(crate) fn database() -> TestDatabase {
    TestDatabase::new([Context::Cutover]).expect("a test database")
}

/// A migration and two master plans.
pub(crate) struct Move {
    pub(crate) database: TestDatabase,
    pub(crate) migration: MigrationId,
    pub(crate) plans: [MasterPlanId; 2],
}

impl Move {
    pub(crate) fn new() -> Self {
        let database = database();
        let (migration, plans) = database
            .store()
            .write(|uow| {
                let plans =
                    [factory::master_plan(uow, "Plan A")?, factory::master_plan(uow, "Plan B")?];
                Ok((factory::migration(uow, "Data centre north")?, plans))
            })
            .expect("a migration");
        Self { database, migration, plans }
    }

    pub(crate) fn store(&self) -> &Store {
        self.database.store()
    }
}
