//! A plan with all that belongs to it.

use planwright::feature_planner::{
    AttemptSums, DiscoveryResult, ExecutionStep, Failure, FeaturePlanDetails, FeaturePlanId,
    FilePriority, GenerationResult, NewDiscoveredFile, NewDiscovery, NewExecutionLog,
    NewGeneration, NewPlanStep, NewRefinement, PlanStatus, RefinementResult, Usage,
};
use planwright::{Result, UnitOfWork, UserId};

use super::plans::Watched;
use super::{Installation, Office};

fn usage(tokens: i32, time: i32) -> Usage {
    Usage::new().tokens(tokens, 1).execution_time_ms(time)
}

/// Two refinements of which one fails and one that goes on, two discoveries and two generations, of
/// which the second ones are selected.
fn fill(uow: &mut UnitOfWork<'_>, user: UserId, plan: FeaturePlanId, n: usize) -> Result<()> {
    let agents = ["a", "b", "c"].map(NewRefinement::new);
    let mut of = uow.feature_refinements(user);
    let begun = of.start(plan, &agents)?;
    let result = RefinementResult {
        usage: usage(10, 100),
        ..RefinementResult::new("A page that lists invoices by date.")
    };
    of.finish(begun[0].id, &result)?;
    of.fail(begun[1].id, &Failure { message: "no".into(), usage: usage(20, 200) })?;
    of.select(plan, begun[0].id)?;

    uow.feature_plans(user).set_status(plan, PlanStatus::Refining, PlanStatus::Discovering)?;
    let mut of = uow.file_discoveries(user);
    for which in 0..2 {
        let begun = of.start(plan, &NewDiscovery::new("d"))?;
        let file = |nth| {
            let priority = FilePriority::ALL[3 - nth % 3];
            NewDiscoveredFile::new(format!("src/{which}/{nth}.rs"), priority)
        };
        let result = DiscoveryResult {
            usage: usage(30, 300),
            ..DiscoveryResult::new((0..n).map(file).collect())
        };
        of.finish(begun.id, &result)?;
        of.select(plan, begun.id)?;
    }

    uow.feature_plans(user).set_status(plan, PlanStatus::Discovering, PlanStatus::Planning)?;
    let mut of = uow.plan_generations(user);
    for which in 0..2 {
        let begun = of.start(plan, &NewGeneration::new("g"))?;
        let step = |nth| NewPlanStep::new(format!("{which}.{nth}"), "Do it.");
        let result = GenerationResult {
            usage: usage(40, 400),
            steps: (0..n).map(step).collect(),
            ..GenerationResult::new("# Plan")
        };
        of.finish(begun.id, &result)?;
        of.select(plan, begun.id)?;
    }
    let start = "2027-05-01T10:00:00Z".parse().expect("a time");
    let mut entry = NewExecutionLog::new(ExecutionStep::Planning, "g", start);
    entry.prompt_tokens = Some(7);
    uow.execution_logs(user).append(plan, &[entry]).map(drop)
}

fn check(details: &FeaturePlanDetails, n: usize) {
    let agents: Vec<_> = details.refinements.iter().map(|one| one.agent_id.as_str()).collect();
    assert_eq!(agents, ["a", "b", "c"]);
    assert_eq!((details.discoveries.len(), details.generations.len()), (2, 2));
    assert_eq!(details.selected_refinement(), details.refinements.first());
    assert_eq!(details.selected_discovery(), details.discoveries.last());
    assert_eq!(details.selected_generation(), details.generations.last());
    assert_eq!((details.files.len(), details.steps.len()), (n, n));
    assert!(details.files.is_sorted_by_key(|file| (file.priority, file.id)));
    assert!(details.files.iter().all(|file| file.file_path.starts_with("src/1/")));
    let titles: Vec<_> = details.steps.iter().map(|step| step.title.clone()).collect();
    assert_eq!(titles, (0..n).map(|nth| format!("1.{nth}")).collect::<Vec<_>>());

    let sums = details.metrics;
    assert_eq!((sums.attempts, sums.completed, sums.failed, sums.unfinished), (7, 5, 1, 1));
    assert_eq!((sums.prompt_tokens, sums.completion_tokens), (10 + 20 + 60 + 80, 6));
    assert_eq!((sums.total_tokens, sums.execution_time_ms), (176, 100 + 200 + 600 + 800));
    assert_eq!(i64::from(details.plan.total_execution_time_ms), sums.execution_time_ms);
    assert_eq!((details.log.all.entries, details.log.all.prompt_tokens), (1, 7));
}

#[test]
fn all_that_belongs_to_a_plan_comes_in_seven_statements_however_much_it_is() {
    let office = Office::new();
    let user = office.user;
    let watched = Watched::new(office.database.url());
    let empty = office.plan(PlanStatus::Draft);
    let sent = |plan| watched.sent(|uow| uow.feature_plans(user).details(plan));
    assert_eq!(sent(empty), 7);
    for n in [1, 300] {
        let plan = office.plan(PlanStatus::Refining);
        office.store().write(|uow| fill(uow, user, plan, n)).unwrap();
        check(&office.store().read(|uow| uow.feature_plans(user).details(plan)).unwrap(), n);
        assert_eq!(sent(plan), 7);
    }
    let details = office.store().read(|uow| uow.feature_plans(user).details(empty)).unwrap();
    assert!(details.refinements.is_empty() && details.files.is_empty() && details.steps.is_empty());
    assert_eq!(details.selected_discovery(), None);
    assert_eq!(details.metrics, AttemptSums::default());
}

#[test]
fn right_behind_the_move_a_choice_of_another_plans_shows_nothing_of_it() {
    let installation = Installation::before("20261120192200");
    let store = installation.store();
    let user = UserId("00000000-0000-0000-0000-000000000001".parse().unwrap());
    let (whole, other) = store
        .write(|uow| {
            use planwright::feature_planner::factory;
            let whole = factory::plan(uow, user, PlanStatus::Refining)?;
            fill(uow, user, whole, 3)?;
            Ok((whole, factory::plan(uow, user, PlanStatus::Draft)?))
        })
        .unwrap();
    check(&store.read(|uow| uow.feature_plans(user).details(whole)).unwrap(), 3);
    installation.execute(&format!(
        "UPDATE feature_planner.feature_plans o
            SET selected_refinement_id = p.selected_refinement_id,
                selected_discovery_session_id = p.selected_discovery_session_id,
                selected_plan_generation_id = p.selected_plan_generation_id
           FROM feature_planner.feature_plans p WHERE p.id = '{whole}' AND o.id = '{other}'"
    ));
    let details = store.read(|uow| uow.feature_plans(user).details(other)).unwrap();
    assert!(details.plan.selected_discovery_session_id.is_some());
    assert_eq!(details.selected_refinement(), None);
    assert!(details.files.is_empty() && details.steps.is_empty());
}
