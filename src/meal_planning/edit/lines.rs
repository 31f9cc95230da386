//! The lines of a draft's sections.

use bigdecimal::BigDecimal;
use diesel::sql_types::{Array, BigInt, Nullable, Numeric, Uuid};

use super::super::content::{Line, LineId, Place, SectionId, check_quantity};
use super::super::draft::{DraftId, DraftRepository, Revision};
use super::super::ingredient::IngredientId;
use super::{At, LINE, SECTION, Target, check_order};
use crate::error::{Error, Result};
use crate::statement::Statement;

impl DraftRepository<'_> {
    /// Adds a line to a section.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a quantity that is negative or too large, [`Error::NotFound`] where
    /// the user has no such draft or it no such section, [`Error::Stale`] where it has another
    /// revision, [`Error::Conflict`] where the draft has the line already, [`Error::Constraint`]
    /// for an ingredient that there is not.
    pub fn add_line(
        &mut self,
        id: DraftId,
        expected: Revision,
        section: SectionId,
        line: &Line,
        at: At,
    ) -> Result<Revision> {
        let quantity = check_quantity(&Place::default(), &line.quantity_g)?;
        let statement = self
            .expecting(Statement::new(include_str!("add_line.sql")), id, expected)
            .bind::<Uuid, _>(section)
            .bind::<Uuid, _>(line.id)
            .bind::<BigInt, _>(at.rank())
            .bind::<Uuid, _>(line.id)
            .bind::<BigInt, _>(line.ingredient_id)
            .bind::<Numeric, _>(quantity);
        self.edit(statement, id, expected, |drafts| {
            let missing = drafts.missing(id, &[Target::Section(section)])?;
            Ok(missing.unwrap_or_else(|| Error::conflict(LINE, line.id, "is in the draft already")))
        })
    }

    /// Changes how much of its ingredient a line is, in g.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a quantity that is negative or too large, [`Error::NotFound`] where
    /// the user has no such draft or it no such line, [`Error::Stale`] where it has another
    /// revision.
    pub fn set_quantity(
        &mut self,
        id: DraftId,
        expected: Revision,
        line: LineId,
        quantity_g: &BigDecimal,
    ) -> Result<Revision> {
        self.change_line(id, expected, line, None, quantity_g)
    }

    /// Makes a line be so much of an ingredient, in g. Its place stays.
    ///
    /// # Errors
    ///
    /// As for [`set_quantity`](Self::set_quantity), and [`Error::Constraint`] for an ingredient that
    /// there is not.
    pub fn update_line(
        &mut self,
        id: DraftId,
        expected: Revision,
        line: LineId,
        ingredient: IngredientId,
        quantity_g: &BigDecimal,
    ) -> Result<Revision> {
        self.change_line(id, expected, line, Some(ingredient), quantity_g)
    }

    fn change_line(
        &mut self,
        id: DraftId,
        expected: Revision,
        line: LineId,
        ingredient: Option<IngredientId>,
        quantity_g: &BigDecimal,
    ) -> Result<Revision> {
        let quantity = check_quantity(&Place::default(), quantity_g)?;
        let statement = self
            .expecting(Statement::new(include_str!("update_line.sql")), id, expected)
            .bind::<Uuid, _>(line)
            .bind::<Nullable<BigInt>, _>(ingredient)
            .bind::<Numeric, _>(quantity);
        self.edit(statement, id, expected, |_| Ok(Target::Line(line).not_found()))
    }

    /// Moves a line to a place of a section, its own or another.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft or it no such line or section,
    /// [`Error::Stale`] where it has another revision.
    pub fn move_line(
        &mut self,
        id: DraftId,
        expected: Revision,
        line: LineId,
        section: SectionId,
        at: At,
    ) -> Result<Revision> {
        let statement = self
            .expecting(Statement::new(include_str!("move_line.sql")), id, expected)
            .bind::<Uuid, _>(line)
            .bind::<Uuid, _>(section)
            .bind::<BigInt, _>(at.rank());
        self.edit(statement, id, expected, |drafts| {
            let missing = drafts.missing(id, &[Target::Line(line)])?;
            Ok(missing.unwrap_or_else(|| Target::Section(section).not_found()))
        })
    }

    /// Removes a line.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] where the user has no such draft or it no such line, [`Error::Stale`]
    /// where it has another revision.
    pub fn remove_line(
        &mut self,
        id: DraftId,
        expected: Revision,
        line: LineId,
    ) -> Result<Revision> {
        let statement = self
            .expecting(Statement::new(include_str!("remove_line.sql")), id, expected)
            .bind::<Uuid, _>(line);
        self.edit(statement, id, expected, |_| Ok(Target::Line(line).not_found()))
    }

    /// Puts the lines of a section into this order.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a key that is given twice, [`Error::NotFound`] where the user has no
    /// such draft or it no such section, [`Error::Stale`] where it has another revision,
    /// [`Error::Conflict`] where these are not exactly the lines of the section.
    pub fn reorder_lines(
        &mut self,
        id: DraftId,
        expected: Revision,
        section: SectionId,
        order: &[LineId],
    ) -> Result<Revision> {
        check_order(LINE, order)?;
        let statement = Statement::new(include_str!("reorder_lines.sql"));
        let statement = self
            .expecting(statement.bind::<Array<Uuid>, _>(order), id, expected)
            .bind::<Uuid, _>(section);
        self.edit(statement, id, expected, |drafts| {
            let reason = format!("its lines are others than the {} given", order.len());
            let missing = drafts.missing(id, &[Target::Section(section)])?;
            Ok(missing.unwrap_or_else(|| Error::conflict(SECTION, section, reason)))
        })
    }
}
