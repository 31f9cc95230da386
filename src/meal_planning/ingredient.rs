//! What meals are made of.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};

use super::schema::ingredients;
use crate::decimal::{Fixed, as_written};
use crate::error::{Error, Result};
use crate::input;
use crate::key::{Listed, Page, ids};
use crate::statement::Statement;
use crate::unit_of_work::UnitOfWork;

const ENTITY: &str = "meal_planning::Ingredient";
pub(super) const INPUT: &str = "meal_planning::NewIngredient";

/// The most characters of an ingredient's name.
pub const MAX_INGREDIENT_NAME: usize = 200;

ids! {
    /// The key of an [`Ingredient`].
    IngredientId;
}

/// What meals are made of, with its nutrients per 100 g of the edible part. Values are never
/// changed: better ones make another row, which supersedes this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, HasQuery)]
#[diesel(table_name = ingredients)]
pub struct Ingredient {
    /// The key.
    pub ingredient_id: IngredientId,
    /// What people call it. Unique among the current ones.
    pub name: String,
    /// Energy per 100 g, in kcal.
    pub energy_kcal: BigDecimal,
    /// Protein per 100 g, in g.
    pub protein_g: BigDecimal,
    /// Carbohydrate per 100 g, in g.
    pub carbohydrate_g: BigDecimal,
    /// Of the carbohydrate, sugars per 100 g, in g.
    pub sugars_g: BigDecimal,
    /// Fat per 100 g, in g.
    pub fat_g: BigDecimal,
    /// Of the fat, saturated fatty acids per 100 g, in g.
    pub saturated_fat_g: BigDecimal,
    /// Dietary fibre per 100 g, in g.
    pub fibre_g: BigDecimal,
    /// Salt per 100 g, in g: sodium times 2.5.
    pub salt_g: BigDecimal,
    /// Water per 100 g, in g.
    pub water_g: BigDecimal,
    /// The row with the better values. `None` in the current ones.
    pub superseded_by: Option<IngredientId>,
    /// When the row was made.
    pub created_at: DateTime<Utc>,
}

/// The SQL types of [`Ingredient`]'s fields.
type IngredientRow = SqlTypeOf<AsSelect<Ingredient, Pg>>;

/// An ingredient to store. Each value is per 100 g of the edible part, and rounded to 3 places, half
/// away from zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewIngredient {
    /// What people call it: 1 to 200 characters.
    pub name: String,
    /// Energy, in kcal: 0 to 1000.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub energy_kcal: BigDecimal,
    /// Protein, in g: 0 to 100, as all that follow.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub protein_g: BigDecimal,
    /// Carbohydrate, in g.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub carbohydrate_g: BigDecimal,
    /// Of the carbohydrate, sugars, in g.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub sugars_g: BigDecimal,
    /// Fat, in g.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub fat_g: BigDecimal,
    /// Of the fat, saturated fatty acids, in g.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub saturated_fat_g: BigDecimal,
    /// Dietary fibre, in g.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub fibre_g: BigDecimal,
    /// Salt, in g: sodium times 2.5.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub salt_g: BigDecimal,
    /// Water, in g.
    #[serde(deserialize_with = "as_written::deserialize")]
    pub water_g: BigDecimal,
}

