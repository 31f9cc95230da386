//! Two contents that were made of the same one.

use std::time::{Duration, Instant};

use bigdecimal::BigDecimal;
use planwright::meal_planning::{
    Conflict, ConflictKey, Content, Field, IngredientId, Line, Meal, Parent, Resolutions, RowId,
    Section, Side, Value, factory, merge, merge_with,
};

use super::diff::{at, week};
use super::edits::in_days;

fn sides() -> [Content; 3] {
    let base = week();
    [base.clone(), base.clone(), base]
}

fn whole(base: &Content, mine: &Content, theirs: &Content) -> Content {
    let merged = merge(base, mine, theirs);
    assert_eq!(merged.conflicts, []);
    merged.content
}

/// The only conflict, and what becomes of it when either side holds.
fn one(base: &Content, mine: &Content, theirs: &Content) -> (Conflict, [Content; 2]) {
    let preview = merge(base, mine, theirs);
    assert_eq!(preview.conflicts.len(), 1, "{:?}", preview.conflicts);
    let contents = [Side::Mine, Side::Theirs].map(|side| {
        let answers = Resolutions::all(&preview.conflicts, side);
        let merged = merge_with(base, mine, theirs, &answers);
        assert_eq!(merged.conflicts, []);
        merged.content
    });
    assert_eq!(preview.content, contents[0], "the preview shows mine");
    (preview.conflicts.into_iter().next().unwrap(), contents)
}

fn names(content: &Content) -> Vec<&str> {
    content.meals.iter().map(|meal| meal.name.as_str()).collect()
}

#[test]
fn fields_of_one_row_come_from_both() {
    let [base, mut mine, mut theirs] = sides();
    mine.name = "Mine".to_owned();
    mine.meals[0].sections[0].lines[0].quantity_g = 11.into();
    theirs.meals[0].sections[0].lines[0].ingredient_id = IngredientId(9);
    theirs.meals[0].sections[0].lines[1].quantity_g = "20.000".parse().unwrap();
    let merged = whole(&base, &mine, &theirs);
    let line = &merged.meals[0].sections[0].lines[0];
    assert_eq!((line.ingredient_id, &line.quantity_g), (IngredientId(9), &11.into()));
    assert_eq!(merged.name, "Mine");
}

#[test]
fn a_field_with_two_new_values_is_a_conflict() {
    let [base, mut mine, mut theirs] = sides();
    mine.meals[1].day = 2;
    theirs.meals[1].day = 3;
    let (conflict, [mines, theirss]) = one(&base, &mine, &theirs);
    let expected = Conflict::Field {
        row: RowId::Meal(base.meals[1].id),
        field: Field::Parent,
        base: Some(Value::Parent(Parent::Day(0))),
        mine: Value::Parent(Parent::Day(2)),
        theirs: Value::Parent(Parent::Day(3)),
        told: "day 0, Lunch: parent is day 2 in mine, day 3 in theirs".to_owned(),
    };
    assert_eq!(conflict, expected);
    in_days(&mut mine);
    in_days(&mut theirs);
    assert_eq!((mines, theirss), (mine, theirs));

    // A row that both have added: there is no base.
    let (mut mine, mut theirs) = (base.clone(), base.clone());
    let mut meal = Meal::new(5, "Tea", at(16));
    mine.meals.push(meal.clone());
    theirs.meals.push(meal.clone());
    assert_eq!(whole(&base, &mine, &theirs), mine);
    meal.meal_time = at(17);
    theirs.meals[4] = meal;
    let (conflict, [mines, theirss]) = one(&base, &mine, &theirs);
    assert!(matches!(conflict, Conflict::Field { field: Field::MealTime, base: None, .. }));
    assert_eq!((mines, theirss), (mine, theirs));
}

#[test]
fn what_one_side_removed_and_the_other_left_alone_is_gone() {
    let [base, mut mine, mut theirs] = sides();
    mine.meals.remove(0);
    theirs.meals[1].name = "Brunch".to_owned();
    assert_eq!(names(&whole(&base, &mine, &theirs)), ["Brunch", "Dinner", "Dinner"]);
    // Theirs has removed a part of it, or put it elsewhere in its day.
    theirs.meals[0].sections[0].lines.remove(0);
    theirs.meals.swap(0, 1);
    assert_eq!(names(&whole(&base, &mine, &theirs)), ["Brunch", "Dinner", "Dinner"]);
}

