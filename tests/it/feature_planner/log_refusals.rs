//! What a log does not take, and what others do not see of it.

use chrono::{DateTime, Duration, Utc};
use planwright::feature_planner::{
    ExecutionLogId, ExecutionStep, FeaturePlanId, MAX_DOCUMENT, MAX_JSON, MAX_LOG_ENTRIES,
    MAX_MESSAGE, NewExecutionLog, PlanStatus, factory,
};
use planwright::{ByTime, ConstraintKind, Error, Page};
use serde_json::json;

use super::Office;
use super::log::{entry, start};
use super::plans::{PLAN, Watched, not_found};
use crate::support::{execute, number};

const LOG: &str = "feature_planner::ExecutionLog";

fn planning(agent: &str) -> NewExecutionLog {
    entry(ExecutionStep::Planning, agent, 0)
}

fn count(office: &Office) -> i64 {
    number(office.store(), "SELECT count(*) FROM feature_planner.plan_execution_logs")
}

#[test]
fn bad_entries_are_refused_by_place_before_anything_is_sent() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Draft);
    type Break = fn(&mut NewExecutionLog);
    let cases: [(&str, Break); 23] = [
        ("agent_type: must not be blank", |new| new.agent_type = " \n".into()),
        ("agent_type: must be at most 100 characters", |new| new.agent_type = "é".repeat(101)),
        ("agent_model: must be at most 50 characters", |new| {
            new.agent_model = Some("é".repeat(51));
        }),
        ("session_id: must be at most 255 characters", |new| {
            new.session_id = Some("é".repeat(256));
        }),
        ("parent_tool_use_id: must be at most 255 characters", |new| {
            new.parent_tool_use_id = Some("é".repeat(256));
        }),
        ("input_prompt: must not hold NUL", |new| new.input_prompt = Some("\0".into())),
        ("input_prompt: must be at most 1000000 characters", |new| {
            new.input_prompt = Some("é".repeat(MAX_DOCUMENT + 1));
        }),
        ("agent_response: must be at most 1000000 characters", |new| {
            new.agent_response = Some("é".repeat(MAX_DOCUMENT + 1));
        }),
        ("error_message: must be at most 10000 characters", |new| {
            new.error_message = Some("é".repeat(MAX_MESSAGE + 1));
        }),
        ("metadata: must not hold NUL", |new| new.metadata = Some(json!({ "\0": 1 }))),
        ("metadata: must be at most 1000000 bytes of JSON", |new| {
            new.metadata = Some("x".repeat(MAX_JSON).into());
        }),
        ("agent_level: must not be negative", |new| new.agent_level = -1),
        ("retry_attempt: must not be negative", |new| new.retry_attempt = -1),
        ("duration_ms: must not be negative", |new| new.duration_ms = Some(-1)),
        ("prompt_tokens: must not be negative", |new| new.prompt_tokens = Some(-1)),
        ("completion_tokens: must not be negative", |new| new.completion_tokens = Some(-1)),
        ("total_tokens: must not be negative", |new| new.total_tokens = Some(-1)),
        ("cache_creation_tokens: must not be negative", |new| new.cache_creation_tokens = Some(-1)),
        ("cache_read_tokens: must not be negative", |new| new.cache_read_tokens = Some(-1)),
        ("start_time: must be in the years 1 to 9999", |new| {
            new.start_time = DateTime::<Utc>::MIN_UTC;
        }),
        ("end_time: must be in the years 1 to 9999", |new| {
            new.end_time = Some(DateTime::<Utc>::MAX_UTC);
        }),
        ("end_time: must not be before start_time", |new| {
            new.end_time = Some(start() - Duration::microseconds(1));
        }),
        ("end_time: must be at most 2147483647 ms after start_time", |new| {
            new.end_time = Some(start() + Duration::milliseconds(2_147_483_648));
        }),
    ];
    for (why, spoil) in cases {
        let mut bad = planning("bad");
        spoil(&mut bad);
        let refused = bad.validate().unwrap_err().to_string();
        assert_eq!(refused, format!("feature_planner::NewExecutionLog.{why}"));
        let entries = [planning("good"), bad];
        let sent = office.store().write(|uow| {
            let refused = uow.execution_logs(office.user).append(plan, &entries).unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }));
            let named = format!("feature_planner::NewExecutionLog.entries[1].{why}");
            assert_eq!(refused.to_string(), named);
            // A statement that had failed would abort the unit.
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1);
    }
    assert_eq!(count(&office), 0);
    // What is just within them.
    let mut most = planning(&"é".repeat(100));
    most.end_time = Some(start() + Duration::milliseconds(2_147_483_647));
    most.input_prompt = Some("é".repeat(MAX_DOCUMENT));
    let mut long = planning("long");
    long.end_time = Some(start() + Duration::days(400));
    long.duration_ms = Some(1);
    let stored = office.append(plan, &[most, long]).unwrap();
    assert_eq!(stored[0].duration_ms, Some(i32::MAX));
    assert_eq!(stored[1].duration_ms, Some(1));
}

