//! Discoveries, files and templates right behind the move, before any rule that follows it.

use planwright::feature_planner::{
    DiscoveryResult, Failure, FileDiscoveryStatus, FileFilter, FilePriority, FileUpdate,
    NewDiscovery, NewTemplate, PlanStatus, TemplateFilter, TemplateUpdate, factory,
};
use planwright::{Page, Store};

use super::Installation;
use super::discoveries::{file, found, four, started, store_plan, untrue};
use super::files::list;

/// Every operation once.
fn every_operation(store: &Store) {
    let (user, plan) = store
        .write(|uow| {
            let user = factory::user(uow)?;
            Ok((user, factory::plan(uow, user, PlanStatus::Discovering)?))
        })
        .unwrap();
    let new = NewDiscovery::new("finder");
    let waiting = store.write(|uow| uow.file_discoveries(user).enqueue(plan, &new)).unwrap();
    store.write(|uow| uow.file_discoveries(user).begin(waiting.id)).unwrap();
    let result = DiscoveryResult::new(four());
    let done = store.write(|uow| uow.file_discoveries(user).finish(waiting.id, &result)).unwrap();
    let other = found(store, user, plan, four()).id;
    let failing = started(store, user, plan).id;
    let failed = store.write(|uow| uow.file_discoveries(user).fail(failing, &Failure::new("x")));
    assert_eq!(failed.unwrap().status, FileDiscoveryStatus::Failed);

    let (mut ids, mut page) = (Vec::new(), Page::first(1));
    loop {
        let read = store.read(|uow| uow.file_discoveries(user).list(plan, page)).unwrap();
        ids.extend(read.items.iter().map(|one| one.id));
        let Some(next) = read.next else { break };
        page = Page::after(next, 1);
    }
    assert_eq!(ids, [done.id, other, failing]);
    assert_eq!(store.read(|uow| uow.file_discoveries(user).get(done.id)).unwrap(), done);

    store.write(|uow| uow.file_discoveries(user).select(plan, other)).unwrap();
    store.write(|uow| uow.file_discoveries(user).select(plan, done.id)).unwrap();
    let files = list(store, user, done.id, FileFilter::all());
    let keys: Vec<_> = files.iter().map(|file| file.id).collect();
    let chosen = store.write(|uow| uow.file_discoveries(user).select_files(plan, &keys)).unwrap();
    assert_eq!(chosen, store_plan(store, user, plan));
    store.write(|uow| uow.file_discoveries(user).deselect_files(plan, &keys[..1])).unwrap();
    let extra = file("extra", FilePriority::Critical, 50);
    let added = store.write(|uow| uow.file_discoveries(user).add_file(done.id, &extra)).unwrap();
    let again =
        store.write(|uow| uow.file_discoveries(user).add_file(done.id, &extra)).unwrap_err();
    assert!(again.is_conflict(), "{again:?}");
    let update = FileUpdate { priority: FilePriority::Low, ..(&added).into() };
    store.write(|uow| uow.file_discoveries(user).update_file(added.id, &update)).unwrap();
    store.write(|uow| uow.file_discoveries(user).remove_file(keys[3])).unwrap();
    assert_eq!(untrue(store), 0);
    store.write(|uow| uow.file_discoveries(user).select(plan, other)).unwrap();
    store.write(|uow| uow.file_discoveries(user).delete(done.id)).unwrap();
    assert_eq!(store_plan(store, user, plan).selected_discovery_session_id, Some(other));

    let new = NewTemplate::new("n", "t", "c", "x");
    let made = store.write(|uow| uow.step_templates(user).create(&new)).unwrap();
    let update = TemplateUpdate { title: "u".into(), ..(&made).into() };
    let updated = store.write(|uow| uow.step_templates(user).update(made.id, &update)).unwrap();
    let all = TemplateFilter::all();
    let listed = store.read(|uow| uow.step_templates(user).list(&all, Page::first(5))).unwrap();
    assert_eq!(listed.items, [updated]);
    store.write(|uow| uow.step_templates(user).delete(made.id)).unwrap();
}

#[test]
fn every_operation_works_right_behind_the_move_and_at_the_end() {
    for version in ["20261120192200", "20261120192300", "99999999999999"] {
        let installation = Installation::before(version);
        every_operation(installation.store());
    }
}
