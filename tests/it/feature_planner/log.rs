//! The log of a feature plan.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use planwright::feature_planner::{
    ExecutionLog, ExecutionLogId, ExecutionStep, FeaturePlanId, LogSums, MAX_LOG_ENTRIES,
    NewExecutionLog, PlanStatus,
};
use planwright::{Page, Result, Store, UnitOfWork, UserId};
use serde_json::json;

use super::plans::Watched;
use super::{Installation, Office};
use crate::support::{execute, number};

pub(super) fn start() -> DateTime<Utc> {
    "2026-05-01T10:00:00.123456Z".parse().unwrap()
}

/// A call that began so many seconds after the first.
pub(super) fn entry(step: ExecutionStep, agent: &str, seconds: i64) -> NewExecutionLog {
    NewExecutionLog::new(step, agent, start() + Duration::seconds(seconds))
}

impl Office {
    pub(super) fn append(
        &self,
        plan: FeaturePlanId,
        entries: &[NewExecutionLog],
    ) -> Result<Vec<ExecutionLog>> {
        self.store().write(|uow| uow.execution_logs(self.user).append(plan, entries))
    }

    /// The agents of the tree, each as deep as it is.
    fn tree(&self, plan: FeaturePlanId) -> Vec<String> {
        tree(self.store(), self.user, plan)
    }
}

fn tree(store: &Store, user: UserId, plan: FeaturePlanId) -> Vec<String> {
    let nodes = store.read(|uow| uow.execution_logs(user).tree(plan)).unwrap();
    nodes.iter().map(|node| "-".repeat(node.depth) + &node.entry.agent_type).collect()
}

#[test]
fn entries_are_stored_as_they_are_given_in_their_order() {
    use ExecutionStep::{Discovery, Planning, Refinement};
    let office = Office::new();
    let plan = office.plan(PlanStatus::Planning);
    let full = NewExecutionLog {
        agent_model: Some("sonnet".into()),
        session_id: Some("s".into()),
        parent_tool_use_id: Some("t".into()),
        input_prompt: Some("é 'x' \\ {a,b} NULL \"q\" ; $1 --".into()),
        agent_response: Some(String::new()),
        end_time: Some(start() + Duration::milliseconds(61_500)),
        prompt_tokens: Some(1),
        completion_tokens: Some(2),
        total_tokens: Some(4),
        cache_creation_tokens: Some(5),
        cache_read_tokens: Some(i32::MAX),
        is_success: false,
        retry_attempt: 6,
        error_message: Some("no".into()),
        metadata: Some(json!({ "a": [1, null, "\"{}"] })),
        agent_level: 3,
        ..entry(Planning, "planner", 60)
    };
    let bare = entry(Refinement, "refiner", 0);
    let given = NewExecutionLog { duration_ms: Some(7), ..entry(Discovery, "finder", 30) };
    let null = NewExecutionLog {
        metadata: Some(json!(null)),
        end_time: Some(start()),
        ..entry(Discovery, "reader", 0)
    };
    let entries = [full.clone(), bare, given, null];
    let stored = office.append(plan, &entries).unwrap();
    let told: Vec<_> = stored
        .iter()
        .map(|one| (one.id, one.plan_id, one.step, one.step_number, one.duration_ms))
        .collect();
    let [a, b, c, d] = [0, 1, 2, 3].map(|nth: usize| entries[nth].id);
    assert_eq!(
        told,
        [
            (a, plan, Planning, 3, Some(1_500)),
            (b, plan, Refinement, 1, None),
            (c, plan, Discovery, 2, Some(7)),
            (d, plan, Discovery, 2, Some(0)),
        ]
    );
    let one = &stored[0];
    let expected = ExecutionLog {
        id: full.id,
        plan_id: plan,
        parent_log_id: None,
        step: Planning,
        step_number: 3,
        agent_type: full.agent_type,
        agent_model: full.agent_model,
        agent_level: 3,
        session_id: full.session_id,
        parent_tool_use_id: full.parent_tool_use_id,
        input_prompt: full.input_prompt,
        agent_response: full.agent_response,
        start_time: full.start_time,
        end_time: full.end_time,
        duration_ms: Some(1_500),
        prompt_tokens: Some(1),
        completion_tokens: Some(2),
        total_tokens: Some(4),
        cache_creation_tokens: Some(5),
        cache_read_tokens: Some(i32::MAX),
        is_success: false,
        retry_attempt: 6,
        error_message: full.error_message,
        metadata: full.metadata,
        created_at: one.created_at,
    };
    assert_eq!(*one, expected);
    assert!(stored[1].is_success && stored[1].metadata.is_none());
    assert_eq!(stored[3].metadata, Some(json!(null)));
    let store = office.store();
    for one in &stored {
        let found = store.read(|uow| uow.execution_logs(office.user).get(one.id)).unwrap();
        assert_eq!(found, *one);
    }
    let found = store.read(|uow| uow.execution_logs(office.user).find(ExecutionLogId::new()));
    assert_eq!(found.unwrap(), None);
    assert_eq!(office.append(plan, &[]).unwrap(), []);
}

