//! The sections of a draft's meals.

use diesel::sql_types::{Array, BigInt, Integer, Nullable, Numeric, Text, Uuid};

use super::super::content::{MealId, Place, Section, SectionId, check_name};
use super::super::draft::{DraftId, DraftRepository, Revision};
use super::super::put::Rows;
use super::{At, MEAL, SECTION, Target, check_order};
use crate::error::{Error, Result};
use crate::statement::Statement;

impl DraftRepository<'_> {
    /// Adds a section with its lines to a meal.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what breaks a rule, [`Error::NotFound`] where the user has no such
    /// draft or it no such meal, [`Error::Stale`] where it has another revision,
    /// [`Error::Conflict`] where the draft has the section or a line of it already,
    /// [`Error::Constraint`] for an ingredient that there is not.
    pub fn add_section(
        &mut self,
        id: DraftId,
        expected: Revision,
        meal: MealId,
        section: &Section,
        at: At,
    ) -> Result<Revision> {
        let rows = Rows::of_section(meal, section)?;
        let statement = Statement::new(include_str!("add_section.sql"))
            .bind::<Array<Uuid>, _>(&rows.lines.ids)
            .bind::<Array<BigInt>, _>(&rows.lines.ingredients)
            .bind::<Array<Numeric>, _>(&rows.lines.quantities)
            .bind::<Array<Integer>, _>(&rows.lines.positions);
        let statement = self
            .expecting(statement, id, expected)
            .bind::<Uuid, _>(meal)
            .bind::<Uuid, _>(section.id)
            .bind::<Uuid, _>(section.id)
            .bind::<BigInt, _>(at.rank())
            .bind::<Nullable<Text>, _>(section.name.as_deref());
        self.edit(statement, id, expected, |drafts| {
            if let Some(missing) = drafts.missing(id, &[Target::Meal(meal)])? {
                return Ok(missing);
            }
            let taken = drafts.taken(id, &rows, false, "is in the draft already")?;
            Ok(taken.unwrap_or_else(|| Target::Meal(meal).not_found()))
        })
    }

    /// Gives a section another name, or none.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a blank or too long name, [`Error::NotFound`] where the user has no
    /// such draft or it no such section, [`Error::Stale`] where it has another revision.
    pub fn update_section(
        &mut self,
        id: DraftId,
        expected: Revision,
        section: SectionId,
        name: Option<&str>,
    ) -> Result<Revision> {
        if let Some(name) = name {
            check_name(&Place::default(), SECTION, name)?;
        }
        let statement = self
            .expecting(Statement::new(include_str!("update_section.sql")), id, expected)
            .bind::<Uuid, _>(section)
            .bind::<Nullable<Text>, _>(name);
        self.edit(statement, id, expected, |_| Ok(Target::Section(section).not_found()))
    }

    /// Moves a section with its lines to a place of a meal, its own or another.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft or it no such section or meal,
    /// [`Error::Stale`] where it has another revision.
    pub fn move_section(
        &mut self,
        id: DraftId,
        expected: Revision,
        section: SectionId,
        meal: MealId,
        at: At,
    ) -> Result<Revision> {
        let statement = self
            .expecting(Statement::new(include_str!("move_section.sql")), id, expected)
            .bind::<Uuid, _>(section)
            .bind::<Uuid, _>(meal)
            .bind::<BigInt, _>(at.rank());
        self.edit(statement, id, expected, |drafts| {
            let missing = drafts.missing(id, &[Target::Section(section)])?;
            Ok(missing.unwrap_or_else(|| Target::Meal(meal).not_found()))
        })
    }

    /// Removes a section with its lines.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft or it no such section,
    /// [`Error::Stale`] where it has another revision.
    pub fn remove_section(
        &mut self,
        id: DraftId,
        expected: Revision,
        section: SectionId,
    ) -> Result<Revision> {
        let statement = self
            .expecting(Statement::new(include_str!("remove_section.sql")), id, expected)
            .bind::<Uuid, _>(section);
        self.edit(statement, id, expected, |_| Ok(Target::Section(section).not_found()))
    }

    /// Puts the sections of a meal into this order.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a key that is given twice, [`Error::NotFound`] where the user has no
    /// such draft or it no such meal, [`Error::Stale`] where it has another revision,
    /// [`Error::Conflict`] where these are not exactly the sections of the meal.
    pub fn reorder_sections(
        &mut self,
        id: DraftId,
        expected: Revision,
        meal: MealId,
        order: &[SectionId],
    ) -> Result<Revision> {
        check_order(SECTION, order)?;
        let statement = Statement::new(include_str!("reorder_sections.sql"));
        let statement = self
            .expecting(statement.bind::<Array<Uuid>, _>(order), id, expected)
            .bind::<Uuid, _>(meal);
        self.edit(statement, id, expected, |drafts| {
            let reason = format!("its sections are others than the {} given", order.len());
            let missing = drafts.missing(id, &[Target::Meal(meal)])?;
            Ok(missing.unwrap_or_else(|| Error::conflict(MEAL, meal, reason)))
        })
    }
}
