//! Refinements: from an agent that is asked to a request that is selected.

use planwright::feature_planner::{
    ConfidenceLevel, EstimatedScope, Failure, FeaturePlanId, MAX_AGENTS, MAX_TEXT, NewRefinement,
    PlanStatus, Refinement, RefinementId, RefinementRepository, RefinementResult, RefinementStatus,
    TechnicalComplexity, Usage,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{ByTime, Error, Page, Result, Store, StoreOptions, UserId};
use serde_json::json;

use super::Office;
use crate::support::{execute, number};

const REQUEST: &str = "A page that lists the invoices of a customer.";

type Work<'a> = Box<dyn FnMut(&mut RefinementRepository<'_>) -> Result<()> + 'a>;

/// Something done with the user's refinements.
fn with<T>(
    office: &Office,
    work: impl FnMut(&mut RefinementRepository<'_>) -> Result<T>,
) -> Result<T> {
    as_user(office.store(), office.user, work)
}

fn as_user<T>(
    store: &Store,
    user: UserId,
    mut work: impl FnMut(&mut RefinementRepository<'_>) -> Result<T>,
) -> Result<T> {
    store.write(|uow| work(&mut uow.feature_refinements(user)))
}

/// One of the plan that has this status.
fn one(office: &Office, plan: FeaturePlanId, status: RefinementStatus) -> Refinement {
    use RefinementStatus::{Cancelled, Completed, Failed, Pending, Processing};
    let agent = [NewRefinement::new("a")];
    with(office, |of| {
        let made = match status {
            Pending => of.enqueue(plan, &agent)?,
            _ => of.start(plan, &agent)?,
        };
        let id = made[0].id;
        match status {
            Pending | Processing => of.get(id),
            Completed => of.finish(id, &RefinementResult::new("Refined.")),
            Failed => of.fail(id, &Failure::new("no")),
            Cancelled => of.cancel(id),
        }
    })
    .unwrap()
}

fn time(office: &Office, plan: FeaturePlanId) -> i32 {
    office
        .store()
        .read(|uow| uow.feature_plans(office.user).get(plan))
        .unwrap()
        .total_execution_time_ms
}

#[test]
fn agents_are_asked_as_was_said_and_in_that_order() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let agents = [
        NewRefinement {
            agent_model: "opus".into(),
            agent_name: Some("é 'x' \\ ; $1 --".into()),
            agent_role: Some("Names things".into()),
            input_request: Some("Only the list.".into()),
            retry_count: 2,
            ..NewRefinement::new("namer")
        },
        NewRefinement::new("tester"),
        NewRefinement::new("a"),
        NewRefinement::new("tester"),
        NewRefinement::new("e"),
    ];
    for (pending, status) in
        [(true, RefinementStatus::Pending), (false, RefinementStatus::Processing)]
    {
        let made = with(&office, |of| {
            if pending { of.enqueue(plan, &agents) } else { of.start(plan, &agents) }
        });
        let made = made.unwrap();
        assert_eq!(made.len(), agents.len());
        for (made, new) in made.iter().zip(&agents) {
            assert_eq!((made.plan_id, made.status), (plan, status));
            assert_eq!((&made.agent_id, &made.agent_model), (&new.agent_id, &new.agent_model));
            assert_eq!((&made.agent_name, &made.agent_role), (&new.agent_name, &new.agent_role));
            assert_eq!(made.input_request, new.input_request.as_deref().unwrap_or(REQUEST));
            assert_eq!(made.retry_count, new.retry_count);
            assert_eq!(made.completed_at, None);
            assert_eq!(with(&office, |of| of.get(made.id)).unwrap(), *made);
        }
    }
}

#[test]
fn five_agents_are_started_and_one_is_finished_in_a_statement_each_beside_the_lock() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let url = office.database.url();
    let proxy = FaultProxy::in_front_of(url).unwrap();
    let url = proxy.url_for(url).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let agents = ["a", "b", "c", "d", "e"].map(NewRefinement::new);
    let started = || as_user(&store, office.user, |of| of.start(plan, &agents)).unwrap();
    let finish = |id| {
        as_user(&store, office.user, |of| of.finish(id, &RefinementResult::new("R"))).unwrap();
    };
    finish(started()[0].id); // They are prepared on the connection by now.
    proxy.set(Fault::None);
    let made = started();
    assert_eq!(made.len(), MAX_AGENTS);
    let trace = proxy.trace();
    assert_eq!(trace.len(), 4, "BEGIN, the lock, the statement, COMMIT: {trace:?}");
    assert!(trace[1].sql.contains("FOR NO KEY UPDATE"), "{trace:?}");
    assert!(trace[2].sql.starts_with("-- planwright: enqueue or start"), "{trace:?}");
    proxy.set(Fault::None);
    finish(made[0].id);
    assert_eq!(proxy.trace().len(), 4);
}

