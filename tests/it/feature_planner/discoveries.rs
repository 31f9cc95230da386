//! How discoveries are made, done and deleted.

use planwright::feature_planner::{
    Discovery, DiscoveryId, DiscoveryResult, Failure, FeaturePlanId, FileDiscoveryStatus,
    FileFilter, FilePriority, MAX_FILES, MAX_TEXT, NewDiscoveredFile, NewDiscovery, PlanStatus,
    Usage,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{ByTime, Error, Page, Store, StoreOptions, UserId};
use serde_json::json;

use super::Office;
use crate::support::{execute, number};

pub(super) fn file(path: &str, priority: FilePriority, relevance_score: i32) -> NewDiscoveredFile {
    NewDiscoveredFile { relevance_score, ..NewDiscoveredFile::new(path, priority) }
}

/// One of each priority, in no order.
pub(super) fn four() -> Vec<NewDiscoveredFile> {
    vec![
        file("low.rs", FilePriority::Low, 90),
        file("critical.rs", FilePriority::Critical, 10),
        file("medium.rs", FilePriority::Medium, 0),
        file("high.rs", FilePriority::High, 100),
    ]
}

pub(super) fn started(store: &Store, user: UserId, plan: FeaturePlanId) -> Discovery {
    let new = NewDiscovery::new("finder");
    store.write(|uow| uow.file_discoveries(user).start(plan, &new)).expect("a discovery")
}

/// A completed discovery with these files.
pub(super) fn found(
    store: &Store,
    user: UserId,
    plan: FeaturePlanId,
    files: Vec<NewDiscoveredFile>,
) -> Discovery {
    let id = started(store, user, plan).id;
    let result = DiscoveryResult::new(files);
    store.write(|uow| uow.file_discoveries(user).finish(id, &result)).expect("a result")
}

/// How many completed discoveries have counts, a list, or copies in their plan that are not true.
pub(super) fn untrue(store: &Store) -> i64 {
    number(
        store,
        "SELECT count(*)
           FROM feature_planner.file_discovery_sessions s
           LEFT JOIN feature_planner.feature_plans p ON p.selected_discovery_session_id = s.id
          CROSS JOIN LATERAL (
            SELECT count(*)::int AS total,
                   sum((priority = 'critical')::int) AS critical, sum((priority = 'high')::int) AS high,
                   sum((priority = 'medium')::int) AS medium, sum((priority = 'low')::int) AS low,
                   array_agg(format('%s %s %s %s', id, file_path, priority, relevance_score)
                             ORDER BY priority, relevance_score DESC, id) AS files,
                   array_agg(id::text ORDER BY priority, relevance_score DESC, id)
                       FILTER (WHERE is_selected) AS selected
              FROM feature_planner.discovered_files f WHERE f.discovery_session_id = s.id) t
          WHERE s.status = 'completed'
            AND ((s.total_files_found, s.critical_priority_count, s.high_priority_count,
                  s.medium_priority_count, s.low_priority_count)
                 IS DISTINCT FROM
                 (t.total, coalesce(t.critical, 0)::int, coalesce(t.high, 0)::int,
                  coalesce(t.medium, 0)::int, coalesce(t.low, 0)::int)
              OR ARRAY(SELECT format('%s %s %s %s', e ->> 'id', e ->> 'file_path', e ->> 'priority',
                                     e ->> 'relevance_score')
                         FROM jsonb_array_elements(s.discovered_files) e)
                 IS DISTINCT FROM coalesce(t.files, '{}')
              OR p.discovered_files IS DISTINCT FROM s.discovered_files AND p.id IS NOT NULL
              OR ARRAY(SELECT e ->> 'id' FROM jsonb_array_elements(p.selected_files) e)
                 IS DISTINCT FROM coalesce(t.selected, '{}') AND p.id IS NOT NULL)",
    )
}

#[test]
fn a_discovery_goes_its_way_and_what_it_took_counts_for_its_plan() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let new = NewDiscovery::new("finder");
    let waiting = store.write(|uow| uow.file_discoveries(user).enqueue(plan, &new)).unwrap();
    assert_eq!((waiting.plan_id, waiting.agent_id.as_str()), (plan, "finder"));
    assert_eq!(waiting.status, FileDiscoveryStatus::Pending);
    assert_eq!(waiting.refined_request, "A page that lists the invoices of a customer.");
    assert_eq!(waiting.discovered_files, None);
    let begun = store.write(|uow| uow.file_discoveries(user).begin(waiting.id)).unwrap();
    assert_eq!(begun, Discovery { status: FileDiscoveryStatus::Processing, ..waiting.clone() });

    let result = DiscoveryResult {
        architecture_insights: Some("Lists are tables.".into()),
        usage: Usage { total_tokens: Some(7), ..Usage::new().tokens(1, 2).execution_time_ms(40) },
        ..DiscoveryResult::new(four())
    };
    let done = store.write(|uow| uow.file_discoveries(user).finish(begun.id, &result)).unwrap();
    assert!(done.completed_at.is_some());
    assert_eq!(
        done,
        Discovery {
            status: FileDiscoveryStatus::Completed,
            architecture_insights: Some("Lists are tables.".into()),
            discovered_files: done.discovered_files.clone(),
            total_files_found: 4,
            critical_priority_count: 1,
            high_priority_count: 1,
            medium_priority_count: 1,
            low_priority_count: 1,
            prompt_tokens: Some(1),
            completion_tokens: Some(2),
            total_tokens: Some(7),
            execution_time_ms: Some(40),
            completed_at: done.completed_at,
            ..begun
        }
    );
    assert_eq!(store.read(|uow| uow.file_discoveries(user).get(done.id)).unwrap(), done);
    assert_eq!(untrue(store), 0);

    let failing = started(store, user, plan);
    let failure = Failure {
        usage: Usage::new().tokens(3, 4).execution_time_ms(2),
        ..Failure::new("no disk")
    };
    let failed = store.write(|uow| uow.file_discoveries(user).fail(failing.id, &failure)).unwrap();
    assert!(failed.completed_at.is_some());
    assert_eq!(
        failed,
        Discovery {
            status: FileDiscoveryStatus::Failed,
            error_message: Some("no disk".into()),
            prompt_tokens: Some(3),
            completion_tokens: Some(4),
            total_tokens: Some(7),
            execution_time_ms: Some(2),
            completed_at: failed.completed_at,
            ..failing
        }
    );
    let total = |store| store_plan(store, user, plan).total_execution_time_ms;
    assert_eq!(total(store), 42);
    // The most that the column holds is not passed.
    let much = DiscoveryResult {
        usage: Usage::new().execution_time_ms(i32::MAX),
        ..DiscoveryResult::default()
    };
    let id = started(store, user, plan).id;
    store.write(|uow| uow.file_discoveries(user).finish(id, &much)).unwrap();
    assert_eq!(total(store), i32::MAX);
    assert_eq!(untrue(store), 0);
}

