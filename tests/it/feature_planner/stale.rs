//! Attempts that hang.

use std::time::Duration;

use planwright::feature_planner::{
    Attempt, DiscoveryId, FeaturePlanId, GenerationId, PlanStatus, RefinementId, StaleAttempt,
    Unfinished,
};
use planwright::{ByTime, Error, Page, Store, UserId};

use super::plans::Watched;
use super::{Installation, Office};
use crate::support::execute;

const KINDS: [(&str, &str); 3] = [
    ("feature_refinements", "input_request"),
    ("file_discovery_sessions", "refined_request"),
    ("implementation_plan_generations", "refined_request"),
];

/// An attempt of this kind, made so many minutes before now, with a key that tells its age.
fn attempt(store: &Store, plan: FeaturePlanId, kind: usize, status: &str, age: u32) -> Attempt {
    let key = uuid::Uuid::now_v7();
    let (table, request) = KINDS[kind];
    let sql = format!(
        "INSERT INTO feature_planner.{table} (id, plan_id, agent_id, status, {request}, created_at)
         VALUES ('{key}', '{plan}', 'agent {age}', '{status}', 'x',
                 date_trunc('hour', now()) - {age} * interval '1 minute')"
    );
    store.write(|uow| execute(uow, &sql)).expect("an attempt");
    match kind {
        0 => Attempt::Refinement(RefinementId(key)),
        1 => Attempt::Discovery(DiscoveryId(key)),
        _ => Attempt::Generation(GenerationId(key)),
    }
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn stale(store: &Store, user: UserId, age: Duration, rows: u16) -> Vec<StaleAttempt> {
    let (mut seen, mut page) = (Vec::new(), Page::first(rows));
    loop {
        let found = store.read(|uow| uow.feature_plans(user).stale(age, page)).unwrap();
        seen.extend(found.items);
        let Some(next) = found.next else { return seen };
        assert!(seen.len() < 50, "it comes to no end");
        page = Page::after(next, rows);
    }
}

#[test]
fn what_is_not_done_and_older_is_listed_of_every_kind_the_oldest_first() {
    let office = Office::new();
    let store = office.store();
    let plan = office.plan(PlanStatus::Refining);
    let (second, done) = (office.plan(PlanStatus::Planning), office.plan(PlanStatus::Cancelled));
    let mut expected = Vec::new();
    // Three at a moment, of different kinds.
    for (kind, status, age) in [
        (0, "pending", 300),
        (1, "processing", 300),
        (2, "pending", 300),
        (2, "processing", 200),
        (1, "pending", 180),
        (0, "processing", 120),
    ] {
        let of = [plan, second, done][kind];
        expected.push((attempt(store, of, kind, status, age), of, age, status));
    }
    for (kind, status) in [
        (0, "completed"),
        (0, "failed"),
        (0, "cancelled"),
        (1, "completed"),
        (1, "failed"),
        (2, "completed"),
        (2, "failed"),
    ] {
        attempt(store, plan, kind, status, 400);
    }
    for (kind, (table, _)) in KINDS.into_iter().enumerate() {
        attempt(store, plan, kind, "processing", 0);
        // However long ago the hour began.
        office.run(&format!(
            "UPDATE feature_planner.{table} SET created_at = now() WHERE agent_id = 'agent 0'"
        ));
    }
    for rows in [1, 2, 1_000] {
        let found = stale(store, office.user, minutes(60), rows);
        let found: Vec<_> = found
            .iter()
            .map(|one| {
                let status =
                    if one.status == Unfinished::Pending { "pending" } else { "processing" };
                let age: u32 = one.agent_id.trim_start_matches("agent ").parse().unwrap();
                (one.attempt, one.plan_id, age, status)
            })
            .collect();
        assert_eq!(found, expected);
    }
    assert_eq!(stale(store, office.user, minutes(10_000), 10), []);
    assert_eq!(stale(store, office.user, minutes(36_500 * 24 * 60), 10), []);
    assert_eq!(stale(store, office.other, minutes(0), 10), []);
    // Older than the moment, by the server's clock: all that there is.
    assert_eq!(stale(store, office.user, minutes(0), 10).len(), 9);
}

#[test]
fn it_is_one_statement_and_bad_input_is_none() {
    let office = Office::new();
    let plan = office.plan(PlanStatus::Refining);
    let made = attempt(office.store(), plan, 0, "pending", 90);
    let watched = Watched::new(office.database.url());
    let page = Page::first(10);
    let count =
        watched.sent(|uow| uow.feature_plans(office.user).stale(Duration::from_millis(1), page));
    assert_eq!(count, 1);
    let far = ByTime { at: chrono::DateTime::<chrono::Utc>::MIN_UTC, key: made };
    let longer = minutes(36_500 * 24 * 60) + Duration::from_nanos(1);
    for (age, page, why) in [
        (longer, Page::first(1), "feature_planner::stale.older_than: must be at most 36500 days"),
        (
            Duration::MAX,
            Page::first(1),
            "feature_planner::stale.older_than: must be at most 36500 days",
        ),
        (minutes(1), Page::first(0), "Page.limit: must be from 1 to 1000"),
        (minutes(1), Page::after(far, 1), "Page.at: must be in the years 1 to 9999"),
    ] {
        let sent = office.store().write(|uow| {
            let refused = uow.feature_plans(office.user).stale(age, page).unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }));
            assert_eq!(refused.to_string(), why);
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1);
    }
    let shown = serde_json::to_value(made).unwrap();
    assert_eq!(shown["kind"], "refinement");
}

#[test]
fn right_behind_the_move_it_is_the_same_hour() {
    let installation = Installation::before("20261120192200");
    let store = installation.store();
    let user = UserId("00000000-0000-0000-0000-000000000001".parse().unwrap());
    let plan = FeaturePlanId("00000000-0000-0000-0000-000000000010".parse().unwrap());
    let made = attempt(store, plan, 1, "processing", 120);
    // What the rows have of it is younger.
    let found = stale(store, user, minutes(60), 1);
    assert_eq!(found.iter().map(|one| one.attempt).collect::<Vec<_>>(), [made]);
    let age = chrono::Utc::now() - found[0].created_at;
    assert!((120..=181).contains(&age.num_minutes()), "{age}");
    assert_eq!(stale(store, user, minutes(0), 1).len(), 3);
}

#[test]
fn the_place_of_a_page_travels_as_json() {
    for attempt in [
        Attempt::Refinement(RefinementId::new()),
        Attempt::Discovery(DiscoveryId::new()),
        Attempt::Generation(GenerationId::new()),
    ] {
        let place = ByTime { at: chrono::Utc::now(), key: attempt };
        let text = serde_json::to_string(&place).unwrap();
        assert_eq!(serde_json::from_str::<ByTime<Attempt>>(&text).unwrap(), place);
    }
}