#[test]
fn what_is_asked_breaks_no_rule_and_nothing_is_sent() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let new = || NewRefinement::new("a");
    let long = |n| Some("x".repeat(n));
    let fields = [
        ("agent_id", NewRefinement::new(" ")),
        ("agent_id", NewRefinement::new("x".repeat(101))),
        ("agent_id", NewRefinement::new("\0")),
        ("agent_model", NewRefinement { agent_model: String::new(), ..new() }),
        ("agent_model", NewRefinement { agent_model: "x".repeat(51), ..new() }),
        ("agent_name", NewRefinement { agent_name: long(101), ..new() }),
        ("agent_role", NewRefinement { agent_role: Some(String::new()), ..new() }),
        ("input_request", NewRefinement { input_request: Some(" \n".into()), ..new() }),
        ("input_request", NewRefinement { input_request: long(MAX_TEXT + 1), ..new() }),
        ("retry_count", NewRefinement { retry_count: -1, ..new() }),
    ];
    for (name, broken) in fields {
        assert!(broken.validate().is_err());
        let error = with(&office, |of| of.start(plan, &[new(), broken.clone()])).unwrap_err();
        let Error::Invalid { entity, field, .. } = &error else { panic!("{error:?}") };
        assert_eq!(*entity, "feature_planner::NewRefinement");
        assert_eq!(*field, format!("agents[1].{name}"));
    }
    for many in [0, 6] {
        let error = with(&office, |of| of.enqueue(plan, &vec![new(); many])).unwrap_err();
        let words = format!("feature_planner::NewRefinement.agents: must be 1 to 5, not {many}");
        assert_eq!(error.to_string(), words);
    }
    let greatest = NewRefinement {
        agent_model: "é".repeat(50),
        agent_name: Some("é".repeat(100)),
        input_request: Some("é".repeat(MAX_TEXT)),
        ..NewRefinement::new("é".repeat(100))
    };
    with(&office, |of| of.start(plan, std::slice::from_ref(&greatest))).unwrap();

    let id = one(&office, plan, RefinementStatus::Processing).id;
    let new = || RefinementResult::new("R");
    let large = || Some(json!("x".repeat(1_000_000)));
    let nul = || Some(json!({ "a": ["\0"] }));
    let less = |usage: Usage| RefinementResult { usage, ..new() };
    let fields = [
        ("refined_request", RefinementResult::new(" ")),
        ("refined_request", RefinementResult::new("x".repeat(MAX_TEXT + 1))),
        ("focus", RefinementResult { focus: long(MAX_TEXT + 1), ..new() }),
        ("assumptions", RefinementResult { assumptions: large(), ..new() }),
        ("key_requirements", RefinementResult { key_requirements: nul(), ..new() }),
        ("risks", RefinementResult { risks: large(), ..new() }),
        ("validation_errors", RefinementResult { validation_errors: nul(), ..new() }),
        ("expansion_ratio", RefinementResult { expansion_ratio: Some(0), ..new() }),
        ("prompt_tokens", less(Usage::new().tokens(-1, 0))),
        ("execution_time_ms", less(Usage::new().execution_time_ms(-1))),
    ];
    for (name, broken) in fields {
        let error = with(&office, |of| of.finish(id, &broken)).unwrap_err();
        let Error::Invalid { entity, field, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, &**field), ("feature_planner::RefinementResult", name));
    }
    let error = with(&office, |of| of.fail(id, &Failure::new(" "))).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
    assert_eq!(with(&office, |of| of.get(id)).unwrap().status, RefinementStatus::Processing);
}

