//! All of a draft at once.

use std::collections::{HashMap, HashSet};

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Numeric, Text, Time, Uuid};

use super::content::{
    Content, LineId, MAX_ROWS, Meal, MealId, Place, Section, SectionId, check_day, check_name,
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

/// The keys that were there already.
#[derive(Debug, Default)]
struct Seen {
    meals: HashSet<MealId>,
    sections: HashSet<SectionId>,
    lines: HashSet<LineId>,
}

impl<'a> Rows<'a> {
    /// Validates and rounds the meals. A meal's place is its place among those of its day.
    pub(super) fn new(meals: &'a [Meal]) -> Result<Self> {
        let root = Place::default();
        let (mut rows, mut seen) = (Self::default(), Seen::default());
        let mut in_day = HashMap::<i32, i32>::new();
        for (nth, meal) in meals.iter().enumerate() {
            let position = in_day.entry(meal.day).or_default();
            rows.meal(&root.at("meals", nth), meal, *position, &mut seen)?;
            *position += 1;
        }
        Ok(rows)
    }

    /// [`new`](Self::new), of a meal that was given by itself.
    pub(super) fn of_meal(meal: &'a Meal) -> Result<Self> {
        let mut rows = Self::default();
        rows.meal(&Place::default(), meal, 0, &mut Seen::default())?;
        Ok(rows)
    }

    /// [`new`](Self::new), of a section that was given by itself.
    pub(super) fn of_section(meal: MealId, section: &'a Section) -> Result<Self> {
        let mut rows = Self::default();
        rows.section(&Place::default(), meal, section, 0, &mut Seen::default())?;
        rows.check_count()?;
        Ok(rows)
    }

    fn meal(&mut self, at: &Place, meal: &'a Meal, position: i32, seen: &mut Seen) -> Result<()> {
        once(seen.meals.insert(meal.id), at, "meal_planning::Meal")?;
        check_day(at, meal.day)?;
        check_name(at, "meal_planning::Meal", &meal.name)?;
        check_time(at, meal.meal_time)?;
        self.meals.ids.push(meal.id);
        self.meals.days.push(meal.day);
        self.meals.names.push(&meal.name);
        self.meals.times.push(meal.meal_time);
        self.meals.positions.push(position);
        for (nth, section) in meal.sections.iter().enumerate() {
            self.section(&at.at("sections", nth), meal.id, section, place(nth), seen)?;
        }
        self.check_count()
    }

    fn section(
        &mut self,
        at: &Place,
        meal: MealId,
        section: &'a Section,
        position: i32,
        seen: &mut Seen,
    ) -> Result<()> {
        once(seen.sections.insert(section.id), at, "meal_planning::Section")?;
        if let Some(name) = &section.name {
            check_name(at, "meal_planning::Section", name)?;
        }
        self.sections.ids.push(section.id);
        self.sections.meals.push(meal);
        self.sections.names.push(section.name.as_deref());
        self.sections.positions.push(position);
        for (nth, line) in section.lines.iter().enumerate() {
            let at = at.at("lines", nth);
            once(seen.lines.insert(line.id), &at, "meal_planning::Line")?;
            self.lines.ids.push(line.id);
            self.lines.sections.push(section.id);
            self.lines.ingredients.push(line.ingredient_id);
            self.lines.quantities.push(check_quantity(&at, &line.quantity_g)?);
            self.lines.positions.push(place(nth));
        }
        Ok(())
    }

    fn check_count(&self) -> Result<()> {
        if self.meals.ids.len() + self.sections.ids.len() + self.lines.ids.len() > MAX_ROWS {
            let rule = format!("must have at most {MAX_ROWS} meals, sections and lines");
            return Err(Place::default().refuse("meal_planning::Content", "meals", rule));
        }
        Ok(())
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
