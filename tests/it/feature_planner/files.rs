//! The files of a discovery: listed, added, updated, removed.

use planwright::feature_planner::{
    DiscoveredFile, DiscoveredFileId, Discovery, DiscoveryId, Failure, FileFilter, FilePriority,
    FileUpdate, MAX_TEXT, NewDiscoveredFile, PlanStatus,
};
use planwright::{Error, Page, Store, UserId};
use serde_json::json;

use super::Office;
use super::discoveries::{file, found, four, started, store_plan, untrue};
use crate::support::{execute, number};

pub(super) fn list(
    store: &Store,
    user: UserId,
    id: DiscoveryId,
    filter: FileFilter,
) -> Vec<DiscoveredFile> {
    let (mut files, mut page) = (Vec::new(), Page::first(3));
    loop {
        let read = store.read(|uow| uow.file_discoveries(user).files(id, &filter, page)).unwrap();
        files.extend(read.items);
        let Some(next) = read.next else { return files };
        page = Page::after(next, 3);
    }
}

fn paths(files: &[DiscoveredFile]) -> Vec<&str> {
    files.iter().map(|file| file.file_path.as_str()).collect()
}

fn counts(of: &Discovery) -> [i32; 5] {
    [
        of.total_files_found,
        of.critical_priority_count,
        of.high_priority_count,
        of.medium_priority_count,
        of.low_priority_count,
    ]
}

fn get(store: &Store, user: UserId, id: DiscoveryId) -> Discovery {
    store.read(|uow| uow.file_discoveries(user).get(id)).unwrap()
}

#[test]
fn files_are_listed_critical_first_then_by_relevance_then_by_key() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    found(store, user, plan, four());
    let done = found(
        store,
        user,
        plan,
        vec![
            file("low 100", FilePriority::Low, 100),
            file("critical 5 a", FilePriority::Critical, 5),
            file("critical 5 b", FilePriority::Critical, 5),
            file("critical 5 c", FilePriority::Critical, 5),
            file("critical 5 d", FilePriority::Critical, 5),
            file("medium 50", FilePriority::Medium, 50),
            file("critical 90", FilePriority::Critical, 90),
            file("high 0", FilePriority::High, 0),
            file("high 1", FilePriority::High, 1),
            file("medium 51", FilePriority::Medium, 51),
        ],
    );
    let order = [
        "critical 90",
        "critical 5 a",
        "critical 5 b",
        "critical 5 c",
        "critical 5 d",
        "high 1",
        "high 0",
        "medium 51",
        "medium 50",
        "low 100",
    ];
    let all = list(store, user, done.id, FileFilter::all());
    assert_eq!(paths(&all), order);
    let listed = done.discovered_files.unwrap();
    let listed: Vec<_> =
        listed.as_array().unwrap().iter().map(|one| one["file_path"].as_str().unwrap()).collect();
    assert_eq!(listed, order);

    let new = file("by hand", FilePriority::High, 1);
    let added = store.write(|uow| uow.file_discoveries(user).add_file(done.id, &new)).unwrap();
    store.write(|uow| uow.file_discoveries(user).select(plan, done.id)).unwrap();
    let keys = [all[0].id, added.id];
    store.write(|uow| uow.file_discoveries(user).select_files(plan, &keys)).unwrap();
    let of = |filter| {
        let files = list(store, user, done.id, filter);
        files.into_iter().map(|file| file.file_path).collect::<Vec<_>>()
    };
    let every = FileFilter::all;
    assert_eq!(of(every().priority(FilePriority::High)), ["high 1", "by hand", "high 0"]);
    assert_eq!(of(every().is_selected(true)), ["critical 90", "by hand"]);
    assert_eq!(of(every().is_selected(false)).len(), 9);
    assert_eq!(of(every().is_manually_added(true)), ["by hand"]);
    assert_eq!(of(every().is_manually_added(false)), order);
    let all_three =
        every().priority(FilePriority::Critical).is_selected(true).is_manually_added(false);
    assert_eq!(of(all_three), ["critical 90"]);
    // None of a kind, and none at all.
    assert_eq!(of(all_three.priority(FilePriority::Low)), [""; 0]);
    let empty = found(store, user, plan, Vec::new());
    assert_eq!(empty.discovered_files, Some(json!([])));
    assert_eq!(list(store, user, empty.id, every()), []);
}