#[test]
fn only_a_plan_that_is_refining_is_given_refinements() {
    let office = Office::new();
    let agents = [NewRefinement::new("a")];
    for status in PlanStatus::ALL.iter().copied().filter(|one| *one != PlanStatus::Refining) {
        let plan = office.plan(status);
        for start in [false, true] {
            let error = with(&office, |of| {
                if start { of.start(plan, &agents) } else { of.enqueue(plan, &agents) }
            });
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
            let words = format!(
                "feature_planner::FeaturePlan {plan}: is {status}, and refinements are made while it \
                 is refining"
            );
            assert_eq!(error.to_string(), words);
        }
    }
    assert_eq!(
        number(office.store(), "SELECT count(*) FROM feature_planner.feature_refinements"),
        0
    );
}

#[test]
fn each_step_is_taken_from_what_it_begins_from_and_from_nothing_else() {
    use RefinementStatus::{Cancelled, Completed, Failed, Processing};
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let (result, failure) = (RefinementResult::new("R"), Failure::new("no"));
    let mut taken = 0;
    for from in RefinementStatus::ALL.iter().copied() {
        for to in [Processing, Completed, Failed, Cancelled] {
            let before = one(&office, plan, from);
            let id = before.id;
            let done = with(&office, |of| match to {
                Processing => of.begin(id),
                Completed => of.finish(id, &result),
                Failed => of.fail(id, &failure),
                _ => of.cancel(id),
            });
            let stored = with(&office, |of| of.get(id)).unwrap();
            if from.may_become(to) {
                taken += 1;
                let done = done.unwrap();
                assert_eq!(done.status, to);
                assert_eq!(done.completed_at.is_some(), to != Processing);
                assert_eq!(stored, done);
            } else {
                let error = done.unwrap_err();
                let Error::InvalidTransition { entity, key, from: was, to: asked } = &error else {
                    panic!("{from} {to}: {error:?}")
                };
                assert_eq!((*entity, key), ("feature_planner::Refinement", &id.to_string()));
                assert_eq!((&**was, &**asked), (from.label(), to.label()));
                assert_eq!(stored, before);
            }
        }
    }
    assert_eq!(taken, 5);
}

#[test]
fn a_result_is_kept_whole_with_its_words_and_characters_and_its_time_is_the_plans() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let before = one(&office, plan, RefinementStatus::Processing);
    let result = RefinementResult {
        focus: Some("the list".into()),
        confidence: Some(ConfidenceLevel::Medium),
        technical_complexity: Some(TechnicalComplexity::Low),
        estimated_scope: Some(EstimatedScope::Large),
        assumptions: Some(json!(["there are customers"])),
        key_requirements: Some(json!({ "sorted": true })),
        risks: Some(json!([])),
        is_valid_format: true,
        validation_errors: Some(json!(null)),
        expansion_ratio: Some(3),
        usage: Usage::new().tokens(1_200, 300).execution_time_ms(2_500),
        ..RefinementResult::new("  Größe:\u{a0}naïve\n\tрусский 文字 — 👩‍🚀 ")
    };
    let done = with(&office, |of| of.finish(before.id, &result)).unwrap();
    let expected = Refinement {
        status: RefinementStatus::Completed,
        refined_request: Some(result.refined_request.clone()),
        word_count: Some(6),
        character_count: Some(33),
        focus: result.focus.clone(),
        confidence: result.confidence,
        technical_complexity: result.technical_complexity,
        estimated_scope: result.estimated_scope,
        assumptions: result.assumptions.clone(),
        key_requirements: result.key_requirements.clone(),
        risks: result.risks.clone(),
        is_valid_format: true,
        validation_errors: result.validation_errors.clone(),
        expansion_ratio: Some(3),
        prompt_tokens: Some(1_200),
        completion_tokens: Some(300),
        total_tokens: Some(1_500),
        execution_time_ms: Some(2_500),
        completed_at: done.completed_at,
        ..before
    };
    assert_eq!(done, expected);
    assert_eq!(result.refined_request.chars().count(), 33);
    assert_eq!(time(&office, plan), 2_500);

    // What is not known adds nothing, and what is too much stops.
    one(&office, plan, RefinementStatus::Completed);
    assert_eq!(time(&office, plan), 2_500);
    for _ in 0..2 {
        let id = one(&office, plan, RefinementStatus::Processing).id;
        let mut failure = Failure::new("too slow");
        failure.usage = Usage::new().execution_time_ms(i32::MAX - 1_000);
        with(&office, |of| of.fail(id, &failure)).unwrap();
        assert_eq!(time(&office, plan), i32::MAX);
    }
}

