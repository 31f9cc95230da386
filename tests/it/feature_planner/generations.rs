//! Generations: from an agent that plans to a plan that is selected.

use planwright::feature_planner::{
    Complexity, Failure, FeaturePlanId, Generation, GenerationId, GenerationRepository,
    GenerationResult, ImplementationPlanStatus, MAX_DOCUMENT, MAX_JSON, MAX_STEPS, NewGeneration,
    NewPlanStep, PlanStatus, RiskLevel, Usage,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{ByTime, Error, Page, Result, Store, StoreOptions, UserId};
use serde_json::json;

use super::Office;
use crate::support::{execute, number};

type Work<'a> = Box<dyn FnMut(&mut GenerationRepository<'_>) -> Result<()> + 'a>;

/// Something done with the user's generations.
pub(super) fn with<T>(
    office: &Office,
    work: impl FnMut(&mut GenerationRepository<'_>) -> Result<T>,
) -> Result<T> {
    as_user(office.store(), office.user, work)
}

pub(super) fn as_user<T>(
    store: &Store,
    user: UserId,
    mut work: impl FnMut(&mut GenerationRepository<'_>) -> Result<T>,
) -> Result<T> {
    store.write(|uow| work(&mut uow.plan_generations(user)))
}

/// One of the plan that has this status.
pub(super) fn one(
    office: &Office,
    plan: FeaturePlanId,
    status: ImplementationPlanStatus,
) -> Generation {
    use ImplementationPlanStatus::{Completed, Failed, Pending, Processing};
    let new = NewGeneration::new("a");
    with(office, |of| {
        if status == Pending {
            return of.enqueue(plan, &new);
        }
        let started = of.start(plan, &new)?;
        match status {
            Pending | Processing => Ok(started),
            Completed => of.finish(started.id, &GenerationResult::new("# Plan")),
            Failed => of.fail(started.id, &Failure::new("no")),
        }
    })
    .unwrap()
}

/// Steps with these titles.
pub(super) fn titled(titles: &[&str]) -> Vec<NewPlanStep> {
    titles.iter().map(|title| NewPlanStep::new(*title, "What to do.")).collect()
}

fn time(office: &Office, plan: FeaturePlanId) -> i32 {
    office
        .store()
        .read(|uow| uow.feature_plans(office.user).get(plan))
        .unwrap()
        .total_execution_time_ms
}

fn set(office: &Office, plan: FeaturePlanId, what: &str) {
    let sql = format!("UPDATE feature_planner.feature_plans SET {what} WHERE id = '{plan}'");
    office.store().write(|uow| execute(uow, &sql)).unwrap();
}

#[test]
fn an_agent_is_given_what_the_plan_has_selected_unless_it_is_told_otherwise() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let new = NewGeneration::new("planner");
    let made = with(&office, |of| of.enqueue(plan, &new)).unwrap();
    assert_eq!((made.plan_id, &*made.agent_id), (plan, "planner"));
    assert_eq!(made.status, ImplementationPlanStatus::Pending);
    assert_eq!(made.refined_request, "A page that lists the invoices of a customer.");
    assert_eq!(made.discovered_files, None);
    assert_eq!((made.is_selected, made.total_steps, made.completed_at), (false, 0, None));
    assert_eq!(with(&office, |of| of.get(made.id)).unwrap(), made);

    set(
        &office,
        plan,
        "refined_request = 'Refined.', selected_files = '[{\"file_path\": \"a.rs\"}]'",
    );
    let made = with(&office, |of| of.start(plan, &new)).unwrap();
    assert_eq!(made.status, ImplementationPlanStatus::Processing);
    assert_eq!(made.refined_request, "Refined.");
    assert_eq!(made.discovered_files, Some(json!([{ "file_path": "a.rs" }])));

    let new = NewGeneration {
        refined_request: Some("Only the list.".into()),
        discovered_files: Some(json!([])),
        ..new
    };
    let made = with(&office, |of| of.start(plan, &new)).unwrap();
    assert_eq!(made.refined_request, "Only the list.");
    assert_eq!(made.discovered_files, Some(json!([])));
}

#[test]
fn only_a_plan_that_is_planning_is_given_generations() {
    let office = Office::new();
    let new = NewGeneration::new("a");
    for status in PlanStatus::ALL.iter().copied().filter(|one| *one != PlanStatus::Planning) {
        let plan = office.plan(status);
        for start in [false, true] {
            let error =
                with(
                    &office,
                    |of| if start { of.start(plan, &new) } else { of.enqueue(plan, &new) },
                );
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
            let words = format!(
                "feature_planner::FeaturePlan {plan}: is {status}, and generations are made while it \
                 is planning"
            );
            assert_eq!(error.to_string(), words);
        }
    }
    let none = "SELECT count(*) FROM feature_planner.implementation_plan_generations";
    assert_eq!(number(office.store(), none), 0);
}

#[test]
fn each_step_is_taken_from_what_it_begins_from_and_from_nothing_else() {
    use ImplementationPlanStatus::{Completed, Failed, Processing};
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let mut result = GenerationResult::new("# Other");
    result.steps = titled(&["One"]);
    let failure = Failure::new("no");
    let mut taken = 0;
    for from in ImplementationPlanStatus::ALL.iter().copied() {
        for to in [Processing, Completed, Failed] {
            let before = one(&office, plan, from);
            let id = before.id;
            let done = with(&office, |of| match to {
                Processing => of.begin(id),
                Completed => of.finish(id, &result),
                _ => of.fail(id, &failure),
            });
            let stored = with(&office, |of| of.get(id)).unwrap();
            let steps = with(&office, |of| of.steps(id)).unwrap().len();
            if from.may_become(to) {
                taken += 1;
                let done = done.unwrap();
                assert_eq!(done.status, to);
                assert_eq!(done.completed_at.is_some(), to != Processing);
                assert_eq!(stored, done);
                assert_eq!(steps, usize::from(to == Completed));
            } else {
                let error = done.unwrap_err();
                let Error::InvalidTransition { entity, key, from: was, to: asked } = &error else {
                    panic!("{from} {to}: {error:?}")
                };
                assert_eq!((*entity, key), ("feature_planner::Generation", &id.to_string()));
                assert_eq!((&**was, &**asked), (from.label(), to.label()));
                assert_eq!((stored, steps), (before, 0));
            }
        }
    }
    assert_eq!(taken, 3);
}

#[test]
fn a_result_is_kept_whole_with_its_steps_and_its_time_is_the_plans() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let before = one(&office, plan, ImplementationPlanStatus::Processing);
    let given = [
        NewPlanStep {
            category: Some("backend".into()),
            confidence_level: Some("high".into()),
            estimated_duration: Some("2 h".into()),
            commands: Some(json!(["make"])),
            validation_commands: Some(json!(["make check"])),
            ..NewPlanStep::new("é 'x' \\ ; $1 --", "")
        },
        NewPlanStep::new("Two", "2"),
        NewPlanStep { commands: Some(json!(null)), ..NewPlanStep::new("Three", "3") },
    ];
    let result = GenerationResult {
        complexity: Some(Complexity::Medium),
        risk_level: Some(RiskLevel::High),
        estimated_duration: Some("3 days".into()),
        prerequisites_count: 2,
        quality_gates_count: 3,
        has_required_sections: true,
        is_valid_markdown: true,
        validation_errors: Some(json!([])),
        usage: Usage::new().tokens(5, 7).execution_time_ms(11),
        steps: given.to_vec(),
        ..GenerationResult::new("# Plan\n\n…")
    };
    let done = with(&office, |of| of.finish(before.id, &result)).unwrap();
    let expected = Generation {
        status: ImplementationPlanStatus::Completed,
        implementation_plan: Some(result.implementation_plan.clone()),
        complexity: result.complexity,
        risk_level: result.risk_level,
        estimated_duration: result.estimated_duration.clone(),
        total_steps: 3,
        prerequisites_count: 2,
        quality_gates_count: 3,
        has_required_sections: true,
        is_valid_markdown: true,
        validation_errors: result.validation_errors.clone(),
        prompt_tokens: Some(5),
        completion_tokens: Some(7),
        total_tokens: Some(12),
        execution_time_ms: Some(11),
        completed_at: done.completed_at,
        ..before
    };
    assert_eq!(done, expected);
    assert_eq!(time(&office, plan), 11);
    let steps = with(&office, |of| of.steps(done.id)).unwrap();
    assert_eq!(steps.len(), 3);
    for ((step, new), place) in steps.iter().zip(&given).zip(0..) {
        assert_eq!((step.display_order, step.step_number), (place, place + 1));
        assert_eq!((&step.title, &step.description), (&new.title, &new.description));
        assert_eq!(
            (&step.category, &step.confidence_level),
            (&new.category, &new.confidence_level)
        );
        assert_eq!(step.estimated_duration, new.estimated_duration);
        assert_eq!(step.commands, new.commands);
        assert_eq!(step.validation_commands, new.validation_commands);
        assert_eq!((step.is_from_template, step.template_id), (false, None));
    }
}

