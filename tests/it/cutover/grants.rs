//! What the role of an application may do.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use planwright::cutover::{
    GRANTS, IterationFilter, IterationTypeCode, IterationTypeFilter, IterationUpdate,
    MasterPlanFilter, MigrationFilter, NewIterationType, NewMasterPlan, NewMigration, Status,
};
use planwright::{Page, Store, StoreOptions};

use super::Move;
use super::iteration_states::expanded;
use super::link::{cutover, rehearsal};
use crate::support::{execute, text};

/// A role of the server that new connections to the database act as.
struct Application {
    role: String,
    owner: PgConnection,
    store: Store,
}

impl Application {
    fn of(of: &Move) -> Self {
        let role = format!("App {}", of.database.name());
        let mut owner = PgConnection::establish(of.database.url()).unwrap();
        // Where functions and schemas are not everybody's.
        owner
            .batch_execute(&format!(
                "REVOKE ALL ON SCHEMA public, planwright FROM PUBLIC;
                 REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public, planwright FROM PUBLIC;
                 CREATE ROLE \"{role}\";
                 ALTER ROLE CURRENT_USER IN DATABASE \"{}\" SET role = '{role}'",
                of.database.name()
            ))
            .unwrap();
        for grant in GRANTS {
            let sql = grant.to(&role);
            owner.batch_execute(&sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let store = Store::connect(of.database.url(), &StoreOptions::default()).unwrap();
        assert_eq!(store.read(|uow| text(uow, "current_user")).unwrap(), role);
        Self { role, owner, store }
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let gone = format!("DROP OWNED BY \"{0}\"; DROP ROLE \"{0}\"", self.role);
        self.owner.batch_execute(&gone).expect("a role that is gone");
    }
}

#[test]
fn an_application_does_its_work_with_what_is_granted_in_every_state() {
    for (is_expanded, of) in [(true, expanded().0), (false, Move::new())] {
        let application = Application::of(&of);
        let [a, b] = of.plans;
        let done = application.store.transaction().actor("amy").run(|uow| {
            let mut migrations = uow.cutover_migrations();
            let made = migrations.create(&NewMigration::new("New", "APPLICATION"))?.mig_id;
            migrations.update(made, &NewMigration::new("Other", "APPLICATION"))?;
            migrations.set_status(made, Status::Planning, Status::Cancelled)?;
            migrations.delete(made)?;
            migrations.list_with_plans(&MigrationFilter::all(), Page::first(9))?;
            migrations.plans(of.migration)?;

            let mut plans = uow.master_plans();
            let made = plans.create(&NewMasterPlan::new("New"))?.plm_id;
            plans.update(made, &NewMasterPlan::new("Other"))?;
            plans.set_status(made, Status::Planning, Status::Cancelled)?;
            plans.delete(made)?;
            plans.list(&MasterPlanFilter::all(), Page::first(9))?;
            plans.used_by(a, Page::first(9))?;

            let code: IterationTypeCode = "BACK".parse()?;
            let mut types = uow.iteration_types();
            types.create(&NewIterationType::new(code.clone(), "Way back"))?;
            types.set_active(&code, false)?;
            types.delete(&code)?;
            types.list(&IterationTypeFilter::all())?;

            let mut iterations = uow.iterations();
            let one = iterations.link(&rehearsal(&of, "One"))?.into_iteration();
            let two = iterations.link(&cutover(&of, "Two"))?.into_iteration();
            let update = IterationUpdate { ite_name: "First".into(), ..(&one).into() };
            iterations.update(one.ite_id, &update)?;
            iterations.relink(one.ite_id, b)?;
            iterations.set_status(two.ite_id, Status::Planning, Status::InProgress)?;
            assert!(!iterations.compare(one.ite_id, two.ite_id)?.is_empty());
            iterations.latest(of.migration, &one.itt_code)?;
            iterations.list(&IterationFilter::all(), Page::first(9))?;
            iterations.unlink(one.ite_id)
        });
        done.unwrap();
        if is_expanded {
            // And what the triggers write for an old writer.
            for sql in [
                format!(
                    "INSERT INTO iterations_ite (mig_id, itt_code, ite_name)
                     VALUES ('{}', 'RUN', 'Three')",
                    of.migration
                ),
                format!("UPDATE migrations_mig SET plm_id = '{b}'"),
                "UPDATE migrations_mig SET plm_id = NULL".to_owned(),
            ] {
                application.store.write(|uow| execute(uow, &sql)).unwrap();
            }
        }
    }
}
