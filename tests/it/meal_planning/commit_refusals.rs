//! What no commit makes a version of.

use planwright::meal_planning::{Content, DraftId, Message, Revision};
use planwright::{Error, Result};

use super::Kitchen;
use super::steps::{assert_sound, drafted, message, users, version};
use crate::support::{number, text};

const LEFT: &str =
    "SELECT (SELECT count(*) FROM plan_versions) * 100 + (SELECT count(*) FROM draft_plans)";

fn put(kitchen: &Kitchen, content: &Content) -> (DraftId, Revision) {
    let draft = &kitchen.draft;
    let revision = kitchen
        .store()
        .write(|uow| {
            uow.meal_plan_drafts(kitchen.user).put(draft.draft_id, draft.revision, content)
        })
        .unwrap();
    (draft.draft_id, revision)
}

/// The refusal, in a unit that goes on behind it.
fn refused(kitchen: &Kitchen, (draft, revision): (DraftId, Revision)) -> Error {
    let store = kitchen.store();
    let left = number(store, LEFT);
    let error = store
        .write(|uow| {
            let mut drafts = uow.meal_plan_drafts(kitchen.user);
            Ok(drafts.commit(draft, revision, &message()).unwrap_err())
        })
        .unwrap();
    assert_eq!(number(store, LEFT), left, "{error}");
    error
}

#[test]
fn a_draft_of_another_user_or_revision_is_not_committed() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    let (draft, revision) = put(&kitchen, &kitchen.content([1, 1, 1, 1]));
    let other = users(store, 1)[0];
    for (user, draft) in [(other, draft), (kitchen.user, DraftId(draft.0 + 1))] {
        let error = store
            .write(|uow| uow.meal_plan_drafts(user).commit(draft, revision, &message()))
            .unwrap_err();
        assert!(error.is_not_found(), "{error:?}");
    }
    let stale = refused(&kitchen, (draft, Revision(revision.0 - 1)));
    let Error::Stale { entity, expected, actual, .. } = &stale else { panic!("{stale:?}") };
    assert_eq!(
        (*entity, &**expected, &**actual),
        ("meal_planning::Draft", "revision 1", "revision 2")
    );
    assert_eq!(number(store, LEFT), 1);
}

#[test]
fn a_message_or_label_that_breaks_a_rule_is_refused_before_the_server_is_asked() {
    let kitchen = Kitchen::new();
    let long = |count| "ä".repeat(count);
    let cases = [
        (Message::new(" \n"), "text"),
        (Message::new("a\0b"), "text"),
        (Message::new(long(2_001)), "text"),
        (message().label(""), "label"),
        (message().label("a\0b"), "label"),
        (message().label(long(101)), "label"),
    ];
    for (message, wrong) in cases {
        // The draft is not asked for, or it would not be found.
        let error = kitchen
            .store()
            .write(|uow| {
                uow.meal_plan_drafts(kitchen.user).commit(DraftId(-1), Revision(0), &message)
            })
            .unwrap_err();
        let Error::Invalid { entity, field, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, &**field), ("meal_planning::Message", wrong));
    }
    let (draft, revision) = put(&kitchen, &kitchen.content([1, 1, 1, 1]));
    let longest = Message::new(long(2_000)).label(long(100));
    let commit = |uow: &mut planwright::UnitOfWork<'_>| {
        uow.meal_plan_drafts(kitchen.user).commit(draft, revision, &longest)
    };
    let version = kitchen.store().write(commit).unwrap().version().clone();
    assert_eq!((version.message, version.label), (longest.text.clone(), longest.label.clone()));
}

#[test]
fn every_problem_of_a_draft_is_told_at_once() {
    let kitchen = Kitchen::new();
    let empty = Content { meals: Vec::new(), ..kitchen.content([1, 1, 1, 1]) };
    let (draft, revision) = put(&kitchen, &empty);
    let error = refused(&kitchen, (draft, revision));
    assert_eq!(
        error.to_string(),
        format!("meal_planning::Draft {draft}: meals: must have at least one")
    );

    let mut content = kitchen.content([2, 4, 1, 1]);
    // On day 0 the third and fourth are at the first's time, and the fourth is called as the second;
    // on day 1 the last is called as the first. Across days nothing is wrong.
    let (first, second, last) = (content.meals[0].clone(), content.meals[1].clone(), 7);
    content.meals[2].meal_time = first.meal_time;
    content.meals[3].meal_time = first.meal_time;
    content.meals[3].name.clone_from(&second.name);
    content.meals[last].name = content.meals[4].name.clone();
    let revision = kitchen
        .store()
        .write(|uow| uow.meal_plan_drafts(kitchen.user).put(draft, revision, &content))
        .unwrap();
    let error = refused(&kitchen, (draft, revision));
    let Error::Unfit { entity, key, problems } = &error else { panic!("{error:?}") };
    assert_eq!((*entity, key), ("meal_planning::Draft", &draft.to_string()));
    let id = |nth: usize| content.meals[nth].id;
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let at = |nth| {
        let (meal, first) = (id(nth), id(0));
        format!("meals[{meal}].meal_time: day 0 has a meal at 01:00:00 already: meals[{first}]")
    };
    let named = |nth, day, name, first| {
        let (meal, first) = (id(nth), id(first));
        format!("meals[{meal}].name: day {day} has a meal called {name:?} already: meals[{first}]")
    };
    assert_eq!(told, [at(2), at(3), named(3, 0, "meal 1", 1), named(last, 1, "meal 0", 4)]);
}