impl NewIngredient {
    /// An ingredient of which every value is 0.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            energy_kcal: 0.into(),
            protein_g: 0.into(),
            carbohydrate_g: 0.into(),
            sugars_g: 0.into(),
            fat_g: 0.into(),
            saturated_fat_g: 0.into(),
            fibre_g: 0.into(),
            salt_g: 0.into(),
            water_g: 0.into(),
        }
    }

    /// Checks every rule of [`upsert`](IngredientRepository::upsert) that one ingredient can break.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first field that breaks its rule.
    ///
    /// # Example
    ///
    /// ```
    /// use planwright::meal_planning::NewIngredient;
    ///
    /// let salt = NewIngredient { salt_g: 100.into(), ..NewIngredient::new("Salt") };
    /// assert!(salt.validate().is_ok());
    /// assert!(NewIngredient { salt_g: 101.into(), ..salt }.validate().is_err());
    /// ```
    pub fn validate(&self) -> Result<()> {
        self.values("").map(drop)
    }

    /// Its values in the order of the fields, as they will be stored. `place` stands before the
    /// field in errors.
    pub(super) fn values(&self, place: &str) -> Result<[Fixed; 9]> {
        input::name(&self.name, MAX_INGREDIENT_NAME)
            .map_err(|why| Error::invalid(INPUT, format!("{place}name"), why))?;
        let value = |field: &str, value: &BigDecimal, most: i64| {
            Fixed::new(value, 10, 3)
                .filter(|fixed| (0..=most * 1_000).contains(&fixed.units))
                .ok_or_else(|| {
                    let rule = format!("must be from 0 to {most}");
                    Error::invalid(INPUT, format!("{place}{field}"), rule)
                })
        };
        Ok([
            value("energy_kcal", &self.energy_kcal, 1_000)?,
            value("protein_g", &self.protein_g, 100)?,
            value("carbohydrate_g", &self.carbohydrate_g, 100)?,
            value("sugars_g", &self.sugars_g, 100)?,
            value("fat_g", &self.fat_g, 100)?,
            value("saturated_fat_g", &self.saturated_fat_g, 100)?,
            value("fibre_g", &self.fibre_g, 100)?,
            value("salt_g", &self.salt_g, 100)?,
            value("water_g", &self.water_g, 100)?,
        ])
    }
}

impl UnitOfWork<'_> {
    /// The ingredients of meals.
    pub fn ingredients(&mut self) -> IngredientRepository<'_> {
        IngredientRepository { uow: self.reborrow() }
    }
}

/// Stores and reads [`Ingredient`]s.
#[derive(Debug)]
pub struct IngredientRepository<'uow> {
    pub(super) uow: UnitOfWork<'uow>,
}

impl IngredientRepository<'_> {
    /// The ingredient with this key, current or not, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Database`] and the like, as for any statement.
    pub fn find(&mut self, id: IngredientId) -> Result<Option<Ingredient>> {
        Ok(Ingredient::query().find(id).first(self.uow.connection()).optional()?)
    }

    /// The ingredient with this key, current or not.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn get(&mut self, id: IngredientId) -> Result<Ingredient> {
        self.find(id)?.ok_or_else(|| Error::not_found(ENTITY, id))
    }

    /// The current ingredient of this name, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what can be no name.
    pub fn find_by_name(&mut self, name: &str) -> Result<Option<Ingredient>> {
        input::name(name, MAX_INGREDIENT_NAME)
            .map_err(|why| Error::invalid(ENTITY, "name", why))?;
        Ok(Ingredient::query()
            .filter(ingredients::name.eq(name))
            .filter(ingredients::superseded_by.is_null())
            .first(self.uow.connection())
            .optional()?)
    }

    /// The current ingredients, by key.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a page of no or too many rows.
    pub fn list(&mut self, page: Page<IngredientId>) -> Result<Listed<Ingredient, IngredientId>> {
        let found = Ingredient::query()
            .filter(ingredients::superseded_by.is_null())
            .filter(ingredients::ingredient_id.gt(page.key().unwrap_or(IngredientId(i64::MIN))))
            .order(ingredients::ingredient_id)
            .limit(page.fetch()?)
            .load(self.uow.connection())?;
        Ok(page.cut(found, |ingredient| ingredient.ingredient_id))
    }

    /// The ingredient with this key, all that it supersedes, directly or not, and all that supersede
    /// it; from the oldest to the current one.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where there is none.
    pub fn history(&mut self, id: IngredientId) -> Result<Vec<Ingredient>> {
        let found: Vec<Ingredient> =
            Statement::<IngredientRow>::new(include_str!("ingredient_history.sql"))
                .bind::<BigInt, _>(id)
                .bind::<BigInt, _>(id)
                .load(self.uow.connection())?;
        if found.is_empty() { Err(Error::not_found(ENTITY, id)) } else { Ok(found) }
    }
}
