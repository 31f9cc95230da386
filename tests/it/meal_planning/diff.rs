//! What one content has that another has not.

use std::time::{Duration, Instant};

use bigdecimal::BigDecimal;
use chrono::NaiveTime;
use planwright::meal_planning::{
    Content, Field, IngredientId, Line, Meal, Parent, RowId, Section, Value, What, diff,
};

pub(super) fn at(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap()
}

/// Breakfast of a porridge and a nameless section, and lunch and dinner; dinner of the next day.
pub(super) fn week() -> Content {
    let mut breakfast = Meal::new(0, "Breakfast", at(8));
    let mut porridge = Section::named("Porridge");
    porridge.lines = (1..=4).map(|n| Line::new(IngredientId(n), 10 * n)).collect();
    breakfast.sections = vec![porridge, Section::new()];
    let meals = vec![
        breakfast,
        Meal::new(0, "Lunch", at(12)),
        Meal::new(0, "Dinner", at(18)),
        Meal::new(1, "Dinner", at(18)),
    ];
    Content { name: "Week".to_owned(), meals }
}

#[test]
fn a_person_reads_every_kind_of_difference() {
    let before = week();
    let mut after = before.clone();
    after.name = "Holiday\u{1b}[2J".to_owned();
    let lines = &mut after.meals[0].sections[0].lines;
    lines[0].quantity_g = "12.50".parse().unwrap();
    lines[1].ingredient_id = IngredientId(9);
    lines.remove(3);
    lines.rotate_right(1);
    let line = Line::new(IngredientId(7), BigDecimal::from(100));
    after.meals[0].sections[1].lines.push(line);
    let moved = after.meals[0].sections.remove(0);
    after.meals[1].sections.push(moved);
    after.meals[0].sections[0].name = Some("Side".to_owned());
    after.meals[2].day = 1;
    after.meals.swap(2, 3);
    after.meals[1].meal_time = at(13);
    after.meals.push(Meal::new(4, "Feast", at(20)));
    let expected = "\
~ plan: name from \"Week\" to \"Holiday\\u{1b}[2J\"
~ day 0, Breakfast, section 1: name from no name to \"Side\"
+ day 0, Breakfast, Side, ingredient 7: 100 g
~ day 0, Lunch: meal_time from 12:00:00 to 13:00:00
> day 0, Breakfast, Porridge: to day 0, Lunch, Porridge
> day 0, Lunch, Porridge, ingredient 3: to place 0
~ day 0, Breakfast, Porridge, ingredient 1: quantity_g from 10 g to 12.5 g
~ day 0, Breakfast, Porridge, ingredient 2: ingredient_id from ingredient 2 to ingredient 9
> day 0, Dinner: to day 1, Dinner
+ day 4, Feast: at 20:00:00
- day 0, Breakfast, Porridge, ingredient 4: 40 g
";
    assert_eq!(diff(&before, &after).to_string(), expected);
}

#[test]
fn what_others_pushed_aside_has_not_moved() {
    let before = week();
    let mut after = before.clone();
    after.meals.insert(0, Meal::new(0, "Early", at(6)));
    after.meals[1].sections[0].lines.rotate_left(1);
    let moved: Vec<_> = diff(&before, &after)
        .differences
        .into_iter()
        .filter(|difference| matches!(difference.what, What::Moved { .. }))
        .map(|difference| difference.row)
        .collect();
    assert_eq!(moved, [RowId::Line(before.meals[0].sections[0].lines[0].id)]);
}

#[test]
fn quantities_are_compared_as_they_are_stored() {
    let mut before = week();
    before.meals[0].sections[0].lines[0].quantity_g = "1.5".parse().unwrap();
    for (quantity, equal) in [("1.50", true), ("1.5001", true), ("1.5005", false)] {
        let mut after = before.clone();
        after.meals[0].sections[0].lines[0].quantity_g = quantity.parse().unwrap();
        let differences = diff(&before, &after).differences;
        assert_eq!(differences.is_empty(), equal, "{quantity}: {differences:?}");
        if !equal {
            let expected = What::Changed {
                field: Field::QuantityG,
                before: Value::QuantityG("1.5".parse().unwrap()),
                after: Value::QuantityG("1.501".parse().unwrap()),
            };
            assert_eq!(differences[0].what, expected);
        }
    }
}

#[test]
fn programs_read_a_diff_as_json() {
    let before = week();
    let mut after = before.clone();
    after.meals[0].sections[0].lines[0].quantity_g = 12.into();
    after.meals[3].day = 2;
    let json = serde_json::to_value(diff(&before, &after)).unwrap();
    let expected = serde_json::json!({ "differences": [
        {
            "row": { "line": before.meals[0].sections[0].lines[0].id },
            "before": "day 0, Breakfast, Porridge, ingredient 1",
            "after": "day 0, Breakfast, Porridge, ingredient 1",
            "what": { "changed": { "field": "quantity_g", "before": "10.000", "after": "12.000" } },
        },
        {
            "row": { "meal": before.meals[3].id },
            "before": "day 1, Dinner",
            "after": "day 2, Dinner",
            "what": { "moved": { "from": { "day": 1 }, "to": { "day": 2 }, "place": 0 } },
        },
    ]});
    assert_eq!(json, expected);
}

#[test]
fn content_that_no_draft_takes_is_compared_all_the_same() {
    let mut twice = week();
    twice.meals.push(twice.meals[0].clone());
    twice.meals[4].day = 3;
    assert!(diff(&week(), &twice).differences.len() > 1);
    assert!(diff(&twice, &twice).is_empty());
    assert!(
        diff(&twice, &Content { meals: twice.meals[..4].to_vec(), ..twice.clone() }).is_empty()
    );

    let mut huge = week();
    huge.meals[0].sections[0].lines[0].quantity_g = "1e1000000000".parse().unwrap();
    let diff = diff(&week(), &huge);
    assert!(diff.to_string().len() < 10_000);
}

#[test]
fn a_year_is_compared_in_no_time() {
    let ingredients: Vec<_> = (1..=50).map(IngredientId).collect();
    let before = planwright::meal_planning::factory::content("Year", [365, 6, 3, 5], &ingredients);
    let mut after = before.clone();
    after.meals.reverse();
    after.meals.sort_by_key(|meal| meal.day);
    let start = Instant::now();
    // Of the six meals of a day all but one have moved.
    assert_eq!(diff(&before, &after).differences.len(), 365 * 5);
    // Seconds without optimisation on a busy machine; squares of rows would be minutes.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    let parents = diff(&before, &after).differences.into_iter().map(|d| d.what);
    assert!(parents.into_iter().all(|what| {
        matches!(what, What::Moved { from: Parent::Day(from), to: Parent::Day(to), .. } if from == to)
    }));
}
