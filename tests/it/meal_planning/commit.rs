//! A draft becomes a version.

use planwright::meal_planning::{ActiveAt, Cause, CommitOptions, Committed, Message};
use planwright::testing::{Fault, FaultProxy};
use planwright::{Page, Store, StoreOptions};

use super::Kitchen;
use super::steps::{assert_sound, drafted, made, message, version};
use crate::support::number;

const TREE: &str = "SELECT (SELECT count(*) FROM draft_plans) + (SELECT count(*) FROM draft_meals)
     + (SELECT count(*) FROM draft_meal_sections) + (SELECT count(*) FROM draft_ingredients)";

#[test]
fn a_commit_copies_the_draft_whole_and_leaves_nothing_of_it() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let mut content = kitchen.content([2, 3, 2, 4]);
    content.name = "Another week".to_owned();
    content.meals[0].sections[1].name = Some("Sauce".to_owned());
    content.meals[3].sections.clear();
    let first = kitchen.commit(&content);
    assert_eq!((first.plan_id, first.version_number, &*first.name), (plan, 1, "Another week"));
    assert_eq!((first.base_version_id, first.base_version_number), (None, None));
    assert_eq!((first.author_id, &*first.message, &first.label), (kitchen.user, "A trial", &None));
    assert_eq!(
        store.read(|uow| uow.meal_plan_versions().get(first.plan_version_id)).unwrap(),
        first
    );
    let read = store.read(|uow| uow.meal_plan_versions().content(first.plan_version_id)).unwrap();
    assert_eq!(read, content);
    assert_eq!(number(store, TREE), 0);

    let now = store.read(|uow| uow.meal_plans().get(plan)).unwrap();
    assert_eq!((now.plan_version_id, &*now.name), (Some(first.plan_version_id), "Another week"));
    let log = store.read(|uow| uow.meal_plans().activations(plan, Page::first(10))).unwrap().items;
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].plan_version_id, log[0].version_number), (first.plan_version_id, 1));
    assert_eq!((log[0].activated_by, log[0].cause), (kitchen.user, Cause::Commit));
    assert_eq!((&*log[0].reason, Some(log[0].activated_at)), ("A trial", now.activated_at));

    content.meals.remove(1);
    let labelled = Message::new("Less").label("v2");
    let second = store.write(|uow| version(uow, plan, kitchen.user, &content, &labelled)).unwrap();
    assert_eq!((second.version_number, second.base_version_id), (2, Some(first.plan_version_id)));
    assert_eq!((second.base_version_number, second.label.as_deref()), (Some(1), Some("v2")));
    let read = store.read(|uow| uow.meal_plan_versions().content(second.plan_version_id)).unwrap();
    assert_eq!(read, content);
    assert_sound(store);
}

#[test]
fn what_the_active_version_has_already_is_discarded_unless_it_is_asked_for() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let content = kitchen.content([1, 2, 1, 2]);
    let first = kitchen.commit(&content);
    let labelled = Message::new("Nothing").label("label");
    let same = |options: Option<CommitOptions>| {
        let committed = store.write(|uow| {
            let (draft, revision) = drafted(uow, plan, user, &content)?;
            let mut drafts = uow.meal_plan_drafts(user);
            match options {
                Some(options) => drafts.commit_with(draft, revision, &labelled, options),
                None => drafts.commit(draft, revision, &labelled),
            }
        });
        assert_eq!(number(store, TREE), 0);
        committed.unwrap()
    };
    let unchanged = Committed::Unchanged { version: first.clone() };
    assert_eq!(same(None), unchanged);
    assert_eq!(same(Some(CommitOptions::default().over())), unchanged);
    assert_eq!(number(store, "SELECT count(*) FROM plan_activations"), 1);

    let second = made(same(Some(CommitOptions::always())));
    assert_eq!((second.version_number, second.label.as_deref()), (2, Some("label")));
    assert_eq!(second.content_digest, first.content_digest);

    // The name is part of the content, and so is a place.
    let mut renamed = content.clone();
    renamed.name = "Renamed".to_owned();
    assert_eq!(kitchen.commit_again(&renamed).version_number, 3);
    renamed.meals[0].sections[0].lines.swap(0, 1);
    assert_eq!(kitchen.commit_again(&renamed).version_number, 4);
    assert_sound(store);
}

