//! All of a draft at once.

use std::time::{Duration, Instant};

use planwright::UnitOfWork;
use planwright::meal_planning::Content;

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

/// Statements are prepared once, by a small draft, and compare no row with each other then either.
#[test]
fn a_year_is_put_again_in_seconds() {
    let kitchen = Kitchen::new();
    let (user, id) = (kitchen.user, kitchen.draft.draft_id);
    let mut revision = kitchen.draft.revision;
    let mut put = |content: &Content| {
        let start = Instant::now();
        let put = |uow: &mut UnitOfWork<'_>| uow.meal_plan_drafts(user).put(id, revision, content);
        revision = kitchen.store().write(put).unwrap();
        start.elapsed()
    };
    for days in 1..=6 {
        put(&kitchen.content([days, 2, 1, 2]));
    }
    let mut year = kitchen.content([365, 6, 1, 15]);
    let first = put(&year);
    year.meals.reverse();
    let again = put(&year);
    println!("a year is put in {first:?}, and turned round in {again:?}");
    assert!(first + again < Duration::from_secs(30), "{first:?}, {again:?}");
}
