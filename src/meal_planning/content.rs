//! What a plan consists of: the tree that drafts and versions share.

use bigdecimal::BigDecimal;
use chrono::{NaiveTime, Timelike};
use serde::{Deserialize, Serialize};

use super::ingredient::IngredientId;
use crate::decimal::{Fixed, as_written};
use crate::error::{Error, Result};
use crate::input;
use crate::key::uuids;

/// The most characters of the name of a plan, meal or section.
pub const MAX_NAME: usize = 100;

/// The last day of a plan. The first is 0.
pub const MAX_DAY: i32 = 9_999;

/// The most meals, sections and lines of a plan together.
pub const MAX_ROWS: usize = 1_000_000;

/// `numeric(10, 3)`.
pub(super) const QUANTITY: (u8, u8) = (10, 3);

uuids! {
    /// The key of a [`Meal`], the same in every draft and version of its plan.
    MealId;
    /// The key of a [`Section`], the same in every draft and version of its plan.
    SectionId;
    /// The key of a [`Line`], the same in every draft and version of its plan.
    LineId;
}

/// All of a plan. Meals stand in the order of their days, and in a day in their own order; sections
/// and lines in theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// What the plan is called.
    pub name: String,
    /// Its meals.
    pub meals: Vec<Meal>,
}

/// A meal of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meal {
    /// The key.
    pub id: MealId,
    /// The day of the plan, from 0.
    pub day: i32,
    /// What people call it, such as `Lunch`. Unique in its day once it is committed.
    pub name: String,
    /// When it is eaten, of the day's local time, in whole microseconds. Unique in its day once it
    /// is committed.
    pub meal_time: NaiveTime,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part of a meal, such as its sauce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The key.
    pub id: SectionId,
    /// What people call it, where it has a name.
    pub name: Option<String>,
    /// Its ingredients.
    pub lines: Vec<Line>,
}

/// An ingredient of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The key.
    pub id: LineId,
    /// The ingredient.
    pub ingredient_id: IngredientId,
    /// How much of it, in g; rounded to 3 places, half away from zero.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub quantity_g: BigDecimal,
}

impl Meal {
    /// A meal without sections, with a new key.
    pub fn new(day: i32, name: impl Into<String>, meal_time: NaiveTime) -> Self {
        Self { id: MealId::new(), day, name: name.into(), meal_time, sections: Vec::new() }
    }
}

impl Section {
    /// A section without name and lines, with a new key.
    #[allow(clippy::new_without_default)] // each has another key
    pub fn new() -> Self {
        Self { id: SectionId::new(), name: None, lines: Vec::new() }
    }

    /// A section without lines, with a new key.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::new() }
    }
}

impl Line {
    /// So much of an ingredient, in g, with a new key.
    pub fn new(ingredient_id: IngredientId, quantity_g: impl Into<BigDecimal>) -> Self {
        Self { id: LineId::new(), ingredient_id, quantity_g: quantity_g.into() }
    }
}

/// Where a field of the input stands, for errors: `meals[0].sections[2].lines[1].`, or nothing
/// where the thing was given by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct Place(pub(super) String);

impl Place {
    pub(super) fn refuse(
        &self,
        entity: &'static str,
        field: &str,
        reason: impl Into<String>,
    ) -> Error {
        Error::invalid(entity, format!("{}{field}", self.0), reason)
    }

    pub(super) fn at(&self, list: &str, nth: usize) -> Self {
        Self(format!("{}{list}[{nth}].", self.0))
    }
}

pub(super) fn check_name(at: &Place, entity: &'static str, name: &str) -> Result<()> {
    input::name(name, MAX_NAME).map_err(|why| at.refuse(entity, "name", why))
}

pub(super) fn check_day(at: &Place, day: i32) -> Result<()> {
    if (0..=MAX_DAY).contains(&day) {
        return Ok(());
    }
    Err(at.refuse("meal_planning::Meal", "day", format!("must be from 0 to {MAX_DAY}, not {day}")))
}

pub(super) fn check_time(at: &Place, time: NaiveTime) -> Result<()> {
    // A leap second has more than 999,999,999 ns, and PostgreSQL would make it the next minute.
    if time.nanosecond() >= 1_000_000_000 {
        return Err(at.refuse("meal_planning::Meal", "meal_time", "must be no leap second"));
    }
    if !time.nanosecond().is_multiple_of(1_000) {
        let rule = "must be in whole microseconds";
        return Err(at.refuse("meal_planning::Meal", "meal_time", rule));
    }
    Ok(())
}

/// The quantity as it will be stored.
pub(super) fn check_quantity(at: &Place, quantity: &BigDecimal) -> Result<Fixed> {
    let refuse = |why: &str| at.refuse("meal_planning::Line", "quantity_g", why);
    let fixed = Fixed::new(quantity, QUANTITY.0, QUANTITY.1)
        .ok_or_else(|| refuse("must have at most 7 digits before the point"))?;
    if fixed.units < 0 { Err(refuse("must not be negative")) } else { Ok(fixed) }
}