#[test]
fn children_stand_below_their_parents_as_they_began() {
    use ExecutionStep::{Discovery, Refinement};
    let office = Office::new();
    let plan = office.plan(PlanStatus::Discovering);
    let root = entry(Refinement, "root", 5);
    let late = entry(Refinement, "late", 9).below(&root);
    let early = entry(Refinement, "early", 6).below(&root);
    let deep = entry(Refinement, "deep", 7).below(&early);
    assert_eq!((root.agent_level, deep.agent_level), (0, 2));
    let stored = office.append(plan, &[root, late, early, deep]).unwrap();
    let first = entry(Discovery, "first", 0);
    let below = entry(Discovery, "below", 8).below_stored(&stored[3]);
    assert_eq!((below.parent_log_id, below.agent_level), (Some(stored[3].id), 3));
    let own = entry(Discovery, "own", 1).below(&first);
    office.append(plan, &[first, below, own]).unwrap();
    let expected = ["first", "-own", "root", "-early", "--deep", "---below", "-late"];
    assert_eq!(office.tree(plan), expected);
    assert_eq!(office.tree(office.plan(PlanStatus::Draft)), [""; 0]);
}

#[test]
fn orphans_and_circles_of_live_data_come_up_as_roots() {
    let office = Office::new();
    office.run(
        "ALTER TABLE feature_planner.plan_execution_logs DROP CONSTRAINT plan_execution_logs_parent_log_id_fk",
    );
    let (plan, other) = (office.plan(PlanStatus::Draft), office.plan(PlanStatus::Draft));
    let names = ["tail", "b", "c", "a", "orphan", "child", "own", "foreign", "x", "y", "of y"];
    let entries: Vec<_> = names
        .iter()
        .zip(0..)
        .map(|(name, second)| entry(ExecutionStep::Refinement, name, second))
        .collect();
    office.append(plan, &entries).unwrap();
    let elsewhere = entry(ExecutionStep::Refinement, "elsewhere", 0);
    office.append(other, std::slice::from_ref(&elsewhere)).unwrap();
    let key = |name: &str| match name {
        "nobody" => ExecutionLogId::new(),
        "elsewhere" => elsewhere.id,
        name => entries[names.iter().position(|one| *one == name).unwrap()].id,
    };
    // a is below b, b below c, c below a.
    for (child, parent) in [
        ("tail", "a"),
        ("a", "b"),
        ("b", "c"),
        ("c", "a"),
        ("orphan", "nobody"),
        ("child", "orphan"),
        ("own", "own"),
        ("foreign", "elsewhere"),
        ("x", "y"),
        ("y", "x"),
        ("of y", "y"),
    ] {
        office.run(&format!(
            "UPDATE feature_planner.plan_execution_logs SET parent_log_id = '{}' WHERE id = '{}'",
            key(parent),
            key(child)
        ));
    }
    let expected =
        ["b", "-a", "--tail", "--c", "orphan", "-child", "own", "foreign", "x", "-y", "--of y"];
    assert_eq!(office.tree(plan), expected);
    assert_eq!(office.tree(other), ["elsewhere"]);
}