#[test]
fn a_draft_that_has_not_seen_a_version_is_stale() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let other = users(store, 1)[0];
    let content = kitchen.content([1, 1, 1, 1]);
    let (draft, revision) = put(&kitchen, &kitchen.content([1, 2, 1, 1]));
    let first = store.write(|uow| version(uow, plan, other, &content, &message())).unwrap();
    let stale = |given: (DraftId, Revision), before: &str, now: &str| {
        let error = refused(&kitchen, given);
        let Error::Stale { entity, key, expected, actual } = &error else { panic!("{error:?}") };
        assert_eq!((*entity, key), ("meal_planning::Plan", &plan.to_string()));
        assert_eq!((&**expected, &**actual), (before, now));
    };
    stale((draft, revision), "no version", "version 1");

    // What counts is the highest number, whichever is active.
    let cancel = |uow: &mut planwright::UnitOfWork<'_>| {
        crate::support::execute(uow, "DELETE FROM draft_plans").map(drop)
    };
    store.write(cancel).unwrap();
    let third = kitchen.content([1, 3, 1, 1]);
    let seen_one = store.write(|uow| drafted(uow, plan, user, &third)).unwrap();
    store
        .write(|uow| {
            version(uow, plan, other, &kitchen.content([1, 4, 1, 1]), &message())?;
            uow.meal_plans().revert(plan, first.plan_version_id, other, "Back")
        })
        .unwrap();
    stale(seen_one, "version 1", "version 2");

    // One that was begun behind it is not, though its base is the older version.
    store.write(cancel).unwrap();
    let committed = store.write(|uow| version(uow, plan, user, &third, &message())).unwrap();
    assert_eq!((committed.version_number, committed.base_version_number), (3, Some(1)));
    assert_sound(store);
}

#[test]
fn an_archived_plan_takes_no_commit() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let given = put(&kitchen, &kitchen.content([1, 1, 1, 1]));
    store.write(|uow| uow.meal_plans().archive(plan)).unwrap();
    let error = refused(&kitchen, given);
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
    let stale = refused(&kitchen, (given.0, Revision(77)));
    assert!(matches!(stale, Error::Stale { .. }), "the revision comes first: {stale:?}");
    store.write(|uow| uow.meal_plans().unarchive(plan)).unwrap();
    let commit = |uow: &mut planwright::UnitOfWork<'_>| {
        uow.meal_plan_drafts(kitchen.user).commit(given.0, given.1, &message())
    };
    store.write(commit).unwrap();
}

/// The sentence of the constraint that refused it.
fn sentence<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    let error = result.unwrap_err();
    let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
    (constraint.clone(), error.to_string())
}

#[test]
fn a_label_or_name_that_is_taken_is_refused_in_words() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let labelled = message().label("label");
    let make = |meals, name: &str, message: &Message| {
        store.write(|uow| {
            let mut content = kitchen.content([1, meals, 1, 1]);
            content.name = name.to_owned();
            version(uow, plan, user, &content, message)
        })
    };
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    make(2, "Week", &labelled).unwrap();
    assert_eq!(
        sentence(make(3, "Week", &labelled)),
        (
            "plan_versions_plan_id_label_uq".to_owned(),
            "the versions of a plan have different labels".to_owned()
        )
    );
    let other = store.write(|uow| uow.meal_plans().create(user, "Other")).unwrap().0;
    let taken = sentence(make(3, "Other", &message()));
    assert_eq!(taken.0, "active_plans_user_id_name_uq");
    assert_eq!(taken.1, "a user's plans that are not archived have different names");
    assert_eq!(number(store, LEFT), 201, "two versions, and the other plan's draft");
    store.write(|uow| uow.meal_plans().archive(other.plan_id)).unwrap();
    make(3, "Other", &message()).unwrap();

    // The same label in another plan, and the owner's name in a plan of another user.
    let stranger = users(store, 1)[0];
    let (elsewhere, draft) = store.write(|uow| uow.meal_plans().create(stranger, "Mine")).unwrap();
    let mut content = kitchen.content([1, 1, 1, 1]);
    content.name = "Week".to_owned();
    let commit = |uow: &mut planwright::UnitOfWork<'_>| {
        let mut drafts = uow.meal_plan_drafts(stranger);
        let revision = drafts.put(draft.draft_id, draft.revision, &content)?;
        drafts.commit(draft.draft_id, revision, &labelled)
    };
    store.write(commit).unwrap();
    let name = store.read(|uow| {
        text(uow, &format!("SELECT name FROM active_plans WHERE plan_id = {}", elsewhere.plan_id))
    });
    assert_eq!(name.unwrap(), "Week");
    assert_sound(store);
}

/// No commit makes such a version; whoever may insert rows can.
#[test]
fn there_is_no_number_behind_the_last_one() {
    let kitchen = Kitchen::new();
    let content = kitchen.content([1, 1, 1, 1]);
    let last = "INSERT INTO plan_versions
                       (plan_id, version_number, name, author_id, message, content_digest)
                SELECT plan_id, 2147483647, name, user_id, '', '' FROM plans";
    kitchen.store().write(|uow| crate::support::execute(uow, last)).unwrap();
    let (draft, revision) = put(&kitchen, &content);
    let over = kitchen
        .store()
        .write(|uow| uow.meal_plan_drafts(kitchen.user).commit_over(draft, revision, &message()));
    assert_eq!(sentence(over).0, "plan_versions_plan_id_version_number_uq");
}