#[test]
fn a_file_is_added_by_hand_and_counts_lists_and_copies_follow() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let [chosen, other] = [(); 2].map(|()| found(store, user, plan, four()).id);
    store.write(|uow| uow.file_discoveries(user).select(plan, chosen)).unwrap();
    let new = NewDiscoveredFile {
        lines_of_code: Some(3),
        role: Some("list".into()),
        description: Some("d".into()),
        ..file("new.rs", FilePriority::Critical, 99)
    };
    let added = store.write(|uow| uow.file_discoveries(user).add_file(chosen, &new)).unwrap();
    assert!(added.is_manually_added && !added.is_selected);
    assert_eq!((added.added_by_user_id, added.discovery_session_id), (Some(user), chosen));
    assert_eq!((added.lines_of_code, added.description.as_deref()), (Some(3), Some("d")));
    assert_eq!(added, list(store, user, chosen, FileFilter::all())[0]);
    assert_eq!(counts(&get(store, user, chosen)), [5, 2, 1, 1, 1]);
    assert_eq!(counts(&get(store, user, other)), [4, 1, 1, 1, 1]);
    let copies = store_plan(store, user, plan);
    assert_eq!(copies.discovered_files.unwrap()[0]["file_path"], "new.rs");
    assert_eq!(copies.selected_files, Some(json!([])));
    assert_eq!(untrue(store), 0);

    // The same path in another discovery is another file, and no copy of the plan's.
    let before = store_plan(store, user, plan);
    store.write(|uow| uow.file_discoveries(user).add_file(other, &new)).unwrap();
    assert_eq!(store_plan(store, user, plan), before);
    assert_eq!(untrue(store), 0);
}

#[test]
fn a_path_that_the_discovery_has_is_a_conflict_that_names_it() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four());
    let has = list(store, user, done.id, FileFilter::all())[0].id;
    let sql = "DROP INDEX feature_planner.discovered_files_discovery_session_id_file_path_uq";
    for state in ["unique", "not unique yet"] {
        let again = file("critical.rs", FilePriority::Low, 0);
        let error =
            store.write(|uow| uow.file_discoveries(user).add_file(done.id, &again)).unwrap_err();
        assert!(error.is_conflict());
        assert_eq!(
            error.to_string(),
            format!(
                "feature_planner::DiscoveredFile {has}: has the path \"critical.rs\" in discovery {} \
                 already",
                done.id
            ),
            "{state}"
        );
        store.write(|uow| execute(uow, &sql.replace("INDEX ", "INDEX IF EXISTS "))).unwrap();
    }
    let other = file("Critical.rs", FilePriority::Low, 0);
    store.write(|uow| uow.file_discoveries(user).add_file(done.id, &other)).unwrap();
}

#[test]
fn files_are_added_to_a_completed_discovery_only() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let [processing, failed] = [(); 2].map(|()| started(store, user, plan).id);
    store.write(|uow| uow.file_discoveries(user).fail(failed, &Failure::new("x"))).unwrap();
    for (id, status) in [(processing, "processing"), (failed, "failed")] {
        let new = file("a", FilePriority::Low, 0);
        let error = store.write(|uow| uow.file_discoveries(user).add_file(id, &new)).unwrap_err();
        assert!(error.is_conflict());
        assert_eq!(
            error.to_string(),
            format!(
                "feature_planner::Discovery {id}: is {status}: files are added to a completed one"
            )
        );
    }
    assert_eq!(number(store, "SELECT count(*) FROM feature_planner.discovered_files"), 0);
}

#[test]
fn what_is_said_of_a_file_is_updated_and_counts_lists_and_copies_follow() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four());
    store.write(|uow| uow.file_discoveries(user).select(plan, done.id)).unwrap();
    let all = list(store, user, done.id, FileFilter::all());
    let low = all[3].clone();
    store.write(|uow| uow.file_discoveries(user).select_files(plan, &[low.id, all[0].id])).unwrap();
    let update = FileUpdate {
        priority: FilePriority::Critical,
        relevance_score: 100,
        file_type: Some("rust".into()),
        file_exists: false,
        role: Some("page".into()),
        integration_point: Some("the router".into()),
        description: Some("what".into()),
        reasoning: Some("why".into()),
        lines_of_code: Some(1),
    };
    let changed =
        store.write(|uow| uow.file_discoveries(user).update_file(low.id, &update)).unwrap();
    assert_eq!(FileUpdate::from(&changed), update);
    let stays = DiscoveredFile { is_selected: true, ..low.clone() };
    let back = FileUpdate::from(&low);
    assert_eq!(changed.file_path, low.file_path);
    assert!(changed.is_selected);
    assert_eq!(counts(&get(store, user, done.id)), [4, 2, 1, 1, 0]);
    let selected = store_plan(store, user, plan).selected_files.unwrap();
    assert_eq!(selected[0]["role"], "page");
    assert_eq!(selected[1]["file_path"], "critical.rs");
    assert_eq!(untrue(store), 0);
    let as_before =
        store.write(|uow| uow.file_discoveries(user).update_file(low.id, &back)).unwrap();
    assert_eq!(as_before, stays);
    assert_eq!(untrue(store), 0);
}