pub(super) fn store_plan(
    store: &Store,
    user: UserId,
    plan: FeaturePlanId,
) -> planwright::feature_planner::FeaturePlan {
    store.read(|uow| uow.feature_plans(user).get(plan)).expect("a plan")
}

#[test]
fn the_request_is_the_one_that_is_given_or_else_the_refined_or_the_original_one() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    assert!(started(store, user, plan).refined_request.starts_with("A page"));
    let sql = "UPDATE feature_planner.feature_plans SET refined_request = 'A table of invoices.'";
    store.write(|uow| execute(uow, sql)).unwrap();
    assert_eq!(started(store, user, plan).refined_request, "A table of invoices.");
    let new = NewDiscovery { refined_request: Some("A list.".into()), ..NewDiscovery::new("a") };
    let own = store.write(|uow| uow.file_discoveries(user).enqueue(plan, &new)).unwrap();
    assert_eq!(own.refined_request, "A list.");
}

#[test]
fn what_was_found_is_stored_as_it_was_told() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let all = NewDiscoveredFile {
        file_path: "é 'x' \\ {,} NULL".into(),
        priority: FilePriority::High,
        relevance_score: 77,
        file_type: Some("NULL".into()),
        file_exists: false,
        role: Some("a, {b}".into()),
        integration_point: Some(String::new()),
        description: Some("\"q\"\n".into()),
        reasoning: Some("why\\".into()),
        lines_of_code: Some(12),
    };
    let bare = NewDiscoveredFile::new("z", FilePriority::Low);
    let done = found(store, user, plan, vec![all.clone(), bare]);
    let files = store
        .read(|uow| uow.file_discoveries(user).files(done.id, &FileFilter::all(), Page::first(9)))
        .unwrap()
        .items;
    let one = &files[0];
    assert_eq!((one.discovery_session_id, &one.file_path), (done.id, &all.file_path));
    assert_eq!((one.priority, one.relevance_score), (FilePriority::High, 77));
    assert_eq!((&one.file_type, one.file_exists), (&all.file_type, false));
    assert_eq!((&one.role, &one.integration_point), (&all.role, &all.integration_point));
    assert_eq!((&one.description, &one.reasoning), (&all.description, &all.reasoning));
    assert_eq!(one.lines_of_code, Some(12));
    assert_eq!(
        (one.is_selected, one.is_manually_added, one.added_by_user_id),
        (false, false, None)
    );
    assert_eq!((&files[1].file_type, files[1].file_exists), (&None, true));
    assert_eq!(
        done.discovered_files.unwrap()[0],
        json!({
            "id": one.id, "file_path": "é 'x' \\ {,} NULL", "file_type": "NULL",
            "file_exists": false, "priority": "high", "relevance_score": 77, "role": "a, {b}",
            "integration_point": "", "lines_of_code": 12, "is_manually_added": false,
        })
    );
}

