//! What meals are made of.

use std::str::FromStr;
use std::sync::Barrier;
use std::thread;

use bigdecimal::BigDecimal;
use planwright::meal_planning::{
    Content, IngredientId, IngredientOutcome as Outcome, Line, MAX_INGREDIENTS, Meal,
    NewIngredient, Refreshed, Revision, Section, Upserted, factory,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{Error, Page, Result, Store, StoreOptions};

use super::{Kitchen, database};
use crate::support::{execute, number, whole};

fn new(name: &str, fat_g: i32) -> NewIngredient {
    NewIngredient { fat_g: fat_g.into(), ..NewIngredient::new(name) }
}

fn upsert(store: &Store, ingredients: &[NewIngredient]) -> Result<Vec<Upserted>> {
    store.write(|uow| uow.ingredients().upsert(ingredients))
}

fn outcomes(upserted: &[Upserted]) -> Vec<Outcome> {
    upserted.iter().map(|one| one.outcome).collect()
}

/// Names with two current rows, chains that end nowhere, and rows that supersede an older one of
/// another name.
const UNSOUND: &str = "(SELECT count(*) FROM (
    SELECT 1 FROM ingredients WHERE superseded_by IS NULL GROUP BY name HAVING count(*) > 1
    UNION ALL
    SELECT 1 FROM ingredients GROUP BY name HAVING count(*) FILTER (WHERE superseded_by IS NULL) <> 1
    UNION ALL
    SELECT 1 FROM ingredients o JOIN ingredients n ON n.ingredient_id = o.superseded_by
     WHERE n.name <> o.name) unsound)";

#[test]
fn an_upsert_creates_supersedes_and_leaves() {
    let database = database();
    let store = database.store();
    let first = upsert(store, &[new("Butter", 81), new("Oil", 100), new("Salt", 0)]).unwrap();
    assert_eq!(outcomes(&first), [Outcome::Created; 3]);
    let [butter, oil, salt] = [0, 1, 2].map(|nth: usize| first[nth].ingredient_id);

    let second = upsert(store, &[new("Salt", 0), new("Tofu", 8), new("Butter", 82)]).unwrap();
    assert_eq!(
        outcomes(&second),
        [Outcome::Unchanged, Outcome::Created, Outcome::Superseded { old: butter }]
    );
    assert_eq!(second[0].ingredient_id, salt);
    let better = second[2].ingredient_id;

    let read = |id| store.read(|uow| uow.ingredients().get(id)).unwrap();
    assert_eq!(read(butter).superseded_by, Some(better));
    assert_eq!(read(butter).fat_g, BigDecimal::from(81));
    assert_eq!((read(better).fat_g, read(better).superseded_by), (82.into(), None));
    let by_name = |name: &str| store.read(|uow| uow.ingredients().find_by_name(name)).unwrap();
    assert_eq!(by_name("Butter").unwrap().ingredient_id, better);
    assert_eq!(by_name("butter"), None);

    // The values of the first row again are another row, not that one.
    let third = upsert(store, &[new("Butter", 81)]).unwrap();
    assert_eq!(outcomes(&third), [Outcome::Superseded { old: better }]);
    let newest = third[0].ingredient_id;
    for of in [butter, better, newest] {
        let history = store.read(|uow| uow.ingredients().history(of)).unwrap();
        let ids: Vec<_> = history.iter().map(|row| row.ingredient_id).collect();
        assert_eq!(ids, [butter, better, newest]);
    }
    let history = store.read(|uow| uow.ingredients().history(oil)).unwrap();
    assert_eq!(history, [read(oil)]);

    let page = store.read(|uow| uow.ingredients().list(Page::first(3))).unwrap();
    let ids = |page: &planwright::Listed<planwright::meal_planning::Ingredient, IngredientId>| {
        page.items.iter().map(|row| row.ingredient_id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&page), [oil, salt, second[1].ingredient_id]);
    let page = store.read(|uow| uow.ingredients().list(Page::after(page.next.unwrap(), 3)));
    assert_eq!(ids(&page.unwrap()), [newest]);

    let unknown = IngredientId(4711);
    assert_eq!(store.read(|uow| uow.ingredients().find(unknown)).unwrap(), None);
    for missing in [
        store.read(|uow| uow.ingredients().get(unknown).map(drop)),
        store.read(|uow| uow.ingredients().history(unknown).map(drop)),
    ] {
        let missing = missing.unwrap_err();
        assert_eq!(missing.to_string(), "meal_planning::Ingredient 4711 was not found");
    }
    assert_eq!(number(store, UNSOUND), 0);
}