#[test]
fn what_is_wrong_among_the_entries_of_one_call_is_named() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Draft);
    let refused = |entries: &[NewExecutionLog]| {
        let error = office.append(plan, entries).unwrap_err();
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        let text = error.to_string();
        text.strip_prefix("feature_planner::NewExecutionLog.").expect(&text).to_owned()
    };
    let first = planning("first");
    assert_eq!(
        refused(&[planning("other"), first.clone(), first.clone()]),
        "entries[2].id: is that of entries[1]"
    );
    let child = planning("child").below(&first);
    assert_eq!(
        refused(&[child.clone(), first.clone()]),
        "entries[0].parent_log_id: is that of entries[1], which does not stand before it"
    );
    let own = child.clone().below(&child);
    assert_eq!(
        refused(&[first, own]),
        "entries[1].parent_log_id: is that of entries[1], which does not stand before it"
    );
    let many: Vec<_> = (0..=MAX_LOG_ENTRIES).map(|_| planning("a")).collect();
    assert_eq!(refused(&many), "entries: must be at most 1000");
    let large: Vec<_> = (0..65)
        .map(|_| NewExecutionLog {
            agent_response: Some("x".repeat(MAX_DOCUMENT)),
            ..planning("large")
        })
        .collect();
    let words = "entries: must have at most 64000000 bytes of text and metadata";
    assert_eq!(refused(&large), words);
    let metadata = Some(serde_json::Value::from("x".repeat(MAX_JSON - 2)));
    let large: Vec<_> = (0..65)
        .map(|_| NewExecutionLog { metadata: metadata.clone(), ..planning("large") })
        .collect();
    assert_eq!(refused(&large), words);
    assert_eq!(count(&office), 0);
}

#[test]
fn a_parent_is_an_entry_of_the_same_plan() {
    let office = Office::new();
    let (plan, other) = (office.plan(PlanStatus::Draft), office.plan(PlanStatus::Draft));
    let elsewhere = planning("elsewhere");
    office.append(other, std::slice::from_ref(&elsewhere)).unwrap();
    let own = planning("own");
    office.append(plan, std::slice::from_ref(&own)).unwrap();
    for parent in [elsewhere, planning("nowhere")] {
        let entries = [planning("child").below(&own), planning("child").below(&parent)];
        let error = office.append(plan, &entries).unwrap_err();
        assert!(error.is_not_found());
        let named = format!("{LOG} entries[1].parent_log_id {} was not found", parent.id);
        assert_eq!(error.to_string(), named);
    }
    assert_eq!(count(&office), 2);
}

#[test]
fn a_key_that_is_stored_is_refused_by_its_rule() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Draft);
    let first = planning("first");
    office.append(plan, std::slice::from_ref(&first)).unwrap();
    let refused = office.append(plan, &[planning("second"), first]).unwrap_err();
    assert!(matches!(refused, Error::Constraint { kind: ConstraintKind::Unique, .. }));
    assert_eq!(refused.to_string(), "two log entries have different keys");
    assert_eq!(count(&office), 1);
}

#[test]
fn another_users_log_is_not_found() {
    let office = Office::new();
    let theirs =
        office.store().write(|uow| factory::plan(uow, office.other, PlanStatus::Draft)).unwrap();
    let mine = office.plan(PlanStatus::Draft);
    let made = office.append(mine, &[planning("mine")]).unwrap().remove(0);
    for (user, plan) in
        [(office.user, theirs), (office.other, mine), (office.user, FeaturePlanId::new())]
    {
        office
            .store()
            .write(|uow| {
                let mut logs = uow.execution_logs(user);
                not_found(logs.append(plan, &[planning("a")]), PLAN);
                not_found(logs.append(plan, &[planning("a").below_stored(&made)]), PLAN);
                not_found(logs.list(plan, None, Page::first(1)), PLAN);
                not_found(logs.tree(plan), PLAN);
                not_found(logs.totals(plan), PLAN);
                Ok(())
            })
            .unwrap();
    }
    let (found, got) = office
        .store()
        .read(|uow| {
            let mut logs = uow.execution_logs(office.other);
            Ok((logs.find(made.id)?, logs.get(made.id)))
        })
        .unwrap();
    assert_eq!(found, None);
    not_found(got, LOG);
    assert_eq!(count(&office), 1);
}

#[test]
fn a_page_that_is_none_is_refused_and_refusals_are_three_statements_at_most() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Draft);
    let far = ByTime { at: DateTime::<Utc>::MAX_UTC, key: ExecutionLogId::new() };
    for page in [Page::first(0), Page::first(1_001), Page::after(far, 1)] {
        let done =
            office.store().read(|uow| uow.execution_logs(office.user).list(plan, None, page));
        assert!(matches!(done, Err(Error::Invalid { .. })), "{done:?}");
    }
    let watched = Watched::new(office.database.url());
    let child = [planning("child").below(&planning("nowhere"))];
    assert_eq!(watched.sent(|uow| uow.execution_logs(office.user).append(plan, &child)), 3);
    assert_eq!(watched.sent(|uow| uow.execution_logs(office.other).append(plan, &child)), 2);
    assert_eq!(watched.sent(|uow| uow.execution_logs(office.user).append(plan, &[])), 0);
    let list = watched.sent(|uow| uow.execution_logs(office.user).list(plan, None, Page::first(1)));
    assert_eq!(list, 2);
}

#[test]
fn an_entry_is_read_from_json_without_what_is_not_given() {
    let given = json!({ "step": "planning", "agent_type": "a", "start_time": start() });
    let read: NewExecutionLog = serde_json::from_value(given.clone()).unwrap();
    assert_eq!(read, NewExecutionLog { id: read.id, ..planning("a") });
    let other: NewExecutionLog = serde_json::from_value(given.clone()).unwrap();
    assert_ne!(read.id, other.id);
    let mut unknown = given;
    unknown["step_number"] = 3.into();
    assert!(serde_json::from_value::<NewExecutionLog>(unknown).is_err());
}
