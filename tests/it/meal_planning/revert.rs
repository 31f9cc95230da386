//! Going back to a version, and putting plans away.

use planwright::meal_planning::{Cause, Effect, PlanFilter, PlanId, VersionId};
use planwright::{Error, Page};

use super::Kitchen;
use super::steps::{assert_sound, drafted, users};
use crate::support::{execute, number};

#[test]
fn a_revert_moves_the_pointer_and_the_name_and_nothing_else() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let mut content = kitchen.content([1, 2, 1, 1]);
    let first = kitchen.commit(&content);
    content.name = "Renamed".to_owned();
    let second = kitchen.commit_again(&content);
    let open = store.write(|uow| drafted(uow, plan, kitchen.user, &content)).unwrap();
    let written = || {
        let sql = "SELECT (SELECT count(*) FROM plan_versions) + (SELECT count(*) FROM draft_plans)
                        + (SELECT count(*) FROM ingredient_versions)";
        number(store, sql)
    };
    let before = written();
    let other = users(store, 1)[0];
    let revert = |version| {
        store.write(|uow| uow.meal_plans().revert(plan, version, other, "As it was")).unwrap()
    };
    assert_eq!(revert(first.plan_version_id), Effect::Done);
    let now = store.read(|uow| uow.meal_plans().get(plan)).unwrap();
    assert_eq!((now.plan_version_id, &*now.name), (Some(first.plan_version_id), "Week"));
    let log = store.read(|uow| uow.meal_plans().activations(plan, Page::first(1))).unwrap().items;
    assert_eq!((log[0].plan_version_id, log[0].cause), (first.plan_version_id, Cause::Revert));
    assert_eq!((log[0].activated_by, &*log[0].reason), (other, "As it was"));
    assert_eq!(Some(log[0].activated_at), now.activated_at);

    assert_eq!(revert(first.plan_version_id), Effect::Unchanged);
    assert_eq!(number(store, "SELECT count(*) FROM plan_activations"), 3);
    assert_eq!(store.read(|uow| uow.meal_plans().get(plan)).unwrap(), now);
    assert_eq!(revert(second.plan_version_id), Effect::Done);
    assert_eq!(written(), before);
    assert!(store.read(|uow| uow.meal_plan_drafts(kitchen.user).find(open.0)).unwrap().is_some());
    assert_sound(store);
}

#[test]
fn a_version_that_the_plan_has_not_is_refused() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let first = kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let (other, _) = store.write(|uow| uow.meal_plans().create(user, "Other")).unwrap();
    let revert = |plan, version, reason: &str| {
        store.write(|uow| uow.meal_plans().revert(plan, version, user, reason)).unwrap_err()
    };
    let of_another = revert(other.plan_id, first.plan_version_id, "Try");
    assert_eq!(
        of_another.to_string(),
        format!(
            "meal_planning::Plan {}: version {} is of plan {plan}",
            other.plan_id, first.plan_version_id
        )
    );
    assert!(of_another.is_conflict());
    assert!(revert(plan, VersionId(-1), "Try").is_not_found());
    assert!(revert(PlanId(-1), first.plan_version_id, "Try").is_not_found());
    for reason in [" ", "a\0", &"a".repeat(2_001)] {
        let error = revert(plan, first.plan_version_id, reason);
        assert!(matches!(&error, Error::Invalid { field, .. } if field == "reason"), "{error:?}");
    }

    let second = kitchen.commit_again(&kitchen.content([1, 2, 1, 1]));
    kitchen.commit_again(&kitchen.content([1, 3, 1, 1]));
    super::prune::everything_but_the_last(&kitchen);
    let pruned = revert(plan, second.plan_version_id, "Try");
    assert!(pruned.is_conflict(), "{pruned:?}");
    assert!(pruned.to_string().contains("was pruned; it was number 2"), "{pruned}");
    assert_sound(store);
}