#[test]
fn a_thousand_steps_are_one_statement_as_few_are() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let url = office.database.url();
    let proxy = FaultProxy::in_front_of(url).unwrap();
    let url = proxy.url_for(url).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let mut result = GenerationResult::new("# Plan");
    for steps in [1, MAX_STEPS] {
        result.steps = vec![NewPlanStep::new("Step", "What to do."); steps];
        let id = one(&office, plan, ImplementationPlanStatus::Processing).id;
        proxy.set(Fault::None);
        let done = as_user(&store, office.user, |of| of.finish(id, &result)).unwrap();
        assert_eq!(usize::try_from(done.total_steps), Ok(steps));
        let trace = proxy.trace();
        if steps > 1 {
            assert_eq!(trace.len(), 4, "BEGIN, the lock, the statement, COMMIT: {trace:?}");
        }
        let found = with(&office, |of| of.steps(id)).unwrap();
        assert!(found.iter().map(|step| step.display_order).eq(0..done.total_steps));
    }
}

#[test]
fn steps_that_are_there_already_stay_before_those_of_the_result() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let id = one(&office, plan, ImplementationPlanStatus::Processing).id;
    with(&office, |of| of.add_step(id, &NewPlanStep::new("Mine", "…"), None)).unwrap();
    let mut result = GenerationResult::new("# Plan");
    result.steps = titled(&["One", "Two"]);
    let done = with(&office, |of| of.finish(id, &result)).unwrap();
    assert_eq!(done.total_steps, 3);
    let steps = with(&office, |of| of.steps(id)).unwrap();
    let found: Vec<_> = steps.iter().map(|one| (&*one.title, one.step_number)).collect();
    assert_eq!(found, [("Mine", 1), ("One", 2), ("Two", 3)]);
}

