//! All of a draft at once.

use std::collections::{HashMap, HashSet};

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Numeric, Text, Time, Uuid};

use super::content::{
    Content, LineId, MAX_ROWS, Meal, MealId, Place, SectionId, check_day, check_name,
    check_quantity, check_time,
};
use super::draft::{DraftId, DraftRepository, Revision};
use super::explained;
use super::ingredient::IngredientId;
use super::version::VersionId;
use crate::decimal::Fixed;
use crate::error::{Error, Result};
use crate::statement::Statement;

/// The rows of meals, by column. Each knows its place among its siblings.
#[derive(Debug, Default)]
pub(super) struct Rows<'a> {
    pub(super) meals: Meals<'a>,
    pub(super) sections: Sections<'a>,
    pub(super) lines: Lines,
}

#[derive(Debug, Default)]
pub(super) struct Meals<'a> {
    pub(super) ids: Vec<MealId>,
    pub(super) days: Vec<i32>,
    pub(super) names: Vec<&'a str>,
    pub(super) times: Vec<NaiveTime>,
    pub(super) positions: Vec<i32>,
}

#[derive(Debug, Default)]
pub(super) struct Sections<'a> {
    pub(super) ids: Vec<SectionId>,
    pub(super) meals: Vec<MealId>,
    pub(super) names: Vec<Option<&'a str>>,
    pub(super) positions: Vec<i32>,
}

#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) ids: Vec<LineId>,
    pub(super) sections: Vec<SectionId>,
    pub(super) ingredients: Vec<IngredientId>,
    pub(super) quantities: Vec<Fixed>,
    pub(super) positions: Vec<i32>,
}

impl<'a> Rows<'a> {
    /// Validates and rounds the meals. A meal's place is its place among those of its day.
    pub(super) fn new(meals: &'a [Meal]) -> Result<Self> {
        let root = Place::default();
        let mut rows = Self::default();
        let mut in_day = HashMap::<i32, i32>::new();
        let (mut meal_ids, mut section_ids, mut line_ids) =
            (HashSet::new(), HashSet::new(), HashSet::new());
        for (nth, meal) in meals.iter().enumerate() {
            let at = root.at("meals", nth);
            once(meal_ids.insert(meal.id), &at, "meal_planning::Meal")?;
            check_day(&at, meal.day)?;
            check_name(&at, "meal_planning::Meal", &meal.name)?;
            check_time(&at, meal.meal_time)?;
            let position = in_day.entry(meal.day).or_default();
            rows.meals.ids.push(meal.id);
            rows.meals.days.push(meal.day);
            rows.meals.names.push(&meal.name);
            rows.meals.times.push(meal.meal_time);
            rows.meals.positions.push(*position);
            *position += 1;
            for (nth, section) in meal.sections.iter().enumerate() {
                let at = at.at("sections", nth);
                once(section_ids.insert(section.id), &at, "meal_planning::Section")?;
                if let Some(name) = &section.name {
                    check_name(&at, "meal_planning::Section", name)?;
                }
                rows.sections.ids.push(section.id);
                rows.sections.meals.push(meal.id);
                rows.sections.names.push(section.name.as_deref());
                rows.sections.positions.push(place(nth));
                for (nth, line) in section.lines.iter().enumerate() {
                    let at = at.at("lines", nth);
                    once(line_ids.insert(line.id), &at, "meal_planning::Line")?;
                    rows.lines.ids.push(line.id);
                    rows.lines.sections.push(section.id);
                    rows.lines.ingredients.push(line.ingredient_id);
                    rows.lines.quantities.push(check_quantity(&at, &line.quantity_g)?);
                    rows.lines.positions.push(place(nth));
                }
            }
            if meal_ids.len() + section_ids.len() + line_ids.len() > MAX_ROWS {
                let rule = format!("must have at most {MAX_ROWS} meals, sections and lines");
                return Err(root.refuse("meal_planning::Content", "meals", rule));
            }
        }
        Ok(rows)
    }
}

fn once(new: bool, at: &Place, entity: &'static str) -> Result<()> {
    if new { Ok(()) } else { Err(at.refuse(entity, "id", "must be there once only")) }
}

fn place(nth: usize) -> i32 {
    i32::try_from(nth).unwrap_or(i32::MAX)
}

impl DraftRepository<'_> {
    /// Makes this all of the draft: what is not in it is removed, what is in it is added or
    /// changed. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for content that breaks a rule, [`Error::NotFound`] where the user has no
    /// such draft, [`Error::Stale`] where it has another revision, [`Error::Constraint`] for an
    /// ingredient that there is not.
    pub fn put(&mut self, id: DraftId, expected: Revision, content: &Content) -> Result<Revision> {
        self.put_onto(id, expected, content, None)
    }

    /// [`put`](Self::put), and from now on the draft has this base, and has seen the versions up to
    /// this number.
    pub(super) fn put_onto(
        &mut self,
        id: DraftId,
        expected: Revision,
        content: &Content,
        base: Option<(VersionId, i32)>,
    ) -> Result<Revision> {
        check_name(&Place::default(), "meal_planning::Content", &content.name)?;
        let rows = Rows::new(&content.meals)?;
        let revision = Statement::<BigInt>::new(include_str!("put.sql"))
            .bind::<Text, _>(&content.name)
            .bind::<Nullable<BigInt>, _>(base.map(|(version, _)| version))
            .bind::<Nullable<Integer>, _>(base.map(|(_, number)| number))
            .bind::<BigInt, _>(id)
            .bind::<Uuid, _>(self.user)
            .bind::<BigInt, _>(expected)
            .bind::<Array<Uuid>, _>(&rows.meals.ids)
            .bind::<Array<Integer>, _>(&rows.meals.days)
            .bind::<Array<Text>, _>(&rows.meals.names)
            .bind::<Array<Time>, _>(&rows.meals.times)
            .bind::<Array<Integer>, _>(&rows.meals.positions)
            .bind::<Array<Uuid>, _>(&rows.sections.ids)
            .bind::<Array<Uuid>, _>(&rows.sections.meals)
            .bind::<Array<Nullable<Text>>, _>(&rows.sections.names)
            .bind::<Array<Integer>, _>(&rows.sections.positions)
            .bind::<Array<Uuid>, _>(&rows.lines.ids)
            .bind::<Array<Uuid>, _>(&rows.lines.sections)
            .bind::<Array<BigInt>, _>(&rows.lines.ingredients)
            .bind::<Array<Numeric>, _>(&rows.lines.quantities)
            .bind::<Array<Integer>, _>(&rows.lines.positions)
            .get_result(self.uow.connection())
            .optional()
            .map_err(|error| explained(&self.uow, error))?;
        match revision {
            Some(revision) => Ok(revision),
            None => Err(self
                .refusal(id, expected)?
                .unwrap_or_else(|| Error::not_found(super::draft::ENTITY, id))),
        }
    }
}