#[test]
fn a_name_that_is_taken_meanwhile_stands_against_a_revert_and_an_unarchive() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let mut content = kitchen.content([1, 1, 1, 1]);
    let first = kitchen.commit(&content);
    content.name = "Renamed".to_owned();
    kitchen.commit_again(&content);
    let (taker, _) = store.write(|uow| uow.meal_plans().create(user, "Week")).unwrap();
    let refused = |error: Error| {
        let Error::Constraint { constraint, .. } = &error else { panic!("{error:?}") };
        assert_eq!(constraint, "active_plans_user_id_name_uq");
        assert_eq!(error.to_string(), "a user's plans that are not archived have different names");
    };
    let revert = || {
        let version = first.plan_version_id;
        store.write(|uow| uow.meal_plans().revert(plan, version, user, "Back"))
    };
    refused(revert().unwrap_err());
    let archive = |plan| store.write(|uow| uow.meal_plans().archive(plan)).unwrap();
    assert_eq!(archive(taker.plan_id), Effect::Done);
    assert_eq!(archive(taker.plan_id), Effect::Unchanged);
    assert_eq!(revert().unwrap(), Effect::Done);
    let unarchive = |plan| store.write(|uow| uow.meal_plans().unarchive(plan));
    refused(unarchive(taker.plan_id).unwrap_err());
    assert_eq!(unarchive(plan).unwrap(), Effect::Unchanged);

    archive(plan);
    assert!(revert().unwrap_err().is_conflict(), "an archived plan stays as it is");
    assert_eq!(unarchive(taker.plan_id).unwrap(), Effect::Done);
    assert!(unarchive(PlanId(-1)).unwrap_err().is_not_found());
    let archive = store.write(|uow| uow.meal_plans().archive(PlanId(-1)));
    assert!(archive.unwrap_err().is_not_found());
    assert_sound(store);
}

#[test]
fn an_archive_that_is_repeated_keeps_its_time() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let archive = || {
        store.write(|uow| uow.meal_plans().archive(plan)).unwrap();
        store.read(|uow| uow.meal_plans().get(plan)).unwrap().archived_at
    };
    let first = archive();
    assert!(first.is_some());
    assert_eq!(archive(), first);
}

#[test]
fn plans_are_listed_by_owner_archived_or_not() {
    let kitchen = Kitchen::new();
    let (store, user) = (kitchen.store(), kitchen.user);
    let other = users(store, 1)[0];
    let plans: Vec<_> = store
        .write(|uow| {
            uow.meal_plans().create(other, "Theirs")?;
            ["b", "a", "c"].map(|name| uow.meal_plans().create(user, name)).into_iter().collect()
        })
        .map(|made: Vec<_>| made.into_iter().map(|(plan, _)| plan.plan_id).collect())
        .unwrap();
    store.write(|uow| uow.meal_plans().archive(plans[1])).unwrap();
    let list = |filter: &PlanFilter, page| {
        store.read(|uow| uow.meal_plans().list(user, filter, page)).unwrap()
    };
    let ids = |filter| {
        let listed = list(&filter, Page::first(10));
        listed.items.iter().map(|plan| plan.plan_id).collect::<Vec<_>>()
    };
    let week = kitchen.plan.plan_id;
    assert_eq!(ids(PlanFilter::all()), [week, plans[0], plans[1], plans[2]]);
    assert_eq!(ids(PlanFilter::all().archived(true)), [plans[1]]);
    assert_eq!(ids(PlanFilter::all().archived(false)), [week, plans[0], plans[2]]);
    let two = list(&PlanFilter::all(), Page::first(2));
    assert_eq!((two.items.len(), two.next), (2, Some(plans[0])));
    let rest = list(&PlanFilter::all(), Page::after(plans[0], 2));
    assert_eq!((rest.items.len(), rest.next), (2, None));
}

/// A user who owns plans, and a plan that has versions, stay.
#[test]
fn a_user_with_plans_is_not_deleted_and_a_plan_neither() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let user = format!("DELETE FROM users WHERE id = '{}'", kitchen.user);
    let error = store.write(|uow| execute(uow, &user)).unwrap_err();
    assert!(matches!(error, Error::Constraint { .. }), "{error:?}");
    for sql in ["DELETE FROM active_plans; DELETE FROM plans", "DELETE FROM plans"] {
        let error = store
            .write(|uow| sql.split(';').try_for_each(|one| execute(uow, one).map(drop)))
            .unwrap_err();
        assert!(matches!(&error, Error::Immutable { table, .. } if table == "plans"), "{error:?}");
    }
    assert_sound(store);
}
