//! Edits of a draft: what they refuse, what they say, and how often they ask the server.

use std::str::FromStr;
use std::sync::Barrier;
use std::thread;

use bigdecimal::BigDecimal;
use chrono::NaiveTime;
use planwright::meal_planning::{
    At, Content, DraftRepository, IngredientId, Line, LineId, Meal, MealId, Revision, Section,
    SectionId, factory,
};
use planwright::testing::{Fault, FaultProxy};
use planwright::{ConstraintKind, Error, Result, Store, StoreOptions};

use super::Kitchen;
use crate::support::number;

const HOSTILE: [&str; 6] = [
    "'; DROP TABLE draft_meals; --",
    "\"\\' $1 $2 %s {}",
    "日本語 👩‍🍳🍲 é e\u{301}",
    "\u{202e}tfel ot thgir",
    "line\nbreak\ttab",
    "NULL",
];

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

fn decimal(text: &str) -> BigDecimal {
    BigDecimal::from_str(text).unwrap()
}

impl Kitchen {
    /// One edit of the first draft at its present revision, in a unit of its own.
    fn edit<T>(&self, edit: impl Fn(&mut DraftRepository<'_>, Revision) -> Result<T>) -> Result<T> {
        self.store().write(|uow| {
            let mut drafts = uow.meal_plan_drafts(self.user);
            let revision = drafts.get(self.draft.draft_id)?.revision;
            edit(&mut drafts, revision)
        })
    }

    fn stored(&self) -> Content {
        let id = self.draft.draft_id;
        self.store().read(|uow| uow.meal_plan_drafts(self.user).content(id)).unwrap()
    }

    fn start(&self, size: [i32; 4]) -> Content {
        let content = self.content(size);
        self.edit(|drafts, at| drafts.put(self.draft.draft_id, at, &content)).unwrap();
        content
    }
}

#[test]
fn texts_are_stored_as_they_are() {
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let longest = "🍲".repeat(100);
    for name in HOSTILE.into_iter().chain([longest.as_str()]) {
        kitchen.start([1, 1, 1, 1]);
        let before = kitchen.stored();
        let (meal, section) = (before.meals[0].id, before.meals[0].sections[0].id);
        let mut new = Meal::new(0, name, time("00:00:00"));
        new.sections.push(Section::named(name));
        kitchen.edit(|drafts, at| drafts.rename(id, at, name)).unwrap();
        kitchen.edit(|drafts, at| drafts.add_meal(id, at, &new, At::End)).unwrap();
        kitchen
            .edit(|drafts, at| drafts.update_meal(id, at, meal, name, time("23:59:59.999999")))
            .unwrap();
        kitchen.edit(|drafts, at| drafts.update_section(id, at, section, Some(name))).unwrap();
        let after = kitchen.stored();
        assert_eq!(after.name, name);
        assert_eq!(after.meals[0].name, name);
        assert_eq!(after.meals[0].meal_time, time("23:59:59.999999"));
        assert_eq!(after.meals[0].sections[0].name.as_deref(), Some(name));
        assert_eq!(after.meals[1], new);
    }
}

/// The entity and field that are refused, in a unit that stores nothing and goes on.
fn refused<T: std::fmt::Debug>(answer: Result<T>) -> (&'static str, String) {
    match answer {
        Err(Error::Invalid { entity, field, .. }) => (entity, field),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_breaks_a_rule_is_refused_with_its_field() {
    const MEAL: &str = "meal_planning::Meal";
    const SECTION: &str = "meal_planning::Section";
    const LINE: &str = "meal_planning::Line";
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let start = kitchen.start([1, 1, 1, 1]);
    let meal = &start.meals[0];
    let section = &meal.sections[0];
    let line = &section.lines[0];
    let long = "x".repeat(101);
    let huge = "x".repeat(10 << 20);
    for name in ["", "  ", "a\0b", &long, &huge] {
        let rename = kitchen.edit(|drafts, at| drafts.rename(id, at, name));
        assert_eq!(refused(rename), ("meal_planning::Draft", "name".to_owned()));
        let update =
            kitchen.edit(|drafts, at| drafts.update_meal(id, at, meal.id, name, meal.meal_time));
        assert_eq!(refused(update), (MEAL, "name".to_owned()));
        let update =
            kitchen.edit(|drafts, at| drafts.update_section(id, at, section.id, Some(name)));
        assert_eq!(refused(update), (SECTION, "name".to_owned()));

        let mut new = Meal::new(0, "Supper", time("21:00:00"));
        new.sections = vec![Section::new(), Section::named(name)];
        let add = kitchen.edit(|drafts, at| drafts.add_meal(id, at, &new, At::End));
        assert_eq!(refused(add), (SECTION, "sections[1].name".to_owned()));
        let put = kitchen.edit(|drafts, at| drafts.put_meal(id, at, &new));
        assert_eq!(refused(put), (SECTION, "sections[1].name".to_owned()));
        let both = [meal.clone(), new.clone()];
        let put = kitchen.edit(|drafts, at| drafts.put_meals(id, at, &both));
        assert_eq!(refused(put), (SECTION, "meals[1].sections[1].name".to_owned()));
        let add = kitchen
            .edit(|drafts, at| drafts.add_section(id, at, meal.id, &new.sections[1], At::End));
        assert_eq!(refused(add), (SECTION, "name".to_owned()));
    }
    // A leap second, and half a microsecond.
    let leap = NaiveTime::from_hms_micro_opt(23, 59, 59, 1_000_000).unwrap();
    let half = NaiveTime::from_hms_nano_opt(12, 0, 0, 500).unwrap();
    for wrong in [leap, half] {
        let update = kitchen.edit(|drafts, at| drafts.update_meal(id, at, meal.id, "x", wrong));
        assert_eq!(refused(update), (MEAL, "meal_time".to_owned()));
        let new = Meal::new(0, "Supper", wrong);
        let add = kitchen.edit(|drafts, at| drafts.add_meal(id, at, &new, At::End));
        assert_eq!(refused(add), (MEAL, "meal_time".to_owned()));
    }
    // 24:00 is none of chrono's times, so it is refused where the input is read.
    assert!(serde_json::from_str::<NaiveTime>("\"24:00:00\"").is_err());
    for day in [-1, 10_000, i32::MIN, i32::MAX] {
        let moved = kitchen.edit(|drafts, at| drafts.move_meal(id, at, meal.id, day, At::End));
        assert_eq!(refused(moved), (MEAL, "day".to_owned()));
        let order = kitchen.edit(|drafts, at| drafts.reorder_meals(id, at, day, &[]));
        assert_eq!(refused(order), (MEAL, "day".to_owned()));
        let new = Meal::new(day, "Supper", time("21:00:00"));
        let add = kitchen.edit(|drafts, at| drafts.add_meal(id, at, &new, At::End));
        assert_eq!(refused(add), (MEAL, "day".to_owned()));
    }
    for quantity in ["-0.001", "-1e1000000000", "10000000", "9999999.9995", "1e1000000000"] {
        let quantity = decimal(quantity);
        let set = kitchen.edit(|drafts, at| drafts.set_quantity(id, at, line.id, &quantity));
        assert_eq!(refused(set), (LINE, "quantity_g".to_owned()));
        let update = kitchen
            .edit(|drafts, at| drafts.update_line(id, at, line.id, line.ingredient_id, &quantity));
        assert_eq!(refused(update), (LINE, "quantity_g".to_owned()));
        let new = Line::new(line.ingredient_id, quantity);
        let add = kitchen.edit(|drafts, at| drafts.add_line(id, at, section.id, &new, At::End));
        assert_eq!(refused(add), (LINE, "quantity_g".to_owned()));
        let new = Section { lines: vec![line.clone(), new], ..Section::new() };
        let add = kitchen.edit(|drafts, at| drafts.add_section(id, at, meal.id, &new, At::End));
        assert_eq!(refused(add), (LINE, "lines[1].quantity_g".to_owned()));
    }
    let twice = Section { lines: vec![line.clone(), line.clone()], ..Section::new() };
    let add = kitchen.edit(|drafts, at| drafts.add_section(id, at, meal.id, &twice, At::End));
    assert_eq!(refused(add), (LINE, "lines[1].id".to_owned()));
    let put = kitchen.edit(|drafts, at| drafts.put_meals(id, at, &[meal.clone(), meal.clone()]));
    assert_eq!(refused(put), (MEAL, "meals[1].id".to_owned()));
    let order = kitchen.edit(|drafts, at| drafts.reorder_meals(id, at, 0, &[meal.id, meal.id]));
    assert_eq!(refused(order), (MEAL, "order[1]".to_owned()));
    assert_eq!(kitchen.stored(), start);
}

#[test]
fn quantities_are_rounded_to_milligrams() {
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let line = kitchen.start([1, 1, 1, 1]).meals[0].sections[0].lines[0].id;
    for (given, stored) in [
        ("0", "0.000"),
        ("0.0004", "0.000"),
        ("-0.0004", "0.000"),
        ("0.0005", "0.001"),
        ("1.0005", "1.001"),
        ("9999999.9994", "9999999.999"),
        ("1e-1000000000", "0.000"),
    ] {
        let quantity = decimal(given);
        kitchen.edit(|drafts, at| drafts.set_quantity(id, at, line, &quantity)).unwrap();
        let line = kitchen.stored().meals[0].sections[0].lines[0].clone();
        assert_eq!(line.quantity_g, decimal(stored), "{given}");
    }
}

#[test]
fn an_error_names_what_is_missing_or_in_the_way() {
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let start = kitchen.start([1, 2, 1, 1]);
    let [first, second] = &start.meals[..] else { panic!("two meals") };
    let (section, line) = (&first.sections[0], &first.sections[0].lines[0]);
    let (no_meal, no_section, no_line) = (MealId::new(), SectionId::new(), LineId::new());
    let says = |edit: &dyn Fn(&mut DraftRepository<'_>, Revision) -> Result<Revision>,
                what: String| {
        assert_eq!(kitchen.edit(edit).unwrap_err().to_string(), what);
    };
    let absent = |what: &str| format!("meal_planning::{what} was not found");
    let no_meal_is = absent(&format!("Meal {no_meal}"));
    let no_section_is = absent(&format!("Section {no_section}"));
    let no_line_is = absent(&format!("Line {no_line}"));
    says(&|d, at| d.move_section(id, at, section.id, no_meal, At::End), no_meal_is.clone());
    says(&|d, at| d.move_section(id, at, no_section, no_meal, At::End), no_section_is.clone());
    says(&|d, at| d.move_line(id, at, line.id, no_section, At::End), no_section_is.clone());
    says(&|d, at| d.move_line(id, at, no_line, section.id, At::End), no_line_is);
    says(&|d, at| d.add_section(id, at, no_meal, &Section::new(), At::End), no_meal_is.clone());
    says(&|d, at| d.reorder_sections(id, at, no_meal, &[]), no_meal_is);
    says(&|d, at| d.reorder_lines(id, at, no_section, &[]), no_section_is);

    let there = |what: &str, key: &dyn ToString| {
        format!("meal_planning::{what} {}: is in the draft already", key.to_string())
    };
    says(&|d, at| d.add_meal(id, at, first, At::End), there("Meal", &first.id));
    let other = Meal { id: no_meal, ..first.clone() };
    says(&|d, at| d.add_meal(id, at, &other, At::End), there("Section", &section.id));
    let copy = Section { id: no_section, ..section.clone() };
    let other = Meal { sections: vec![copy.clone()], ..other };
    says(&|d, at| d.add_meal(id, at, &other, At::End), there("Line", &line.id));
    says(
        &|d, at| d.add_section(id, at, second.id, section, At::End),
        there("Section", &section.id),
    );
    says(&|d, at| d.add_section(id, at, second.id, &copy, At::End), there("Line", &line.id));
    says(&|d, at| d.add_line(id, at, section.id, line, At::End), there("Line", &line.id));
    let grown = Meal { sections: vec![copy], ..second.clone() };
    says(
        &|d, at| d.put_meal(id, at, &grown),
        format!("meal_planning::Line {}: is in another meal of the draft", line.id),
    );
    says(
        &|d, at| d.reorder_meals(id, at, 0, &[first.id]),
        format!("meal_planning::Draft {id}: the meals of day 0 are others than the 1 given"),
    );
    says(
        &|d, at| d.reorder_meals(id, at, 1, &[first.id, second.id]),
        format!("meal_planning::Draft {id}: the meals of day 1 are others than the 2 given"),
    );
    assert_eq!(kitchen.stored(), start);
    // With both of its meals a line moves by a put.
    let (mut from, to) = (first.clone(), grown);
    from.sections.clear();
    kitchen.edit(|d, at| d.put_meals(id, at, &[from.clone(), to.clone()])).unwrap();
    assert_eq!(kitchen.stored().meals, [from, to]);
}

#[test]
fn an_unknown_ingredient_is_refused_by_its_rule() {
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let start = kitchen.start([1, 1, 1, 1]);
    let meal = &start.meals[0];
    let (section, line) = (meal.sections[0].id, meal.sections[0].lines[0].id);
    let unknown = Line::new(IngredientId(4711), 1);
    let with_it = Section { lines: vec![unknown.clone()], ..Section::new() };
    let other = Meal { sections: vec![with_it.clone()], ..Meal::new(0, "x", time("12:00:00")) };
    let one = BigDecimal::from(1);
    let answers = [
        kitchen.edit(|d, at| d.add_line(id, at, section, &unknown, At::End)),
        kitchen.edit(|d, at| d.update_line(id, at, line, IngredientId(4711), &one)),
        kitchen.edit(|d, at| d.add_section(id, at, meal.id, &with_it, At::End)),
        kitchen.edit(|d, at| d.add_meal(id, at, &other, At::End)),
        kitchen.edit(|d, at| d.put_meal(id, at, &other)),
    ];
    for answer in answers {
        let error = answer.unwrap_err();
        assert!(matches!(error, Error::Constraint { kind: ConstraintKind::ForeignKey, .. }));
        assert_eq!(error.to_string(), "the ingredient of a draft's line exists");
    }
    assert_eq!(kitchen.stored(), start);
}

#[test]
fn edits_of_one_unit_follow_each_other() {
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let start = kitchen.start([1, 2, 1, 2]);
    let before = kitchen.edit(|drafts, _| drafts.get(id)).unwrap();
    let revision = kitchen.edit(|drafts, at| {
        let at = drafts.move_meal(id, at, start.meals[1].id, 0, At::Index(0))?;
        let at = drafts.remove_meal(id, at, start.meals[0].id)?;
        drafts.add_line(
            id,
            at,
            start.meals[1].sections[0].id,
            &Line::new(kitchen.ingredients[0], 5),
            At::Index(99),
        )
    });
    assert_eq!(revision.unwrap(), Revision(before.revision.0 + 3));
    let after = kitchen.stored();
    assert_eq!(after.meals.len(), 1);
    assert_eq!(after.meals[0].sections[0].lines.len(), 3);
    let draft = kitchen.edit(|drafts, _| drafts.get(id)).unwrap();
    assert!(draft.updated_at > before.updated_at);
    assert_eq!(draft.created_at, before.created_at);
}

#[test]
fn of_edits_at_once_one_is_done_and_the_others_are_stale() {
    let kitchen = Kitchen::new();
    let (store, id, user) = (kitchen.store(), kitchen.draft.draft_id, kitchen.user);
    let start = kitchen.start([1, 1, 1, 0]);
    let section = start.meals[0].sections[0].id;
    let line = Line::new(kitchen.ingredients[0], 5);
    for round in 0..15 {
        let barrier = &Barrier::new(4);
        let at = store.read(|uow| uow.meal_plan_drafts(user).get(id)).unwrap().revision;
        let answers: Vec<_> = thread::scope(|scope| {
            let edit = |nth: usize| {
                let line = Line { id: LineId::new(), ..line.clone() };
                move || {
                    barrier.wait();
                    store.write(|uow| {
                        let mut drafts = uow.meal_plan_drafts(user);
                        match nth {
                            0 => drafts.rename(id, at, "Renamed"),
                            _ => drafts.add_line(id, at, section, &line, At::Index(0)),
                        }
                    })
                }
            };
            let threads: Vec<_> = (0..4).map(|nth| scope.spawn(edit(nth))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "round {round}");
        for answer in answers {
            match answer {
                Ok(revision) => assert_eq!(revision, Revision(at.0 + 1)),
                Err(error) => assert!(matches!(error, Error::Stale { .. }), "{error}"),
            }
        }
    }
    let lines = kitchen.stored().meals[0].sections[0].lines.len();
    assert_eq!(number(store, "SELECT count(*) FROM draft_ingredients"), lines as i64);
    assert!(lines <= 15);
}

/// Round trips of one edit, BEGIN and COMMIT among them.
fn round_trips(
    proxy: &FaultProxy,
    store: &Store,
    kitchen: &Kitchen,
    edit: &dyn Fn(&mut DraftRepository<'_>, Revision) -> Result<Revision>,
) -> u64 {
    let id = kitchen.draft.draft_id;
    let revision = |store: &Store| {
        store.read(|uow| uow.meal_plan_drafts(kitchen.user).get(id)).unwrap().revision
    };
    // A statement is prepared once on a connection: here by an edit that is refused.
    let stale = store.write(|uow| {
        edit(&mut uow.meal_plan_drafts(kitchen.user), Revision(0)).unwrap_err();
        Ok(())
    });
    stale.unwrap();
    let at = revision(kitchen.store());
    proxy.set(Fault::None);
    store.write(|uow| edit(&mut uow.meal_plan_drafts(kitchen.user), at)).unwrap();
    proxy.requests()
}

#[test]
fn each_edit_is_one_statement_whatever_its_size() {
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let proxy = FaultProxy::in_front_of(kitchen.database.url()).unwrap();
    let url = proxy.url_for(kitchen.database.url()).unwrap();
    let store = Store::connect(&url, &StoreOptions::default().pool_size(1)).unwrap();
    for lines in [1, 40] {
        let start = kitchen.start([2, 2, 3, lines]);
        let [meal, other, ..] = &start.meals[..] else { panic!("meals") };
        let (section, line) = (&meal.sections[0], &meal.sections[0].lines[0]);
        let sections: Vec<_> = meal.sections.iter().rev().map(|section| section.id).collect();
        let order: Vec<_> = section.lines.iter().rev().map(|line| line.id).collect();
        let new = |lines: i32| {
            let mut meal = kitchen.content([1, 1, 2, lines]).meals.remove(0);
            meal.name = "New".to_owned();
            meal
        };
        let (new_meal, new_section) = (new(lines), new(lines).sections.remove(0));
        let (new_line, gone) = (Line::new(kitchen.ingredients[0], 1), &start.meals[3]);
        type Edit<'a> = Box<dyn Fn(&mut DraftRepository<'_>, Revision) -> Result<Revision> + 'a>;
        let edits: Vec<Edit<'_>> = vec![
            Box::new(|d, at| d.rename(id, at, "Another")),
            Box::new(|d, at| d.update_meal(id, at, meal.id, "Renamed", time("01:30:00"))),
            Box::new(|d, at| d.move_meal(id, at, meal.id, 1, At::Index(0))),
            Box::new(|d, at| d.move_meal(id, at, meal.id, 0, At::Index(0))),
            Box::new(|d, at| d.reorder_meals(id, at, 0, &[other.id, meal.id])),
            Box::new(|d, at| d.add_meal(id, at, &new_meal, At::Index(1))),
            Box::new(|d, at| d.put_meal(id, at, &new_meal)),
            Box::new(|d, at| d.put_meals(id, at, &[meal.clone(), other.clone()])),
            Box::new(|d, at| d.remove_meal(id, at, gone.id)),
            Box::new(|d, at| d.add_section(id, at, meal.id, &new_section, At::Index(1))),
            Box::new(|d, at| d.update_section(id, at, section.id, None)),
            Box::new(|d, at| d.remove_section(id, at, new_section.id)),
            Box::new(|d, at| d.reorder_sections(id, at, meal.id, &sections)),
            Box::new(|d, at| d.reorder_lines(id, at, section.id, &order)),
            Box::new(|d, at| d.move_section(id, at, section.id, other.id, At::Index(0))),
            Box::new(|d, at| d.add_line(id, at, section.id, &new_line, At::Index(0))),
            Box::new(|d, at| d.set_quantity(id, at, line.id, &7.into())),
            Box::new(|d, at| d.update_line(id, at, line.id, kitchen.ingredients[5], &8.into())),
            Box::new(|d, at| d.move_line(id, at, line.id, sections[0], At::Index(0))),
            Box::new(|d, at| d.remove_line(id, at, line.id)),
        ];
        assert_eq!(edits.len(), 20);
        for (nth, edit) in edits.iter().enumerate() {
            let waits = round_trips(&proxy, &store, &kitchen, edit);
            assert_eq!(waits, 3, "edit {nth} with {lines} lines");
        }
    }
}

#[test]
fn ten_thousand_lines_are_edited_as_quickly_as_they_are_many() {
    let kitchen = Kitchen::new();
    let id = kitchen.draft.draft_id;
    let small = kitchen.content([1, 1, 1, 1]).meals.remove(0);
    let mut large = Meal::new(1, "Banquet", time("18:00:00"));
    let lines = (0..10_000).map(|nth| Line::new(kitchen.ingredients[nth % 12], nth as i32));
    large.sections = vec![Section { lines: lines.collect(), ..Section::new() }, Section::new()];
    kitchen.edit(|d, at| d.put_meals(id, at, &[small.clone(), large.clone()])).unwrap();
    assert_eq!(kitchen.stored().meals, [small.clone(), large.clone()]);
    let [long, empty] = [large.sections[0].id, large.sections[1].id];

    large.sections[0].lines.reverse();
    let order: Vec<_> = large.sections[0].lines.iter().map(|line| line.id).collect();
    kitchen.edit(|d, at| d.reorder_lines(id, at, long, &order)).unwrap();
    assert_eq!(kitchen.stored().meals[1], large);

    let moved = large.sections[0].lines.remove(5_000);
    large.sections[0].lines.insert(1, moved.clone());
    kitchen.edit(|d, at| d.move_line(id, at, moved.id, long, At::Index(1))).unwrap();
    let first = large.sections[0].lines.remove(0);
    large.sections[1].lines.push(first.clone());
    kitchen.edit(|d, at| d.move_line(id, at, first.id, empty, At::Index(7))).unwrap();
    assert_eq!(kitchen.stored().meals[1], large);

    kitchen.edit(|d, at| d.remove_section(id, at, long)).unwrap();
    let section = large.sections.remove(0);
    kitchen.edit(|d, at| d.add_section(id, at, small.id, &section, At::Index(0))).unwrap();
    let stored = kitchen.stored();
    assert_eq!(stored.meals[0].sections, [section, small.sections[0].clone()]);
    assert_eq!(stored.meals[1], large);

    // Nothing at all is a put, too.
    kitchen.edit(|d, at| d.put_meals(id, at, &[])).unwrap();
    assert_eq!(kitchen.stored(), stored);
}

#[test]
fn the_draft_of_a_user_who_is_gone_goes_with_them() {
    let kitchen = Kitchen::new();
    let store = kitchen.store();
    let guest = store.write(factory::user).unwrap();
    let begun = store.write(|uow| uow.meal_plan_drafts(guest).begin(kitchen.plan.plan_id));
    let id = begun.unwrap().into_draft().draft_id;
    store
        .write(|uow| {
            crate::support::execute(uow, &format!("DELETE FROM users WHERE id = '{guest}'"))
        })
        .unwrap();
    let gone = store.write(|uow| uow.meal_plan_drafts(guest).rename(id, Revision(1), "x"));
    assert!(gone.unwrap_err().is_not_found());
}