#[test]
fn an_agent_that_fails_ends_with_its_message_and_nothing_stays_in_processing() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let agents = ["a", "b", "c"].map(NewRefinement::new);
    let made = with(&office, |of| of.start(plan, &agents)).unwrap();
    let mut failure = Failure::new("the model is overloaded");
    failure.usage = Usage::new().tokens(10, 0).execution_time_ms(30_000);
    let failed = with(&office, |of| of.fail(made[1].id, &failure)).unwrap();
    assert_eq!(failed.status, RefinementStatus::Failed);
    assert_eq!(failed.error_message.as_deref(), Some("the model is overloaded"));
    assert_eq!((failed.prompt_tokens, failed.execution_time_ms), (Some(10), Some(30_000)));
    assert!(failed.completed_at.is_some());
    assert_eq!((failed.refined_request, failed.word_count), (None, None));
    // The others' results come, though the plan has been given up meanwhile.
    let sql = format!(
        "UPDATE feature_planner.feature_plans SET status = 'cancelled' WHERE id = '{plan}'"
    );
    office.store().write(|uow| execute(uow, &sql)).unwrap();
    with(&office, |of| {
        of.finish(made[0].id, &RefinementResult::new("R"))?;
        of.cancel(made[2].id)
    })
    .unwrap();
    assert_eq!(time(&office, plan), 30_000);
    let left = "SELECT count(*) FROM feature_planner.feature_refinements
                 WHERE status IN ('pending', 'processing') OR completed_at IS NULL";
    assert_eq!(number(office.store(), left), 0);
}

#[test]
fn what_is_somebody_elses_is_not_found_and_stays() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let stored = [
        one(&office, plan, RefinementStatus::Pending),
        one(&office, plan, RefinementStatus::Processing),
        one(&office, plan, RefinementStatus::Completed),
    ];
    let (result, failure) = (RefinementResult::new("R"), Failure::new("no"));
    let agents = [NewRefinement::new("a")];
    for (user, nobodys) in [(office.other, false), (office.user, true)] {
        let ids = stored.each_ref().map(|one| if nobodys { RefinementId::new() } else { one.id });
        let try_it = |mut work: Work<'_>| {
            as_user(office.store(), user, |of| work(of)).unwrap_err().to_string()
        };
        assert_eq!(as_user(office.store(), user, |of| of.find(ids[0])).unwrap(), None);
        for (id, told) in [
            (ids[0], try_it(Box::new(|of| of.get(ids[0]).map(drop)))),
            (ids[0], try_it(Box::new(|of| of.begin(ids[0]).map(drop)))),
            (ids[1], try_it(Box::new(|of| of.finish(ids[1], &result).map(drop)))),
            (ids[1], try_it(Box::new(|of| of.fail(ids[1], &failure).map(drop)))),
            (ids[1], try_it(Box::new(|of| of.cancel(ids[1]).map(drop)))),
            (ids[2], try_it(Box::new(|of| of.delete(ids[2])))),
        ] {
            assert_eq!(told, format!("feature_planner::Refinement {id} was not found"));
        }
        let plan = if nobodys { FeaturePlanId::new() } else { plan };
        for told in [
            try_it(Box::new(|of| of.start(plan, &agents).map(drop))),
            try_it(Box::new(|of| of.enqueue(plan, &agents).map(drop))),
            try_it(Box::new(|of| of.select(plan, ids[2]).map(drop))),
            try_it(Box::new(|of| of.list(plan, Page::first(1)).map(drop))),
        ] {
            assert_eq!(told, format!("feature_planner::FeaturePlan {plan} was not found"));
        }
    }
    let after = with(&office, |of| of.list(plan, Page::first(10))).unwrap();
    assert_eq!(after.items, stored);
}

#[test]
fn the_selected_request_is_the_plans_until_another_one_is_selected() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let agents = ["a", "b"].map(NewRefinement::new);
    let made = with(&office, |of| of.start(plan, &agents)).unwrap();
    for one in &made {
        let result = RefinementResult::new(format!("As {} says.", one.agent_id));
        with(&office, |of| of.finish(one.id, &result)).unwrap();
        let before = office.store().read(|uow| uow.feature_plans(office.user).get(plan)).unwrap();
        let selected = with(&office, |of| of.select(plan, one.id)).unwrap();
        assert_eq!(selected.selected_refinement_id, Some(one.id));
        assert_eq!(selected.refined_request, Some(result.refined_request));
        assert!(selected.updated_at > before.updated_at);
        let stored = office.store().read(|uow| uow.feature_plans(office.user).get(plan)).unwrap();
        assert_eq!(stored, selected);
    }
}

