//! Lines that follow their ingredients.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid};
use serde::Serialize;

use super::super::draft::{DraftId, DraftRepository, Revision};
use super::super::explained;
use crate::error::Result;
use crate::statement::Statement;

/// What [`refresh_ingredients`](DraftRepository::refresh_ingredients) has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Refreshed {
    /// Every line has a current ingredient. Nothing was written, and the revision is as it was.
    Unchanged,
    /// Some had one that is superseded.
    Moved {
        /// How many lines.
        lines: i64,
        /// The new revision of the draft.
        revision: Revision,
    },
}

impl DraftRepository<'_> {
    /// Moves each line whose ingredient is superseded to the current row behind it, over any number
    /// of steps. Quantities and places stay. One statement.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) where the user has no such draft,
    /// [`Error::Stale`](crate::Error::Stale) where it has another revision.
    pub fn refresh_ingredients(&mut self, id: DraftId, expected: Revision) -> Result<Refreshed> {
        let moved: Option<(Revision, i64)> =
            Statement::<(BigInt, BigInt)>::new(include_str!("refresh.sql"))
                .bind::<BigInt, _>(id)
                .bind::<BigInt, _>(id)
                .bind::<Uuid, _>(self.user)
                .bind::<BigInt, _>(expected)
                .get_result(self.uow.connection())
                .optional()
                .map_err(|error| explained(&self.uow, error))?;
        if let Some((revision, lines)) = moved {
            return Ok(Refreshed::Moved { lines, revision });
        }
        match self.refusal(id, expected)? {
            Some(error) => Err(error),
            None => Ok(Refreshed::Unchanged),
        }
    }
}