#[test]
fn files_that_another_writer_has_put_there_are_counted_and_not_doubled() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let id = started(store, user, plan).id;
    let sql = format!(
        "INSERT INTO feature_planner.discovered_files (discovery_session_id, file_path, priority)
         VALUES ('{id}', 'early.rs', 'high')"
    );
    store.write(|uow| execute(uow, &sql)).unwrap();
    let finish = |files| {
        let result = DiscoveryResult::new(files);
        store.write(|uow| uow.file_discoveries(user).finish(id, &result))
    };
    let error = finish(vec![file("early.rs", FilePriority::Low, 0)]).unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    assert_eq!(error.to_string(), "a discovery has a file once");
    let done = finish(four()).unwrap();
    assert_eq!((done.total_files_found, done.high_priority_count), (5, 2));
    assert_eq!(untrue(store), 0);
}

#[test]
fn a_discovery_is_made_only_while_its_plan_is_discovering() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    for status in PlanStatus::ALL {
        if *status == PlanStatus::Discovering {
            continue;
        }
        let plan = office.plan(*status);
        let new = NewDiscovery::new("finder");
        for error in [
            store.write(|uow| uow.file_discoveries(user).start(plan, &new)).unwrap_err(),
            store.write(|uow| uow.file_discoveries(user).enqueue(plan, &new)).unwrap_err(),
        ] {
            assert!(error.is_conflict(), "{error:?}");
            let words = format!("is {status}, and discoveries are made while it is discovering");
            assert_eq!(error.to_string(), format!("feature_planner::FeaturePlan {plan}: {words}"));
        }
    }
}

#[test]
fn a_step_that_there_is_not_is_refused_from_what_is_stored() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let new = NewDiscovery::new("finder");
    let pending = store.write(|uow| uow.file_discoveries(user).enqueue(plan, &new)).unwrap().id;
    let processing = started(store, user, plan).id;
    let completed = found(store, user, plan, four()).id;
    let failed = started(store, user, plan).id;
    store.write(|uow| uow.file_discoveries(user).fail(failed, &Failure::new("x"))).unwrap();
    let begin = |id| store.write(|uow| uow.file_discoveries(user).begin(id));
    let result = DiscoveryResult::new(four());
    let finish = |id| store.write(|uow| uow.file_discoveries(user).finish(id, &result));
    let fail = |id| store.write(|uow| uow.file_discoveries(user).fail(id, &Failure::new("y")));
    for (id, from, to, done) in [
        (processing, "processing", "processing", begin(processing)),
        (completed, "completed", "processing", begin(completed)),
        (failed, "failed", "processing", begin(failed)),
        (pending, "pending", "completed", finish(pending)),
        (completed, "completed", "completed", finish(completed)),
        (failed, "failed", "completed", finish(failed)),
        (pending, "pending", "failed", fail(pending)),
        (completed, "completed", "failed", fail(completed)),
        (failed, "failed", "failed", fail(failed)),
    ] {
        let error = done.unwrap_err();
        assert!(matches!(error, Error::InvalidTransition { .. }), "{error:?}");
        let words = format!("feature_planner::Discovery {id} cannot go from {from} to {to}");
        assert_eq!(error.to_string(), words);
    }
    assert_eq!(number(store, "SELECT count(*) FROM feature_planner.discovered_files"), 4);
}