#[test]
fn a_removed_file_is_gone_from_counts_lists_and_copies() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four());
    store.write(|uow| uow.file_discoveries(user).select(plan, done.id)).unwrap();
    let all = list(store, user, done.id, FileFilter::all());
    let [critical, high] = [all[0].id, all[1].id];
    store.write(|uow| uow.file_discoveries(user).select_files(plan, &[critical, high])).unwrap();
    let gone = store.write(|uow| uow.file_discoveries(user).remove_file(critical)).unwrap();
    assert_eq!(gone, DiscoveredFile { is_selected: true, ..all[0].clone() });
    assert_eq!(counts(&get(store, user, done.id)), [3, 0, 1, 1, 1]);
    let selected = store_plan(store, user, plan).selected_files.unwrap();
    assert_eq!(selected.as_array().unwrap().len(), 1);
    assert_eq!(selected[0]["id"], json!(high));
    assert_eq!(untrue(store), 0);
    for file in &all[1..] {
        store.write(|uow| uow.file_discoveries(user).remove_file(file.id)).unwrap();
    }
    assert_eq!(store_plan(store, user, plan).discovered_files, Some(json!([])));
    assert_eq!(untrue(store), 0);
    let again = store.write(|uow| uow.file_discoveries(user).remove_file(critical)).unwrap_err();
    let words = format!("feature_planner::DiscoveredFile {critical} was not found");
    assert_eq!(again.to_string(), words);
}

#[test]
fn the_files_of_a_plan_that_is_done_stay() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let [chosen, other] = [(); 2].map(|()| found(store, user, plan, four()).id);
    store.write(|uow| uow.file_discoveries(user).select(plan, chosen)).unwrap();
    let one = list(store, user, chosen, FileFilter::all()).remove(0);
    let new = file("new.rs", FilePriority::Low, 0);
    for status in ["completed", "failed", "cancelled"] {
        let sql = format!("UPDATE feature_planner.feature_plans SET status = '{status}'");
        store.write(|uow| execute(uow, &sql)).unwrap();
        let before = store_plan(store, user, plan);
        store
            .write(|uow| {
                let mut discoveries = uow.file_discoveries(user);
                for done in [
                    discoveries.select(plan, other).map(drop),
                    discoveries.select_files(plan, &[one.id]).map(drop),
                    discoveries.deselect_files(plan, &[]).map(drop),
                    discoveries.add_file(other, &new).map(drop),
                    discoveries.update_file(one.id, &(&one).into()).map(drop),
                    discoveries.remove_file(one.id).map(drop),
                ] {
                    let error = done.unwrap_err();
                    assert!(error.is_conflict(), "{error:?}");
                    assert_eq!(
                        error.to_string(),
                        format!(
                            "feature_planner::FeaturePlan {plan}: is {status}, and what it goes on with \
                             stays as it is"
                        )
                    );
                }
                Ok(())
            })
            .unwrap();
        assert_eq!(store_plan(store, user, plan), before);
    }
}

#[test]
fn bad_files_are_refused_by_field_before_anything_is_sent() {
    let office = Office::new();
    type Spoil = fn(&mut NewDiscoveredFile);
    let cases: [(&str, Spoil); 7] = [
        ("relevance_score", |file| file.relevance_score = 101),
        ("role", |file| file.role = Some(String::new())),
        ("file_type", |file| file.file_type = Some("é".repeat(51))),
        ("integration_point", |file| file.integration_point = Some("\0".into())),
        ("description", |file| file.description = Some("é".repeat(MAX_TEXT + 1))),
        ("reasoning", |file| file.reasoning = Some("\0".into())),
        ("lines_of_code", |file| file.lines_of_code = Some(-1)),
    ];
    let sent = office.store().write(|uow| {
        let mut discoveries = uow.file_discoveries(office.user);
        for (field, spoil) in cases {
            let mut new = file("a", FilePriority::Low, 0);
            spoil(&mut new);
            let update = FileUpdate {
                priority: new.priority,
                relevance_score: new.relevance_score,
                file_type: new.file_type.clone(),
                file_exists: true,
                role: new.role.clone(),
                integration_point: new.integration_point.clone(),
                description: new.description.clone(),
                reasoning: new.reasoning.clone(),
                lines_of_code: new.lines_of_code,
            };
            for (of, error) in [
                (
                    "feature_planner::NewDiscoveredFile",
                    discoveries.add_file(DiscoveryId::new(), &new).unwrap_err(),
                ),
                (
                    "feature_planner::FileUpdate",
                    discoveries.update_file(DiscoveredFileId::new(), &update).unwrap_err(),
                ),
            ] {
                let Error::Invalid { entity, field: refused, .. } = &error else {
                    panic!("{error:?}")
                };
                assert_eq!((*entity, refused.as_str()), (of, field));
            }
        }
        let new = file(" ", FilePriority::Low, 0);
        let error = discoveries.add_file(DiscoveryId::new(), &new).unwrap_err();
        assert!(error.to_string().ends_with(".file_path: must not be blank"), "{error}");
        execute(uow, "SELECT 1")
    });
    assert_eq!(sent.unwrap(), 1);
    let parsed = serde_json::from_value::<NewDiscoveredFile>(
        json!({ "file_path": "a", "priority": "high" }),
    );
    assert_eq!(parsed.unwrap(), file("a", FilePriority::High, 0));
    let odd = json!({ "file_path": "a", "priority": "high", "is_selected": true });
    assert!(serde_json::from_value::<NewDiscoveredFile>(odd).is_err());
}
