//! What drafts and versions consist of, summed.

use bigdecimal::BigDecimal;
use diesel::sql_types::{BigInt, Integer, Nullable, Numeric, Text, Uuid};
use diesel::{Queryable, RunQueryDsl};
use serde::Serialize;

use super::content::{MealId, SectionId};
use super::draft::{self, DraftId, DraftRepository};
use super::ingredient::IngredientId;
use super::version::{self, VersionId, VersionRepository};
use crate::error::{Error, Result};
use crate::statement::Statement;

/// Energy and nutrients of so much food.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Queryable)]
pub struct Nutrients {
    /// Energy, in kcal.
    pub energy_kcal: BigDecimal,
    /// Protein, in g.
    pub protein_g: BigDecimal,
    /// Carbohydrate, in g.
    pub carbohydrate_g: BigDecimal,
    /// Of the carbohydrate, sugars, in g.
    pub sugars_g: BigDecimal,
    /// Fat, in g.
    pub fat_g: BigDecimal,
    /// Of the fat, saturated fatty acids, in g.
    pub saturated_fat_g: BigDecimal,
    /// Dietary fibre, in g.
    pub fibre_g: BigDecimal,
    /// Salt, in g.
    pub salt_g: BigDecimal,
    /// Water, in g.
    pub water_g: BigDecimal,
}

/// A sum: of exact figures, rounded once to 3 places, half away from zero.
///
/// So the rounded sums of some meals need not add up to that of their day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Total {
    /// How much of all ingredients together, in g.
    pub quantity_g: BigDecimal,
    /// What is in it.
    pub nutrients: Nutrients,
}

/// What a plan consists of, by its parts and by ingredient.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlanNutrients {
    /// Of all of it.
    pub total: Total,
    /// Of each day that has a meal, in their order.
    pub days: Vec<DayNutrients>,
    /// Of each ingredient over the whole plan, in the order of their keys: what to shop.
    pub ingredients: Vec<IngredientNutrients>,
}

/// What a day consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DayNutrients {
    /// The day of the plan, from 0.
    pub day: i32,
    /// Of all of it.
    pub total: Total,
    /// Of each meal, in their order.
    pub meals: Vec<MealNutrients>,
}

/// What a meal consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MealNutrients {
    /// The meal.
    pub meal_id: MealId,
    /// Of all of it.
    pub total: Total,
    /// Of each section, in their order.
    pub sections: Vec<SectionNutrients>,
}

/// What a section consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SectionNutrients {
    /// The section.
    pub section_id: SectionId,
    /// Of all of it.
    pub total: Total,
}

/// How much of an ingredient there is in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IngredientNutrients {
    /// The ingredient.
    pub ingredient_id: IngredientId,
    /// Of all of it.
    pub total: Total,
}

type Figures = (Numeric, Numeric, Numeric, Numeric, Numeric, Numeric, Numeric, Numeric, Numeric);

type Types =
    (Text, Nullable<Integer>, Nullable<Uuid>, Nullable<Uuid>, Nullable<BigInt>, Numeric, Figures);

type Row = (
    String,
    Option<i32>,
    Option<MealId>,
    Option<SectionId>,
    Option<IngredientId>,
    BigDecimal,
    Nutrients,
);

impl DraftRepository<'_> {
    /// What a draft consists of, summed by the database in one statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has none.
    pub fn nutrients(&mut self, id: DraftId) -> Result<PlanNutrients> {
        let rows = Statement::<Types>::new(include_str!("draft_nutrients.sql"))
            .bind::<BigInt, _>(id)
            .bind::<Uuid, _>(self.user)
            .load(self.uow.connection())?;
        tree(rows).ok_or_else(|| Error::not_found(draft::ENTITY, id))
    }
}

impl VersionRepository<'_> {
    /// What a version consists of, summed by the database in one statement. It is the same for
    /// ever: values of ingredients never change.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn nutrients(&mut self, id: VersionId) -> Result<PlanNutrients> {
        let rows = Statement::<Types>::new(include_str!("version_nutrients.sql"))
            .bind::<BigInt, _>(id)
            .load(self.uow.connection())?;
        tree(rows).ok_or_else(|| Error::not_found(version::ENTITY, id))
    }
}

/// The row of a thing stands before those of its parts.
fn tree(rows: Vec<Row>) -> Option<PlanNutrients> {
    let mut plan = PlanNutrients::default();
    let mut found = false;
    for (level, day, meal, section, ingredient, quantity_g, nutrients) in rows {
        let total = Total { quantity_g, nutrients };
        match (level.as_str(), day, meal, section, ingredient) {
            ("day", Some(day), ..) => {
                plan.days.push(DayNutrients { day, total, meals: Vec::new() });
            }
            ("meal", _, Some(meal_id), ..) => {
                let meal = MealNutrients { meal_id, total, sections: Vec::new() };
                plan.days.last_mut()?.meals.push(meal);
            }
            ("section", _, _, Some(section_id), _) => {
                let meal = plan.days.last_mut()?.meals.last_mut()?;
                meal.sections.push(SectionNutrients { section_id, total });
            }
            (_, _, _, _, Some(ingredient_id)) => {
                plan.ingredients.push(IngredientNutrients { ingredient_id, total });
            }
            _ => {
                found = true;
                plan.total = total;
            }
        }
    }
    found.then_some(plan)
}