#[test]
fn a_result_is_kept_however_far_the_plan_is_by_then() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let [pending, one, other] = [(); 3].map(|()| {
        let new = NewDiscovery::new("finder");
        store.write(|uow| uow.file_discoveries(user).enqueue(plan, &new)).unwrap().id
    });
    store
        .write(|uow| execute(uow, "UPDATE feature_planner.feature_plans SET status = 'cancelled'"))
        .unwrap();
    let done = store.write(|uow| {
        let mut discoveries = uow.file_discoveries(user);
        for id in [pending, one, other] {
            discoveries.begin(id)?;
        }
        discoveries.fail(other, &Failure::new("x"))?;
        discoveries.finish(one, &DiscoveryResult::new(four()))
    });
    assert_eq!(done.unwrap().total_files_found, 4);
}

fn refused(error: Error) -> String {
    match error {
        Error::Invalid { entity, field, reason } => format!("{entity}.{field}: {reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn bad_input_is_refused_by_field_before_anything_is_sent() {
    let office = Office::new();
    let plan = FeaturePlanId::new();
    let new = |agent: &str| NewDiscovery::new(agent);
    let with_request = |text: String| NewDiscovery { refined_request: Some(text), ..new("a") };
    let starts = [
        (new(" "), "agent_id: must not be blank"),
        (new(&"é".repeat(101)), "agent_id: must be at most 100 characters"),
        (with_request("\n".into()), "refined_request: must not be blank"),
        (
            with_request("é".repeat(MAX_TEXT + 1)),
            "refined_request: must be at most 100000 characters",
        ),
        (with_request("a\0".into()), "refined_request: must not hold NUL"),
    ];
    let sent = office.store().write(|uow| {
        let mut discoveries = uow.file_discoveries(office.user);
        for (new, words) in &starts {
            for error in [discoveries.start(plan, new), discoveries.enqueue(plan, new)] {
                let words = format!("feature_planner::NewDiscovery.{words}");
                assert_eq!(refused(error.unwrap_err()), words);
            }
        }
        let error = discoveries.fail(DiscoveryId::new(), &Failure::new(" ")).unwrap_err();
        assert_eq!(refused(error), "feature_planner::Failure.message: must not be blank");
        for (page, limit) in [(Page::first(0), 0), (Page::first(1_001), 1_001)] {
            let error = discoveries.list(plan, page).unwrap_err();
            assert_eq!(refused(error), "Page.limit: must be from 1 to 1000", "{limit}");
        }
        execute(uow, "SELECT 1")
    });
    assert_eq!(sent.unwrap(), 1);
}

#[test]
fn a_bad_result_is_refused_by_the_place_of_its_file_before_anything_is_sent() {
    let office = Office::new();
    let mut twice = four();
    twice.push(file("critical.rs", FilePriority::Low, 1));
    let with = |spoil: fn(&mut NewDiscoveredFile)| {
        let mut files = four();
        spoil(&mut files[3]);
        DiscoveryResult::new(files)
    };
    let many = (0..=MAX_FILES).map(|n| file(&n.to_string(), FilePriority::Low, 0)).collect();
    let heavy = (0..1_001).map(|n| NewDiscoveredFile {
        description: Some("x".repeat(MAX_TEXT)),
        ..file(&n.to_string(), FilePriority::Low, 0)
    });
    let insights = |text: &str| DiscoveryResult {
        architecture_insights: Some(text.into()),
        ..DiscoveryResult::default()
    };
    let usage = Usage { prompt_tokens: Some(-1), ..Usage::new() };
    let finishes = [
        (DiscoveryResult::new(twice), "files[4].file_path: is the path of files[1] already"),
        (with(|file| file.file_path = "\t".into()), "files[3].file_path: must not be blank"),
        (
            with(|file| file.file_path = "é".repeat(501)),
            "files[3].file_path: must be at most 500 characters",
        ),
        (with(|file| file.relevance_score = -1), "files[3].relevance_score: must be from 0 to 100"),
        (
            with(|file| file.relevance_score = 101),
            "files[3].relevance_score: must be from 0 to 100",
        ),
        (with(|file| file.role = Some(" ".into())), "files[3].role: must not be blank"),
        (
            with(|file| file.role = Some("é".repeat(101))),
            "files[3].role: must be at most 100 characters",
        ),
        (
            with(|file| file.file_type = Some("é".repeat(51))),
            "files[3].file_type: must be at most 50 characters",
        ),
        (
            with(|file| file.integration_point = Some("é".repeat(1_001))),
            "files[3].integration_point: must be at most 1000 characters",
        ),
        (
            with(|file| file.description = Some("\0".into())),
            "files[3].description: must not hold NUL",
        ),
        (
            with(|file| file.reasoning = Some("é".repeat(MAX_TEXT + 1))),
            "files[3].reasoning: must be at most 100000 characters",
        ),
        (with(|file| file.lines_of_code = Some(0)), "files[3].lines_of_code: must be positive"),
        (DiscoveryResult::new(many), "files: must be at most 10000, not 10001"),
        (
            DiscoveryResult::new(heavy.collect()),
            "files: must be at most 100000000 bytes of text together",
        ),
        (insights("\0"), "architecture_insights: must not hold NUL"),
        (
            DiscoveryResult { usage, ..DiscoveryResult::default() },
            "prompt_tokens: must not be negative",
        ),
    ];
    let sent = office.store().write(|uow| {
        let mut discoveries = uow.file_discoveries(office.user);
        for (result, words) in &finishes {
            let words = format!("feature_planner::DiscoveryResult.{words}");
            assert_eq!(refused(discoveries.finish(DiscoveryId::new(), result).unwrap_err()), words);
        }
        execute(uow, "SELECT 1")
    });
    assert_eq!(sent.unwrap(), 1);
}

#[test]
fn the_discoveries_of_a_plan_are_listed_oldest_first() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let [plan, other] = [(); 2].map(|()| office.plan(PlanStatus::Discovering));
    // Three of one moment, one of before and one of after it.
    let mut made: Vec<_> = (0..5).map(|_| started(store, user, plan).id).collect();
    started(store, user, other);
    let sql = format!(
        "UPDATE feature_planner.file_discovery_sessions
            SET created_at = '2026-01-01 00:00:00.000001+00'::timestamptz
                + (id = '{}')::int * interval '1 s' - (id = '{}')::int * interval '1 s'",
        made[0], made[4]
    );
    store.write(|uow| execute(uow, &sql)).unwrap();
    made.swap(0, 4);
    let (mut listed, mut page) = (Vec::new(), Page::first(2));
    loop {
        let read = store.read(|uow| uow.file_discoveries(user).list(plan, page)).unwrap();
        listed.extend(read.items.iter().map(|one| one.id));
        let Some(next) = read.next else { break };
        page = Page::after(next, 2);
    }
    assert_eq!(listed, made);
    let empty = office.plan(PlanStatus::Draft);
    let none = store.read(|uow| uow.file_discoveries(user).list(empty, Page::first(2))).unwrap();
    assert_eq!((none.items.len(), none.next), (0, None));
    let last = ByTime { at: "2027-01-01T00:00:00Z".parse().unwrap(), key: DiscoveryId::new() };
    let behind = store.read(|uow| uow.file_discoveries(user).list(plan, Page::after(last, 2)));
    assert_eq!(behind.unwrap().items.len(), 0);
}

#[test]
fn somebody_elses_is_not_found() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four());
    store.write(|uow| uow.file_discoveries(user).select(plan, done.id)).unwrap();
    let every = |uow: &mut planwright::UnitOfWork<'_>| {
        let files =
            uow.file_discoveries(user).files(done.id, &FileFilter::all(), Page::first(9))?;
        Ok(files.items)
    };
    let before = (store.read(every).unwrap(), store_plan(store, user, plan));
    let (id, one) = (done.id, before.0[0].clone());
    let new = NewDiscovery::new("finder");
    let result = DiscoveryResult::default();
    let with = &before.0[0].file_path;
    let add = NewDiscoveredFile::new(format!("{with}2"), FilePriority::Low);
    let nobody = UserId::new();
    for who in [office.other, nobody] {
        let done = store.write(|uow| {
            let mut theirs = uow.file_discoveries(who);
            assert_eq!(theirs.find(id)?, None);
            let all = FileFilter::all();
            let (a_plan, a_discovery, a_file) = (
                format!("feature_planner::FeaturePlan {plan} was not found"),
                format!("feature_planner::Discovery {id} was not found"),
                format!("feature_planner::DiscoveredFile {} was not found", one.id),
            );
            for (absent, done) in [
                (&a_plan, theirs.start(plan, &new).map(drop)),
                (&a_plan, theirs.enqueue(plan, &new).map(drop)),
                (&a_plan, theirs.list(plan, Page::first(9)).map(drop)),
                (&a_plan, theirs.select(plan, id).map(drop)),
                (&a_plan, theirs.select_files(plan, &[one.id]).map(drop)),
                (&a_plan, theirs.deselect_files(plan, &[one.id]).map(drop)),
                (&a_discovery, theirs.get(id).map(drop)),
                (&a_discovery, theirs.begin(id).map(drop)),
                (&a_discovery, theirs.finish(id, &result).map(drop)),
                (&a_discovery, theirs.fail(id, &Failure::new("x")).map(drop)),
                (&a_discovery, theirs.delete(id)),
                (&a_discovery, theirs.files(id, &all, Page::first(9)).map(drop)),
                (&a_discovery, theirs.add_file(id, &add).map(drop)),
                (&a_file, theirs.update_file(one.id, &(&one).into()).map(drop)),
                (&a_file, theirs.remove_file(one.id).map(drop)),
            ] {
                assert_eq!(done.unwrap_err().to_string(), *absent);
            }
            Ok(())
        });
        done.unwrap();
    }
    assert_eq!((store.read(every).unwrap(), store_plan(store, user, plan)), before);
}

