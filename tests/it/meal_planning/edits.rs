//! Random contents, and random edits of them that keep keys.

use chrono::NaiveTime;
use planwright::meal_planning::{
    Content, IngredientId, Line, LineId, Meal, MealId, Section, SectionId,
};
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestRunner};
use uuid::Uuid;

/// Which of what there is, round and round.
type Pick = usize;

/// Names, times and quantities are few, so that both sides sometimes choose the same.
type Few = u8;

#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Rename(Few),
    AddMeal { day: i32, at: Pick, shared: bool },
    RemoveMeal(Pick),
    MoveMeal { meal: Pick, day: i32, at: Pick },
    NameMeal(Pick, Few),
    TimeMeal(Pick, Few),
    AddSection { meal: Pick, at: Pick },
    RemoveSection(Pick),
    MoveSection { section: Pick, meal: Pick, at: Pick },
    NameSection(Pick, Few),
    AddLine { section: Pick, at: Pick },
    RemoveLine(Pick),
    MoveLine { line: Pick, section: Pick, at: Pick },
    Ingredient(Pick, Few),
    Quantity(Pick, Few),
}

pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    proptest::collection::vec(edit(), 0..6)
}

fn edit() -> impl Strategy<Value = Edit> {
    let pick = || 0_usize..16;
    let few = || 0_u8..4;
    let day = || 0_i32..3;
    prop_oneof![
        1 => few().prop_map(Edit::Rename),
        2 => (day(), pick(), proptest::bool::weighted(0.2))
            .prop_map(|(day, at, shared)| Edit::AddMeal { day, at, shared }),
        2 => pick().prop_map(Edit::RemoveMeal),
        3 => (pick(), day(), pick()).prop_map(|(meal, day, at)| Edit::MoveMeal { meal, day, at }),
        1 => (pick(), few()).prop_map(|(meal, name)| Edit::NameMeal(meal, name)),
        1 => (pick(), few()).prop_map(|(meal, time)| Edit::TimeMeal(meal, time)),
        2 => (pick(), pick()).prop_map(|(meal, at)| Edit::AddSection { meal, at }),
        2 => pick().prop_map(Edit::RemoveSection),
        4 => (pick(), pick(), pick())
            .prop_map(|(section, meal, at)| Edit::MoveSection { section, meal, at }),
        1 => (pick(), few()).prop_map(|(section, name)| Edit::NameSection(section, name)),
        2 => (pick(), pick()).prop_map(|(section, at)| Edit::AddLine { section, at }),
        2 => pick().prop_map(Edit::RemoveLine),
        4 => (pick(), pick(), pick())
            .prop_map(|(line, section, at)| Edit::MoveLine { line, section, at }),
        1 => (pick(), few()).prop_map(|(line, ingredient)| Edit::Ingredient(line, ingredient)),
        2 => (pick(), few()).prop_map(|(line, quantity)| Edit::Quantity(line, quantity)),
    ]
}

/// Few meals of few sections of few lines, on up to three days, sometimes none.
pub(crate) fn content() -> impl Strategy<Value = Content> {
    let lines = || proptest::collection::vec(0_u8..4, 0..4);
    let sections = proptest::collection::vec(lines(), 0..3);
    proptest::collection::vec((0_i32..3, sections), 0..5).prop_map(|meals| {
        let mut keys = Keys::new(1);
        let mut content = Content { name: "Week".to_owned(), meals: Vec::new() };
        for (day, sections) in meals {
            let mut meal = meal(&mut keys, day);
            for lines in sections {
                let mut section = section(&mut keys);
                section.lines = lines.into_iter().map(|few| line(&mut keys, few)).collect();
                meal.sections.push(section);
            }
            content.meals.push(meal);
        }
        in_days(&mut content);
        content
    })
}

/// Keys from a range of one side.
pub(crate) struct Keys(u128);

impl Keys {
    pub(crate) fn new(side: u128) -> Self {
        Self(side * 1_000)
    }

    fn next(&mut self) -> Uuid {
        self.0 += 1;
        Uuid::from_u128(self.0)
    }
}

fn meal(keys: &mut Keys, day: i32) -> Meal {
    let id = MealId(keys.next());
    Meal { id, day, name: "Meal".to_owned(), meal_time: time(0), sections: Vec::new() }
}

fn section(keys: &mut Keys) -> Section {
    Section { id: SectionId(keys.next()), name: None, lines: Vec::new() }
}

fn line(keys: &mut Keys, few: Few) -> Line {
    Line { id: LineId(keys.next()), ..Line::new(IngredientId(i64::from(few)), 100) }
}

fn time(few: Few) -> NaiveTime {
    NaiveTime::from_hms_opt(12 + u32::from(few), 0, 0).unwrap()
}

/// The order of days, in which contents are read.
pub(crate) fn in_days(content: &mut Content) {
    content.meals.sort_by_key(|meal| meal.day);
}