#[test]
fn what_one_side_removed_and_the_other_changed_is_one_conflict() {
    let [base, mut mine, _] = sides();
    mine.meals.remove(0);
    let breakfast = RowId::Meal(base.meals[0].id);
    let porridge = RowId::Section(base.meals[0].sections[0].id);
    let lines: Vec<_> =
        base.meals[0].sections[0].lines.iter().map(|line| RowId::Line(line.id)).collect();
    let new = Line::new(IngredientId(1), 1);
    let added = RowId::Line(new.id);
    type Change<'a> = &'a dyn Fn(&mut Content);
    let changes: [(Change<'_>, Vec<RowId>); 5] = [
        (&|theirs| theirs.meals[0].meal_time = at(9), vec![breakfast]),
        (&|theirs| theirs.meals[0].sections[0].name = None, vec![porridge]),
        (&|theirs| theirs.meals[0].sections[0].lines[2].quantity_g = 1.into(), vec![lines[2]]),
        (&|theirs| theirs.meals[0].sections[0].lines.swap(1, 2), vec![porridge]),
        (&|theirs| theirs.meals[0].sections[0].lines.push(new.clone()), vec![added]),
    ];
    for (change, touched) in changes {
        let mut theirs = base.clone();
        change(&mut theirs);
        let (conflict, contents) = one(&base, &mine, &theirs);
        let told = conflict.to_string();
        assert_eq!(conflict, Conflict::Removed { row: breakfast, by: Side::Mine, touched, told });
        assert_eq!(contents, [mine.clone(), theirs]);
    }
}

#[test]
fn what_was_put_into_something_new_in_a_removed_meal_is_no_conflict_of_its_own() {
    let [base, mut mine, mut theirs] = sides();
    mine.meals.remove(0);
    let mut topping = Section::named("Topping");
    topping.lines.push(theirs.meals[0].sections[0].lines.remove(0));
    theirs.meals[0].sections.push(topping);
    let (conflict, contents) = one(&base, &mine, &theirs);
    assert_eq!(conflict.key(), ConflictKey::Removed(RowId::Meal(base.meals[0].id)));
    assert_eq!(contents, [mine, theirs]);
}

#[test]
fn what_was_moved_out_of_a_removed_meal_stays_where_it_is() {
    let [base, mut mine, mut theirs] = sides();
    let porridge = mine.meals.remove(0).sections.remove(0);
    mine.meals[0].sections.push(porridge);
    theirs.meals[0].sections[0].lines[0].quantity_g = 99.into();
    let merged = whole(&base, &mine, &theirs);
    assert_eq!(names(&merged), ["Lunch", "Dinner", "Dinner"]);
    assert_eq!(merged.meals[0].sections[0].lines[0].quantity_g, BigDecimal::from(99));
}

#[test]
fn what_was_moved_into_a_removed_meal_makes_a_conflict_and_stays_either_way() {
    let [base, mut mine, mut theirs] = sides();
    mine.meals.remove(1);
    let porridge = theirs.meals[0].sections.remove(0);
    theirs.meals[1].sections.push(porridge);
    let (conflict, contents) = one(&base, &mine, &theirs);
    let row = RowId::Meal(base.meals[1].id);
    let touched = vec![RowId::Section(base.meals[0].sections[0].id)];
    let told = conflict.to_string();
    assert_eq!(conflict, Conflict::Removed { row, by: Side::Mine, touched, told });
    assert_eq!(contents, [mine, theirs]);
}

#[test]
fn what_only_a_removed_meal_could_take_back_keeps_it_in_question() {
    // Mine moves the porridge to lunch and removes breakfast, theirs removes lunch.
    let [base, mut mine, mut theirs] = sides();
    let porridge = mine.meals.remove(0).sections.remove(0);
    mine.meals[0].sections.push(porridge);
    theirs.meals.remove(1);
    let conflicts = merge(&base, &mine, &theirs).conflicts;
    let (breakfast, lunch) = (RowId::Meal(base.meals[0].id), RowId::Meal(base.meals[1].id));
    let keys: Vec<_> = conflicts.iter().map(Conflict::key).collect();
    assert_eq!(keys, [ConflictKey::Removed(breakfast), ConflictKey::Removed(lunch)]);
    for (side, content) in [(Side::Mine, &mine), (Side::Theirs, &theirs)] {
        let answers = Resolutions::all(&conflicts, side);
        assert_eq!(&merge_with(&base, &mine, &theirs, &answers).content, content);
    }
    // Both removals: then it has no place. Neither: it is where mine has put it.
    let sections = |answers: [Side; 2]| -> usize {
        let answers: Resolutions = keys.iter().copied().zip(answers).collect();
        let merged = merge_with(&base, &mine, &theirs, &answers);
        assert_eq!(merged.conflicts, []);
        merged.content.meals.iter().map(|meal| meal.sections.len()).sum()
    };
    assert_eq!(sections([Side::Mine, Side::Theirs]), 0);
    assert_eq!(sections([Side::Theirs, Side::Mine]), 2);
}

#[test]
fn one_sides_order_takes_in_what_the_other_added() {
    let [base, mut mine, mut theirs] = sides();
    theirs.meals[..3].reverse();
    theirs.meals.insert(1, Meal::new(0, "Theirs", at(16)));
    mine.meals.insert(1, Meal::new(0, "Elevenses", at(11)));
    mine.meals.insert(0, Meal::new(0, "Early", at(6)));
    let merged = whole(&base, &mine, &theirs);
    let expected = ["Early", "Dinner", "Theirs", "Lunch", "Breakfast", "Elevenses", "Dinner"];
    assert_eq!(names(&merged), expected);
    // The other way round it is the same but for who comes first at one place.
    assert_eq!(names(&whole(&base, &theirs, &mine)), expected);
}

#[test]
fn two_orders_are_a_conflict() {
    let [base, mut mine, mut theirs] = sides();
    mine.meals.swap(0, 1);
    mine.meals.push(Meal::new(1, "Supper", at(21)));
    theirs.meals.swap(1, 2);
    theirs.meals.insert(3, Meal::new(0, "Theirs", at(20)));
    let (conflict, [mines, theirss]) = one(&base, &mine, &theirs);
    let ids = |order: [usize; 3]| order.map(|nth| RowId::Meal(base.meals[nth].id)).to_vec();
    let expected = Conflict::Order {
        parent: Parent::Day(0),
        mine: ids([1, 0, 2]),
        theirs: ids([0, 2, 1]),
        told: "day 0: another order in mine and in theirs".to_owned(),
    };
    assert_eq!(conflict, expected);
    assert_eq!(names(&mines), ["Lunch", "Theirs", "Breakfast", "Dinner", "Dinner", "Supper"]);
    assert_eq!(names(&theirss), ["Breakfast", "Dinner", "Lunch", "Theirs", "Dinner", "Supper"]);
}

#[test]
fn what_both_put_in_the_same_place_is_no_other_order() {
    let [base, mut mine, mut theirs] = sides();
    // As when a meal is taken over from the other side with its key.
    let tea = Meal::new(0, "Tea", at(16));
    mine.meals.insert(2, tea.clone());
    theirs.meals.insert(2, tea.clone());
    theirs.meals.swap(0, 1);
    let expected = ["Lunch", "Breakfast", "Tea", "Dinner", "Dinner"];
    assert_eq!(names(&whole(&base, &mine, &theirs)), expected);
    assert_eq!(names(&whole(&base, &theirs, &mine)), expected);
    // Its place is another one among the rest: before Dinner, and behind it.
    theirs.meals.swap(2, 3);
    one(&base, &mine, &theirs);
    // The same number of meals stands before it, but others.
    theirs = base.clone();
    theirs.meals.insert(2, tea);
    theirs.meals.swap(1, 3);
    assert_eq!(names(&theirs)[..4], ["Breakfast", "Dinner", "Tea", "Lunch"]);
    one(&base, &mine, &theirs);
}

#[test]
fn what_a_commit_refuses_is_no_conflict() {
    let [base, mut mine, mut theirs] = sides();
    mine.meals.push(Meal::new(2, "Tea", at(16)));
    theirs.meals.push(Meal::new(2, "Tea", at(16)));
    assert_eq!(names(&whole(&base, &mine, &theirs))[4..], ["Tea", "Tea"]);
}

#[test]
fn answers_are_taken_by_their_key_alone() {
    let [base, mut mine, mut theirs] = sides();
    mine.meals[0].name = "Mine".to_owned();
    theirs.meals[0].name = "Theirs".to_owned();
    mine.meals[1].sections.push(Section::new());
    let (conflict, _) = one(&base, &mine, &theirs);
    let key = conflict.key();
    // One to nothing is ignored, and the last one holds.
    let mut answers = Resolutions::from_iter([(ConflictKey::Order(Parent::Day(0)), Side::Theirs)]);
    assert_eq!(merge_with(&base, &mine, &theirs, &answers).conflicts, [conflict]);
    answers.answer(key, Side::Mine);
    answers.answer(key, Side::Theirs);
    let merged = merge_with(&base, &mine, &theirs, &answers);
    assert_eq!((merged.conflicts.len(), names(&merged.content)[0]), (0, "Theirs"));
    // They travel as JSON.
    let json = serde_json::to_string(&answers).unwrap();
    assert_eq!(serde_json::from_str::<Resolutions>(&json).unwrap(), answers);
    let pair = format!(r#"[{{"field":[{{"meal":"{}"}},"name"]}},"theirs"]"#, base.meals[0].id);
    assert!(json.contains(&pair), "{json}");
}

#[test]
fn a_person_reads_what_contradicts_each_other_by_names() {
    let [base, mut mine, mut theirs] = sides();
    let line = mine.meals[0].sections[0].lines.remove(0);
    mine.meals[0].sections[1].lines.push(line);
    let line = theirs.meals[0].sections[0].lines.remove(0);
    theirs.meals[1].sections.push(Section::named("Sauce"));
    theirs.meals[1].sections[0].lines.push(line);
    mine.meals.remove(2);
    theirs.meals[2].name = "Feast".to_owned();
    mine.meals[0].sections[0].lines.rotate_left(1);
    theirs.meals[0].sections[0].lines.swap(1, 2);
    theirs.meals.remove(3);
    mine.meals[2].sections.push(Section::named("Soup"));
    let mut told: Vec<_> =
        merge(&base, &mine, &theirs).conflicts.iter().map(ToString::to_string).collect();
    told.sort();
    assert_eq!(
        told,
        [
            "day 0, Breakfast, Porridge, ingredient 1: parent is day 0, Breakfast, section 1 in \
             mine, day 0, Lunch, Sauce in theirs",
            "day 0, Breakfast, Porridge: another order in mine and in theirs",
            "day 0, Feast was removed in mine, and changed in theirs",
            "day 1, Dinner was removed in theirs, and changed in mine: day 1, Dinner, Soup",
        ]
    );
}

#[test]
fn a_year_is_merged_in_no_time() {
    let ingredients: Vec<_> = (1..=50).map(IngredientId).collect();
    // As many rows in one list, and as many removed at once.
    for size in [[365, 6, 3, 5], [1, 1, 1, 37_000]] {
        let base = factory::content("Year", size, &ingredients);
        let (mut mine, mut theirs, mut none) = (base.clone(), base.clone(), base.clone());
        for (nth, meal) in theirs.meals.iter_mut().enumerate() {
            for section in &mut meal.sections {
                section.lines.reverse();
                section.lines[0].quantity_g = 7.into();
            }
            mine.meals[nth].sections.iter_mut().for_each(|section| section.lines.rotate_left(1));
        }
        none.meals.iter_mut().for_each(|meal| meal.sections.clear());
        let start = Instant::now();
        let lists = base.meals.iter().map(|meal| meal.sections.len()).sum::<usize>();
        assert_eq!(merge(&base, &mine, &theirs).conflicts.len(), lists);
        assert_eq!(merge(&base, &none, &theirs).conflicts.len(), lists);
        // Some seconds without optimisation on a busy machine; squares of rows would be minutes.
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