#[test]
fn a_discovery_is_deleted_with_its_files_unless_it_is_selected_or_processing() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let [one, other] = [(); 2].map(|()| found(store, user, plan, four()).id);
    let chosen = store.write(|uow| uow.file_discoveries(user).select(plan, one)).unwrap();
    store.write(|uow| uow.file_discoveries(user).delete(other)).unwrap();
    assert_eq!(store_plan(store, user, plan), chosen);
    assert_eq!(number(store, "SELECT count(*) FROM feature_planner.discovered_files"), 4);

    let error = store.write(|uow| uow.file_discoveries(user).delete(one)).unwrap_err();
    let reason = "is selected: select another one first";
    assert_eq!(error.to_string(), format!("feature_planner::Discovery {one}: {reason}"));
    let begun = store.write(|uow| uow.file_discoveries(user).start(plan, &NewDiscovery::new("a")));
    let begun = begun.unwrap().id;
    let error = store.write(|uow| uow.file_discoveries(user).delete(begun)).unwrap_err();
    let reason = "is processing: fail it first";
    assert_eq!(error.to_string(), format!("feature_planner::Discovery {begun}: {reason}"));

    let third = found(store, user, plan, four()).id;
    store.write(|uow| uow.file_discoveries(user).select(plan, third)).unwrap();
    store.write(|uow| uow.file_discoveries(user).delete(one)).unwrap();
    assert_eq!(store_plan(store, user, plan).selected_discovery_session_id, Some(third));
    assert_eq!(number(store, "SELECT count(*) FROM feature_planner.discovered_files"), 4);
    let again = store.write(|uow| uow.file_discoveries(user).delete(one)).unwrap_err();
    assert_eq!(again.to_string(), format!("feature_planner::Discovery {one} was not found"));
}

