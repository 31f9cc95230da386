//! The versions of a plan.

use planwright::testing::{Fault, FaultProxy};
use planwright::{Error, Page, Store, StoreOptions};

use super::Kitchen;
use super::steps::{message, version};

#[test]
fn history_tells_counts_and_which_is_active_the_newest_first() {
    let kitchen = Kitchen::new();
    let (store, user, plan) = (kitchen.store(), kitchen.user, kitchen.plan.plan_id);
    let history = |page| store.read(|uow| uow.meal_plan_versions().history(plan, page)).unwrap();
    assert!(history(Page::first(10)).items.is_empty());
    let mut made = vec![kitchen.commit(&kitchen.content([1, 2, 3, 4]))];
    made.push(kitchen.commit_again(&kitchen.content([2, 2, 0, 0])));
    made.push(kitchen.commit_again(&kitchen.content([3, 1, 1, 2])));
    // Another plan's are no part of it.
    store
        .write(|uow| {
            let (other, _) = uow.meal_plans().create(user, "Other")?;
            crate::support::execute(uow, "DELETE FROM draft_plans")?;
            let mut content = kitchen.content([1, 1, 1, 1]);
            content.name = other.name;
            version(uow, other.plan_id, user, &content, &message())
        })
        .unwrap();
    let second = made[1].plan_version_id;
    store.write(|uow| uow.meal_plans().revert(plan, second, user, "Back")).unwrap();
    let found: Vec<_> = history(Page::first(10)).items;
    let told: Vec<_> = found
        .iter()
        .map(|entry| (&entry.version, entry.meals, entry.sections, entry.lines, entry.is_active))
        .collect();
    assert_eq!(
        told,
        [(&made[2], 3, 3, 6, false), (&made[1], 4, 0, 0, true), (&made[0], 2, 6, 24, false)]
    );
    let page = history(Page::first(2));
    assert_eq!((page.items, page.next), (found[..2].to_vec(), Some(2)));
    let page = history(Page::first(1));
    assert_eq!((page.items, page.next), (found[..1].to_vec(), Some(3)));
    let page = history(Page::after(2, 2));
    assert_eq!((page.items, page.next), (found[2..].to_vec(), None));
    let error = store.read(|uow| uow.meal_plan_versions().history(plan, Page::first(0)));
    assert!(matches!(error, Err(Error::Invalid { .. })));
}

#[test]
fn a_version_is_found_by_number_and_by_label() {
    let kitchen = Kitchen::new();
    let (store, plan) = (kitchen.store(), kitchen.plan.plan_id);
    let first = kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let labelled = message().label("clinic");
    let content = kitchen.content([1, 2, 1, 1]);
    let second = store.write(|uow| version(uow, plan, kitchen.user, &content, &labelled)).unwrap();
    let number = |n| store.read(|uow| uow.meal_plan_versions().find_by_number(plan, n)).unwrap();
    assert_eq!((number(1), number(2), number(3)), (Some(first), Some(second.clone()), None));
    let label = |l: &str| store.read(|uow| uow.meal_plan_versions().find_by_label(plan, l));
    assert_eq!(label("clinic").unwrap(), Some(second));
    assert_eq!(label("Clinic").unwrap(), None);
    assert!(matches!(label("a\0"), Err(Error::Invalid { .. })));
}

#[test]
fn history_is_one_statement_for_any_number_of_versions() {
    let kitchen = Kitchen::new();
    let plan = kitchen.plan.plan_id;
    let proxy = FaultProxy::in_front_of(kitchen.database.url()).unwrap();
    let url = proxy.url_for(kitchen.database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    kitchen.commit(&kitchen.content([1, 1, 1, 1]));
    let read = || {
        proxy.set(Fault::None);
        let page = store.read(|uow| uow.meal_plan_versions().history(plan, Page::first(50)));
        (page.unwrap().items.len(), proxy.requests())
    };
    read();
    assert_eq!(read(), (1, 3));
    for meals in 2..=9 {
        kitchen.commit_again(&kitchen.content([1, meals, 1, 1]));
    }
    assert_eq!(read(), (9, 3));
}