#[test]
fn only_a_completed_refinement_of_the_plan_is_selected_and_only_while_it_is_not_final() {
    let office = Office::new();
    let (plan, other) = (office.plan(PlanStatus::Refining), office.plan(PlanStatus::Refining));
    for status in RefinementStatus::ALL.iter().copied() {
        let id = one(&office, plan, status).id;
        if status != RefinementStatus::Completed {
            let error = with(&office, |of| of.select(plan, id)).unwrap_err();
            let words = format!(
                "feature_planner::Refinement {id}: is {status}, and only a completed one can be \
                 selected"
            );
            assert_eq!(error.to_string(), words);
            assert!(error.is_conflict());
            continue;
        }
        let error = with(&office, |of| of.select(other, id)).unwrap_err();
        assert_eq!(error.to_string(), format!("feature_planner::Refinement {id} was not found"));
        for last in ["completed", "failed", "cancelled"] {
            let set = |status: &str| {
                let sql = format!(
                    "UPDATE feature_planner.feature_plans SET status = '{status}' WHERE id = '{plan}'"
                );
                office.store().write(|uow| execute(uow, &sql)).unwrap();
            };
            set(last);
            let error = with(&office, |of| of.select(plan, id)).unwrap_err();
            let words = format!(
                "feature_planner::FeaturePlan {plan}: is {last}, and what it goes on with stays as it is"
            );
            assert_eq!(error.to_string(), words);
            set("refining");
        }
    }
    let none = "SELECT count(*) FROM feature_planner.feature_plans
                 WHERE selected_refinement_id IS NOT NULL OR refined_request IS NOT NULL";
    assert_eq!(number(office.store(), none), 0);
}

#[test]
fn a_refinement_goes_where_nobody_works_on_it_and_it_is_not_selected() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    for status in RefinementStatus::ALL.iter().copied() {
        let id = one(&office, plan, status).id;
        let deleted = with(&office, |of| of.delete(id));
        if status == RefinementStatus::Processing {
            let error = deleted.unwrap_err();
            assert!(error.is_conflict());
            let words = "is processing: fail or cancel it first";
            assert_eq!(error.to_string(), format!("feature_planner::Refinement {id}: {words}"));
            with(&office, |of| of.cancel(id)).unwrap();
            with(&office, |of| of.delete(id)).unwrap();
        } else {
            deleted.unwrap();
        }
        assert_eq!(with(&office, |of| of.find(id)).unwrap(), None);
        assert!(with(&office, |of| of.delete(id)).unwrap_err().is_not_found());
    }
    let id = one(&office, plan, RefinementStatus::Completed).id;
    with(&office, |of| of.select(plan, id)).unwrap();
    let error = with(&office, |of| of.delete(id)).unwrap_err();
    assert!(error.is_conflict());
    let words = "is selected: select another one first";
    assert_eq!(error.to_string(), format!("feature_planner::Refinement {id}: {words}"));
    let other = one(&office, plan, RefinementStatus::Completed).id;
    with(&office, |of| of.select(plan, other)).unwrap();
    with(&office, |of| of.delete(id)).unwrap();
}

#[test]
fn refinements_are_listed_oldest_first_page_by_page() {
    let office = Office::new();
    let (plan, empty) = (office.plan(PlanStatus::Refining), office.plan(PlanStatus::Refining));
    let agents = ["c", "b", "a"].map(NewRefinement::new);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.extend(with(&office, |of| of.start(plan, &agents)).unwrap());
    }
    let mut page = Page::first(2);
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let listed = with(&office, |of| of.list(plan, page)).unwrap();
        pages += 1;
        found.extend(listed.items);
        assert!(found.len() <= made.len(), "a page begins behind the one before");
        let Some(ByTime { at, key }) = listed.next else { break };
        assert_eq!(found.last().map(|last| (last.created_at, last.id)), Some((at, key)));
        page = Page::after(ByTime { at, key }, 2);
    }
    assert_eq!((pages, found), (5, made));
    let none = with(&office, |of| of.list(empty, Page::first(2))).unwrap();
    assert_eq!((none.items.len(), none.next), (0, None));
    let error = with(&office, |of| of.list(plan, Page::first(0))).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }));
}