#[test]
fn each_operation_has_its_fixed_number_of_statements() {
    let office = Office::new();
    let user = office.user;
    let proxy = FaultProxy::in_front_of(office.database.url()).unwrap();
    let url = proxy.url_for(office.database.url()).unwrap();
    let store = &Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    let plan = office.plan(PlanStatus::Discovering);
    let count = |work: &dyn Fn()| {
        proxy.set(Fault::None);
        work();
        // Without BEGIN and COMMIT.
        proxy.requests() - 2
    };
    let files = |n: usize| -> Vec<_> {
        (0..n).map(|nth| file(&format!("{nth}.rs"), FilePriority::ALL[nth % 4], 0)).collect()
    };
    let new = NewDiscovery::new("finder");
    let list = |id| {
        let read = store.read(|uow| {
            uow.file_discoveries(user).files(id, &FileFilter::all(), Page::first(1_000))
        });
        read.unwrap().items
    };
    for (round, n) in [1, 1, 1_000].into_iter().enumerate() {
        let id = started(store, user, plan).id;
        let result = DiscoveryResult::new(files(n));
        let extra = NewDiscoveredFile::new("extra.rs", FilePriority::Low);
        let counts = [
            count(&|| {
                started(store, user, plan);
            }),
            count(&|| {
                store
                    .write(|uow| uow.file_discoveries(user).enqueue(plan, &new))
                    .map(drop)
                    .unwrap();
            }),
            count(&|| {
                let done = store.write(|uow| uow.file_discoveries(user).finish(id, &result));
                assert_eq!(done.unwrap().total_files_found, i32::try_from(n).unwrap());
            }),
            count(&|| {
                store.write(|uow| uow.file_discoveries(user).select(plan, id)).map(drop).unwrap();
            }),
            count(&|| {
                list(id);
            }),
        ];
        let keys: Vec<_> = list(id).into_iter().map(|file| file.id).collect();
        let more = [
            count(&|| {
                let done = store.write(|uow| uow.file_discoveries(user).select_files(plan, &keys));
                let selected = done.unwrap().selected_files.unwrap();
                assert_eq!(selected.as_array().unwrap().len(), n);
            }),
            count(&|| {
                let done =
                    store.write(|uow| uow.file_discoveries(user).deselect_files(plan, &keys));
                assert_eq!(done.unwrap().selected_files, Some(json!([])));
            }),
            count(&|| {
                store
                    .write(|uow| uow.file_discoveries(user).add_file(id, &extra))
                    .map(drop)
                    .unwrap();
            }),
            count(&|| {
                store
                    .write(|uow| uow.file_discoveries(user).remove_file(keys[0]))
                    .map(drop)
                    .unwrap();
            }),
            {
                let other = found(store, user, plan, four()).id;
                store.write(|uow| uow.file_discoveries(user).select(plan, other)).unwrap();
                count(&|| {
                    store.write(|uow| uow.file_discoveries(user).delete(id)).unwrap();
                })
            },
        ];
        // Statements are prepared once on a connection.
        if round > 0 {
            assert_eq!((counts, more), ([2, 2, 2, 2, 1], [2, 2, 2, 2, 2]), "{n} files");
        }
    }
}

