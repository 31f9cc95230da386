//! Meals with all that is in them.

use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Numeric, Text, Time, Uuid};

use super::super::content::Meal;
use super::super::draft::{self, DraftId, DraftRepository, Revision};
use super::super::put::Rows;
use super::At;
use crate::error::{Error, Result};
use crate::statement::Statement;

impl DraftRepository<'_> {
    /// Adds a meal with all that is in it. Its day says where it belongs, `at` the place there.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what breaks a rule, [`Error::NotFound`] where the user has no such
    /// draft, [`Error::Stale`] where it has another revision, [`Error::Conflict`] where the draft
    /// has the meal or something of it already, [`Error::Constraint`] for an ingredient that there
    /// is not.
    ///
    /// # Example
    ///
    /// ```no_run
    /// # use planwright::meal_planning::{At, Draft, IngredientId, Line, Meal, Section};
    /// # use chrono::NaiveTime;
    /// # fn f(store: &planwright::Store, draft: &Draft, oats: IngredientId) -> planwright::Result<()> {
    /// let mut breakfast = Meal::new(0, "Breakfast", NaiveTime::from_hms_opt(7, 30, 0).unwrap());
    /// breakfast.sections.push(Section { lines: vec![Line::new(oats, 60)], ..Section::new() });
    /// let revision = store.write(|uow| {
    ///     let mut drafts = uow.meal_plan_drafts(draft.user_id);
    ///     drafts.add_meal(draft.draft_id, draft.revision, &breakfast, At::Index(0))
    /// })?;
    /// assert_eq!(revision.0, draft.revision.0 + 1);
    /// # Ok(()) }
    /// ```
    pub fn add_meal(
        &mut self,
        id: DraftId,
        expected: Revision,
        meal: &Meal,
        at: At,
    ) -> Result<Revision> {
        self.put_rows(id, expected, &Rows::of_meal(meal)?, Some(at))
    }

    /// Makes the meal be in the draft as given: a new one stands at the end of its day, one that is
    /// there keeps its place and loses what is not given again. If it comes from another day, it
    /// goes to the end, too.
    ///
    /// # Errors
    ///
    /// As for [`put_meals`](Self::put_meals).
    pub fn put_meal(&mut self, id: DraftId, expected: Revision, meal: &Meal) -> Result<Revision> {
        self.put_rows(id, expected, &Rows::of_meal(meal)?, None)
    }

    /// [`put_meal`](Self::put_meal) of many: new ones stand at the end of their days in this order.
    /// Other meals stay as they are. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what breaks a rule, [`Error::NotFound`] where the user has no such
    /// draft, [`Error::Stale`] where it has another revision, [`Error::Conflict`] for a section or
    /// line that is in a meal of the draft that is not given, [`Error::Constraint`] for an
    /// ingredient that there is not.
    pub fn put_meals(
        &mut self,
        id: DraftId,
        expected: Revision,
        meals: &[Meal],
    ) -> Result<Revision> {
        self.put_rows(id, expected, &Rows::new(meals)?, None)
    }

    /// With a place they must be new.
    fn put_rows(
        &mut self,
        id: DraftId,
        expected: Revision,
        rows: &Rows<'_>,
        at: Option<At>,
    ) -> Result<Revision> {
        let new = at.is_some();
        let statement = Statement::<BigInt>::new(include_str!("put_meals.sql"))
            .bind::<Array<Uuid>, _>(&rows.meals.ids)
            .bind::<Array<Integer>, _>(&rows.meals.days)
            .bind::<Array<Text>, _>(&rows.meals.names)
            .bind::<Array<Time>, _>(&rows.meals.times)
            .bind::<Array<Uuid>, _>(&rows.sections.ids)
            .bind::<Array<Uuid>, _>(&rows.sections.meals)
            .bind::<Array<Nullable<Text>>, _>(&rows.sections.names)
            .bind::<Array<Integer>, _>(&rows.sections.positions)
            .bind::<Array<Uuid>, _>(&rows.lines.ids)
            .bind::<Array<Uuid>, _>(&rows.lines.sections)
            .bind::<Array<BigInt>, _>(&rows.lines.ingredients)
            .bind::<Array<Numeric>, _>(&rows.lines.quantities)
            .bind::<Array<Integer>, _>(&rows.lines.positions)
            .bind::<BigInt, _>(id);
        let statement = self
            .expecting(statement, id, expected)
            .bind::<Bool, _>(new)
            .bind::<BigInt, _>(at.unwrap_or_default().rank());
        self.edit(statement, id, expected, |drafts| {
            let reason =
                if new { "is in the draft already" } else { "is in another meal of the draft" };
            let taken = drafts.taken(id, rows, new, reason)?;
            Ok(taken.unwrap_or_else(|| Error::not_found(draft::ENTITY, id)))
        })
    }
}
