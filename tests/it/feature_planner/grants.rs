//! What the role of an application may do.

use planwright::StoreOptions;
use planwright::feature_planner::{
    DiscoveryResult, Failure, FilePriority, GRANTS, NewDiscoveredFile, NewDiscovery,
    NewFeaturePlan, NewGeneration, NewPlanStep, NewRefinement, NewTemplate,
};
use uuid::Uuid;

use super::*;
use crate::examples::feature_planner::tell;
use crate::support::text;

/// A role of the server that new connections to the database come to act as.
struct Application {
    role: String,
    owner: PgConnection,
}

impl Application {
    /// With these privileges alone, beside making users: the host's table has nothing to do with it.
    fn new(installation: &Installation, granted: &[String]) -> Self {
        let role = format!("App {}", Uuid::new_v4().simple());
        let mut owner = installation.connection();
        let mut sql = vec![
            "REVOKE ALL ON SCHEMA public, planwright FROM PUBLIC".to_owned(),
            "CREATE ROLE \"$role\"; GRANT USAGE ON SCHEMA public TO \"$role\"".to_owned(),
            "GRANT INSERT ON public.users TO \"$role\"".to_owned(),
        ];
        sql.extend_from_slice(granted);
        owner.batch_execute(&sql.join(";").replace("$role", &role)).unwrap();
        Self { role, owner }
    }

    fn works(&mut self, installation: &Installation) {
        let name = installation.texts("SELECT current_database()").concat();
        let acts =
            format!("ALTER ROLE CURRENT_USER IN DATABASE \"{name}\" SET role = '{}'", self.role);
        self.owner.batch_execute(&acts).unwrap();
        let store = Store::connect(installation.0.url(), &StoreOptions::default()).unwrap();
        assert_eq!(store.read(|uow| text(uow, "current_user")).unwrap(), self.role);
        tell(&store, &mut Vec::new()).unwrap();
        the_rest(&store, UserId(Uuid::from_u128(1)));
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let gone = format!("DROP OWNED BY \"{0}\"; DROP ROLE \"{0}\"", self.role);
        self.owner.batch_execute(&gone).expect("a role that is gone");
    }
}

/// What the story leaves out.
fn the_rest(store: &Store, user: UserId) {
    let request = NewFeaturePlan::new("Show the invoices of a year");
    let work = store.write(|uow| {
        let plan = uow.feature_plans(user).create(&request)?.id;
        uow.feature_plans(user).set_status(plan, PlanStatus::Draft, PlanStatus::Refining)?;
        let mut refinements = uow.feature_refinements(user);
        let one = refinements.enqueue(plan, &[NewRefinement::new("a")])?[0].id;
        refinements.cancel(one)?;
        refinements.delete(one)?;
        uow.feature_plans(user).set_status(plan, PlanStatus::Refining, PlanStatus::Discovering)?;
        let mut discoveries = uow.file_discoveries(user);
        let one = discoveries.start(plan, &NewDiscovery::new("b"))?.id;
        let failed = discoveries.start(plan, &NewDiscovery::new("b"))?.id;
        discoveries.fail(failed, &Failure::new("no"))?;
        discoveries.finish(one, &DiscoveryResult::new(Vec::new()))?;
        let file = NewDiscoveredFile::new("src/a.rs", FilePriority::Low);
        let file = discoveries.add_file(one, &file)?.id;
        discoveries.remove_file(file)?;
        discoveries.delete(one)?;
        uow.feature_plans(user).set_status(plan, PlanStatus::Discovering, PlanStatus::Planning)?;
        let mut generations = uow.plan_generations(user);
        let one = generations.start(plan, &NewGeneration::new("c"))?.id;
        let step = generations.add_step(one, &NewPlanStep::new("x", ""), None)?.id;
        generations.delete_step(step)?;
        generations.fail(one, &Failure::new("no"))?;
        generations.delete(one)?;
        let new = NewTemplate::new("n", "t", "c", "x");
        let template = uow.step_templates(user).create(&new)?.id;
        uow.step_templates(user).delete(template)?;
        uow.feature_plans(user).delete(plan)
    });
    work.unwrap();
}

#[test]
fn an_application_does_its_work_with_what_is_granted() {
    let installation = Installation::before("20261120192441");
    let granted: Vec<_> = GRANTS.iter().map(|grant| grant.to("$role")).collect();
    Application::new(&installation, &granted).works(&installation);
}

#[test]
fn who_has_used_the_tables_in_public_goes_on_right_behind_the_move() {
    let installation = Installation::new();
    let tables = "GRANT SELECT, INSERT, UPDATE, DELETE ON discovered_files, feature_plans,
        feature_refinements, file_discovery_sessions, implementation_plan_generations,
        plan_execution_logs, plan_step_templates, plan_steps TO \"$role\"";
    let mut application = Application::new(&installation, &[tables.to_owned()]);
    installation.contract(MOVE).unwrap();
    application.works(&installation);
}
