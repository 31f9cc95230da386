//! What a plan goes on with: a discovery, and files of it.

use planwright::Error;
use planwright::feature_planner::{
    DiscoveredFileId, DiscoveryId, Failure, FileFilter, FilePriority, MAX_FILES, PlanStatus,
};
use serde_json::json;

use super::Office;
use super::discoveries::{file, found, four, started, store_plan, untrue};
use super::files::list;
use crate::support::{execute, number};

const SELECTED: &str =
    "SELECT string_agg(id::text, ' ') FROM feature_planner.file_discovery_sessions
                         WHERE is_selected";

#[test]
fn a_plan_goes_on_with_one_discovery_and_has_copies_of_its_files() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let [plan, other_plan] = [(); 2].map(|()| office.plan(PlanStatus::Discovering));
    let one = found(store, user, plan, four());
    let two = found(store, user, plan, vec![file("only", FilePriority::Low, 1)]);
    let elsewhere = found(store, user, other_plan, four());
    store.write(|uow| uow.file_discoveries(user).select(other_plan, elsewhere.id)).unwrap();
    let before = store_plan(store, user, other_plan);
    for chosen in [&one, &two, &two, &one] {
        let plan = store.write(|uow| uow.file_discoveries(user).select(plan, chosen.id)).unwrap();
        assert_eq!(plan.selected_discovery_session_id, Some(chosen.id));
        assert_eq!(plan.discovered_files, chosen.discovered_files);
        assert_eq!(plan.selected_files, Some(json!([])));
        assert!(plan.updated_at > plan.created_at);
        assert_eq!(store_plan(store, user, plan.id), plan);
        let is_selected = format!("{SELECTED} AND plan_id = '{}'", plan.id);
        assert_eq!(office.text(&is_selected), chosen.id.to_string());
    }
    assert_eq!(store_plan(store, user, other_plan), before);
    let elsewhere_still = format!("{SELECTED} AND plan_id = '{other_plan}'");
    assert_eq!(office.text(&elsewhere_still), elsewhere.id.to_string());
    assert_eq!(untrue(store), 0);

    // What was selected of it before is there again.
    let keys: Vec<_> = list(store, user, one.id, FileFilter::all()).iter().map(|f| f.id).collect();
    store.write(|uow| uow.file_discoveries(user).select_files(plan, &keys[1..3])).unwrap();
    store.write(|uow| uow.file_discoveries(user).select(plan, two.id)).unwrap();
    assert_eq!(store_plan(store, user, plan).selected_files, Some(json!([])));
    let again = store.write(|uow| uow.file_discoveries(user).select(plan, one.id)).unwrap();
    let selected = again.selected_files.unwrap();
    assert_eq!(selected.as_array().unwrap().len(), 2);
    assert_eq!(selected[0], again.discovered_files.unwrap()[1]);
    assert_eq!(untrue(store), 0);
}

#[test]
fn what_cannot_be_selected_says_why() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let [plan, other] = [(); 2].map(|()| office.plan(PlanStatus::Discovering));
    let select = |id| store.write(|uow| uow.file_discoveries(user).select(plan, id));
    let [processing, failed] = [(); 2].map(|()| started(store, user, plan).id);
    store.write(|uow| uow.file_discoveries(user).fail(failed, &Failure::new("x"))).unwrap();
    for (id, status) in [(processing, "processing"), (failed, "failed")] {
        let error = select(id).unwrap_err();
        assert!(error.is_conflict());
        let words = format!("is {status}, and only a completed one can be selected");
        assert_eq!(error.to_string(), format!("feature_planner::Discovery {id}: {words}"));
    }
    for id in [found(store, user, other, four()).id, DiscoveryId::new()] {
        let error = select(id).unwrap_err();
        assert_eq!(error.to_string(), format!("feature_planner::Discovery {id} was not found"));
    }
    assert_eq!(store_plan(store, user, plan).selected_discovery_session_id, None);
}

