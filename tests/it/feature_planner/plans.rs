//! Feature plans: made, changed, listed, brought on and deleted.

use chrono::{DateTime, Duration, Utc};
use planwright::feature_planner::{
    FeaturePlan, FeaturePlanFilter, FeaturePlanId, FeaturePlanUpdate, MAX_JSON, MAX_REQUEST,
    NewFeaturePlan, PlanStatus,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{
    ByTime, ConstraintKind, Error, Listed, Page, Result, Store, StoreOptions, UnitOfWork, UserId,
};
use serde_json::json;

use super::{Installation, Office};
use crate::support::{execute, number};

pub(super) const REQUEST: &str = "Sort invoices by date.";

impl Office {
    pub(super) fn create(&self, request: &str) -> FeaturePlan {
        let new = NewFeaturePlan::new(request);
        self.store().write(|uow| uow.feature_plans(self.user).create(&new)).expect("a plan")
    }

    pub(super) fn get(&self, id: FeaturePlanId) -> FeaturePlan {
        self.store().read(|uow| uow.feature_plans(self.user).get(id)).expect("a plan")
    }

    pub(super) fn set(
        &self,
        id: FeaturePlanId,
        from: PlanStatus,
        to: PlanStatus,
    ) -> Result<FeaturePlan> {
        self.store().write(|uow| uow.feature_plans(self.user).set_status(id, from, to))
    }

    pub(super) fn run(&self, sql: &str) {
        self.store().write(|uow| execute(uow, sql)).expect(sql);
    }

    pub(super) fn delete(&self, id: FeaturePlanId) -> Result<()> {
        self.store().write(|uow| uow.feature_plans(self.user).delete(id))
    }
}

/// A store of one connection of which every statement is seen.
pub(super) struct Watched {
    proxy: FaultProxy,
    store: Store,
}

impl Watched {
    pub(super) fn new(url: &str) -> Self {
        let proxy = FaultProxy::in_front_of(url).unwrap();
        let through = proxy.url_for(url).unwrap();
        let store = Store::connect(&through, &StoreOptions::default().pool_size(1)).unwrap();
        Self { proxy, store }
    }

    /// How many statements the work sends, once they are prepared on the connection.
    pub(super) fn sent<T>(&self, work: impl Fn(&mut UnitOfWork<'_>) -> Result<T>) -> usize {
        // To be rolled back, so that it can run twice.
        let run = || {
            let done: Result<(), Error> = self.store.write(|uow| {
                let _ = uow.savepoint(|uow| work(uow).map(drop));
                Err(Error::not_found("nothing", "at all"))
            });
            assert!(done.unwrap_err().is_not_found());
        };
        run();
        self.proxy.set(Fault::None);
        run();
        let trace = self.proxy.trace();
        let own = trace.iter().filter(|one| {
            let sql = one.sql.to_ascii_uppercase();
            !["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE"]
                .iter()
                .any(|word| sql.contains(word))
        });
        own.count()
    }
}

/// Another user finds none of these.
pub(super) fn not_found<T: std::fmt::Debug>(done: Result<T>, entity: &str) {
    match done {
        Err(Error::NotFound { entity: named, .. }) => assert_eq!(named, entity),
        other => panic!("{other:?}"),
    }
}

pub(super) const PLAN: &str = "feature_planner::FeaturePlan";

fn conflict<T: std::fmt::Debug>(done: Result<T>) -> String {
    match done {
        Err(error @ Error::Conflict { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_plan_is_a_draft_that_says_what_was_asked_for() {
    let office = Office::new();
    let new = NewFeaturePlan {
        refinement_settings: Some(json!({ "agents": 3, "models": ["sonnet", null] })),
        session_id: Some("é 'x' \\ ; $1 --".into()),
        ..NewFeaturePlan::new(" Sort «invoices» by date.\n")
    };
    let made = office.store().write(|uow| uow.feature_plans(office.user).create(&new)).unwrap();
    assert_eq!((made.user_id, made.status, made.version), (office.user, PlanStatus::Draft, 1));
    assert_eq!(made.original_request, new.original_request);
    assert_eq!(made.refinement_settings, new.refinement_settings);
    assert_eq!(made.session_id, new.session_id);
    assert_eq!((made.current_step, made.parent_plan_id, made.completed_at), (0, None, None));
    assert_eq!(office.get(made.id), made);

    let nobody = UserId::new();
    let refused = office.store().write(|uow| uow.feature_plans(nobody).create(&new)).unwrap_err();
    assert!(matches!(refused, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
    assert_eq!(refused.to_string(), "a plan's user exists");
}

#[test]
fn bad_input_is_refused_by_field_before_anything_is_sent() {
    let office = Office::new();
    let plan = office.create(REQUEST);
    let good = NewFeaturePlan::new(REQUEST);
    let request = |text: &str| NewFeaturePlan::new(text);
    let cases = [
        (request(""), "original_request: must not be blank"),
        (request("\u{a0}         \n\t "), "original_request: must not be blank"),
        (request("é23456789"), "original_request: must be at least 10 characters"),
        (
            request(&"é".repeat(MAX_REQUEST + 1)),
            "original_request: must be at most 5000 characters",
        ),
        (request("Sort it\0 by date"), "original_request: must not hold NUL"),
        (
            NewFeaturePlan { refinement_settings: Some(json!(["\0"])), ..good.clone() },
            "refinement_settings: must not hold NUL",
        ),
        (
            NewFeaturePlan {
                refinement_settings: Some("x".repeat(MAX_JSON).into()),
                ..good.clone()
            },
            "refinement_settings: must be at most 1000000 bytes of JSON",
        ),
        (
            NewFeaturePlan { session_id: Some("é".repeat(256)), ..good.clone() },
            "session_id: must be at most 255 characters",
        ),
        (NewFeaturePlan { session_id: Some("\0".into()), ..good }, "session_id: must not hold NUL"),
    ];
    for (new, why) in cases {
        let sent = office.store().write(|uow| {
            let mut plans = uow.feature_plans(office.user);
            let refused = plans.create(&new).unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }));
            assert_eq!(refused.to_string(), format!("feature_planner::NewFeaturePlan.{why}"));
            let NewFeaturePlan { original_request, refinement_settings, session_id } = new.clone();
            if why.starts_with("original_request") {
                let refused = plans.new_version(plan.id, Some(&original_request)).unwrap_err();
                assert_eq!(refused.to_string(), format!("{PLAN}.{why}"));
            }
            let update = FeaturePlanUpdate { original_request, refinement_settings, session_id };
            let refused = plans.update(plan.id, &update).unwrap_err();
            assert_eq!(refused.to_string(), format!("feature_planner::FeaturePlanUpdate.{why}"));
            // A statement that had failed would abort the unit.
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1);
    }
    for text in ["0123456789".to_owned(), "é".repeat(MAX_REQUEST)] {
        assert_eq!(office.create(&text).original_request, text);
    }
}

#[test]
fn inputs_are_read_from_json_without_what_is_not_given() {
    let read: NewFeaturePlan =
        serde_json::from_value(json!({ "original_request": REQUEST })).unwrap();
    assert_eq!(read, NewFeaturePlan::new(REQUEST));
    let unknown = json!({ "original_request": REQUEST, "status": "completed" });
    assert!(serde_json::from_value::<NewFeaturePlan>(unknown).is_err());
}

#[test]
fn a_draft_is_changed_and_nothing_else_is() {
    let office = Office::new();
    let plan = office.create(REQUEST);
    let update = FeaturePlanUpdate {
        original_request: "Sort them by customer.".into(),
        refinement_settings: Some(json!(1)),
        session_id: Some(String::new()),
    };
    let put = |user, update: &FeaturePlanUpdate| {
        office.store().write(|uow| uow.feature_plans(user).update(plan.id, update))
    };
    let changed = put(office.user, &update).unwrap();
    assert_eq!(FeaturePlanUpdate::from(&changed), update);
    assert!(changed.updated_at > plan.updated_at);
    assert_eq!(office.get(plan.id), changed);
    // What is left out is taken away.
    let bare = FeaturePlanUpdate { refinement_settings: None, session_id: None, ..update };
    let changed = put(office.user, &bare).unwrap();
    assert_eq!((&changed.refinement_settings, &changed.session_id), (&None, &None));

    not_found(put(office.other, &bare), PLAN);
    let refining = office.set(plan.id, PlanStatus::Draft, PlanStatus::Refining).unwrap();
    assert_eq!(
        conflict(put(office.user, &bare)),
        format!("{PLAN} {}: is refining: only a draft is changed", plan.id)
    );
    assert_eq!(office.get(plan.id), refining);
}

#[test]
fn the_step_follows_the_status_and_completion_has_a_time() {
    use PlanStatus::{Cancelled, Completed, Discovering, Draft, Failed, Planning, Refining};
    let office = Office::new();
    for way in [
        &[(Draft, 0), (Refining, 1), (Discovering, 2), (Planning, 3), (Completed, 3)][..],
        &[(Draft, 0), (Refining, 1), (Discovering, 2), (Refining, 1), (Cancelled, 1)],
        &[(Draft, 0), (Refining, 1), (Discovering, 2), (Failed, 2), (Refining, 1)],
        &[(Draft, 0), (Failed, 0), (Refining, 1)],
    ] {
        let mut before = office.create(REQUEST);
        for pair in way.windows(2) {
            let ((from, _), (to, step)) = (pair[0], pair[1]);
            let plan = office.set(before.id, from, to).unwrap();
            assert_eq!((plan.status, plan.current_step), (to, step));
            assert_eq!(plan.completed_at, (to == Completed).then_some(plan.updated_at));
            assert!(plan.updated_at > before.updated_at);
            before = plan;
        }
        assert_eq!(office.get(before.id), before);
    }
}

#[test]
fn a_step_that_is_not_there_or_comes_too_late_changes_nothing() {
    use PlanStatus::{Cancelled, Completed, Draft, Failed, Refining};
    let office = Office::new();
    let plan = office.create(REQUEST);
    let transition = |done: Result<FeaturePlan>| match done {
        Err(Error::InvalidTransition { entity, key, from, to }) => {
            assert_eq!((entity, key), (PLAN, plan.id.to_string()));
            format!("{from} {to}")
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(transition(office.set(plan.id, Draft, Completed)), "draft completed");
    // The plan is not what the caller saw, and there is no such step from what it is.
    assert_eq!(
        transition(office.set(plan.id, Refining, PlanStatus::Discovering)),
        "draft discovering"
    );
    let now = office.set(plan.id, Draft, Refining).unwrap();
    // There is one, and the caller decides again.
    assert_eq!(
        conflict(office.set(plan.id, Draft, Failed)),
        format!("{PLAN} {}: is refining by now, and not draft", plan.id)
    );
    let other = office
        .store()
        .write(|uow| uow.feature_plans(office.other).set_status(plan.id, Refining, Cancelled));
    not_found(other, PLAN);
    not_found(office.set(FeaturePlanId::new(), Refining, Cancelled), PLAN);
    assert_eq!(office.get(plan.id), now);
}

#[test]
fn another_users_plan_is_not_found() {
    let office = Office::new();
    let plan = office.create(REQUEST);
    office
        .store()
        .write(|uow| {
            let mut plans = uow.feature_plans(office.other);
            assert_eq!(plans.find(plan.id)?, None);
            not_found(plans.get(plan.id), PLAN);
            not_found(plans.new_version(plan.id, None), PLAN);
            not_found(plans.versions(plan.id), PLAN);
            not_found(plans.delete(plan.id), PLAN);
            assert_eq!(plans.list(&FeaturePlanFilter::all(), Page::first(10))?.items, []);
            assert_eq!(plans.search("invoices", 10)?, []);
            Ok(())
        })
        .unwrap();
    assert_eq!(office.get(plan.id), plan);
}

type Plans = Listed<FeaturePlan, ByTime<FeaturePlanId>>;

fn listed(
    store: &Store,
    user: UserId,
    filter: &FeaturePlanFilter,
    page: Page<ByTime<FeaturePlanId>>,
) -> Plans {
    store.read(|uow| uow.feature_plans(user).list(filter, page)).unwrap()
}

#[test]
fn pages_are_of_what_is_asked_for_the_newest_first() {
    let office = Office::new();
    let store = office.store();
    let start: DateTime<Utc> = "2026-05-01T00:00:00Z".parse().unwrap();
    let mut made = Vec::new();
    for n in 0..12 {
        let status = PlanStatus::ALL[n % 2];
        let id = office.plan(status);
        // Three of each moment.
        let at = start + Duration::microseconds(i64::try_from(n / 3).unwrap());
        office.run(&format!(
            "UPDATE feature_planner.feature_plans SET created_at = '{at}' WHERE id = '{id}'"
        ));
        made.push((at, id, status));
    }
    made.sort();
    made.reverse();
    let at = |n| start + Duration::microseconds(n);
    let all = FeaturePlanFilter::all;
    for (filter, from, before, status) in [
        (all(), at(0), at(9), None),
        (all().status(PlanStatus::Refining), at(0), at(9), Some(PlanStatus::Refining)),
        (all().created_from(at(1)), at(1), at(9), None),
        (all().created_before(at(3)), at(0), at(3), None),
        (
            all().created_from(at(1)).created_before(at(2)).status(PlanStatus::Draft),
            at(1),
            at(2),
            Some(PlanStatus::Draft),
        ),
    ] {
        let expected: Vec<_> = made
            .iter()
            .filter(|one| (from..before).contains(&one.0))
            .filter(|one| status.is_none_or(|status| one.2 == status))
            .map(|one| one.1)
            .collect();
        assert!(!expected.is_empty() && (expected.len() < 12 || filter == all()));
        let (mut seen, mut page) = (Vec::new(), Page::first(2));
        loop {
            let found = listed(store, office.user, &filter, page);
            seen.extend(found.items.iter().map(|plan| plan.id));
            let Some(next) = found.next else { break };
            assert_eq!((found.items.len(), seen.last()), (2, Some(&next.key)));
            assert!(seen.len() < 20, "it comes to no end");
            page = Page::after(next, 2);
        }
        assert_eq!(seen, expected, "{filter:?}");
    }
    assert_eq!(listed(store, office.other, &all(), Page::first(1)).items, []);
}

#[test]
fn what_can_be_no_page_or_no_time_is_refused_before_anything_is_sent() {
    let office = Office::new();
    let all = FeaturePlanFilter::all;
    let far = ByTime { at: DateTime::<Utc>::MAX_UTC, key: FeaturePlanId::new() };
    for (filter, page, why) in [
        (all(), Page::first(0), "Page.limit: must be from 1 to 1000"),
        (all(), Page::first(1_001), "Page.limit: must be from 1 to 1000"),
        (all(), Page::after(far, 1), "Page.at: must be in the years 1 to 9999"),
        (
            all().created_from(DateTime::<Utc>::MIN_UTC),
            Page::first(1),
            "feature_planner::FeaturePlanFilter.created_from: must be in the years 1 to 9999",
        ),
        (
            all().created_before(DateTime::<Utc>::MAX_UTC),
            Page::first(1),
            "feature_planner::FeaturePlanFilter.created_before: must be in the years 1 to 9999",
        ),
    ] {
        let sent = office.store().write(|uow| {
            let refused = uow.feature_plans(office.user).list(&filter, page).unwrap_err();
            assert!(matches!(refused, Error::Invalid { .. }));
            assert_eq!(refused.to_string(), why);
            execute(uow, "SELECT 1")
        });
        assert_eq!(sent.unwrap(), 1);
    }
}

#[test]
fn the_newest_plans_are_read_by_their_index() {
    let office = Office::new();
    office.run(&format!(
        "INSERT INTO feature_planner.feature_plans (user_id, original_request, created_at)
         SELECT '{}', 'Sort invoices by date.', now() - n * interval '1 minute'
           FROM generate_series(1, 20000) n",
        office.user
    ));
    office.run("ANALYZE feature_planner.feature_plans");
    let plan = explain(
        &office,
        &format!(
            "SELECT * FROM feature_planner.feature_plans
              WHERE user_id = '{}' AND created_at <= now()
                AND (created_at < now() OR id < gen_random_uuid())
              ORDER BY created_at DESC, id DESC LIMIT 11",
            office.user
        ),
    );
    assert!(plan.contains("feature_plans_user_created"), "{plan}");
    assert!(!plan.contains("Seq Scan"), "{plan}");
}

/// How the server would run it.
pub(super) fn explain(office: &Office, sql: &str) -> String {
    use diesel::prelude::*;
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
        line: String,
    }
    let sql = format!("EXPLAIN {sql}");
    let lines = office
        .store()
        .read(|uow| Ok(diesel::sql_query(&sql).load::<Line>(uow.connection())?))
        .unwrap();
    lines.into_iter().map(|line| line.line + "\n").collect()
}

#[test]
fn each_operation_is_as_many_statements_as_it_says() {
    let office = Office::new();
    let user = office.user;
    let plan = office.create(REQUEST).id;
    let watched = Watched::new(office.database.url());
    let sent = |work: &dyn Fn(&mut UnitOfWork<'_>) -> Result<()>| watched.sent(work);
    let new = NewFeaturePlan::new(REQUEST);
    let update = FeaturePlanUpdate::from(&office.get(plan));
    assert_eq!(sent(&|uow| uow.feature_plans(user).find(plan).map(drop)), 1);
    assert_eq!(sent(&|uow| uow.feature_plans(user).create(&new).map(drop)), 1);
    assert_eq!(sent(&|uow| uow.feature_plans(user).update(plan, &update).map(drop)), 1);
    assert_eq!(sent(&|uow| uow.feature_plans(office.other).update(plan, &update).map(drop)), 2);
    assert_eq!(sent(&|uow| uow.feature_plans(user).new_version(plan, None).map(drop)), 2);
    assert_eq!(sent(&|uow| uow.feature_plans(user).versions(plan).map(drop)), 1);
    assert_eq!(sent(&|uow| uow.feature_plans(user).delete(plan)), 2);
    assert_eq!(sent(&|uow| uow.feature_plans(user).search("invoices", 9).map(drop)), 1);
    let all = FeaturePlanFilter::all();
    assert_eq!(sent(&|uow| uow.feature_plans(user).list(&all, Page::first(9)).map(drop)), 1);
    let set = |from, to| {
        sent(&|uow: &mut UnitOfWork<'_>| {
            uow.feature_plans(user).set_status(plan, from, to).map(drop)
        })
    };
    assert_eq!(set(PlanStatus::Draft, PlanStatus::Refining), 1);
    assert_eq!(set(PlanStatus::Refining, PlanStatus::Failed), 2);
    assert_eq!(set(PlanStatus::Draft, PlanStatus::Completed), 0);
}

#[test]
fn right_behind_the_move_everything_of_a_plan_works() {
    let installation = Installation::before("20261120192200");
    let store = installation.store();
    let user = UserId("00000000-0000-0000-0000-000000000001".parse().unwrap());
    let plan = store
        .write(|uow| {
            let mut plans = uow.feature_plans(user);
            let plan = plans.create(&NewFeaturePlan::new(REQUEST))?;
            let update = FeaturePlanUpdate { session_id: Some("s".into()), ..(&plan).into() };
            plans.update(plan.id, &update)?;
            let second = plans.new_version(plan.id, None)?;
            assert_eq!((second.version, second.session_id.as_deref()), (2, Some("s")));
            assert_eq!(plans.versions(second.id)?.len(), 2);
            for pair in [
                PlanStatus::Draft,
                PlanStatus::Refining,
                PlanStatus::Discovering,
                PlanStatus::Planning,
                PlanStatus::Completed,
            ]
            .windows(2)
            {
                plans.set_status(plan.id, pair[0], pair[1])?;
            }
            let done = plans.get(plan.id)?;
            assert_eq!(done.completed_at, Some(done.updated_at));
            Ok(done)
        })
        .unwrap();
    assert!((Utc::now() - plan.created_at).num_seconds().abs() < 3_600, "it is UTC");
    let filter = FeaturePlanFilter::all().created_from(plan.created_at);
    let found = listed(store, user, &filter, Page::first(1));
    let rest = listed(store, user, &filter, Page::after(found.next.unwrap(), 5));
    assert_eq!((found.items.len(), rest.items.len()), (1, 1));
    let found = store.read(|uow| uow.feature_plans(user).search("invoice", 10)).unwrap();
    assert_eq!(found.len(), 2);
    store.write(|uow| uow.feature_plans(user).delete(plan.id)).unwrap();
    let left = number(
        store,
        "SELECT count(*) FROM feature_planner.feature_plans
        WHERE original_request = 'Sort invoices by date.' AND parent_plan_id IS NULL",
    );
    assert_eq!(left, 1, "the second version has no parent any more");
}