#[test]
fn a_log_however_deep_is_walked() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Draft);
    office.run(&format!(
        "INSERT INTO feature_planner.plan_execution_logs
                (id, plan_id, parent_log_id, step, step_number, agent_type, start_time)
         SELECT md5(n::text)::uuid, '{plan}', CASE WHEN n > 1 THEN md5((n - 1)::text)::uuid END,
                'planning', 3, n, now() + n * interval '1 second'
           FROM generate_series(1, 20000) n"
    ));
    let nodes = office.store().read(|uow| uow.execution_logs(office.user).tree(plan)).unwrap();
    assert_eq!((nodes.len(), nodes[19_999].depth), (20_000, 19_999));
    assert_eq!(nodes[19_999].entry.agent_type, "20000");
}

#[test]
fn sums_are_by_step_and_together_and_larger_than_a_number_of_a_row() {
    use ExecutionStep::{Discovery, Planning, Refinement};
    let office = Office::new();
    let plan = office.plan(PlanStatus::Draft);
    let much = NewExecutionLog {
        prompt_tokens: Some(i32::MAX),
        completion_tokens: Some(i32::MAX),
        cache_creation_tokens: Some(i32::MAX),
        cache_read_tokens: Some(i32::MAX),
        duration_ms: Some(i32::MAX),
        is_success: false,
        ..entry(Refinement, "much", 0)
    };
    let same = NewExecutionLog { id: ExecutionLogId::new(), ..much.clone() };
    let said = NewExecutionLog {
        prompt_tokens: Some(10),
        completion_tokens: Some(20),
        total_tokens: Some(25),
        ..entry(Discovery, "said", 0)
    };
    let half = NewExecutionLog { completion_tokens: Some(3), ..entry(Discovery, "half", 0) };
    office.append(plan, &[much, same, said, half]).unwrap();
    let of = |plan| office.store().read(|uow| uow.execution_logs(office.user).totals(plan));
    let totals = of(plan).unwrap();
    let max = i64::from(i32::MAX);
    let refinement = LogSums {
        entries: 2,
        failed: 2,
        prompt_tokens: 2 * max,
        completion_tokens: 2 * max,
        total_tokens: 4 * max,
        cache_creation_tokens: 2 * max,
        cache_read_tokens: 2 * max,
        duration_ms: 2 * max,
    };
    let discovery = LogSums {
        entries: 2,
        prompt_tokens: 10,
        completion_tokens: 23,
        total_tokens: 28,
        ..LogSums::default()
    };
    assert_eq!(totals.by_step[&Refinement], refinement);
    assert_eq!(totals.by_step[&Discovery], discovery);
    assert_eq!(totals.by_step[&Planning], LogSums::default());
    assert_eq!(
        totals.all,
        LogSums {
            entries: 4,
            prompt_tokens: 2 * max + 10,
            completion_tokens: 2 * max + 23,
            total_tokens: 4 * max + 28,
            ..refinement
        }
    );
    assert_eq!(serde_json::to_value(&totals).unwrap()["by_step"]["discovery"]["entries"], 2);
    assert_eq!(of(office.plan(PlanStatus::Draft)).unwrap().all, LogSums::default());
}

#[test]
fn pages_are_of_a_step_or_of_all_in_the_order_of_appending() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Draft);
    let other = office.plan(PlanStatus::Draft);
    office.append(other, &[entry(ExecutionStep::Planning, "other", 0)]).unwrap();
    let mut all = Vec::new();
    for batch in 0..3 {
        let entries: Vec<_> = (0..4)
            .map(|n| entry(ExecutionStep::ALL[n % 3], &format!("{batch} {n}"), -batch))
            .collect();
        all.extend(office.append(plan, &entries).unwrap());
    }
    for step in [None, Some(ExecutionStep::Refinement), Some(ExecutionStep::Planning)] {
        let expected: Vec<_> =
            all.iter().filter(|one| step.is_none_or(|step| one.step == step)).cloned().collect();
        let (mut seen, mut page) = (Vec::new(), Page::first(3));
        loop {
            let found = office
                .store()
                .read(|uow| uow.execution_logs(office.user).list(plan, step, page))
                .unwrap();
            seen.extend(found.items);
            let Some(next) = found.next else { break };
            assert!(seen.len() < 20, "it comes to no end");
            page = Page::after(next, 3);
        }
        assert_eq!(seen, expected);
    }
    let empty = office.plan(PlanStatus::Draft);
    let none = office
        .store()
        .read(|uow| uow.execution_logs(office.user).list(empty, None, Page::first(1)));
    assert_eq!(none.unwrap().items, []);
}

