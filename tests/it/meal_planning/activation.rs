//! What was active when.

use chrono::{DateTime, TimeDelta, Utc};
use planwright::Page;
use planwright::meal_planning::{ActiveAt, PlanId};

use super::Kitchen;
use super::steps::assert_sound;

#[test]
fn each_time_has_its_version_and_pruned_ones_say_so() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let at = |time| store.read(|uow| uow.meal_plans().active_at(plan, time)).unwrap();
    assert_eq!(at(Utc::now()), None);
    let first = kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let second = kitchen.commit_again(&kitchen.content([1, 2, 1, 1]));
    let version = first.plan_version_id;
    store.write(|uow| uow.meal_plans().revert(plan, version, user, "Back")).unwrap();
    let third = kitchen.commit_again(&kitchen.content([1, 3, 1, 1]));
    let log = |page| store.read(|uow| uow.meal_plans().activations(plan, page)).unwrap();
    let starts: Vec<_> =
        log(Page::first(10)).items.iter().rev().map(|one| one.activated_at).collect();
    let expected = [&first, &second, &first, &third];
    let tick = TimeDelta::microseconds(1);
    assert_eq!(at(starts[0] - tick), None);
    for (nth, version) in expected.into_iter().enumerate() {
        let active = Some(ActiveAt::Version(version.clone()));
        assert_eq!(at(starts[nth]), active);
        assert_eq!(starts.get(nth + 1).map_or(active.clone(), |next| at(*next - tick)), active);
    }
    assert_eq!(at(DateTime::<Utc>::MIN_UTC), None);
    assert_eq!(at(DateTime::<Utc>::MAX_UTC), Some(ActiveAt::Version(third)));
    let none = store.read(|uow| uow.meal_plans().active_at(PlanId(-1), Utc::now())).unwrap();
    assert_eq!(none, None);

    super::prune::everything_but_the_last(&kitchen);
    let Some(ActiveAt::Pruned { plan_version_id, number, content_digest, reason, .. }) =
        at(starts[1])
    else {
        panic!("it was pruned");
    };
    assert_eq!((plan_version_id, number), (second.plan_version_id, 2));
    assert_eq!((content_digest, &*reason), (second.content_digest, "Space"));
    assert_sound(store);

    // Pages of the log.
    let page = log(Page::first(3));
    assert_eq!((page.items.len(), page.next), (3, Some(starts[1])));
    let rest = log(Page::after(starts[1], 3));
    assert_eq!(rest.items.iter().map(|one| one.activated_at).collect::<Vec<_>>(), [starts[0]]);
    assert_eq!(rest.next, None);
    assert!(log(Page::after(DateTime::<Utc>::MIN_UTC, 3)).items.is_empty());
}