#[test]
fn files_are_selected_and_deselected_in_bulk() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let [done, other] = [(); 2].map(|()| found(store, user, plan, four()).id);
    store.write(|uow| uow.file_discoveries(user).select(plan, done)).unwrap();
    let keys: Vec<_> = list(store, user, done, FileFilter::all()).iter().map(|f| f.id).collect();
    let [critical, high, medium, low] = <[DiscoveredFileId; 4]>::try_from(keys).unwrap();
    let select =
        |files: &[_]| store.write(|uow| uow.file_discoveries(user).select_files(plan, files));
    let deselect =
        |files: &[_]| store.write(|uow| uow.file_discoveries(user).deselect_files(plan, files));
    let ids = |plan: planwright::feature_planner::FeaturePlan| {
        assert_eq!(plan, store_plan(store, user, plan.id));
        let selected = plan.selected_files.unwrap();
        selected.as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    // In whatever order and however often, they are listed as ever.
    let first = select(&[low, critical, low]).unwrap();
    assert_eq!(ids(first), [json!(critical), json!(low)]);
    assert_eq!(ids(select(&[medium, low]).unwrap()), [json!(critical), json!(medium), json!(low)]);
    assert_eq!(ids(select(&[]).unwrap()).len(), 3);
    assert_eq!(ids(deselect(&[critical, high, low, low]).unwrap()), [json!(medium)]);
    assert_eq!(untrue(store), 0);

    // One that is not of it, and nothing is changed.
    let before = store_plan(store, user, plan);
    let theirs = list(store, user, other, FileFilter::all())[0].id;
    let nowhere = DiscoveredFileId::new();
    for (files, first) in [
        ([high, theirs, nowhere], theirs),
        ([nowhere, theirs, critical], nowhere),
        ([high, high, nowhere], nowhere),
    ] {
        for error in [select(&files).unwrap_err(), deselect(&files).unwrap_err()] {
            let words = format!("feature_planner::DiscoveredFile {first} was not found");
            assert_eq!(error.to_string(), words);
        }
    }
    assert_eq!(store_plan(store, user, plan), before);
    let selected = "SELECT count(*) FROM feature_planner.discovered_files WHERE is_selected";
    assert_eq!(number(store, selected), 1);
    assert_eq!(untrue(store), 0);

    let many = vec![high; MAX_FILES + 1];
    for error in [select(&many).unwrap_err(), deselect(&many).unwrap_err()] {
        assert!(matches!(error, Error::Invalid { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            "feature_planner::FeaturePlan.selected_files: must be at most 10000, not 10001"
        );
    }
}

#[test]
fn a_plan_without_a_discovery_has_no_files_to_select() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four()).id;
    let key = list(store, user, done, FileFilter::all())[0].id;
    for files in [vec![key], vec![]] {
        let error =
            store.write(|uow| uow.file_discoveries(user).select_files(plan, &files)).unwrap_err();
        assert!(error.is_conflict());
        assert_eq!(
            error.to_string(),
            format!(
                "feature_planner::FeaturePlan {plan}: has selected no discovery, and so has no files to \
                 select"
            )
        );
    }
}

#[test]
fn a_list_of_an_application_s_own_is_copied_as_it_is() {
    let office = Office::new();
    let (store, user) = (office.store(), office.user);
    let plan = office.plan(PlanStatus::Discovering);
    let done = found(store, user, plan, four());
    let set = |list: &str| {
        let sql =
            format!("UPDATE feature_planner.file_discovery_sessions SET discovered_files = {list}");
        store.write(|uow| execute(uow, &sql)).unwrap();
        store.write(|uow| uow.file_discoveries(user).select(plan, done.id)).unwrap()
    };
    assert_eq!(set(r#"'{"files": 4}'"#).discovered_files, Some(json!({ "files": 4 })));
    // Where there is none, it is made.
    assert_eq!(set("NULL").discovered_files, done.discovered_files);
}
