//! Ingredients stored by name, many at once.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Numeric, Text};
use serde::Serialize;

use super::explained;
use super::ingredient::{INPUT, IngredientId, IngredientRepository, NewIngredient};
use crate::decimal::Fixed;
use crate::error::{Error, Result};
use crate::statement::Statement;

/// The most ingredients of one call.
pub const MAX_INGREDIENTS: usize = 100_000;

/// How often names are asked for again that others write at the same moments.
const ATTEMPTS: usize = 10;

/// What became of an ingredient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Upserted {
    /// The current row of its name.
    pub ingredient_id: IngredientId,
    /// What was done.
    pub outcome: IngredientOutcome,
}

/// What an [`upsert`](IngredientRepository::upsert) has done with an ingredient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IngredientOutcome {
    /// There was none of this name.
    Created,
    /// The current row of this name has these values. Nothing was written.
    Unchanged,
    /// The current row of this name had other values. It stays as it is, with what it is used in, and
    /// is superseded by a new one.
    Superseded {
        /// The row that was current.
        old: IngredientId,
    },
}

/// The place in the input, the current row, whether it is new, and what it supersedes.
type Row = (i64, IngredientId, bool, Option<IngredientId>);

/// The input by column, and where in it each row stands.
#[derive(Default)]
struct Columns<'a> {
    nth: Vec<usize>,
    names: Vec<&'a str>,
    values: [Vec<Fixed>; 9],
}

impl<'a> Columns<'a> {
    fn push(&mut self, nth: usize, name: &'a str, values: impl IntoIterator<Item = Fixed>) {
        self.nth.push(nth);
        self.names.push(name);
        for (column, value) in self.values.iter_mut().zip(values) {
            column.push(value);
        }
    }

    /// The rows for which nothing is known yet.
    fn without(self, done: &[Option<Upserted>]) -> Self {
        let mut rest = Self::default();
        for (row, nth) in self.nth.iter().enumerate() {
            if done[*nth].is_none() {
                rest.push(*nth, self.names[row], self.values.iter().map(|column| column[row]));
            }
        }
        rest
    }
}

impl IngredientRepository<'_> {
    /// Makes each of these the current ingredient of its name, and tells what became of them in the
    /// same order. One statement, and one more for names that somebody else writes at the same
    /// moment.
    ///
    /// Drafts keep the rows that they have:
    /// [`refresh_ingredients`](super::DraftRepository::refresh_ingredients) moves them. Names are
    /// compared as they are, with case and blanks.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a value that breaks its rule, a name that is given twice, or more than
    /// [`MAX_INGREDIENTS`]. In a unit that reads at one moment (REPEATABLE READ)
    /// [`Error::Serialization`] where somebody else has written one of the names since.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::meal_planning::{IngredientOutcome, NewIngredient};
    /// # fn f(store: &planwright::Store) -> planwright::Result<()> {
    /// let salt = NewIngredient { salt_g: 100.into(), ..NewIngredient::new("Salt") };
    /// let first = store.write(|uow| uow.ingredients().upsert(&[salt.clone()]))?;
    /// let again = store.write(|uow| uow.ingredients().upsert(&[salt.clone()]))?;
    /// assert_eq!(again[0].ingredient_id, first[0].ingredient_id);
    /// assert_eq!(again[0].outcome, IngredientOutcome::Unchanged);
    /// # Ok(()) }
    /// ```
    pub fn upsert(&mut self, ingredients: &[NewIngredient]) -> Result<Vec<Upserted>> {
        let mut open = columns(ingredients)?;
        let mut done: Vec<Option<Upserted>> = vec![None; ingredients.len()];
        for _ in 0..ATTEMPTS {
            if open.nth.is_empty() {
                break;
            }
            for (row, ingredient_id, is_new, old) in self.upsert_columns(&open)? {
                let outcome = match old {
                    Some(old) => IngredientOutcome::Superseded { old },
                    None if is_new => IngredientOutcome::Created,
                    None => IngredientOutcome::Unchanged,
                };
                // Ordinality counts from 1.
                let row = usize::try_from(row - 1).ok();
                if let Some(nth) = row.and_then(|row| open.nth.get(row)) {
                    done[*nth] = Some(Upserted { ingredient_id, outcome });
                }
            }
            open = open.without(&done);
        }
        if let Some(name) = open.names.first() {
            let reason = "others write it again and again at the same time";
            return Err(Error::conflict("meal_planning::Ingredient", name, reason));
        }
        Ok(done.into_iter().flatten().collect())
    }

    fn upsert_columns(&mut self, columns: &Columns<'_>) -> Result<Vec<Row>> {
        let mut statement = Statement::<(BigInt, BigInt, Bool, Nullable<BigInt>)>::new(
            include_str!("upsert_ingredients.sql"),
        )
        .bind::<Array<Text>, _>(&columns.names);
        for column in &columns.values {
            statement = statement.bind::<Array<Numeric>, _>(column);
        }
        statement.load(self.uow.connection()).map_err(|error| explained(&self.uow, error))
    }
}

fn columns(ingredients: &[NewIngredient]) -> Result<Columns<'_>> {
    if ingredients.len() > MAX_INGREDIENTS {
        let rule = format!("must be at most {MAX_INGREDIENTS}, not {}", ingredients.len());
        return Err(Error::invalid(INPUT, "ingredients", rule));
    }
    let (mut columns, mut seen) = (Columns::default(), HashMap::new());
    for (nth, new) in ingredients.iter().enumerate() {
        let place = format!("ingredients[{nth}].");
        columns.push(nth, &new.name, new.values(&place)?);
        if let Some(first) = seen.insert(new.name.as_str(), nth) {
            let rule = format!("is the name of ingredients[{first}] already");
            return Err(Error::invalid(INPUT, format!("{place}name"), rule));
        }
    }
    Ok(columns)
}