/// With the active version is compared, not with the newest or the draft's base.
#[test]
fn going_back_by_a_draft_makes_a_version() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let (one, two) = (kitchen.content([1, 1, 1, 1]), kitchen.content([1, 2, 1, 1]));
    let first = kitchen.commit(&one);
    kitchen.commit_again(&two);
    assert_eq!(kitchen.commit_again(&one).version_number, 3);
    store.write(|uow| uow.meal_plans().revert(plan, first.plan_version_id, user, "Back")).unwrap();
    // The content of version 2, which is not active.
    assert_eq!(kitchen.commit_again(&two).version_number, 4);
    assert_sound(store);
}

#[test]
fn a_commit_over_others_says_so_and_keeps_them() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let other = super::steps::users(store, 1)[0];
    let mine = kitchen.content([1, 2, 1, 1]);
    let (draft, revision) = store.write(|uow| drafted(uow, plan, kitchen.user, &mine)).unwrap();
    let theirs = kitchen.content([1, 3, 1, 1]);
    store.write(|uow| version(uow, plan, other, &theirs, &message())).unwrap();

    let over = store
        .write(|uow| uow.meal_plan_drafts(kitchen.user).commit_over(draft, revision, &message()))
        .map(made)
        .unwrap();
    assert_eq!((over.version_number, over.base_version_number), (3, Some(1)));
    let read = |number| {
        store
            .read(|uow| {
                let version = uow.meal_plan_versions().find_by_number(plan, number)?.unwrap();
                uow.meal_plan_versions().content(version.plan_version_id)
            })
            .unwrap()
    };
    assert_eq!((read(2), read(3)), (theirs, mine));
    assert_sound(store);
}

#[test]
fn a_unit_may_commit_twice_and_two_plans() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let contents: Vec<_> = (1..=4).map(|meals| kitchen.content([1, meals, 1, 1])).collect();
    kitchen.commit(&contents[0]);
    for isolated in [false, true] {
        let unit = store.transaction();
        let unit = if isolated { unit.repeatable_read() } else { unit };
        unit.run(|uow| {
            let first = version(uow, plan, user, &contents[1], &message())?;
            // What fails inside of a savepoint leaves nothing.
            let refused = uow.savepoint(|uow| {
                version(uow, plan, user, &contents[2], &message())?;
                version(uow, plan, user, &kitchen.content([0, 0, 0, 0]), &message())
            });
            assert!(refused.is_err());
            let second = uow.savepoint(|uow| version(uow, plan, user, &contents[2], &message()))?;
            assert_eq!(second.version_number, first.version_number + 1);
            let (other, draft) = uow.meal_plans().create(user, &format!("Other {isolated}"))?;
            let mut content = contents[3].clone();
            content.name = other.name;
            let mut drafts = uow.meal_plan_drafts(user);
            let revision = drafts.put(draft.draft_id, draft.revision, &content)?;
            assert_eq!(
                made(drafts.commit(draft.draft_id, revision, &message())?).version_number,
                1
            );
            Ok(())
        })
        .unwrap();
    }
    let log = store.read(|uow| uow.meal_plans().activations(plan, Page::first(10))).unwrap().items;
    assert_eq!(log.iter().map(|one| one.version_number).collect::<Vec<_>>(), [5, 4, 3, 2, 1]);
    assert!(log.is_sorted_by(|later, earlier| later.activated_at > earlier.activated_at));
    for one in &log {
        let at = |time| store.read(|uow| uow.meal_plans().active_at(plan, time)).unwrap();
        let Some(ActiveAt::Version(version)) = at(one.activated_at) else { panic!("{one:?}") };
        assert_eq!(version.version_number, one.version_number);
    }
    assert_sound(store);
}

