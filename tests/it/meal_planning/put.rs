//! All of a draft at once.

use super::Kitchen;

#[test]
fn what_is_put_is_what_is_read() {
    let kitchen = Kitchen::new();
    let (store, user, draft) = (kitchen.store(), kitchen.user, &kitchen.draft);
    let first = kitchen.content([2, 3, 2, 4]);
    let revision =
        store.write(|uow| uow.meal_plan_drafts(user).put(draft.draft_id, draft.revision, &first));
    let read = || store.read(|uow| uow.meal_plan_drafts(user).content(draft.draft_id)).unwrap();
    assert_eq!(read(), first);

    // Meals swap their days, a section goes to another meal, lines turn round, one is new, some go.
    let mut other = first.clone();
    other.name = "Other".to_owned();
    for meal in &mut other.meals {
        meal.day = 1 - meal.day;
    }
    other.meals.rotate_left(3);
    let moved = other.meals[0].sections.remove(0);
    other.meals[4].sections.insert(0, moved);
    other.meals[1].sections[0].lines.reverse();
    other.meals.remove(2);
    let line = planwright::meal_planning::Line::new(kitchen.ingredients[0], 1);
    other.meals[3].sections[0].lines.insert(1, line);
    store
        .write(|uow| {
            uow.meal_plan_drafts(user).put(draft.draft_id, *revision.as_ref().unwrap(), &other)
        })
        .unwrap();
    assert_eq!(read(), other);
}
