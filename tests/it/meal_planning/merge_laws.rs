//! What holds for any two sides that were made of the same content.

use std::cell::Cell;
use std::collections::HashSet;

use planwright::meal_planning::{
    Conflict, Content, Field, Merge, Parent, Resolutions, RowId, Side, What, diff, merge,
    merge_with,
};
use proptest::prelude::*;

use super::edits::{Edit, content, edited, edits, in_days, law};

fn three() -> impl Strategy<Value = [Content; 3]> {
    (content(), edits(), edits()).prop_map(|(base, mine, theirs)| {
        let (mine, theirs) = (edited(&base, &mine, 2), edited(&base, &theirs, 3));
        [base, mine, theirs]
    })
}

fn whole(merge: Merge) -> Result<Content, TestCaseError> {
    prop_assert_eq!(merge.conflicts, Vec::new());
    Ok(merge.content)
}

/// The rows of a content with what is under them.
fn rows(content: &Content) -> Vec<(RowId, Vec<RowId>)> {
    let mut rows = Vec::new();
    for meal in &content.meals {
        let mut under_meal = Vec::new();
        for section in &meal.sections {
            let lines: Vec<_> = section.lines.iter().map(|line| RowId::Line(line.id)).collect();
            rows.extend(lines.iter().map(|line| (*line, Vec::new())));
            under_meal.push(RowId::Section(section.id));
            under_meal.extend(&lines);
            rows.push((RowId::Section(section.id), lines));
        }
        rows.push((RowId::Meal(meal.id), under_meal));
    }
    rows
}

fn lists(content: &Content) -> Vec<(Parent, Vec<RowId>)> {
    let mut lists = Vec::<(Parent, Vec<RowId>)>::new();
    for meal in &content.meals {
        let day = Parent::Day(meal.day);
        match lists.iter_mut().find(|(parent, _)| *parent == day) {
            Some((_, list)) => list.push(RowId::Meal(meal.id)),
            None => lists.push((day, vec![RowId::Meal(meal.id)])),
        }
        let sections = meal.sections.iter().map(|section| RowId::Section(section.id)).collect();
        lists.push((Parent::Meal(meal.id), sections));
        for section in &meal.sections {
            let lines = section.lines.iter().map(|line| RowId::Line(line.id)).collect();
            lists.push((Parent::Section(section.id), lines));
        }
    }
    lists
}

/// Pairs of siblings, the first before the second.
fn pairs(content: &Content) -> HashSet<(Parent, RowId, RowId)> {
    let mut pairs = HashSet::new();
    for (parent, list) in lists(content) {
        for (nth, first) in list.iter().enumerate() {
            pairs.extend(list[nth + 1..].iter().map(|second| (parent, *first, *second)));
        }
    }
    pairs
}

/// What conflicts speak of, each row with all that is under it on any side.
struct Named {
    fields: HashSet<(RowId, Field)>,
    rows: HashSet<RowId>,
    orders: HashSet<Parent>,
}

impl Named {
    fn new(conflicts: &[Conflict], sides: &[Content; 3]) -> Self {
        let mut named =
            Self { fields: HashSet::new(), rows: HashSet::new(), orders: HashSet::new() };
        for conflict in conflicts {
            match conflict {
                Conflict::Field { row, field, .. } => drop(named.fields.insert((*row, *field))),
                Conflict::Order { parent, .. } => drop(named.orders.insert(*parent)),
                Conflict::Removed { row, .. } => {
                    named.rows.insert(*row);
                    for (_, under) in sides.iter().flat_map(rows).filter(|(id, _)| id == row) {
                        named.rows.extend(under);
                    }
                }
            }
        }
        named
    }

    fn nothing() -> Self {
        Self { fields: HashSet::new(), rows: HashSet::new(), orders: HashSet::new() }
    }
}