#[test]
fn a_result_that_breaks_a_rule_is_refused_with_the_place_and_nothing_changes() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let before = one(&office, plan, ImplementationPlanStatus::Processing);
    let new = || GenerationResult::new("# Plan");
    let of_steps = |step: NewPlanStep| GenerationResult {
        steps: vec![NewPlanStep::new("One", "1"), step],
        ..new()
    };
    let step = || NewPlanStep::new("Two", "2");
    let long = |n| Some("x".repeat(n));
    let most = Some(serde_json::Value::from("x".repeat(MAX_JSON - 2)));
    let large = NewPlanStep { commands: most.clone(), validation_commands: most, ..step() };
    let fields = [
        ("implementation_plan", GenerationResult::new("\n")),
        ("implementation_plan", GenerationResult::new("x".repeat(MAX_DOCUMENT + 1))),
        ("estimated_duration", GenerationResult { estimated_duration: long(51), ..new() }),
        ("prerequisites_count", GenerationResult { prerequisites_count: -1, ..new() }),
        ("quality_gates_count", GenerationResult { quality_gates_count: -1, ..new() }),
        ("validation_errors", GenerationResult { validation_errors: Some(json!("\0")), ..new() }),
        ("completion_tokens", GenerationResult { usage: Usage::new().tokens(0, -1), ..new() }),
        ("steps", GenerationResult { steps: vec![step(); MAX_STEPS + 1], ..new() }),
        ("steps", GenerationResult { steps: vec![large; 51], ..new() }),
        ("steps[1].title", of_steps(NewPlanStep::new(" ", ""))),
        ("steps[1].title", of_steps(NewPlanStep::new("x".repeat(256), ""))),
        ("steps[1].description", of_steps(NewPlanStep::new("Two", "\0"))),
        ("steps[1].category", of_steps(NewPlanStep { category: long(51), ..step() })),
        (
            "steps[1].confidence_level",
            of_steps(NewPlanStep { confidence_level: long(21), ..step() }),
        ),
        (
            "steps[1].estimated_duration",
            of_steps(NewPlanStep { estimated_duration: long(51), ..step() }),
        ),
        ("steps[1].commands", of_steps(NewPlanStep { commands: Some(json!(["\0"])), ..step() })),
        (
            "steps[1].validation_commands",
            of_steps(NewPlanStep { validation_commands: Some(json!({ "\0": 1 })), ..step() }),
        ),
    ];
    for (name, broken) in fields {
        let error = with(&office, |of| of.finish(before.id, &broken)).unwrap_err();
        let Error::Invalid { entity, field, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, &**field), ("feature_planner::GenerationResult", name));
    }
    assert_eq!(with(&office, |of| of.get(before.id)).unwrap(), before);
    for (name, broken) in [
        ("agent_id", NewGeneration::new("")),
        (
            "refined_request",
            NewGeneration { refined_request: Some(" ".into()), ..NewGeneration::new("a") },
        ),
        (
            "discovered_files",
            NewGeneration { discovered_files: Some(json!("\0")), ..NewGeneration::new("a") },
        ),
    ] {
        let error = with(&office, |of| of.start(plan, &broken)).unwrap_err();
        let Error::Invalid { entity, field, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, &**field), ("feature_planner::NewGeneration", name));
    }
    let error = with(&office, |of| of.fail(before.id, &Failure::new(""))).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
}