#[test]
fn a_thousand_entries_are_one_statement_and_so_is_each_reading() {
    let office = Office::new();
    let user = office.user;
    let plan = office.plan(PlanStatus::Draft);
    let root = entry(ExecutionStep::Planning, "root", 0);
    office.append(plan, std::slice::from_ref(&root)).unwrap();
    let entries: Vec<_> =
        (1..=1_000).map(|n| entry(ExecutionStep::Planning, "agent", n).below(&root)).collect();
    assert_eq!(entries.len(), MAX_LOG_ENTRIES);
    let watched = Watched::new(office.database.url());
    let sent = |work: &dyn Fn(&mut UnitOfWork<'_>) -> Result<()>| watched.sent(work);
    let append = |uow: &mut UnitOfWork<'_>| {
        let stored = uow.execution_logs(user).append(plan, &entries)?;
        assert_eq!(stored.len(), 1_000);
        assert!(stored.iter().zip(&entries).all(|(stored, given)| stored.id == given.id));
        Ok(())
    };
    assert_eq!(sent(&append), 1);
    office.append(plan, &entries).unwrap();
    assert_eq!(sent(&|uow| uow.execution_logs(user).get(root.id).map(drop)), 1);
    assert_eq!(sent(&|uow| uow.execution_logs(user).list(plan, None, Page::first(9)).map(drop)), 1);
    assert_eq!(sent(&|uow| uow.execution_logs(user).tree(plan).map(drop)), 1);
    assert_eq!(sent(&|uow| uow.execution_logs(user).totals(plan).map(drop)), 1);
    assert_eq!(office.tree(plan).len(), 1_001);
}

#[test]
fn right_behind_the_move_everything_of_a_log_works() {
    let installation = Installation::before("20261120192200");
    let store = installation.store();
    let user = UserId("00000000-0000-0000-0000-000000000001".parse().unwrap());
    let plan = FeaturePlanId("00000000-0000-0000-0000-000000000010".parse().unwrap());
    let stored = ExecutionLogId("00000000-0000-0000-0000-000000000081".parse().unwrap());
    store
        .write(|uow| {
            execute(
                uow,
                "UPDATE feature_planner.plan_execution_logs SET start_time = '2020-01-01'",
            )?;
            let mut logs = uow.execution_logs(user);
            let parent = logs.get(stored)?;
            let first = NewExecutionLog {
                end_time: Some(start() + Duration::seconds(2)),
                ..entry(ExecutionStep::Planning, "first", 0).below_stored(&parent)
            };
            let second = entry(ExecutionStep::Discovery, "second", 1).below(&first);
            let made = logs.append(plan, &[first.clone(), second])?;
            assert_eq!((made[0].start_time, made[0].end_time), (start(), first.end_time));
            assert_eq!(made[0].duration_ms, Some(2_000));
            let found = logs.list(plan, None, Page::first(3))?;
            let rest = logs.list(plan, None, Page::after(found.next.unwrap(), 3))?;
            let agents: BTreeSet<_> =
                found.items.iter().chain(&rest.items).map(|one| one.agent_type.clone()).collect();
            assert_eq!((found.items.len(), rest.items.len(), agents.len()), (3, 1, 3));
            assert_eq!(logs.totals(plan)?.all.entries, 4);
            Ok(())
        })
        .unwrap();
    assert_eq!(tree(store, user, plan), ["a", "-a", "--first", "---second"]);
    let utc = "SELECT count(*) FROM feature_planner.plan_execution_logs
        WHERE start_time = timestamp '2026-05-01 10:00:00.123456'";
    assert_eq!(number(store, utc), 1);
}