/// Every edit of a side is in the result, but for those that are named.
fn keeps(
    base: &Content,
    side: &Content,
    merged: &Content,
    named: &Named,
) -> Result<(), TestCaseError> {
    let found = diff(base, merged).differences;
    let has = |row: RowId, same: &dyn Fn(&What) -> bool| {
        found.iter().any(|difference| difference.row == row && same(&difference.what))
    };
    for edit in diff(base, side).differences {
        let (row, what) = (edit.row, &edit.what);
        if named.rows.contains(&row) {
            continue;
        }
        let kept = match what {
            What::Added(_) if named.fields.iter().any(|(id, _)| *id == row) => true,
            What::Added(_) | What::Removed(_) => has(row, &|other| other == what),
            What::Changed { field, .. } => {
                named.fields.contains(&(row, *field)) || has(row, &|other| other == what)
            }
            // Orders are looked at below, pair by pair.
            What::Moved { from, to, .. } if from == to => true,
            What::Moved { to, .. } => {
                named.fields.contains(&(row, Field::Parent))
                    || has(
                        row,
                        &|other| matches!(other, What::Moved { to: there, .. } if there == to),
                    )
            }
        };
        prop_assert!(kept, "{edit} is lost");
    }
    let (base, merged) = (pairs(base), pairs(merged));
    for (parent, first, second) in pairs(side) {
        if base.contains(&(parent, second, first)) && !named.orders.contains(&parent) {
            prop_assert!(
                !merged.contains(&(parent, second, first)),
                "{first} was put before {second}, and is not"
            );
        }
    }
    Ok(())
}

#[test]
fn a_side_that_changed_nothing_changes_nothing() {
    law(three(), |[base, mine, theirs]| {
        prop_assert_eq!(&whole(merge(&base, &base, &base))?, &base);
        prop_assert_eq!(&whole(merge(&base, &base, &theirs))?, &theirs);
        prop_assert_eq!(&whole(merge(&base, &mine, &base))?, &mine);
        prop_assert_eq!(&whole(merge(&base, &mine, &mine))?, &mine);
        Ok(())
    });
}

#[test]
fn no_edit_is_lost_without_a_conflict() {
    let (clean, conflicting) = (Cell::new(0), Cell::new(0));
    law(three(), |sides| {
        let [base, mine, theirs] = &sides;
        let merged = merge(base, mine, theirs);
        let count = if merged.conflicts.is_empty() { &clean } else { &conflicting };
        count.set(count.get() + 1);
        let named = Named::new(&merged.conflicts, &sides);
        keeps(base, mine, &merged.content, &named)?;
        keeps(base, theirs, &merged.content, &named)
    });
    // The law is about both.
    let (clean, conflicting) = (clean.get(), conflicting.get());
    assert!(10 * clean.min(conflicting) > clean + conflicting, "{clean} and {conflicting}");
}

#[test]
fn answers_to_all_conflicts_leave_none_and_lose_nothing_of_that_side() {
    law(three(), |[base, mine, theirs]| {
        let conflicts = merge(&base, &mine, &theirs).conflicts;
        for (side, content) in [(Side::Mine, &mine), (Side::Theirs, &theirs)] {
            let answers = Resolutions::all(&conflicts, side);
            let merged = whole(merge_with(&base, &mine, &theirs, &answers))?;
            keeps(&base, content, &merged, &Named::nothing())?;
        }
        Ok(())
    });
}

#[test]
fn any_answers_to_all_conflicts_leave_none() {
    law((three(), any::<u64>()), |([base, mine, theirs], bits)| {
        let conflicts = merge(&base, &mine, &theirs).conflicts;
        let side = |nth: usize| if bits >> (nth % 64) & 1 == 0 { Side::Mine } else { Side::Theirs };
        let answers: Resolutions =
            conflicts.iter().enumerate().map(|(nth, c)| (c.key(), side(nth))).collect();
        let merged = whole(merge_with(&base, &mine, &theirs, &answers))?;
        sound(&merged)?;
        // Half of the answers leave the others, as they were.
        let half: Resolutions =
            conflicts.iter().step_by(2).map(|c| (c.key(), Side::Theirs)).collect();
        let rest: Vec<_> = conflicts.iter().skip(1).step_by(2).cloned().collect();
        prop_assert_eq!(merge_with(&base, &mine, &theirs, &half).conflicts, rest);
        Ok(())
    });
}