#[test]
fn a_generation_that_fails_ends_with_its_message_and_its_time_is_the_plans() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let id = one(&office, plan, ImplementationPlanStatus::Processing).id;
    set(&office, plan, "status = 'failed'");
    let mut failure = Failure::new("no answer");
    failure.usage = Usage::new().execution_time_ms(9);
    let failed = with(&office, |of| of.fail(id, &failure)).unwrap();
    assert_eq!(failed.status, ImplementationPlanStatus::Failed);
    assert_eq!(failed.error_message.as_deref(), Some("no answer"));
    assert_eq!((failed.execution_time_ms, time(&office, plan)), (Some(9), 9));
    assert_eq!(with(&office, |of| of.get(id)).unwrap(), failed);
}

#[test]
fn one_generation_is_selected_and_the_plan_says_what_it_says() {
    let office = Office::new();
    let (plan, other) = (office.plan(PlanStatus::Planning), office.plan(PlanStatus::Planning));
    let elsewhere = one(&office, other, ImplementationPlanStatus::Completed).id;
    with(&office, |of| of.select(other, elsewhere)).unwrap();
    let mut made = Vec::new();
    for (complexity, duration) in [(Some(Complexity::Low), Some("1 day".to_owned())), (None, None)]
    {
        let id = one(&office, plan, ImplementationPlanStatus::Processing).id;
        let result = GenerationResult {
            complexity,
            risk_level: complexity.map(|_| RiskLevel::Medium),
            estimated_duration: duration,
            ..GenerationResult::new(format!("# {id}"))
        };
        made.push(with(&office, |of| of.finish(id, &result)).unwrap());
    }
    for chosen in [&made[0], &made[1], &made[1], &made[0]] {
        let selected = with(&office, |of| of.select(plan, chosen.id)).unwrap();
        assert_eq!(selected.selected_plan_generation_id, Some(chosen.id));
        assert_eq!(selected.implementation_plan, chosen.implementation_plan);
        assert_eq!(
            (selected.complexity, selected.risk_level),
            (chosen.complexity, chosen.risk_level)
        );
        assert_eq!(selected.estimated_duration, chosen.estimated_duration);
        let stored = office.store().read(|uow| uow.feature_plans(office.user).get(plan)).unwrap();
        assert_eq!(stored, selected);
        for one in &made {
            let is_selected = with(&office, |of| of.get(one.id)).unwrap().is_selected;
            assert_eq!(is_selected, one.id == chosen.id);
        }
    }
    assert!(with(&office, |of| of.get(elsewhere)).unwrap().is_selected, "it is another plan's");
}

#[test]
fn only_a_completed_generation_of_the_plan_is_selected_and_only_while_it_is_not_final() {
    let office = Office::new();
    let (plan, other) = (office.plan(PlanStatus::Planning), office.plan(PlanStatus::Planning));
    for status in ImplementationPlanStatus::ALL.iter().copied() {
        let id = one(&office, plan, status).id;
        if status != ImplementationPlanStatus::Completed {
            let error = with(&office, |of| of.select(plan, id)).unwrap_err();
            let words = format!(
                "feature_planner::Generation {id}: is {status}, and only a completed one can be \
                 selected"
            );
            assert_eq!(error.to_string(), words);
            assert!(error.is_conflict());
            continue;
        }
        let error = with(&office, |of| of.select(other, id)).unwrap_err();
        assert_eq!(error.to_string(), format!("feature_planner::Generation {id} was not found"));
        for last in ["completed", "failed", "cancelled"] {
            set(&office, plan, &format!("status = '{last}'"));
            let error = with(&office, |of| of.select(plan, id)).unwrap_err();
            let words = format!(
                "feature_planner::FeaturePlan {plan}: is {last}, and what it goes on with stays as it is"
            );
            assert_eq!(error.to_string(), words);
            set(&office, plan, "status = 'planning'");
        }
    }
    let none =
        "SELECT count(*) FROM feature_planner.implementation_plan_generations WHERE is_selected";
    assert_eq!(number(office.store(), none), 0);
}