#[test]
fn what_is_stored_already_writes_nothing() {
    let database = database();
    let store = database.store();
    let pantry: Vec<_> = (0..50).map(|nth| new(&format!("food {nth}"), nth)).collect();
    upsert(store, &pantry).unwrap();
    let state = "(SELECT sum(xmin::text::bigint) FROM ingredients)
                 + (SELECT last_value FROM ingredients_ingredient_id_seq) * 1000000000";
    let before = number(store, state);
    // The same number in other words, and one that is rounded to it.
    let mut again = pantry.clone();
    again[7].fat_g = BigDecimal::from_str("7.00049").unwrap();
    again.reverse();
    let upserted = upsert(store, &again).unwrap();
    assert_eq!(outcomes(&upserted), vec![Outcome::Unchanged; 50]);
    assert_eq!(number(store, state), before);
    assert_eq!(upsert(store, &[]).unwrap(), []);
}

#[test]
fn an_ingredient_that_breaks_a_rule_is_refused_with_its_place() {
    let database = database();
    let store = database.store();
    let refused = |list: &[NewIngredient]| match upsert(store, list).unwrap_err() {
        Error::Invalid { entity: "meal_planning::NewIngredient", field, reason } => (field, reason),
        other => panic!("{other}"),
    };
    let good = new("Good", 1);
    let long = "x".repeat(201);
    for name in ["", " \n", "a\0b", &long] {
        assert_eq!(refused(&[good.clone(), new(name, 1)]).0, "ingredients[1].name");
    }
    let find = store.read(|uow| uow.ingredients().find_by_name("a\0b"));
    assert!(matches!(find, Err(Error::Invalid { .. })));
    type Set = fn(&mut NewIngredient, BigDecimal);
    let fields: [(&str, Set); 9] = [
        ("energy_kcal", |new, value| new.energy_kcal = value),
        ("protein_g", |new, value| new.protein_g = value),
        ("carbohydrate_g", |new, value| new.carbohydrate_g = value),
        ("sugars_g", |new, value| new.sugars_g = value),
        ("fat_g", |new, value| new.fat_g = value),
        ("saturated_fat_g", |new, value| new.saturated_fat_g = value),
        ("fibre_g", |new, value| new.fibre_g = value),
        ("salt_g", |new, value| new.salt_g = value),
        ("water_g", |new, value| new.water_g = value),
    ];
    for (nth, (field, set)) in fields.into_iter().enumerate() {
        let most = if field == "energy_kcal" { "1000" } else { "100" };
        let with = |value: &str| {
            let mut one = new(&format!("{field} {value}"), 1);
            set(&mut one, BigDecimal::from_str(value).unwrap());
            one
        };
        for wrong in ["-0.001", "-1e99", "1e99", "1e1000000000", &format!("{most}.0005")] {
            let (place, reason) = refused(&[good.clone(), with(wrong)]);
            assert_eq!(place, format!("ingredients[1].{field}"));
            assert_eq!(reason, format!("must be from 0 to {most}"));
        }
        // The bounds, each in the column of its own name.
        let stored = upsert(store, &[with(most), with(&format!("{most}.00049")), with("-0.0004")]);
        let rows: Vec<_> = stored.unwrap().iter().map(|one| one.ingredient_id.0).collect();
        let sum = format!(
            "SELECT sum({field}) FROM ingredients WHERE ingredient_id IN ({}, {}, {})",
            rows[0], rows[1], rows[2]
        );
        assert_eq!(number(store, &sum).to_string(), (2 * most.parse::<i64>().unwrap()).to_string());
        assert!(nth < 9);
    }
    let (place, reason) = refused(&[good.clone(), new("Other", 1), good.clone()]);
    assert_eq!(place, "ingredients[2].name");
    assert_eq!(reason, "is the name of ingredients[0] already");
    let many = vec![good; MAX_INGREDIENTS + 1];
    assert_eq!(refused(&many).0, "ingredients");
    for name in ["'; DROP TABLE ingredients; --", "🧈 e\u{301}", "é", "\\ \" ' $1", "Butter "] {
        let one = upsert(store, &[new(name, 3)]).unwrap()[0].ingredient_id;
        let found = store.read(|uow| uow.ingredients().find_by_name(name)).unwrap().unwrap();
        assert_eq!((found.ingredient_id, found.name.as_str()), (one, name));
    }
}

