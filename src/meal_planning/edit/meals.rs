//! The meals of a draft, each without what is in it.

use chrono::NaiveTime;
use diesel::sql_types::{Array, BigInt, Integer, Text, Time, Uuid};

use super::super::content::{MealId, Place, check_day, check_name, check_time};
use super::super::draft::{self, DraftId, DraftRepository, Revision};
use super::{At, MEAL, Target, check_order};
use crate::error::{Error, Result};
use crate::statement::Statement;

impl DraftRepository<'_> {
    /// Gives a meal another name and time. Its day, place and content stay.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what breaks a rule, [`Error::NotFound`] where the user has no such
    /// draft or it no such meal, [`Error::Stale`] where it has another revision.
    pub fn update_meal(
        &mut self,
        id: DraftId,
        expected: Revision,
        meal: MealId,
        name: &str,
        meal_time: NaiveTime,
    ) -> Result<Revision> {
        check_name(&Place::default(), MEAL, name)?;
        check_time(&Place::default(), meal_time)?;
        let statement = self
            .expecting(Statement::new(include_str!("update_meal.sql")), id, expected)
            .bind::<Uuid, _>(meal)
            .bind::<Text, _>(name)
            .bind::<Time, _>(meal_time);
        self.edit(statement, id, expected, |_| Ok(Target::Meal(meal).not_found()))
    }

    /// Moves a meal to a place of a day, its own or another.
    ///
    /// # Errors
    ///
    /// As for [`update_meal`](Self::update_meal).
    pub fn move_meal(
        &mut self,
        id: DraftId,
        expected: Revision,
        meal: MealId,
        day: i32,
        at: At,
    ) -> Result<Revision> {
        check_day(&Place::default(), day)?;
        let statement = self
            .expecting(Statement::new(include_str!("move_meal.sql")), id, expected)
            .bind::<Uuid, _>(meal)
            .bind::<Integer, _>(day)
            .bind::<BigInt, _>(at.rank());
        self.edit(statement, id, expected, |_| Ok(Target::Meal(meal).not_found()))
    }

    /// Removes a meal with all that is in it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft or it no such meal, [`Error::Stale`]
    /// where it has another revision.
    pub fn remove_meal(
        &mut self,
        id: DraftId,
        expected: Revision,
        meal: MealId,
    ) -> Result<Revision> {
        let statement = self
            .expecting(Statement::new(include_str!("remove_meal.sql")), id, expected)
            .bind::<Uuid, _>(meal);
        self.edit(statement, id, expected, |_| Ok(Target::Meal(meal).not_found()))
    }

    /// Puts the meals of a day into this order.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a key that is given twice, [`Error::Conflict`] where these are not
    /// exactly the meals of the day, else as for [`remove_meal`](Self::remove_meal).
    pub fn reorder_meals(
        &mut self,
        id: DraftId,
        expected: Revision,
        day: i32,
        order: &[MealId],
    ) -> Result<Revision> {
        check_day(&Place::default(), day)?;
        check_order(MEAL, order)?;
        let statement = Statement::new(include_str!("reorder_meals.sql"));
        let statement = self
            .expecting(statement.bind::<Array<Uuid>, _>(order), id, expected)
            .bind::<Integer, _>(day);
        self.edit(statement, id, expected, |_| {
            let reason =
                format!("the meals of day {day} are others than the {} given", order.len());
            Ok(Error::conflict(draft::ENTITY, id, reason))
        })
    }
}