fn sound(content: &Content) -> Result<(), TestCaseError> {
    let rows = rows(content);
    let ids: HashSet<_> = rows.iter().map(|(id, _)| *id).collect();
    prop_assert_eq!(ids.len(), rows.len(), "a row is there twice");
    let mut ordered = content.clone();
    in_days(&mut ordered);
    prop_assert_eq!(&ordered, content, "days in their order");
    Ok(())
}

#[test]
fn the_result_has_every_row_once() {
    law(three(), |[base, mine, theirs]| sound(&merge(&base, &mine, &theirs).content));
}

/// Without the words, in which sides have their order.
fn wordless(mut conflict: Conflict) -> Conflict {
    let (Conflict::Field { told, .. }
    | Conflict::Removed { told, .. }
    | Conflict::Order { told, .. }) = &mut conflict;
    told.clear();
    conflict
}

#[test]
fn conflicts_are_the_same_from_the_other_side() {
    law(three(), |[base, mine, theirs]| {
        let mirrored: Vec<_> = merge(&base, &theirs, &mine)
            .conflicts
            .into_iter()
            .map(|conflict| match conflict {
                Conflict::Field { row, field, base, mine, theirs, told } => {
                    Conflict::Field { row, field, base, mine: theirs, theirs: mine, told }
                }
                Conflict::Removed { row, by, touched, told } => {
                    Conflict::Removed { row, by: by.other(), touched, told }
                }
                Conflict::Order { parent, mine, theirs, told } => {
                    Conflict::Order { parent, mine: theirs, theirs: mine, told }
                }
            })
            .map(wordless)
            .collect();
        let found: Vec<_> =
            merge(&base, &mine, &theirs).conflicts.into_iter().map(wordless).collect();
        prop_assert_eq!(found, mirrored);
        Ok(())
    });
}

/// Edits inside of meals, and new meals.
fn inside(edits: &[Edit]) -> Vec<Edit> {
    let keeps = |edit: &&Edit| {
        !matches!(edit, Edit::Rename(_) | Edit::RemoveMeal(_) | Edit::MoveMeal { .. })
            && !matches!(edit, Edit::AddMeal { shared: true, .. })
    };
    edits.iter().filter(keeps).cloned().collect()
}

#[test]
fn edits_of_different_meals_do_not_conflict() {
    law((content(), edits(), edits()), |(base, mine, theirs)| {
        // Each side edits every second meal.
        let half = |side: usize, edits: &[Edit]| {
            let mut own = base.clone();
            let mut at = 0;
            own.meals.retain(|_| {
                at += 1;
                at % 2 == side
            });
            let edited = edited(&own, &inside(edits), 2 + side as u128);
            let mut all = base.clone();
            for meal in edited.meals {
                match all.meals.iter_mut().find(|old| old.id == meal.id) {
                    Some(old) => *old = meal,
                    None => all.meals.push(meal),
                }
            }
            in_days(&mut all);
            all
        };
        let (mine, theirs) = (half(0, &mine), half(1, &theirs));
        let merged = whole(merge(&base, &mine, &theirs))?;
        keeps(&base, &mine, &merged, &Named::nothing())?;
        keeps(&base, &theirs, &merged, &Named::nothing())
    });
}

#[test]
fn the_order_of_days_in_the_input_means_nothing() {
    law((three(), any::<u64>()), |([base, mine, theirs], bits)| {
        // Meals of one day stay in their order.
        let shuffled = |content: &Content| {
            let mut content = content.clone();
            content.meals.sort_by_key(|meal| (bits >> (8 * meal.day)) as u8);
            content
        };
        let turned = [&base, &mine, &theirs].map(shuffled);
        prop_assert_eq!(merge(&turned[0], &turned[1], &turned[2]), merge(&base, &mine, &theirs));
        prop_assert_eq!(diff(&turned[1], &turned[2]), diff(&mine, &theirs));
        Ok(())
    });
}

#[test]
fn a_diff_is_empty_where_both_are_equal_and_only_there() {
    law(three(), |[base, mine, theirs]| {
        prop_assert!(diff(&mine, &mine).is_empty());
        prop_assert_eq!(diff(&base, &mine).is_empty(), base == mine);
        prop_assert_eq!(diff(&mine, &theirs).is_empty(), mine == theirs);
        Ok(())
    });
}