#[test]
fn an_ingredient_reads_from_json_as_written() {
    let text = r#"{"name": "Oats", "energy_kcal": 379, "protein_g": 13.1505, "carbohydrate_g": "67.7",
        "sugars_g": 0.99, "fat_g": 6.52, "saturated_fat_g": 1.11, "fibre_g": 10.1, "salt_g": 0.0155,
        "water_g": 10.84}"#;
    let oats: NewIngredient = serde_json::from_str(text).unwrap();
    let database = database();
    let id = upsert(database.store(), &[oats]).unwrap()[0].ingredient_id;
    let stored = database.store().read(|uow| uow.ingredients().get(id)).unwrap();
    assert_eq!(stored.protein_g, BigDecimal::from_str("13.151").unwrap());
    assert_eq!(stored.salt_g, BigDecimal::from_str("0.016").unwrap());
    assert!(serde_json::from_str::<NewIngredient>(&text.replace("water_g", "ash_g")).is_err());
}

#[test]
fn upserts_at_once_leave_one_current_row_of_each_name() {
    let database = database();
    let store = database.store();
    let mut waited = 0;
    for round in 0..12 {
        let barrier = &Barrier::new(4);
        let answers: Vec<Vec<Upserted>> = thread::scope(|scope| {
            let enter = |writer: i32| {
                move || {
                    // The same names in another order, some there before; the values are the
                    // writer's own.
                    let mut pantry: Vec<_> = (0..20)
                        .map(|nth| new(&format!("{} {nth}", (nth + round) % 25), writer))
                        .collect();
                    if writer % 2 == 0 {
                        pantry.reverse();
                    }
                    let mut entered = false;
                    store
                        .write(|uow| {
                            if !std::mem::replace(&mut entered, true) {
                                barrier.wait();
                            }
                            uow.ingredients().upsert(&pantry)
                        })
                        .unwrap_or_else(|error| panic!("{}", whole(&error)))
                }
            };
            let threads: Vec<_> = (0..4).map(|nth| scope.spawn(enter(8 * round + nth))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(number(store, UNSOUND), 0, "round {round}");
        // Of each name all four were written, one after the other.
        assert!(answers.iter().all(|answer| answer.len() == 20));
        let ids: std::collections::HashSet<_> =
            answers.iter().flatten().map(|one| one.ingredient_id).collect();
        assert_eq!(ids.len(), 80);
        waited += answers
            .iter()
            .flatten()
            .filter(|one| matches!(one.outcome, Outcome::Superseded { old } if ids.contains(&old)))
            .count();
    }
    assert_eq!(waited, 12 * 60);
}

#[test]
fn an_upsert_is_one_statement() {
    let database = database();
    let proxy = FaultProxy::in_front_of(database.url()).unwrap();
    let url = proxy.url_for(database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    upsert(&store, &[new("First", 1)]).unwrap();
    for (count, fat) in [(1, 2), (10, 3), (1_000, 4), (1_000, 4), (1_000, 5)] {
        let pantry: Vec<_> = (0..count).map(|nth| new(&format!("food {nth}"), fat)).collect();
        proxy.set(Fault::None);
        upsert(&store, &pantry).unwrap();
        assert_eq!(proxy.requests(), 3, "{count} ingredients");
    }
}

#[test]
fn a_draft_is_moved_to_the_current_ingredients_by_an_explicit_call() {
    let kitchen = Kitchen::new();
    let (store, user, id) = (kitchen.store(), kitchen.user, kitchen.draft.draft_id);
    let first = upsert(store, &[new("A", 1), new("B", 1), new("C", 1)]).unwrap();
    let [a, b, c] = [0, 1, 2].map(|nth: usize| first[nth].ingredient_id);
    let mut meal = Meal::new(0, "Lunch", "12:00:00".parse().unwrap());
    let lines = [a, b, c, a].map(|of| Line::new(of, 5));
    meal.sections = vec![Section { lines: lines.to_vec(), ..Section::new() }];
    let put = Content { name: "Week".to_owned(), meals: vec![meal] };
    store.write(|uow| uow.meal_plan_drafts(user).put(id, Revision(1), &put)).unwrap();
    let refresh = |at| store.write(|uow| uow.meal_plan_drafts(user).refresh_ingredients(id, at));
    let state = || {
        store.read(|uow| {
            let mut drafts = uow.meal_plan_drafts(user);
            Ok((drafts.get(id)?, drafts.content(id)?))
        })
    };
    let before = state().unwrap();
    assert_eq!(refresh(Revision(2)).unwrap(), Refreshed::Unchanged);
    assert_eq!(state().unwrap(), before);

    // A over two steps, B over one.
    upsert(store, &[new("A", 2), new("B", 2)]).unwrap();
    let newest = upsert(store, &[new("A", 3)]).unwrap()[0].ingredient_id;
    let better = store.read(|uow| uow.ingredients().find_by_name("B")).unwrap().unwrap();
    assert_eq!(state().unwrap(), before, "nothing moves by itself");

    let other = store.write(factory::user).unwrap();
    let errors = store.write(|uow| {
        let stale = uow.meal_plan_drafts(user).refresh_ingredients(id, Revision(1)).unwrap_err();
        let mut theirs = uow.meal_plan_drafts(other);
        let foreign = theirs.refresh_ingredients(id, Revision(2)).unwrap_err();
        Ok((stale, foreign))
    });
    let (stale, foreign) = errors.unwrap();
    assert!(matches!(stale, Error::Stale { .. }) && foreign.is_not_found());
    assert_eq!(state().unwrap(), before);

    let moved = Refreshed::Moved { lines: 3, revision: Revision(3) };
    assert_eq!(refresh(Revision(2)).unwrap(), moved);
    let (draft, after) = state().unwrap();
    assert_eq!(draft.revision, Revision(3));
    let mut expected = put;
    let lines = &mut expected.meals[0].sections[0].lines;
    lines[0].ingredient_id = newest;
    lines[1].ingredient_id = better.ingredient_id;
    lines[3].ingredient_id = newest;
    assert_eq!(after, expected);
    assert_eq!(refresh(Revision(3)).unwrap(), Refreshed::Unchanged);
}

#[test]
fn values_and_used_rows_stay_whatever_sql_says() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    let used = kitchen.ingredients[0];
    let update = store.write(|uow| {
        execute(uow, &format!("UPDATE ingredients SET fat_g = 3 WHERE ingredient_id = {used}"))
    });
    assert!(matches!(update, Err(Error::Immutable { .. })));
    let content = kitchen.content([1, 1, 1, 1]);
    let (id, user) = (kitchen.draft.draft_id, kitchen.user);
    store.write(|uow| uow.meal_plan_drafts(user).put(id, Revision(1), &content)).unwrap();
    let delete = store.write(|uow| {
        execute(uow, &format!("DELETE FROM ingredients WHERE ingredient_id = {used}"))
    });
    assert!(matches!(delete, Err(Error::Constraint { .. })));
}