#[test]
fn a_generation_goes_with_its_steps_where_nobody_works_on_it_and_it_is_not_selected() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    for status in ImplementationPlanStatus::ALL.iter().copied() {
        let id = one(&office, plan, status).id;
        with(&office, |of| of.add_step(id, &NewPlanStep::new("One", "1"), None)).unwrap();
        let deleted = with(&office, |of| of.delete(id));
        if status == ImplementationPlanStatus::Processing {
            let error = deleted.unwrap_err();
            assert!(error.is_conflict());
            let words = "is processing: fail it first";
            assert_eq!(error.to_string(), format!("feature_planner::Generation {id}: {words}"));
            with(&office, |of| of.fail(id, &Failure::new("no"))).unwrap();
            with(&office, |of| of.delete(id)).unwrap();
        } else {
            deleted.unwrap();
        }
        assert!(with(&office, |of| of.delete(id)).unwrap_err().is_not_found());
        assert!(with(&office, |of| of.steps(id)).unwrap_err().is_not_found());
    }
    assert_eq!(number(office.store(), "SELECT count(*) FROM feature_planner.plan_steps"), 0);
    let id = one(&office, plan, ImplementationPlanStatus::Completed).id;
    with(&office, |of| of.select(plan, id)).unwrap();
    let error = with(&office, |of| of.delete(id)).unwrap_err();
    assert!(error.is_conflict());
    let words = "is selected: select another one first";
    assert_eq!(error.to_string(), format!("feature_planner::Generation {id}: {words}"));
}

#[test]
fn what_is_somebody_elses_is_not_found_and_stays() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let stored = [
        one(&office, plan, ImplementationPlanStatus::Pending),
        one(&office, plan, ImplementationPlanStatus::Processing),
        one(&office, plan, ImplementationPlanStatus::Completed),
    ];
    let new = NewGeneration::new("a");
    for (user, nobodys) in [(office.other, false), (office.user, true)] {
        let ids = stored.each_ref().map(|one| if nobodys { GenerationId::new() } else { one.id });
        let try_it = |mut work: Work<'_>| {
            as_user(office.store(), user, |of| work(of)).unwrap_err().to_string()
        };
        assert_eq!(as_user(office.store(), user, |of| of.find(ids[0])).unwrap(), None);
        let result = GenerationResult::new("#");
        let failure = Failure::new("no");
        let step = NewPlanStep::new("One", "1");
        for (id, told) in [
            (ids[0], try_it(Box::new(|of| of.get(ids[0]).map(drop)))),
            (ids[0], try_it(Box::new(|of| of.begin(ids[0]).map(drop)))),
            (ids[1], try_it(Box::new(|of| of.finish(ids[1], &result).map(drop)))),
            (ids[1], try_it(Box::new(|of| of.fail(ids[1], &failure).map(drop)))),
            (ids[2], try_it(Box::new(|of| of.delete(ids[2])))),
            (ids[2], try_it(Box::new(|of| of.steps(ids[2]).map(drop)))),
            (ids[2], try_it(Box::new(|of| of.add_step(ids[2], &step, None).map(drop)))),
            (ids[2], try_it(Box::new(|of| of.reorder(ids[2], &[])))),
        ] {
            assert_eq!(told, format!("feature_planner::Generation {id} was not found"));
        }
        let plan = if nobodys { FeaturePlanId::new() } else { plan };
        for told in [
            try_it(Box::new(|of| of.start(plan, &new).map(drop))),
            try_it(Box::new(|of| of.enqueue(plan, &new).map(drop))),
            try_it(Box::new(|of| of.select(plan, ids[2]).map(drop))),
            try_it(Box::new(|of| of.list(plan, Page::first(1)).map(drop))),
        ] {
            assert_eq!(told, format!("feature_planner::FeaturePlan {plan} was not found"));
        }
    }
    let after = with(&office, |of| of.list(plan, Page::first(10))).unwrap();
    assert_eq!(after.items, stored);
    assert_eq!(number(office.store(), "SELECT count(*) FROM feature_planner.plan_steps"), 0);
}

#[test]
fn generations_are_listed_oldest_first_page_by_page() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let new = NewGeneration::new("a");
    // Made at one moment, and at another.
    let mut made =
        with(&office, |of| Ok(vec![of.start(plan, &new)?, of.enqueue(plan, &new)?])).unwrap();
    made.push(with(&office, |of| of.start(plan, &new)).unwrap());
    let first = with(&office, |of| of.list(plan, Page::first(1))).unwrap();
    assert_eq!(first.items, made[..1]);
    let next = first.next.unwrap();
    assert_eq!(next, ByTime { at: made[0].created_at, key: made[0].id });
    let rest = with(&office, |of| of.list(plan, Page::after(next, 10))).unwrap();
    assert_eq!((&*rest.items, rest.next), (&made[1..], None));
}
