//! Content as rows under their keys, to be compared.

use std::collections::{BTreeMap, HashMap};

use bigdecimal::BigDecimal;

use super::content::{Content, Line, Meal, QUANTITY, Section};
use super::row::{Parent, Row, RowId};
use crate::decimal::Fixed;

/// A row, and its place among its siblings, from 0.
#[derive(Debug)]
struct Node {
    row: Row,
    nth: usize,
}

/// The rows of a content. Where a key is there twice, which no stored content has, the first counts.
#[derive(Debug)]
pub(super) struct Forest {
    nodes: HashMap<RowId, Node>,
    lists: HashMap<Parent, Vec<RowId>>,
    /// All rows, each behind its parent, days in their order.
    pub(super) order: Vec<RowId>,
}

impl Forest {
    pub(super) fn new(content: &Content) -> Self {
        let mut forest = Self { nodes: HashMap::new(), lists: HashMap::new(), order: Vec::new() };
        forest.put(RowId::Plan, Row::Plan { name: content.name.clone() });
        let mut days = BTreeMap::<i32, Vec<&Meal>>::new();
        for meal in &content.meals {
            days.entry(meal.day).or_default().push(meal);
        }
        for meal in days.into_values().flatten() {
            let Meal { id, day, name, meal_time, sections } = meal;
            let row = Row::Meal { day: *day, name: name.clone(), meal_time: *meal_time };
            if !forest.put(RowId::Meal(*id), row) {
                continue;
            }
            for section in sections {
                let row = Row::Section { meal_id: *id, name: section.name.clone() };
                if !forest.put(RowId::Section(section.id), row) {
                    continue;
                }
                for line in &section.lines {
                    let row = Row::Line {
                        section_id: section.id,
                        ingredient_id: line.ingredient_id,
                        quantity_g: stored(&line.quantity_g),
                    };
                    forest.put(RowId::Line(line.id), row);
                }
            }
        }
        forest
    }

    /// Adds a row behind its siblings.
    fn put(&mut self, id: RowId, row: Row) -> bool {
        if self.nodes.contains_key(&id) {
            return false;
        }
        let mut nth = 0;
        if let Some(parent) = row.parent() {
            let list = self.lists.entry(parent).or_default();
            nth = list.len();
            list.push(id);
        }
        self.nodes.insert(id, Node { row, nth });
        self.order.push(id);
        true
    }

    pub(super) fn row(&self, id: RowId) -> Option<&Row> {
        self.nodes.get(&id).map(|node| &node.row)
    }

    pub(super) fn has(&self, id: RowId) -> bool {
        self.nodes.contains_key(&id)
    }

    pub(super) fn parent(&self, id: RowId) -> Option<Parent> {
        self.row(id)?.parent()
    }

    /// The rows of a parent, in their order.
    pub(super) fn list(&self, parent: Parent) -> &[RowId] {
        self.lists.get(&parent).map_or(&[], Vec::as_slice)
    }

    /// The place of a row among its siblings, from 0.
    pub(super) fn nth(&self, id: RowId) -> usize {
        self.nodes.get(&id).map_or(0, |node| node.nth)
    }

    /// Where a row stands, in the words of a person: `day 0, Lunch, Sauce, ingredient 7`. What has
    /// no name is told by its place among its siblings, from 0.
    pub(super) fn path(&self, id: RowId) -> String {
        let Some(row) = self.row(id) else { return id.to_string() };
        let own = match row {
            Row::Plan { .. } => return "plan".to_owned(),
            Row::Meal { name, .. } | Row::Section { name: Some(name), .. } => printable(name),
            Row::Section { name: None, .. } => format!("section {}", self.nth(id)),
            Row::Line { ingredient_id, .. } => format!("ingredient {ingredient_id}"),
        };
        match row.parent() {
            Some(parent) => format!("{}, {own}", self.path_of_parent(parent)),
            None => own,
        }
    }

    pub(super) fn path_of_parent(&self, parent: Parent) -> String {
        parent.row().map_or_else(|| parent.to_string(), |row| self.path(row))
    }
}

/// The quantity as it is stored. One that cannot be stored stays as it is.
fn stored(quantity: &BigDecimal) -> BigDecimal {
    match Fixed::new(quantity, QUANTITY.0, QUANTITY.1) {
        Some(fixed) => BigDecimal::new(fixed.units.into(), fixed.scale.into()),
        None => quantity.clone(),
    }
}

/// A name that writes nothing but itself on a terminal.
fn printable(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

/// Makes content of rows in the order of their parents.
pub(super) fn content(
    name: String,
    rows: &HashMap<RowId, Row>,
    lists: &HashMap<Parent, Vec<RowId>>,
) -> Content {
    let of = |parent: Parent| {
        let list = lists.get(&parent).map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(|id| Some((*id, rows.get(id)?.clone())))
    };
    let line = |(id, row)| match (id, row) {
        (RowId::Line(id), Row::Line { ingredient_id, quantity_g, .. }) => {
            Some(Line { id, ingredient_id, quantity_g })
        }
        _ => None,
    };
    let section = |(id, row)| match (id, row) {
        (RowId::Section(id), Row::Section { name, .. }) => {
            let lines = of(Parent::Section(id)).filter_map(line).collect();
            Some(Section { id, name, lines })
        }
        _ => None,
    };
    let meal = |(id, row)| match (id, row) {
        (RowId::Meal(id), Row::Meal { day, name, meal_time }) => {
            let sections = of(Parent::Meal(id)).filter_map(section).collect();
            Some(Meal { id, day, name, meal_time, sections })
        }
        _ => None,
    };
    let mut days: Vec<_> =
        lists.keys().copied().filter(|parent| matches!(parent, Parent::Day(_))).collect();
    days.sort_unstable();
    Content { name, meals: days.into_iter().flat_map(of).filter_map(meal).collect() }
}