/// The locks tell a unit with an old snapshot that it has to begin again.
#[test]
fn a_unit_with_a_snapshot_from_before_another_commit_is_run_again() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let other = super::steps::users(store, 1)[0];
    let contents = [kitchen.content([1, 2, 1, 1]), kitchen.content([1, 3, 1, 1])];
    for serializable in [false, true] {
        let (draft, revision) = store.write(|uow| drafted(uow, plan, user, &contents[0])).unwrap();
        let unit = store.transaction();
        let unit = if serializable { unit.serializable() } else { unit.repeatable_read() };
        let mut runs = 0;
        let mut seen = Vec::new();
        let over = unit.run(|uow| {
            runs += 1;
            seen.push(uow.meal_plan_versions().history(plan, Page::first(9))?.items.len());
            if runs == 1 {
                std::thread::scope(|scope| {
                    let commit = || {
                        let content = kitchen.content([1, 4, 1, 1]);
                        store.write(|uow| version(uow, plan, other, &content, &message()))
                    };
                    scope.spawn(commit).join().expect("no panic").expect("a version");
                });
            }
            uow.meal_plan_drafts(user).commit_over(draft, revision, &message())
        });
        let over = made(over.unwrap());
        assert_eq!((runs, seen[1]), (2, seen[0] + 1));
        assert_eq!(over.version_number as usize, seen[1] + 1);
        kitchen.commit_again(&contents[1]);
    }
    assert_sound(store);
}

/// Also where the clock went back meanwhile.
#[test]
fn an_activation_is_later_than_the_one_before_it() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let first = kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    store
        .write(|uow| {
            for sql in [
                "ALTER TABLE plan_activations DISABLE TRIGGER plan_activations_immutable",
                "UPDATE plan_activations SET activated_at = now() + interval '1 hour'",
                "UPDATE active_plans SET activated_at = now() + interval '1 hour'",
                "ALTER TABLE plan_activations ENABLE ALWAYS TRIGGER plan_activations_immutable",
            ] {
                crate::support::execute(uow, sql)?;
            }
            Ok(())
        })
        .unwrap();
    kitchen.commit_again(&kitchen.content([1, 2, 1, 1]));
    store
        .write(|uow| {
            uow.meal_plans().revert(plan, first.plan_version_id, kitchen.user, "An hour back")
        })
        .unwrap();
    let sql = "SELECT count(*) FROM (SELECT activated_at - lag(activated_at)
                   OVER (ORDER BY activation_id) AS gap FROM plan_activations) l
                WHERE gap = interval '1 microsecond'";
    assert_eq!(number(store, sql), 2);
    assert_sound(store);
}

#[test]
fn a_commit_has_the_same_round_trips_for_any_plan() {
    let kitchen = Kitchen::new();
    let (user, plan) = (kitchen.user, kitchen.plan.plan_id);
    let proxy = FaultProxy::in_front_of(kitchen.database.url()).unwrap();
    let url = proxy.url_for(kitchen.database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let mut content = kitchen.content([1, 2, 1, 1]);
    let round_trips = |content: &_, is_warm: bool| {
        let (draft, revision) =
            kitchen.store().write(|uow| drafted(uow, plan, user, content)).unwrap();
        proxy.set(Fault::None);
        store.write(|uow| uow.meal_plan_drafts(user).commit(draft, revision, &message())).unwrap();
        assert!(is_warm || proxy.requests() > 5, "statements are prepared once");
        proxy.requests()
    };
    round_trips(&content, false);
    for size in [[1, 1, 1, 1], [7, 4, 2, 3], [28, 4, 4, 12]] {
        content = kitchen.content(size);
        // BEGIN, the locks, what is to be known, the commit, COMMIT.
        assert_eq!(round_trips(&content, true), 5, "{size:?}");
    }
    round_trips(&content, false);
    // Of the same content the draft is deleted.
    assert_eq!(round_trips(&content, true), 5);
    assert_sound(kitchen.store());
}