/// Does all of it, with new keys from the range of a side.
pub(crate) fn edited(content: &Content, edits: &[Edit], side: u128) -> Content {
    let mut content = content.clone();
    let mut keys = Keys::new(side);
    for edit in edits {
        apply(&mut content, edit, &mut keys);
        in_days(&mut content);
    }
    content
}

fn apply(content: &mut Content, edit: &Edit, keys: &mut Keys) {
    match *edit {
        Edit::Rename(few) => content.name = format!("Week {few}"),
        Edit::AddMeal { day, at, shared } => {
            // Both sides can add this one.
            let id = MealId(Uuid::from_u128(999_000));
            let mut meal = meal(keys, day);
            if shared && content.meals.iter().all(|other| other.id != id) {
                meal.id = id;
            }
            insert_meal(content, meal, at);
        }
        Edit::RemoveMeal(nth) => drop(take_meal(content, nth)),
        Edit::MoveMeal { meal, day, at } => {
            if let Some(mut meal) = take_meal(content, meal) {
                meal.day = day;
                insert_meal(content, meal, at);
            }
        }
        Edit::NameMeal(nth, few) => {
            picked(&mut content.meals, nth, |meal| meal.name = format!("Meal {few}"));
        }
        Edit::TimeMeal(nth, few) => {
            picked(&mut content.meals, nth, |meal| meal.meal_time = time(few));
        }
        Edit::AddSection { meal, at } => {
            let section = section(keys);
            picked(&mut content.meals, meal, |meal| insert(&mut meal.sections, section, at));
        }
        Edit::RemoveSection(nth) => drop(take_section(content, nth)),
        Edit::MoveSection { section, meal, at } => {
            if let Some(section) = take_section(content, section) {
                picked(&mut content.meals, meal, |meal| insert(&mut meal.sections, section, at));
            }
        }
        Edit::NameSection(nth, few) => {
            let name = (few > 0).then(|| format!("Section {few}"));
            picked(sections(content), nth, |section| section.name = name);
        }
        Edit::AddLine { section, at } => {
            let line = line(keys, 0);
            picked(sections(content), section, |section| insert(&mut section.lines, line, at));
        }
        Edit::RemoveLine(nth) => drop(take_line(content, nth)),
        Edit::MoveLine { line, section, at } => {
            if let Some(line) = take_line(content, line) {
                picked(sections(content), section, |section| {
                    insert(&mut section.lines, line, at);
                });
            }
        }
        Edit::Ingredient(nth, few) => {
            picked(lines(content), nth, |line| line.ingredient_id = IngredientId(few.into()));
        }
        // 100.0, 100.50, 101.00, …: some equal 100.
        Edit::Quantity(nth, few) => {
            let quantity = format!("{}.{}0", 100 + few / 2, 5 * (few % 2));
            picked(lines(content), nth, |line| line.quantity_g = quantity.parse().unwrap());
        }
    }
}

fn picked<'a, T: 'a>(
    of: impl IntoIterator<Item = &'a mut T>,
    nth: Pick,
    change: impl FnOnce(&'a mut T),
) {
    let mut all: Vec<&mut T> = of.into_iter().collect();
    if !all.is_empty() {
        let nth = nth % all.len();
        change(all.swap_remove(nth));
    }
}

fn sections(content: &mut Content) -> impl Iterator<Item = &mut Section> {
    content.meals.iter_mut().flat_map(|meal| &mut meal.sections)
}

fn lines(content: &mut Content) -> impl Iterator<Item = &mut Line> {
    sections(content).flat_map(|section| &mut section.lines)
}

fn insert<T>(into: &mut Vec<T>, item: T, at: Pick) {
    into.insert(at % (into.len() + 1), item);
}

/// At a place of its day.
fn insert_meal(content: &mut Content, meal: Meal, at: Pick) {
    let day = content.meals.iter().position(|other| other.day >= meal.day);
    let first = day.unwrap_or(content.meals.len());
    let count = content.meals.iter().filter(|other| other.day == meal.day).count();
    content.meals.insert(first + at % (count + 1), meal);
}

fn take_meal(content: &mut Content, nth: Pick) -> Option<Meal> {
    let count = content.meals.len();
    (count > 0).then(|| content.meals.remove(nth % count))
}

fn take_section(content: &mut Content, nth: Pick) -> Option<Section> {
    let count = sections(content).count();
    let id = sections(content).nth(nth.checked_rem(count)?)?.id;
    content.meals.iter_mut().find_map(|meal| {
        let nth = meal.sections.iter().position(|section| section.id == id)?;
        Some(meal.sections.remove(nth))
    })
}

fn take_line(content: &mut Content, nth: Pick) -> Option<Line> {
    let count = lines(content).count();
    let id = lines(content).nth(nth.checked_rem(count)?)?.id;
    sections(content).find_map(|section| {
        let nth = section.lines.iter().position(|line| line.id == id)?;
        Some(section.lines.remove(nth))
    })
}

/// Tries a law on many values. What breaks it is kept, and tried first from then on.
pub(crate) fn law<S: Strategy>(of: S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let seeds = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/meal_planning/edits.regressions");
    let config = ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    TestRunner::new(config).run(&of, law).unwrap();
}