#[test]
fn the_most_files_are_stored_chosen_and_changed() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let files = (0..MAX_FILES).map(|n| {
        file(&format!("src/{n}.rs"), FilePriority::ALL[n % 4], i32::try_from(n % 101).unwrap())
    });
    let done = found(store, user, plan, files.collect());
    assert_eq!((done.total_files_found, done.low_priority_count), (10_000, 2_500));
    store.write(|uow| uow.file_discoveries(user).select(plan, done.id)).unwrap();
    let (mut keys, mut page) = (Vec::new(), Page::first(1_000));
    loop {
        let all = FileFilter::all();
        let read = store.read(|uow| uow.file_discoveries(user).files(done.id, &all, page)).unwrap();
        keys.extend(read.items.iter().map(|file| file.id));
        let Some(next) = read.next else { break };
        page = Page::after(next, 1_000);
    }
    assert_eq!(keys.len(), MAX_FILES);
    store.write(|uow| uow.file_discoveries(user).select_files(plan, &keys)).unwrap();
    assert_eq!(untrue(store), 0);
    let one_more = NewDiscoveredFile::new("one more", FilePriority::Low);
    let add = || store.write(|uow| uow.file_discoveries(user).add_file(done.id, &one_more));
    let error = add().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("feature_planner::Discovery {}: has 10000 files, which is the most", done.id)
    );
    store.write(|uow| uow.file_discoveries(user).remove_file(keys[7])).unwrap();
    add().unwrap();
    assert_eq!(untrue(store), 0);
    let selected = store_plan(store, user, plan).selected_files.unwrap();
    assert_eq!(selected.as_array().unwrap().len(), 9_999);
}
